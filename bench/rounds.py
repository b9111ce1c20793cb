"""Rounds over the configurations, so that whatever else the machine does meets all alike."""

import os
import shutil
import sys

import measure
import spread

# Sampled mode is promised so much above hooks that only forward.
_PROMISED = 0.03
_PAIR = ("hooks", "sampled")


def run_case(case, configurations, numbers, folder):
    """One row for each run: round, configuration and its figures; failed runs are rows too. The
    numbers are the rounds', which go on from those that the case had before."""
    rows = []
    case.prepare(folder)
    broken = set()
    for number in numbers:
        # Each round begins with another one: who comes first may find colder caches.
        shift = number % len(configurations)
        for configuration in configurations[shift:] + configurations[:shift]:
            due = number % configuration.every == 0 and configuration.name not in broken
            if due and case.takes(configuration):
                rows.append(_run(case, configuration, number, folder))
                # Where a peer cannot run a program once, it would not the next time.
                if "failure" in rows[-1]:
                    broken.add(configuration.name)
    pair = [c for c in configurations if c.name in _PAIR and c.name not in broken]
    if case.paired_rounds and not case.many_processes and len(pair) == len(_PAIR):
        rows += _paired_rounds(case, pair, rows, 2 * len(numbers), folder)
    return rows


def _paired_rounds(case, pair, rows, most, folder):
    """Each begins with the other one than the round before."""
    first = 1 + max(row["round"] for row in rows)
    more = []
    while len(more) < 2 * most and _too_wide(rows + more):
        number = first + len(more) // 2
        more += [_run(case, configuration, number, folder) for configuration in pair]
        pair = pair[::-1]
    return more


def _too_wide(rows):
    hooks, sampled = _PAIR
    ratios = spread.ratios(rows, sampled, "wall", hooks)
    if len(ratios) < 2:
        return True
    low, _, high = spread.quartiles(ratios)
    return high - low > _PROMISED


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
