"""The programs that our exports are made for, and what they print of a file: for each function the
sum of the stacks that it is on, under the names of tests/victims/truth.h."""

import glob
import json
import os
import re
import shutil
import unittest

import jsonschema

from . import build, process

_DHAT_VIEWER = "/usr/libexec/valgrind/dh_view.js"
_FOLDER = os.path.dirname(os.path.abspath(__file__))
# What the formats of pprof and gperftools call the figures of truth.
SAMPLE_TYPES = {
    "allocations": "alloc_objects",
    "allocated_bytes": "alloc_space",
    "live_allocations": "inuse_objects",
    "live_bytes": "inuse_space",
}


class Printed:
    def __init__(self, total, functions, text):
        self.total = total
        self.functions = functions
        self.text = text


def _needed(path, package):
    if not path or not os.path.exists(path):
        raise unittest.SkipTest(f"the Debian package {package} is not installed")
    return path


def _run(arguments, folder):
    # pprof keeps copies of what it reads in the home directory otherwise.
    environment = {**os.environ, "PPROF_TMPDIR": folder, "LC_ALL": "C.UTF-8"}
    result = process.run(arguments, folder, environment, timeout=60)
    if result.status != 0:
        raise AssertionError(f"the file is refused: {result.describe()}")
    return result.out


def go_pprof(file, folder, *options):
    """The text that Go's pprof prints; it needs nothing else of Go."""
    found = sorted(glob.glob("/usr/lib/go-*/pkg/tool/linux_amd64/pprof"))
    tool = _needed(found[-1] if found else "", "golang-1.19-go")
    return _run([tool, *options, file], folder)


def read_go_pprof(file, folder, figure, *options):
    text = go_pprof(
        file, folder, "-top", "-cum", "-nodefraction=0", "-nodecount=100000",
        f"-sample_index={SAMPLE_TYPES[figure]}", *(["-unit=b"] if "bytes" in figure else []),
        *options,
    )
    # "Showing nodes accounting for 10B, 50% of 20B total"; without any, only the total.
    total = re.search(r"of (-?\d+)B? total", text)
    functions = {}
    for line in text.splitlines():
        row = re.match(r" *(-?\d+)B? +\S+% +\S+% +(-?\d+)B? +\S+% +(.+?)( \(inline\))?$", line)
        if row:
            functions[row[3]] = functions.get(row[3], 0) + int(row[2])
    return Printed(int(total[1]) if total else 0, functions, text)


def read_google_pprof(file, program, folder, figure):
    tool = _needed(shutil.which("google-pprof"), "google-perftools")
    text = _run(
        [tool, "--text", "--cum", "--functions", "--show_bytes", f"--{SAMPLE_TYPES[figure]}",
         "--nodefraction=0", "--nodecount=100000", program, file],
        folder,
    )
    functions = {}
    for line in text.splitlines():
        row = re.match(r" *-?\d+ +\S+% +\S+% +(-?\d+) +\S+% +(.+?)( \(inline\))?$", line)
        if row:
            functions[row[2]] = functions.get(row[2], 0) + int(row[1])
    return Printed(int(re.search(r"Total: (-?\d+)", text)[1]), functions, text)


class Massif:
    """ms_print's table of snapshots and the stacks of the detailed ones."""

    def __init__(self, text):
        self.text = text
        # Number, time, bytes; then the stacks that were printed below.
        self.rows = []
        self.stacks = []
        for line in text.splitlines():
            row = re.match(r" *(\d+) +([\d,]+) +([\d,]+) +([\d,]+) +0 +0$", line)
            frame = re.match(r"[ |]*->\d+\.\d+% \(([\d,]+)B\) 0x[0-9A-F]+: (.+) \(", line)
            if row:
                self.rows.append([int(each.replace(",", "")) for each in row.groups()[:3]])
                self.stacks.append({})
            elif frame:
                functions = self.stacks[-1]
                size = int(frame[1].replace(",", ""))
                functions[frame[2]] = functions.get(frame[2], 0) + size


def read_ms_print(file, folder):
    tool = _needed(shutil.which("ms_print"), "valgrind")
    return Massif(_run([tool, "--threshold=0", file], folder))


def read_dhat_viewer(file, folder):
    """The page that valgrind's viewer shows, and its sums for each function."""
    viewer = _needed(_DHAT_VIEWER, "valgrind")
    node = _needed(shutil.which("node"), "nodejs")
    out = json.loads(_run([node, os.path.join(_FOLDER, "dhat_viewer.js"), viewer, file], folder))
    functions = {}
    for frame, sums in out["frames"].items():
        name = re.match(r"0x[0-9A-F]+: (.+) \(", frame)
        if name:
            of_function = functions.setdefault(name[1], dict.fromkeys(sums, 0))
            for key, value in sums.items():
                of_function[key] += value
    return out["page"], functions


def read_collapsed(text, columns=1):
    """By function, the sums of the stacks it is on; no tool for the format is in Debian."""
    functions = {}
    totals = [0] * columns
    for line in text.splitlines():
        parts = line.rsplit(" ", columns)
        frames, values = parts[0], [int(value) for value in parts[1:]]
        totals = [total + value for total, value in zip(totals, values)]
        for frame in set(frames.split(";")):
            known = functions.get(frame, [0] * columns)
            functions[frame] = [a + b for a, b in zip(known, values)]
    return totals, functions


def npm_package(name, path):
    """A file of what scripts/setup fetched from npm; skips the test where it did not."""
    found = os.path.join(build.folder(), "npm", "node_modules", name, path)
    if not os.path.exists(found):
        raise unittest.SkipTest(f"{name} was not fetched from npm: see scripts/setup")
    return os.path.normpath(found)


def _schemas(own, name, path):
    """What we demand of a document, and, where it is here, the schema of those who made the
    format."""
    paths = [os.path.join(_FOLDER, own)]
    try:
        paths.append(npm_package(name, path))
    except unittest.SkipTest:
        pass
    for each in paths:
        with open(each, encoding="utf-8") as file:
            yield json.load(file)


def validate_sarif(document):
    for schema in _schemas(
        "sarif_schema.json", "@microsoft/jest-sarif", "lib/schemas/sarif-2.1.0-rtm.5.json"
    ):
        jsonschema.validate(document, schema)


def validate_speedscope(document):
    for schema in _schemas(
        "speedscope_schema.json", "speedscope", "dist/release/file-format-schema.json"
    ):
        jsonschema.validate(document, schema)


def validate_junit(path, folder):
    _run(["xmllint", "--noout", "--schema", os.path.join(_FOLDER, "junit.xsd"), path], folder)
