"""Heapdrift's own build and tests under heapdrift."""

import os

from harness import session
from support.case import ProgramTest, Run

_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class SelfHost(ProgramTest):
    def test_build_and_unit_tests(self):
        self.need("cmake", "ninja", "g++", "ctest")
        self.fresh_folder()
        # The others start recorders themselves, or other builds: this one, too. The pattern is one
        # of CMake's regular expressions, which know no word boundaries.
        script = f"""
            set -e
            cmake -G Ninja -S {_ROOT} -B own -DHEAPDRIFT_TESTS=ON
            cmake --build own
            ctest --test-dir own --parallel 2 -E '^(programs|end_to_end|check|bench)[.]|_fuzz$'
        """
        words = self.run_words("--no-symbols")
        run = self.timed([*words, "sh", "-c", script], timeout=3400)
        self.assertEqual(run.result.status, 0, run.result.describe())
        self.assertIn("100% tests passed", run.result.out)
        self.assertEqual(run.result.err, "")
        listed = session.json_of(["list", os.path.dirname(self.session_path())], self.folder)
        files = [file for file in listed["files"] if file["path"].startswith(self.folder)]
        # The compiler proper of each file at least.
        self.assertGreater(len(files), 100)
        for file in files:
            self.assertEqual(file["dropped"], 0, file)
            # apt kills its helpers when it has what it wants.
            if not file["program"].startswith("/usr/lib/apt/"):
                self.assertIn(file["ended_by"], ("exit", "exec"), file)
        # To look into each of a thousand would take longer than to make them.
        largest = {}
        for file in sorted(files, key=lambda file: file["allocations"]):
            largest[os.path.basename(file["program"])] = file["path"]
        paths = {self.session_path(), *largest.values()}
        self.check_sessions("heapdrift itself", float("nan"), Run(run.result, run.seconds, paths))
