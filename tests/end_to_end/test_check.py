"""heapdrift check and baseline: verdicts, exit codes, outputs, and that verdicts do not flicker."""

import json
import os
import subprocess
import sys

import jsonschema
from harness import build, process, session
from harness.case import EndToEndTest

SCHEMAS = os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "..", "..", "analyzer", "report", "schema"
)


class GateTest(EndToEndTest):
    def heapdrift(self, *arguments, environment=None, timeout=60):
        return session.heapdrift(
            list(arguments),
            self.folder,
            environment={**self.environment(), "HOME": self.folder, **(environment or {})},
            timeout=timeout,
        )

    def check(self, what, *options, environment=None, timeout=60):
        return self.heapdrift(
            "check", *options, "--", *self.victim(f"gated {what}"),
            environment=environment, timeout=timeout,
        )

    def verdict(self, what, *options, environment=None, timeout=60):
        """The exit code and the document."""
        result = self.check(
            what, "--json", "verdict.json", *options, environment=environment, timeout=timeout
        )
        with open(os.path.join(self.folder, "verdict.json"), encoding="utf-8") as file:
            document = json.load(file)
        self.assertEqual(document["exit_code"], result.status, result.describe())
        return result.status, document

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    def read(self, name):
        with open(os.path.join(self.folder, name), encoding="utf-8") as file:
            return file.read()


class ExitCodes(GateTest):
    def test_table(self):
        self.write("bad.toml", "[gate]\nrnus = 1\n")
        self.write("bad.json", "{")
        table = [
            (0, "clean", []),
            (0, "keeps 5000", []),
            (0, "ignores 3", []),
            (23, "loses 1", []),
            (23, "ignores 1 loses 1", []),
            (23, "loses 1", ["--budget", "peak=0"]),
            (0, "loses 1", ["--fail-on", "never"]),
            (24, "clean", ["--budget", "peak=10B"]),
            (24, "keeps 5000", ["--budget", "live_at_end=4999"]),
            (0, "keeps 5000", ["--budget", "live_at_end=5000"]),
            (24, "clean", ["--budget", "allocations=0"]),
            (24, "labels 5000", ["--budget", "growth@before..after=4999"]),
            (0, "labels 5000", ["--budget", "growth@before..after=5000"]),
            (24, "clean", ["--budget", "growth@before..after=5000"]),
            (7, "exits 7", []),
            (7, "loses 1 exits 7", []),
            (134, "loses 1 dies", []),
            (1, "clean", ["--programs", "nosuch"]),
            (1, "clean", ["--config", "nosuch.toml"]),
            (1, "clean", ["--suppressions", "nosuch.supp"]),
            (2, "clean", ["--config", "bad.toml"]),
            (2, "clean", ["--baseline", "bad.json"]),
            (2, "clean", ["--budget", "peek=1"]),
            (2, "clean", ["--growth", "perhaps"]),
        ]
        for status, what, options in table:
            with self.subTest(what=what, options=options):
                result = self.check(what, *options)
                self.assertEqual(result.status, status, result.describe())
        for status, arguments in (
            (2, ["check"]),
            (2, ["check", "--"]),
            (127, ["check", "--", "./nosuch"]),
            (126, ["check", "--", self.folder]),
            (1, ["check", "nosuch.heapdrift"]),
            (2, ["baseline"]),
            (1, ["baseline", "show"]),
            (2, ["baseline", "show", "bad.json"]),
        ):
            with self.subTest(arguments):
                result = self.heapdrift(*arguments)
                self.assertEqual(result.status, status, result.describe())
                self.assertNotEqual(result.err, "")

    def test_mistakes_are_named_by_place(self):
        self.write("heapdrift.toml", "schema = 1\n[gate]\nrnus = 1\n")
        result = self.check("clean")
        self.assertEqual(result.status, 2, result.describe())
        self.assertRegex(result.err, r"heapdrift\.toml:3: 'rnus' is no key of \[gate\]")
        self.assertEqual(self.check("clean", "--no-config").status, 0)

    def test_precedence_is_flag_environment_project_user(self):
        os.makedirs(os.path.join(self.folder, ".config", "heapdrift"))
        never = "[gate]\nfail_on = 'never'\n"
        fails = "[gate]\nfail_on = 'new-leak'\n"
        by_environment = {"HEAPDRIFT_GATE_FAIL_ON": "never"}
        self.assertEqual(self.check("loses 1").status, 23)
        self.write(".config/heapdrift/config.toml", never)
        self.assertEqual(self.check("loses 1").status, 0)
        self.write("heapdrift.toml", fails)
        self.assertEqual(self.check("loses 1").status, 23)
        self.assertEqual(self.check("loses 1", environment=by_environment).status, 0)
        result = self.check("loses 1", "--fail-on", "new-leak", environment=by_environment)
        self.assertEqual(result.status, 23, result.describe())


