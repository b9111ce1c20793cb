"""What victims of scans know of their blocks, and what a scan found of the same."""

import json

from . import session

KINDS = ("direct", "indirect", "possible", "reachable")


def read_reach(out):
    lines = [line for line in out.splitlines() if line.startswith('{"reach"')]
    return json.loads(lines[0])["reach"] if lines else []


def lost_of(document, marker, domains=""):
    """Blocks by kind of all rows of domains that begin so, with the marker among their frames."""
    found = dict.fromkeys(KINDS, 0)
    for row in document["rows"]:
        if row["domain"].startswith(domains) and any(
            session.name_is(frame["function"], marker) for frame in row["frames"]
        ):
            for kind in KINDS:
                found[kind] += row["lost"][kind]["blocks"]
    return found
