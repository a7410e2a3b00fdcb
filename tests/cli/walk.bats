#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# nptsim walk: of a scenario's step, of a raw image, of an ELF core; and what
# happens when a file lies.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_DIRNAME/../.."
    nptsim=$PWD/build/asan/nptsim
    raw=$BATS_TEST_TMPDIR/raw core=$BATS_TEST_TMPDIR/core
    tables=(--cr3 0x1000 --ncr3 0x10000)
}

# The tables of tests/data/walk-4k4k.jsonl (guest at 0x1000.., nested at
# 0x10000.., gva 0x401000 -> 0x5000), as a raw image and as an ELF core whose
# two segments leave a gap between 0x8000 and 0x10000.
images() {
    python3 - "$raw" "$core" <<'PY'
import json, struct, sys
mem = json.loads(open("tests/data/walk-4k4k.jsonl").readline())["mem"]
image = bytearray(0x14000)
for address, word in mem.items():
    struct.pack_into("<Q", image, int(address, 16), int(word, 16))
open(sys.argv[1], "wb").write(image)
ident = b"\x7fELF\x02\x01\x01" + bytes(9)
head = ident + struct.pack("<HHIQQQIHHHHHH", 4, 62, 1, 0, 64, 0, 0, 64, 56, 2, 0, 0, 0)
start = 64 + 2 * 56 + 5
def load(offset, spa, size):
    return struct.pack("<IIQQQQQQ", 1, 7, offset, 0, spa, size, size, 0)
open(sys.argv[2], "wb").write(head + load(start, 0x10000, 0x4000) +
    load(start + 0x4000, 0, 0x8000) + bytes(5) + image[0x10000:] + image[:0x8000])
PY
}
# g * (n + 1) + n: guest's levels, host's levels.
@test "a walk reads as many entries as both sides have levels" {
    local f=scenarios/walk/a-walk-of-five-by-five.yaml g=0 n set
    for paging in none 32-bit pae 4-level 5-level; do
        for n in 4 5; do
            [ $n = 5 ] && set=true || set=false
            run -0 "$nptsim" walk --refs "$f#again" \
                --set "guest.paging=$paging" --set "kernel.la57=$set"
            [ "$(grep -cE '^[0-9]+ (npt|gpt) ' <<<"$output")" = \
                $((g * (n + 1) + n)) ]
        done
        [ $g = 0 ] && g=2 || g=$((g + 1))
    done
}
# Exit 65, one error that mentions $1, and no crash or hang.
refused() { # text, arguments...
    local text=$1
    shift
    run --separate-stderr timeout 60 "$nptsim" walk "$@"
    echo "$stderr"
    [ "$status" -eq 65 ]
    [[ ${stderr_lines[0]} == *"error: "*"$text"* ]]
}
misused() { # text, arguments...
    local text=$1
    shift
    run timeout 60 "$nptsim" walk "$@"
    echo "$output"
    [ "$status" -eq 2 ]
    [[ $output == *"$text"* ]]
}

