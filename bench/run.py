#!/usr/bin/python3
"""Measures heapdrift beside plain runs and its peers. scripts/bench builds and calls it."""

import argparse
import datetime
import fnmatch
import json
import os
import shutil
import sys
import tempfile
import time

sys.dont_write_bytecode = True

import configurations  # noqa: E402
import figures  # noqa: E402
import instructions  # noqa: E402
import kept_results  # noqa: E402
import machine  # noqa: E402
import picture  # noqa: E402
import report  # noqa: E402
import rounds  # noqa: E402
from built import Built  # noqa: E402
from workloads import long_run, micro, programs, redis, stalls  # noqa: E402

_GROUPS = (programs, redis, micro, stalls, long_run)
# name -> scale, rounds, pairs of an instruction count
_SIZES = {"full": (1, 7, 20000), "quick": (0.1, 3, 4000), "smoke": (0.001, 1, 500)}
_SHARED_MEMORY = "/dev/shm"
_ROOM = 3 << 30


def arguments_of_command_line():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--build", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--only", default="*", metavar="PATTERN", help="cases by name, * and ?")
    parser.add_argument(
        "--under", metavar="NAME,NAME", help="configurations; plain is always among them"
    )
    parser.add_argument("--rounds", type=int, metavar="N", help="instead of the size's own number")
    parser.add_argument("--output", metavar="DIR", help="keep raw results and tables here")
    parser.add_argument(
        "--add",
        action="store_true",
        help="to the results kept in --output's folder: further rounds of the cases chosen now",
    )
    parser.add_argument("--quick", action="store_true", help="a tenth of the size, few rounds")
    parser.add_argument("--smoke", action="store_true", help="all paths for a moment; no figures")
    parser.add_argument("--list", action="store_true", help="name the cases and configurations")
    parser.add_argument("--results", action="store_true", help="write bench/RESULTS.md too")
    parser.add_argument(
        "--instructions", action="store_true", help="instructions for each pair, by callgrind"
    )
    arguments = parser.parse_args()
    if arguments.add and not arguments.output:
        parser.error("--add needs --output, the folder of the earlier results")
    return arguments


def matches(name, patterns):
    return any(
        fnmatch.fnmatch(name, pattern) or fnmatch.fnmatch(name, f"*{pattern}*")
        for pattern in patterns.split(",")
    )


def size_of(arguments):
    return _SIZES["smoke" if arguments.smoke else "quick" if arguments.quick else "full"]


def scratch_folder():
    """In memory where there is room, so that no disk is measured."""
    room = shutil.disk_usage(_SHARED_MEMORY).free if os.path.isdir(_SHARED_MEMORY) else 0
    parent = _SHARED_MEMORY if room >= _ROOM else None
    return tempfile.TemporaryDirectory(prefix="heapdrift-bench.", dir=parent)


def count_instructions(built, arguments):
    results = []
    pairs = size_of(arguments)[2]
    with scratch_folder() as folder:
        for name in instructions.CASES:
            if matches(name, arguments.only):
                counted, text = instructions.measure(built, folder, name, pairs)
                print(text, flush=True)
                results.append(counted)
    if arguments.output:
        write(arguments.output, "instructions.json", json.dumps(results, indent=1))


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime(report.TIME_FORMAT)


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def write(folder, name, text):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        file.write(text)


def measure_all(cases, chosen, arguments, kept):
    number_of_rounds = arguments.rounds or size_of(arguments)[1]
    measured = []
    for number, case in enumerate(cases, 1):
        most = min(number_of_rounds, case.most_rounds or number_of_rounds)
        begin, start = now(), time.monotonic()
        with scratch_folder() as folder:
            first = kept_results.next_round(kept, case.name)
            rows = rounds.run_case(case, chosen, range(first, first + most), folder)
        say(f"{number}/{len(cases)} {case.name}: {time.monotonic() - start:.1f} s")
        measured.append({"name": case.name, "spans": [[begin, now()]], "rows": rows})
    return measured


def choose(arguments, built):
    found, left_out = configurations.all_configurations(built)
    if arguments.under:
        names = {"plain", *arguments.under.split(",")}
        unknown = names - {configuration.name for configuration in found} - set(left_out)
        if unknown:
            sys.exit(f"bench: no configuration is called {', '.join(sorted(unknown))}")
        found = [configuration for configuration in found if configuration.name in names]
    return found, left_out


def main():
    arguments = arguments_of_command_line()
    built = Built(arguments.build)
    if built.missing():
        sys.exit(f"bench: not built: {' '.join(built.missing())}; scripts/bench builds it")
    if arguments.output:
        os.makedirs(arguments.output, exist_ok=True)
    if arguments.instructions:
        count_instructions(built, arguments)
        return
    chosen, left_out = choose(arguments, built)
    scale = size_of(arguments)[0]
    all_cases = [case for group in _GROUPS for case in group.cases(built, scale)]
    cases = [case for case in all_cases if matches(case.name, arguments.only)]
    if arguments.list:
        print("\n".join(case.name for case in cases))
        print("under: " + ", ".join(f"{c.name} ({c.title})" for c in chosen))
        return
    for name, why in left_out.items():
        say(f"left out: {name}, {why}")
    document = {
        "machine": machine.describe(),
        "built": built.identity(),
        "scale": scale,
        "left_out": left_out,
    }
    try:
        kept = kept_results.read(arguments.output, document) if arguments.add else {}
    except kept_results.Unfit as unfit:
        sys.exit(f"bench: {unfit}")
    measured = measure_all(cases, chosen, arguments, kept)
    document["cases"] = kept_results.joined(kept, measured, [case.name for case in all_cases])
    results = figures.Results(document)
    print(report.markdown(results))
    if arguments.output:
        document["summaries"] = figures.summaries(results)
        kept_results.write(arguments.output, document)
        write(arguments.output, "results.md", report.markdown(results))
        problem = picture.draw(results, os.path.join(arguments.output, "growth.svg"))
        if problem:
            say(problem)
    if arguments.results:
        say(f"written: {report.write_results(results, picture.draw)}")
    failed = [
        row
        for case in measured
        for row in case["rows"]
        if "failure" in row and row["configuration"] in configurations.MUST_WORK
    ]
    if failed:
        sys.exit(f"bench: {len(failed)} runs failed; they are named above")


if __name__ == "__main__":
    main()
