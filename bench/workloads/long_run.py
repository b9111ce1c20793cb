"""What grows with the length of a run: the file, and the time until a report is read."""

import time

from workloads.case import Case
from workloads.micro import Micro
from workloads.programs import Python


class Length(Micro):
    """The same work for longer and longer: neither cost nor file may grow."""

    only = {"plain", "exact", "sampled", "heaptrack"}
    most_rounds = 3

    def __init__(self, built, times, scale):
        arguments = ["--depth", 20, "--stacks", 1000, "--live", 1e4]
        super().__init__(f"length-{times}", built, arguments, 5e5 * times, scale, passes=1)
        self.name = f"growth.length-{times}"
        self.only = Length.only


class StartToReport(Case):
    """From the start of a program to a printed report of some 5*10^7 allocations."""

    only = {"plain", "exact", "sampled", "heaptrack"}
    most_rounds = 1

    def __init__(self, name, program):
        super().__init__(f"long.{name}", program.built)
        self._program = program

    def prepare(self, folder):
        self._program.prepare(folder)

    def run(self, configuration, folder, number):
        begin = time.monotonic()
        taken = self.runner.run(
            configuration.command(self._program.command(), folder),
            folder,
            {**self._program.environment, **configuration.variables(folder)},
            timeout=1200,
            helper=configuration.helper,
        )
        figures = {"wall": taken.wall, "cpu": taken.cpu, "peak_rss": taken.peak_rss}
        figures.update(self.recorded(configuration, folder, self.read_in_rounds))
        files = configuration.recordings(folder)
        if configuration.report and files:
            report = [word.format(file=files[0]) for word in configuration.report]
            self.runner.run(report, folder, timeout=1200)
        figures["start_to_report"] = time.monotonic() - begin
        return figures


def _programs(built, scale):
    for name, words in (
        ("one-stack", ["--depth", 10]),
        ("1000-stacks", ["--depth", 20, "--stacks", 1000, "--live", 1e5]),
    ):
        yield name, Micro(name, built, words, 5e7, scale, passes=1)
    # One time has 1.84 million allocations.
    yield "python3", Python(built, scale, times=max(1, int(27 * scale)))


def cases(built, scale):
    found = [Length(built, times, scale) for times in (8, 32, 128)]
    return found + [StartToReport(name, program) for name, program in _programs(built, scale)]
