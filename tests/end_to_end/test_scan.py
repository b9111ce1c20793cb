"""Blocks that nothing leads to any more: what a scan finds, compared with what the victim knows."""

import json
import os
import tempfile

from harness import session
from harness.case import EndToEndTest
from harness.live import LiveTest
from harness.reach import KINDS, lost_of, read_reach


class ScanTest(EndToEndTest):
    def assert_reach(self, document, entries):
        self.assertTrue(entries)
        expected = {entry["marker"]: {kind: entry[kind] for kind in KINDS} for entry in entries}
        found = {marker: lost_of(document, marker) for marker in expected}
        self.assertEqual(found, expected, f"session: {document['files'][0]['path']}")

    def assert_sums(self, document):
        totals = document["scan"]["totals"]
        for kind in KINDS:
            for unit in ("blocks", "bytes"):
                found = sum(row["lost"][kind][unit] for row in document["rows"])
                self.assertEqual(found, totals[kind][unit], (kind, unit))


class AtExit(ScanTest):
    def scanned(self, command, options="scan=1", preload=""):
        plain = self.plain(self.victim(command), preload)
        result = self.recorded(self.victim(command), options, preload)
        self.assert_ran_alike(plain, result)
        return self.report(self.only_session()), read_reach(result.out)

    def check(self, command, preload=""):
        """All that the victim knows is found, nothing is left open."""
        document, entries = self.scanned(command, preload=preload)
        scan = document["scan"]
        self.assertIsNone(scan["obstacle"])
        self.assertEqual((scan["confirmed"], scan["uncertain"]), (True, False))
        self.assertEqual((scan["occasion"], scan["unknown_threads"]), ("exit", 0))
        self.assert_reach(document, entries)
        self.assert_sums(document)
        return document

    def test_every_place_of_a_pointer(self):
        document = self.check("reach_places 24")
        self.assertEqual(document["scan"]["skipped_blocks"], 0)

    def test_newest_block_of_each_length(self):
        """The remainder of the heap begins in the last bytes of a block of some lengths."""
        for size in (1, 8, 9, 17, 24, 32, 40, 1000):
            with self.subTest(size=size):
                self.setUp()
                self.check(f"reach_places {size}")

    def test_chains_rings_and_trees(self):
        self.check("reach_chains")

    def test_objects(self):
        self.check("reach_objects")

    def test_threads(self):
        self.assertEqual(self.check("reach_threads")["scan"]["threads"], 7)

    def test_stack_in_use_by_way_of_ending(self):
        for way in ("exit", "_exit", "quick_exit"):
            for place in ("stack", "register"):
                with self.subTest(way=way, place=place):
                    self.setUp()
                    self.check(f"reach_endings {place} {way}")
        with self.subTest(way="return"):
            self.setUp()
            self.check("reach_endings stack return")

    def test_guard_pages_inside_mappings_are_passed_over(self):
        self.check("reach_limits guards")

    def test_memory_withheld_from_copies_makes_losses_uncertain(self):
        document, entries = self.scanned("reach_limits withheld")
        self.assertTrue(document["scan"]["uncertain"])
        self.assert_reach(document, entries)

    def test_unknown_registers_make_losses_uncertain(self):
        document, entries = self.scanned("reach_limits traced")
        scan = document["scan"]
        self.assertEqual((scan["uncertain"], scan["unknown_threads"]), (True, 1))
        self.assert_reach(document, entries)

    def test_unknown_blocks_keep_what_they_lead_to(self):
        document, entries = self.scanned("reach_limits ignored")
        self.assertTrue(document["scan"]["gaps_searched"])
        self.assert_reach(document, entries)

    def test_nothing_in_use_is_lost_with_another_allocator(self):
        for name in ("libjemalloc.so.2", "libtcmalloc_minimal.so.4", "libmimalloc.so.2.0"):
            library = f"/usr/lib/x86_64-linux-gnu/{name}"
            if not os.path.exists(library):
                continue
            for victim in ("reach_places 24", "reach_threads"):
                with self.subTest(allocator=name, victim=victim):
                    self.setUp()
                    document, entries = self.scanned(victim, preload=library)
                    self.assertTrue(document["scan"]["other_allocator"])
                    for entry in entries:
                        found = lost_of(document, entry["marker"])
                        lost = entry["direct"] + entry["indirect"]
                        self.assertLessEqual(found["direct"] + found["indirect"], lost, entry)

    def test_holes_of_shared_memory_stay_holes(self):
        with tempfile.NamedTemporaryFile(dir="/dev/shm") as file:
            document, entries = self.scanned(f"reach_limits sparse {file.name}")
            self.assert_reach(document, entries)
            self.assertLess(os.stat(file.name).st_blocks * 512, 1 << 20)

    def test_program_without_any_block(self):
        result = self.recorded(["/bin/true"], "scan=1")
        self.assertEqual(result.status, 0, result.describe())
        scan = self.report(self.only_session())["scan"]
        self.assertIsNone(scan["obstacle"])
        self.assertEqual(scan["totals"]["direct"], {"blocks": 0, "bytes": 0})

    def test_forked_child_is_not_scanned(self):
        result = self.recorded(self.victim("reach_limits forked"), "scan=1")
        self.assertEqual(result.status, 0, result.describe())
        reports = self.reports_of_all()
        self.assertEqual(len(reports), 2)
        for report in reports:
            scan = report["scan"]
            if report["files"][0]["forked"]:
                self.assertIn("forked", scan["obstacle"])
                self.assertNotIn("totals", scan)
            else:
                self.assertIsNone(scan["obstacle"])
                self.assert_reach(report, read_reach(result.out))

    def test_sampled_session_is_not_scanned(self):
        document, _ = self.scanned("reach_chains", "scan=1:sample=4096")
        self.assertIn("sampled", document["scan"]["obstacle"])
        refused = session.heapdrift(["run", "--scan", "--sample", "--", "true"], self.folder)
        self.assertEqual(refused.status, 2, refused.describe())

    def test_run_and_info(self):
        result = session.heapdrift(
            ["run", "--scan", "-q", "-o", "chains.heapdrift", *self.victim("reach_chains")],
            self.folder,
        )
        self.assertEqual(result.status, 0, result.describe())
        self.assert_reach(self.report(self.only_session()), read_reach(result.out))
        info = session.heapdrift(["info", "chains.heapdrift"], self.folder)
        self.assertRegex(info.out, r"(?m)^  scan +at exit, .*: lost .* in \d+ blocks directly")


