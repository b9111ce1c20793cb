"""Programs that give up rights or run out of something: they go on, and what is lost is counted."""

import os
import shutil
import subprocess

from harness import build, process, session, truth
from harness.case import NOBODY, EndToEndTest


class Confined(EndToEndTest):
    def check(self, mode, may_drop, can_write=True):
        """can_write: whether the program's rights are such that a message can be asked for."""
        command = self.victim(f"confined {mode}")
        plain = self.plain(command)
        if plain.status in (99, -31) and os.geteuid() != 0:
            self.skipTest(f"{mode} is not allowed here: {plain.err}")
        result = self.recorded(command)
        self.assertEqual((plain.status, plain.out), (result.status, result.out), result.describe())
        document = self.report(self.only_session())
        self.check_figures(document, truth.read_truth(result.out)[0], result, may_drop, can_write)

    def check_figures(self, document, entries, result, may_drop, can_write):
        """What is missing is counted as dropped. Without drops, stacks known before are exact.

        With drops they need not be: the heap may grow into a stretch of addresses that the block
        table has no part for yet, which a confined program can get no more.
        """
        known = [entry for entry in entries if entry["marker"] == "known_stack"]
        new = next(entry for entry in entries if entry["marker"] == "new_stacks")
        dropped = document["totals"]["dropped"]
        if not may_drop:
            self.assertEqual(dropped, 0, document["losses"])
            self.assertEqual(result.err, "")
        # All that is counted under one of its frames, however far out the stack could be walked.
        found = session.figure(document, "branch", "allocations")
        self.assertLessEqual(found, new["allocations"])
        missing = new["allocations"] - found
        if missing == dropped:
            self.assert_truth(document, known, result)
        for entry in known:
            missing += entry["allocations"] - session.figure(
                document, entry["function"], "allocations"
            )
        self.assertLessEqual(
            missing, dropped, f"neither recorded nor counted as dropped; rerun: {result.command}"
        )
        if dropped and can_write:
            self.one_message(result)

    def test_chroot(self):
        if os.geteuid() != 0:
            self.skipTest("chroot needs root")
        self.check("chroot", may_drop=False)

    def test_setuid(self):
        if os.geteuid() != 0:
            self.skipTest("setuid needs root")
        self.check("setuid", may_drop=False)

    def test_seccomp_refuses_files(self):
        self.check("seccomp_enosys", may_drop=True, can_write=False)

    def test_seccomp_kills_for_files(self):
        self.check("seccomp_kill", may_drop=True, can_write=False)

    def test_seccomp_by_the_number_of_prctl(self):
        self.check("seccomp_kill_by_prctl", may_drop=True, can_write=False)

    def test_seccomp_by_the_number_of_seccomp(self):
        self.check("seccomp_kill_by_seccomp", may_drop=True, can_write=False)

    def test_child_of_a_confined_process(self):
        """To start recording would kill it, so it is not recorded: one session, its parent's."""
        self.check("seccomp_fork", may_drop=True, can_write=False)

    def test_failed_second_filter_changes_nothing(self):
        self.check("seccomp_again", may_drop=True, can_write=False)

    def test_seccomp_strict(self):
        self.check("seccomp_strict", may_drop=True, can_write=False)

    def test_file_size_limit(self):
        self.check("fsize", may_drop=True)

    def test_file_size_limit_of_zero(self):
        self.check("fsize_0", may_drop=True)

    def test_address_space_limit(self):
        self.check("as", may_drop=True)

    def test_data_limit(self):
        self.check("data", may_drop=True)

    def test_mlockall(self):
        self.check("mlockall", may_drop=True)


