"""What the analyzer says of a session, asked for as JSON."""

import glob
import json
import os

from . import build, process


class AnalyzerFailed(AssertionError):
    pass


# All rows of a session of 10^5 sites are hundreds of MB of text.
_REPORT_SECONDS = 300


def heapdrift(arguments, folder, **options):
    return process.run([build.heapdrift(), *arguments], folder, **options)


def json_of(arguments, folder):
    result = heapdrift([*arguments, "--format", "json"], folder, timeout=_REPORT_SECONDS)
    if result.status != 0:
        raise AnalyzerFailed(f"the analyzer failed: {result.describe()}")
    try:
        return json.loads(result.out)
    except ValueError as error:
        raise AnalyzerFailed(f"no JSON ({error}): {result.describe()}") from None


def report(address, folder, *arguments):
    return json_of(["report", address, "--top", "0", *arguments], folder)


def diff(old, new, folder):
    return json_of(["diff", old, new, "--top", "0"], folder)


def sessions_in(folder):
    return sorted(glob.glob(os.path.join(folder, "*.heapdrift*")))


def name_is(function, name):
    """C++ names may come with their parameters or without."""
    return function is not None and (function == name or function.partition("(")[0] == name)


def rows_with(document, marker, domain="heap", innermost=None):
    """The rows that have the marker among their frames, and the given innermost frame."""
    rows = []
    for row in document["rows"]:
        frames = row["frames"]
        if row["domain"] != domain:
            continue
        if not any(name_is(frame["function"], marker) for frame in frames):
            continue
        if innermost and not name_is(frames[0]["function"], innermost):
            continue
        rows.append(row)
    return rows


def figure(document, marker, name, domain="heap", innermost=None):
    return sum(row[name] for row in rows_with(document, marker, domain, innermost))


def stack_text(row):
    return " < ".join(frame["function"] or f"?{frame['module']}" for frame in row["frames"][:8])