class Baseline(GateTest):
    def update(self, what, *options, **kept):
        return self.heapdrift(
            "baseline", "update", *options, "--", *self.victim(f"gated {what}"), **kept
        )

    def test_leak_is_accepted_grows_and_goes(self):
        self.assertEqual(self.check("loses 2").status, 23)
        self.assertNotIn("heapdrift-baseline.json", os.listdir(self.folder), "check writes nothing")
        result = self.update("loses 2")
        self.assertEqual(result.status, 0, result.describe())
        before = self.read("heapdrift-baseline.json")
        self.assertIn("lose_blocks (gated)", before)
        self.assertNotRegex(before, r"\.c\b|0x|/")
        self.assertEqual(self.check("loses 2").status, 0)
        # Within the tolerance the line stays as it is.
        self.assertEqual(self.update("loses 3").status, 0)
        self.assertEqual(self.read("heapdrift-baseline.json"), before)
        self.assertEqual(self.verdict("loses 3")[1]["leaks"][0]["state"], "known")
        strict = ["--config", "strict.toml"]
        self.write("strict.toml", "[tolerance]\nfail = '10%'\nwarn = '0%'\n")
        status, document = self.verdict("loses 3", *strict)
        self.assertEqual((status, document["leaks"][0]["state"]), (23, "grown"))

        status, document = self.verdict("clean")
        self.assertEqual((status, len(document["vanished"])), (0, 1))
        self.assertEqual(self.check("clean", "--strict").status, 24)
        prune = self.heapdrift("baseline", "prune", "--", *self.victim("gated clean"))
        self.assertEqual(prune.status, 0, prune.describe())
        self.assertNotIn("lose_blocks", self.read("heapdrift-baseline.json"))
        self.assertEqual(self.check("clean", "--strict").status, 0)
        self.assertEqual(self.check("loses 2").status, 23)

    def test_program_that_fails_changes_nothing(self):
        self.assertEqual(self.update("loses 2").status, 0)
        before = self.read("heapdrift-baseline.json")
        self.assertEqual(self.update("threads 1 exits 3").status, 3)
        prune = self.heapdrift("baseline", "prune", "--", *self.victim("gated exits 3"))
        self.assertEqual(prune.status, 3)
        self.assertEqual(self.read("heapdrift-baseline.json"), before)

    def test_pipeline_prints_it(self):
        summary = os.path.join(self.folder, "summary.md")
        environment = {"CI": "true", "GITHUB_STEP_SUMMARY": summary}
        result = self.update("loses 2", environment=environment)
        self.assertEqual(result.status, 0, result.describe())
        self.assertIn("lose_blocks", result.out)
        self.assertIn("lose_blocks", self.read("summary.md"))
        self.assertNotIn("heapdrift-baseline.json", os.listdir(self.folder))
        self.assertEqual(self.update("loses 2", "--force", environment=environment).status, 0)
        shown = self.heapdrift("baseline", "show")
        self.assertRegex(shown.out, r"1 known leak\b")
        self.assertEqual(
            self.heapdrift("baseline", "show", "--json").out, self.read("heapdrift-baseline.json")
        )

    def test_figures_are_compared_with_their_noise(self):
        self.assertEqual(self.update("holds 30000000", "--figures", "--runs", "2").status, 0)
        self.assertEqual(self.check("holds 30000000").status, 0)
        status, document = self.verdict("holds 200000000")
        self.assertEqual(status, 24)
        self.assertEqual([f["metric"] for f in document["figures"] if f["level"] == "error"], ["peak"])
        self.write("heapdrift-baseline.json", json.dumps({"schema": 1, "figures": [
            {"program": "gated", "metric": "peak", "values": [10**5, 10**9]}]}))
        status, document = self.verdict("holds 200000000")
        self.assertEqual((status, document["figures"][0]["change"]), (0, "noise"))
        self.assertIn("~", document["figures"][0]["text"])

    def test_suppressions_come_first(self):
        self.write("known.supp", "leak:lose_blocks\nleak:nobody\n")
        status, document = self.verdict("loses 2 threads 1", "--suppressions", "known.supp")
        states = {leak["frames"][0]["function"]: leak["state"] for leak in document["leaks"]}
        self.assertEqual(status, 23)
        self.assertEqual(states["lose_blocks"], "suppressed")
        self.assertEqual(states["work_and_lose"], "new")
        result = self.check("loses 2", "--suppressions", "known.supp")
        self.assertEqual(result.status, 0)
        self.assertIn("leak:nobody matched nothing", result.err)


