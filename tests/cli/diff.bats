#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# nptsim diff. The numbers of rows that differ were counted in tables that the
# kernels' own functions filled (tests/data/golden/ holds samples of them).

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_DIRNAME/../.."
    nptsim=build/nptsim
    # What those tables have beside the inputs, without the text of log lines.
    golden=shadow_phys_bits,x86_phys_bits,value_at_reset,caching_at_reset
    golden+=,shadow_mmio_value,shadow_mmio_mask,enable_mmio_caching
    golden+=,sev_enabled,sev_es_enabled,cap_sev,cap_sev_es,warn_count
}

# json PAIR...: what `diff --json` prints, for a line of Python over `whole` and
# `groups`, which prints what does not fit.
json() { # ARGS... -- PYTHON
    local args=()
    while [ "$1" != -- ]; do args+=("$1"); shift; done
    run "$nptsim" diff --json "${args[@]}"
    [ "$status" -le 1 ] || { echo "$output"; return 1; }
    python3 -c "
import json, sys
whole, *groups = [json.loads(line) for line in sys.stdin]
assert whole['groups'] == len(groups)
$2" <<<"$output"
}

@test "5.18 to 5.19: 72,320 of 2,437,120 rows, 15,280 of them lose a value" {
    json v5.18 v5.19 -- "
assert whole['compared'] == 2437120 and whole['differ'] == 72320, whole
lost = [g for g in groups if {'what': 'shadow_mmio_value', 'from': 'set', 'to': '0'} in g['changes']]
assert [g['count'] for g in lost] == [15280], lost
assert sum(g['count'] for g in groups) == 72320
for g in groups:
    for c in g['causes']:
        [[d]] = c['explanations']
        assert d['decision'] == 'slots.mmio_flag' and '8b9e74bfbf8c' in d['because'], d"
}

@test "5.19 to 6.0: 191 geometries regain caching, 34 lose SEV-ES" {
    json v5.19 v6.0 -- "
assert whole['differ'] == 26806 and whole['differ_in_log'] == 0, whole
regained, refused = groups
assert regained['count'] == 15280 and refused['count'] == 11526
[c] = regained['causes']
[p] = c['places']
assert (p['n'], p['text']) == (191, '(52,1..6,*) minus (52,1,51)'), p
assert 'c3e0c8c2e8b1' in c['explanations'][0][0]['because']
wide, narrow = refused['causes']
assert all('0c29397ac1fd' in d['because'] for c in refused['causes'] for s in c['explanations'] for d in s)
# mmio_caching=0 everywhere, and 33 + 1 geometries.
by_param, by_hardware = wide['places']
assert (by_param['when'], by_param['count']) == ('p_mmio_caching=0', 11424), by_param
assert (by_hardware['n'], by_hardware['text']) == (33, '(52,0,*), (52,1,51)'), by_hardware
[p] = narrow['places']
assert (p['n'], p['text']) == (1, '(51,0,51)'), p
# There the reset still finds a bit, so the gate must come after the mask.
assert [d['decision'] for d in narrow['explanations'][0]] == ['setup_order', 'sev_es_gates.mmio_caching']"
}

@test "6.0 to 6.1: nothing, which is exit 0" {
    run "$nptsim" diff v6.0 v6.1
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == "v6.0 -> v6.1: 0 of 2,437,120 configurations differ"* ]]
}

@test "6.1 to 6.1.192: 913,920 rows, in log text alone" {
    json v6.1 v6.1.192 -- "
assert (whole['differ'], whole['differ_in_log']) == (0, 913920), whole
assert all(g['log'] for g in groups)
assert all('6d1bc9754b04' in s[0]['because'] for g in groups for c in g['causes'] for s in c['explanations'])"
    # Whoever asks for outcomes is not told of log lines.
    run "$nptsim" diff v6.1 v6.1.192 --columns "$golden"
    [ "$status" -eq 0 ]
}

@test "6.12.107 to 7.3: log text of 582,726 rows, no outcome of the tables" {
    json v6.12.107 v7.3 --columns "$golden,sev_log,sev_es_log" -- "
assert whole['differ'] == 582726, whole
assert all([c['what'] for c in g['changes']] == ['sev_es_log'] for g in groups)"
}

@test "the answer does not depend on the number of threads" {
    narrow="--axis raw_maxphyaddr=50..52 --axis asids=1-15"
    "$nptsim" diff v5.18 v6.0 $narrow --jobs 1 >"$BATS_TEST_TMPDIR/a" || [ $? -eq 1 ]
    "$nptsim" diff v5.18 v6.0 $narrow --jobs 3 >"$BATS_TEST_TMPDIR/b" || [ $? -eq 1 ]
    grep -q 'slots.mmio_flag' "$BATS_TEST_TMPDIR/a"
    cmp "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/b"
}

@test "a tree's own functions against a model: what differs, with an example" {
    command -v ctags >/dev/null || skip "no ctags (Debian: universal-ctags)"
    tests/kernel/mini.sh "$BATS_TEST_TMPDIR/tree"
    tests/kernel/build.py "$BATS_TEST_TMPDIR/tree" "$BATS_TEST_TMPDIR/lib.so" \
        "$BATS_TEST_TMPDIR"
    # That tree's MMIO value is bit 50 alone, whatever the CPU.
    json v6.1 --text "$BATS_TEST_TMPDIR/lib.so" --columns shadow_mmio_value -- "
assert whole['to'] == 'text of 9.8.7-mini' and whole['differ'] > 0, whole
assert all(c['explanations'] == [] and c['example'] for g in groups for c in g['causes'])"
    run "$nptsim" diff v6.1 --text Makefile
    [ "$status" -eq 65 ]
    [[ $output == *"not a shared object"* ]]
    run "$nptsim" diff v6.1 v6.0 --text "$BATS_TEST_TMPDIR/lib.so"
    [ "$status" -eq 2 ]
}

