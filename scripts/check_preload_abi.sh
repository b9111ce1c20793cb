#!/usr/bin/env bash
# Checks what the preload library brings into a target: it needs libc alone, uses no symbol that is
# not listed in scripts/preload_undefined.txt, and exports exactly the names of preload/exports.map.
# Usage: scripts/check_preload_abi.sh LIBRARY
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

library=${1:-$build_dir/lib/heapdrift/libheapdrift_preload.so}
[ -f "$library" ] || die "$library: no such file; build it first"
failed=0

needed=$(readelf -d "$library" | sed -nE 's/.*\(NEEDED\).*\[(.*)\]/\1/p' |
    grep -vxE 'libc\.so\.6|ld-linux-x86-64\.so\.2' || true)
if [ -n "$needed" ]; then
    say "$library needs more than libc: $needed"
    failed=1
fi

# show_difference EXPECTED ACTUAL TEXT
show_difference() {
    local difference
    difference=$(diff <(printf '%s\n' "$1") <(printf '%s\n' "$2") | grep '^[<>]' || true)
    [ -n "$difference" ] || return 0
    say "$3"
    printf '%s\n' "$difference" >&2
    failed=1
}

undefined=$(nm -D --undefined-only "$library" | awk '{print $NF}' | sed 's/@.*//' | sort -u)
allowed=$(grep -vE '^(#|$)' "$root/scripts/preload_undefined.txt" | sort -u)
extra=$(comm -13 <(printf '%s\n' "$allowed") <(printf '%s\n' "$undefined"))
if [ -n "$extra" ]; then
    say "$library uses symbols that scripts/preload_undefined.txt does not list:"
    printf '%s\n' "$extra" >&2
    failed=1
fi

exported=$(nm -D --defined-only "$library" | awk '$2 != "A" {print $NF}' | sed 's/@.*//' | sort -u)
listed=$(sed -E 's/#.*//; s@/\*.*\*/@@g' "$root/preload/exports.map" |
    sed -n '/global:/,/local:/p' | grep -oE '[A-Za-z_][A-Za-z0-9_]*[ ]*;' | tr -d ' ;' | sort -u)
show_difference "$listed" "$exported" \
    "exports differ from preload/exports.map (< listed only, > exported only):"

# An exec'ed program may bring an older libc than the one we were built with: Debian 12 has 2.36.
newest=$(nm -D "$library" | sed -nE 's/.*@GLIBC_([0-9.]+)$/\1/p' | sort -V | tail -n 1)
if [ -n "$newest" ] && [ "$(printf '%s\n2.36\n' "$newest" | sort -V | tail -n 1)" != 2.36 ]; then
    say "$library needs glibc $newest; at most 2.36 is allowed"
    failed=1
fi
exit $failed
