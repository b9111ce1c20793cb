"""What leads to memory of the CUDA driver: what a scan finds, and what the gate makes of it."""

import json
import os

from harness import session
from harness.cuda import CudaTest
from harness.reach import KINDS, lost_of, read_reach


class CudaScan(CudaTest):
    def test_every_way_to_device_memory(self):
        result = self.recorded(self.victim("reach_devices"), "scan=1")
        self.assertEqual(result.status, 0, result.describe())
        document = self.report(self.only_session())
        scan = document["scan"]
        self.assertEqual((scan["confirmed"], scan["devices_unseen"]), (True, False))
        expected = {
            entry["marker"]: {kind: entry[kind] for kind in KINDS}
            for entry in read_reach(result.out)
        }
        self.assertTrue(expected)
        found = {marker: lost_of(document, marker, "cuda_") for marker in expected}
        self.assertEqual(found, expected)
        on_devices = [row for row in document["rows"] if row["domain"].startswith("cuda_")]
        for kind in KINDS:
            self.assertEqual(
                sum(row["lost"][kind]["blocks"] for row in on_devices),
                scan["device_totals"][kind]["blocks"],
                kind,
            )
        info = session.heapdrift(["info", self.only_session()], self.folder).out
        self.assertRegex(info, r"of CUDA's memory .* in 16 blocks have no pointer in host memory")

    def test_scan_without_a_driver_says_nothing_of_devices(self):
        self.recorded(["/bin/true"], "scan=1")
        self.assertNotIn("device_totals", self.report(self.only_session())["scan"])


class CudaGate(CudaTest):
    """heapdrift check as it is by default."""

    def check(self, what):
        """The exit code, and the leaks that fail it: by domain, kind and function."""
        result = session.heapdrift(
            ["check", "--json", "verdict.json", "--", *self.victim(f"gated_devices {what}")],
            self.folder,
            environment={**self.environment(), "HOME": self.folder},
            timeout=300,
        )
        self.assertIn(result.status, (0, 23), result.describe())
        with open(os.path.join(self.folder, "verdict.json"), encoding="utf-8") as file:
            leaks = json.load(file)["leaks"]
        return result, {
            (leak["domain"], leak["kind"], frame["function"])
            for leak in leaks if leak["level"] == "error" for frame in leak["frames"]
        }

    def assert_passes(self, what):
        result, found = self.check(what)
        self.assertEqual((result.status, found), (0, set()), result.describe())

    def test_fails_for_lost_pointers_with_the_host_stack(self):
        result, found = self.check("loses 64")
        self.assertEqual(result.status, 23, result.describe())
        self.assertIn(("cuda_device", "lost", "loses"), found)
        self.assertIn(("cuda_device", "lost", "main"), found)
        self.assertIn("host memory has no pointer to them any more", result.out + result.err)

    def test_fails_for_a_vector_that_grows_as_long_as_the_program_runs(self):
        result, found = self.check("collects 1500")
        self.assertEqual(result.status, 23, result.describe())
        self.assertIn(("cuda_device", "growth", "collects"), found)

    def test_passes_what_is_freed(self):
        self.assert_passes("frees 200")

    def test_passes_a_pool(self):
        self.assert_passes("pools 200")

    def test_passes_what_is_kept_for_the_whole_life(self):
        self.assert_passes("keeps 12")

    def test_passes_a_few_that_the_device_alone_knows(self):
        self.assert_passes("hands_over 5")
