#!/usr/bin/env python3
"""Compares what heapdrift prints with expected/, and its JSON with the schemas.

usage: golden_test.py HEAPDRIFT WRITE_GOLDEN_SESSIONS SCHEMA_DIRECTORY [--update]
"""
import difflib
import json
import pathlib
import subprocess
import sys
import tempfile

import jsonschema

EXPECTED = pathlib.Path(__file__).parent / "expected"
CASES = {
    "report.txt": "report old.heapdrift",
    "report_peak.txt": "report old.heapdrift@peak --top 1",
    "report_function.txt": "report old.heapdrift --group-by function --cumulative",
    "report_mapping.txt": "report old.heapdrift --domain mapping",
    "report_frames.txt": "report old.heapdrift --frames 2 --domain heap",
    "report_thread.txt": "report old.heapdrift --group-by thread",
    "report_colour.txt": "report old.heapdrift --top 1 --color always",
    "report.json": "report old.heapdrift --format json",
    "report_lineno.json": "report old.heapdrift --group-by lineno --format json",
    "report_thread.json": "report old.heapdrift --group-by thread --format json",
    "report.csv": "report old.heapdrift --format csv",
    "report_module.csv": "report old.heapdrift --group-by module --format csv",
    "diff.txt": "diff old.heapdrift new.heapdrift",
    "diff_within.txt": "diff old.heapdrift@warm @last --group-by lineno",
    "diff.json": "diff old.heapdrift new.heapdrift --format json",
    "diff_function.json": "diff old.heapdrift new.heapdrift --group-by function --format json",
    "diff.csv": "diff old.heapdrift new.heapdrift --format csv",
    "info.txt": "info old.heapdrift",
    "info.json": "info old.heapdrift --format json",
    "info.csv": "info old.heapdrift --format csv",
    "info_verified.txt": "info new.heapdrift",
    "sampled_report.txt": "report sampled.heapdrift",
    "sampled_module.txt": "report sampled.heapdrift --group-by module",
    "sampled_report.json": "report sampled.heapdrift --format json",
    "sampled_report.csv": "report sampled.heapdrift --format csv",
    "sampled_diff.txt": "diff sampled.heapdrift@warm @last",
    "sampled_diff.json": "diff old.heapdrift sampled.heapdrift --format json",
    "sampled_diff.csv": "diff sampled.heapdrift@warm @last --format csv",
    "sampled_info.txt": "info sampled.heapdrift",
    "leaks.txt": "leaks growing.heapdrift",
    "leaks_explain.txt": "leaks growing.heapdrift --explain 1 --min-score 0",
    "leaks_few.txt": "leaks old.heapdrift",
    "leaks.json": "leaks growing.heapdrift --format json",
    "leaks.csv": "leaks growing.heapdrift --format csv",
    "leaks_suppressed.txt": "leaks growing.heapdrift --suppressions known.supp",
    "leaks_suppressed.json": "leaks growing.heapdrift --suppressions known.supp --format json",
    "suggest.txt": "suggest growing.heapdrift --limit 64KiB",
    "suggest_none.txt": "suggest old.heapdrift",
    "suggest_sampled.txt": "suggest sampled.heapdrift",
    "suggest.json": "suggest growing.heapdrift --limit 64KiB --format json",
    "suggest_suppressed.json": "suggest growing.heapdrift --suppressions known.supp --format json",
    "suppress.txt": "suppress growing.heapdrift 1",
    "suppress_valgrind.txt": "suppress growing.heapdrift 1 --valgrind",
    "trend.txt": "trend growing.heapdrift --limit 1MiB",
    "trend_suppressed.txt": "trend growing.heapdrift --suppressions known.supp",
    "trend_module.json": "trend growing.heapdrift --group-by module --limit 1MiB --format json",
    "trend.json": "trend growing.heapdrift --format json",
    "trend.csv": "trend growing.heapdrift --group-by function --format csv",
    "trend_runs.txt": "trend growing.heapdrift old.heapdrift",
    "trend_runs.json": "trend growing.heapdrift old.heapdrift --group-by function --format json",
    "gpu_report.txt": "report gpu.heapdrift",
    "gpu_report.json": "report gpu.heapdrift --format json",
    "gpu_report_tensors.txt": "report gpu.heapdrift --domain cuda_tensor",
    "gpu_suggest.txt": "suggest gpu.heapdrift",
    "gpu_suggest.json": "suggest gpu.heapdrift --format json",
    "gpu_info.txt": "info gpu.heapdrift",
    "gpu_info.json": "info gpu.heapdrift --format json",
    "export.json": "export -f json old.heapdrift",
    "export_collapsed.txt": "export -f collapsed old.heapdrift",
    "export_collapsed_diff.txt": "export -f collapsed old.heapdrift new.heapdrift",
    "export_dhat.txt": "export -f dhat old.heapdrift",
    "export_heap.txt": "export -f heap old.heapdrift",
    "export_massif.txt": "export -f massif old.heapdrift",
    "export_speedscope.txt": "export -f speedscope old.heapdrift",
    "sampled_export_speedscope.txt": "export -f speedscope sampled.heapdrift",
}
# Command line, exit code, part of the message.
FAILURES = [
    ("report", 2, "SESSION is required"),
    ("report old.heapdrift --group-by size", 2, "none of"),
    ("report old.heapdrift --cumulative", 2, "--cumulative"),
    ("report old.heapdrift --focus (", 2, "regular expression"),
    ("report old.heapdrift --min-bytes many", 2, "no size"),
    ("report old.heapdrift@9", 1, "the last one is @4"),
    ("report sampled.heapdrift --sort temporary", 2, "sampled mode"),
    ("report missing.heapdrift", 1, "No such file"),
    ("report cut.heapdrift", 1, "cut short"),
    ("report foreign.heapdrift", 1, "not a heapdrift session file"),
    ("report old.heapdrift -o old.heapdrift", 1, "--force"),
    ("leaks growing.heapdrift@warm", 2, "name the session alone"),
    ("leaks growing.heapdrift --explain 2", 2, "1 site"),
    ("leaks growing.heapdrift --min-score 2", 2, "--min-score"),
    ("leaks growing.heapdrift --suppressions wrong.supp", 2, "wrong.supp:2"),
    ("leaks growing.heapdrift --suppressions none.supp", 1, "none.supp: No such file"),
    ("suggest growing.heapdrift@warm", 2, "name the session alone"),
    ("suggest growing.heapdrift --format csv", 2, "text or JSON"),
    ("suggest growing.heapdrift --limit much", 2, "no size"),
    ("suppress growing.heapdrift 99", 1, "no site 99"),
    ("trend growing.heapdrift --group-by thread", 2, "threads"),
    ("trend growing.heapdrift@warm", 2, "name the session alone"),
    ("trend growing.heapdrift --limit much", 2, "no size"),
    ("diff old.heapdrift new.heapdrift --group-by thread", 2, "nothing to compare"),
    ("export -f dhat old.heapdrift new.heapdrift", 2, "not a difference of two"),
    ("export -f csv old.heapdrift --column allocations", 2, "--column"),
    ("export -f collapsed sampled.heapdrift --column temporary", 2, "sampled mode"),
]


