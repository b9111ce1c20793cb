"""What a scan of a heap of 1 GB costs the process that is scanned."""

import json
import os
import statistics
import subprocess
import tempfile

from tools import ask

ROUNDS = 7
# The longest that the process may be held.
TARGET_MS = 25


def measure(build):
    """The scans of heapdrift's JSON, one after another, of one process."""
    program = os.path.join(build, "bin", "heapdrift")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "large_heap.heapdrift")
        command = [program, "run", "-q", "--no-report", "--no-symbols", "-o", path, "--",
                   os.path.join(build, "evaluation", "large_heap")]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
            pid = child.stdout.readline().decode().strip()
            scans = []
            for _ in range(ROUNDS):
                ask([program, "scan", pid, "--wait", "60"], folder)
                report = ask([program, "report", pid, "--top", "1", "--format", "json"], folder)
                scans.append(json.loads(report)["scan"])
            child.stdin.close()
        return scans


def table(scans):
    held = sorted(1000 * scan["held_seconds"] for scan in scans)
    seconds = statistics.median(scan["scan_seconds"] for scan in scans)
    memory = statistics.median(scan["memory_bytes"] for scan in scans)
    return (f"{len(scans)} scans of 10^6 blocks of 1,000 bytes, each with four pointers; target:"
            f" held for less than {TARGET_MS} ms.\n\n"
            "| held, median (least to most) | search of the copy | memory of the search |\n"
            "| --- | --- | --- |\n"
            f"| {statistics.median(held):.1f} ms ({held[0]:.1f} to {held[-1]:.1f}) |"
            f" {seconds:.2f} s | {memory / 2**20:.0f} MiB |")
