# Shared by the checks of this folder; to be sourced.
# shellcheck shell=bash

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    printf 'FAILED: %s\n' "$*" >&2
    exit 1
}

# records_with COMMAND: records a program with this heapdrift, far away from any build tree.
records_with() {
    local command=$1
    (
        cd "$work" || exit 1
        "$command" run --keep-all -o recorded.heapdrift -- /bin/true 2>stderr ||
            fail "$command run: exit $?: $(cat stderr)"
        [ -s recorded.heapdrift ] || fail "$command run left no recording: $(cat stderr)"
        "$command" report recorded.heapdrift >stdout || fail "$command report: exit $?"
        [ -s stdout ] || fail "$command report printed nothing"
        rm recorded.heapdrift
    )
}
