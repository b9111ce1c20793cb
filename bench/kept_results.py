"""Results of an earlier run, to whose cases rounds are added."""

import json
import os

_NAME = "results.json"
# What must be the same, or the rounds would not be of one thing.
_SAME = ("built", "scale")
_SAME_MACHINE = ("processor", "kernel")


class Unfit(Exception):
    pass


def write(folder, document):
    path = os.path.join(folder, _NAME)
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(document, file, indent=1)
    os.replace(path + ".new", path)


def read(folder, document):
    """The cases that are kept there, measured with what `document` says of build and machine."""
    path = os.path.join(folder, _NAME)
    try:
        with open(path, encoding="utf-8") as file:
            kept = json.load(file)
    except (OSError, ValueError) as error:
        raise Unfit(f"{path}: no results to add to: {error}") from error
    different = [name for name in _SAME if kept[name] != document[name]]
    different += [
        name for name in _SAME_MACHINE if kept["machine"][name] != document["machine"][name]
    ]
    if different:
        raise Unfit(f"{path}: another {' and another '.join(different)}: no rounds can be added")
    return {case["name"]: case for case in kept["cases"]}


def next_round(kept, name):
    return 1 + max((row["round"] for row in kept[name]["rows"]), default=-1) if name in kept else 0


def joined(kept, measured, order):
    """The cases in the order of the names, each with its kept rounds and those measured now."""
    found = {name: dict(case) for name, case in kept.items()}
    for case in measured:
        name = case["name"]
        if name in found:
            found[name]["rows"] = found[name]["rows"] + case["rows"]
            found[name]["spans"] = found[name]["spans"] + case["spans"]
        else:
            found[name] = case
    return [found[name] for name in order if name in found]
