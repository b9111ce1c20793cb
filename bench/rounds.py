"""Rounds over the configurations, so that whatever else the machine does meets all alike."""

import os
import shutil
import sys

import measure


def run_case(case, configurations, rounds, folder):
    """One row for each run: round, configuration and its figures; failed runs are rows too."""
    rows = []
    case.prepare(folder)
    broken = set()
    for number in range(rounds):
        # Each round begins with another one: who comes first may find colder caches.
        shift = number % len(configurations)
        for configuration in configurations[shift:] + configurations[:shift]:
            due = number % configuration.every == 0 and configuration.name not in broken
            if due and case.takes(configuration):
                rows.append(_run(case, configuration, number, folder))
                # Where a peer cannot run a program once, it would not the next time.
                if "failure" in rows[-1]:
                    broken.add(configuration.name)
    return rows


def _run(case, configuration, number, folder):
    own = os.path.join(folder, "run")
    shutil.rmtree(own, ignore_errors=True)
    os.makedirs(own)
    row = {"round": number, "configuration": configuration.name, "figures": {}}
    try:
        row["figures"] = case.run(configuration, own, number)
    except measure.Failed as failure:
        row["failure"] = str(failure)
        print(f"bench: {case.name}, {configuration.name}: {failure}", file=sys.stderr)
    finally:
        shutil.rmtree(own, ignore_errors=True)
    return row