def run(heapdrift, arguments, directory):
    return subprocess.run([heapdrift] + arguments.split(), cwd=directory, capture_output=True,
                          text=True, env={"TERM": "dumb", "TZ": "UTC"})


def check_text(name, text, update):
    path = EXPECTED / name
    if update:
        path.write_text(text)
        return []
    known = path.read_text() if path.exists() else ""
    return list(difflib.unified_diff(known.splitlines(True), text.splitlines(True),
                                     f"expected/{name}", "printed"))


def check_schema(name, schemas, command, text):
    schema = json.loads((pathlib.Path(schemas) / f"{command}.json").read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    return [f"{name}: {error.json_path}: {error.message}\n"
            for error in jsonschema.Draft7Validator(schema).iter_errors(json.loads(text))]


# Whatever else runs on the machine is listed too, so the text is not compared.
def check_list(heapdrift, schemas, directory):
    listed = run(heapdrift, "list . --format json", directory).stdout
    rows = {pathlib.Path(row["path"]).name: row for row in json.loads(listed)["files"]}
    problems = check_schema("list", schemas, "list", listed)
    row = rows.get("old.heapdrift", {})
    if (row.get("pid"), row.get("exit_status"), row.get("live_bytes")) != (4711, 3, 103592):
        problems.append(f"list: old.heapdrift is shown as {row}\n")
    return problems


def main():
    heapdrift, writer, schemas = sys.argv[1:4]
    update = "--update" in sys.argv[4:]
    EXPECTED.mkdir(exist_ok=True)
    problems = []
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run([writer, directory], check=True)
        work = pathlib.Path(directory)
        (work / "cut.heapdrift").write_bytes((work / "old.heapdrift").read_bytes()[:5000])
        (work / "known.supp").write_text("leak:^remember$\nleak:not_there\n")
        (work / "wrong.supp").write_text("leak:a\nremember\n")
        (work / "foreign.heapdrift").write_text("no session")
        for name, arguments in CASES.items():
            done = run(heapdrift, arguments, directory)
            if done.returncode != 0 or done.stderr:
                problems.append(f"{arguments}: exit {done.returncode}: {done.stderr}\n")
            problems += check_text(name, done.stdout, update)
            if name.endswith(".json"):
                problems += check_schema(name, schemas, arguments.split()[0], done.stdout)
        problems += check_list(heapdrift, schemas, directory)
        for arguments, code, message in FAILURES:
            done = run(heapdrift, arguments, directory)
            if done.returncode != code or message not in done.stderr or done.stdout:
                problems.append(f"{arguments}: exit {done.returncode}, not {code}: "
                                f"{done.stderr}{done.stdout}\n")
    sys.stdout.writelines(problems)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
