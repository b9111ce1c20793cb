"""The base of all tests: a folder of one's own, recorded and plain runs, and what both share."""

import os
import unittest

from . import build, process, session, truth

# The user of that name, whom nothing belongs to.
NOBODY = 65534
# Starts the program under the pid that the recorder is told is the root: the shell becomes it.
_LAUNCH = (
    'export HEAPDRIFT_OPTIONS="$1:root_pid=$$" LD_PRELOAD="$2"; shift 2; exec "$@"'
)


class EndToEndTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        for path in (build.recorder(), build.heapdrift()):
            self.assertTrue(os.path.exists(path), f"not built: {path}")
        self.folder = build.work_folder(self.id())

    def environment(self):
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        return {**kept, "LANG": "C.UTF-8", "LD_BIND_NOW": ""}

    def plain(self, arguments, preload="", **options):
        environment = self.environment()
        if preload:
            environment["LD_PRELOAD"] = preload
        return process.run(arguments, self.folder, environment, **options)

    def launch_arguments(self, arguments, options="", preload="", output=None):
        output = output or os.path.join(self.folder, "%e.%p.heapdrift")
        words = [f"output={output}"] + ([options] if options else [])
        libraries = build.recorder() + (f":{preload}" if preload else "")
        return ["/bin/sh", "-c", _LAUNCH, "sh", ":".join(words), libraries, *arguments]

    def recorded(self, arguments, options="", preload="", output=None, environment=None, **popen):
        return process.run(
            self.launch_arguments(arguments, options, preload, output),
            self.folder,
            {**self.environment(), **(environment or {})},
            **popen,
        )

    def victim(self, command):
        name, *arguments = command.split()
        return [build.victim(name), *arguments]

    def only_session(self):
        files = session.sessions_in(self.folder)
        self.assertEqual(len(files), 1, f"one session expected, there are: {files}")
        return files[0]

    def report(self, address, *arguments):
        return session.report(address, self.folder, *arguments)

    def reports_of_all(self):
        return [self.report(path) for path in session.sessions_in(self.folder)]

    def session_of(self, reports, pid):
        found = [report for report in reports if report["files"][0]["pid"] == pid]
        self.assertEqual(len(found), 1, f"one session of process {pid} expected")
        return found[0]

    def assert_truth(self, document, entries, result):
        lines = truth.differences(document, entries)
        path = document["files"][0]["path"]
        self.assertFalse(
            lines, "\n" + "\n".join(lines) + f"\nsession: {path}\nrerun: {result.command}"
        )

    def assert_nothing_lost(self, document):
        self.assertEqual(document["totals"]["dropped"], 0, document["losses"])
        self.assertIsNone(document["losses"]["recording_stopped"])
        self.assertEqual(document["losses"]["missed_deallocations"], 0)
        for row in document["rows"]:
            # Wrapped below zero, an unsigned figure is huge.
            self.assertTrue(0 <= row["live_bytes"] < 1 << 62, session.stack_text(row))

    def assert_whole(self, path):
        result = session.heapdrift(["info", path, "--no-symbols"], self.folder)
        self.assertEqual(result.status, 0, result.describe())

    def one_message(self, result):
        """The recorder's only line on stderr."""
        lines = [line for line in result.err.splitlines() if "heapdrift" in line]
        self.assertEqual(len(lines), 1, f"one message expected: {result.describe()}")
        return lines[0]

    def check_victim(self, command, options="", preload="", environment=None):
        """Plain and recorded runs agree, and the session holds the victim's truth."""
        plain = self.plain(self.victim(command), preload)
        result = self.recorded(self.victim(command), options, preload, environment=environment)
        self.assert_ran_alike(plain, result)
        document = self.report(self.only_session())
        for entries in truth.read_truth(result.out):
            self.assert_truth(document, entries, result)
        self.assert_nothing_lost(document)
        self.assert_whole(self.only_session())
        return document

    def assert_ran_alike(self, plain, result):
        """Same status and output, but for the figures of truth: some differ from run to run."""

        def without_truth(text):
            return [line for line in text.splitlines() if not line.startswith('{"truth"')]

        self.assertNotEqual(plain.status, 99, f"fails without the recorder too: {plain.err}")
        self.assertEqual(
            (plain.status, without_truth(plain.out), plain.err),
            (result.status, without_truth(result.out), result.err),
            "exit status, stdout and stderr differ with the recorder (second) from those without"
            f" (first); rerun:\n{result.command}",
        )
