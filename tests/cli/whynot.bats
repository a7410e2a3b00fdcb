#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# nptsim whynot: each way that it reports is tried by `run`, and so are the
# values beside it.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_DIRNAME/../.."
    nptsim=build/asan/nptsim
    seed=scenarios/seed/cbit-51-at-width-51.yaml
}

# fact NAME ARGS...: what `run` says of it.
fact() {
    local name=$1
    shift
    "$nptsim" run --json "$seed" "$@" 2>/dev/null | python3 -c "
import json, sys
print(json.dumps(json.load(sys.stdin)['facts']['$name']))"
}

# The reduced width must not be 51 with the C-bit on it: kvm-gating, section 5.
@test "the seed: the width, the reduction, the C-bit, or an older kernel" {
    run "$nptsim" whynot --json $seed kvm.sev_es=true
    echo "$output"
    [ "$status" -eq 0 ]
    python3 -c "
import json, sys
whole, *ways = [json.loads(line) for line in sys.stdin]
assert (whole['is'], whole['changes'], whole['stopped']) == ('false', 1, False), whole
way = {w['change'][0]['key']: w['change'][0]['values'] for w in ways}
assert way['cpu.set.phys_reduction'] == '2..20', way
assert way['cpu.set.cbit'] == '32..50, 52..63', way
assert way['cpu.set.maxphyaddr_raw'].endswith('..51'), way
kernels = way['kernel.model'].split(', ')
assert 'v5.18' in kernels and 'v5.19' in kernels and 'v6.1' not in kernels, way
assert all(w['reason'] for w in ways)" <<<"$output"
    [ "$(fact kvm.sev_es --set cpu.set.phys_reduction=1)" = false ]
    [ "$(fact kvm.sev_es --set cpu.set.phys_reduction=0)" = false ]
}

@test "every way that is reported can be pasted, and works" {
    "$nptsim" whynot --json $seed kvm.sev_es=true | python3 -c "
import json, sys
for line in list(sys.stdin)[1:]:
    print(json.loads(line)['nearest'])" >"$BATS_TEST_TMPDIR/ways"
    [ -s "$BATS_TEST_TMPDIR/ways" ]
    while read -r -a settings; do
        [ "$(fact kvm.sev_es "${settings[@]}")" = true ] ||
            { echo "${settings[*]} is no way"; return 1; }
    done <"$BATS_TEST_TMPDIR/ways"
}

@test "two changes where one is not enough" {
    run "$nptsim" whynot --json $seed kvm.sev_es=true --fix cpu --set kernel.params.sev_es=false
    echo "$output"
    [ "$status" -eq 0 ]
    python3 -c "
import json, sys
whole, *ways = [json.loads(line) for line in sys.stdin]
assert whole['changes'] == 2, whole
[way] = ways
assert [c['key'] for c in way['change']] == ['kernel.model', 'kernel.params.sev_es'], way" <<<"$output"
    [ "$(fact kvm.sev_es --set kernel.params.sev_es=true)" = false ]
    [ "$(fact kvm.sev_es --set kernel.params.sev_es=false --set kernel.model=v5.19)" = false ]
}

@test "the outcome of a step is lived through" {
    run "$nptsim" whynot $seed hpet.outcome=mmio.vc --max-changes 1
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *"hpet.outcome = skipped"*"there is no VM"* ]]
    [[ $output == *"cpu.set.phys_reduction: 2..20"*"--set cpu.set.phys_reduction=2"* ]]
    # Offered by an older kernel, and then a hang: no way.
    [[ $output != *"kernel.model"* ]]
}

@test "a wide range is sampled, and says so" {
    run "$nptsim" whynot scenarios/sev-es/asids-configured-out.yaml kvm.sev_es=true --max-changes 1
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *"cpu.set.min_sev_asid: 0, 2.."*"of a wide range, some were tried"* ]]
}

@test "no way is exit 1, and what is so already needs none" {
    run "$nptsim" whynot $seed kvm.sev_es=true --fix cpu.set --fix kernel.model --max-changes 1
    echo "$output"
    [ "$status" -eq 1 ]
    [[ $output == *"no way to true with one change"* ]]
    run "$nptsim" whynot $seed kvm.sev=true
    [ "$status" -eq 0 ]
    [[ $output == *"that is so already"* ]]
}

@test "the answer does not depend on the number of threads" {
    for jobs in 1 3; do
        "$nptsim" whynot $seed kvm.mmio_caching=true --jobs $jobs >"$BATS_TEST_TMPDIR/$jobs"
    done
    cmp "$BATS_TEST_TMPDIR/1" "$BATS_TEST_TMPDIR/3"
}

@test "mistakes of the command line and of the file" {
    run "$nptsim" whynot $seed
    [ "$status" -eq 2 ]
    run "$nptsim" whynot $seed kvm.sev_es
    [ "$status" -eq 2 ]
    run "$nptsim" whynot $seed kvm.sev_es=true --max-changes 4
    [ "$status" -eq 2 ]
    run "$nptsim" whynot $seed kvm.sev_es=true --fix cpu.set.cbitt
    [ "$status" -eq 2 ]
    [[ $output == *"did you mean 'cpu.set.cbit'?"* ]]
    run "$nptsim" whynot scenarios/seed/raw-52-any-cbit.yaml kvm.sev_es=true
    [ "$status" -eq 2 ]
    [[ $output == *"choose one: --set"* ]]
    run "$nptsim" whynot $seed kvm.sev_es=maybe
    [ "$status" -eq 65 ]
    [[ $output == *"'maybe' is not true or false"* ]]
    run "$nptsim" whynot $seed kvm.mmio_value=0xg
    [ "$status" -eq 65 ]
    run "$nptsim" whynot $seed kvm.sev_ess=true
    [ "$status" -eq 65 ]
    [[ $output == *"did you mean 'kvm.sev_es'?"* ]]
    run "$nptsim" whynot $seed hpet.outcome=mmio.vcc
    [ "$status" -eq 65 ]
    [[ $output == *"did you mean 'mmio.vc'?"* ]]
    run "$nptsim" whynot $seed hpet.npf=1
    [ "$status" -eq 65 ]
    run "$nptsim" whynot nowhere.yaml kvm.sev_es=true
    [ "$status" -eq 65 ]
}
