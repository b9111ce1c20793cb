"""The micro program: pairs of malloc and free at chosen stacks, threads and numbers of blocks."""

import json

from workloads.case import ProgramCase

# Each run makes several passes over the same pairs, and the shortest counts: whatever else the
# machine does only adds to a pass.
_PASSES = 10

# Name -> arguments, and pairs of a pass at full size.
_CASES = {}
for _depth in (5, 10, 30, 100, 500):
    _CASES[f"unchanged-depth-{_depth}"] = (["--depth", _depth], 2e5)
for _depth in (10, 30, 100, 500):
    _CASES[f"changing-depth-{_depth}"] = (["--depth", _depth, "--changing"], 1e5)
for _stacks in (16, 100, 1000, 10000, 100000):
    _CASES[f"stacks-{_stacks}"] = (["--depth", 20, "--stacks", _stacks, "--live", 1e4], 1e5)
_CASES["few-stacks-10k-live"] = (["--depth", 10, "--stacks", 16, "--live", 1e4], 1e5)
for _live in (1e3, 1e4, 1e5, 1e6, 1e7):
    _CASES[f"live-{_live:.0f}"] = (["--depth", 10, "--stacks", 16, "--live", _live], 1e5)
for _threads in (1, 2, 4, 8):
    _CASES[f"threads-{_threads}"] = (
        ["--depth", 10, "--stacks", 16, "--live", 1e4, "--threads", _threads],
        1e5,
    )
for _threads in (2, 4, 8):
    _CASES[f"exchange-{_threads}"] = (
        ["--depth", 10, "--stacks", 16, "--live", 1e4, "--exchange", "--threads", _threads],
        1e5,
    )
_CASES["calloc-realloc"] = (["--depth", 10, "--stacks", 16, "--live", 1e4, "--mixed"], 1e5)
# Ten times filled and emptied: passes that are shorter than that differ by what the allocator gives
# back to the system.
_CASES["only-allocating"] = (["--depth", 7, "--live", 1e5, "--grow"], 1e6)
_LONG = {"only-allocating": 3}

# Where peers are measured too; elsewhere only ours, because there are many cases.
WITH_PEERS = {
    "unchanged-depth-10",
    "changing-depth-30",
    "few-stacks-10k-live",
    "stacks-100000",
    "live-1000000",
    "threads-2",
    "exchange-2",
    "only-allocating",
}
_OURS = {"plain", "hooks", "exact", "sampled"}
_HUGE = 10**6
# Below this scale nothing is measured, and cases are as small as they can be.
_TINY = 0.05


class Micro(ProgramCase):
    read_in_rounds = 1
    with_report = False

    def __init__(self, name, built, arguments, pairs, scale, passes=_PASSES):
        super().__init__(f"micro.{name}", built)
        self._arguments = [str(word) for word in arguments]
        self._pairs = max(1000, int(pairs * scale))
        self._passes = passes if scale >= _TINY else min(passes, 2)
        self.small = name == "few-stacks-10k-live"
        if name not in WITH_PEERS:
            self.only = _OURS
        # Filling takes longer than the pairs that are measured then.
        if self._value("--live", 0) > _HUGE:
            self.most_rounds = 3
        if scale < 1:
            self._scale("--live", scale)
        if scale < _TINY:
            self._scale("--stacks", scale)

    def _value(self, option, otherwise):
        if option not in self._arguments:
            return otherwise
        return float(self._arguments[self._arguments.index(option) + 1])

    def _scale(self, option, scale):
        if option in self._arguments:
            place = self._arguments.index(option) + 1
            self._arguments[place] = str(max(10, int(self._value(option, 0) * scale)))

    def command(self):
        amount = ["--pairs", str(self._pairs), "--passes", str(self._passes)]
        return [self.built.pairs, *self._arguments, *amount]

    def figures_of(self, output):
        # Heaptrack prints to standard output too.
        lines = [json.loads(line) for line in output.splitlines() if line.startswith(b"{")]
        pairs = lines[0]["pairs"]
        cpu = min(line["cpu_ns"] for line in lines)
        # The program's own clocks: start, warm-up and end are left out.
        return {
            "pairs": pairs,
            "wall": min(line["wall_ns"] for line in lines) / 1e9,
            "cpu": cpu / 1e9,
            "ns_per_pair": cpu / pairs,
        }


def cases(built, scale):
    return [
        Micro(name, built, arguments, pairs, scale, _LONG.get(name, _PASSES))
        for name, (arguments, pairs) in _CASES.items()
    ]
