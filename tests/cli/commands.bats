#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# What the commands promise (interface: exit codes, last lines, same bytes).

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_DIRNAME/../.."
    nptsim=build/asan/nptsim
    lesson=scenarios/lessons/05-hidden-registers.yaml
}

@test "every scenario passes" {
    run "$nptsim" test scenarios
    echo "$output"
    [ "$status" -eq 0 ]
    [[ ${lines[-1]} =~ ^[0-9]+\ passed,\ 0\ failed,\ 0\ skipped$ ]]
}
@test "a failed expectation is exit 1 and says what happened instead" {
    sed 's/value: 0x5a/value: 0x5b/; s/^name: .*/name: wrong/' \
        scenarios/mmio/plain-caching-on.yaml >"$BATS_TEST_TMPDIR/wrong.yaml"
    run "$nptsim" run "$BATS_TEST_TMPDIR/wrong.yaml"
    echo "$output"
    [ "$status" -eq 1 ]
    [[ $output == *"[ FAIL ]"*"0x5a"* ]]
}
@test "the trace is the same bytes twice, and with the clock shown" {
    for format in text jsonl ftrace; do
        "$nptsim" run --trace $format $lesson >"$BATS_TEST_TMPDIR/a"
        "$nptsim" run --trace $format $lesson >"$BATS_TEST_TMPDIR/b"
        "$nptsim" run --cost --trace $format $lesson >"$BATS_TEST_TMPDIR/c"
        cmp "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/b"
        # --cost adds a table behind the verdicts and changes nothing before it.
        grep -n 'where the cycles go' "$BATS_TEST_TMPDIR/c"
        sed '/^where the cycles go/,/^total/d' "$BATS_TEST_TMPDIR/c" | cmp - "$BATS_TEST_TMPDIR/a"
    done
}
@test "JSON Lines are JSON" {
    "$nptsim" run --trace jsonl $lesson | grep '^{' | python3 -c '
import json, sys
n = 0
for line in sys.stdin:
    json.loads(line); n += 1
sys.exit(n < 20)'
    "$nptsim" run --json scenarios/seed/raw-52-any-cbit.yaml 2>/dev/null | python3 -c '
import json, sys
sys.exit(sum(1 for line in sys.stdin if json.loads(line)["facts"]["kvm.mmio_value"] == "0x0") != 224)'
}
@test "golden traces have not changed" {
    for golden in tests/golden/*.trace; do
        name=$(basename "$golden" .trace)
        "$nptsim" run --trace text "scenarios/lessons/$name.yaml" | diff -u "$golden" -
    done
}
@test "explain tells every link of the seed" {
    run "$nptsim" explain scenarios/seed/cbit-51-at-width-51-v5.19.yaml
    [ "$status" -eq 0 ]
    for word in "51" "C-bit" "no mark" "not present" "hang" "8b9e74bfbf8c"; do
        [[ $output == *"$word"* ]] || { echo "no '$word' in: $output"; return 1; }
    done
    run "$nptsim" explain scenarios/seed/cbit-51-at-width-51.yaml
    [[ $output == *"0c29397ac1fd"* ]]
}
@test "explain of one step, and of a step that is not there" {
    run "$nptsim" explain "$lesson#hpet"
    [ "$status" -eq 0 ]
    [[ $output == *"#VC"* ]]
    run "$nptsim" explain "$lesson#hpett"
    [ "$status" -eq 65 ]
    [[ $output == *"did you mean 'hpet'?"* ]]
}
@test "decode puts bits in words" {
    run "$nptsim" decode npf 0x10000000d
    [ "$status" -eq 0 ]
    [[ ${lines[0]} == *"P U RSVD FINAL"* ]]
    # Worked example: 48-bit host without SME, gfn 0xfee00, generation 6, both access bits.
    run "$nptsim" decode spte 0x00080000fee00037 --cpu interlagos --kernel v6.1
    [[ $output == *"MMIO SPTE"*"gfn 0xfee00"*"generation 0x6"* ]]
    run "$nptsim" decode exit 0x403
    [[ $output == *vmgexit* ]]
}
# APM vol. 2, appendix C: the code is the place of the intercept, from 000h on.
@test "decode knows every exit and where it is asked for" {
    local code place
    for code in {0..166} 1024 1025 1026 1027 0xf0000000; do
        run "$nptsim" decode exit "$code"
        [ "$status" -eq 0 ]
        [[ $output != *"no exit"* ]]
        ((code > 166)) && continue
        printf -v place '%02Xh of the VMCB, bit %d' $((code / 32 * 4)) $((code % 32))
        [[ $output == *"asked for at offset $place" ]]
    done
    for code in 167 1023 1029 0x7fffffff 0x100000000; do
        run "$nptsim" decode exit "$code"
        [[ $output == *"no exit: the APM knows none of this number" ]]
    done
    run "$nptsim" decode exit 0x94
    [[ $output == *"CR4 was written"* ]]
    run "$nptsim" decode exit 0x7b
    [[ $output == *"IN or OUT"*"31:16: the port"*"next instruction"*"0Ch of the VMCB, bit 27" ]]
}
@test "ktap and JUnit reports" {
    run "$nptsim" test --format ktap --junit "$BATS_TEST_TMPDIR/j.xml" scenarios/lessons
    [ "$status" -eq 0 ]
    [ "${lines[0]}" = "KTAP version 1" ]
    [ "${lines[1]}" = "1..6" ]
    python3 -c 'import sys, xml.dom.minidom as m; m.parse(sys.argv[1])' "$BATS_TEST_TMPDIR/j.xml"
}
@test "lint takes folders, and a scenario from a pipe" {
    run "$nptsim" lint scenarios/seed scenarios/lessons
    [ "$status" -eq 0 ]
    [ "${#lines[@]}" -eq "$(find scenarios/seed scenarios/lessons -name '*.yaml' | wc -l)" ]
    run "$nptsim" lint - <$lesson
    [ "$status" -eq 0 ]
    run "$nptsim" lint scenarios/no-such-folder
    [ "$status" -eq 65 ]
    mkdir "$BATS_TEST_TMPDIR/empty"
    run "$nptsim" lint "$BATS_TEST_TMPDIR/empty"
    [ "$status" -eq 2 ]
    run "$nptsim" lint ""
    [ "$status" -eq 65 ]
}
@test "a folder is not run, but there is a command for it" {
    run "$nptsim" run scenarios/seed
    [ "$status" -eq 65 ]
    [[ $output == *"nptsim test runs"* ]]
}
@test "one job and many jobs print the same" {
    diff <("$nptsim" test --jobs 1 scenarios/mmio) <("$nptsim" test --jobs 4 scenarios/mmio)
}
@test "every model can be shown" {
    for m in models/cpus/*.yaml; do
        "$nptsim" cpu show "$(basename "$m" .yaml)" >/dev/null
    done
    for m in models/kernels/*.yaml; do
        "$nptsim" kernel show "$(basename "$m" .yaml)" >/dev/null
    done
    "$nptsim" cpu list | grep -q '^milan '
    "$nptsim" kernel list | grep -q '^v6.1.192 '
}
@test "lists are there" {
    "$nptsim" list events | grep -q '^mark_mmio_spte '
    "$nptsim" list facts | grep -q '^kvm.mmio_caching '
    "$nptsim" list fields | grep -q 'maxphyaddr_raw'
}
@test "the schema in the repository is the one that the tables give" {
    "$nptsim" list schema | diff schema/scenario-v1.json -
}
@test "batch walk answers as the manual says" {
    # A 4K-over-4K walk through identity tables at 0x1000.. (guest) and 0x10000.. (nested).
    run "$nptsim" batch walk --refs --memtype tests/data/walk-4k4k.jsonl
    [ "$status" -eq 0 ]
    python3 - "${lines[@]}" <<'EOF'
import json, sys
want = {"read": ("ok", None), "npf": ("npf", "0x10000000d"), "gp": ("gp", None)}
for line in sys.argv[1:]:
    r = json.loads(line)
    outcome, info = want[r["id"]]
    assert r["outcome"] == outcome, r
    if info:
        assert r["info1"] == info, r
    if outcome == "ok":
        assert r["memtype"] == "WB", r
        assert len(r["refs"]) == 24, len(r["refs"])
EOF
}

@test "kernels are listed as they were released, what-ifs behind theirs" {
    run "$nptsim" kernel list
    [ "$status" -eq 0 ]
    awk '$2 == "mainline" { print $1 }' <<<"$output" >"$BATS_TEST_TMPDIR/order"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/order")" -ge 18 ]
    sort -V -c "$BATS_TEST_TMPDIR/order"
    grep -A1 '^v5.19 ' <<<"$output" | tail -n 1 | grep -q '^v5.19-plus-gate .*1 decision since v5.19$'
}

@test "kernel show begins with what the release changed" {
    run "$nptsim" kernel show v6.9
    [ "$status" -eq 0 ]
    [[ "$output" == *"what changed since v6.8"*"sev_reinit_errno"*"ebusy -> einval"*"fdd58834d132"*"gates of SEV, in order"* ]]
}

@test "run tells how each step ended where nothing is expected" {
    asks=$BATS_TEST_TMPDIR/asks.yaml
    printf '%s\n' 'schema: nptsim/scenario/v1' 'name: asks' 'why: what happens?' 'cpu: {model: milan}' \
        'bare: {npt: [{gpa: 0x200000, write: false}]}' \
        'vm: {type: plain, memory: [{gpa: 0, size: 64MiB}]}' 'steps:' \
        '  - {id: look, read: 0x200000, size: 4}' \
        '  - {id: store, write: 0x200000, size: 4, value: 1}' >"$asks"
    run "$nptsim" run "$asks"
    [ "$status" -eq 0 ]
    [[ "$output" == *"step look: ram, value 0x0"*"step store: npf   the nested PDE is read-only (W=0)"* ]]
    sed -i 's/plain/snp/; s/npt:.*}]//' "$asks"
    run "$nptsim" run "$asks"
    [ "$status" -eq 0 ]
    [[ "$output" == *"step look: skipped   there is no VM: "* ]]
}
