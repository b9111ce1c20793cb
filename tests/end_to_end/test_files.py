"""Files that are no session, or no whole one: a clear message or a clear mark, never a crash."""

import os
import random

from harness import session
from harness.case import EndToEndTest


class Files(EndToEndTest):
    def make_session(self):
        result = self.recorded(self.victim("phases temporary"))
        self.assertEqual(result.status, 0, result.describe())
        path = self.only_session()
        with open(path, "rb") as file:
            return path, file.read()

    def write(self, name, data):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(data)
        return path

    def check_no_crash(self, path, *arguments):
        """Success, or failure with a message that names the file."""
        result = session.heapdrift(["report", path, *arguments], self.folder)
        self.assertIn(result.status, (0, 1), result.describe())
        if result.status == 1:
            self.assertIn(os.path.basename(path), result.err, result.describe())
            self.assertEqual(result.out, "")
            self.assertLessEqual(len(result.err.splitlines()), 3, result.describe())
        return result

    def check_refused(self, path):
        result = self.check_no_crash(path)
        self.assertEqual(result.status, 1, result.describe())
        return result.err

    def test_foreign_files(self):
        for name, data in (
            ("empty", b""),
            ("text", b"allocation summary\n" * 9000),
            ("zeros", bytes(1 << 18)),
            ("noise", random.Random(1).randbytes(1 << 18)),
        ):
            with self.subTest(name):
                self.check_refused(self.write(name, data))
        self.check_refused("/bin/true")

    def test_missing_file_folder_and_device(self):
        self.check_refused(os.path.join(self.folder, "missing"))
        self.check_refused(self.folder)
        self.check_refused("/dev/null")

    def test_magic_alone(self):
        _, data = self.make_session()
        self.check_refused(self.write("magic", data[:8] + bytes(1 << 18)))

    def test_other_version(self):
        _, data = self.make_session()
        changed = data[:8] + (99).to_bytes(4, "little") + data[12:]
        self.assertRegex(self.check_refused(self.write("newer", changed)), r"(?i)version")

    def test_truncated_at_any_length(self):
        _, data = self.make_session()
        chance = random.Random(2)
        lengths = [1, 7, 8, 12, 4095, 4096, 65535, 65536, 65537, len(data) - 1]
        lengths += [chance.randrange(len(data)) for _ in range(15)]
        for length in lengths:
            with self.subTest(length=length):
                self.check_no_crash(self.write("cut", data[:length]), "--format", "json")

    def test_cut_in_half_says_so(self):
        _, data = self.make_session()
        path = self.write("half", data[: len(data) // 2])
        result = session.heapdrift(["report", path, "--format", "json"], self.folder)
        if result.status == 0:
            losses = session.json.loads(result.out)["losses"]
            self.assertGreater(losses["missing_file_bytes"], 0)
        else:
            self.assertIn("half", result.err)

    def test_corrupted_bytes(self):
        _, data = self.make_session()
        chance = random.Random(3)
        used = len(data.rstrip(b"\0"))
        for number in range(40):
            changed = bytearray(data)
            for _ in range(chance.choice((1, 10, 1000))):
                changed[chance.randrange(used)] = chance.randrange(256)
            if number % 4:
                changed[:12] = data[:12]
            with self.subTest(number=number):
                self.check_no_crash(self.write(f"bad{number}", changed), "--format", "json")

    def test_other_commands_refuse_too(self):
        path = self.write("text", b"no session\n" * 9000)
        good, _ = self.make_session()
        for arguments in (["info", path], ["diff", good, path], ["diff", path, good]):
            with self.subTest(arguments[0]):
                result = session.heapdrift(arguments, self.folder)
                self.assertEqual(result.status, 1, result.describe())
                self.assertIn("text", result.err)
