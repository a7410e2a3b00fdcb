#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# The judge must be able to say no. Offsets are those of question.h.

setup() {
    cd "$BATS_TEST_DIRNAME/../.."
    dir=build/differential
    rules=tests/differential/known.yaml
    control=$((0x06000000)) questions=$((0x06001000))
    ram=$BATS_TEST_TMPDIR/ram
    "$dir/generate" "$ram" 40 4 8 1
}

# Bytes (as printf writes them) at an offset of the RAM file.
poke() {
    printf "$2" | dd of="$ram" bs=1 seek="$1" conv=notrunc status=none
}

@test "the same seed asks the same questions, another one asks others" {
    "$dir/generate" "$ram.again" 40 4 8 1
    cmp "$ram" "$ram.again"
    "$dir/generate" "$ram.other" 40 4 8 2
    ! cmp -s "$ram" "$ram.other"
}

@test "questions that were not answered fail, and the next one is named" {
    poke $((control + 40)) '\x03\0\0\0\0\0\0\0'
    run "$dir/judge" "$rules" "$ram"
    [ "$status" -eq 1 ]
    [[ $output == *"QEMU stopped at question 3 of 8"* ]]
    [[ $output == *"not ok width 40"*"8 missing"* ]]
}

@test "an answer that no rule explains fails, and is shown" {
    poke $((control + 32)) '\x01'
    run "$dir/judge" "$rules" "$ram"
    [ "$status" -eq 1 ]
    [[ $output == *"unexplained: question 0 at width 40, "*" guest, one-bit"* ]]
    [[ $output == *'"access":{"gva":"0x'* ]]
    [[ $output == *"not ok width 40, 4 nested levels: 0 answers alike, 0 explained, 1 unexplained"* ]]
}

@test "a file that is no RAM file, or none of ours, is refused" {
    : >"$ram.empty"
    truncate -s 256M "$ram.zero"
    run "$dir/judge" "$rules" "$ram.empty" "$ram.zero" "$ram.none"
    [ "$status" -eq 1 ]
    [[ $output == *"not ok $ram.empty: is 0 bytes long, not 268435456"* ]]
    [[ $output == *"not ok $ram.zero: holds no questions"* ]]
    [[ $output == *"not ok $ram.none: cannot open"* ]]
}

@test "numbers that QEMU or a bug garbled are refused, not believed" {
    poke $((questions + 100)) '\xff\xff'
    run "$dir/judge" "$rules" "$ram"
    [ "$status" -eq 1 ]
    [[ $output == *"question 0 is not what was asked"* ]]
    poke $((control + 16)) '\xff\xff\xff\xff'
    run "$dir/judge" "$rules" "$ram"
    [[ $output == *"answers to 4294967295 questions"* ]]
}

@test "a rule that explains nothing is reported" {
    run "$dir/judge" "$rules" "$ram"
    [[ $output == *"reserved-without-present  (explains nothing"* ]]
}

@test "a mistake in the list of rules is an error with its place" {
    sed 's/info1_has/info1_hat/' "$rules" >"$ram.yaml"
    run "$dir/judge" "$ram.yaml" "$ram"
    [ "$status" -eq 65 ]
    [[ $output == *"ram.yaml:"*"unknown key 'info1_hat'"* ]]
    sed '/^ *mask:/d' "$rules" >"$ram.yaml"
    run "$dir/judge" "$ram.yaml" "$ram"
    [ "$status" -eq 65 ]
    [[ $output == *"ram.yaml:"*"needs a mask"* ]]
}

@test "widths and levels that no CPU has are refused" {
    run "$dir/generate" "$ram" 53 4 8 1
    [ "$status" -eq 2 ]
    run "$dir/generate" "$ram" 31 4 8 1
    [ "$status" -eq 2 ]
    run "$dir/generate" "$ram" 40 2 8 1
    [ "$status" -eq 2 ]
}

@test "without a rule of the list QEMU is not explained" {
    command -v qemu-system-x86_64 >/dev/null || skip "no qemu-system-x86_64"
    awk '/- name:/ { gone = /reserved-without/ } !gone' "$rules" >"$ram.yaml"
    run tests/differential/run.sh "$dir" 16 "$ram.yaml"
    [ "$status" -eq 1 ]
    [[ $output == *"unexplained: question"* ]]
}
