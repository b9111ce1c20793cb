"""heapdrift merge: sums of recordings, and what they no longer hold; the tree of run --follow."""

import os
import re

from harness import session, truth
from harness.case import EndToEndTest


class Merge(EndToEndTest):
    def record(self, name, command, *arguments):
        path = os.path.join(self.folder, name)
        result = session.heapdrift(
            ["run", "-q", "-o", path, *arguments, "--", *self.victim(command)],
            self.folder,
            environment=self.environment(),
        )
        return path, truth.read_truth(result.out)[0]

    def merge(self, *arguments):
        result = session.heapdrift(["merge", *arguments], self.folder)
        self.assertEqual((result.status, result.out), (0, ""), result.describe())
        return result.err

    def test_is_the_sum(self):
        first, truths = self.record("a", "phases peak")
        second, _ = self.record("b", "phases peak")
        third, others = self.record("c", "phases temporary")
        said = self.merge("all", first, second, third)
        self.assertRegex(said, r"all: 3 recordings.*peak of all is not known")
        document = self.report("all")
        for entries, times in ((truths, 2), (others, 1)):
            for entry in entries:
                for name in ("allocations", "allocated_bytes", "deallocations", "live_bytes"):
                    total = session.figure(document, entry["marker"], name)
                    self.assertEqual(total, times * entry[name], entry["marker"])
        parts = [self.report(path) for path in (first, second, third)]
        names = ("allocations", "allocated_bytes", "live_bytes", "live_allocations", "temporary")
        for name in (*names, "reallocations"):
            total = sum(part["totals"][name] for part in parts)
            self.assertEqual(document["totals"][name], total, name)
        file = document["files"][0]
        self.assertEqual((file["merged_recordings"], file["pid"]), (3, 0))
        self.assertIsNone(document["totals"]["peak_live_bytes"])
        # Stacks of one build are one.
        rows = session.rows_with(document, "left_at_end_3x50000")
        self.assertEqual(len(rows), len(session.rows_with(parts[0], "left_at_end_3x50000")))

    def test_reads_like_a_recording(self):
        first, _ = self.record("a", "phases peak")
        self.merge("all", first, first)
        info = session.heapdrift(["info", "all"], self.folder)
        self.assertEqual(info.status, 0, info.describe())
        self.assertIn("the sum of 2 recordings", info.out)
        self.assertRegex(info.out.splitlines()[-1], "^Whole: ")
        difference = session.diff(first, "all", self.folder)
        rows = session.rows_with(difference, "left_at_end_3x50000")
        self.assertEqual({row["only_in"] for row in rows}, {"both"})
        self.assertEqual(sum(row["live_bytes_delta"] for row in rows), 150000)
        for target in ("pprof", "collapsed", "dhat", "massif", "heap", "speedscope", "csv", "json"):
            result = session.heapdrift(
                ["export", "-f", target, "all", "-o", f"all.{target}"], self.folder
            )
            self.assertEqual((result.status, result.err), (0, ""), result.describe())
        text = session.heapdrift(["report", "all"], self.folder).out
        self.assertIn("not known of all", text)
        # A sum may be part of a sum.
        self.merge("more", "all", first)
        self.assertEqual(self.report("more")["files"][0]["merged_recordings"], 3)

    def test_at_points(self):
        first, _ = self.record("a", "phases peak")
        self.merge("all", f"{first}@peak", first)
        high = session.figure(self.report(f"{first}@peak"), "high_water_40x100000", "live_bytes")
        self.assertGreater(high, 0)
        self.assertEqual(
            session.figure(self.report("all"), "high_water_40x100000", "live_bytes"), high
        )

    def test_sampled_keep_their_errors(self):
        first, _ = self.record("a", "phases peak", "--sample", "4KiB")
        second, _ = self.record("b", "phases peak", "--sample", "4KiB")
        self.merge("all", first, second)
        parts = [self.report(path)["totals"] for path in (first, second)]
        document = self.report("all")
        whole = document["totals"]
        self.assertEqual(document["files"][0]["mode"], "sampled")
        self.assertEqual(whole["live_bytes"], sum(part["live_bytes"] for part in parts))
        variance = sum(
            part["estimates"]["allocated_bytes"]["standard_error"] ** 2 for part in parts
        )
        error = whole["estimates"]["allocated_bytes"]["standard_error"]
        self.assertAlmostEqual(error / variance**0.5, 1, delta=0.02)

    def test_what_is_refused(self):
        first, _ = self.record("a", "phases peak")
        sampled, _ = self.record("s", "phases peak", "--sample", "4KiB")
        self.merge("all", first)
        with open(first, "rb") as file:
            data = file.read()
        with open(os.path.join(self.folder, "cut"), "wb") as file:
            file.write(data[: len(data) - 65536])
        for status, message, arguments in (
            (1, "exists already", ["merge", first, sampled]),
            (2, "not recorded alike", ["merge", "new", first, sampled]),
            (2, "damaged", ["merge", "new", first, "cut"]),
            (1, "missing", ["merge", "new", first, "missing"]),
            (2, "FILE", ["merge", "new"]),
            (1, "sum of 1 recordings", ["leaks", "all"]),
            (1, "sum of 1 recordings", ["trend", "all"]),
            (2, "threads", ["report", "all", "--group-by", "thread"]),
        ):
            with self.subTest(arguments):
                result = session.heapdrift(arguments, self.folder)
                self.assertEqual((result.status, result.out), (status, ""), result.describe())
                self.assertIn(message, result.err)
                self.assertFalse(os.path.exists(os.path.join(self.folder, "new")))
        self.merge("-f", "all", first, first)
        self.assertEqual(self.report("all")["files"][0]["merged_recordings"], 2)


class Follow(EndToEndTest):
    def test_tree_of_processes(self):
        script = "/bin/true; sh -c '/bin/true; exec sleep 0.01'; exit 4"
        result = session.heapdrift(
            ["run", "--follow", "--no-report", "-o", "F", "--", "sh", "-c", script],
            self.folder,
            environment=self.environment(),
        )
        self.assertEqual(result.status, 4, result.describe())
        lines = result.err.partition("PROCESS")[2].splitlines()[1:]
        rows = [re.match(r" *(?:[│├└─ ]*)(\S+) +(\d+) +(\d+) .*", line) for line in lines]
        names = [row[1] for row in rows if row]
        pids = [int(row[2]) for row in rows if row]
        parents = [int(row[3]) for row in rows if row]
        self.assertEqual(names, ["sh", "true", "sh", "true", "sleep"], result.describe())
        self.assertEqual(parents[1], pids[0])
        self.assertEqual(parents[3], pids[2])
        # What the second shell became is the same process.
        self.assertEqual((pids[4], parents[4]), (pids[2], pids[0]))
        self.assertIn("exit 4", lines[0])
        self.assertRegex(lines[1], "exit 0 +-$")
        self.assertIn("exec", lines[2])
