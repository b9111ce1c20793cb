"""Victims whose whole truth stands in one session: what they say is what is recorded."""

import os

from harness import session, truth
from harness.case import EndToEndTest

# Name of the test: the victim and its arguments.
VICTIMS = {
    "heap_functions": "heap_functions",
    "libc_callers": "libc_callers",
    "cpp_operators": "cpp_operators libstdc++",
    "cpp_operators_libcxx": "cpp_operators_libcxx",
    "replaced_new": "replaced_new",
    "new_with_header": "header_new",
    "custom_blocks": "custom_blocks",
    "tiny_blocks": "tiny_blocks",
    "allocators": "allocators",
    "mappings": "mappings",
    "mapping_threads": "mapping_threads",
    "thread_storm": "threads storm",
    "thread_handover": "threads handover",
    "thread_crossfire": "threads crossfire",
    "thread_end": "thread_end",
    "before_and_after_main": "lifecycle",
    "signal_outside_allocator": "signals outside",
    "signal_anywhere": "signals anywhere",
    "signal_in_raise": "signals raise",
    "plugin_constructor_and_after_dlclose": "plugins after_dlclose",
    "plugins_alternate_at_one_address": "plugins alternate",
    "plugin_deepbind": "plugins deepbind",
    "plugin_local_cpp_in_c_program": "plugins local_cpp",
    "plugin_dlmopen": "plugins dlmopen",
    "plugin_many_times": "plugins many 200",
    "plugin_loaded_while_stopped": "plugins stopped",
    "errno_kept": "errno_kept",
    "huge_sizes": "huge_sizes",
    "deep_recursion": "odd_stacks deep_recursion",
    "coroutines": "odd_stacks coroutines",
    "long_jumps": "odd_stacks long_jumps",
    "exceptions": "odd_stacks exceptions",
    "changing_frames": "odd_stacks changing_frames",
    "changing_frames_with_endbr": "odd_stacks_endbr changing_frames",
    "coroutines_with_endbr": "odd_stacks_endbr coroutines",
    "exceptions_with_endbr": "odd_stacks_endbr exceptions",
    "stack_overflow": "odd_stacks stack_overflow",
    "descriptors_closefrom": "descriptors closefrom",
    "descriptors_close_range": "descriptors close_range",
    "descriptors_dup2": "descriptors dup2",
    "descriptors_nofile": "descriptors nofile",
    "temporary": "phases temporary",
    "peak_and_end": "phases peak",
    "own_snapshots": "own_snapshots",
    "plain": "plain",
}


