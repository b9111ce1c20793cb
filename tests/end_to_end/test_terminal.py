"""heapdrift run on a terminal of its own, and signals sent to it."""

import os
import pty
import signal
import time

from harness import build, process, session
from harness.case import EndToEndTest

_CTRL_C = b"\x03"


class Terminal(EndToEndTest):
    def start(self, *arguments):
        """The command in the foreground of a new terminal; returns its pid and the terminal."""
        words = [build.heapdrift(), "run", "-o", "F", *arguments]
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.folder)
            os.execve(words[0], words, self.environment())
        self.addCleanup(os.close, terminal)
        self.screen = b""
        return pid, terminal

    def read_until(self, terminal, text):
        deadline = time.monotonic() + process.HANG_SECONDS
        while text not in self.screen:
            self.assertLess(time.monotonic(), deadline, self.screen)
            try:
                self.screen += os.read(terminal, 65536)
            except OSError:  # the other side is closed
                break
        self.assertIn(text, self.screen)

    def status(self, pid, terminal):
        while True:
            try:
                self.screen += os.read(terminal, 65536)
            except OSError:
                break
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def test_ctrl_c_ends_the_program_and_not_the_report(self):
        script = "echo started; exec sleep 60"
        pid, terminal = self.start("--", "/bin/sh", "-c", script)
        self.read_until(terminal, b"started")
        os.write(terminal, _CTRL_C)
        self.assertEqual(self.status(pid, terminal), 128 + signal.SIGINT, self.screen)
        self.assertIn(b"SIGINT", self.screen)
        self.assertIn(b"recorded in F", self.screen)
        self.assertRegex(self.screen, b"Still live|Nothing is live")

    def test_ctrl_c_that_the_program_handles(self):
        script = 'trap "echo caught; exit 5" INT; echo started; sleep 60 & wait'
        pid, terminal = self.start("-q", "--", "/bin/sh", "-c", script)
        self.read_until(terminal, b"started")
        os.write(terminal, _CTRL_C)
        self.assertEqual(self.status(pid, terminal), 5, self.screen)
        self.assertIn(b"caught", self.screen)
        self.assertEqual(self.report("F")["files"][0]["exit_status"], 5)

    def test_ctrl_c_after_the_end_skips_the_names(self):
        """The command waits a moment for a descendant that goes on: there it is interrupted."""
        script = f"{self.victim('plain')[0]}; sleep 2 >/dev/null 2>&1 </dev/null & echo $!; exit 3"
        pid, terminal = self.start("--keep-all", "--", "/bin/bash", "-c", f"trap '' HUP; {script}")
        self.read_until(terminal, b"\n")
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            child = file.read().split()
        deadline = time.monotonic() + process.HANG_SECONDS
        while child and os.path.exists(f"/proc/{child[0]}") and time.monotonic() < deadline:
            time.sleep(0.005)
        os.write(terminal, _CTRL_C)
        self.assertEqual(self.status(pid, terminal), 3, self.screen)
        self.assertIn(b"interrupted: the recording is complete", self.screen)
        self.assertNotIn(b"Still live", self.screen)
        result = session.heapdrift(["report", "F"], self.folder)
        self.assertEqual(result.status, 0, result.describe())


class Signals(EndToEndTest):
    def check_passed_on(self, number):
        script = f"kill -{number} $PPID; exec sleep 60"
        result = session.heapdrift(
            ["run", "-q", "-o", "F", "--", "/bin/sh", "-c", script],
            self.folder,
            environment=self.environment(),
        )
        self.assertEqual((result.status, result.err), (128 + number, ""), result.describe())
        file = self.report("F")["files"][0]
        self.assertEqual((file["ended_by"], file["exit_status"]), ("signal", number))

    def test_sigterm_is_passed_on(self):
        self.check_passed_on(signal.SIGTERM)

    def test_sighup_is_passed_on(self):
        self.check_passed_on(signal.SIGHUP)
