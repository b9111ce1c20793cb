#!/usr/bin/python3
"""How good the verdicts are: runs programs with a known truth, and writes a table of what each tool
says of them.

usage: evaluate.py [--build DIRECTORY] [--set judged|tuning] [--tools NAME…] [--kinds TEXT…]
                   [--only simulation|scan|corpus|programs] [--smoke] [--jobs N]
                   [--verdicts FILE] [--output FILE]
"""

import argparse
import os
import pathlib
import subprocess
import sys

sys.dont_write_bytecode = True

import corpus  # noqa: E402
import judged_set  # noqa: E402
import programs  # noqa: E402
import scan_cost  # noqa: E402
import table  # noqa: E402
from tools import ToolFailed  # noqa: E402
from tools.heapdrift import Heapdrift  # noqa: E402
from tools.heaptrack import Heaptrack  # noqa: E402
from tools.lsan import LeakSanitizer  # noqa: E402
from tools.memcheck import Memcheck  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
SNAPSHOTS = (60, 27)
# The settings that the peers run with: each run of theirs takes seconds of processor time.
PEERS_SETTINGS = 2
PARTS = ("simulation", "scan", "corpus", "programs")
# Reports of a program that are shown.
SHOWN = 4
PEERS = {"heaptrack": Heaptrack, "memcheck": Memcheck, "LeakSanitizer": LeakSanitizer}
# Kinds whose verdict must not hang on chance.
SMOKE = ("never_kept", "tree_let_go", "append_to_list", "one_percent", "log_line",
         "first_in_first_out", "warm_up", "steady_load")


def heapdrift_for(build, snapshots):
    def make(setting):
        return Heapdrift(build, round(setting.rounds * corpus.ROUND_MS / snapshots))

    return make


def columns_of(arguments, kinds, settings):
    """Title and verdicts of each tool. Those that the file of verdicts has are not made again."""
    program = os.path.join(arguments.build, "evaluation", "corpus")
    kept = corpus.Kept(arguments.verdicts)
    columns = []
    for snapshots in SNAPSHOTS if "heapdrift" in arguments.tools else ():
        make = heapdrift_for(arguments.build, snapshots)
        columns.append(kept.column(f"heapdrift, about {snapshots} snapshots", lambda make=make: (
            corpus.judge(make, program, kinds, settings, corpus.ROUND_MS, arguments.jobs))))
    for name, tool in PEERS.items():
        if name not in arguments.tools:
            continue
        peer = program + "_lsan" if name == "LeakSanitizer" else program
        columns.append(kept.column(name, lambda tool=tool, peer=peer: (
            corpus.judge(lambda _: tool(), peer, kinds, settings[:PEERS_SETTINGS], 0, 2))))
    return columns


def write_head(out, name):
    versions = [
        subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\n")[0]
        for command in (["heaptrack", "--version"], ["valgrind", "--version"], ["gcc", "--version"])
    ]
    print(f"# Results\n\nWritten by scripts/evaluate, with the {name} set; README.md says how it is "
          f"judged. Beside heapdrift: {', '.join(versions)}.", file=out)


def write_corpus(out, columns, settings):
    kinds = len(columns[0][1])
    print(f"\n## Corpus\n\n{kinds} kinds of programs, with {len(settings)} settings each; the peers "
          f"with the first {PEERS_SETTINGS}.\n", file=out)
    print(table.summary(columns), file=out)
    print("\nBy kind: in how many runs the leaking site was found and (ranked first); for programs"
          " without a leak, in how many there was an alarm.", file=out)
    for truth in table.TRUTHS:
        print("\n" + table.by_kind(columns, truth), file=out)


def write_simulation(out, build):
    program = os.path.join(build, "tests", "evaluation", "simulate_growth")
    text = subprocess.run([program, "20261121", "200"], check=True, capture_output=True, text=True)
    print(f"\n## Simulated sites\n\n```{text.stdout}```", file=out)


def write_scan(out, build):
    try:
        text = scan_cost.table(*scan_cost.measure(build))
    except ToolFailed as error:
        # The copy that is searched has the least priority: on a busy machine it gives up.
        text = f"Not measured: {str(error)[-300:]}"
    print(f"\n## Scan of a large heap\n\n{text}", file=out, flush=True)


