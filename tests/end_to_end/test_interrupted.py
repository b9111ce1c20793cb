"""Signals that come while the recorder makes a system call. strace sends them, or claims so."""

import os
import shutil

from harness import process, truth
from harness.case import EndToEndTest


class Interrupted(EndToEndTest):
    def traced(self, command, call, what):
        """The program beside itself alone, and the trace of a system call to which strace does
        something."""
        if shutil.which("strace") is None:
            self.skipTest("strace is not installed; scripts/setup test installs it")
        trace = os.path.join(self.folder, "trace")
        result = process.run(
            [
                # Before the program has said what it does with the signal, it comes to nothing.
                *("env", "--ignore-signal=USR1", "strace", "-f", "-qq", "-o", trace),
                *("-e", f"trace={call}", "-e", f"inject={call}:{what}"),
                *self.launch_arguments(command),
            ],
            self.folder,
            self.environment(),
        )
        if "PTRACE" in result.err:
            self.skipTest(f"strace may not trace here: {result.err}")
        plain = self.plain(command)
        self.assertEqual((plain.status, plain.out), (result.status, result.out), result.describe())
        with open(trace, encoding="utf-8") as file:
            return result, file.read()

    def test_space_in_tmpfs_is_tried_for_again(self):
        """Linux 6.1 gives it up where a signal waits."""
        result, trace = self.traced(self.victim("confined"), "fallocate", "error=EINTR:when=1+2")
        self.assertGreater(trace.count("INJECTED"), 10)
        self.assertEqual(result.err, "")
        document = self.report(self.only_session())
        self.assert_truth(document, truth.read_truth(result.out)[0], result)
        self.assert_nothing_lost(document)

    def test_but_not_for_ever(self):
        result, _ = self.traced(self.victim("confined"), "fallocate", "error=EINTR:when=1+")
        self.assertIn("not recording process", self.one_message(result))

    def test_handler_that_leaves_while_a_thread_gets_its_tables(self):
        """It gets them nevertheless, and not others each time."""
        result, trace = self.traced(self.victim("signals begin"), "madvise", "signal=SIGUSR1")
        self.assertIn("--- SIGUSR1", trace)
        document = self.report(self.only_session())
        self.assert_truth(document, truth.read_truth(result.out)[0], result)

    def test_handler_that_leaves_while_a_table_grows(self):
        """What the table consisted of is unmapped, and must not be looked at any more."""
        _, trace = self.traced(self.victim("signals leave"), "munmap", "signal=SIGUSR1")
        self.assertIn("--- SIGUSR1", trace)
        self.assert_whole(self.only_session())
