"""A running process, read and marked from outside."""

from harness import process, session, truth
from harness.live import LiveTest


class Live(LiveTest):
    def finish(self, child):
        return truth.read_truth(self.output_to_the_end(child))[0]

    def check_end(self, child):
        entries = self.finish(child)
        document = self.report(self.only_session())
        result = process.Result("a live run", child.pid, 0, "", "")
        self.assert_truth(document, entries, result)
        self.assert_nothing_lost(document)

    def test_report_of_running_process_is_consistent_every_time(self):
        child = self.start("long_running 4")
        last = 0
        for _ in range(25):
            document = self.report(str(child.pid))
            self.assertEqual(document["files"][0]["ended_by"], "running")
            self.assertEqual(document["files"][0]["pid"], child.pid)
            self.assert_nothing_lost(document)
            allocations = session.figure(document, "works", "allocations")
            deallocations = session.figure(document, "works", "deallocations")
            self.assertGreaterEqual(allocations, last)
            # Four threads, each with at most one block that does not stay; what is read while
            # they work may be a few microseconds wide.
            self.assertLessEqual(deallocations, allocations)
            last = allocations
        self.assertGreater(last, 0)
        self.check_end(child)

    def test_snapshot_from_outside(self):
        child = self.start("long_running 2")
        result = session.heapdrift(["snapshot", str(child.pid), "--label", "warm"], self.folder)
        self.assertEqual(result.status, 0, result.describe())
        self.assertRegex(result.out, r"^@\d+\n$")
        warm = self.report(f"{child.pid}@warm")
        self.assertEqual(warm["at"]["label"], "warm")
        self.assertEqual(warm["at"]["kind"], "requested")
        frozen = session.figure(warm, "works", "allocations")
        self.assertGreater(frozen, 0)
        for _ in range(5):
            later = self.report(f"{child.pid}@warm")
            self.assertEqual(session.figure(later, "works", "allocations"), frozen)
            # The cut lies between two operations of each thread at most.
            live = session.figure(later, "works", "live_allocations")
            self.assertLessEqual(abs(live - frozen / 10), 2 * 2 + 2)
        self.check_end(child)
        after = self.report(f"{self.only_session()}@warm")
        self.assertEqual(session.figure(after, "works", "allocations"), frozen)

    def test_label_in_use_is_refused(self):
        child = self.start("long_running 1")
        self.assertEqual(
            session.heapdrift(["snapshot", str(child.pid), "--label", "one"], self.folder).status, 0
        )
        again = session.heapdrift(["snapshot", str(child.pid), "--label", "one"], self.folder)
        self.assertEqual(again.status, 1, again.describe())
        self.assertIn("one", again.err)
        self.check_end(child)

    def test_snapshot_of_stopped_process(self):
        """Reading and marking need no help from the target."""
        child = self.start("long_running 2")
        child.send_signal(19)
        try:
            result = session.heapdrift(["snapshot", str(child.pid)], self.folder)
            self.assertEqual(result.status, 0, result.describe())
            document = self.report(str(child.pid))
            self.assertGreater(session.figure(document, "works", "allocations"), 0)
        finally:
            child.send_signal(18)
        self.check_end(child)

    def test_list_shows_running_then_killed(self):
        child = self.start("long_running 1")
        listed = session.heapdrift(["list", self.folder], self.folder)
        self.assertEqual(listed.status, 0, listed.describe())
        self.assertRegex(listed.out, rf"(?m)\b{child.pid}\b.*running|running.*\b{child.pid}\b")
        self.sweep(child)
        listed = session.heapdrift(["list", self.folder], self.folder)
        self.assertRegex(listed.out, rf"(?m)\b{child.pid}\b.*killed|killed.*\b{child.pid}\b")

    def test_process_that_is_not_recorded(self):
        result = session.heapdrift(["report", "1"], self.folder)
        self.assertEqual(result.status, 1, result.describe())
        self.assertIn("heapdrift", result.err)
