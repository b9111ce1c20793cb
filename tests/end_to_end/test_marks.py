"""heapdrift.h: questions about growth, and what is not to be reported."""

from harness import session
from harness.case import EndToEndTest


class Marks(EndToEndTest):
    def test_growth_since_a_mark_is_exact(self):
        self.check_victim("marks")
        self.assertEqual(self.recorded(self.victim("marks present")).status, 0)

    def test_objects_end_marks_and_scopes(self):
        self.check_victim("marks_objects")
        self.assertEqual(self.recorded(self.victim("marks_objects present")).status, 0)

    def test_without_the_recorder_all_is_unknown(self):
        self.assertEqual(self.plain(self.victim("marks present")).status, 99)

    def test_growth_is_not_known_of_samples(self):
        result = self.recorded(self.victim("marks sampled"), "sample=65536")
        self.assertEqual(result.status, 0, result.describe())

    def test_ignored_scopes_are_no_leaks(self):
        result = self.recorded(self.victim("marks present"), "scan=1")
        self.assertEqual(result.status, 0, result.describe())
        leaks = session.json_of(["leaks", self.only_session(), "--min-score", "0"], self.folder)
        named = {leak["frames"][0]["function"] for leak in leaks["leaks"] if leak["score"] >= 0.5}
        self.assertIn("lost_3x700", named)
        self.assertNotIn("ignored_40x250", named)
        self.assertNotIn("led_to_by_ignored", named)
        self.assertEqual(
            leaks["ignored"], {"sites": 3, "live_allocations": 41, "live_bytes": 10008}
        )
        text = session.heapdrift(["leaks", self.only_session()], self.folder).out
        self.assertRegex(text, r"ignored +10008 B live in 41 allocations of 3 sites")

    def test_reports_show_ignored_scopes_apart(self):
        self.recorded(self.victim("marks present"))
        rows = self.report(self.only_session())["rows"]
        ignored = [row for row in rows if row.get("ignored")]
        self.assertEqual(sum(row["live_bytes"] for row in ignored), 10008)
        # One stack in many scopes is one row.
        every = [
            row
            for row in rows
            if row["frames"] and row["frames"][0]["function"] == "leaves_blocks_in_every_scope"
        ]
        self.assertEqual([row["live_allocations"] for row in every], [300])
        text = session.heapdrift(["report", self.only_session(), "--top", "0"], self.folder).out
        self.assertRegex(text, r"7500 B in 30, average 250 B.*\[ignored\]")
