"""heapdrift run --scan, then leaks. A finding is scored 0.5 or more: likely, or a leak."""

import glob
import json
import os

from . import Finding, ask, run

LIKELY = 0.5


class Heapdrift:
    name = "heapdrift"

    def __init__(self, build, interval_ms=20):
        self._program = os.path.join(build, "bin", "heapdrift")
        self._interval_ms = interval_ms

    def record(self, job):
        """The sessions of all processes."""
        path = os.path.join(job.folder, "recorded.heapdrift")
        options = ["-f", "-q", "--no-report", "--no-symbols", "--scan", "-o", path]
        options += ["--interval", str(self._interval_ms)]
        run(job, [self._program, "run", *options, "--", *job.command])
        return glob.glob(path + "*")

    def document(self, path, folder, least=0):
        command = [self._program, "leaks", path, "--min-score", str(least), "--format", "json"]
        return json.loads(ask(command, folder))

    def findings(self, job):
        found = []
        for path in self.record(job):
            found += findings_of(self.document(path, job.folder, LIKELY))
            os.unlink(path)
        return found


def findings_of(document):
    return [
        Finding(
            [frame["function"] or frame["module"] for frame in leak["frames"]],
            leak["live_allocations"],
            leak["live_bytes"],
            f"{leak['score']:.2f} {leak['kind']}: {leak['reading']}",
            leak["verdict"] == "leak",
        )
        for leak in document["leaks"]
        if leak["score"] >= LIKELY
    ]
