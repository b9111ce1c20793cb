#!/usr/bin/env python3
"""Compares preload/cuda/entry_points.def with a toolkit's cudaTypedefs.h.

usage: table_check.py ENTRY_POINTS_DEF LEFT_OUT_TXT CUDATYPEDEFS_H VERSION [--known]

Versions of a function that is in the table must all be there, and functions that look as if they
had to do with memory be in the table or in LEFT_OUT_TXT. Functions newer than the toolkit's VERSION
(13000 is CUDA 13.0) are not looked for. --known prints the lines of the table that the toolkit
knows, and checks nothing.
"""
import fnmatch
import pathlib
import re
import sys

# Of before CUDA 3.2: addresses and sizes of 32 bits.
OLD = {(name, 2000) for name in (
    "cuMemAlloc", "cuMemAllocPitch", "cuMemFree", "cuMemAllocHost", "cuArrayCreate",
    "cuArray3DCreate")}
LINE = re.compile(r"HEAPDRIFT_CUDA_FUNCTION\((\w+), (\w+), (\d+), (any|per_thread), ")
KNOWN = re.compile(r"PFN_(cu\w+?)_v(\d+)(_ptsz|_ptds)?\)\s*\(([^;]*)\);")
MEMORY_BY_NAME = re.compile(
    r"Alloc|Free|Create|Destroy|Import|Map|Regist|Open|Close|Release|Retain|Reserve|Reset|Trim"
    r"|Bind|Attach|Detach|Load|Checkpoint|Pool|Multicast|MemGet|Green")
MEMORY_BY_PARAMETER = re.compile(
    r"CUdeviceptr(_v\d)? ?\*|CUarray ?\*|CUmipmappedArray ?\*|CUmemoryPool"
    r"|CUmemGenericAllocationHandle|CUexternalMemory|CUarrayMapInfo")
# Of a context that is counted or green; what else is done with one does not concern memory.
NOT_MEMORY = re.compile(r"cuGreenCtx(Get|Record|Wait)|cuCtx(Get|Set)|cuStreamGet")


def expected_symbol(name, version, versions, per_thread):
    place = sorted(versions).index(version)
    return name + (f"_v{place + 1}" if place > 0 else "") + ("_ptsz" if per_thread else "")


def read_left_out(path):
    """Patterns; each line names one or several, divided by ", "."""
    patterns = []
    for line in pathlib.Path(path).read_text().splitlines():
        if line and not line.startswith("#"):
            patterns += re.match(r"[\w*]+(, [\w*]+)*", line).group().split(", ")
    return patterns


def wrong_versions(entries, known):
    for symbol, name, version, per_thread in entries:
        if name not in known:
            yield f"{name}: the toolkit has no such function"
            continue
        wanted = expected_symbol(name, version, {each for each, _ in known[name]}, per_thread)
        if symbol != wanted:
            yield f"{name} of version {version} is {wanted}, not {symbol}"
    listed = {(name, version, per_thread) for _, name, version, per_thread in entries}
    for name in {name for _, name, _, _ in entries} & set(known):
        for version, per_thread in known[name]:
            if (name, version, per_thread) not in listed and (name, version) not in OLD:
                yield f"{name} of version {version} is missing"
    order = [(name, version, per_thread) for _, name, version, per_thread in entries]
    for before, after in zip(order, order[1:]):
        if before[0] == after[0] and before[1:] > after[1:]:
            yield f"{after[0]}: versions are not in order"


def missing_functions(entries, parameters, patterns, newest):
    listed = {name for _, name, _, _ in entries}
    unused = set(patterns)
    for name in sorted(set(parameters) - listed):
        fitting = [each for each in patterns if fnmatch.fnmatchcase(name, each)]
        unused -= set(fitting)
        concerns_memory = MEMORY_BY_NAME.search(name) or MEMORY_BY_PARAMETER.search(parameters[name])
        if concerns_memory and not NOT_MEMORY.match(name) and not fitting:
            yield f"{name} is neither in the table nor left out with a reason"
    for name in listed:
        for each in patterns:
            if fnmatch.fnmatchcase(name, each):
                yield f"{name} is in the table, and left out by {each}"
    if newest:
        for each in sorted(unused):
            yield f"{each}: the toolkit has no such function that is left out"


def main(table, left_out, typedefs, toolkit_version, *options):
    toolkit_version = int(toolkit_version)
    lines = [
        line for line in pathlib.Path(table).read_text().splitlines()
        if (found := LINE.match(line)) and int(found.group(3)) <= toolkit_version
    ]
    if options == ("--known",):
        print("\n".join(lines))
        return 0
    known, parameters = {}, {}
    for name, version, stream, text in KNOWN.findall(pathlib.Path(typedefs).read_text()):
        known.setdefault(name, set()).add((int(version), bool(stream)))
        parameters[name] = parameters.get(name, "") + text
    entries = [
        (symbol, name, int(version), stream == "per_thread")
        for line in lines for symbol, name, version, stream in LINE.findall(line)
    ]
    problems = [
        *wrong_versions(entries, known),
        *missing_functions(entries, parameters, read_left_out(left_out), toolkit_version >= 13000),
    ]
    print("\n".join(problems) or f"{len(entries)} entry points agree, of {len(known)} functions")
    return 1 if problems or not entries else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
