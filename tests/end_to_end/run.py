#!/usr/bin/python3
"""Runs end-to-end tests: run.py --build FOLDER [test_module.Class.test_name…]; all by default.

--list prints the names of all tests, for CMake. Exits with 77 when all that ran were skipped.
"""

import os
import sys

sys.dont_write_bytecode = True
FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, FOLDER)

from harness import runner  # noqa: E402

if __name__ == "__main__":
    sys.exit(runner.main(FOLDER, __doc__))
