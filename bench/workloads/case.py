"""What the cases have in common."""

import json
import os

import measure


class Case:
    # Valgrind is for the small ones.
    small = False
    # Names of configurations; None: all.
    only = None
    most_rounds = None
    # Whether hooks and sampled have more rounds, one beside the other, while their ratio is spread
    # wider than what was promised of it.
    paired_rounds = False
    # In how many rounds the recording is read, and whether a report is printed.
    read_in_rounds = 3
    with_report = True
    # Leaves hundreds of recordings, whose number of bytes is all that is looked at.
    many_processes = False

    def __init__(self, name, built):
        self.name = name
        self.built = built
        self.runner = measure.Runner(built.launch)

    def prepare(self, folder):
        pass

    def takes(self, configuration):
        if self.only is not None and configuration.name not in self.only:
            return False
        return self.small or not configuration.small

    def run(self, configuration, folder, number):
        raise NotImplementedError

    def recorded(self, configuration, folder, number):
        """Figures of the recording; those that take long to get in the first rounds only."""
        files = configuration.recordings(folder)
        if not files:
            return {}
        figures = {"file_bytes": sum(map(measure.space_taken, files))}
        if number >= self.read_in_rounds or self.many_processes:
            return figures
        if configuration.report and self.with_report:
            largest = max(files, key=os.path.getsize)
            words = [word.format(file=largest) for word in configuration.report]
            figures["report_seconds"] = self.runner.run(words, folder).wall
        if configuration.ours:
            figures.update(self.totals(files, folder, configuration.name))
        return figures

    def totals(self, files, folder, mode):
        sums = dict.fromkeys(
            ("allocations", "sites", "own_bytes", "dropped", "truncated", "nodes",
             "earlier_counters"), 0)  # fmt: skip
        peak = 0
        for path in files:
            document = self.json_of(["info", path], folder)
            if document["files"][0]["mode"] != mode:
                raise measure.Failed(f"recorded in mode {document['files'][0]['mode']}, not {mode}")
            totals = document["totals"]
            for name in ("allocations", "sites", "own_bytes", "dropped"):
                sums[name] += totals[name]
            sums["truncated"] += totals["truncated_allocations"]
            sums["nodes"] += document["integrity"]["frames"]
            sums["earlier_counters"] += document["integrity"]["earlier_counters"]
            peak = max(peak, totals["peak_live_bytes"])
        return {**sums, "peak_live_bytes": peak}

    def json_of(self, words, folder):
        taken = self.runner.run([self.built.heapdrift, *words, "--format", "json"], folder)
        return json.loads(taken.output)


class ProgramCase(Case):
    """A program that runs to its end."""

    paired_rounds = True
    environment = {}
    stdin = None
    expect = (0,)

    def command(self):
        raise NotImplementedError

    def fresh(self, folder):
        """What each run needs anew."""

    def run(self, configuration, folder, number):
        self.fresh(folder)
        taken = self.runner.run(
            configuration.command(self.command(), folder),
            folder,
            {**self.environment, **configuration.variables(folder)},
            self.stdin,
            expect=self.expect,
            helper=configuration.helper,
        )
        figures = {"wall": taken.wall, "cpu": taken.cpu, "peak_rss": taken.peak_rss}
        figures.update(self.figures_of(taken.output))
        figures.update(self.recorded(configuration, folder, number))
        return figures

    def figures_of(self, output):
        """From what the program itself printed."""
        del output
        return {}
