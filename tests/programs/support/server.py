"""Servers on a free port of 127.0.0.1, always stopped."""

import os
import socket
import subprocess
import time

from harness import process

START_SECONDS = 30


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port, server):
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise AssertionError(f"the server ended at once, with {server.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise AssertionError(f"nothing listens on port {port} after {START_SECONDS} s")


class Server:
    """Output goes to files, so that a server never waits for its reader."""

    def __init__(self, arguments, folder, environment, **popen):
        self._paths = [os.path.join(folder, name) for name in ("server.out", "server.err")]
        with open(self._paths[0], "wb") as out, open(self._paths[1], "wb") as err:
            self.process = subprocess.Popen(
                arguments,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
                **popen,
            )

    def kill(self):
        process.kill_group(self.process)
        self.process.wait()

    def ended(self, timeout=60):
        """Exit status, stdout and stderr, once it has been asked to stop."""
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            where = process.where_it_hangs(self.process.pid)
            self.kill()
            raise AssertionError(f"the server did not stop; its threads: {where}") from None
        texts = []
        for path in self._paths:
            with open(path, encoding="utf-8", errors="replace") as file:
                texts.append(file.read())
        return process.Result("the server", self.process.pid, status, *texts)
