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

undefined=$(nm -D --undefined-only "$library" | awk '{print $NF}' | sed 's/@.*//' | sort -u)
allowed=$(grep -vE '^(#|$)' "$root/scripts/preload_undefined.txt" | sort -u)
extra=$(comm -13 <(printf '%s\n' "$allowed") <(printf '%s\n' "$undefined"))
if [ -n "$extra" ]; then
    say "$library uses symbols that scripts/preload_undefined.txt does not list:"
    printf '%s\n' "$extra" >&2
    failed=1
fi

# Names of the map, of which one may end in a star.
mapfile -t listed < <(sed 's/#.*//' "$root/preload/exports.map" | sed -n '/global:/,/local:/p' |
    grep -oE '[A-Za-z_][A-Za-z0-9_]*\*? *;' | tr -d ' ;')
mapfile -t exported < <(nm -D --defined-only "$library" | awk '{print $NF}' | sed 's/@.*//')
for name in "${exported[@]}"; do
    known=0
    for pattern in "${listed[@]}"; do
        # shellcheck disable=SC2053  # a pattern it is meant to be
        [[ $name != $pattern ]] || known=1
    done
    [ $known = 1 ] || { say "$library exports $name, which preload/exports.map does not list"; failed=1; }
done
for pattern in "${listed[@]}"; do
    found=0
    for name in "${exported[@]}"; do
        # shellcheck disable=SC2053
        [[ $name != $pattern ]] || found=1
    done
    [ $found = 1 ] || { say "$library does not export $pattern of preload/exports.map"; failed=1; }
done

# An exec'ed program may bring an older libc than the one we were built with: Debian 12 has 2.36.
newest=$(nm -D "$library" | sed -nE 's/.*@GLIBC_([0-9.]+)$/\1/p' | sort -V | tail -n 1)
if [ -n "$newest" ] && [ "$(printf '%s\n2.36\n' "$newest" | sort -V | tail -n 1)" != 2.36 ]; then
    say "$library needs glibc $newest; at most 2.36 is allowed"
    failed=1
fi
exit $failed
