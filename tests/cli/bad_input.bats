#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# The user's mistakes: a clear error with its place, exit 65, never a crash.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_DIRNAME/../.."
    nptsim=$PWD/build/asan/nptsim
    f=$BATS_TEST_TMPDIR/s.yaml
}

# A good scenario in lines that a test can replace by number or name.
good() {
    cat >"$f" <<'EOF'
schema: nptsim/scenario/v1
name: s
why: a test
cpu:
  model: milan
  set: {maxphyaddr_raw: 52, phys_reduction: 1, cbit: 51}
kernel: {model: v6.0}
vm:
  type: plain
  memory:
    - {gpa: 0, size: 64MiB}
  mmio:
    - {gpa: 0xfed00000, size: 4KiB, name: hpet, reads: 0x5a}
steps:
  - {id: hpet, read: 0xfed000f0, size: 4}
expect:
  facts: {kvm.sev_es: false}
  steps: {hpet: {outcome: mmio.emulated}}
EOF
}

# The error is at line $1, mentions $2, and nothing else happened.
refused() {
    run timeout 20 "$nptsim" lint "$f"
    echo "$output"
    [ "$status" -eq 65 ]
    [[ ${lines[0]} == "$f:$1:"*" error: "* ]]
    [[ ${lines[0]} == *"$2"* ]]
}
replace() { # sed expression
    good
    sed -i "$1" "$f"
}

