"""The tools that are judged. Each says what it reports of one run of a program, in its own order."""

import dataclasses
import re
import subprocess

TIMEOUT = 400


class ToolFailed(Exception):
    pass


@dataclasses.dataclass
class Finding:
    # Of the call stack, innermost first; where there is no name the module's path, or None.
    functions: list
    blocks: int
    bytes: int
    note: str = ""  # in the tool's words
    sure: bool = True  # that it is a leak

    def names(self, site):
        """Whether the function, or a module with this in its path, is on the stack. C++ names come
        with parameters and namespaces."""
        return any(
            function and _is_called(function, site)
            for function in self.functions
        )


def _is_called(function, site):
    if "/" in function:
        return site in function
    return re.search(rf"(?:^|[: ]){re.escape(site)}(?:[(\[]|$)", function) is not None


@dataclasses.dataclass
class Job:
    """A program to be run by a tool."""

    command: list
    folder: str
    environment: dict = None
    ok: tuple = (0,)  # exit codes that are no failure
    drive: object = None  # called while the program runs; makes it work, and end
    stdin: bytes = b""


def run(job, command=None, environment=None, ok=None):
    """The job, or a command of the tool's that runs it or is in its stead."""
    child = subprocess.Popen(
        command or job.command,
        cwd=job.folder,
        env=environment or job.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        if job.drive:
            job.drive()
        out, err = child.communicate(job.stdin, timeout=TIMEOUT)
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
    if child.returncode not in (ok or job.ok):
        end = err.decode(errors="replace")[-1000:]
        raise ToolFailed(f"{child.args} ended with {child.returncode}: {end}")
    return out, err.decode(errors="replace")


def ask(command, folder):
    """A tool's own command, such as one that prints what was recorded."""
    return run(Job(command, folder))[0]
