"""heapdrift export: what the programs print that the formats are made for is the victim's truth."""

import json
import os
import re

from harness import consumers, session, truth
from harness.case import EndToEndTest

FIGURES = ("allocations", "allocated_bytes", "live_bytes")


class Export(EndToEndTest):
    def record(self, command, *options):
        """A finished session; returns what the victim says, whatever its status, and the file."""
        path = os.path.join(self.folder, "F")
        result = session.heapdrift(
            ["run", "-q", "-f", "-o", path, *options, "--", *self.victim(command)],
            self.folder,
            environment=self.environment(),
        )
        self.assertEqual(result.err, "", result.describe())
        return truth.read_truth(result.out)[0], path

    def export(self, target, *arguments, message=""):
        """The exported file's path; its only words are `message`."""
        path = os.path.join(self.folder, f"exported.{target}")
        result = session.heapdrift(
            ["export", "-f", target, "--force", "-o", path, *arguments], self.folder
        )
        self.assertEqual(result.status, 0, result.describe())
        self.assertIn(message, result.err)
        self.assertEqual(bool(message), bool(result.err), result.describe())
        return path

    def read(self, path):
        with open(path, encoding="utf-8") as file:
            return file.read()

    def assert_functions(self, entries, figure, functions, text):
        """Of heap memory: what each marker allocated itself or through others."""
        asserted = 0
        for entry in entries:
            wanted = entry[figure]
            if entry["domain"] != "heap" or wanted in (truth.ANY, truth.SOME):
                continue
            asserted += 1
            found = functions.get(entry["marker"], 0)
            self.assertEqual(found, wanted, f"{figure} of {entry['marker']} in:\n{text}")
        self.assertGreater(asserted, 0)

    def only(self, entries):
        """Options that leave what the markers allocate."""
        names = "|".join(entry["marker"] for entry in entries)
        return ["--focus", f"^({names})$"]

    def sum_of(self, entries, figure):
        return sum(entry[figure] for entry in entries if entry["domain"] == "heap")

    def test_pprof(self):
        for command in ("heap_functions", "plain"):
            entries, path = self.record(command)
            file = self.export("pprof", path, *self.only(entries))
            for figure in FIGURES:
                printed = consumers.read_go_pprof(file, self.folder, figure)
                self.assert_functions(entries, figure, printed.functions, printed.text)
                self.assertEqual(printed.total, self.sum_of(entries, figure), printed.text)

    def test_pprof_of_cpp_leaves_out_operator_new(self):
        entries, path = self.record("cpp_operators libstdc++")
        file = self.export("pprof", path)
        printed = consumers.read_go_pprof(file, self.folder, "live_bytes")
        self.assert_functions(entries, "live_bytes", printed.functions, printed.text)
        self.assertFalse([name for name in printed.functions if name.startswith("operator new")])

    def test_pprof_is_of_the_default_type_and_mergeable(self):
        _, path = self.record("heap_functions")
        file = self.export("pprof", path)
        twice = os.path.join(self.folder, "twice.pb.gz")
        consumers.go_pprof(file, self.folder, "-proto", f"-output={twice}", file)
        text = consumers.go_pprof(twice, self.folder, "-top", "-unit=b")
        self.assertIn("Type: inuse_space", text)
        total = self.report(path)["totals"]["live_bytes"]
        self.assertIn(f"of {2 * total}B total", text)
        self.assertIn("domain: Total", consumers.go_pprof(file, self.folder, "-tags"))

    def test_pprof_with_lines(self):
        _, path = self.record("heap_functions")
        text = consumers.go_pprof(self.export("pprof", path), self.folder, "-traces", "-lines")
        self.assertRegex(text, r"malloc_100x64 \S*tests/victims/heap_functions\.c:\d+")

    def test_pprof_of_a_difference(self):
        _, path = self.record("own_snapshots present")
        file = self.export("pprof", f"{path}@first", "@second")
        printed = consumers.read_go_pprof(file, self.folder, "live_bytes")
        self.assertEqual(printed.functions["before_label_30x100"], -1000)
        self.assertEqual(printed.functions["between_labels_20x300"], 6000)
        # Shares are of the old side.
        self.assertEqual(printed.total, self.report(f"{path}@first")["totals"]["live_bytes"])

    def test_heap_text_in_both_readers(self):
        entries, path = self.record("heap_functions")
        file = self.export("heap", path, *self.only(entries))
        program = self.victim("heap_functions")[0]
        for figure in FIGURES:
            total = self.sum_of(entries, figure)
            printed = consumers.read_google_pprof(file, program, self.folder, figure)
            self.assertEqual(printed.total, total, printed.text)
            self.assert_functions(entries, figure, printed.functions, printed.text)
            printed = consumers.read_go_pprof(file, self.folder, figure)
            self.assertEqual(printed.total, total, printed.text)
            self.assert_functions(entries, figure, printed.functions, printed.text)

    def test_heap_text_with_plugins_at_one_address(self):
        """What was unloaded and what came in its place keep their own names."""
        entries, path = self.record("plugins alternate")
        file = self.export("heap", path)
        ranges = sorted(
            tuple(int(bound, 16) for bound in line.split(" ")[0].split("-"))
            for line in self.read(file).partition("MAPPED_LIBRARIES:\n")[2].splitlines()
        )
        for (_, end), (start, _) in zip(ranges, ranges[1:]):
            self.assertLessEqual(end, start, "two modules at one address")
        printed = consumers.read_google_pprof(
            file, self.victim("plugins")[0], self.folder, "allocated_bytes"
        )
        self.assert_functions(entries, "allocated_bytes", printed.functions, printed.text)

    def test_collapsed(self):
        entries, path = self.record("heap_functions")
        for figure in FIGURES:
            text = self.read(self.export("collapsed", path, "--column", figure))
            for line in text.splitlines():
                self.assertRegex(line, r"^_start;.*;main;.* [1-9]\d*$")
            totals, functions = consumers.read_collapsed(text)
            self.assertEqual(totals[0], self.sum_of(entries, figure))
            sums = {name: values[0] for name, values in functions.items()}
            self.assert_functions(entries, figure, sums, text)

    def test_collapsed_difference(self):
        _, path = self.record("own_snapshots present")
        text = self.read(self.export("collapsed", f"{path}@first", "@second"))
        _, functions = consumers.read_collapsed(text, columns=2)
        self.assertEqual(functions["before_label_30x100"], [3000, 2000])
        self.assertEqual(functions["between_labels_20x300"], [0, 6000])

    def read_speedscope(self, path):
        document = json.loads(self.read(path))
        consumers.validate_speedscope(document)
        frames = document["shared"]["frames"]
        sums = {}
        for profile in document["profiles"]:
            functions = sums[profile["name"]] = {}
            self.assertEqual(profile["endValue"], sum(profile["weights"]))
            for stack, weight in zip(profile["samples"], profile["weights"], strict=True):
                self.assertGreater(weight, 0)
                for name in {frames[number]["name"] for number in stack}:
                    functions[name] = functions.get(name, 0) + weight
        return sums

    def test_speedscope(self):
        entries, path = self.record("heap_functions")
        sums = self.read_speedscope(self.export("speedscope", path))
        for figure in FIGURES:
            self.assert_functions(entries, figure, sums[figure.replace("_", " ")], sums)

    def test_speedscope_of_a_difference(self):
        _, path = self.record("own_snapshots present")
        sums = self.read_speedscope(self.export("speedscope", f"{path}@first", "@second"))
        self.assertEqual(sums["live bytes: shrunk"]["before_label_30x100"], 1000)
        self.assertEqual(sums["live bytes: grown"]["between_labels_20x300"], 6000)

    def test_dhat(self):
        entries, path = self.record("heap_functions")
        page, functions = consumers.read_dhat_viewer(
            self.export("dhat", path, *self.only(entries)), self.folder
        )
        for figure, name in (
            ("allocations", "total_blocks"),
            ("allocated_bytes", "total_bytes"),
            ("live_bytes", "end_bytes"),
        ):
            sums = {function: values[name] for function, values in functions.items()}
            self.assert_functions(entries, figure, sums, page)
        total = self.sum_of(entries, "allocated_bytes")
        blocks = self.sum_of(entries, "allocations")
        live = self.sum_of(entries, "live_bytes")
        self.assertRegex(page, rf"Total: +{total:,} bytes \(100%, .*\) in {blocks:,} blocks \(100%")
        self.assertRegex(page, rf"At t-end: +{live:,} bytes \(100%\)")

    def test_dhat_knows_peak_and_end(self):
        _, path = self.record("phases peak")
        _, functions = consumers.read_dhat_viewer(self.export("dhat", path), self.folder)
        peak = self.report(f"{path}@peak")
        for marker in ("high_water_40x100000", "left_at_end_3x50000"):
            at_peak = session.figure(peak, marker, "live_bytes")
            self.assertEqual(functions[marker]["gmax_bytes"], at_peak)
        self.assertEqual(functions["high_water_40x100000"]["end_bytes"], 0)
        self.assertEqual(functions["left_at_end_3x50000"]["end_bytes"], 150000)

    def test_massif(self):
        entries, path = self.record("phases slow")
        printed = consumers.read_ms_print(
            self.export("massif", path, *self.only(entries)), self.folder
        )
        self.assertEqual(printed.rows[-1][2], self.sum_of(entries, "live_bytes"), printed.text)
        self.assert_functions(entries, "live_bytes", printed.stacks[-1], printed.text)
        info = session.json_of(["info", path], self.folder)
        self.assertEqual(len(printed.rows), len(info["snapshots"]) + 1)
        for row, snapshot in list(zip(printed.rows, info["snapshots"]))[::16]:
            live = session.figure(
                self.report(f"{path}@{snapshot['snapshot']}"), "grows_steadily", "live_bytes"
            )
            self.assertEqual(row[2], live)
            self.assertEqual(row[1], round(snapshot["seconds"] * 1000))

    def test_massif_of_an_early_point_ends_there(self):
        _, path = self.record("own_snapshots present")
        printed = consumers.read_ms_print(self.export("massif", f"{path}@first"), self.folder)
        live = self.report(f"{path}@first")["totals"]["live_bytes"]
        self.assertEqual(printed.rows[-1][2], live)
        self.assertEqual(printed.stacks[-1]["before_label_30x100"], 3000)

    def test_mappings_are_no_part_of_totals(self):
        _, path = self.record("mappings")
        heap = self.report(path)["totals"]
        for arguments, live in (
            ([], heap["live_bytes"]),
            (
                ["--domain", "mapping"],
                sum(row["live_bytes"] for row in self.report(path)["rows"]
                    if row["domain"] == "mapping"),
            ),
        ):
            file = self.export("pprof", path, *arguments)
            printed = consumers.read_go_pprof(file, self.folder, "live_bytes")
            self.assertEqual(printed.total, live, printed.text)
            totals, _ = consumers.read_collapsed(
                self.read(self.export("collapsed", path, *arguments))
            )
            self.assertEqual(totals[0], live)

    def test_estimates_are_marked(self):
        _, path = self.record("threads handover", "--sample=16KiB")
        totals = self.report(path)["totals"]
        file = self.export("pprof", path)
        self.assertIn("estimates", consumers.go_pprof(file, self.folder, "-comments"))
        printed = consumers.read_go_pprof(file, self.folder, "allocated_bytes")
        self.assertEqual(printed.total, totals["allocated_bytes"], printed.text)
        self.assertIn("estimates", self.read(self.export("massif", path)))
        page, _ = consumers.read_dhat_viewer(self.export("dhat", path), self.folder)
        self.assertIn("estimates", page)
        names = self.read_speedscope(self.export("speedscope", path))
        self.assertIn("allocated bytes (estimated)", names)
        # These two have no room for it.
        self.export("collapsed", path, "--column", "allocated_bytes", message="cannot say")
        file = self.export("heap", path, message="cannot say")
        first = self.read(file).splitlines()[0]
        self.assertTrue(re.search(rf"\[ *\d+: *{totals['allocated_bytes']}\] @ heapprofile$", first))

    def test_tables_are_those_of_report_and_diff(self):
        _, path = self.record("own_snapshots present")
        for target in ("csv", "json"):
            shown = session.heapdrift(
                ["diff", f"{path}@first", f"{path}@second", "--format", target], self.folder
            )
            written = self.read(self.export(target, f"{path}@first", "@second"))
            self.assertEqual(written, shown.out)
        shown = session.heapdrift(["report", path, "--format", "csv"], self.folder)
        self.assertEqual(self.read(self.export("csv", path)), shown.out)

    def test_what_does_not_go_together(self):
        _, path = self.record("own_snapshots present")
        for arguments, message in (
            (["-f", "dhat", f"{path}@first", "@second"], "not a difference"),
            (["-f", "massif", f"{path}@first", "@second"], "not a difference"),
            (["-f", "heap", f"{path}@first", "@second"], "not a difference"),
            (["-f", "pprof", path, "--column", "allocations"], "--column"),
            (["-f", "xml", path], "--format"),
        ):
            result = session.heapdrift(["export", *arguments], self.folder)
            self.assertEqual(result.status, 2, result.describe())
            self.assertIn(message, result.err)
            self.assertEqual(result.out, "")
