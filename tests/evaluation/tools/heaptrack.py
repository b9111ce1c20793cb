"""heaptrack. A finding is each stack with bytes that are live at the end: it calls them leaked."""

import glob
import os
import re

from . import Finding, ask, run

_FILE = re.compile(r" \([^()]*\)$")


class Heaptrack:
    name = "heaptrack"

    def findings(self, job):
        output = os.path.join(job.folder, "heaptrack")
        stacks = os.path.join(job.folder, "stacks")
        run(job, ["heaptrack", "-o", output, *job.command])
        path = max(glob.glob(output + ".*"), key=os.path.getsize)
        ask(
            ["heaptrack_print", "-f", path, "--print-peaks", "0", "--print-allocators", "0"]
            + ["--print-temporary", "0", "--flamegraph-cost-type", "leaked", "-F", stacks],
            job.folder,
        )
        with open(stacks, encoding="utf-8", errors="replace") as file:
            found = [_finding(line) for line in file]
        for each in [*glob.glob(output + ".*"), stacks]:
            os.unlink(each)
        return sorted([each for each in found if each.bytes], key=lambda finding: -finding.bytes)


def _finding(line):
    """function (file);function (file);… bytes, the outermost first."""
    stack, _, cost = line.rpartition(" ")
    functions = [_FILE.sub("", part.strip()) for part in stack.split(";")]
    return Finding(functions[::-1], 0, int(cost))
