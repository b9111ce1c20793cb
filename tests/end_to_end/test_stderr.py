"""The recorder's message, whatever has become of the program's stderr: it never harms."""

import os
import resource
import signal

from harness import process
from harness.case import EndToEndTest


def small_files():
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))


class Stderr(EndToEndTest):
    def run_unrecordable(self, redirection, **popen):
        """There is no folder for its session, which the recorder says where a shell's redirection
        leads."""
        output = "/nonexistent/%e.%p.heapdrift"
        return process.run(
            [
                *["/bin/sh", "-c", f'exec "$@" {redirection}', "sh"],
                *self.launch_arguments(self.victim("plain"), output=output),
            ],
            self.folder,
            self.environment(),
            **popen,
        )

    def test_pipe_without_a_reader(self):
        """Not killed by SIGPIPE."""
        read_end, write_end = os.pipe()
        os.close(read_end)
        try:
            result = self.run_unrecordable(f"2>&{write_end}", pass_fds=(write_end,))
        finally:
            os.close(write_end)
        self.assertEqual(result.status, 12, result.describe())

    def test_file_at_its_size_limit(self):
        """Not killed by SIGXFSZ."""
        path = os.path.join(self.folder, "log")
        with open(path, "wb") as file:
            file.write(bytes(8192))
        result = self.run_unrecordable(f"2>>{path}", preexec_fn=small_files)
        self.assertEqual(result.status, 12, result.describe())
        self.assertEqual(os.path.getsize(path), 8192)

    def test_a_file_of_the_programs_own_stays_as_it_is(self):
        """The session cannot grow when stderr's number has become the program's data."""
        result = self.recorded(self.victim("descriptors own_stderr"))
        self.assertEqual((result.status, result.err), (0, ""), result.describe())
        document = self.report(self.only_session())
        self.assertGreater(document["totals"]["dropped"], 0, "the session was not to grow")
