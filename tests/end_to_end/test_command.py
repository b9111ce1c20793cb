"""The command line: run's exit codes and output, options known and unknown."""

import os
import shutil

from harness import build, process, session, truth
from harness.case import EndToEndTest


class Run(EndToEndTest):
    def run_under(self, *arguments):
        return session.heapdrift(["run", *arguments], self.folder, environment=self.environment())

    def test_status_and_output_are_the_programs(self):
        plain = self.plain(self.victim("heap_functions"))
        result = self.run_under("-o", "F", "--", *self.victim("heap_functions"))
        self.assertEqual((result.status, result.out), (plain.status, plain.out), result.describe())
        self.assert_truth(self.report("F"), truth.read_truth(result.out)[0], result)
        self.assertIn("F", result.err)

    def test_report_follows(self):
        result = self.run_under("-o", "F", "--", *self.victim("heap_functions"))
        self.assertIn("realloc_grow_large_600k_to_2m", result.err)

    def test_what_recording_cost_is_one_line(self):
        for depth in ("64", "2"):
            words = ["-o", depth, "--no-report", "--depth", depth, "--"]
            result = self.run_under(*words, *self.victim("heap_functions"))
            totals = session.json_of(["info", depth], self.folder)["totals"]
            self.assertEqual(totals["truncated_allocations"] > 0, depth == "2")
            self.assertRegex(
                result.err,
                rf"(?m)^heapdrift: cost: [0-9.]+ [KM]iB of own memory; {totals['dropped']} dropped, "
                rf"{totals['truncated_allocations']} with a truncated stack$",
            )

    def test_quiet_is_quiet(self):
        result = self.run_under("-q", "-o", "F", "--", *self.victim("heap_functions"))
        self.assertEqual(result.err, "")

    def test_embedded_symbols_outlive_the_program(self):
        program = os.path.join(self.folder, "gone")
        with open(self.victim("plain")[0], "rb") as source, open(program, "wb") as copy:
            copy.write(source.read())
        os.chmod(program, 0o755)
        result = self.run_under("-q", "-o", "F", "--", program)
        self.assertEqual(result.status, 12, result.describe())
        os.unlink(program)
        self.assert_truth(self.report("F"), truth.read_truth(result.out)[0], result)

    def test_program_not_found(self):
        result = self.run_under("--", "./no-such-program")
        self.assertEqual(result.status, 127, result.describe())
        self.assertIn("no-such-program", result.err)

    def test_program_not_executable(self):
        path = os.path.join(self.folder, "text")
        with open(path, "w", encoding="ascii") as file:
            file.write("words\n")
        result = self.run_under("--", path)
        self.assertEqual(result.status, 126, result.describe())

    def test_existing_output_is_kept(self):
        path = os.path.join(self.folder, "F")
        with open(path, "w", encoding="ascii") as file:
            file.write("precious")
        result = self.run_under("-o", path, "--", *self.victim("plain"))
        self.assertNotIn(result.status, (0, 12), result.describe())
        with open(path, encoding="ascii") as file:
            self.assertEqual(file.read(), "precious")

    def test_descendants_have_files_beside(self):
        result = self.run_under(
            "--keep-all", "--no-report", "-o", "F", "--", *self.victim("processes fork")
        )
        self.assertEqual(result.status, 2, result.describe())
        names = sorted(name for name in os.listdir(self.folder) if name.startswith("F"))
        self.assertEqual(len(names), 2, names)
        self.assertEqual(names[0], "F")
        self.assertRegex(names[1], r"^F\.\d+$")

    def test_stdin_reaches_the_program(self):
        result = session.heapdrift(
            ["run", "-q", "-o", "F", "--", "/bin/cat"], self.folder, stdin=b"through\n"
        )
        self.assertEqual((result.status, result.out), (0, "through\n"), result.describe())


class PreloadAlone(EndToEndTest):
    """LD_PRELOAD and nothing else."""

    def check(self, arguments):
        environment = {**self.environment(), "LD_PRELOAD": build.recorder()}
        result = process.run(arguments, self.folder, environment)
        self.assertEqual((result.status, result.err), (12, ""), result.describe())
        document = self.report(self.only_session())
        self.assert_truth(document, truth.read_truth(result.out)[0], result)
        return document

    def test_session_is_in_the_working_folder(self):
        self.check(self.victim("plain"))
        self.assertRegex(os.path.basename(self.only_session()), r"^plain\.\d+\.heapdrift$")

    def test_names_with_odd_characters(self):
        folder = os.path.join(self.folder, "a b\t\"c\"")
        os.mkdir(folder)
        program = os.path.join(folder, "näme: 1,2\n%e\\")
        shutil.copy(self.victim("plain")[0], program)
        document = self.check([program, "two words", "line\nbreak", ""])
        file = document["files"][0]
        self.assertEqual(file["program"], program)
        self.assertEqual(file["command_line"], [program, "two words", "line\nbreak", ""])


class Options(EndToEndTest):
    def test_recorder_names_unknown_option_once_and_goes_on(self):
        plain = self.plain(self.victim("plain"))
        result = self.recorded(self.victim("plain"), "nosuchoption=7")
        self.assertEqual((plain.status, plain.out), (result.status, result.out))
        self.assertIn("nosuchoption", self.one_message(result))
        self.assert_truth(
            self.report(self.only_session()), truth.read_truth(result.out)[0], result
        )

    def test_recorder_refuses_bad_value_and_goes_on(self):
        result = self.recorded(self.victim("plain"), "depth=many")
        self.assertEqual(result.status, 12, result.describe())
        self.assertIn("depth", self.one_message(result))

    def test_command_refuses_unknown_recorder_option(self):
        result = session.heapdrift(
            ["run", "-O", "nosuchoption=7", "--", *self.victim("plain")], self.folder
        )
        self.assertEqual(result.status, 2, result.describe())
        self.assertIn("nosuchoption", result.err)
        self.assertEqual(result.out, "", "the program must not have run")

    def test_usage_errors(self):
        for arguments in (["--nosuch"], ["nosuch"], ["report"], ["report", "--nosuch", "F"], ["run"]):
            with self.subTest(arguments):
                result = session.heapdrift(arguments, self.folder)
                self.assertEqual(result.status, 2, result.describe())
                self.assertNotEqual(result.err, "")

    def test_help_has_examples(self):
        for command in ("run", "report", "diff", "info", "list", "snapshot", "export", "merge"):
            with self.subTest(command):
                result = session.heapdrift([command, "--help"], self.folder)
                self.assertEqual(result.status, 0, result.describe())
                self.assertIn("Examples", result.out)
