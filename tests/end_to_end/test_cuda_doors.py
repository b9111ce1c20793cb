"""Ways to the CUDA driver, and to every other function: the recorder stands in for dlsym."""

import os

from harness import build, cuda, process
from harness.cuda import CudaTest


def beside(name):
    return os.path.join(cuda.folder(), name)


class Lookups(CudaTest):
    def environment(self):
        # No driver is to be found.
        return {**super().environment(), "LD_LIBRARY_PATH": ""}

    def test_loader_answers_as_without_the_recorder(self):
        command = self.victim(f"lookups {beside('lookup_plugin.so')}")
        plain = self.plain(command)
        self.assertIn("the next behind libsecond: third", plain.out)
        result = self.recorded(command)
        self.assert_ran_alike(plain, result)

    def test_loader_answers_as_without_the_recorder_where_all_is_bound_at_once(self):
        command = self.victim(f"lookups {beside('lookup_plugin.so')}")
        environment = {"LD_BIND_NOW": "1"}
        plain = process.run(command, self.folder, {**self.environment(), **environment})
        self.assert_ran_alike(plain, self.recorded(command, environment=environment))


class Doors(CudaTest):
    def test_by_a_handle(self):
        self.assertEqual(self.cuda("doors handle")["modules_through_recorder"], 1)

    def test_without_a_handle(self):
        self.assertEqual(self.cuda("doors global")["modules_through_recorder"], 1)

    def test_by_the_drivers_own_lookup_in_every_version(self):
        found = self.cuda("doors versions")
        self.assertEqual(found["unknown_functions"], 0)
        # The driver looks its own functions up by dlsym: it is no module that asks for it.
        self.assertEqual(found["modules_through_recorder"], 1)

    def test_another_hook_behind_the_recorder_stays_in_the_chain(self):
        command = self.victim("doors handle")
        result = self.recorded(command, preload=beside("other_hook.so"))
        self.assertEqual((result.status, result.err), (0, "the other hook was called\n"))
        document = self.report(self.only_session())
        self.assertEqual(document["domains"]["cuda_device"]["live_bytes"], 1000)

    def test_another_hook_before_the_recorder_harms_nobody(self):
        command = self.victim("doors handle")
        environment = {
            **self.environment(),
            "LD_PRELOAD": f"{beside('other_hook.so')}:{build.recorder()}",
            "HEAPDRIFT_OPTIONS": f"output={self.folder}/%e.%p.heapdrift",
        }
        result = process.run(command, self.folder, environment)
        self.assertEqual((result.status, result.err), (0, "the other hook was called\n"))

    def test_a_module_that_sees_no_preloaded_library_is_said(self):
        found = self.cuda(f"doors deepbind {beside('deepbind_plugin.so')}")
        self.assertEqual(found["modules_past_recorder"], 1)

    def test_threads_share_the_driver(self):
        found = self.cuda("threads")
        self.assertEqual((found["unknown_deallocations"], found["missed_deallocations"]), (0, 0))
        device = self.device(found)
        self.assertEqual((device["live_objects"], device["live_bytes"]), (8, 8192))


class RealRuntime(CudaTest):
    """The toolkit's runtime comes by the recorder to every function of the driver's."""

    def environment(self):
        log = os.path.join(self.folder, "requests")
        return {**super().environment(), "FAKE_CUDA_STUBS": "1", "FAKE_CUDA_LOG": log}

    def check(self, name):
        if not os.path.exists(beside(name)):
            self.skipTest("no CUDA toolkit was found when this was configured (scripts/setup cuda)")
        result = self.recorded(self.victim(name))
        # What it says of a driver that is none of NVIDIA's is its own affair.
        self.assertRegex(result.out, r"^cudaMalloc returned [1-9]\d*\n$", result.describe())
        found = self.report(self.only_session())["cuda"]
        self.assertEqual((found["modules_through_recorder"], found["modules_past_recorder"]), (1, 0))
        self.assertEqual(found["unknown_functions"], 0)
        with open(os.path.join(self.folder, "requests"), encoding="ascii") as log:
            asked = {line.split()[0] for line in log if not line.startswith(" ")}
        for each in ("cuMemAlloc", "cuMemFree", "cuMemAllocAsync", "cuMemHostAlloc", "cuArray3DCreate"):
            self.assertIn(each, asked)

    def test_shared(self):
        self.check("real_cudart")

    def test_static(self):
        self.check("real_cudart_static")
