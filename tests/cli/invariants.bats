#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Invariants in every run: told when violated, claimed by `expect`, in --json.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_DIRNAME/../.."
    nptsim=build/asan/nptsim
    hang=scenarios/seed/raw-51-without-reduction.yaml
    mine=$BATS_TEST_TMPDIR/mine.yaml
}

@test "a violated invariant is told and fails nothing" {
    run "$nptsim" run "$hang"
    [ "$status" -eq 0 ]
    [[ $output == *"[ WARN ] invariant no-hang violated"*"nothing will ever change"* ]]
    [[ $output == *"[ WARN ] invariant sev-es-can-mmio violated"* ]]
    [[ ${lines[-1]} =~ ^[0-9]+\ passed,\ 0\ failed ]]
    run "$nptsim" test "$hang"
    [ "$status" -eq 0 ]
    [[ ${lines[0]} == *"violated: sev-es-can-mmio, no-hang" ]]
}
@test "an expectation about an invariant is judged, and then nothing else is told" {
    run "$nptsim" run scenarios/seed/cbit-51-at-width-51-v5.19.yaml
    [ "$status" -eq 0 ]
    [[ $output == *"[ PASS ] invariant no-hang = violated"* ]]
    [[ $output != *WARN* ]]
    sed 's/no-hang: violated/no-hang: holds/; s/^name:.*/name: mine/' \
        scenarios/seed/cbit-51-at-width-51-v5.19.yaml >"$mine"
    run "$nptsim" run "$mine"
    [ "$status" -eq 1 ]
    [[ $output == *"[ FAIL ] invariant no-hang = holds"*"got violated"*"mine.yaml:"* ]]
}
@test "--json has all of them" {
    "$nptsim" run --json "$hang" 2>/dev/null | python3 -c '
import json, sys
for line in sys.stdin:
    inv = json.loads(line)["invariants"]
    assert len(inv) == 7, inv
    assert inv["no-leak"]["state"] in ("holds", "untested"), inv
    assert inv["no-stale-tlb"]["state"] == "untested", inv'
}
@test "an unknown invariant or state is an error with its place" {
    sed 's/no-hang: violated/no-hangs: violated/; s/^name:.*/name: mine/' \
        scenarios/seed/cbit-51-at-width-51-v5.19.yaml >"$mine"
    run "$nptsim" run "$mine"
    [ "$status" -eq 65 ]
    [[ $output == *"unknown invariant 'no-hangs'"*"did you mean 'no-hang'"* ]]
    sed 's/no-hang: violated/no-hang: broken/; s/^name:.*/name: mine/' \
        scenarios/seed/cbit-51-at-width-51-v5.19.yaml >"$mine"
    run "$nptsim" run "$mine"
    [ "$status" -eq 65 ]
    [[ $output == *"mine.yaml:"*violated* ]]
}
@test "list invariants names every one" {
    run "$nptsim" list invariants
    [ "$status" -eq 0 ]
    [ "${#lines[@]}" -eq 7 ]
}