class OnRequest(ScanTest, LiveTest):
    def finish(self, child):
        return read_reach(self.output_to_the_end(child))

    def scan(self, child, *arguments):
        return session.heapdrift(["scan", str(child.pid), *arguments], self.folder, timeout=60)

    def test_running_process_notices_nothing(self):
        child = self.start("reach_request")
        documents = []
        for number in range(1, 6):
            result = self.scan(child)
            self.assertEqual(result.status, 0, result.describe())
            self.assertIn("on request", result.out)
            documents.append(self.report(str(child.pid)))
            self.assertEqual(documents[-1]["scan"]["number"], number)
        entries = self.finish(child)
        for document in documents:
            self.assertEqual(document["scan"]["unknown_threads"], 0)
            self.assertTrue(document["scan"]["confirmed"])
            self.assert_reach(document, entries)
            self.assert_sums(document)
        # The last result stays in the file.
        self.assert_reach(self.report(self.only_session()), entries)

    def test_idle_process_is_not_scanned_later(self):
        child = self.start("reach_request idle")
        result = self.scan(child, "--wait", "0.3")
        self.assertEqual(result.status, 1, result.describe())
        self.assertIn("did not begin", result.err)
        self.finish(child)
        self.assertNotIn("scan", self.report(self.only_session()))

    def test_process_that_is_not_recorded(self):
        result = session.heapdrift(["scan", "1"], self.folder)
        self.assertEqual(result.status, 1, result.describe())
