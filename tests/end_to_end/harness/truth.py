"""Compares a report with a victim's truth (tests/victims/truth.h)."""

import json

from . import session

ANY = -1
SOME = -2
FIGURES = ("allocations", "allocated_bytes", "deallocations", "live_bytes")


def read_truth(text):
    """The truth in a victim's output: its last line. Of several images, one line each."""
    return [json.loads(line)["truth"] for line in text.splitlines() if line.startswith('{"truth"')]


def holds(expected, found):
    if expected == ANY:
        return True
    if expected == SOME:
        return found > 0
    return expected == found


def wanted(expected):
    return {ANY: "any", SOME: "more than 0"}.get(expected, str(expected))


def differences(document, truth):
    """One line for each marker whose figures are not what the victim says; none when all hold."""
    lines = []
    for entry in truth:
        function = entry["function"] or None
        rows = session.rows_with(document, entry["marker"], entry["domain"], function)
        found = {name: sum(row[name] for row in rows) for name in FIGURES}
        wrong = [name for name in FIGURES if not holds(entry[name], found[name])]
        if not wrong:
            continue
        words = ", ".join(f"{name} {found[name]} instead of {wanted(entry[name])}" for name in wrong)
        lines.append(f"{entry['marker']} ({entry['domain']}): {words}")
        for row in session.rows_with(document, entry["marker"], entry["domain"]):
            lines.append(
                f"    row: {row['allocations']} allocations, {row['allocated_bytes']} bytes, "
                f"{row['deallocations']} deallocations: {session.stack_text(row)}"
            )
        if not rows and function:
            lines.append(f"    no row has {function} as its innermost frame")
    return lines
