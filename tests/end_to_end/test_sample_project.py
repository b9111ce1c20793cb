"""A project that follows the README's section "CI": a leak is introduced, caught by its pipeline,
shown, accepted, fixed and pruned."""

import importlib.util
import json
import os
import shutil
import unittest

from harness import build, consumers, process
from harness.case import EndToEndTest

_HERE = os.path.dirname(os.path.abspath(__file__))
_ROOT = os.path.dirname(os.path.dirname(_HERE))


class SampleProject(EndToEndTest):
    def setUp(self):
        super().setUp()
        self.project = os.path.join(self.folder, "project")
        shutil.copytree(os.path.join(_ROOT, "tests", "sample_project"), self.project)
        os.mkdir(os.path.join(self.project, ".git"))

    def run_in_project(self, *arguments, timeout=120):
        environment = {**self.environment(), "HOME": self.folder}
        environment["PATH"] = f"{os.path.dirname(build.heapdrift())}:{environment['PATH']}"
        return process.run(list(arguments), self.project, environment, timeout=timeout)

    def compile(self, leak):
        for arguments in (
            ["cmake", "-B", "build", f"-Dheapdrift_DIR={_ROOT}/cmake",
             f"-DSAMPLE_LEAK={'ON' if leak else 'OFF'}"],
            ["cmake", "--build", "build"],
        ):
            result = self.run_in_project(*arguments)
            self.assertEqual(result.status, 0, result.describe())

    def ctest(self):
        return self.run_in_project("ctest", "--test-dir", "build", "--output-on-failure")

    def pipeline(self):
        """The command of the README's workflows."""
        return self.run_in_project(
            "heapdrift", "check", "--sarif", "leaks.sarif", "--junit", "leaks.xml", "--",
            "build/store_test",
        )

    def sarif(self):
        with open(os.path.join(self.project, "leaks.sarif"), encoding="utf-8") as file:
            document = json.load(file)
        consumers.validate_sarif(document)
        return document["runs"][0]

    def assert_junit(self, failures):
        consumers.validate_junit(os.path.join(self.project, "leaks.xml"), self.folder)
        with open(os.path.join(self.project, "leaks.xml"), encoding="utf-8") as file:
            text = file.read()
        self.assertEqual(text.count("<failure"), failures, text)
        return text

    def baseline(self):
        with open(os.path.join(self.project, "heapdrift-baseline.json"), encoding="utf-8") as file:
            return file.read()

    def test_leak_is_caught_shown_accepted_fixed_and_pruned(self):
        self.compile(leak=False)
        result = self.ctest()
        self.assertEqual(result.status, 0, result.describe())
        result = self.pipeline()
        self.assertEqual(result.status, 0, result.describe())
        self.assertEqual(self.sarif()["results"], [])
        self.assert_junit(failures=0)

        # A leak is introduced: the plain test passes, its leak-gated variant does not.
        self.compile(leak=True)
        result = self.ctest()
        self.assertNotEqual(result.status, 0)
        self.assertRegex(result.out, r"store \.+ +Passed")
        self.assertRegex(result.out, r"store\.leaks \.+\*+Failed")
        self.assertRegex(result.out, r"src/store\.cc:\d+:1: error: leak of ")
        result = self.pipeline()
        self.assertEqual(result.status, 23, result.describe())
        self.assertRegex(result.err, r"(?m)^src/store\.cc:\d+:1: error: leak of .* in 594 blocks")

        run = self.sarif()
        worst = [each for each in run["results"] if each["level"] == "error"]
        self.assertTrue(worst)
        entry = next(each for each in worst if each["occurrenceCount"] == 594)
        place = entry["locations"][0]["physicalLocation"]
        self.assertEqual(place["artifactLocation"], {"uri": "src/store.cc", "uriBaseId": "%SRCROOT%"})
        with open(os.path.join(self.project, "src", "store.cc"), encoding="utf-8") as file:
            line = file.read().splitlines()[place["region"]["startLine"] - 1]
        self.assertIn("new Entry", line)
        self.assertEqual((entry["ruleId"], entry["baselineState"]), ("leak-lost", "new"))
        text = self.assert_junit(failures=len(worst))
        self.assertIn("src/store.cc:", text)

        # Accepted: its line in the repository says what is known.
        update = ["heapdrift", "baseline", "update", "--", "build/store_test"]
        result = self.run_in_project(*update)
        self.assertEqual(result.status, 0, result.describe())
        known = self.baseline()
        self.assertIn("Store::put", known)
        self.assertEqual(self.pipeline().status, 0)
        self.assertEqual(self.ctest().status, 0)
        self.assertEqual({each["level"] for each in self.sarif()["results"]}, {"none"})
        self.assert_junit(failures=0)

        # Stable across a rebuild in which everything lies elsewhere.
        source = os.path.join(self.project, "src", "store.cc")
        with open(source, encoding="utf-8") as file:
            text = file.read()
        with open(source, "w", encoding="utf-8") as file:
            file.write("static int unused[4096];\n\n\nint* use() { return unused; }\n" + text)
        self.compile(leak=True)
        self.assertEqual(self.pipeline().status, 0)
        self.assertEqual(self.run_in_project(*update).status, 0)
        self.assertEqual(self.baseline(), known)

        # Fixed, and pruned.
        self.compile(leak=False)
        result = self.pipeline()
        self.assertEqual(result.status, 0, result.describe())
        self.assertIn("leaks no more", result.err)
        result = self.run_in_project("heapdrift", "baseline", "prune", "--", "build/store_test")
        self.assertEqual(result.status, 0, result.describe())
        self.assertNotIn("Store::put", self.baseline())
        result = self.pipeline()
        self.assertNotIn("leaks no more", result.err)
        self.compile(leak=True)
        self.assertEqual(self.pipeline().status, 23, "it is new again")

    def test_budget_of_the_settings_is_kept_and_broken(self):
        self.compile(leak=False)
        self.assertEqual(self.pipeline().status, 0)
        settings = os.path.join(self.project, "heapdrift.toml")
        with open(settings, encoding="utf-8") as file:
            text = file.read()
        with open(settings, "w", encoding="utf-8") as file:
            file.write(text.replace("4 MiB", "1 KiB"))
        result = self.pipeline()
        self.assertEqual(result.status, 24, result.describe())
        self.assertRegex(result.err, r"store_test: peak is .*the limit is 1024 B\. See README\.md")
        self.assertEqual(self.sarif()["results"][0]["ruleId"], "budget")
        self.assert_junit(failures=1)


