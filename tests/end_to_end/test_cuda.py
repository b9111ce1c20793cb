"""Memory of the CUDA driver, by host call stack: what is live, by device, and what went wrong."""

import json
import os

from harness import build, process, session
from harness.cuda import CudaTest


class CudaMemory(CudaTest):
    def assert_all_through(self, cuda):
        self.assertEqual(cuda["unknown_deallocations"], 0)
        self.assertEqual(cuda["missed_deallocations"], 0)
        self.assertEqual(cuda["unknown_functions"], 0)

    def test_each_kind_of_memory_is_a_domain_of_its_own(self):
        cuda = self.cuda("memory")
        self.assert_all_through(cuda)
        self.assertEqual(cuda["events"], [])
        device = self.device(cuda)
        self.assertEqual(
            device["domains"],
            {"cuda_device": 5010240, "cuda_managed": 8192, "cuda_array": 2048},
        )
        self.assertEqual(device["uuid"], "GPU-a0a0a0a0-a0a0-a0a0-a0a0-a0a0a0a0a0a0")
        # Managed memory is where it was used last: no part of the device's.
        self.assertEqual(device["live_bytes"], 5010240 + 2048)

    def test_totals_hold_no_memory_twice(self):
        self.cuda("memory")
        domains = self.document["domains"]
        counted = sum(
            figures["live_bytes"]
            for name, figures in domains.items()
            if name not in ("mapping", "custom", "cuda_registered", "cuda_imported", "cuda_graph")
        )
        self.assertEqual(self.document["totals"]["live_bytes"], counted)
        self.assertEqual(domains["cuda_registered"]["live_bytes"], 4096)

    def test_handles_pools_graphs_and_imports(self):
        cuda = self.cuda("virtual")
        piece = 2 << 20
        self.assertEqual(cuda["reserved_address_bytes"], 64 * piece)
        self.assertEqual((cuda["never_mapped_handles"], cuda["never_mapped_bytes"]), (2, 2 * piece))
        self.assertEqual(
            (cuda["released_but_mapped_handles"], cuda["released_but_mapped_bytes"]), (1, piece)
        )
        # A handle that was given back once too often.
        self.assertEqual([e["kind"] for e in cuda["events"]], ["failed_deallocation"])
        self.assertEqual(cuda["missed_deallocations"], 0)

    def test_device_reset_gives_back_what_was_allocated(self):
        cuda = self.cuda("runtime")
        self.assertEqual(cuda["implicit_deallocations"], 1)


class CudaRuntime(CudaTest):
    """The runtime asks for the driver by dlopen, dlsym and cuGetProcAddress."""

    def check(self, command):
        cuda = self.cuda(command)
        self.assertEqual(cuda["modules_through_recorder"], 1)
        self.assertEqual(cuda["unknown_deallocations"], 0)
        first, second = self.device(cuda), self.device(cuda, 1)
        self.assertEqual(first["domains"]["cuda_device"], 4 << 20)
        self.assertEqual(second["domains"], {"cuda_device": 4 << 19})
        self.assertNotEqual(first["uuid"], second["uuid"])
        self.assertGreaterEqual(first["peak_live_bytes"], 5 << 20)
        self.assertEqual(first["pool_reserved_bytes"], 2 << 20)
        rows = session.rows_with(self.document, "device_memory", "cuda_device")
        self.assertEqual({row["frames"][0]["function"] for row in rows}, {"cudaMalloc"})

    def test_shared(self):
        self.check("runtime")

    def test_static(self):
        self.check("runtime_static")