class Outputs(GateTest):
    def test_terminal_is_a_compilers(self):
        source = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "victims"))
        result = self.check("loses 2", "--source-root", source)
        self.assertRegex(
            result.err,
            r"(?m)^gated\.c:\d+:1: error: leak of 200 B in 2 blocks.*not in the baseline "
            r"\[leak-lost\]\ngated\.c:\d+:1: note: allocated in lose_blocks\n"
            r"gated\.c:\d+:1: note: called from main\n",
        )
        self.assertIn("SUMMARY: heapdrift: 200 byte(s) leaked in 2 allocation(s).", result.err)
        self.assertEqual(result.out, "", "stdout is the program's")

    def test_programs_streams_are_its_own(self):
        program = ["/bin/sh", "-c", "cat; echo err >&2; exit 5"]
        result = process.run(
            [build.heapdrift(), "check", "--", *program], self.folder,
            {**self.environment(), "HOME": self.folder}, stdin=b"in\n",
        )
        self.assertEqual((result.status, result.out), (5, "in\n"), result.describe())
        self.assertTrue(result.err.startswith("err\n"), result.err)

    def test_arguments_are_the_programs_own(self):
        result = self.heapdrift("check", "--", "/bin/echo", "[a,b]", "--", "--json", "x y")
        self.assertEqual((result.status, result.out), (0, "[a,b] -- --json x y\n"))

    def test_json_follows_its_schema(self):
        with open(os.path.join(SCHEMAS, "check.json"), encoding="utf-8") as file:
            schema = json.load(file)
        jsonschema.Draft7Validator.check_schema(schema)
        for what, options in (
            ("loses 2 labels 5000", ["--budget", "growth@before..after=1", "--budget", "peak=1GiB"]),
            ("clean", []),
            ("exits 3", []),
        ):
            _, document = self.verdict(what, *options)
            jsonschema.validate(document, schema)

    def test_recordings_are_judged_alike(self):
        result = self.check("loses 2", "--keep", "kept")
        self.assertEqual(result.status, 23, result.describe())
        files = session.sessions_in(os.path.join(self.folder, "kept", "run-1"))
        self.assertEqual(len(files), 1)
        of_file = self.heapdrift("check", *files)
        self.assertEqual(of_file.status, 23, of_file.describe())
        self.assertIn("error: leak of 200 B", of_file.out)
        twice = self.heapdrift("check", "--as-runs", "--json", "-", *files, *files)
        self.assertEqual(json.loads(twice.out)["runs"], 2)

    def test_recording_without_a_scan_is_said(self):
        self.recorded(self.victim("gated loses 2"))
        result = self.heapdrift("check", self.only_session())
        self.assertEqual(result.status, 0, result.describe())
        self.assertIn("not judged: gated: it was not scanned", result.out)

    def test_github_shows_annotations_and_summary(self):
        self.write("summary.md", "before\n")
        environment = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_STEP_SUMMARY": os.path.join(self.folder, "summary.md"),
        }
        source = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "victims"))
        budgets = [f"peak={number}B" for number in range(13)]
        options = [word for budget in budgets for word in ("--budget", budget)]
        result = self.check(
            "loses 2", "--source-root", source, *options, environment=environment
        )
        self.assertRegex(
            result.err, r"(?m)^::error file=gated\.c,line=\d+,title=heapdrift%3A Memory is lost::leak"
        )
        self.assertEqual(result.err.count("::error "), 10)
        self.assertRegex(result.err, r"(?m)^::notice .*::4 more in the log")
        summary = self.read("summary.md")
        self.assertTrue(summary.startswith("before\n### ❌ heapdrift: "), summary)
        self.assertIn("gated.c:", summary)
        silent = self.check("loses 2", "--github", "never", environment=environment)
        self.assertNotIn("::error", silent.err)


