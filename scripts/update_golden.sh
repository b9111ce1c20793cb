#!/bin/sh
# Writes tests/golden/expected anew from a build: scripts/update_golden.sh [BUILD_DIRECTORY]
# Look at `git diff tests/golden` afterwards: every change must be one that was meant.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
build=${1:-$root/build}
exec /usr/bin/python3 "$root/tests/golden/golden_test.py" "$build/bin/heapdrift" \
    "$(find "$build/tests/golden" -name write_golden_sessions -type f)" \
    "$root/analyzer/report/schema" --update
