# Shared by the scripts of this folder; to be sourced. Sets root, the folder of the project.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
# shellcheck disable=SC2034  # used by those who source this
build_dir=$root/build

say() { printf 'heapdrift: %s\n' "$*" >&2; }
die() {
    say "$*"
    exit 1
}

# build_step NAME COMMAND…: runs it quietly; its output is kept, and shown when it fails.
build_step() {
    local name=$1 log=$build_dir/$1.log
    shift
    if ! "$@" >"$log" 2>&1; then
        tail -n 40 "$log" >&2
        die "$name failed; the whole output is in $log"
    fi
}

# configure [CMAKE_ARGUMENT…]: always with the same generator, and with ccache where it is there.
configure() {
    local launcher=()
    if command -v ccache >/dev/null; then
        launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
    fi
    build_step configure cmake -S "$root" -B "$build_dir" -G Ninja "${launcher[@]}" "$@"
}

# One build at a time: two first uses at once would write the same files.
lock_build() {
    mkdir -p "$build_dir" || die "cannot create $build_dir, where heapdrift is built"
    exec 9>"$build_dir/.lock"
    if ! flock -n 9; then
        say "waiting for another build in $build_dir"
        flock 9
    fi
}
# The lock must not be held by the programs that are started afterwards.
unlock_build() { exec 9>&-; }

# newer_than STAMP PATH…: whether the stamp is missing, or something below the paths changed since.
newer_than() {
    local stamp=$1
    shift
    [ ! -e "$stamp" ] || [ -n "$(find "$@" -newer "$stamp" -print -quit)" ]
}
