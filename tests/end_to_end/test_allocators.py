"""Other allocators in the target, preloaded behind the recorder or linked by the program."""

import os
import unittest

from harness import build, process
from harness.case import EndToEndTest

LIBRARIES = {
    "jemalloc": "libjemalloc.so.2",
    "tcmalloc": "libtcmalloc_minimal.so.4",
    "mimalloc": "libmimalloc.so.2.0",
}
FOLDERS = ("/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/local/lib", "/usr/lib")
# mimalloc's C build aborts in an operator new that must throw.
ABORTING = {"mimalloc"}


def library(name):
    for folder in FOLDERS:
        path = os.path.join(folder, LIBRARIES[name])
        if os.path.exists(path):
            return path
    raise unittest.SkipTest(f"{LIBRARIES[name]} is not installed")


class Allocators(EndToEndTest):
    """Tests are made below: for each allocator, preloaded and linked."""


def _preloaded(name, victim):
    def test(self):
        command = f"{victim} aborting" if name in ABORTING and victim != "tiny_blocks" else victim
        self.check_victim(command, preload=library(name))

    return test


def _before_us(name):
    """The user's own LD_PRELOAD may stand before ours: the recorder sees nothing, says so, and harms
    none, also where the other library leaves out a function (reallocarray, which ls calls)."""

    def test(self):
        environment = {
            **self.environment(),
            "LD_PRELOAD": f"{library(name)}:{build.recorder()}",
            "HEAPDRIFT_OPTIONS": f"output={self.folder}/%e.%p.heapdrift",
        }
        for command in (self.victim("tiny_blocks"), ["/bin/ls", "/"]):
            plain = self.plain(command, library(name))
            result = process.run(command, self.folder, environment)
            self.assertEqual(
                (plain.status, plain.out), (result.status, result.out), result.describe()
            )
            self.assertIn("before the recorder", result.err, result.describe())

    return test


def _linked(name):
    def test(self):
        arguments = " aborting" if name in ABORTING else ""
        self.check_victim(f"allocators_{name}{arguments}")

    return test


for _name in LIBRARIES:
    for _victim in ("allocators", "tiny_blocks", "cpp_operators"):
        setattr(Allocators, f"test_{_name}_preloaded_{_victim}", _preloaded(_name, _victim))
    setattr(Allocators, f"test_{_name}_linked", _linked(_name))
    setattr(Allocators, f"test_{_name}_preloaded_before_the_recorder", _before_us(_name))
