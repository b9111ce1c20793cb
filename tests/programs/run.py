#!/usr/bin/python3
"""Runs real programs under the recorder: run.py --build FOLDER [test_module.Class.test_name…].

--list prints the names of all tests, for CMake. Exits with 77 when all that ran were skipped. The
tests of a module whose name begins with test_heavy run in scripts/test --all only.
"""

import os
import sys

sys.dont_write_bytecode = True
FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [FOLDER, os.path.join(os.path.dirname(FOLDER), "end_to_end")]

from harness import runner  # noqa: E402

if __name__ == "__main__":
    sys.exit(runner.main(FOLDER, __doc__))
