"""PyTorch, unmodified: Debian's, which knows the host alone."""

import os

from harness import session
from support.case import ProgramTest

PYTHON = "/usr/bin/python3"
_PROGRAM = """
import torch
kept = []
def keeps():
    kept.append(torch.zeros(1000, 1000))
def passes():
    torch.ones(500, 500).sum()
for _ in range(5):
    keeps()
    passes()
print(sum(int(tensor.numel()) for tensor in kept), torch.__version__.split('.')[0],
      flush=True)
import os
os._exit(3)
"""
_PROFILED = _PROGRAM.replace("for _", "profile = torch.autograd.profiler.profile(profile_memory=True)\n"
                             "profile.__enter__()\nfor _")


class PyTorch(ProgramTest):
    def need_torch(self):
        self.need(PYTHON)
        if not any(
            os.path.isdir(os.path.join(folder, "torch"))
            for folder in ("/usr/lib/python3/dist-packages", "/usr/lib/python3.11/dist-packages")
        ):
            self.skipTest("python3-torch is not installed; scripts/setup torch installs it")

    def check_tensors(self, program):
        self.need_torch()
        command = [PYTHON, "-c", program]
        environment = {"OMP_NUM_THREADS": "2"}
        self.fresh_folder()
        plain = self.timed(command, environment, timeout=120)
        self.assertEqual(plain.result.status, 3, plain.result.describe())
        run = self.timed(self.run_words() + command, environment, timeout=360)
        self.assert_alike(plain.result, run.result)
        # Importing it alone makes 600,000 sites: not all of them.
        document = session.json_of(
            ["report", self.session_path(), "--top", "20", "--frames", "0"], self.folder
        )
        self.assertEqual(document["totals"]["dropped"], 0, document["losses"])
        tensors = document["domains"]["host_tensor"]
        # os._exit: the tensors that are kept are live at the end.
        self.assertGreaterEqual(tensors["live_bytes"], 5 * 4_000_000)
        self.assertGreaterEqual(tensors["deallocations"], 5)
        rows = [row for row in document["rows"] if row["domain"] == "host_tensor"]
        largest = max(rows, key=lambda row: row["live_bytes"])
        self.assertEqual(largest["live_bytes"], 5 * 4_000_000)
        functions = [frame["function"] or "" for frame in largest["frames"]]
        self.assertIn("_PyEval_EvalFrameDefault", functions)
        # A view of what the heap holds: the same bytes, counted there.
        heap = session.figure(document, "_PyEval_EvalFrameDefault", "live_bytes")
        self.assertGreaterEqual(heap, largest["live_bytes"])
        counted = sum(
            document["domains"][name]["live_bytes"]
            for name in document["domains"]
            if name not in ("mapping", "host_tensor")
        )
        self.assertEqual(document["totals"]["live_bytes"], counted)

    def test_tensors_are_a_view_of_the_heap(self):
        self.check_tensors(_PROGRAM)

    def test_profiler_of_pytorch_does_not_count_them_twice(self):
        self.check_tensors(_PROFILED)
