#!/usr/bin/env python3
"""Checks that preload/cuda/entry_points.def leaves out no version of a function that it names.

usage: table_check.py ENTRY_POINTS_DEF CUDATYPEDEFS_H
"""
import pathlib
import re
import sys

# Of before CUDA 3.2: addresses and sizes of 32 bits.
OLD = {(name, 2000) for name in (
    "cuMemAlloc", "cuMemAllocPitch", "cuMemFree", "cuMemAllocHost", "cuArrayCreate",
    "cuArray3DCreate")}
LINE = re.compile(r"HEAPDRIFT_CUDA_FUNCTION\((\w+), (\w+), (\d+), (any|per_thread), ")
KNOWN = re.compile(r"PFN_(cu\w+?)_v(\d+)(_ptsz|_ptds)?\)")


def expected_symbol(name, version, versions, per_thread):
    place = sorted(versions).index(version)
    return name + (f"_v{place + 1}" if place > 0 else "") + ("_ptsz" if per_thread else "")


def main(table, typedefs):
    known = {}
    for name, version, stream in KNOWN.findall(pathlib.Path(typedefs).read_text()):
        known.setdefault(name, set()).add((int(version), bool(stream)))
    entries = [
        (symbol, name, int(version), stream == "per_thread")
        for symbol, name, version, stream in LINE.findall(pathlib.Path(table).read_text())
    ]
    problems = []
    for symbol, name, version, per_thread in entries:
        if name not in known:
            problems.append(f"{name}: not in {typedefs}")
            continue
        versions = {each for each, _ in known[name]}
        wanted = expected_symbol(name, version, versions, per_thread)
        if symbol != wanted:
            problems.append(f"{name} of version {version} is {wanted}, not {symbol}")
    listed = {(name, version, per_thread) for _, name, version, per_thread in entries}
    for name in {name for _, name, _, _ in entries} & set(known):
        for version, per_thread in known[name]:
            if (name, version, per_thread) not in listed and (name, version) not in OLD:
                problems.append(f"{name} of version {version} is missing")
    order = [(name, version, per_thread) for _, name, version, per_thread in entries]
    for before, after in zip(order, order[1:]):
        if before[0] == after[0] and before[1:] > after[1:]:
            problems.append(f"{after[0]}: versions are not in order")
    print("\n".join(problems) or f"{len(entries)} entry points agree")
    return 1 if problems or not entries else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
