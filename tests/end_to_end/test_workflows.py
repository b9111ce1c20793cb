"""The workflows of the README's section "CI": GitHub's and GitLab's own readers find nothing wrong with
them, and their commands, run here as their runners would, do what the section says."""

import json
import os
import re
import shutil
import textwrap

import jsonschema
import yaml
from harness import build, consumers, process
from harness.case import EndToEndTest

_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_HARNESS = os.path.join(_ROOT, "tests", "end_to_end", "harness")

# Installs the package of the repository where the test can look at it; the other packages of the
# workflows are on this machine, as the tests need them.
_APT_GET = """#!/bin/sh
case $1 in
    update) exit 0 ;;
    install) shift ;;
    *) exit 100 ;;
esac
for word; do
    case $word in
        -*) ;;
        ./*.deb) dpkg-deb --extract "$word" "{root}" || exit 100 ;;
        *) dpkg-query -W "$word" >/dev/null || exit 100 ;;
    esac
done
"""


def workflow(place):
    """The text of the block that the README says to put there."""
    with open(os.path.join(_ROOT, "README.md"), encoding="utf-8") as file:
        text = file.read()
    block = re.search(rf"`{re.escape(place)}`:\n\n((?:    .*\n|\n)+)", text)
    if not block:
        raise AssertionError(f"README.md has no {place}")
    return textwrap.dedent(block[1])


class Workflow(EndToEndTest):
    def setUp(self):
        super().setUp()
        self.project = os.path.join(self.folder, "project")
        self.installed = os.path.join(self.folder, "root")
        shutil.copytree(os.path.join(_ROOT, "tests", "sample_project"), self.project)
        os.mkdir(os.path.join(self.project, ".git"))
        os.makedirs(os.path.join(self.folder, "bin"))
        apt_get = os.path.join(self.folder, "bin", "apt-get")
        with open(apt_get, "w", encoding="utf-8") as file:
            file.write(_APT_GET.format(root=self.installed))
        os.chmod(apt_get, 0o755)

    def edit(self, name, old, new):
        path = os.path.join(self.project, name)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        self.assertIn(old, text)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace(old, new))

    def introduce_the_leak(self):
        self.edit("CMakeLists.txt", '"Introduce a leak" OFF', '"Introduce a leak" ON')
        # Each job begins with a fresh checkout.
        shutil.rmtree(os.path.join(self.project, "build"), ignore_errors=True)

    def put_package_in_place(self):
        place = os.path.join(self.folder, "package")
        config = os.path.join(build.folder(), "CPackConfig.cmake")
        made = process.run(
            ["cpack", "--config", config, "-G", "DEB", "-B", place], self.folder, timeout=300
        )
        self.assertEqual(made.status, 0, made.describe())
        packages = [name for name in os.listdir(place) if name.endswith(".deb")]
        self.assertEqual(len(packages), 1, packages)
        os.mkdir(os.path.join(self.project, "tools"))
        shutil.copy(
            os.path.join(place, packages[0]), os.path.join(self.project, "tools", "heapdrift.deb")
        )

    def shell(self, arguments, environment):
        path = ":".join(
            [os.path.join(self.folder, "bin"), os.path.join(self.installed, "usr", "bin"),
             self.environment()["PATH"]]
        )
        return process.run(
            arguments, self.project,
            {**self.environment(), "HOME": self.folder, "PATH": path, "CI": "true", **environment},
            timeout=300,
        )

    def read(self, name):
        with open(os.path.join(self.project, name), encoding="utf-8") as file:
            return file.read()