@test "a step's fault and its first access are drawn in 100 columns" {
    run "$nptsim" walk scenarios/lessons/01-memory.yaml#first
    [ "$status" -eq 0 ]
    [[ $output == *"the access"*"18! #NPF"*"=> #NPF: EXITINFO1 0x100000006 (W U FINAL)"* ]]
    [[ $output == *"=> system-physical"*", after 19 references"* ]]
    [ "$(awk 'NR > 1 && length($0) > 100' <<<"$output")" = "" ]
}
@test "another CPU walks the same scenario" {
    # The lesson's CPU: 43 bits, so that bit 43 of the MMIO SPTE faults. Without a reduction: 48.
    run "$nptsim" walk scenarios/lessons/03-the-reserved-bit.yaml --set cpu.set.phys_reduction=0
    [ "$status" -eq 0 ]
    [[ $output == *"this CPU has 48 physical bits ["* ]]
    run "$nptsim" walk --cpu barcelona scenarios/lessons/01-memory.yaml
    [ "$status" -eq 0 ]
    [[ ${lines[0]} == *"cpu barcelona"* ]]
}
@test "a step that nobody took is skipped, one that is not there an error" {
    run "$nptsim" walk scenarios/seed/cbit-51-at-width-51.yaml#hpet
    [ "$status" -eq 4 ]
    refused "no step 'frist'" scenarios/lessons/01-memory.yaml#frist
    [[ $stderr == *"did you mean 'first'?"* ]]
}
@test "a raw image: 24 references of a 4K-over-4K walk" {
    images
    run "$nptsim" walk --image "$raw" "${tables[@]}" --gva 0x401238 --refs
    [ "$status" -eq 0 ]
    [ "${#lines[@]}" -eq 25 ]
    [ "${lines[0]}" = "1 npt 4 0x10000 0x11067" ]
    [ "${lines[4]}" = "5 gpt 4 0x1000 0x2067" ]
    [ "${lines[23]}" = "24 npt 1 0x13028 0x5067" ]
    [ "${lines[24]}" = "ok 0x5238" ]
}
@test "an ELF core gives the same answer as the raw image" {
    images
    for form in "" --refs --json; do
        diff <("$nptsim" walk --image "$raw" "${tables[@]}" --gva 0x401238 --write $form) \
            <("$nptsim" walk --core "$core" "${tables[@]}" --gva 0x401238 --write $form)
    done
}
@test "the same as batch walk says, for reads, writes and fetches at both privileges" {
    images
    for kind in read write fetch; do
        for cpl in 0 3; do
            option=$([ $kind = read ] || echo --$kind)
            want=$(sed -n 1p tests/data/walk-4k4k.jsonl | python3 -c '
import json, sys
r = json.loads(sys.stdin.readline())
r["access"]["kind"] = sys.argv[1]; r["guest"]["cpl"] = int(sys.argv[2])
r["mem"]["0x4008"] = "0x5061"
print(json.dumps(r))' $kind $cpl | "$nptsim" batch walk --refs)
            printf '\x61' | dd of="$raw" bs=1 seek=$((0x4008)) conv=notrunc status=none
            got=$("$nptsim" walk --image "$raw" "${tables[@]}" --gva 0x401238 --cpl $cpl $option --json)
            python3 -c '
import json, sys
want, got = map(json.loads, sys.argv[1:])
del want["id"]
assert all(got[k] == want[k] for k in want), (want, got)' "$want" "$got"
        done
    done
}
@test "the listing calls reserved what the CPU does" {
    images
    # nested PTEs of 5000, 6000, 7000: NX; bit 45; the C-bit of naples.
    printf '\x67\x50\0\0\0\0\0\x80\x67\x60\0\0\0\x20\0\0\x67\x70\0\0\0\x80\0\0' |
        dd of="$raw" bs=1 seek=$((0x13028)) conv=notrunc status=none
    run "$nptsim" walk --cpu naples --image "$raw" --ncr3 0x10000 --list
    [[ $output == *"5000-0x0000000000005fff       4K  4K    write user NX"*"6000-0x0000000000006fff       4K  4K    reserved bits"* ]]
    [[ $output == *"7000-0x000000000000ffff      36K  4K    write user exec"* ]]
    run "$nptsim" walk --cpu naples --image "$raw" --ncr3 0x10000 --list --host-efer 0x1500
    [[ $output == *"5000-0x0000000000006fff       8K  4K    reserved bits"* ]]
    # Without nested tables the same are a host's own.
    run "$nptsim" walk --cpu naples --image "$raw" --cr3 0x800000010000 --list
    [[ $output == *"7000-0x000000000000ffff      36K  4K    write user exec"* ]]
}
@test "the memory type follows from both PATs and the MTRRs" {
    images
    run "$nptsim" walk --image "$raw" "${tables[@]}" --gva 0x401238
    [[ $output == *"=> system-physical 0x5238, memory type WB, after 24 references"* ]]
    # WT in the nested tables; WP under a guest's WB is WP, and an MTRR of UC makes that UC.
    run "$nptsim" walk --image "$raw" "${tables[@]}" --gva 0x401238 --host-pat 4 --json
    [[ $output == *'"memtype":"WT"'* ]]
    run "$nptsim" walk --image "$raw" "${tables[@]}" --gva 0x401238 --host-pat 5 --mtrr 0 --json
    [[ $output == *'"memtype":"UC"'* ]]
    misused "--pat: 2 holds a reserved memory type" --image "$raw" "${tables[@]}" --gva 0 --pat 2
    misused "where is --ncr3?" --image "$raw" --cr3 0x1000 --gva 0 --host-pat 4
}
@test "an image that starts elsewhere" {
    images
    tail -c +$((0x1001)) "$raw" >"$raw.rest"
    run "$nptsim" walk --image "$raw.rest" --base 0x1000 "${tables[@]}" --gva 0x401238 --refs
    [ "${lines[-1]}" = "ok 0x5238" ]
}
@test "a table read through the C-bit is the table that the dump shows" {
    images
    # nCR3, and the nested PTE of the guest's root table, with C-bit 47 of naples.
    printf '\x67\x10\x00\x00\x00\x80\x00\x00' | dd of="$raw" bs=1 seek=$((0x13008)) conv=notrunc status=none
    run "$nptsim" walk --cpu naples --image "$raw" --cr3 0x1000 --ncr3 0x800000010000 \
        --gva 0x401238 --refs
    echo "$output"
    [ "$status" -eq 0 ]
    [ "${lines[3]}" = "4 npt 1 0x13008 0x800000001067" ]
    [ "${lines[4]}" = "5 gpt 4 0x1000 0x2067" ]
    [ "${lines[-1]}" = "ok 0x5238" ]
}
@test "an address that is not canonical reads no table" {
    images
    run "$nptsim" walk --image "$raw" "${tables[@]}" --gva 0x800000000000
    [ "$status" -eq 0 ]
    [[ $output == *"=> #GP: the address is not canonical"* ]]
}
@test "a walk that leaves the image is drawn up to there" {
    images
    head -c $((0x13008)) "$raw" >"$raw.cut"
    refused "a nested PTE at 0x13008, which the file does not hold" \
        --image "$raw.cut" "${tables[@]}" --gva 0x401238
    [[ $output == *" guest root     1 "*"nested PDE    0x12000 "* ]]
    [[ $output != *"0x13008"* ]]
    [[ $stderr == *"it holds 0x0 to 0x13007"* ]]
}
@test "an image cut at any page never lies" {
    images
    for ((pages = 0; pages < 20; pages++)); do
        head -c $((pages * 4096)) "$raw" >"$raw.cut"
        refused "" --image "$raw.cut" "${tables[@]}" --gva 0x401238
    done
}
@test "a core cut at every byte of its headers" {
    images
    for ((len = 0; len < 181; len++)); do
        head -c $len "$core" >"$core.cut"
        run timeout 20 "$nptsim" walk --core "$core.cut" "${tables[@]}" --gva 0x401238
        [ "$status" -eq 65 ] || { echo "$len: $output"; return 1; }
        [[ $output == *"cut short"* ]]
    done
}
@test "what is no image is refused" {
    images
    refused "cannot open" --image /no/such/file "${tables[@]}" --gva 0
    refused "not a plain file" --core / "${tables[@]}" --gva 0
    refused "not an ELF file" --core "$raw" "${tables[@]}" --gva 0
    refused "beyond 2^52" --image "$raw" --base 0xffffffffff000 "${tables[@]}" --gva 0
    refused "unknown CPU" --cpu mailand --image "$raw" "${tables[@]}" --gva 0
    mkfifo "$BATS_TEST_TMPDIR/pipe"
    refused "not a plain file" --image "$BATS_TEST_TMPDIR/pipe" "${tables[@]}" --gva 0
}
@test "options that contradict each other are wrong usage" {
    misused "which scenario" --refs
    misused "--cr3 and --gva" --image x --cr3 0
    misused "--image or --core?" --image x --core x
    misused "a scenario, or a dump?" --image x scenarios/lessons/01-memory.yaml
    misused "brings registers" --gva 0 scenarios/lessons/01-memory.yaml
    misused "one of --write and --fetch" --image x --write --fetch
    misused "--gva: 'zz'" --image x --gva zz
    misused "--cpl: 4 is more than" --image x --cpl 4
    misused "--list: --ncr3 or --cr3?" --image x --list
}
@test "the listing of nested and guest tables" {
    images
    run "$nptsim" walk --core "$core" --list --ncr3 0x10000
    [ "$status" -eq 0 ]
    [ "$output" = "0x0000000000000000-0x000000000000ffff      64K  4K    write user exec" ]
    run "$nptsim" walk --core "$core" --list "${tables[@]}"
    [ "$output" = "0x0000000000401000-0x0000000000401fff       4K  4K    write user exec" ]
    run "$nptsim" walk --core "$core" --list --cr3 0x1000
    [ "$output" = "0x0000000000401000-0x0000000000401fff       4K  4K    write user exec" ]
    refused "the first table, at 0x9000, is not in the file" --core "$core" --list --ncr3 0x9000
    refused "paging is off" --core "$core" --list --cr3 0x1000 --cr0 0x11
}
@test "tables that lead into each other end the listing" {
    python3 - "$raw" <<'PY'
import struct, sys
image = b"".join(struct.pack("<Q", (n + 1) << 12 | 7) * 512 for n in range(4))
open(sys.argv[1], "wb").write(image + bytes(4096))
PY
    refused "could not be listed whole" --image "$raw" --list --ncr3 0 --limit 3000
    [[ ${lines[-1]} == "stopped after 3001 tables"* ]]
}
@test "decode: error codes, entries and CPUID leaves in words" {
    run "$nptsim" decode pf 0x15
    [ "$status" -eq 0 ]
    [[ ${lines[0]} == *"P U F" ]]
    # Milan: 48 bits, 5 of them given up to encryption; C-bit 51 is no address bit.
    run "$nptsim" decode pte 0x8008080000005067 --cpu milan
    [[ $output == *"host or nested table: bit 43 is reserved, the width there is 43"* ]]
    [[ $output == *"plain guest's table: bit 51 is reserved"* ]]
    [[ $output == *"C-bit (51) 1"* ]]
    run "$nptsim" decode cpuid 0x8000001f --cpu milan
    [[ $output == *"EBX[5:0] = 51: position of the C-bit"*"EAX[3] = 1: sev_es"* ]]
    run "$nptsim" decode cpuid 0x100000000
    [ "$status" -eq 2 ]
}
