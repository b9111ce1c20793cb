"""PyTorch's tensors, as its allocators tell of them: a view, in domains of its own."""

from harness import session
from harness.cuda import CudaTest

MIB = 1 << 20


class CudaTensors(CudaTest):
    def test_tensors_have_domains_of_their_own(self):
        self.cuda("tensors")
        rows = session.rows_with(self.document, "keeps_on_device", "cuda_tensor")
        functions = {frame["function"] for row in rows for frame in row["frames"]}
        self.assertIn("c10::cuda::CUDACachingAllocator::raw_alloc(unsigned long, int)", functions)

    def test_devices_say_what_pytorch_allocated_and_reserved(self):
        cuda = self.cuda("tensors")
        first, second = self.device(cuda)["pytorch"], self.device(cuda, 1)["pytorch"]
        self.assertEqual(first["allocated_bytes"], 2 * 300032 + 512)
        self.assertEqual((second["allocated_bytes"], second["reserved_bytes"]), (3 * MIB, 20 * MIB))
        self.assertEqual(self.device(cuda, 1)["live_bytes"], 20 * MIB)
        # Before the large tensor came.
        self.assertEqual(first["grown"]["allocated_bytes"], 2 * 300032)
        self.assertEqual(first["grown"]["segment_bytes"], 2 * MIB)
        self.assertEqual(cuda["tensors_not_recorded"], 1)
        text = session.heapdrift(["report", self.only_session()], self.folder).out
        self.assertRegex(text, r"PyTorch: 3072 KiB in tensors, of 20\.0 MiB that its allocator")
        self.assertRegex(text, r"cuda_tensor +365\d KiB live in 4 allocations; no part of the totals")

    def test_tensors_are_no_part_of_the_totals(self):
        self.cuda("tensors")
        domains = self.document["domains"]
        views = ("mapping", "custom", "host_tensor", "cuda_tensor")
        counted = sum(
            figures["live_bytes"] for name, figures in domains.items() if name not in views
        )
        self.assertEqual(self.document["totals"]["live_bytes"], counted)
        self.assertGreater(domains["cuda_tensor"]["live_bytes"], 0)
        self.assertEqual(domains["host_tensor"]["live_bytes"], 2000)

    def test_all_tensors_are_recorded_in_sampled_mode(self):
        result = self.recorded(self.victim("tensors"), "sample=1048576")
        self.assertEqual(result.status, 0, result.describe())
        document = self.report(self.only_session())
        for domain, bytes_live in (("cuda_tensor", 2 * 300032 + 3 * MIB + 512), ("host_tensor", 2000)):
            self.assertEqual(document["domains"][domain]["live_bytes"], bytes_live)

    def test_segments_that_grow_with_tensors_are_no_leak_of_their_own(self):
        result = self.recorded(self.victim("gpu_suggestible leaks_large_tensors"), "interval=20")
        self.assertEqual(result.status, 0, result.describe())
        arguments = ["leaks", self.only_session(), "--min-score", "0.1"]
        leaks = [
            leak for leak in session.json_of(arguments, self.folder)["leaks"]
            if leak["domain"] in ("cuda_tensor", "cuda_device")
        ]
        self.assertEqual([leak["domain"] for leak in leaks], ["cuda_tensor", "cuda_device"])
        tensors, segments = leaks
        self.assertGreaterEqual(tensors["score"], 0.5)
        self.assertIn("leaks_large_tensors", [frame["function"] for frame in tensors["frames"]])
        self.assertIn("segments", [item["name"] for item in tensors["evidence"]])
        self.assertLess(segments["score"], 0.3)
        self.assertIn("a consequence", segments["evidence"][-1]["text"])

    def test_leaks_name_the_tensors_that_grow(self):
        result = self.recorded(self.victim("gpu_suggestible leaks_tensors"), "interval=20")
        self.assertEqual(result.status, 0, result.describe())
        document = session.json_of(["leaks", self.only_session()], self.folder)
        self.assertGreaterEqual(document["snapshots_judged"], 24, "the machine was too busy")
        found = [leak for leak in document["leaks"] if leak["domain"] == "cuda_tensor"]
        self.assertEqual(len(found), 1, document["leaks"])
        self.assertGreaterEqual(found[0]["score"], 0.7)
