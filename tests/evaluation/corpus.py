"""Runs the corpus: programs with a known truth, and what each tool says of them."""

import collections
import concurrent.futures
import json
import os
import subprocess
import tempfile

from tools import Job

# The rounds of a run that is watched over time. What looks at the end alone runs as fast as it can.
ROUND_MS = 10

Kind = collections.namedtuple("Kind", "name truth sites")
# found: the leaking site is reported. first: before all that does not leak. others: how many reports
# there are of what does not leak.
Verdict = collections.namedtuple("Verdict", "found first others")


def kinds_of(program):
    listed = subprocess.run([program, "--list"], check=True, capture_output=True, text=True)
    kinds = []
    for line in listed.stdout.splitlines():
        truth, name, *sites = line.split()
        kinds.append(Kind(name, truth, tuple(sites)))
    return kinds


def verdict_of(kind, findings):
    true = [any(finding.names(site) for site in kind.sites) for finding in findings]
    return Verdict(any(true), bool(true) and true[0], true.count(False))


def judge(make_tool, program, kinds, settings, round_ms, jobs):
    """Verdicts by kind, in the order of the settings. make_tool(setting) is the tool."""

    def one(kind, setting):
        words = (kind.name, *setting, 1000 * round_ms)
        with tempfile.TemporaryDirectory() as folder:
            job = Job([program, *map(str, words)], folder)
            return verdict_of(kind, make_tool(setting).findings(job))

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        running = {
            kind: [pool.submit(one, kind, setting) for setting in settings] for kind in kinds
        }
        return {kind: [each.result() for each in runs] for kind, runs in running.items()}


class Kept:
    """Verdicts by tool in a file, so that a tool that has not changed need not run again."""

    def __init__(self, path):
        self._path = path
        self._tools = {}
        if path and os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                self._tools = json.load(file)

    def column(self, title, make):
        if title not in self._tools:
            verdicts = make()
            self._tools[title] = [[kind, verdicts[kind]] for kind in verdicts]
            if self._path:
                with open(self._path, "w", encoding="utf-8") as file:
                    json.dump(self._tools, file)
        return title, {
            Kind(name, truth, tuple(sites)): [Verdict(*each) for each in verdicts]
            for (name, truth, sites), verdicts in self._tools[title]
        }
