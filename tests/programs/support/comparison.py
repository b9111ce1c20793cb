"""The same program recorded by heaptrack, whose figures must be ours, stack by stack."""

import os

from harness import build, session

from . import heaptrack
from .case import ProgramTest

TOTALS_APART = 0.001
STACKS_APART = 0.001
# libc allocates room for exit handlers by 32; heaptrack registers some more, so that in a program
# with many static objects each time another one's registration allocates.
EXIT_HANDLERS = 64
# Sets a variable for a program that takes the shell's place, so that the recorder can be told the
# pid of the root: session, variable, value, program….
_LAUNCH = (
    'export HEAPDRIFT_OPTIONS="output=$1:root_pid=$$"; export "$2=$3"; shift 3; exec "$@"'
)


class ComparedTest(ProgramTest):
    def check_against_heaptrack(
        self,
        name,
        arguments,
        prepare=None,
        environment=None,
        stdin=b"",
        apart=8,
        padded=True,
    ):
        """By plain LD_PRELOAD and under heaptrack: equal totals, and equal figures of each stack.

        For single-threaded programs. Heaptrack takes the two variables that it is started with out
        of the environment; with `padded`, others as long replace them, so that programs which copy
        it allocate the same. `apart` allocations may lie in stacks with different figures."""
        self.assertTrue(os.path.exists(heaptrack.PRELOAD), "heaptrack is not installed")
        raw = os.path.join(self.folder, "heaptrack.raw")
        session_path = self.session_path()
        environment = {**(environment or {}), "DUMP_HEAPTRACK_OUTPUT": raw}
        launch = ["/bin/sh", "-c", _LAUNCH, "sh", session_path]

        self.fresh_folder(prepare)
        ours = self.timed([*launch, "LD_PRELOAD", build.recorder(), *arguments], environment, stdin)
        document = self.report(session_path, "--no-symbols", "--frames", "0")
        snapshots = session.json_of(["info", session_path], self.folder)["snapshots"]
        exits = [s["snapshot"] for s in snapshots if s["kind"] == "exit"]
        at_exit = document
        if exits:
            at_exit = self.report(f"{session_path}@{exits[0]}", "--no-symbols", "--frames", "0")
        self.check_session(session_path)

        self.fresh_folder(prepare)
        preload = ["LD_PRELOAD", heaptrack.PRELOAD]
        if padded:
            padding = [f"LD_PRELOAX={build.recorder()}", f"DUMP_HEAPTRACK_OUTPUX={raw}"]
            padding.append(f"LD_PRELOAD={heaptrack.PRELOAD}")
            preload = ["UNUSED", "", "env", "-u", "UNUSED", *padding]
        theirs = self.timed([*launch, *preload, *arguments], environment, stdin)
        self.assert_alike(theirs.result, ours.result)
        self.compare(
            name,
            heaptrack.our_stacks(document),
            heaptrack.our_stacks(at_exit),
            heaptrack.read_stacks(raw),
            (ours.seconds, theirs.seconds),
            apart,
        )

    def compare(self, name, ours, at_exit, theirs, seconds, apart_allowed):
        theirs, left_out = heaptrack.without_its_own(theirs, ours)
        self.assertLess(left_out, 16, "allocations of libraries that only heaptrack loads")
        totals = [
            (heaptrack.total(ours, figure), heaptrack.total(theirs, figure))
            for figure in ("allocations", "allocated_bytes")
        ]
        different = heaptrack.differences(ours, at_exit, theirs)
        apart = sum(allocations for allocations, _ in different)
        print(
            f"{name}: {totals[0][0]} allocations of {totals[0][1]} by heaptrack,"
            f" {totals[1][0]} bytes of {totals[1][1]}; {len(different)} of {len(ours)} stacks"
            f" with {apart} allocations differ; {seconds[0]:.2f} s recorded,"
            f" {seconds[1]:.2f} s by heaptrack"
        )
        for mine, its in totals:
            self.assertLessEqual(abs(mine - its), TOTALS_APART * its, name)
        shown = "\n".join(f"{allocations}: {line}" for allocations, line in different[:10])
        allowed = max(apart_allowed, STACKS_APART * totals[0][0])
        self.assertLessEqual(apart, allowed, f"{name}:\n{shown}")