class CudaFailures(CudaTest):
    def only_event(self, cuda):
        self.assertEqual(len(cuda["events"]), 1, cuda["events"])
        return cuda["events"][0]

    def test_refused_deallocation_leaves_the_memory_live_and_is_found(self):
        cuda = self.cuda("failures refused")
        event = self.only_event(cuda)
        self.assertEqual(
            (event["kind"], event["error"], event["count"], event["bytes"], event["device"]),
            ("failed_deallocation", 800, 2, 1000, 0),
        )
        self.assertEqual(event["frames"][0]["function"], "frees_in_vain")
        self.assertEqual(cuda["failed_deallocations"], 2)

    def test_second_deallocation_of_the_same_is_found(self):
        event = self.only_event(self.cuda("failures twice"))
        self.assertEqual((event["error_name"], event["bytes"]), ("CUDA_ERROR_INVALID_VALUE", 0))
        self.assertEqual(event["frames"][0]["function"], "frees_in_vain")

    def test_deallocation_after_the_drivers_end_is_no_failure(self):
        self.assertEqual(self.cuda("failures after_the_end")["events"], [])

    def test_running_out_of_memory_has_its_stack_and_a_snapshot(self):
        cuda = self.cuda("failures out_of_memory")
        event = self.only_event(cuda)
        self.assertEqual((event["kind"], event["count"]), ("out_of_memory", 3))
        self.assertEqual(event["bytes"], 16 << 30)
        self.assertEqual(event["device_live_bytes"], 8 << 30)
        self.assertEqual(event["frames"][0]["function"], "runs_out")
        then = self.report(f"{self.only_session()}@{event['snapshot']}")
        self.assertEqual(then["at"]["label"], "out of CUDA memory")
        self.assertEqual(session.figure(then, "allocates", "live_bytes", "cuda_device"), 8 << 30)
        text = session.heapdrift(["report", self.only_session()], self.folder).out
        self.assertRegex(text, r"16\.0 GiB asked for in vain on device 0 3 times")

    def test_end_of_a_context_gives_back_what_was_allocated_in_it(self):
        cuda = self.cuda("failures contexts")
        self.assertEqual(cuda["implicit_deallocations"], 14)
        self.assertEqual(cuda["missed_deallocations"], 0)

    def test_checkpoint_of_the_process_itself_is_marked_and_frees_nothing(self):
        self.cuda("failures checkpoint")
        labels = [
            snapshot["label"]
            for snapshot in session.json_of(["info", self.only_session()], self.folder)["snapshots"]
            if snapshot["label"]
        ]
        self.assertEqual(labels, ["CUDA checkpoint", "CUDA restore"])

    def test_recorder_without_a_driver_in_the_process_says_nothing_of_it(self):
        result = self.recorded(["/bin/true"])
        self.assertEqual(result.status, 0)
        self.assertNotIn("cuda", self.report(self.only_session()))


class CudaRun(CudaTest):
    """heapdrift run, with NVML asked from outside."""

    def run_lasting(self, seconds, **environment):
        out = os.path.join(self.folder, "out.heapdrift")
        result = process.run(
            [build.heapdrift(), "run", "-q", "--no-report", "-o", out]
            + ["--", *self.victim(f"lasting {seconds}")],
            self.folder,
            {**self.environment(), **environment},
        )
        self.assertEqual(result.status, 0, result.describe())
        return out

    def test_balance_sets_nvmls_figure_beside_what_was_recorded(self):
        device = self.device(self.report(self.run_lasting(2.5))["cuda"])
        balance = device["balance"]
        self.assertEqual(balance["process_bytes"], 700 << 20)
        self.assertEqual(balance["device_used_bytes"], 5 << 30)
        self.assertEqual(balance["tracked_bytes"], device["live_bytes"])
        self.assertEqual(balance["unaccounted_bytes"], (700 << 20) - balance["tracked_bytes"])

    def test_processes_that_nvml_does_not_tell_have_no_figure(self):
        out = self.run_lasting(2.5, FAKE_NVML_STRANGERS="1")
        balance = self.device(self.report(out)["cuda"])["balance"]
        self.assertIsNone(balance["process_bytes"])
        self.assertIsNone(balance["unaccounted_bytes"])
        text = session.heapdrift(["report", out], self.folder).out
        self.assertIn("NVML: process unavailable", text)

    def test_gate_fails_on_leaked_device_memory_and_names_its_host_stack(self):
        result = session.heapdrift(
            ["check", "--json", "verdict.json", "--", *self.victim("lasting 0.5")],
            self.folder,
            environment={**self.environment(), "HOME": self.folder},
            timeout=300,
        )
        self.assertEqual(result.status, 23, result.describe())
        with open(os.path.join(self.folder, "verdict.json"), encoding="utf-8") as file:
            leaks = json.load(file)["leaks"]
        found = {
            (leak["domain"], frame["function"])
            for leak in leaks if leak["level"] == "error" for frame in leak["frames"]
        }
        self.assertIn(("cuda_device", "leaks_device_memory"), found)
        self.assertIn(("cuda_device", "main"), found)

    def test_leaks_of_device_and_pinned_memory_are_found(self):
        result = self.recorded(self.victim("lasting 2.5"), "interval=20")
        self.assertEqual(result.status, 0, result.describe())
        document = session.json_of(["leaks", self.only_session()], self.folder)
        self.assertGreaterEqual(document["snapshots_judged"], 24, "the machine was too busy")
        found = {
            (leak["domain"], frame["function"])
            for leak in document["leaks"]
            if leak["score"] >= 0.5
            for frame in leak["frames"]
        }
        self.assertIn(("cuda_device", "leaks_device_memory"), found)
        self.assertIn(("cuda_pinned", "leaks_pinned_memory"), found)
        self.assertFalse({name for _, name in found} & {"keeps", "passes_through"})
