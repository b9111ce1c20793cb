"""Where the things under test lie. run.py sets the build folder before any test starts."""

import os
import shutil
import unittest

_root = None


def set_build_folder(path):
    global _root
    _root = os.path.abspath(path)


def folder():
    return _root


def recorder():
    return os.path.join(_root, "lib", "heapdrift", "libheapdrift_preload.so")


def heapdrift():
    return os.path.join(_root, "bin", "heapdrift")


def victim(name):
    """The victim's path; skips the test where the machine could not build it."""
    path = os.path.join(_root, "victims", name)
    if not os.path.exists(path):
        raise unittest.SkipTest(f"the victim {name} was not built on this machine")
    return path


def work_folder(test_id):
    """An empty folder of the test's own, kept until the test has passed."""
    path = os.path.join(_root, "end_to_end", test_id)
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    return path
