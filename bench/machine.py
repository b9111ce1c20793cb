"""The machine that was measured on, and how busy it was with other things."""

import os
import platform
import subprocess


def _first_line(*command):
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "not installed"
    return (answer.stdout or answer.stderr).splitlines()[0] if answer.returncode == 0 else "unknown"


def _processor():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        for line in file:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return "unknown"


def _memory():
    with open("/proc/meminfo", encoding="ascii") as file:
        return int(file.readline().split()[1]) * 1024


def load():
    """Processes that ran in the last minute, of all users."""
    return os.getloadavg()[0]


def describe():
    return {
        "processor": _processor(),
        "processors": os.cpu_count(),
        "memory_bytes": _memory(),
        "kernel": platform.release(),
        "libc": " ".join(platform.libc_ver()),
        "compiler": _first_line("g++", "--version"),
        "programs": {
            "python3": _first_line("/usr/bin/python3", "--version"),
            "sqlite3": _first_line("sqlite3", "--version"),
            "redis-server": _first_line("redis-server", "--version"),
            "node": _first_line("node", "--version"),
            "perl": _first_line("perl", "-e", "print $^V"),
            "heaptrack": _first_line("heaptrack", "--version"),
            "valgrind": _first_line("valgrind", "--version"),
        },
        "load_at_start": load(),
    }