class Steady(GateTest):
    """The same program, the same verdict."""

    REPETITIONS = int(os.environ.get("HEAPDRIFT_GATE_REPETITIONS", "4"))

    def verdicts(self, what, *options, victim=None, timeout=60):
        seen = set()
        for _ in range(self.REPETITIONS):
            program = self.victim(victim) if victim else self.victim(f"gated {what}")
            result = self.heapdrift(
                "check", "--json", "v.json", *options, "--", *program, timeout=timeout
            )
            document = json.loads(self.read("v.json"))
            failing = tuple(
                (leak["id"], leak["state"], leak["blocks"], leak["bytes"])
                for leak in document["leaks"]
                if leak["level"] == "error"
            )
            budgets = tuple((b["program"], b["level"] == "error") for b in document["budgets"])
            seen.add((result.status, failing, budgets))
        return seen

    def under_load(self):
        """Two busy processes for each core, until the test ends."""
        for _ in range(2 * (os.cpu_count() or 1)):
            child = subprocess.Popen([sys.executable, "-c", "while True: pass"])
            self.addCleanup(child.wait)
            self.addCleanup(child.kill)

    def test_threads_and_loss(self):
        seen = self.verdicts("threads 8 loses 1")
        self.assertEqual(len(seen), 1, seen)
        status, failing, _ = seen.pop()
        self.assertEqual((status, len(failing)), (23, 2))
        self.assertIn(24, [blocks for _, _, blocks, _ in failing])

    def test_threads_and_loss_under_load(self):
        self.under_load()
        seen = self.verdicts("threads 8 loses 1", timeout=300)
        self.assertEqual(len(seen), 1, seen)

    def growth_verdicts(self, kind, timeout=300):
        return self.verdicts(None, victim=f"growth {kind} temporary_churn", timeout=timeout)

    def test_growth_beside_the_threshold_under_load(self):
        """What the score of one run is hangs on the load; what fails the gate does not."""
        self.under_load()
        for kind, status in (("leaks_each_second", 23), ("leaks_each_fourth", 0)):
            seen = self.growth_verdicts(kind)
            self.assertEqual(len(seen), 1, seen)
            self.assertEqual(seen.pop()[0], status)

    def test_peak_that_hangs_on_threads_is_confirmed(self):
        what, budget = "overlaps 3000000", "peak=2999999B"
        status, document = self.verdict(what, "--budget", budget, timeout=120)
        self.assertEqual((status, document["runs"]), (24, 3))
        status, document = self.verdict("holds 3000000", "--budget", budget)
        self.assertEqual((status, document["runs"]), (24, 1), "it is the same in each run")

    def test_accepted_leak_that_varies(self):
        update = ["baseline", "update", "--", *self.victim("gated loses 3")]
        self.assertEqual(self.heapdrift(*update).status, 0)
        for blocks in (1, 3, 5, 9):
            self.assertEqual(self.check(f"loses {blocks}").status, 0)

    def test_peak_beside_the_budget(self):
        peak = self.verdict("threads 4 holds 3000000")[1]["processes"][0]["peak"]
        for limit in (peak, peak - 1):
            seen = self.verdicts("threads 4 holds 3000000", "--budget", f"peak={limit}")
            self.assertEqual(len(seen), 1, seen)


class Growth(GateTest):
    def run_growth(self, kinds, *options):
        result = self.heapdrift(
            "check", "--json", "v.json", *options, "--", *self.victim(f"growth {kinds}"),
            timeout=300,
        )
        return result, json.loads(self.read("v.json"))

    def test_list_that_grows_for_ever_fails(self):
        result, document = self.run_growth("leaks_all temporary_churn")
        self.assertEqual(result.status, 23, result.describe())
        self.assertEqual(document["runs"], 3, "it is confirmed by two more runs")
        leak = document["leaks"][0]
        self.assertEqual((leak["kind"], leak["frames"][0]["function"]), ("growth", "leaks_all"))

    def test_what_does_not_grow_needs_one_run(self):
        result, document = self.run_growth("bounded_queue temporary_churn warms_up")
        self.assertEqual((result.status, document["runs"]), (0, 1), result.describe())

    def test_policy_may_be_to_warn(self):
        result, document = self.run_growth("leaks_all temporary_churn", "--growth", "warn")
        self.assertEqual((result.status, document["runs"]), (0, 1), result.describe())
        self.assertEqual(document["leaks"][0]["level"], "warning")
