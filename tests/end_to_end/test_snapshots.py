"""Snapshots: by schedule, by the program, at the peak; and what differs between two of them."""

from harness import session, truth
from harness.case import EndToEndTest


class Snapshots(EndToEndTest):
    def run_victim(self, command, options=""):
        result = self.recorded(self.victim(command), options)
        self.assertEqual(result.status, 0, result.describe())
        self.assertEqual(result.err, "")
        return result, self.only_session()

    def test_schedule_keeps_48_to_96_evenly_spaced(self):
        result, path = self.run_victim("phases slow")
        info = session.json_of(["info", path], self.folder)
        seconds = [
            snapshot["seconds"]
            for snapshot in info["snapshots"]
            if snapshot["kind"] == "scheduled"
        ]
        self.assertTrue(48 <= len(seconds) <= 96, f"{len(seconds)} scheduled snapshots")
        gaps = [later - earlier for earlier, later in zip(seconds, seconds[1:])]
        self.assertLess(max(gaps), 5 * sorted(gaps)[len(gaps) // 2], gaps)
        document = self.report(path)
        self.assert_truth(document, truth.read_truth(result.out)[0], result)

    def test_weeks_by_a_scaled_clock(self):
        rate = 1_000_000
        result, path = self.run_victim("phases slow", options=f"clock={rate}")
        info = session.json_of(["info", path], self.folder)
        self.assertEqual(info["integrity"]["damages"], [])
        # 2.5 seconds are 29 days.
        end = info["files"][0]["duration_seconds"]
        self.assertGreater(end, 28 * 86400)
        # Only a process that lived for a moment does not say how large it was at its end.
        self.assertEqual(info["snapshots"][-1]["kind"], "exit")
        self.assertIsNotNone(info["snapshots"][-1]["rss_anon_bytes"])
        scheduled = [entry for entry in info["snapshots"] if entry["kind"] == "scheduled"]
        self.assertTrue(48 <= len(scheduled) <= 96, f"{len(scheduled)} scheduled snapshots")
        # They come from the whole run, and what lies between the held ones was dropped.
        self.assertLess(scheduled[0]["seconds"], end / 4)
        self.assertGreater(scheduled[-1]["seconds"], end * 3 / 4)
        self.assertGreater(scheduled[-1]["snapshot"], len(scheduled))
        last = -1
        for entry in scheduled[:: len(scheduled) // 8]:
            document = self.report(f"{path}@{entry['snapshot']}")
            live = session.figure(document, "grows_steadily", "live_bytes")
            self.assertGreater(live, last)
            last = live
        self.assert_truth(self.report(path), truth.read_truth(result.out)[0], result)

    def test_thread_that_becomes_slow_still_looks_at_the_clock(self):
        interval = 0.1
        result, path = self.run_victim("calming_down", options="interval=100")
        info = session.json_of(["info", path], self.folder)
        end = info["files"][0]["duration_seconds"]
        # 48 to 96 are kept: longer runs than 9.6 seconds keep every second one, and so on.
        thinned = 1
        while end > 96 * interval * thinned:
            thinned *= 2
        seconds = [0] + [
            snapshot["seconds"]
            for snapshot in info["snapshots"]
            if snapshot["kind"] == "scheduled"
        ]
        gaps = [later - earlier for earlier, later in zip(seconds, [*seconds[1:], end])]
        longest_pause = int(result.out.split()[0]) / 1000
        # What the thread does before it notices that it has become slow: 128 operations, of 10 ms.
        longest_pause += 1.28
        # Two in a row that the machine interrupts cost more, and the next one comes later for that.
        longest_pause += 100 * max(snapshot["cost_seconds"] for snapshot in info["snapshots"])
        self.assertLess(max(gaps), 3 * interval * thinned + longest_pause, seconds)
        self.assert_truth(self.report(path), truth.read_truth(result.out)[0], result)

    def test_growth_is_steady_through_the_snapshots(self):
        _, path = self.run_victim("phases slow")
        info = session.json_of(["info", path], self.folder)
        numbers = [entry["snapshot"] for entry in info["snapshots"] if entry["kind"] == "scheduled"]
        last = -1
        for number in numbers[:: max(1, len(numbers) // 8)]:
            live = session.figure(self.report(f"{path}@{number}"), "grows_steadily", "live_bytes")
            self.assertGreater(live, last)
            last = live

    def test_labels_from_the_program(self):
        _, path = self.run_victim("own_snapshots present")
        first = self.report(f"{path}@first")
        self.assertEqual(first["at"]["kind"], "program")
        self.assertEqual(session.figure(first, "before_label_30x100", "live_bytes"), 3000)
        self.assertEqual(session.figure(first, "between_labels_20x300", "allocations"), 0)
        second = self.report(f"{path}@second")
        self.assertEqual(session.figure(second, "before_label_30x100", "live_bytes"), 2000)
        self.assertEqual(session.figure(second, "before_label_30x100", "deallocations"), 10)
        self.assertEqual(session.figure(second, "between_labels_20x300", "live_bytes"), 6000)
        self.assertEqual(session.figure(second, "after_labels_5x700", "allocations"), 0)
        last = self.report(f"{path}@last")
        self.assertEqual(session.figure(last, "after_labels_5x700", "live_bytes"), 3500)

    def test_diff_of_two_labels(self):
        _, path = self.run_victim("own_snapshots present")
        document = session.diff(f"{path}@first", f"{path}@second", self.folder)
        deltas = {
            frame["function"]: row["live_bytes_delta"]
            for row in document["rows"]
            for frame in row["frames"]
            if frame["function"] != "main"
        }
        self.assertEqual(deltas.get("between_labels_20x300"), 6000)
        self.assertEqual(deltas.get("before_label_30x100"), -1000)
        self.assertNotIn("after_labels_5x700", deltas)
        self.assertEqual(
            [frame["function"] for frame in document["rows"][0]["frames"]][0],
            "between_labels_20x300",
            "the site that grew most comes first",
        )

    def test_diff_of_two_runs(self):
        paths = []
        for _ in range(2):
            result = self.recorded(self.victim("own_snapshots present"))
            self.assertEqual(result.status, 0, result.describe())
            paths = session.sessions_in(self.folder)
        document = session.diff(f"{paths[0]}@first", f"{paths[1]}@last", self.folder)
        row = session.rows_with(document, "after_labels_5x700")
        self.assertEqual([entry["only_in"] for entry in row], ["new"])
        same = session.rows_with(document, "before_label_30x100")
        self.assertEqual([entry["live_bytes_delta"] for entry in same], [-1000])

    def test_present_functions_do_as_they_say(self):
        result, path = self.run_victim("own_snapshots present")
        self.assert_truth(self.report(path), truth.read_truth(result.out)[0], result)

    def test_peak_shows_what_was_live_then(self):
        _, path = self.run_victim("phases peak")
        document = self.report(path)
        self.assertGreaterEqual(document["totals"]["peak_live_bytes"], 4000000)
        self.assertLess(document["totals"]["peak_live_bytes"], 4400000)
        peak = self.report(f"{path}@peak")
        live = session.figure(peak, "high_water_40x100000", "live_bytes")
        self.assertGreaterEqual(live, 3600000)
        self.assertLessEqual(live, 4000000)
        self.assertEqual(session.figure(peak, "left_at_end_3x50000", "live_bytes"), 0)

    def test_unknown_point_is_refused(self):
        _, path = self.run_victim("phases temporary")
        for point in ("nosuch", "99999"):
            result = session.heapdrift(["report", f"{path}@{point}"], self.folder)
            self.assertEqual(result.status, 1, result.describe())
            self.assertIn(point, result.err)
