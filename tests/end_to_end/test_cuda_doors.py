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

    def test_driver_that_comes_back_at_another_place_is_found_by_dlsym(self):
        self.cuda(f"reload handle {beside('linked_plugin.so')}")

    def test_driver_that_comes_back_at_another_place_is_found_by_the_loaders_binding(self):
        self.cuda(f"reload plugin {beside('linked_plugin.so')}")

    def test_threads_share_the_driver(self):
        found = self.cuda("threads")
        self.assertEqual((found["unknown_deallocations"], found["missed_deallocations"]), (0, 0))
        device = self.device(found)
        self.assertEqual((device["live_objects"], device["live_bytes"]), (8, 8192))


PLUGINS = ("deepbind_plugin", "runtime_plugin", "linked_plugin", "linked_plugin_lazy")


class Bypasses(CudaTest):
    """Modules that do not see the recorder, loaded with RTLD_DEEPBIND or by dlmopen."""

    def check(self, plugin, way, led):
        path = beside(f"{plugin}.so")
        found = self.cuda(f"doors {way} {path} {led}", f"cuda_patch={led}")
        self.assertEqual(
            (found["modules_through_recorder"], found["modules_past_recorder"]), (led, 1 - led)
        )

    def check_all(self, way, led):
        for plugin in PLUGINS:
            with self.subTest(plugin=plugin):
                self.folder = build.work_folder(os.path.join(self.id(), plugin))
                self.check(plugin, way, led)

    def test_one_that_is_bound_deeply_is_said(self):
        self.check_all("deepbind", 0)

    def test_one_in_a_namespace_of_its_own_is_said(self):
        self.check_all("dlmopen", 0)

    def test_one_that_is_bound_deeply_can_be_led_to_the_recorder(self):
        self.check_all("deepbind", 1)

    def test_one_in_a_namespace_of_its_own_can_be_led_to_the_recorder(self):
        self.check_all("dlmopen", 1)

    def test_another_hook_before_the_recorder_is_not_passed_over(self):
        environment = {
            **self.environment(),
            "LD_PRELOAD": f"{beside('other_hook.so')}:{build.recorder()}",
            "HEAPDRIFT_OPTIONS": f"output={self.folder}/%e.%p.heapdrift:cuda_patch=1",
        }
        result = process.run(self.victim("doors handle"), self.folder, environment)
        self.assertEqual((result.status, result.err), (0, "the other hook was called\n"))

    def test_loader_answers_as_without_the_recorder_when_modules_are_led_to_it(self):
        command = self.victim(f"lookups {beside('lookup_plugin.so')}")
        environment = {"LD_LIBRARY_PATH": ""}
        plain = process.run(command, self.folder, {**self.environment(), **environment})
        result = self.recorded(command, "cuda_patch=1", environment=environment)
        self.assert_ran_alike(plain, result)


class WeakReferences(CudaTest):
    def check(self, **environment):
        environment = {**self.environment(), **environment}
        plain = process.run(self.victim("weak"), self.folder, environment)
        result = self.recorded(self.victim("weak"), environment=environment)
        self.assert_ran_alike(plain, result)
        return result.out

    def test_they_find_nothing_where_no_driver_is(self):
        self.assertNotIn(": 1", self.check(LD_LIBRARY_PATH=""))

    def test_they_find_nothing_where_all_is_bound_at_once(self):
        self.assertNotIn(": 1", self.check(LD_LIBRARY_PATH="", LD_BIND_NOW="1"))

    def test_they_find_the_driver_where_it_is(self):
        preload = os.path.join(cuda.folder(), "libcuda.so.1")
        plain = self.plain(self.victim("weak"), preload)
        result = self.recorded(self.victim("weak"), preload=preload)
        self.assert_ran_alike(plain, result)
        self.assertNotIn(": 0", result.out)
        document = self.report(self.only_session())
        self.assertEqual(document["domains"]["cuda_device"]["live_bytes"], 1000)

    def test_one_that_is_loaded_later_is_told_that_there_is_no_driver(self):
        command = self.victim(f"weak {beside('weak_plugin.so')}")
        result = self.recorded(command, environment={"LD_LIBRARY_PATH": ""})
        self.assertEqual(result.status, 0, result.describe())
        self.assertIn("what a plugin allocates: 0", result.out)


class RealRuntime(CudaTest):
    """The toolkits' runtimes come by the recorder to every function of the driver's."""

    def setUp(self):
        super().setUp()
        self.toolkits = cuda.toolkits()
        if not self.toolkits:
            self.skipTest("no CUDA toolkit is installed (scripts/setup cuda)")

    def environment(self):
        log = os.path.join(self.folder, "requests")
        return {**super().environment(), "FAKE_CUDA_STUBS": "1", "FAKE_CUDA_LOG": log}

    def check(self, name):
        self.assertTrue(
            os.path.exists(beside(name)),
            "a CUDA toolkit is installed, but was not when this was configured: configure anew",
        )
        result = self.recorded(self.victim(name))
        # What it says of a driver that is none of NVIDIA's is its own affair.
        self.assertRegex(result.out, r"^cudaMalloc returned [1-9]\d*\n$", result.describe())
        self.check_requests()

    def check_modules(self):
        found = self.report(self.only_session())["cuda"]
        self.assertEqual(found["modules_past_recorder"], 0)
        self.assertGreaterEqual(found["modules_through_recorder"], 1)
        self.assertEqual(found["unknown_functions"], 0)

    def check_requests(self):
        self.check_modules()
        with open(os.path.join(self.folder, "requests"), encoding="ascii") as log:
            asked = {line.split()[0] for line in log if not line.startswith(" ")}
        for each in ("cuMemAlloc", "cuMemFree", "cuMemAllocAsync", "cuMemHostAlloc", "cuArray3DCreate"):
            self.assertIn(each, asked)

    def check_all(self, kind):
        for version in self.toolkits:
            with self.subTest(toolkit=version):
                self.folder = build.work_folder(os.path.join(self.id(), version))
                self.check(f"real_{kind}_{version}")

    def test_shared(self):
        self.check_all("runtime")

    def test_static(self):
        self.check_all("runtime_static")

    def check_library(self, name, function, by_runtime=True):
        paths = cuda.libraries(name)
        if not paths:
            self.skipTest(f"no lib{name}.so in any of the toolkits: {cuda.library_folders()}")
        for number, path in enumerate(paths):
            with self.subTest(library=path):
                self.folder = build.work_folder(os.path.join(self.id(), str(number)))
                environment = {
                    "LD_LIBRARY_PATH": f"{cuda.folder()}:{os.path.dirname(path)}",
                }
                result = self.recorded(
                    self.victim(f"libraries {path} {function}"), environment=environment
                )
                self.assertRegex(result.out, rf"{function} returned -?[1-9]\d*\n$", result.describe())
                if by_runtime:
                    self.check_requests()
                else:
                    self.check_modules()

    def test_cublas(self):
        self.check_library("cublas", "cublasCreate_v2")

    def test_cufft(self):
        # Asks by dlsym for each function, and gives up at one of those that make sure of the driver.
        self.check_library("cufft", "cufftPlan1d", by_runtime=False)

    def test_curand(self):
        self.check_library("curand", "curandCreateGenerator")

    def test_cusparse(self):
        self.check_library("cusparse", "cusparseCreate")

    def test_cusolver(self):
        self.check_library("cusolver", "cusolverDnCreate")

    def test_cudnn(self):
        self.check_library("cudnn", "cudnnCreate")

    def test_nccl(self):
        self.check_library("nccl", "ncclCommInitAll")
