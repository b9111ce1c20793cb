"""heapdrift run --sample: estimates that hold, from the command line to the report."""

import os

from harness import build, process, session
from harness.case import EndToEndTest


class Sampled(EndToEndTest):
    def recorded_by_run(self, *options):
        path = os.path.join(self.folder, "root.heapdrift")
        command = [build.heapdrift(), "run", "-q", "-f", "-o", path, *options]
        command += self.victim("threads handover")
        result = process.run(command, self.folder, self.environment())
        self.assertEqual(result.status, 0, result.describe())
        return self.report(path)

    def test_estimates_lie_around_the_truth(self):
        exact = self.recorded_by_run()["totals"]
        for size in ("1KiB", "16KiB"):
            totals = self.recorded_by_run("--sample", size)["totals"]
            self.assertIsNone(totals["temporary"])
            for figure in ("allocated_bytes", "live_bytes"):
                interval = totals["estimates"][figure]
                # Of 95 %, doubled: this is one run, and not the test of the interval.
                width = interval["high"] - interval["low"]
                self.assertGreaterEqual(exact[figure], interval["low"] - width / 2, figure)
                self.assertLessEqual(exact[figure], interval["high"] + width / 2, figure)

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
