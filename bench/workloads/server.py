"""redis-server, started under a configuration and driven from outside."""

import shutil
import socket
import subprocess
import time

import measure


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Redis:
    """With `with`: runs from its start to its shutdown; afterwards `taken` says what it took."""

    _START_SECONDS = 60

    def __init__(self, runner, configuration, folder, *options):
        self._port = str(free_port())
        self._folder = folder
        words = ["redis-server", "--port", self._port, "--bind", "127.0.0.1", "--save", ""]
        self._command = configuration.command([*words, *options], folder)
        self._variables = configuration.variables(folder)
        self._runner = runner
        self._helper = configuration.helper
        self.taken = None

    def __enter__(self):
        words = self._runner.command(self._command, self._variables, self._folder)
        self._process = measure.start(words, self._folder, subprocess.DEVNULL)
        self._memory = measure.TwoProcesses(self._process.pid, self._helper)
        self._memory.__enter__()
        try:
            self._wait_until_ready()
        except BaseException:
            self._give_up()
            raise
        return self

    def __exit__(self, failed, *_):
        if failed:
            self._give_up()
            return
        self.ask("shutdown", "nosave", may_fail=True)
        self._process.wait()
        self._memory.__exit__()
        self.taken = self._runner.taken(
            self._folder, memory=self._memory if self._helper else None
        )

    def _give_up(self):
        measure.kill_group(self._process)
        self._process.wait()
        self._memory.__exit__()

    def _wait_until_ready(self):
        end = time.monotonic() + self._START_SECONDS
        while self.ask("ping", may_fail=True) != "PONG":
            if self._process.poll() is not None or time.monotonic() > end:
                raise measure.Failed(f"{' '.join(self._command)}: does not answer")
            time.sleep(0.02)

    def ask(self, *words, may_fail=False):
        command = ["redis-cli", "-h", "127.0.0.1", "-p", self._port, *words]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        # An error of the server is an answer to redis-cli.
        refused = answer.returncode != 0 or answer.stdout.startswith(("ERR", "(error)"))
        if refused and not may_fail:
            raise measure.Failed(f"{' '.join(command)}: {answer.stdout}{answer.stderr}")
        return answer.stdout.strip()

    def info(self, name):
        for line in self.ask("info").splitlines():
            if line.startswith(name + ":"):
                return line.partition(":")[2].strip()
        raise measure.Failed(f"redis-server says no {name}")

    def benchmark(self, *words):
        command = ["redis-benchmark", "-h", "127.0.0.1", "-p", self._port, *words]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        if answer.returncode != 0:
            raise measure.Failed(f"{' '.join(command)}: {answer.stderr}")
        return answer.stdout


def installed():
    return all(shutil.which(name) for name in ("redis-server", "redis-cli", "redis-benchmark"))
