"""report, diff and export on what other tools recorded of our victims: it is the victims' truth."""

import glob
import json
import os
import shutil
import unittest

import jsonschema

from harness import consumers, process, session, truth
from harness.case import EndToEndTest

LIBRARIES = "/usr/lib/x86_64-linux-gnu"


def library(name, package):
    path = os.path.join(LIBRARIES, name)
    if not os.path.exists(path):
        raise unittest.SkipTest(f"the Debian package {package} is not installed")
    return path


class Import(EndToEndTest):
    def run_victim(self, command, environment, *before):
        result = process.run(
            [*before, *self.victim(command)],
            self.folder,
            {**self.environment(), **environment},
            timeout=60,
        )
        return result, truth.read_truth(result.out)[0]

    def only_file(self, pattern):
        files = glob.glob(os.path.join(self.folder, pattern))
        self.assertEqual(len(files), 1, files)
        return files[0]

    def by_gperftools(self, command):
        path = os.path.join(self.folder, "G")
        preload = library("libtcmalloc.so.4", "libgoogle-perftools4")
        result, entries = self.run_victim(command, {"LD_PRELOAD": preload, "HEAPPROFILE": path})
        return result, entries, self.only_file("G*.heap")

    def by_jemalloc(self, command):
        path = os.path.join(self.folder, "J")
        options = f"prof:true,prof_final:true,prof_accum:true,lg_prof_sample:0,prof_prefix:{path}"
        preload = library("libjemalloc.so.2", "libjemalloc2")
        environment = {"LD_PRELOAD": preload, "MALLOC_CONF": options}
        result, entries = self.run_victim(command, environment)
        return result, entries, self.only_file("J*.heap")

    def by_heaptrack(self, command):
        tool = shutil.which("heaptrack")
        if not tool:
            raise unittest.SkipTest("the Debian package heaptrack is not installed")
        path = os.path.join(self.folder, "H")
        result, entries = self.run_victim(command, {}, tool, "-o", path)
        return result, entries, self.only_file("H.*")

    def own(self, command):
        path = os.path.join(self.folder, "own.heapdrift")
        session.heapdrift(
            ["run", "-q", "-o", path, "--", *self.victim(command)],
            self.folder,
            environment=self.environment(),
        )
        return path

    def assert_schemas(self, path):
        folder = os.path.join(os.path.dirname(__file__), "..", "..", "analyzer", "report", "schema")
        for command in ("report", "info", "export"):
            arguments = [command, path] + ([] if command == "export" else ["--format", "json"])
            result = session.heapdrift(arguments, self.folder)
            self.assertEqual(result.status, 0, result.describe())
            with open(os.path.join(folder, f"{command}.json"), encoding="utf-8") as file:
                jsonschema.Draft7Validator(json.load(file)).validate(json.loads(result.out))

    def test_gperftools(self):
        result, entries, path = self.by_gperftools("phases peak")
        document = self.report(path)
        self.assert_truth(document, entries, result)
        self.assertEqual(document["files"][0]["recorded_by"], "gperftools' heap profiler")
        self.assertIsNone(document["totals"]["temporary"])
        self.assertIsNone(document["totals"]["peak_live_bytes"])
        self.assert_schemas(path)

    def test_heaptrack(self):
        result, entries, path = self.by_heaptrack("phases peak")
        document = self.report(path)
        self.assert_truth(document, entries, result)
        high = session.figure(document, "high_water_40x100000", "peak_live_bytes")
        self.assertEqual(high, 4000000)
        self.assertGreaterEqual(document["totals"]["peak_live_bytes"], high)
        self.assert_schemas(path)

    def test_jemalloc(self):
        """It counts the sizes that it gave, so only the number of blocks is ours."""
        _, entries, path = self.by_jemalloc("phases peak")
        document = self.report(path)
        for entry in entries:
            for name in ("allocations", "deallocations"):
                self.assertEqual(session.figure(document, entry["marker"], name), entry[name])
            size = session.figure(document, entry["marker"], "allocated_bytes")
            self.assertGreaterEqual(size, entry["allocated_bytes"])

    def test_same_program_by_two_tools_does_not_differ(self):
        ours = self.own("phases peak")
        for record in (self.by_gperftools, self.by_heaptrack):
            _, entries, path = record("phases peak")
            document = session.diff(path, ours, self.folder)
            for entry in entries:
                for row in session.rows_with(document, entry["marker"]):
                    self.assertEqual(row["only_in"], "both", session.stack_text(row))
                    self.assertEqual(row["live_bytes_delta"], 0)
                    self.assertEqual(row["allocations_delta"], 0)

    def as_pprof(self, path, *options):
        file = os.path.join(self.folder, "exported.pb.gz")
        result = session.heapdrift(
            ["export", "-f", "pprof", "--force", "-o", file, *options, path], self.folder
        )
        self.assertEqual((result.status, result.err), (0, ""), result.describe())
        return file

    def test_pprof(self):
        """What we wrote, as we and as Go's pprof wrote it, is what was recorded."""
        ours = self.own("phases peak")
        file = self.as_pprof(ours)
        merged = os.path.join(self.folder, "merged.pb.gz")
        consumers.go_pprof(file, self.folder, "-proto", f"-output={merged}", "-drop_negative")
        whole = session.report(ours, self.folder)
        for path in (file, merged):
            document = self.report(path)
            for figure in ("allocations", "allocated_bytes", "live_bytes", "live_allocations"):
                self.assertEqual(document["totals"][figure], whole["totals"][figure], path)
            self.assertIsNone(document["totals"]["peak_live_bytes"])
            self.assertIn("pprof", document["files"][0]["recorded_by"])
            self.assert_schemas(path)
        difference = session.diff(file, ours, self.folder)
        self.assertTrue(difference["rows"])
        for row in difference["rows"]:
            self.assertEqual(row["only_in"], "both", session.stack_text(row))
            self.assertEqual(row["live_bytes_delta"], 0)
            self.assertEqual(row["allocations_delta"], 0)

    def test_pprof_of_gperftools(self):
        _, entries, path = self.by_gperftools("phases peak")
        file = os.path.join(self.folder, "gperftools.pb.gz")
        consumers.go_pprof(path, self.folder, "-proto", "-symbolize=none", f"-output={file}")
        document = self.report(file)
        for entry in entries:
            for figure in ("allocations", "live_bytes"):
                self.assertEqual(session.figure(document, entry["marker"], figure), entry[figure])

    def test_pprof_of_a_difference_is_refused(self):
        ours = self.own("phases peak")
        file = os.path.join(self.folder, "difference.pb.gz")
        result = session.heapdrift(
            ["export", "-f", "pprof", "-o", file, ours, ours], self.folder
        )
        self.assertEqual(result.status, 0, result.describe())
        result = session.heapdrift(["report", file], self.folder)
        self.assertEqual((result.status, result.out), (1, ""), result.describe())
        self.assertRegex(result.err, r"difference\.pb\.gz: byte \d+ of the profile: a profile of one")

    def test_is_exported_too(self):
        _, entries, path = self.by_gperftools("phases peak")
        for target in ("pprof", "massif", "dhat", "heap"):
            out = os.path.join(self.folder, f"exported.{target}")
            result = session.heapdrift(["export", "-f", target, "-o", out, path], self.folder)
            self.assertEqual((result.status, result.err), (0, ""), result.describe())
        live = sum(entry["live_bytes"] for entry in entries)
        file = os.path.join(self.folder, "exported.pprof")
        printed = consumers.read_go_pprof(file, self.folder, "live_bytes")
        self.assertEqual(printed.functions["left_at_end_3x50000"], live, printed.text)
        massif = consumers.read_ms_print(os.path.join(self.folder, "exported.massif"), self.folder)
        self.assertEqual(massif.stacks[-1]["left_at_end_3x50000"], live, massif.text)

    def test_program_that_was_built_anew_is_not_named_wrongly(self):
        program = os.path.join(self.folder, "program")
        shutil.copy(self.victim("phases")[0], program)
        preload = library("libtcmalloc.so.4", "libgoogle-perftools4")
        environment = {"LD_PRELOAD": preload, "HEAPPROFILE": os.path.join(self.folder, "G")}
        process.run([program, "peak"], self.folder, {**self.environment(), **environment})
        path = self.only_file("G*.heap")
        named = self.report(path)
        self.assertTrue(session.rows_with(named, "left_at_end_3x50000"))
        os.unlink(program)
        shutil.copy(self.victim("threads")[0], program)
        for row in self.report(path)["rows"]:
            for frame in row["frames"]:
                if frame["module"] == program:
                    self.assertIsNone(frame["function"])

    def test_growth_cannot_be_asked(self):
        for record, recorder in (
            (self.by_gperftools, "gperftools"),
            (self.by_jemalloc, "jemalloc"),
            (self.by_heaptrack, "heaptrack"),
        ):
            _, _, path = record("phases peak")
            for command in ("leaks", "trend"):
                result = session.heapdrift([command, path], self.folder)
                self.assertEqual((result.status, result.out), (1, ""), result.describe())
                for part in (path, f"recorded by {recorder}", "no snapshots", "heapdrift diff"):
                    self.assertIn(part, result.err)
            info = session.heapdrift(["info", path], self.folder)
            self.assertEqual(info.status, 0, info.describe())
            self.assertRegex(info.out.splitlines()[-1], r"^Whole: ")

    def test_what_cannot_be_asked(self):
        _, _, path = self.by_gperftools("phases peak")
        for arguments, message in (
            (["report", f"{path}@peak"], "one point"),
            (["report", path, "--sort", "temporary"], "does not know"),
            (["report", path, "--group-by", "thread"], ""),
        ):
            result = session.heapdrift(arguments, self.folder)
            self.assertEqual(result.status != 0, bool(message), result.describe())
            self.assertIn(message, result.err)