class GitHub(Workflow):
    PLACE = ".github/workflows/leaks.yml"

    def steps(self):
        return yaml.safe_load(workflow(self.PLACE))["jobs"]["leaks"]["steps"]

    def test_is_one_for_githubs_reader(self):
        packages = consumers.npm_package("@actions/workflow-parser", "../..")
        path = os.path.join(self.folder, "leaks.yml")
        command = ["node", os.path.join(_HARNESS, "workflow_reader.mjs"), packages, path]
        text = workflow(self.PLACE)
        for text, mistakes in ((text, ""), (text.replace("steps:", "stages:"), "'stages'")):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            result = process.run(command, self.folder, self.environment(), timeout=60)
            self.assertEqual((result.status, result.err), (0, ""), result.describe())
            self.assertIn(mistakes, result.out)
            self.assertEqual(bool(mistakes), bool(result.out), result.out)

    def run_steps(self):
        """As a container's shell runs them, to the first that fails; the last one's result."""
        for name in ("summary.md", "output", "environment"):
            with open(os.path.join(self.folder, name), "w", encoding="utf-8"):
                pass
        environment = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": self.project,
            "GITHUB_STEP_SUMMARY": os.path.join(self.folder, "summary.md"),
            "GITHUB_OUTPUT": os.path.join(self.folder, "output"),
            "GITHUB_ENV": os.path.join(self.folder, "environment"),
            "GITHUB_SHA": "0" * 40,
            "GITHUB_REF": "refs/heads/main",
        }
        for step in [each for each in self.steps() if "run" in each]:
            result = self.shell(["sh", "-e", "-c", step["run"]], environment)
            if result.status != 0:
                break
        return step, result

    def upload(self):
        """What the last step gives to code scanning, whatever came before."""
        step = self.steps()[-1]
        self.assertTrue(step["uses"].startswith("github/codeql-action/upload-sarif@"))
        self.assertEqual(step["if"], "always()")
        permissions = yaml.safe_load(workflow(self.PLACE))["jobs"]["leaks"]["permissions"]
        self.assertEqual(permissions["security-events"], "write")
        document = json.loads(self.read(step["with"]["sarif_file"]))
        consumers.validate_sarif(document)
        return document["runs"][0]

    def test_leak_is_annotated_summed_up_and_uploaded(self):
        self.put_package_in_place()
        step, result = self.run_steps()
        self.assertEqual(result.status, 0, result.describe())
        self.assertIn("heapdrift check", step["run"])
        self.assertEqual(self.upload()["results"], [])
        self.assertNotIn("::error", result.out + result.err)

        self.introduce_the_leak()
        step, result = self.run_steps()
        self.assertIn("heapdrift check", step["run"], result.describe())
        self.assertNotEqual(result.status, 0)
        self.assertRegex(
            result.err, r"(?m)^::error file=src/store\.cc,line=\d+,title=heapdrift[^:]*::leak of "
        )
        with open(os.path.join(self.folder, "summary.md"), encoding="utf-8") as file:
            summary = file.read()
        self.assertIn("src/store.cc:", summary)
        places = [
            each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            for each in self.upload()["results"] if each["level"] == "error"
        ]
        self.assertIn("src/store.cc", places)

    def test_leak_alone_has_the_gates_exit_code(self):
        self.put_package_in_place()
        self.introduce_the_leak()
        self.edit("CMakeLists.txt", "heapdrift_add_leak_test(NAME store.leaks COMMAND store_test)", "")
        _, result = self.run_steps()
        self.assertEqual(result.status, 23, result.describe())


class GitLab(Workflow):
    PLACE = ".gitlab-ci.yml"

    def test_is_one_by_gitlabs_schema(self):
        with open(
            consumers.npm_package("gitlab-ci-local", "src/schema/schema.json"), encoding="utf-8"
        ) as file:
            schema = json.load(file)
        pipeline = yaml.safe_load(workflow(self.PLACE))
        jsonschema.validate(pipeline, schema)
        pipeline["leaks"]["artifacts"]["reports"]["junit"] = 5
        with self.assertRaises(jsonschema.ValidationError):
            jsonschema.validate(pipeline, schema)

    def run_script(self):
        job = yaml.safe_load(workflow(self.PLACE))["leaks"]
        script = "set -eo pipefail\n" + "\n".join(job["script"])
        environment = {"GITLAB_CI": "true", "CI_PROJECT_DIR": self.project}
        return job, self.shell(["bash", "-c", script], environment)

    def test_leak_fails_the_job_and_is_in_its_report(self):
        self.put_package_in_place()
        self.edit("CMakeLists.txt", "heapdrift_add_leak_test(NAME store.leaks COMMAND store_test)", "")
        for leak in (False, True):
            if leak:
                self.introduce_the_leak()
            job, result = self.run_script()
            self.assertEqual(result.status, 23 if leak else 0, result.describe())
            self.assertEqual(job["artifacts"]["when"], "always")
            report = job["artifacts"]["reports"]["junit"]
            consumers.validate_junit(os.path.join(self.project, report), self.folder)
            self.assertEqual("src/store.cc:" in self.read(report), leak)
