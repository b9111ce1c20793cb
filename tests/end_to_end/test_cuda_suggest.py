"""heapdrift suggest of CUDA memory: each rule speaks of what it is for, and of nothing else."""

from harness.cuda import CudaTest
from harness.suggestions import SuggestionTest

MIB = 1 << 20


class CudaSuggest(SuggestionTest, CudaTest):
    program = "gpu_suggestible"

    def test_handles_that_are_never_mapped(self):
        found = self.assert_suggests("unmapped-handles", "never_maps")["unmapped-handles"]
        self.assertEqual(self.quantity(found, "handles"), 5)
        self.assertEqual(self.quantity(found, "live_bytes"), 10 * MIB)

    def test_handles_that_are_mapped_are_no_matter(self):
        document = self.assert_silent("unmapped-handles", "maps_at_once")
        self.assertEqual(document["suggestions"], [])

    def test_handles_that_are_released_and_never_unmapped(self):
        found = self.assert_suggests("released-handles", "never_unmaps")["released-handles"]
        self.assertEqual(self.quantity(found, "handles"), 40)

    def test_handles_that_are_released_and_unmapped_in_time(self):
        document = self.assert_silent("released-handles", "unmaps_in_time")
        self.assertEqual(document["suggestions"], [])

    def test_imports_that_are_never_closed(self):
        found = self.assert_suggests("open-imports", "never_closes")["open-imports"]
        self.assertEqual(self.quantity(found, "closed"), 0)

    def test_imports_that_are_closed(self):
        self.assertEqual(self.assert_silent("open-imports", "closes")["suggestions"], [])

    def test_imports_that_are_made_once(self):
        self.assertEqual(self.assert_silent("open-imports", "opens_peers_once")["suggestions"], [])

    def test_pinned_memory_that_is_rounded_up(self):
        found = self.assert_suggests("pinned-rounding", "rounds_pinned")["pinned-rounding"]
        self.assertEqual(self.quantity(found, "live_bytes"), 64 * MIB)

    def test_pinned_memory_as_it_was_asked_for(self):
        self.assert_silent("pinned-rounding", "pins_exactly")

    def test_pool_that_keeps_what_nobody_uses(self):
        found = self.assert_suggests("idle-pool", "pool_is_idle")["idle-pool"]
        self.assertIn("CUDA's memory pools", found["finding"])
        self.assertEqual(self.quantity(found, "reserved"), 512 * MIB)

    def test_pool_that_is_used(self):
        self.assert_silent("idle-pool", "pool_is_used")

    def test_cache_that_keeps_what_nobody_uses(self):
        found = self.assert_suggests("idle-pool", "cache_is_idle")["idle-pool"]
        self.assertIn("PyTorch", found["finding"])
        self.assertGreaterEqual(self.quantity(found, "reserved"), 512 * MIB)

    def test_cache_that_is_used_until_the_end(self):
        self.assert_silent("idle-pool", "cache_is_used")

    def test_segments_in_pieces(self):
        found = self.assert_suggests("segments", "segments_in_pieces")["segments"]
        self.assertEqual(self.quantity(found, "segments_with_tensors"), 320 * MIB)
        self.assertEqual(self.quantity(found, "free_between_tensors"), 160 * MIB)

    def test_segments_that_are_used_again(self):
        self.assert_silent("segments", "segments_used_again")

    def test_growth_of_tensors_is_a_leak_of_their_site(self):
        found = self.assert_suggests("leak", "leaks_tensors")["leak"]
        self.assertEqual(found["severity"], "high")

    def test_tensors_that_come_and_go_are_no_leak(self):
        self.assertEqual(self.assert_silent("leak", "passes_tensors")["suggestions"], [])
