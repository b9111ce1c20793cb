"""A victim that says when it is ready, and goes on when its standard input ends."""

import subprocess

from . import process
from .case import EndToEndTest


class LiveTest(EndToEndTest):
    def start(self, command, options=""):
        child = subprocess.Popen(
            self.launch_arguments(self.victim(command), options),
            cwd=self.folder,
            env=self.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self.addCleanup(self.sweep, child)
        self.assertEqual(child.stdout.readline(), b"ready\n")
        return child

    @staticmethod
    def sweep(child):
        process.kill_group(child)
        child.wait()
        for pipe in (child.stdin, child.stdout, child.stderr):
            pipe.close()

    def output_to_the_end(self, child):
        out, err = child.communicate(b"", timeout=process.HANG_SECONDS)
        self.assertEqual((child.returncode, err), (0, b""))
        return out.decode()
