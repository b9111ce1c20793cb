#!/usr/bin/env python3
"""Runs programs with a known truth and writes a table of what heapdrift leaks says of them.

usage: evaluate.py [--build DIRECTORY] [--rounds N]

For each kind of leak: in how many rounds its site is scored 0.5 and 0.7 or more, and stands above
all that is none. For each kind of growth that is none: in how many it is scored so all the same. All
kinds of the victim `growth` run side by side, so a round is one program; the leaks of Debian's own
programs, known from their sources, follow.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "end_to_end"))

from harness.growth_kinds import LEAKS, OTHERS  # noqa: E402

# Name, a function or module on the leaking stack, code for Debian's python3.
REAL = (
    (
        "ctypes pointer types",
        "_ctypes",
        "import ctypes\nfor i in range(60000): ctypes.POINTER('name%d' % i)",
    ),
    (
        "setenv",
        "libc.so",
        "import os\nfor i in range(300000): os.putenv('GROWING', 'value %040d' % i)",
    ),
    (
        "GLib quarks",
        "g_quark_from_string",
        "import ctypes\nglib = ctypes.CDLL('libglib-2.0.so.0')\n"
        "for i in range(400000): glib.g_quark_from_string(b'%022d' % i)",
    ),
)


class Table:
    def __init__(self):
        self.rows = {}

    def add(self, kind, name, score, first):
        row = self.rows.setdefault((kind, name), [0, 0, 0, 0])
        row[0] += 1
        row[1] += score >= 0.5
        row[2] += score >= 0.7
        row[3] += first

    def write(self):
        print(f"{'':<32}{'rounds':>8}{'>= 0.5':>8}{'>= 0.7':>8}{'first':>8}")
        for (kind, name), row in self.rows.items():
            print(f"{kind + ' ' + name:<32}" + "".join(f"{count:>8}" for count in row))
        for kind, title in (("leak", "recall"), ("other", "false alarms")):
            rows = [row for (each, _), row in self.rows.items() if each == kind]
            rounds = sum(row[0] for row in rows)
            if rounds:
                likely, sure = (sum(row[i] for row in rows) / rounds for i in (1, 2))
                print(f"{'== ' + title:<40}{likely:>8.2f}{sure:>8.2f}")


def leaks_of(heapdrift, folder, command):
    path = os.path.join(folder, "session.heapdrift")
    subprocess.run(
        [heapdrift, "run", "-f", "-q", "--no-report", "-o", path, "--", *command],
        check=True,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONMALLOC": "malloc"},
    )
    done = subprocess.run(
        [heapdrift, "leaks", path, "--min-score", "0", "--format", "json"],
        check=True,
        capture_output=True,
    )
    return json.loads(done.stdout)["leaks"]


def names(leak, text):
    return any(text in (frame[key] or "") for frame in leak["frames"] for key in ("function", "module"))


def judge(table, kind, name, leaks, wanted, all_wanted):
    found = [leak for leak in leaks if names(leak, wanted)]
    score = max((leak["score"] for leak in found), default=0)
    above = leaks[: leaks.index(found[0])] if found else []
    first = kind == "leak" and found and all(
        any(names(leak, each) for each in all_wanted) for leak in above
    )
    table.add(kind, name, score, bool(first))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=ROOT / "build", type=pathlib.Path)
    parser.add_argument("--rounds", default=5, type=int)
    arguments = parser.parse_args()
    heapdrift = str(arguments.build / "bin" / "heapdrift")
    victim = str(arguments.build / "victims" / "growth")
    for path in (heapdrift, victim):
        if not os.path.exists(path):
            sys.exit(f"{path} is not built: scripts/test builds it")
    table = Table()
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(arguments.rounds):
            leaks = leaks_of(heapdrift, folder, [victim, *LEAKS, *OTHERS])
            for name in LEAKS:
                judge(table, "leak", name, leaks, name, LEAKS)
            leaks = leaks_of(heapdrift, folder, [victim, *OTHERS])
            for name in OTHERS:
                judge(table, "other", name, leaks, name, ())
            for name, wanted, code in REAL if shutil.which("/usr/bin/python3") else ():
                leaks = leaks_of(heapdrift, folder, ["/usr/bin/python3", "-c", code])
                judge(table, "leak", name, leaks, wanted, (wanted,))
    table.write()


if __name__ == "__main__":
    main()
