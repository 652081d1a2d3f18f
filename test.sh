#!/usr/bin/env bash
# Sets up (setup.sh), builds everything and runs all tests; arguments go to ctest:
#
#   ./test.sh                 all tests
#   ./test.sh -L unit         those with a label; CONTRIBUTING.md lists the labels
#   ./test.sh -R import -V    those of a name, with their output
#
# The exit code is 1 when a test fails or none ran. As many tests run at once as there are processors, or as
# CTEST_PARALLEL_LEVEL says.

set -euo pipefail
root=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
cd -- "$root"
source .ci/phases.sh
log=build/test.log

# A line a test on a terminal and where the arguments ask for more; else what fails, and a sign of life now and then.
show() {
    if [ -t 1 ] || [ $# -gt 0 ]; then
        cat
        return
    fi
    local line shown=$SECONDS passed='^ *([0-9]+/[0-9]+) Test +#[0-9]+: .* Passed '
    while IFS= read -r line; do
        if [[ $line =~ $passed ]]; then
            [ $((SECONDS - shown)) -ge 30 ] || continue
            say tests "... [${BASH_REMATCH[1]}]"
            shown=$SECONDS
        elif ! [[ $line =~ ^\ +Start\ +[0-9]+: ]]; then
            printf '%s\n' "$line"
        fi
    done
}

./setup.sh --test
jobs=${CTEST_PARALLEL_LEVEL:-$(nproc)}
start=$SECONDS
status=0
.venv/bin/ctest --test-dir build/release -j "$jobs" --output-on-failure --no-tests=error "$@" </dev/null 2>&1 |
    tee "$log" | show "$@" || status=$?

echo
case " $* " in
    *" -N "* | *" --show-only"* | *" --print-labels "*) exit "$status" ;;
esac
summary=$(sed -n 's/^\([0-9]*%\) tests passed, \([0-9]*\) tests failed out of \([0-9]*\)$/\3 run, \2 failed/p' "$log")
say tests "${summary:-none ran}, $((SECONDS - start)) s ($log)"
[ "$status" -eq 0 ] && [ -n "$summary" ] && [ "${summary#0 run}" = "$summary" ]