class UnusableOutput(EndToEndTest):
    """Where the session file cannot be: one message, and the program runs as if alone."""

    def check_unusable(self, output):
        command = self.victim("heap_functions")
        plain = self.plain(command)
        result = self.recorded(command, output=output)
        self.assertEqual((plain.status, plain.out), (result.status, result.out), result.describe())
        message = self.one_message(result)
        self.assertIn(os.path.dirname(output), message)
        return message

    def test_missing_folder(self):
        self.check_unusable(os.path.join(self.folder, "missing", "%e.%p.heapdrift"))

    def test_read_only_file_system(self):
        self.check_unusable("/sys/%e.%p.heapdrift")

    def test_folder_without_rights(self):
        if os.geteuid() != 0:
            self.skipTest("to become another user needs root")
        folder = os.path.join(self.folder, "mine")
        os.mkdir(folder, 0o700)
        shutil.copy(build.recorder(), self.folder)
        shutil.copy(build.victim("plain"), self.folder)
        if not reachable_by_nobody(self.folder):
            self.skipTest(f"{self.folder} is not reachable by other users")
        environment = {
            **self.environment(),
            "LD_PRELOAD": os.path.join(self.folder, os.path.basename(build.recorder())),
            "HEAPDRIFT_OPTIONS": f"output={folder}/%e.%p.heapdrift",
        }
        result = process.run(
            [os.path.join(self.folder, "plain")], self.folder, environment, user=NOBODY
        )
        self.assertEqual(result.status, 12, result.describe())
        self.assertIn(folder, self.one_message(result))

    def check_beside(self, output):
        """Another file beside the one that cannot be used, and no message."""
        result = self.recorded(self.victim("plain"), output=output)
        self.assertEqual((result.status, result.err), (12, ""), result.describe())
        self.assert_truth(
            self.report(f"{output}.1"), truth.read_truth(result.out)[0], result
        )

    def test_name_in_use(self):
        output = os.path.join(self.folder, "taken.heapdrift")
        with open(output, "w", encoding="ascii") as file:
            file.write("precious")
        self.check_beside(output)
        with open(output, encoding="ascii") as file:
            self.assertEqual(file.read(), "precious")

    def test_symbolic_link_is_not_followed(self):
        target = os.path.join(self.folder, "target")
        output = os.path.join(self.folder, "link.heapdrift")
        os.symlink(target, output)
        self.check_beside(output)
        self.assertFalse(os.path.exists(target))

    def check_limited(self, limit):
        """Started with too little of something, the program does what it does alone, and is either
        recorded or told not to be."""
        command = self.victim("plain")
        limited = ["/bin/sh", "-c", f'ulimit {limit}; exec "$@"', "sh"]
        plain = self.plain([*limited, *command])
        self.assertEqual(plain.status, 12, plain.describe())
        result = process.run(
            [*limited, *self.launch_arguments(command)], self.folder, self.environment()
        )
        self.assertEqual((plain.status, plain.out), (result.status, result.out), result.describe())
        files = session.sessions_in(self.folder)
        document = self.report(files[0]) if files else None
        if document is None or document["totals"]["dropped"]:
            self.one_message(result)
        else:
            self.assert_truth(document, truth.read_truth(result.out)[0], result)

    def test_address_space_limit_from_the_start(self):
        self.check_limited("-v 40000")

    def test_file_size_limit_from_the_start(self):
        self.check_limited("-f 0")

    def test_few_descriptors_from_the_start(self):
        self.check_limited("-n 4")


def reachable_by_nobody(path):
    return (
        subprocess.run(
            ["test", "-x", path], user=NOBODY, check=False, stderr=subprocess.DEVNULL
        ).returncode
        == 0
    )


class FullDisk(EndToEndTest):
    """Small file systems, mounted in a name space of the test's own."""

    def on_file_system(self, mount, command):
        """Runs the command recorded into a mount; returns its result, and the copied sessions."""
        folder = os.path.join(self.folder, "mount")
        copies = os.path.join(self.folder, "copies")
        os.mkdir(folder)
        os.mkdir(copies)
        probe = process.run(
            ["unshare", "-m", "/bin/sh", "-c", mount, "sh", folder],
            self.folder,
            self.environment(),
        )
        if probe.status != 0:
            self.skipTest(f"cannot mount here: {probe.err.strip()}")
        output = os.path.join(folder, "%e.%p.heapdrift")
        script = (
            f'set -e; {mount}; shift; set +e; "$@"; status=$?; '
            f"cp {folder}/*.heapdrift {copies}/ 2>/dev/null; exit $status"
        )
        result = process.run(
            [
                *["unshare", "-m", "/bin/sh", "-c", script, "sh", folder],
                *self.launch_arguments(command, output=output),
            ],
            self.folder,
            self.environment(),
        )
        return result, session.sessions_in(copies)

    def check_fills_up(self, mount):
        command = self.victim("descriptors none")
        plain = self.plain(command)
        result, files = self.on_file_system(mount, command)
        self.assertEqual((plain.status, plain.out), (result.status, result.out), result.describe())
        message = self.one_message(result)
        self.assertIn("space", message)
        self.assertEqual(len(files), 1, result.describe())
        document = self.report(files[0])
        expected = truth.read_truth(plain.out)[0][0]["allocations"]
        found = session.figure(document, "grows_after_loss", "allocations")
        self.assertLess(found, expected, "the file system was not full")
        self.assertGreaterEqual(found + document["totals"]["dropped"], expected)

    def check_no_room_at_all(self, mount):
        command = self.victim("heap_functions")
        plain = self.plain(command)
        result, _ = self.on_file_system(mount, command)
        self.assertEqual((plain.status, plain.out), (result.status, result.out), result.describe())
        self.one_message(result)

    def test_tmpfs_fills_up(self):
        self.check_fills_up('mount -t tmpfs -o size=1M none "$1"')

    def test_tmpfs_without_room(self):
        self.check_no_room_at_all('mount -t tmpfs -o size=32k none "$1"')

    def test_disk_fills_up(self):
        image = os.path.join(self.folder, "image")
        mkfs = shutil.which("mkfs.ext4", path="/usr/sbin:/sbin:/usr/bin")
        if mkfs is None:
            self.skipTest("mkfs.ext4 is not installed")
        with open(image, "wb") as file:
            file.truncate(2 << 20)
        options = ["-q", "-O", "^has_journal", "-m", "0", image]
        made = process.run([mkfs, *options], self.folder, self.environment())
        self.assertEqual(made.status, 0, made.describe())
        self.check_fills_up(
            f'mount -o loop {image} "$1" && dd if=/dev/zero of="$1/filler" bs=1k '
            'count=800 2>/dev/null'
        )
