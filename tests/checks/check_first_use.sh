#!/usr/bin/env bash
# In a fresh clone: scripts/heapdrift builds and runs; a second call builds nothing, prints nothing
# of its own, and is fast.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)

git -c safe.directory='*' clone --quiet --no-hardlinks "$project" "$work/clone"
command=$work/clone/scripts/heapdrift
"$command" --version >"$work/first" 2>"$work/first_stderr" || fail "$(cat "$work/first_stderr")"
built=$(stat -c %Y "$work/clone/build/bin/heapdrift")

started=$(date +%s%N)
"$command" --version >"$work/second" 2>"$work/second_stderr" || fail "the second call failed"
elapsed_ms=$((($(date +%s%N) - started) / 1000000))
cmp -s "$work/first" "$work/second" || fail "the second call printed something else"
[ ! -s "$work/second_stderr" ] || fail "the second call said: $(cat "$work/second_stderr")"
[ "$(stat -c %Y "$work/clone/build/bin/heapdrift")" = "$built" ] || fail "it was built again"
printf 'second call: %s ms\n' "$elapsed_ms"

# The exit code and the output of the program come through.
set +e
"$command" run --no-report -- sh -c 'echo out; exit 7' >"$work/out" 2>"$work/err"
code=$?
set -e
[ "$code" = 7 ] || fail "exit code $code: $(cat "$work/err")"
[ "$(cat "$work/out")" = out ] || fail "the program's output was changed"