@test "Markdown names the commit of each group" {
    run "$nptsim" diff v5.19 v6.0 --markdown --axis raw_maxphyaddr=51,52
    [ "$status" -eq 1 ]
    [[ ${lines[0]} == "### v5.19 -> v6.0" ]]
    # 3 usable ASID ranges: 34 geometries, and 448 with mmio_caching=0.
    [[ $output == *"**sev_es_enabled 1 -> 0, cap_sev_es 1 -> 0**: 1,446"* ]]
    [[ $output == *'`sev_es_gates.mmio_caching: added`: 0c29397ac1fd'* ]]
}

@test "scenarios under both kernels: runs, outcomes, commits" {
    json v5.19 v6.0 --over scenarios/seed -- "
assert whole['differ'] > 0 and whole['over'].endswith('scenarios'), whole
assert sum(g['count'] for g in groups) == whole['differ']
refused = [g for g in groups if {'what': 'hpet.outcome', 'from': 'hang', 'to': 'skipped'} in g['changes']]
assert refused and all('0c29397ac1fd' in d['because'] for g in refused for c in g['causes'] for s in c['explanations'] for d in s)
# A CPU of 51 bits needs the new order, too.
assert any(len(c['explanations'][0]) == 2 and 'raw-51-without-reduction' in c['places'][0]['text'] for g in refused for c in g['causes'])
regained = [g for g in groups if {'what': 'hpet.outcome', 'from': 'hang', 'to': 'mmio.vc'} in g['changes']]
assert regained and all(c['explanations'][0][0]['decision'] == 'slots.mmio_flag' for g in regained for c in g['causes'])"
    json v5.19 v6.0 --over scenarios/seed --facts outcome,kvm.sev_es -- "
assert {c['what'].split('.')[-1] for g in groups for c in g['changes']} == {'outcome', 'sev_es'}, groups"
    run "$nptsim" diff v6.0 v6.1 --over scenarios/mmio
    [ "$status" -eq 0 ]
}

@test "runs of a matrix: each has the decisions that it needs, on any number of cores" {
    # Caching is lost in (51,0,51), where v5.19 decides before the masks are
    # final, and in (52,0,*), (52,1,51), where it knows and lets SEV-ES be.
    json v5.19 v6.0 --over scenarios/sweep -- "
refused = [g for g in groups if {'what': 'hpet.outcome', 'from': 'hang', 'to': 'skipped'} in g['changes']]
needs = sorted((len(c['explanations'][0]), c['count']) for g in refused for c in g['causes'])
assert needs == [(1, 33), (2, 1)], needs"
    "$nptsim" diff v5.11 v7.3 --over scenarios/sweep --jobs 1 >"$BATS_TEST_TMPDIR/one" || true
    "$nptsim" diff v5.11 v7.3 --over scenarios/sweep --jobs 5 >"$BATS_TEST_TMPDIR/five" || true
    [ -s "$BATS_TEST_TMPDIR/one" ]
    cmp "$BATS_TEST_TMPDIR/one" "$BATS_TEST_TMPDIR/five"
}

@test "axes: a wider space, a narrower one, one point" {
    # From facts: the reduced width is 51 or more only for reductions 0 and 1.
    json v5.19 v6.0 --axis raw_maxphyaddr=52 --axis pa_reduction=0..16 --axis asids=5-15 \
        --axis p_mmio_caching=1 --columns sev_es_enabled -- "
[g] = groups
[p] = [p for c in g['causes'] for p in c['places']]
assert p['text'] == '(0,*), (1,51)', p"
    json v5.19 v6.0 --axis raw_maxphyaddr=52 --axis pa_reduction=0 --axis cbit=51 --axis asids=5-15 \
        --columns sev_es_enabled -- "assert whole['compared'] == 128 and whole['place'] == '', whole"
    run "$nptsim" diff v6.0 v6.1 --axis pa_reduction=0..99
    [ "$status" -eq 2 ]
    run "$nptsim" diff v6.0 v6.1 --axis min_asid=0..4000 --axis max_asid=0..4000
    [ "$status" -eq 2 ]
    [[ $output == *"can be compared"* ]]
}

@test "mistakes with scenarios" {
    run "$nptsim" diff v6.0 v6.1 --over nowhere
    [ "$status" -eq 65 ]
    run "$nptsim" diff v6.0 v6.1 --over tests/cli/../data/golden
    [ "$status" -eq 2 ]
    run "$nptsim" diff v6.0 v6.1 --over scenarios/seed --facts kvm.sev_ess
    [ "$status" -eq 65 ]
    [[ $output == *"unknown fact 'kvm.sev_ess'"*"did you mean 'kvm.sev_es'?"* ]]
    run "$nptsim" diff v6.0 v6.1 --facts kvm.sev_es
    [ "$status" -eq 2 ]
    run "$nptsim" diff v6.0 v6.1 --over scenarios/seed --columns sev_es_enabled
    [ "$status" -eq 2 ]
}

@test "mistakes of the command line" {
    run "$nptsim" diff v6.0
    [ "$status" -eq 2 ]
    run "$nptsim" diff v6.0 v6.1 v7.3
    [ "$status" -eq 2 ]
    run "$nptsim" diff v6.0 v6.1 --columns sev_es
    [ "$status" -eq 2 ]
    [[ $output == *"unknown column 'sev_es'"* ]]
    run "$nptsim" diff v6.0 v6.1 --jobs 0
    [ "$status" -eq 2 ]
    run "$nptsim" diff v6.0 v6.01
    [ "$status" -eq 65 ]
    [[ $output == *"unknown kernel model 'v6.01'"*"did you mean"* ]]
}
