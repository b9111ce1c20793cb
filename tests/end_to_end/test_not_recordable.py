"""Programs that nothing is preloaded into, or whose allocator is their own: run says so."""

import os
import shutil
import stat
import unittest

from harness import build, process, session
from harness.case import NOBODY, EndToEndTest


class NotRecordable(EndToEndTest):
    def check(self, command, pattern, status=12, preload_alone=True):
        plain = self.plain(command)
        self.assertEqual(plain.status, status)
        if preload_alone:
            result = self.recorded(command)
            self.assertEqual((plain.status, plain.out), (result.status, result.out))
        result = session.heapdrift(["run", "-o", "F", "--", *command], self.folder)
        self.assertEqual((plain.status, plain.out), (result.status, result.out), result.describe())
        self.assertRegex(result.err, pattern)

    def test_static_program(self):
        self.check(self.victim("plain_static"), r"(?i)static")

    def test_program_that_goes_on_as_a_static_one(self):
        script = f"exec {self.victim('plain_static')[0]}"
        result = session.heapdrift(["run", "-q", "--", "/bin/sh", "-c", script], self.folder)
        self.assertEqual(result.status, 12, result.describe())
        self.assertRegex(self.one_message(result), "did not see process .* exit")

    def test_program_in_another_root_directory(self):
        """The loader finds no recorder there, and says so itself."""
        if os.geteuid() != 0:
            self.skipTest("chroot needs root")
        root = os.path.join(self.folder, "root")
        program = self.victim("plain")[0]
        for path in (program, "/lib/x86_64-linux-gnu/libc.so.6", "/lib64/ld-linux-x86-64.so.2"):
            os.makedirs(root + os.path.dirname(path), exist_ok=True)
            shutil.copy(path, root + path)
        result = session.heapdrift(
            ["run", "-q", "--", "/usr/sbin/chroot", root, program], self.folder
        )
        self.assertEqual(result.status, 12, result.describe())
        self.assertIn("ld.so", result.err)
        self.assertIn("another root directory", result.err)

    def test_32_bit_program(self):
        self.check(self.victim("bare32"), r"(?i)32-bit")

    def test_own_malloc(self):
        self.check(self.victim("own_malloc"), r"(?i)(own|its) (malloc|allocator)")

    def test_set_user_id_program(self):
        if os.geteuid() != 0:
            self.skipTest("to make a program set-user-ID for another user needs root")
        program = os.path.join(self.folder, "plain")
        shutil.copy(build.victim("plain"), program)
        os.chown(program, NOBODY, -1)
        os.chmod(program, os.stat(program).st_mode | stat.S_ISUID)
        probe = process.run([program], self.folder, {"LD_PRELOAD": "/nonexistent.so"})
        if "cannot be preloaded" in probe.err:
            raise unittest.SkipTest("set-user-ID has no effect on this file system")
        self.check([program], r"(?i)set-?u(ser-)?id")
