#!/usr/bin/env bash
# Makes the .deb, looks into it, and uses heapdrift from its unpacked content.
# Usage: check_package.sh BUILD_DIRECTORY
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

cpack --config "$1/CPackConfig.cmake" -G DEB -B "$work/package" >"$work/cpack.log" 2>&1 ||
    fail "cpack: $(cat "$work/cpack.log")"
packages=("$work"/package/*.deb)
[ ${#packages[@]} = 1 ] || fail "expected one package: ${packages[*]}"
package=${packages[0]}

depends=$(dpkg-deb --field "$package" Depends)
for library in libc6 libdw1 libelf1 libfmt9 libzstd1; do
    [[ $depends == *"$library"* ]] || fail "the package does not depend on $library: $depends"
done
content=$(dpkg-deb --contents "$package" | awk '$1 !~ /^d/ {print $6}')
for file in bin/heapdrift include/heapdrift.h share/man/man1/heapdrift.1 \
    share/man/man1/heapdrift-report.1 share/bash-completion/completions/heapdrift \
    share/zsh/vendor-completions/_heapdrift share/fish/vendor_completions.d/heapdrift.fish; do
    grep -qxF "./usr/$file" <<<"$content" || fail "./usr/$file is not in the package: $content"
done
[ "$(grep -c '/heapdrift/libheapdrift_preload\.so$' <<<"$content")" = 1 ] ||
    fail "the recorder is not in the package: $content"

dpkg-deb --extract "$package" "$work/unpacked"
records_with "$work/unpacked/usr/bin/heapdrift"
