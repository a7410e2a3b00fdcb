#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Every test of the default set, one suite after the other; the last line is
# "N passed, N failed, N skipped". Arguments: the unit test programs.
passed=0 failed=0 skipped=0

suite() {
    printf '\n== %s\n' "$1"
}
# Count "ok ..." and "not ok ..." lines; a suite that ends badly without
# having said "not ok" counts as one failure.
tap() { # name, command...
    local name=$1 out status ok bad skip
    shift
    suite "$name"
    out=$("$@" 2>&1)
    status=$?
    ok=$(grep -cE '^ok ' <<<"$out")
    skip=$(grep -cE '^ok .*# (skip|SKIP)' <<<"$out")
    bad=$(grep -cE '^not ok ' <<<"$out")
    if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
        bad=1
    fi
    if [ "$bad" -ne 0 ]; then
        printf '%s\n' "$out"
    fi
    printf '%s: %d passed, %d failed, %d skipped\n' "$name" $((ok - skip)) \
        "$bad" "$skip"
    grep -E '^ok .*# SKIP|^# oracle:' <<<"$out"
    passed=$((passed + ok - skip)) failed=$((failed + bad))
    skipped=$((skipped + skip))
}
# A command that passes or fails as a whole.
whole() { # name, command...
    local name=$1 out
    shift
    if out=$("$@" 2>&1); then
        printf 'ok %s\n' "$name"
    else
        printf '%s\nnot ok %s\n' "$out" "$name"
        return 1
    fi
}
unit_tests() {
    local t out line status=0
    for t in "$@"; do
        out=$(CK_VERBOSITY=minimal "$t" 2>&1) || status=1
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
scenarios() {
    local out status
    out=$(build/asan/nptsim test --format ktap scenarios)
    status=$?
    printf '%s\n' "$out"
    return $status
}

tap "walls" bash -c '
    whole() { out=$(bash "$@" 2>&1) && echo "ok $*" || { echo "$out"; echo "not ok $*"; }; }
    whole tests/layers.sh build/opt
    bash tests/layers_negative.sh'
tap "style" bash tests/style.sh
tap "unit tests, with sanitizers" unit_tests "$@"
tap "random walks against the oracle, with sanitizers" \
    build/asan/oracle check 1000000
tap "scenarios, with sanitizers" scenarios
tap "golden tables" bash tests/cli/golden.sh
tap "command line" bats --tap tests/cli
tap "the judge of QEMU's answers" bats --tap tests/differential
tap "QEMU's answers" bash tests/differential/run.sh build/differential 170
tap "a kernel's own text against its model" tests/kernel/differential.sh build
tap "a kernel's own text: taking it" bats --tap tests/kernel

printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ]
