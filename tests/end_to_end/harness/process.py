"""Runs a command with a limit on its time; one that hangs is killed with all its group."""

import os
import shlex
import signal
import subprocess

HANG_SECONDS = 20


class Hung(AssertionError):
    pass


class Result:
    """How a command ended: status is the exit code, or minus the signal that killed it."""

    def __init__(self, command, pid, status, out, err):
        self.command = command
        self.pid = pid
        self.status = status
        self.out = out
        self.err = err

    def describe(self):
        return (
            f"{self.command}\n  ended with {self.status}\n"
            f"  stdout: {shorten(self.out)}\n  stderr: {shorten(self.err)}"
        )


def shorten(text, limit=2000):
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"


def descendants(pid):
    children = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat", "rb") as stat:
                parent = int(stat.read().rpartition(b")")[2].split()[1])
        except OSError:  # ended meanwhile
            continue
        children.setdefault(parent, []).append(int(entry))
    found = [pid]
    for each in found:
        found += children.get(each, [])
    return found[1:]


def kill_group(process):
    """With all that it started, also what is in a session or group of its own."""
    below = descendants(process.pid)
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    for pid in below:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def shown(arguments, environment, folder):
    """The command as it can be typed again."""
    changed = [
        f"{name}={shlex.quote(value)}"
        for name, value in environment.items()
        if os.environ.get(name) != value
    ]
    return " ".join(["cd", shlex.quote(folder), "&&", *changed, shlex.join(arguments)])


def run(arguments, folder, environment=None, stdin=b"", timeout=HANG_SECONDS, **popen):
    environment = dict(os.environ if environment is None else environment)
    process = subprocess.Popen(
        arguments,
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        **popen,
    )
    try:
        out, err = process.communicate(stdin, timeout=timeout)
    except subprocess.TimeoutExpired:
        where = where_it_hangs(process.pid)
        kill_group(process)
        out, err = process.communicate()
        raise Hung(
            f"no end after {timeout} s: {shown(arguments, environment, folder)}\n"
            f"  its threads: {where}\n  stdout: {shorten(out.decode(errors='replace'))}\n"
            f"  stderr: {shorten(err.decode(errors='replace'))}"
        ) from None
    return Result(
        shown(arguments, environment, folder),
        process.pid,
        process.returncode,
        out.decode(errors="replace"),
        err.decode(errors="replace"),
    )


def where_it_hangs(pid):
    """State and kernel function of each thread, to tell a spin from a lock."""
    words = []
    try:
        for tid in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{tid}/stat") as stat, open(
                f"/proc/{pid}/task/{tid}/wchan"
            ) as wchan:
                words.append(f"{tid} {stat.read().rpartition(')')[2].split()[0]} {wchan.read()}")
    except OSError:
        pass
    return ", ".join(words) or "gone"
