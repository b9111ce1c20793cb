"""What a scan of a heap of 1 GB costs the process that is scanned, beside what a fork of the same
heap costs: that is what a scan cannot do without, and it changes with the machine's state."""

import json
import os
import statistics
import subprocess
import tempfile

from tools import ask

ROUNDS = 7
# The longest that the process may be held.
TARGET_MS = 25


def fork_ms(child):
    child.stdin.write(b"f")
    child.stdin.flush()
    return int(child.stdout.readline()) / 1e6


def measure(build):
    """Scans as in heapdrift's JSON, and milliseconds of forks of the recorded process and of one
    that is not recorded, each in turn."""
    program = os.path.join(build, "bin", "heapdrift")
    heap = os.path.join(build, "evaluation", "large_heap")
    scans, forks, bare_forks = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "large_heap.heapdrift")
        command = [program, "run", "-q", "--no-report", "--no-symbols", "-o", path, "--", heap]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        with subprocess.Popen(command, **pipes) as child, subprocess.Popen([heap], **pipes) as bare:
            pid = child.stdout.readline().decode().strip()
            bare.stdout.readline()
            for _ in range(ROUNDS):
                bare_forks.append(fork_ms(bare))
                forks.append(fork_ms(child))
                ask([program, "scan", pid, "--wait", "60"], folder)
                report = ask([program, "report", pid, "--top", "1", "--format", "json"], folder)
                scans.append(json.loads(report)["scan"])
            bare.stdin.close()
            child.stdin.close()
    return scans, forks, bare_forks


def spread(times):
    return f"{statistics.median(times):.1f} ms ({min(times):.1f} to {max(times):.1f})"


def table(scans, forks, bare_forks):
    held = [1000 * scan["held_seconds"] for scan in scans]
    seconds = statistics.median(scan["scan_seconds"] for scan in scans)
    memory = statistics.median(scan["memory_bytes"] for scan in scans)
    return (f"{len(scans)} scans of 10^6 blocks of 1,000 bytes, each with four pointers; target:"
            f" held for less than {TARGET_MS} ms. Beside each scan the process forked itself, and so"
            " did one with the same heap that is not recorded; medians, least to most.\n\n"
            "| held by a scan | by its own fork | a bare fork | search of the copy | memory of the"
            " search |\n"
            "| --- | --- | --- | --- | --- |\n"
            f"| {spread(held)} | {spread(forks)} | {spread(bare_forks)} |"
            f" {seconds:.2f} s | {memory / 2**20:.0f} MiB |")
