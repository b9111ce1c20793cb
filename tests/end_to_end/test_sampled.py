"""heapdrift run --sample: estimates that hold, from the command line to the report."""

import os

from harness import build, process, session
from harness.case import EndToEndTest


class Sampled(EndToEndTest):
    def recorded_by_run(self, *options, victim="threads handover"):
        path = os.path.join(self.folder, "root.heapdrift")
        command = [build.heapdrift(), "run", "-q", "-f", "-o", path, *options]
        command += self.victim(victim)
        result = process.run(command, self.folder, self.environment())
        self.assertEqual(result.status, 0, result.describe())
        return self.report(path)

    def assert_estimate_holds(self, totals, exact, figure):
        interval = totals["estimates"][figure]
        # Of 95 %, doubled: this is one run, and not the test of the interval.
        width = interval["high"] - interval["low"]
        self.assertGreaterEqual(exact[figure], interval["low"] - width / 2, figure)
        self.assertLessEqual(exact[figure], interval["high"] + width / 2, figure)

    def test_estimates_lie_around_the_truth(self):
        exact = self.recorded_by_run()["totals"]
        for size in ("1KiB", "16KiB"):
            totals = self.recorded_by_run("--sample", size)["totals"]
            self.assertIsNone(totals["temporary"])
            for figure in ("allocated_bytes", "live_bytes"):
                self.assert_estimate_holds(totals, exact, figure)

    def test_an_operator_new_that_calls_malloc_is_decided_on_once(self):
        exact = self.recorded_by_run(victim="header_new")["totals"]
        totals = self.recorded_by_run("--sample", "256", victim="header_new")["totals"]
        self.assert_estimate_holds(totals, exact, "allocated_bytes")

    def test_no_deallocation_of_a_recorded_block_is_missed(self):
        self.recorded_by_run("--sample", "512", "--keep-all", victim="passed_by")
        reports = self.reports_of_all()
        self.assertEqual(len(reports), 2, "the program and its fork child")
        for document in reports:
            self.assert_nothing_lost(document)
            given_back = session.rows_with(document, "exchange", "heap")
            self.assertGreater(sum(row["allocations"] for row in given_back), 100000)
            self.assertEqual([row["live_bytes"] for row in given_back], [0] * len(given_back))
            # And so it went on after requests that are larger than any memory.
            kept = session.rows_with(document, "kept_2000x1000", "heap")
            live = sum(row["live_bytes"] for row in kept)
            self.assertGreater(live, 1500000)
            self.assertLess(live, 2500000)

    def test_size_may_be_left_out(self):
        document = self.recorded_by_run("--sample")
        self.assertEqual(document["files"][0]["mode"], "sampled")
        self.assertEqual(document["files"][0]["sampling_interval_bytes"], 512 << 10)

    def test_mode_is_exact_by_default(self):
        document = self.recorded_by_run()
        self.assertEqual(document["files"][0]["mode"], "exact")
        self.assertNotIn("estimates", document["totals"])

    def test_no_size(self):
        result = session.heapdrift(["run", "--sample=many", "true"], self.folder)
        self.assertEqual(result.status, 2, result.describe())
        self.assertIn("is no size", result.err)