@test "the good scenario is good" {
    good
    run "$nptsim" run "$f"
    echo "$output"
    [ "$status" -eq 0 ]
    [ "${lines[-1]}" = "2 passed, 0 failed, 0 skipped" ]
}
@test "an unknown key has a hint" {
    replace 's/maxphyaddr_raw/maxphyadr/'
    refused 6 "unknown key 'maxphyadr'"
    [[ $output == *"did you mean 'maxphyaddr_raw'?"* ]]
    [[ $output == *"^~~~~~~~~"* ]]
}
@test "a duplicate key is refused" {
    replace 's/^  type: plain/  type: plain\n  type: sev/'
    refused 10 "type"
}
@test "a missing key is named" {
    replace '/^why:/d'
    refused 1 "why"
}
@test "a wrong type is refused" {
    replace 's/kernel: .*/kernel: 7/'
    refused 7 "kernel"
}
@test "a number out of range is refused with the range" {
    replace 's/maxphyaddr_raw: 52/maxphyaddr_raw: 53/'
    refused 6 "32..52"
}
@test "a number over 64 bits is refused" {
    replace 's/read: 0xfed000f0/read: 0x1ffffffffffffffff/'
    refused 15 "64 bits"
}
@test "a leading zero is refused" {
    replace 's/size: 4}/size: 04}/'
    refused 15 "leading zero"
}
@test "overlapping memory is refused" {
    replace 's/^    - {gpa: 0, size: 64MiB}/    - {gpa: 0, size: 64MiB}\n    - {gpa: 0x1000, size: 4KiB}/'
    refused 12 "overlap"
}
@test "a device over memory is refused" {
    replace 's/gpa: 0xfed00000/gpa: 0x1000/'
    refused 13 "memory"
}
@test "an unknown CPU model has a hint" {
    replace 's/model: milan/model: milam/'
    refused 5 "milam"
    [[ $output == *milan* ]]
}
@test "an unknown kernel is refused" {
    replace 's/model: v6.0/model: v6.00/'
    refused 7 "v6.00"
}
@test "an unknown fact has a hint" {
    replace 's/kvm.sev_es: false/kvm.sev_se: false/'
    refused 17 "kvm.sev_se"
}
@test "an unknown event is refused" {
    good
    echo '  events: [{never: vcc}]' >>"$f"
    refused 19 "vcc"
}
@test "an unknown field of an event is refused" {
    good
    echo '  events: [{npf: {infoo: 1}}]' >>"$f"
    refused 19 "infoo"
}
@test "an unknown step is refused" {
    replace 's/steps: {hpet/steps: {hpett/'
    refused 18 "hpett"
}
@test "an unknown outcome is refused" {
    replace 's/outcome: mmio.emulated/outcome: mmio/'
    refused 18 "mmio"
}
@test "encryption with a C-bit below 32 is refused" {
    replace 's/cbit: 51/cbit: 31/'
    refused 6 "C-bit"
}
@test "a wrong name is refused" {
    replace 's/^name: s/name: t/'
    refused 2 "name"
}
@test "an empty file is refused" {
    : >"$f"
    refused 1 "nothing"
}
@test "a binary file is refused" {
    head -c 4096 /dev/zero | tr '\0' '\377' >"$f"
    refused 1 "UTF-8"
    head -c 100 /dev/zero >"$f"
    refused 1 ""
}
@test "200 kB of '[' ends quickly" {
    head -c 200000 /dev/zero | tr '\0' '[' >"$f"
    refused 1 "deep"
}
@test "an alias bomb is refused at once" {
    {
        echo 'a: &a [x,x,x,x,x,x,x,x,x]'
        for i in b c d e f g h; do
            echo "$i: &$i [*a,*a,*a,*a,*a,*a,*a,*a]"
        done
    } >"$f"
    refused 1 ""
}
@test "machine code that is cut off is refused" {
    replace 's/read: 0xfed000f0, size: 4/code: "8b 04 25 f0 00"/'
    refused 15 "code"
}
@test "bad hexadecimal is refused" {
    replace 's/read: 0xfed000f0, size: 4/code: "8b 0"/'
    refused 15 "code"
}
@test "a file that is not there is refused" {
    run "$nptsim" run "$BATS_TEST_TMPDIR/nowhere.yaml"
    [ "$status" -eq 65 ]
    [[ $output == *nowhere.yaml* ]]
}
@test "--set finds a bad key and value" {
    good
    run "$nptsim" run --set cpu.set.cbitt=3 "$f"
    [ "$status" -eq 65 ]
    [[ $output == *cbitt* ]]
    run "$nptsim" run --set cpu.set.cbit=64 "$f"
    [ "$status" -eq 65 ]
    [[ $output == *"63"* ]]
    run "$nptsim" run --set nonsense "$f"
    [ "$status" -eq 2 ]
}
@test "every truncation of a scenario is an error or a scenario" {
    good
    cp "$f" "$BATS_TEST_TMPDIR/whole"
    size=$(stat -c %s "$f")
    for ((n = 0; n < size; n += 7)); do
        head -c "$n" "$BATS_TEST_TMPDIR/whole" >"$f"
        run timeout 20 "$nptsim" lint "$f"
        [ "$status" -eq 65 ] || [ "$status" -eq 0 ] || {
            echo "cut at $n: $output"
            return 1
        }
    done
}
@test "a cycle of extends is refused" {
    mkdir -p "$BATS_TEST_TMPDIR/bin" "$BATS_TEST_TMPDIR/models/cpus" "$BATS_TEST_TMPDIR/models/kernels"
    cp "$nptsim" "$BATS_TEST_TMPDIR/bin/"
    for pair in a:b b:a; do
        printf 'schema: nptsim/cpu/v1\nname: %s\ntitle: t\nsource: s\nextends: %s\n' \
            "${pair%:*}" "${pair#*:}" >"$BATS_TEST_TMPDIR/models/cpus/${pair%:*}.yaml"
    done
    run timeout 20 "$BATS_TEST_TMPDIR/bin/nptsim" cpu show a
    echo "$output"
    [ "$status" -eq 65 ]
    [[ $output == *extends* ]]
}
@test "wrong usage is exit 2" {
    for args in "" "frobnicate" "run" "run --trace nonsense x" "decode npf" "batch gating" "list nothing"; do
        # shellcheck disable=SC2086
        run "$nptsim" $args
        [ "$status" -eq 2 ] || { echo "'$args' gave $status"; return 1; }
    done
}
@test "batch walk names the line of bad JSON" {
    printf '%s\n' '{"access":{"gva":"0x1000"},"mem":{}}' '{"access":{"gva":"0x10' >"$f"
    run "$nptsim" batch walk "$f"
    [ "$status" -eq 65 ]
    [[ $output == *"$f:2:"* ]]
    for line in '[]' '{}' '{"access":{}}' '{"acess":{}}' '{"access":{"gva":"0x1","kind":"jump"}}' \
        '{"access":{"gva":"0x1"},"cpu":{"maxphyaddr_raw":53}}' '{"access":{"gva":"0x1"},"mem":{"0x1":"0x0"}}' \
        '{"access":{"gva":"0x1ffffffffffffffff"}}' '{"access":{"gva":"0x1"},"vmcb":{"gmet":2}}' \
        '{"access":{"gva":"0x1"},"host":{"pat":"0x2"}}' '{"access":{"gva":"0x1"},"host":{"mtrr":2}}' \
        '{"access":{"gva":"0x1","kind":"shadow-read"}}' '{"access":{"gva":"0x1"},"host":{"snpe":1}}' \
        '{"access":{"gva":"0x1"},"rmp":{}}' '{"access":{"gva":"0x1"},"cpu":{"snp":1},"guest":{"vmpl":4}}' \
        '{"access":{"gva":"0x1"},"cpu":{"snp":1},"host":{"snpe":1},"rmp":{"base":"0x1000"}}' \
        '{"access":{"gva":"0x1"},"cpu":{"snp":1},"host":{"snpe":1},"rmp":{"entries":{"0x1008":{}}}}' \
        '{"access":{"gva":"0x1"},"cpu":{"snp":1},"host":{"snpe":1},"rmp":{"entries":{"0x100000000":{}}}}'; do
        printf '%s\n' "$line" >"$f"
        run "$nptsim" batch walk "$f"
        [ "$status" -eq 65 ] || { echo "$line gave $status"; return 1; }
        [[ $output == *"$f:1:"* ]]
    done
}
@test "a file that was named is never passed over, whatever it is" {
    good
    mkdir "$BATS_TEST_TMPDIR/d"
    ln -s "$f" "$BATS_TEST_TMPDIR/d/s.yaml"
    run "$nptsim" lint "$BATS_TEST_TMPDIR/d/s.yaml"
    [ "$output" = "$BATS_TEST_TMPDIR/d/s.yaml: ok" ]
    mkfifo "$BATS_TEST_TMPDIR/p.yaml"
    echo "not: a scenario" >"$BATS_TEST_TMPDIR/p.yaml" &
    run timeout 20 "$nptsim" lint "$BATS_TEST_TMPDIR/p.yaml"
    [ "$status" -eq 65 ]
    run "$nptsim" batch walk "$BATS_TEST_TMPDIR/d"
    [ "$status" -eq 65 ]
    [[ $output == *"cannot read: Is a directory" ]]
}
