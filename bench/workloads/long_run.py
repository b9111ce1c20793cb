"""What grows with the length of a run: the file, and the time until a report is read."""

import time

from workloads.case import Case
from workloads.micro import Micro


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
    """From the start of the program to a printed report, 5*10^7 allocations."""

    only = {"plain", "exact", "sampled", "heaptrack"}
    most_rounds = 1

    def __init__(self, built, scale):
        super().__init__("long.start-to-report", built)
        self._pairs = str(max(1000, int(5e7 * scale)))

    def run(self, configuration, folder, number):
        words = [self.built.pairs, "--depth", "20", "--stacks", "1000", "--live", "1e5"]
        begin = time.monotonic()
        taken = self.runner.run(
            configuration.command([*words, "--pairs", self._pairs], folder),
            folder,
            configuration.variables(folder),
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


def cases(built, scale):
    return [Length(built, times, scale) for times in (4, 16, 64)] + [StartToReport(built, scale)]
