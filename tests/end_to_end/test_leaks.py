"""heapdrift leaks: what grows for ever is found, and what does not is left alone."""

import json

from harness import session
from harness.case import EndToEndTest
from harness.growth_kinds import LEAKS, OTHERS


class Leaks(EndToEndTest):
    def leaks_of(self, kinds, *arguments, options="interval=20"):
        result = self.recorded(self.victim(f"growth {' '.join(kinds)}"), options)
        self.assertEqual(result.status, 0, result.describe())
        return session.json_of(["leaks", self.only_session(), *arguments], self.folder)

    @staticmethod
    def functions(document):
        return [leak["frames"][0]["function"] for leak in document["leaks"]]

    def assert_enough_snapshots(self, document):
        self.assertGreaterEqual(document["snapshots_judged"], 24, "the machine was too busy")

    def test_each_leak_is_found_among_what_is_none(self):
        document = self.leaks_of(LEAKS + OTHERS, "--min-score", "0.5")
        self.assert_enough_snapshots(document)
        self.assertEqual(sorted(self.functions(document)), sorted(LEAKS), document["leaks"])
        for rank, leak in enumerate(document["leaks"], 1):
            self.assertEqual((leak["rank"], leak["kind"]), (rank, "growth"))
            rate = leak["growth_bytes_per_second"]
            self.assertTrue(0 < rate["estimate"], leak)
            self.assertTrue(rate["low"] <= rate["estimate"] <= rate["high"], leak)

    def test_program_without_leaks_has_none(self):
        document = self.leaks_of(OTHERS, "--min-score", "0.5")
        self.assert_enough_snapshots(document)
        self.assertEqual(document["leaks"], [])

    def test_lost_blocks_need_no_growth(self):
        result = self.recorded(self.victim("reach_chains"), "scan=1")
        document = session.json_of(["leaks", self.only_session()], self.folder)
        self.assertNotIn("reachability", document["not_known"])
        reach = json.loads(next(l for l in result.out.splitlines() if "reach" in l))["reach"]
        lost = {entry["marker"] for entry in reach if entry["direct"]}
        self.assertTrue(lost)
        found = {
            frame["function"]
            for leak in document["leaks"]
            if leak["kind"] == "lost" and leak["verdict"] == "leak"
            for frame in leak["frames"]
        }
        self.assertTrue(lost <= found, lost - found)
        reachable = {e["marker"] for e in reach if not (e["direct"] + e["indirect"] + e["possible"])}
        named = {frame["function"] for leak in document["leaks"] for frame in leak["frames"]}
        self.assertFalse(reachable & named)

    def test_growth_rate_is_the_programs(self):
        document = self.leaks_of(["leaks_one_percent", "temporary_churn"])
        self.assert_enough_snapshots(document)
        self.assertEqual(self.functions(document), ["leaks_one_percent"])
        # Four blocks of 64 bytes each 20 ms; rounds that are late come together.
        self.assertAlmostEqual(
            document["leaks"][0]["growth_bytes_per_second"]["estimate"], 12800, delta=3000
        )

    def test_too_few_snapshots_are_said(self):
        document = self.leaks_of(["leaks_all"], options="interval=200")
        self.assertFalse(document["enough_snapshots"])
        for leak in document["leaks"]:
            self.assertLessEqual(leak["score"], 0.6)
            self.assertIn("snapshots", [item["name"] for item in leak["evidence"]])
        text = session.heapdrift(["leaks", self.only_session()], self.folder)
        self.assertRegex(text.out, "needs 16|too few to judge|none was taken")

    def test_explain_shows_the_evidence_of_one(self):
        document = self.leaks_of(["leaks_all", "leaks_lost", *OTHERS], "--explain", "2")
        self.assertEqual([leak["rank"] for leak in document["leaks"]], [2])
        text = session.heapdrift(["leaks", self.only_session(), "--explain", "2"], self.folder)
        for name in ("age", "spread", "trend", "going_on"):
            self.assertRegex(text.out, rf"(?m)^ +{name} +[01]\.\d\d")
