"""Heapdrift's own build and tests under heapdrift."""

import os

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
            ctest --test-dir own --parallel 2 -E '^(programs|end_to_end|check)[.]|^session_fuzz'
        """
        words = self.run_words("--no-symbols")
        run = self.timed([*words, "sh", "-c", script], timeout=3400)
        self.assertEqual(run.result.status, 0, run.result.describe())
        self.assertIn("100% tests passed", run.result.out)
        self.assertEqual(run.result.err, "")
        recorded = Run(run.result, run.seconds, self.sessions())
        # The compiler proper of each file at least.
        self.assertGreater(len(recorded.sessions), 100)
        self.check_sessions("heapdrift itself", float("nan"), recorded)
