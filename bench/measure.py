"""Runs one program once and says what it took."""

import dataclasses
import os
import shutil
import signal
import subprocess
import threading
import time

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


def run_bare(command, environment):
    """Starts a program in the cheapest way and waits for it; what it prints is lost."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    actions = [(os.POSIX_SPAWN_DUP2, nowhere, descriptor) for descriptor in range(3)]
    begin = time.monotonic()
    pid = os.posix_spawn(_find(command[0]), command, environment, file_actions=actions)
    _, status, usage = os.wait4(pid, 0)
    wall = time.monotonic() - begin
    os.close(nowhere)
    if status != 0:
        raise Failed(f"{' '.join(command)}: ended with {os.waitstatus_to_exitcode(status)}")
    return Taken(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, 0, b"")


def _find(program):
    return shutil.which(program, path=_PATH) or program


class TwoProcesses:
    """Looks, while a run lasts, at the peak memory of a helper and of the largest other process of
    the run's session. What wait4 says is the larger one's alone."""

    _SECONDS = 0.03

    def __init__(self, session, helper):
        self._peaks = {True: 0, False: 0}
        self._session = session
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


def run(
    command, folder, environment=None, stdin=None, timeout=600, expect=(0,), helper=""
):
    """stdin is the path of a file. Standard output is returned. The memory of a process of the
    profiler's own, named helper, counts too."""
    output_path = os.path.join(folder, "standard_output")
    error_path = os.path.join(folder, "standard_error")
    with open(stdin or os.devnull, "rb") as source, open(output_path, "wb") as output:
        with open(error_path, "wb") as errors:
            begin = time.monotonic()
            process = subprocess.Popen(
                command,
                cwd=folder,
                env={**base_environment(folder), **(environment or {})},
                stdin=source,
                stdout=output,
                stderr=errors,
                start_new_session=True,
            )
            watch = threading.Timer(timeout, kill_group, [process])
            watch.start()
            with TwoProcesses(process.pid, helper) as memory:
                _, status, usage = os.wait4(process.pid, 0)
                wall = time.monotonic() - begin
            watch.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    with open(output_path, "rb") as output:
        said = output.read()
    if process.returncode not in expect:
        with open(error_path, "rb") as errors:
            last = errors.read()[-2000:].decode(errors="replace")
        raise Failed(f"{' '.join(command)}: ended with {process.returncode}\n{last}")
    peak = memory.peak() if helper else usage.ru_maxrss * 1024
    return Taken(wall, usage.ru_utime + usage.ru_stime, peak, process.returncode, said)
