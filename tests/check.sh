#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Every test of the default set; the last line is "N passed, N failed, N
# skipped". Arguments: the unit test programs.
passed=0 failed=0 skipped=0
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
trap 'trap "" TERM; kill 0; exit 130' INT TERM
cores=$(nproc)

# Start a suite. As many run at once as there are cores.
names=()
suite() { # name, command...
    local n=${#names[@]}
    names+=("$1")
    shift
    while [ "$(jobs -rp | wc -l)" -ge "$cores" ]; do
        wait -n
        tell
    done
    { "$@" >"$dir/$n" 2>&1; echo $? >"$dir/$n.status"; } &
}
# What has ended, in the order in which it was named, up to the first that runs.
told=0
tell() {
    while [ -s "$dir/$told.status" ]; do
        count "${names[told]}" "$dir/$told" "$(<"$dir/$told.status")"
        told=$((told + 1))
    done
}
# Count "ok ..." and "not ok ..." lines; a suite that ends badly without
# having said "not ok" counts as one failure.
count() { # name, output, status
    local ok bad skip
    ok=$(grep -cE '^ok ' "$2")
    skip=$(grep -cE '^ok .*# (skip|SKIP)' "$2")
    bad=$(grep -cE '^not ok ' "$2")
    if [ "$3" -ne 0 ] && [ "$bad" -eq 0 ]; then
        bad=1
    fi
    printf '\n== %s\n' "$1"
    [ "$bad" -eq 0 ] || cat "$2"
    printf '%s: %d passed, %d failed, %d skipped\n' "$1" $((ok - skip)) \
        "$bad" "$skip"
    grep -E '^ok .*# SKIP|^# oracle:' "$2"
    passed=$((passed + ok - skip)) failed=$((failed + bad))
    skipped=$((skipped + skip))
}

# A minute, for Check's four seconds are soon over when suites run side by side.
unit_tests() {
    local t out line status=0
    for t in "$@"; do
        out=$(CK_VERBOSITY=minimal CK_DEFAULT_TIMEOUT=60 "$t" 2>&1) || status=1
        line=$(grep -E '^[0-9]+%: Checks' <<<"$out" | tail -1)
        if [[ $line =~ Checks:\ ([0-9]+),\ Failures:\ ([0-9]+),\ Errors:\ ([0-9]+) ]]; then
            local bad=$((BASH_REMATCH[2] + BASH_REMATCH[3])) n
            for ((n = bad; n < BASH_REMATCH[1]; n++)); do echo "ok ${t##*/}"; done
            for ((n = 0; n < bad; n++)); do echo "not ok ${t##*/}"; done
            sed -n 's/^skipped: /ok - # SKIP /p' <<<"$out"
            [ "$bad" -eq 0 ] || printf '%s\n' "$out"
        else
            printf '%s\nnot ok %s did not finish\n' "$out" "$t"
        fi
    done
    return $status
}
walls() {
    if bash tests/layers.sh build/opt; then
        echo "ok tests/layers.sh"
    else
        echo "not ok tests/layers.sh"
    fi
    bash tests/layers_negative.sh
}

# The long ones first.
suite "command line: sweep" bats --tap tests/cli/sweep.bats
for folder in $(printf '%s\n' "$@" | xargs -n 1 dirname | sort -u); do
    programs=()
    for t in "$@"; do
        [ "${t%/*}" != "$folder" ] || programs+=("$t")
    done
    suite "unit tests, with sanitizers: ${folder##*/}" \
        unit_tests "${programs[@]}"
done
for t in tests/cli/*.bats; do
    name=$(basename "$t" .bats)
    [ "$name" = sweep ] || suite "command line: $name" bats --tap "$t"
done
suite "QEMU's answers" bash tests/differential/run.sh build/differential 170
suite "the judge of QEMU's answers" bats --tap tests/differential
suite "a kernel's own text against its model" tests/kernel/differential.sh build
suite "random walks against the oracle, with sanitizers" \
    build/asan/oracle check 1000000
suite "scenarios, with sanitizers" \
    build/asan/nptsim test --format ktap scenarios
suite "golden tables" bash tests/cli/golden.sh
suite "walls" walls
suite "style" bash tests/style.sh
wait
tell
# Some of these look at the tree that the comparison with it has unpacked.
suite "a kernel's own text: taking it" bats --tap tests/kernel
wait
tell

printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ]