def finding_text(finding):
    functions = [os.path.basename(function or "?") for function in finding.functions]
    return f"{finding.note} ({' < '.join(functions[:5])})"


def write_programs(out, title, chosen, tools):
    print(f"\n## {title}\n", file=out)
    print(table.row(["", *(tool.name for tool in tools)]), file=out)
    print(table.row(["---"] * (len(tools) + 1)), file=out)
    reported = []
    for program in chosen:
        cells = []
        for tool in tools:
            try:
                findings = programs.judge(tool, program)
            except (ToolFailed, OSError, subprocess.SubprocessError) as error:
                cells.append(f"failed: {str(error)[:80]}")
                continue
            text = table.counts_text(findings)
            if program.leaks:
                verdict = corpus.verdict_of(corpus.Kind("", "", program.leaks), findings)
                found = "first" if verdict.first else "found" if verdict.found else "not found"
                text = f"{found}; {text}, {verdict.others} elsewhere"
            cells.append(text)
            if tool.name == "heapdrift" and findings:
                reported.append(f"- {program.name}:")
                reported += [f"  - {finding_text(each)}" for each in findings[:SHOWN]]
        print(table.row([program.name, *cells]), file=out, flush=True)
    print("\nWhat heapdrift reports, the surest of each:\n\n" + "\n".join(reported or ["- nothing"]), file=out)


def smoke(build):
    """A few kinds with one setting: whether all the parts work together."""
    kinds = [kind for kind in corpus.kinds_of(os.path.join(build, "evaluation", "corpus"))
             if kind.name in SMOKE]
    results = corpus.judge(heapdrift_for(build, SNAPSHOTS[0]),
                           os.path.join(build, "evaluation", "corpus"), kinds,
                           judged_set.TUNING[:1], corpus.ROUND_MS, 4)
    wrong = [
        f"{kind.name} ({kind.truth}): {verdict}"
        for kind, verdicts in results.items()
        for verdict in verdicts
        if verdict.others or verdict.first != (kind.truth != "none")
    ]
    if len(results) != len(SMOKE):
        wrong.append(f"the corpus has {len(results)} of the {len(SMOKE)} kinds")
    return "\n".join(wrong)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=ROOT / "build", type=os.path.abspath)
    parser.add_argument("--set", default="judged", choices=("judged", "tuning"))
    parser.add_argument("--tools", nargs="*", default=["heapdrift", *PEERS])
    parser.add_argument("--kinds", nargs="*", help="those whose names contain one of these")
    parser.add_argument("--only", choices=PARTS)
    parser.add_argument("--jobs", default=4, type=int)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--verdicts", help="keeps verdicts from one run to the next")
    parser.add_argument("--output", type=argparse.FileType("w"), default=sys.stdout)
    arguments = parser.parse_args()
    program = os.path.join(arguments.build, "evaluation", "corpus")
    if not os.path.exists(program):
        sys.exit(f"{program} is not built: scripts/evaluate builds it")
    if arguments.smoke:
        sys.exit(smoke(arguments.build) or 0)
    settings = judged_set.JUDGED if arguments.set == "judged" else judged_set.TUNING
    kinds = [
        kind
        for kind in corpus.kinds_of(program)
        if not arguments.kinds or any(text in kind.name for text in arguments.kinds)
    ]
    wanted = (arguments.only,) if arguments.only else PARTS
    write_head(arguments.output, arguments.set)
    if "simulation" in wanted:
        write_simulation(arguments.output, arguments.build)
    if "scan" in wanted:
        write_scan(arguments.output, arguments.build)
    if "corpus" in wanted:
        write_corpus(arguments.output, columns_of(arguments, kinds, settings), settings)
    if "programs" in wanted:
        all_tools = [Heapdrift(arguments.build), *(each() for each in PEERS.values())]
        # LeakSanitizer must be linked: it has nothing to say of programs as they are.
        tools = [each for each in all_tools
                 if each.name in arguments.tools and each.name != "LeakSanitizer"]
        for title, chosen in programs.GROUPS.items():
            write_programs(arguments.output, title, chosen, tools)


if __name__ == "__main__":
    main()
