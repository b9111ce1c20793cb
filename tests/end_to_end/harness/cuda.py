"""Tests that run on the CUDA driver of tests/cuda."""

import os
import re

from . import build
from .case import EndToEndTest


def folder():
    return os.path.join(build.folder(), "cuda")


# As tests/cuda/CMakeLists.txt looks for them.
_PREFIXES = (os.environ.get("CUDA_PATH", ""), "/usr/local/cuda", "/usr")


def _prefixes():
    found = [each for each in _PREFIXES if os.path.exists(f"{each}/include/cudaTypedefs.h")]
    return list(dict.fromkeys(os.path.realpath(each) for each in found))


def toolkits():
    """The versions of those that are installed, as CUDA_VERSION says them."""
    versions = []
    for prefix in _prefixes():
        with open(f"{prefix}/include/cuda.h", encoding="utf-8", errors="replace") as header:
            versions.append(re.search(r"#define CUDA_VERSION (\d+)", header.read()).group(1))
    return versions


def library_folders():
    return [
        f"{prefix}/{name}"
        for prefix in _prefixes()
        for name in ("lib64", "lib", "lib/x86_64-linux-gnu")
        if os.path.isdir(f"{prefix}/{name}")
    ]


def libraries(name):
    """Where the library of this name lies, in each toolkit that has it."""
    found = [f"{folder}/lib{name}.so" for folder in library_folders()]
    return list({os.path.realpath(each): each for each in found if os.path.exists(each)}.values())


class CudaTest(EndToEndTest):
    def environment(self):
        return {
            **super().environment(),
            "LD_LIBRARY_PATH": folder(),
            "FAKE_CUDA_DEVICES": "2",
        }

    def victim(self, command):
        name, *arguments = command.split()
        path = os.path.join(folder(), name)
        self.assertTrue(os.path.exists(path), f"not built: {path}")
        return [path, *arguments]

    def cuda(self, command, options=""):
        """The report's part about CUDA, after the victim's truth has been checked."""
        self.document = self.check_victim(command, options)
        return self.document["cuda"]

    def device(self, cuda, ordinal=0):
        return next(d for d in cuda["devices"] if d["ordinal"] == ordinal)
