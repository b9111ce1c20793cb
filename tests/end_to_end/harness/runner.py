"""Runs test modules of a folder: all of them, or those named; one by one for CMake."""

import argparse
import os
import shutil
import unittest

from . import build

SKIPPED = 77


def tests_in(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from tests_in(item)
        else:
            yield item


def main(folder, description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--build", default="build")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("tests", nargs="*")
    arguments = parser.parse_args()
    build.set_build_folder(arguments.build)

    loader = unittest.TestLoader()
    if arguments.tests:
        suite = loader.loadTestsFromNames(arguments.tests)
    else:
        suite = loader.discover(folder, top_level_dir=folder)
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
