#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# KVM asks for every flush that it needs: with a TLB as large as the part's, and
# with one that forgets nothing by itself, every scenario ends as without any.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_DIRNAME/../.."
    nptsim=build/asan/nptsim
}

every_scenario_with() { # mode
    local file status=0
    while read -r file; do
        "$nptsim" run --set "cpu.set.tlb.mode=$1" "$file" >"$BATS_TEST_TMPDIR/out" 2>&1 && continue
        tail -20 "$BATS_TEST_TMPDIR/out"
        status=1
    done < <(find scenarios -name '*.yaml' | grep -v '^scenarios/tlb/' | sort)
    return $status
}

@test "every scenario passes with the part's own TLB" {
    every_scenario_with on
}
@test "every scenario passes with a TLB that forgets nothing by itself" {
    every_scenario_with adversarial
}
@test "an unknown mode is refused with those that exist" {
    run "$nptsim" run --set cpu.set.tlb.mode=endless scenarios/lessons/01-memory.yaml
    [ "$status" -ne 0 ]
    [[ $output == *"'endless' is not one of off, on, adversarial"* ]]
}
