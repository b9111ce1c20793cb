"""valgrind --tool=memcheck. A finding is what it calls definitely lost."""

import glob
import os
import xml.etree.ElementTree

from . import Finding, run


class Memcheck:
    name = "memcheck"

    def findings(self, job):
        options = ["--leak-check=full", "--num-callers=40", "--trace-children=yes", "--xml=yes"]
        output = os.path.join(job.folder, "memcheck")
        run(job, ["valgrind", "-q", *options, f"--xml-file={output}.%p", *job.command])
        found = []
        for path in glob.glob(output + ".*"):
            found += _read(path)
            os.unlink(path)
        # It prints them in order of what they hold, the greatest last.
        return sorted(found, key=lambda finding: -finding.bytes)


def _read(path):
    for error in xml.etree.ElementTree.parse(path).iter("error"):
        if error.findtext("kind") == "Leak_DefinitelyLost":
            yield Finding(
                [
                    frame.findtext("fn") or frame.findtext("obj")
                    for frame in error.find("stack").iter("frame")
                ],
                int(error.findtext("xwhat/leakedblocks")),
                int(error.findtext("xwhat/leakedbytes")),
            )
