"""A real program in a folder of its own: plain, recorded, and what both must have in common."""

import ctypes
import os
import re
import shutil
import time

from harness import build, process, session
from harness.case import EndToEndTest

TRUNCATED_SHARE = 0.001
_ADDR_NO_RANDOMIZE = 0x0040000
_libc = ctypes.CDLL(None)


def without_randomization():
    """Objects that are hashed by address would otherwise be met in another order in each run.

    Where the machine does not allow it, runs differ a little more."""
    _libc.personality(_ADDR_NO_RANDOMIZE)


class Run:
    def __init__(self, result, seconds, sessions=()):
        self.result = result
        self.seconds = seconds
        self.sessions = list(sessions)


class ProgramTest(EndToEndTest):
    # Of the programs that are tested in any case: a missing one is a failure, not a skip.
    def need(self, *programs):
        paths = [shutil.which(program, path=self.path()) for program in programs]
        missing = [program for program, path in zip(programs, paths) if path is None]
        self.assertFalse(missing, f"not installed: {missing}; scripts/setup test installs them")
        return paths[0]

    def want(self, program, path=None):
        found = shutil.which(program, path=path or self.path())
        if found is None:
            self.skipTest(f"{program} is not installed; scripts/setup heavy installs it")
        return found

    @staticmethod
    def path():
        return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    def environment(self):
        """Debian's programs, no user's settings, the same hashes in each run."""
        return {
            "PATH": self.path(),
            "HOME": os.path.join(self.folder, "home"),
            "TMPDIR": os.path.join(self.folder, "tmp"),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PERL_HASH_SEED": "0",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_DATE": "2020-02-02T02:02:02Z",
            "GIT_COMMITTER_DATE": "2020-02-02T02:02:02Z",
        }

    def fresh_folder(self, prepare=None):
        """The same path for each run, because programs print and store their paths."""
        os.makedirs(os.path.join(self.folder, "sessions"), exist_ok=True)
        for name in ("work", "home", "tmp"):
            path = os.path.join(self.folder, name)
            shutil.rmtree(path, ignore_errors=True)
            os.makedirs(path)
        work = os.path.join(self.folder, "work")
        if prepare:
            prepare(work)
        return work

    def session_path(self):
        return os.path.join(self.folder, "sessions", "root.heapdrift")

    def run_words(self, *options):
        return [build.heapdrift(), "run", "-q", *options, "-o", self.session_path(), "--"]

    def timed(self, arguments, environment=None, stdin=b"", timeout=60, **popen):
        begin = time.monotonic()
        result = process.run(
            arguments,
            os.path.join(self.folder, "work"),
            {**self.environment(), **(environment or {})},
            stdin,
            timeout,
            preexec_fn=without_randomization,
            **popen,
        )
        return Run(result, time.monotonic() - begin)

    def sessions(self):
        return session.sessions_in(os.path.join(self.folder, "sessions"))

    def check_program(
        self,
        name,
        arguments,
        prepare=None,
        environment=None,
        stdin=b"",
        timeout=60,
        options=(),
        clean=None,
        result_of=None,
        expect_status=0,
    ):
        """Runs it plain and under `heapdrift run`; the same output, exit code and results.

        clean(text) takes out of the output what differs between any two runs; result_of(folder)
        returns what the program left behind."""
        work = self.fresh_folder(prepare)
        plain = self.timed(arguments, environment, stdin, timeout)
        left = result_of(work) if result_of else None
        self.assertEqual(plain.result.status, expect_status, plain.result.describe())

        work = self.fresh_folder(prepare)
        run = self.timed(
            self.run_words(*options) + arguments, environment, stdin, timeout=3 * timeout
        )
        run.sessions = self.sessions()
        self.assert_alike(plain.result, run.result, clean)
        self.assertEqual(left, result_of(work) if result_of else None)
        self.check_sessions(name, plain.seconds, run)
        return run

    def assert_alike(self, plain, recorded, clean=None):
        clean = clean or (lambda text: text)
        self.assertEqual(
            (plain.status, clean(plain.out), clean(plain.err)),
            (recorded.status, clean(recorded.out), clean(recorded.err)),
            "exit status, stdout and stderr differ with the recorder (second) from those without"
            f" (first); rerun:\n{recorded.command}",
        )

    def check_sessions(self, name, plain_seconds, run):
        """Every session is complete and sane; prints what was measured."""
        self.assertIn(self.session_path(), run.sessions)
        sums = {"allocations": 0, "truncated_allocations": 0}
        for path in run.sessions:
            totals = self.check_session(path)
            for figure in sums:
                sums[figure] += totals[figure]
        share = sums["truncated_allocations"] / max(1, sums["allocations"])
        print(
            f"{name}: {len(run.sessions)} sessions, {sums['allocations']} allocations,"
            f" {100 * share:.4f} % of them with truncated stacks, dropped 0,"
            f" {plain_seconds:.2f} s plain, {run.seconds:.2f} s recorded"
        )

    # What a stack may end at without being counted as truncated here: code made at run time, and
    # what else a program has no unwind tables for. A test names it by function or module.
    may_end_at = None
    own_malloc = False

    def check_session(self, path):
        symbols = [] if self.may_end_at else ["--no-symbols"]
        document = self.report(path, "--frames", "0", *symbols)
        totals = document["totals"]
        self.assertEqual(totals["dropped"], 0, f"{path}: {document['losses']}")
        losses = document["losses"]
        self.assertIsNone(losses["recording_stopped"], path)
        for loss in ("unfinished_sites", "missing_file_bytes", "damaged_records"):
            self.assertEqual(losses[loss], 0, f"{path}: {losses}")
        for row in document["rows"]:
            for figure in ("live_bytes", "live_allocations"):
                # Wrapped below zero, an unsigned figure is huge.
                self.assertTrue(0 <= row[figure] < 1 << 62, f"{path}: {session.stack_text(row)}")
        if not self.own_malloc:
            self.assertGreater(totals["allocations"], 0, path)
        self.assertGreaterEqual(totals["peak_live_bytes"], totals["live_bytes"], path)
        self.assert_few_truncated(path, document)
        return totals

    def ends_as_it_may(self, row):
        if not self.may_end_at:
            return False
        outermost = row["frames"][-1]
        return re.search(self.may_end_at, outermost["function"] or outermost["module"] or "")

    def assert_few_truncated(self, path, document):
        totals = document["totals"]
        rows = [row for row in document["rows"] if row["stack_end"] != "complete"]
        rows = [row for row in rows if not self.ends_as_it_may(row)]
        rows.sort(key=lambda row: -row["allocations"])
        truncated = sum(row["allocations"] for row in rows)
        # A process of a few allocations may hold a single one more.
        if truncated <= max(1, TRUNCATED_SHARE * totals["allocations"]):
            return
        shown = "\n".join(
            f"  {row['allocations']}: "
            + " < ".join(f"{f['module']}+{f['module_offset']}" for f in row["frames"][:6])
            for row in rows[:10]
        )
        self.fail(f"{path}: {truncated} of {totals['allocations']} truncated\n{shown}")

    def assert_named(self, path, *functions):
        """The names that a user who knows the program expects are in the report."""
        document = self.report(path, "--group-by", "function", "--cumulative")
        names = {row["key"] for row in document["rows"]}
        missing = [function for function in functions if function not in names]
        self.assertFalse(missing, f"{path}: not among {len(names)} names")