class PythonExtension(EndToEndTest):
    """The README's command for extension modules."""

    def pytest_under_check(self, *flags):
        shutil.copytree(
            os.path.join(_ROOT, "tests", "sample_extension"), self.folder, dirs_exist_ok=True
        )
        compiled = process.run(
            ["gcc", "-g", "-O1", "-fno-builtin", "-shared", "-fPIC", *flags, "native.c", "-o",
             "native.so"],
            self.folder,
        )
        self.assertEqual(compiled.status, 0, compiled.describe())
        environment = {**self.environment(), "HOME": self.folder, "PYTHONMALLOC": "malloc"}
        return process.run(
            [build.heapdrift(), "check", "--source-root", ".", "--budget", "leaked=0", "--",
             "/usr/bin/python3", "-m", "pytest", "-q", "test_native.py"],
            self.folder, environment, timeout=120,
        )

    @unittest.skipUnless(importlib.util.find_spec("pytest"), "python3-pytest is not installed")
    def test_leak_of_a_native_module_fails_the_tests(self):
        result = self.pytest_under_check()
        self.assertNotRegex(result.err, r"native\.c:\d+")
        result = self.pytest_under_check("-DSAMPLE_LEAK")
        self.assertEqual(result.status, 23, result.describe())
        self.assertRegex(result.err, r"(?m)^native\.c:\d+:1: error: leak of \d+ B in 9 blocks")
        self.assertIn("1 passed", result.out)