class Recording(EndToEndTest):
    def test_deep_stack_is_marked_truncated(self):
        document = self.check_victim("odd_stacks deep_recursion")
        rows = [row for row in document["rows"] if row["stack_end"] == "depth limit"]
        self.assertTrue(rows, "a stack of 100,000 frames must say that its outer end is missing")
        self.assertGreaterEqual(document["totals"]["truncated_stacks"], len(rows))

    def test_custom_blocks_that_were_never_deallocated_do_not_lower_the_heap(self):
        result = self.recorded(self.victim("custom_blocks replaced"))
        document = self.report(self.only_session())
        for entries in truth.read_truth(result.out):
            self.assert_truth(document, entries, result)
        self.assertEqual(document["losses"]["missed_deallocations"], 49)
        self.assertGreaterEqual(
            document["totals"]["peak_live_bytes"], document["domains"]["heap"]["live_bytes"]
        )

    def test_depth_option_limits_frames(self):
        document = self.check_victim("plain", options="depth=1")
        native = [len(row["frames"]) for row in document["rows"]]
        self.assertTrue(native and max(native) <= 2, native)

    def test_stacks_reach_main(self):
        document = self.check_victim("heap_functions")
        for row in document["rows"]:
            names = [frame["function"] for frame in row["frames"]]
            if "malloc_100x64" in names:
                self.assertIn("main", names)
                self.assertEqual(row["stack_end"], "complete")

    def test_frames_have_file_line_and_module(self):
        document = self.check_victim("plain")
        frames = [
            frame
            for row in document["rows"]
            for frame in row["frames"]
            if frame["function"] == "plain_5x10"
        ]
        self.assertTrue(frames)
        for frame in frames:
            self.assertTrue(frame["file"].endswith("tests/victims/plain.c"), frame)
            self.assertGreater(frame["line"], 1)
            self.assertTrue(frame["module"].endswith("plain"), frame)
            self.assertGreater(frame["module_offset"], 0)

    def test_temporary_is_freed_before_next_allocation(self):
        document = self.check_victim("phases temporary")
        rows = {
            frame["function"]: row for row in document["rows"] for frame in row["frames"]
        }
        self.assertEqual(rows["temporary_1000x30"]["temporary"], 1000)
        # Each block is freed after its successor was allocated, but for the last.
        self.assertEqual(rows["not_temporary_500x30"]["temporary"], 1)

    def test_reallocations_are_told(self):
        document = self.check_victim("heap_functions")
        counts = {
            frame["function"]: 0 for row in document["rows"] for frame in row["frames"]
        }
        for row in document["rows"]:
            for name in {frame["function"] for frame in row["frames"]}:
                counts[name] += row["reallocations"]
        self.assertEqual(counts["realloc_grow_10_to_100000"], 2)
        self.assertEqual(counts["malloc_100x64"], 0)

    def test_signal_handler_maps_at_any_moment(self):
        """What strikes inside the recorder may be dropped; it is counted then."""
        result = self.recorded(self.victim("signals mmap"))
        self.assertEqual((result.status, result.err), (0, ""), result.describe())
        document = self.report(self.only_session())
        main, handler = truth.read_truth(result.out)[0]
        self.assert_truth(document, [main], result)
        dropped = document["totals"]["dropped"]
        for name in ("allocations", "deallocations"):
            found = session.figure(document, handler["marker"], name, "mapping")
            self.assertLessEqual(found, handler[name])
            self.assertGreaterEqual(
                found + dropped,
                handler[name],
                f"{name} {found}, dropped {dropped}: neither recorded nor counted as dropped; "
                f"rerun: {result.command}",
            )

    def test_thread_rows(self):
        result = self.recorded(self.victim("threads storm"))
        self.assertEqual(result.status, 0, result.describe())
        document = self.report(self.only_session(), "--group-by", "thread")
        allocations = sum(row["allocations"] for row in document["rows"])
        self.assertEqual(allocations, document["totals"]["allocations"])

    def test_more_threads_than_have_rows(self):
        result = self.recorded(self.victim("threads storm 100000"))
        self.assertEqual(result.status, 0, result.describe())
        path = self.only_session()
        document = self.report(path)
        self.assert_truth(document, truth.read_truth(result.out)[0], result)
        self.assert_nothing_lost(document)
        # A row is 64 bytes, and there are 65,535: the others' allocations are only in the totals.
        self.assertLess(os.path.getsize(path), 8 << 20)
        rows = self.report(path, "--group-by", "thread")["rows"]
        allocations = sum(row["allocations"] for row in rows)
        self.assertGreater(allocations, 4 * 65_000)
        self.assertLess(allocations, document["totals"]["allocations"])

    def test_mappings_that_stay_are_counted_once(self):
        document = self.check_victim("mapping_threads")
        for marker in ("moved_4_to_16_pages", "mapped_4_pages_twice"):
            # Every hundredth of 4,000, in each of two threads.
            self.assertEqual(session.figure(document, marker, "live_allocations", "mapping"), 80)

    def test_plugin_loaded_for_ever_costs_nothing(self):
        """A file that grew with every cycle would fill the disk of a program that runs for long."""
        sizes, modules, sites = [], [], []
        for cycles in (300, 3000):
            output = os.path.join(self.folder, f"{cycles}.heapdrift")
            # No snapshot falls due: those take space too.
            result = self.recorded(
                self.victim(f"plugins many {cycles}"), "interval=60000", output=output
            )
            self.assertEqual((result.status, result.err), (0, ""), result.describe())
            document = self.report(output)
            self.assert_truth(document, truth.read_truth(result.out)[0], result)
            self.assert_nothing_lost(document)
            info = session.json_of(["info", output], self.folder)
            sizes.append(os.stat(output).st_size)
            modules.append(len(info["modules"]))
            sites.append(document["totals"]["sites"])
        # One more where the plugin first lay at an address that the recorder's own pages then took.
        self.assertLessEqual(abs(modules[0] - modules[1]), 1, modules)
        self.assertEqual(sites[0], sites[1])
        self.assertLessEqual(sizes[1], sizes[0] + (64 << 10))

    def test_dead_name_of_plugin_survives_dlclose(self):
        document = self.check_victim("plugins alternate")
        for name, plugin in (("work_of_red", "plugin_red"), ("work_of_tea", "plugin_tea")):
            modules = {
                frame["module"]
                for row in document["rows"]
                for frame in row["frames"]
                if frame["function"] == name
            }
            self.assertTrue(modules, f"no frame of {name}")
            for module in modules:
                self.assertIn(plugin, module)


def _test_of(command):
    def test(self):
        self.check_victim(command)

    return test


for _name, _command in VICTIMS.items():
    setattr(Recording, f"test_{_name}", _test_of(_command))
