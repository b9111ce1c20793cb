"""Instructions of the recorder for each malloc+free pair, counted by callgrind: a number that does
not depend on the machine's load. Each case runs twice, with more pairs the second time; what the
second run has more is what the pairs took, without start, warm-up and end."""

import glob
import os
import subprocess

import callgrind

OBJECT = "libheapdrift_preload.so"
# name -> arguments of the micro program
CASES = {
    "unchanged stack, depth 10": ["--depth", "10"],
    "few stacks (16), depth 10": ["--depth", "10", "--stacks", "16"],
    "1 stack, 3 to 8 frames entered anew, depth 20": ["--depth", "20", "--changing"],
    "10^3 stacks, depth 20": ["--depth", "20", "--stacks", "1000"],
    "10^5 stacks, depth 20": ["--depth", "20", "--stacks", "1e5"],
    "10^5 stacks, depth 100": ["--depth", "100", "--stacks", "1e5"],
    "calloc and realloc, 16 stacks, depth 10": ["--depth", "10", "--stacks", "16", "--mixed"],
    "10^6 live blocks, unchanged stack, depth 10": ["--depth", "10", "--live", "1e6"],
}


def _profile(built, folder, arguments, preload, options):
    """The micro program's profile; env, which starts it, leaves one of its own."""
    for path in glob.glob(os.path.join(folder, "callgrind.*")):
        os.remove(path)
    session = os.path.join(folder, "instructions.heapdrift")
    # No snapshot falls into the measurement: their number would depend on the time.
    environment = [f"HEAPDRIFT_OPTIONS=output={session}:interval=3600000{options}"]
    command = ["valgrind", "--tool=callgrind", "--dump-line=yes", "-q", "--trace-children=yes"]
    command += [f"--callgrind-out-file={folder}/callgrind.%p", "env", *environment]
    if preload:
        command.append(f"LD_PRELOAD={preload}")
    subprocess.run(
        [*command, built.pairs, *arguments],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    for path in glob.glob(session + "*"):
        os.remove(path)
    (path,) = (p for p in glob.glob(os.path.join(folder, "callgrind.*")) if _is_of_pairs(p))
    return callgrind.read(path)


def _is_of_pairs(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return any(line.startswith("cmd:") and "/pairs " in line for line in file)


def count(built, folder, arguments, pairs, preload=None, options=""):
    """What `pairs` pairs took, all object files."""
    arguments = [*arguments, "--pairs"]
    few = _profile(built, folder, [*arguments, str(pairs)], preload, options)
    many = _profile(built, folder, [*arguments, str(2 * pairs)], preload, options)
    return many.minus(few)


def _short(place):
    return "/".join(place.split("/")[-2:])


def _top(counter, pairs, number):
    shown = []
    for name, value in counter.most_common(number):
        if value / pairs >= 0.05:
            shown.append(f"    {value / pairs:8.1f}  {_short(name)}")
    return "\n".join(shown)


def measure(built, folder, name, pairs, options="", lines=15):
    """One case: a dictionary for the results, and text to read."""
    arguments = CASES[name]
    with_us = count(built, folder, arguments, pairs, built.recorder, options)
    plain = count(built, folder, arguments, pairs)
    own = with_us.of(OBJECT)
    figures = {
        "case": name,
        "arguments": arguments,
        "pairs": pairs,
        "own_per_pair": own.total() / pairs,
        "added_per_pair": (with_us.total() - plain.total()) / pairs,
        "plain_per_pair": plain.total() / pairs,
        "functions": {
            function: value / pairs for function, value in own.by_function().most_common(lines)
        },
    }
    text = (
        f"{name}: {figures['own_per_pair']:.1f} own instructions a pair,"
        f" {figures['added_per_pair']:.1f} more than plain's {figures['plain_per_pair']:.1f}\n"
        f"  functions\n{_top(own.by_function(), pairs, lines)}\n"
        f"  lines\n{_top(own.by_line(), pairs, lines)}\n"
    )
    return figures, text
