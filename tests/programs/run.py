#!/usr/bin/python3
"""Runs real programs under the recorder: run.py --build FOLDER [test_module.Class.test_name…].

--list prints the names of all tests, for CMake. Exits with 77 when all that ran were skipped. The
tests of a module whose name begins with test_heavy run in scripts/test --all only.
"""

import argparse
import os
import shutil
import sys
import unittest

sys.dont_write_bytecode = True
FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [FOLDER, os.path.join(os.path.dirname(FOLDER), "end_to_end")]

from harness import build  # noqa: E402

SKIPPED = 77


def tests_in(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from tests_in(item)
        else:
            yield item


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("tests", nargs="*")
    arguments = parser.parse_args()
    build.set_build_folder(arguments.build)

    loader = unittest.TestLoader()
    if arguments.tests:
        suite = loader.loadTestsFromNames(arguments.tests)
    else:
        suite = loader.discover(FOLDER, top_level_dir=FOLDER)
    names = [test.id() for test in tests_in(suite)]
    if arguments.list:
        print("\n".join(names))
        return 0
    result = unittest.TextTestRunner(verbosity=1 if len(names) == 1 else 2).run(suite)
    for _, reason in result.skipped:
        print(f"skipped: {reason}")
    failed = {test.id().partition(" ")[0] for test, _ in result.failures + result.errors}
    for name in names:
        if name not in failed:
            shutil.rmtree(os.path.join(build.folder(), "end_to_end", name), ignore_errors=True)
    if not result.wasSuccessful():
        print(f"what the failed tests left: {os.path.join(build.folder(), 'end_to_end')}")
        return 1
    return SKIPPED if result.skipped and len(result.skipped) == result.testsRun else 0


if __name__ == "__main__":
    sys.exit(main())
