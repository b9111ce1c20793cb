#!/usr/bin/env bash
# Installs to a prefix of its own and uses heapdrift from there.
# Usage: check_install.sh BUILD_DIRECTORY
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

cmake --install "$1" --prefix "$work/prefix" >"$work/install.log"
[ -f "$work/prefix/include/heapdrift.h" ] || fail "include/heapdrift.h is not installed"
for file in man/man1/heapdrift.1 bash-completion/completions/heapdrift \
    zsh/site-functions/_heapdrift fish/vendor_completions.d/heapdrift.fish; do
    [ -s "$work/prefix/share/$file" ] || fail "share/$file is not installed"
done
MANPATH=$work/prefix/share/man man heapdrift-report >"$work/page" || fail "man heapdrift-report"
grep -q -- --group-by "$work/page" || fail "the manual page of report does not name its options"
[ -f "$work/prefix/include/heapdrift_gtest.h" ] || fail "include/heapdrift_gtest.h is not installed"
find "$work/prefix" -path '*/cmake/heapdrift/heapdrift-config.cmake' | grep -q . ||
    fail "heapdrift-config.cmake is not installed"
records_with "$work/prefix/bin/heapdrift"

# A prefix may be moved, and reached through a link.
mv "$work/prefix" "$work/moved place"
ln -s "$work/moved place/bin/heapdrift" "$work/linked"
records_with "$work/linked"
