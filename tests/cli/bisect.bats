#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# nptsim bisect: the story of the seed, release by release. Commits and kernels:
# the series "KVM: SVM: Disable SEV-ES support if MMIO caching is disable".

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_DIRNAME/../.."
    nptsim=build/asan/nptsim
    seed=scenarios/seed/cbit-51-at-width-51.yaml
}

@test "SEV-ES without MMIO caching: offered until 6.0, by the gate" {
    run "$nptsim" bisect $seed kvm.sev_es
    echo "$output"
    [ "$status" -eq 1 ]
    [[ $output == *"first changed in v6.0: true -> false"*"sev_es_gates.mmio_caching: added"*"0c29397ac1fd"* ]]
    [[ $output == *"apart"*"v6.1.192"*"false"*"stable, extends v6.1"* ]]
}

@test "the outcome of a step: a hang that became a refusal" {
    run "$nptsim" bisect $seed hpet.outcome
    [ "$status" -eq 1 ]
    [[ $output == *"first changed in v6.0: hang -> skipped"* ]]
}

@test "a regression and its fix are two changes" {
    run "$nptsim" bisect --json scenarios/seed/fifty-two-bits-recovered-v6.0.yaml kvm.mmio_value
    echo "$output"
    [ "$status" -eq 1 ]
    python3 -c "
import json, sys
turns = [json.loads(line) for line in sys.stdin]
changed = {t['kernel']: t for t in turns if t['changed']}
assert list(changed)[-2:] == ['v5.19', 'v6.0'], list(changed)
assert changed['v5.19']['value'] == '0x0' and changed['v6.0']['value'] != '0x0'
assert '8b9e74bfbf8c' in changed['v5.19']['explanations'][0][0]['because']
assert 'c3e0c8c2e8b1' in changed['v6.0']['explanations'][0][0]['because']" <<<"$output"
}

@test "what never changed is exit 0" {
    run "$nptsim" bisect $seed cpu.width
    [ "$status" -eq 0 ]
    [[ $output == *"never changed from release to release"* ]]
}

@test "a matrix must come down to one machine, but for its kernels" {
    run "$nptsim" bisect scenarios/seed/raw-52-any-cbit.yaml kvm.sev_es
    [ "$status" -eq 2 ]
    [[ $output == *"has 32 points; choose one: --set cpu.set.cbit=..."* ]]
    run "$nptsim" bisect scenarios/seed/raw-52-any-cbit.yaml kvm.sev_es --set cpu.set.cbit=40
    [ "$status" -eq 1 ]
}

@test "mistakes of the command line and of the file" {
    run "$nptsim" bisect $seed
    [ "$status" -eq 2 ]
    run "$nptsim" bisect $seed kvm.sev_ess
    [ "$status" -eq 65 ]
    [[ $output == *"unknown fact 'kvm.sev_ess'"*"did you mean 'kvm.sev_es'?"* ]]
    run "$nptsim" bisect nowhere.yaml kvm.sev_es
    [ "$status" -eq 65 ]
    run "$nptsim" bisect $seed kvm.sev_es --set cpu.set.cbit=99
    [ "$status" -eq 65 ]
}
