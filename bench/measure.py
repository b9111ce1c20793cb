"""Runs one program once and says what it took."""

import dataclasses
import json
import os
import signal
import subprocess
import threading

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Failed(Exception):
    pass


@dataclasses.dataclass
class Taken:
    wall: float  # seconds
    cpu: float  # seconds of user and system time, with descendants
    peak_rss: int  # bytes, of the largest process
    status: int
    output: bytes


def base_environment(folder):
    """Debian's programs, no user's settings, the same hashes in each run."""
    return {
        "PATH": _PATH,
        "HOME": folder,
        "TMPDIR": folder,
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PERL_HASH_SEED": "0",
        "GIT_CONFIG_NOSYSTEM": "1",
    }


def kill_group(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


class TwoProcesses:
    """Looks, while a run lasts, at the peak memory of a helper and of the largest other process of
    the run's session. What wait4 says is the larger one's alone. A helper that would take the
    machine's memory is ended with all of its session: heaptrack's did, on many pairs of size and
    stack."""

    MOST_BYTES = 6 << 30
    _SECONDS = 0.03

    def __init__(self, session, helper):
        self._peaks = {True: 0, False: 0}
        self._session = session
        self.exceeded = False
        self._helper = helper
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self):
        if self._helper:
            self._thread.start()
        return self

    def __exit__(self, *_):
        if self._helper:
            self._ended.set()
            self._thread.join()

    def peak(self):
        return sum(self._peaks.values())

    def _watch(self):
        while not self._ended.wait(self._SECONDS):
            for pid in filter(str.isdigit, os.listdir("/proc")):
                try:
                    self._look_at(pid)
                except OSError:
                    pass  # it has ended meanwhile

    def _look_at(self, pid):
        if os.getsid(int(pid)) != self._session:
            return
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            words = dict(line.split(":", 1) for line in file)
        is_helper = words["Name"].strip() == self._helper
        high = int(words.get("VmHWM", "0 kB").split()[0]) * 1024
        self._peaks[is_helper] = max(self._peaks[is_helper], high)
        if is_helper and high > self.MOST_BYTES and not self.exceeded:
            self.exceeded = True
            os.killpg(self._session, signal.SIGKILL)


class Runner:
    """Starts programs through the small launcher, which says what they took."""

    def __init__(self, launcher):
        self._launcher = launcher

    def command(self, command, variables, folder, times=1):
        given = [f"{name}={value}" for name, value in variables.items()]
        return [self._launcher, _report(folder), str(times), *given, "--", *command]

    def taken(self, folder, output=b"", memory=None):
        """What the program took that `command` started and that has ended."""
        try:
            with open(_report(folder), encoding="ascii") as file:
                said = json.load(file)
        except (OSError, ValueError) as error:
            raise Failed(f"no report of the launcher: {error}") from error
        peak = memory.peak() if memory else said["peak_rss_kib"] * 1024
        return Taken(said["wall_ns"] / 1e9, said["cpu_ns"] / 1e9, peak, said["status"], output)

    def run(
        self, command, folder, variables=None, stdin=None, timeout=600, expect=(0,), helper="",
        times=1,
    ):  # fmt: skip
        """stdin is the path of a file. The variables are the program's alone. The memory of a
        process of the profiler's own, named helper, counts too."""
        words = self.command(command, variables or {}, folder, times)
        with open(stdin or os.devnull, "rb") as source:
            process = start(words, folder, source)
        watch = threading.Timer(timeout, kill_group, [process])
        watch.start()
        with TwoProcesses(process.pid, helper) as memory:
            process.wait()
        watch.cancel()
        if memory.exceeded:
            raise Failed(f"{helper} used more than {TwoProcesses.MOST_BYTES >> 30} GiB and was ended")
        if process.returncode < 0:
            raise Failed(f"{command[0]}: ended after {timeout} s")
        taken = self.taken(folder, output_of(folder), memory if helper else None)
        if taken.status not in expect:
            raise Failed(f"{' '.join(command)}: ended with {taken.status}\n{errors_of(folder)}")
        return taken


def _report(folder):
    return os.path.join(folder, "launch_report")


def start(words, folder, stdin):
    """With its output and errors in files of the folder, in a session of its own."""
    with open(os.path.join(folder, "standard_output"), "wb") as output:
        with open(os.path.join(folder, "standard_error"), "wb") as errors:
            return subprocess.Popen(
                words,
                cwd=folder,
                env=base_environment(folder),
                stdin=stdin,
                stdout=output,
                stderr=errors,
                start_new_session=True,
            )


def output_of(folder):
    with open(os.path.join(folder, "standard_output"), "rb") as output:
        return output.read()


def space_taken(path):
    """By a file, which may have holes; a small recording has."""
    return os.stat(path).st_blocks * 512


def errors_of(folder):
    with open(os.path.join(folder, "standard_error"), "rb") as errors:
        return errors.read()[-2000:].decode(errors="replace")
