#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Scenarios without a kernel, and the commands that are about kernels.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_DIRNAME/../.."
    nptsim=build/asan/nptsim
    gmet=scenarios/bare/knob-gmet-user-page.yaml
    pin=cpu.set.knobs.gmet_user_u0=allowed
}

@test "every knob of the CPU has a scenario that turns it" {
    knobs=$("$nptsim" list fields | grep -o 'cpu\.set\.knobs\.[a-z0-9_]*' | sort -u)
    [ -n "$knobs" ]
    for k in $knobs; do
        grep -rqF "$k:" scenarios || { echo "$k"; return 1; }
    done
}
@test "the title names the hypervisor" {
    run "$nptsim" run $gmet
    [ "$status" -eq 0 ]
    [[ ${lines[0]} == *"   bare hypervisor   vm plain   ["* ]]
}
@test "explain tells of a hypervisor, and of no KVM" {
    for f in scenarios/bare/*.yaml; do
        run "$nptsim" explain "$f"
        [ "$status" -eq 0 ]
        [[ $output == *"There is no kernel here"* ]]
        # Whys may speak of KVM, the story may not.
        ! grep -E '^ +[0-9]+\. .*(KVM|[Uu]serspace)' <<<"$output"
    done
}
@test "a fault that nobody mends is told with its reason" {
    run "$nptsim" explain scenarios/bare/nx-without-nxe-is-reserved.yaml --set bare.host.nxe=false
    echo "$output"
    [[ $output == *"goes from 0x200007 (P W U) to 0x8000000000200007 (P W U NX)"* ]]
    [[ $output == *"with code 0x10000000d"* ]]
    [[ $output == *"nobody does anything about it"* ]]
    [[ $output == *"=> The step ends: npf"* ]]
}
@test "walk draws a guest of three levels under a host of two" {
    run "$nptsim" walk scenarios/bare/nested-tables-have-the-hosts-format.yaml#hole --refs \
        --set bare.host.paging=32-bit --set guest.paging=pae
    echo "$output"
    [ "$status" -eq 0 ]
    # Two guest entries (a 2 MiB page), two nested ones for each and for the access.
    [ "$(grep -c npt <<<"$output")" -eq 6 ]
    [ "$(grep -c gpt <<<"$output")" -eq 2 ]
}
@test "settings reach the hypervisor" {
    run "$nptsim" run scenarios/bare/the-first-entry-meets-the-fault.yaml --set bare.host.paging=5-level \
        --set cpu.model=turin
    echo "$output"
    [ "$status" -eq 0 ]
}
@test "commands about kernels refuse, or pass over" {
    run "$nptsim" bisect $gmet call.outcome --set $pin
    [ "$status" -eq 65 ]
    [[ $output == *"no kernel on bare hardware"* ]]
    run "$nptsim" whynot $gmet kvm.sev=true --set $pin
    [ "$status" -eq 65 ]
    [[ $output == *"no KVM on bare hardware"* ]]
    run "$nptsim" run $gmet --set kernel.model=v6.0
    [ "$status" -eq 65 ]
    [[ $output == *"kernel and bare at once"* ]]
    run "$nptsim" diff v5.19 v6.0 --over scenarios/bare
    [ "$status" -eq 0 ]
    [[ $output == *"0 of 0 runs"* ]]
}
@test "whynot turns the hypervisor's settings and the CPU's knobs" {
    run "$nptsim" whynot $gmet call.outcome=npf --set $pin
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *"cpu.set.knobs.gmet_user_u0: faults"* ]]
    run "$nptsim" whynot scenarios/bare/nx-without-nxe-is-reserved.yaml read.outcome=npf --set bare.host.nxe=true
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *"bare.host.nxe: false"* ]]
}
@test "a sweep over hosts is resumed like any other" {
    out=$BATS_TEST_TMPDIR/out
    "$nptsim" sweep scenarios/bare/nested-tables-have-the-hosts-format.yaml --out "$out"
    run "$nptsim" sweep map "$out" --fact hole.outcome
    [[ $output == *"npf             20"* ]]
}
@test "a scenario cut anywhere is refused, or good" {
    cp scenarios/bare/lowering-needs-a-flush.yaml "$BATS_TEST_TMPDIR/whole"
    f=$BATS_TEST_TMPDIR/lowering-needs-a-flush.yaml
    size=$(stat -c %s "$BATS_TEST_TMPDIR/whole")
    for ((n = 0; n < size; n += 11)); do
        head -c "$n" "$BATS_TEST_TMPDIR/whole" >"$f"
        run timeout 20 "$nptsim" lint "$f"
        [ "$status" -eq 65 ] || [ "$status" -eq 0 ] || {
            echo "cut at $n: $output"
            return 1
        }
    done
}
@test "two thousand machines do what the manual says of one page" {
    python3 tests/cli/bare_grid.py "$BATS_TEST_TMPDIR" 2000 1
    run "$nptsim" test "$BATS_TEST_TMPDIR"
    [ "$status" -eq 0 ] || { grep -v PASS <<<"$output"; return 1; }
    [[ ${lines[-1]} == *" passed, 0 failed, 0 skipped" ]]
    [ "${lines[-1]%% *}" -gt 4000 ]
}
