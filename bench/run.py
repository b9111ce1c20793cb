#!/usr/bin/python3
"""Measures heapdrift beside plain runs and its peers. scripts/bench builds and calls it."""

import argparse
import fnmatch
import json
import os
import sys
import tempfile

sys.dont_write_bytecode = True

import instructions  # noqa: E402
from built import Built  # noqa: E402


def arguments_of_command_line():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--build", required=True, help="where heapdrift is built")
    parser.add_argument("--only", default="*", metavar="PATTERN", help="cases by name, * and ?")
    parser.add_argument("--output", metavar="DIR", help="where raw results go")
    parser.add_argument("--quick", action="store_true", help="small, few rounds")
    parser.add_argument(
        "--instructions", action="store_true", help="instructions for each pair, by callgrind"
    )
    return parser.parse_args()


def matches(name, pattern):
    return fnmatch.fnmatch(name, pattern) or fnmatch.fnmatch(name, f"*{pattern}*")


def count_instructions(built, arguments, output):
    results = []
    pairs = 2000 if arguments.quick else 20000
    with tempfile.TemporaryDirectory(prefix="heapdrift-bench.") as folder:
        for name in instructions.CASES:
            if matches(name, arguments.only):
                figures, text = instructions.measure(built, folder, name, pairs)
                print(text, flush=True)
                results.append(figures)
    if output:
        with open(os.path.join(output, "instructions.json"), "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)


def main():
    arguments = arguments_of_command_line()
    built = Built(arguments.build)
    if built.missing():
        sys.exit(f"bench: not built: {' '.join(built.missing())}; scripts/bench builds it")
    if arguments.output:
        os.makedirs(arguments.output, exist_ok=True)
    if arguments.instructions:
        count_instructions(built, arguments, arguments.output)


if __name__ == "__main__":
    main()
