"""Tests that run on the CUDA driver of tests/cuda."""

import os

from . import build
from .case import EndToEndTest


def folder():
    return os.path.join(build.folder(), "cuda")


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

    def cuda(self, command):
        """The report's part about CUDA, after the victim's truth has been checked."""
        self.document = self.check_victim(command)
        return self.document["cuda"]

    def device(self, cuda, ordinal=0):
        return next(d for d in cuda["devices"] if d["ordinal"] == ordinal)
