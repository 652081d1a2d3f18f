# shellcheck shell=bash disable=SC2154
# For setup.sh, quickstart.sh and test.sh, which source it: one line a phase, its noise in $log, which they set.

# Nothing of another Python environment, active or set for all of Python or pip, reaches this one.
unset VIRTUAL_ENV PYTHONHOME PYTHONPATH PIP_TARGET PIP_PREFIX PIP_USER PIP_REQUIREMENT

say() { printf '%-12s  %s\n' "$1" "$2"; }

fail() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# Shows the last "[done/total]" of the log until it is killed: live on a terminal, else once a minute, so
# that no watchdog takes the run for dead.
_watch() {
    local seconds=0 period=60 state before=""
    [ -t 1 ] && period=1
    while sleep 1 >/dev/null 2>&1; do
        seconds=$((seconds + 1))
        [ $((seconds % period)) -eq 0 ] || continue
        state=$(tail -n 1 "$log" | sed -n 's/^\(\[[0-9]*\/[0-9]*\]\).*/\1/p')
        state=${state:-$before}
        before=$state
        if [ -t 1 ]; then
            printf '\r%-12s  %s %s s' "$1" "$state" "$seconds"
        else
            say "$1" "... $state"
        fi
    done
}

# phase NAME COMMAND...: runs the command without input and with its output in the log; `phase_seconds` is
# then the time it took. A failure shows the end of the log and ends the script.
phase() {
    local name=$1 start=$SECONDS first status=0 watcher
    shift
    first=$(($(wc -l <"$log") + 1))
    printf '== %s: %s\n' "$name" "$*" >>"$log"
    _watch "$name" &
    watcher=$!
    trap '_end_watch '"$watcher" EXIT
    "$@" </dev/null >>"$log" 2>&1 || status=$?
    _end_watch "$watcher"
    trap - EXIT
    # shellcheck disable=SC2034
    phase_seconds=$((SECONDS - start))
    [ "$status" -eq 0 ] && return
    printf '%s: %s failed (exit code %s). The last lines of %s:\n\n' "${0##*/}" "$name" "$status" "$log" >&2
    tail -n +"$first" "$log" | tail -n 30 >&2
    exit 1
}

_end_watch() {
    kill "$1" 2>/dev/null || return 0
    wait "$1" 2>/dev/null || true
    [ -t 1 ] && printf '\r%60s\r' ""
    return 0
}
