#!/usr/bin/env python3
"""Checks who includes whom.

core includes an allow-list of standard headers and nothing else; preload includes core and libc;
analyzer includes core and its libraries; preload and analyzer meet only in bytes. Inside analyzer:
model <- input, symbolize, report <- process <- commands <- main.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Headers whose use needs neither libstdc++.so nor exceptions, as long as only what is in the
# header itself is used; scripts/check_preload_abi.sh finds what is not.
FREESTANDING = {
    "array", "atomic", "bit", "climits", "concepts", "cstddef", "cstdint", "initializer_list",
    "limits", "new", "span", "type_traits", "utility",
}
CORE_HEADERS = FREESTANDING | {"algorithm", "cstring", "string_view", "vector"}
# The analyzer's libraries. No header of theirs belongs into what runs inside a target.
LIBRARIES = ("CLI/", "fmt/", "nlohmann/", "gtest/", "gmock/", "elfutils/", "dwarf", "gelf", "libelf",
             "zstd", "zlib", "protozero/", "libunwind",
             "toml++/")

# Folder (the longest one counts) -> folders it may include from, besides itself.
LAYERS = {
    "core": [],
    "preload": ["core"],
    "analyzer/model": ["core"],
    "analyzer/input": ["core", "analyzer/model", "analyzer/symbolize"],
    "analyzer/symbolize": ["core", "analyzer/model"],
    "analyzer/report": ["core", "analyzer/model"],
    "analyzer/process": ["core", "analyzer/model", "analyzer/input", "analyzer/symbolize"],
    "analyzer/commands": ["core", "analyzer/model", "analyzer/input", "analyzer/symbolize",
                          "analyzer/report", "analyzer/process"],
    "analyzer": ["analyzer/commands", "analyzer/model"],
}
# The core's checked view allocates, so it is for the analyzer only.
NOT_FOR_PRELOAD = {"core/session_view.h"}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def layer_of(path):
    fitting = [layer for layer in LAYERS if path == layer or path.startswith(layer + "/")]
    return max(fitting, key=len) if fitting else None


def check_own(layer, included):
    target = layer_of(included)
    if target is None:
        return "is not a path from the project's root, or lies outside of the layers"
    if layer == "preload" and included in NOT_FOR_PRELOAD:
        return "allocates, which the recorder must not"
    if target != layer and target not in LAYERS[layer]:
        return f"{layer} may not use {target}"
    return None


def check_system(layer, included):
    if layer == "core" and included not in CORE_HEADERS:
        return "is not on core's allow-list of standard headers"
    if layer == "preload":
        if included.startswith(LIBRARIES):
            return "is a library; preload uses libc alone"
        if not included.endswith(".h") and included not in FREESTANDING:
            return "is not on preload's allow-list of standard headers"
    return None


def main():
    problems = []
    for top in ("core", "preload", "analyzer"):
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix not in (".h", ".cc", ".c", ".S"):
                continue
            name = path.relative_to(ROOT).as_posix()
            layer = layer_of(str(pathlib.PurePosixPath(name).parent))
            for number, line in enumerate(path.read_text().splitlines(), 1):
                match = INCLUDE.match(line)
                if not match:
                    continue
                check = check_own if match[1] == '"' else check_system
                problem = check(layer, match[2])
                if problem:
                    problems.append(f"{name}:{number}: {match[2]}: {problem}")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
