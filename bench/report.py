"""Results as they are printed and kept in RESULTS.md."""

import datetime
import os

import tables
import targets

_HERE = os.path.dirname(os.path.abspath(__file__))
_LIMITS = os.path.join(_HERE, "limits.md")
TIME_FORMAT = "%Y-%m-%d %H:%M UTC"
# A longer one lies between rounds and those that were added to them later.
_PAUSE_MINUTES = 2
_VERDICTS = {True: "yes", False: "**no**", None: "–"}


def _targets(results):
    rows = [
        [row.what, row.target, row.reached, _VERDICTS[row.met]] for row in targets.rows(results)
    ]
    return tables.table(["target", "", "reached", "met"], rows)


def times(cases):
    """From when to when; rounds that were added later have a time of their own."""
    spans = []
    for begin, end in sorted(span for case in cases for span in case["spans"]):
        if spans and _minutes(begin) - _minutes(spans[-1][1]) <= _PAUSE_MINUTES:
            spans[-1][1] = max(spans[-1][1], end)
        else:
            spans.append([begin, end])
    return ", ".join(f"{begin} to {end}" for begin, end in spans)


def _minutes(moment):
    return datetime.datetime.strptime(moment, TIME_FORMAT).timestamp() / 60


def _machine(document):
    machine = document["machine"]
    lines = [
        f"{machine['processors']} × {machine['processor']},"
        f" {machine['memory_bytes'] / (1 << 30):.1f} GiB, Linux {machine['kernel']},"
        f" {machine['libc']}, {machine['compiler']}.",
        f"Measured {times(document['cases'])}; load average"
        f" {machine['load_at_start']:.2f} before, scale {document['scale']:g}.",
        "Programs: " + "; ".join(f"{n}: {v}" for n, v in machine["programs"].items()) + ".",
    ]
    if document["left_out"]:
        left = "; ".join(f"{name} ({why})" for name, why in document["left_out"].items())
        lines.append(f"Left out: {left}.")
    return "\n\n".join(lines) + "\n"


def _failures(document):
    failed = [
        f"- {case['name']}, {row['configuration']}, round {row['round']}:"
        f" {row['failure'].splitlines()[0]}"
        for case in document["cases"]
        for row in case["rows"]
        if "failure" in row
    ]
    return "\n".join(failed) + "\n" if failed else ""


_SECTIONS = (
    ("Programs", tables.programs),
    ("Pairs of malloc and free", tables.micro),
    ("Latencies", tables.latencies),
    ("Snapshots and stalls", tables.snapshots),
    ("Long runs", tables.long_runs),
    ("Files and the length of a run", tables.lengths),
)
_HOW = """Ratios are to plain, in the same round; shown is the median of the rounds with its
quartiles. Nanoseconds added a pair are processor time, the added one of all threads divided by
the allocations. A profiler that comes with an allocator (jemalloc, tcmalloc) is compared with plain
glibc too; what it adds to its allocator is the difference of two rows.
"""


def markdown(results, picture=None, limits=False):
    document = results.document
    parts = [f"## Machine\n\n{_machine(document)}", f"## Targets\n\n{_targets(results)}"]
    for title, section in _SECTIONS:
        text = section(results)
        if text:
            parts.append(f"## {title}\n\n{text}")
    if picture:
        parts.append(f"## How the cost grows\n\n![ns added a pair]({picture})\n")
    failures = _failures(document)
    if failures:
        parts.append(f"## Failed\n\n{failures}")
    if limits and os.path.exists(_LIMITS):
        with open(_LIMITS, encoding="utf-8") as file:
            parts.append(f"## What limits each number\n\n{file.read()}")
    return f"{_HOW}\n" + "\n".join(parts)


def write_results(results, draw):
    """bench/RESULTS.md and its picture."""
    problem = draw(results, os.path.join(_HERE, "growth.svg"))
    text = markdown(results, None if problem else "growth.svg", limits=True)
    path = os.path.join(_HERE, "RESULTS.md")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"# Results\n\nWritten by `scripts/bench --results`; limits.md is by hand.\n\n{text}")
    return path
