"""How long a snapshot takes, by sites and threads, and the longest time that one pair takes while
snapshots are taken."""

import json
import os
import subprocess
import time

import measure
from workloads.case import Case

_REQUEST_SECONDS = 0.05


class Stalls(Case):
    """One thread allocates at all sites, the others have been at all of them and sleep: with more
    of them running than there are processors, a stall would mostly be another thread's turn."""

    only = {"plain", "exact", "sampled"}
    most_rounds = 7

    def __init__(self, name, built, sites, threads, scale):
        super().__init__(name, built)
        self.sites = max(16, int(sites * scale))
        self.threads = max(2, int(threads * scale)) if threads > 1 else 1
        self._seconds = max(0.2, 1.5 * scale)

    def run(self, configuration, folder, number):
        words = [self.built.pairs, "--gaps", "--wait", "--depth", "20", "--live", "10000"]
        words += ["--stacks", str(self.sites), "--idle", str(self.threads - 1)]
        process = subprocess.Popen(
            configuration.command(words, folder),
            cwd=folder,
            env={**measure.base_environment(folder), **configuration.variables(folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            process.stdout.readline()
            self._take_snapshots(process.pid, configuration, folder)
            process.stdin.close()
            line = process.stdout.readline()
            process.wait()
        finally:
            measure.kill_group(process)
        if process.returncode != 0:
            raise measure.Failed(f"{' '.join(words)}: ended with {process.returncode}")
        said = json.loads(line)
        figures = {
            "longest_gap": said["longest_gap_ns"] / 1e9,
            "longest_own_gap": said["longest_own_gap_ns"] / 1e9,
            "sites_asked": self.sites,
            "threads": self.threads,
        }
        for path in configuration.recordings(folder):
            snapshots = self.json_of(["info", path], folder)["snapshots"]
            costs = [snapshot["cost_seconds"] for snapshot in snapshots]
            figures["snapshots"] = len(costs)
            figures["snapshot_cost_longest"] = max(costs)
            figures["snapshot_cost_mean"] = sum(costs) / len(costs)
            figures["file_bytes"] = measure.space_taken(path)
        return figures

    def _take_snapshots(self, pid, configuration, folder):
        end = time.monotonic() + self._seconds
        while time.monotonic() < end:
            time.sleep(_REQUEST_SECONDS)
            if configuration.ours:
                # One that comes while another is taken is refused; there are enough.
                subprocess.run(
                    [self.built.heapdrift, "snapshot", str(pid)],
                    cwd=folder,
                    capture_output=True,
                    check=False,
                )


def cases(built, scale):
    found = [
        Stalls(f"snapshot.sites-{sites}", built, sites, 1, scale)
        for sites in (100, 1000, 10000, 100000)
    ]
    found += [
        Stalls(f"snapshot.threads-{threads}", built, 1000, threads, scale) for threads in (4, 16, 64)
    ]
    return [*found, Stalls("stall.longest", built, 100000, 64, scale)]
