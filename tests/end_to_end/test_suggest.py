"""heapdrift suggest: each rule speaks of what it is for, and of nothing else."""

from harness.case import EndToEndTest
from harness.suggestions import SuggestionTest


class Suggest(SuggestionTest, EndToEndTest):
    program = "suggestible"

    def test_temporary_blocks(self):
        found = self.assert_suggests("temporary", "temporary_many")["temporary"]
        # Of the last rounds none may be in a snapshot any more.
        self.assertGreaterEqual(self.quantity(found, "temporary"), 3_000_000)
        self.assertEqual(self.quantity(found, "mean_block"), 64)

    def test_few_temporary_blocks_are_nothing(self):
        self.assertEqual(self.assert_silent("temporary", "temporary_few")["suggestions"], [])

    def test_short_lived_blocks(self):
        found = self.assert_suggests("short-lived", "short_lived_many")["short-lived"]
        self.assertLessEqual(self.quantity(found, "most_live_at_a_snapshot"), 16)

    def test_blocks_that_live_are_not_short_lived(self):
        self.assert_silent("short-lived", "long_lived_many")

    def test_growth_by_constant_steps(self):
        found = self.assert_suggests("realloc-growth", "grows_by_16")["realloc-growth"]
        self.assertAlmostEqual(self.quantity(found, "steps_for_each"), 999, delta=2)

    def test_doubling_is_no_growth_by_constant_steps(self):
        self.assert_silent("realloc-growth", "grows_by_doubling")

    def test_tiny_blocks(self):
        found = self.assert_suggests("tiny-blocks", "tiny_many")["tiny-blocks"]
        self.assertEqual(self.quantity(found, "live_blocks"), 200_000)
        self.assertEqual(self.quantity(found, "beside_what_was_asked"), 200_000 * 24)

    def test_small_blocks_are_not_tiny(self):
        self.assert_silent("tiny-blocks", "small_many")

    def test_fragmentation(self):
        found = self.assert_suggests("fragmentation", "fragments")["fragmentation"]
        self.assertGreaterEqual(self.quantity(found, "unexplained"), 50 << 20)

    def test_memory_that_went_back_is_no_fragmentation(self):
        self.assert_silent("fragmentation", "large_blocks_freed")

    def test_peak_of_a_moment(self):
        found = self.assert_suggests("peak", "peak_once")["peak"]
        self.assertGreaterEqual(self.quantity(found, "at_peak_here"), 30 << 20)

    def test_peak_that_is_ordinary(self):
        self.assert_silent("peak", "peak_often")

    def test_cache_at_its_bound(self):
        self.assert_suggests("bounded-cache", "cache_full")

    def test_cache_that_still_fills_is_not_at_its_bound(self):
        self.assert_silent("bounded-cache", "cache_still_filling")

    def test_memory_of_the_start(self):
        found = self.assert_suggests("startup", "table_at_start")
        self.assertNotIn("footprint", found)

    def test_memory_that_came_later_is_none_of_the_start(self):
        self.assert_silent("startup", "table_in_the_middle")

    def test_footprint(self):
        self.assert_suggests("footprint", "table_in_the_middle")

    def test_small_footprint(self):
        self.assertEqual(self.assert_silent("footprint", "table_of_a_tenth")["suggestions"], [])

    def test_leak(self):
        document = self.judged("leak", "growth leaks_all bounded_queue temporary_churn")
        self.assertEqual(["leak"], [entry["rule"] for entry in document["suggestions"]])
        self.assertEqual("leaks_all", document["suggestions"][0]["frames"][0]["function"])

    def test_suppressed_leak(self):
        rules = self.folder + "/known.supp"
        with open(rules, "w") as file:
            file.write("leak:^leaks_all$\nleak:not_there\n")
        document = self.judged("leak", "growth leaks_all temporary_churn", "--suppressions", rules)
        self.assertEqual(document["suggestions"], [])
        self.assertEqual([rule["hits"] for rule in document["suppressions"]], [1, 0])

    def test_limit_that_is_near(self):
        document = self.judged("limit", "growth leaks_all temporary_churn", "--limit", "30KiB")
        limit = [entry for entry in document["suggestions"] if entry["rule"] == "limit"]
        self.assertEqual(len(limit), 1, document)
        self.assertGreater(self.quantity(limit[0], "heap_growth_low"), 0)

    def test_limit_that_is_far(self):
        document = self.judged("limit", "growth leaks_all temporary_churn", "--limit", "10GiB")
        self.assertNotIn("limit", [entry["rule"] for entry in document["suggestions"]])

    def test_program_without_growth_nears_no_limit(self):
        document = self.judged(
            "limit", "growth bounded_queue sawtooth temporary_churn", "--limit", "60KiB"
        )
        self.assertEqual(document["suggestions"], [])

    def test_sampled_recording_says_what_is_not_judged(self):
        document = self.suggestions(
            "suggestible temporary_many", options="interval=20:sample=65536"
        )
        self.assertTrue(
            {"temporary", "short-lived", "realloc-growth", "tiny-blocks"}
            <= {entry["rule"] for entry in document["not_judged"]}
        )

    def test_rules_of_cuda_memory_say_nothing_of_a_program_without(self):
        document = self.suggestions("suggestible temporary_few")
        rules = {"unmapped-handles", "released-handles", "open-imports", "pinned-rounding"}
        rules |= {"idle-pool", "segments"}
        spoken = {entry["rule"] for entry in document["suggestions"] + document["not_judged"]}
        self.assertFalse(rules & spoken)
