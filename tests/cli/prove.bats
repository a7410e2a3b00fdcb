#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# nptsim prove: what is known of each kernel is found again, and counterexamples
# run. Counts: tests/data/golden/README.md.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_DIRNAME/../.."
    nptsim=$PWD/build/nptsim # optimised: whole spaces
    asan=$PWD/build/asan/nptsim
    dir=$BATS_TEST_TMPDIR
}

# One geometry that v5.18 gets wrong, for speed.
narrow="--axis raw_maxphyaddr=52 --axis pa_reduction=1 --axis cbit=51 --axis syscfg_memenc=1"

known() { # kernel, violated, geometries
    run "$nptsim" prove sev-es-can-mmio --kernel "$1" --out "$dir"
    echo "$output"
    [ "$status" -eq 1 ]
    [[ $output == *"violated in $2 states of 7,520, VM sev-es, all with syscfg_memenc=1"* ]]
    [[ $output == *"$2 geometries (raw_maxphyaddr,pa_reduction,cbit): $3"* ]]
}
@test "v5.18: 34 geometries offer SEV-ES and hang" {
    known v5.18 34 "(51,0,51), (52,0,*), (52,1,51)"
}
@test "v5.19: 225, ordinary CPUs among them" {
    known v5.19 225 "(51,0,51), (52,*,*)"
    [[ $output == *"as it ships"* ]]
}
@test "from v6.0 on: none" {
    for kernel in v6.0 v6.1 v7.3; do
        run "$nptsim" prove sev-es-can-mmio --kernel $kernel --out "$dir"
        echo "$output"
        [ "$status" -eq 0 ]
        [[ $output == *"holds in 7,520 states"* ]]
    done
    [ -z "$(ls "$dir")" ]
}
@test "every counterexample of every kernel runs and shows its violation" {
    run "$nptsim" prove --axis raw_maxphyaddr=51,52 --axis pa_reduction=0,1,6 --axis cbit=51 \
        --out "$dir"
    echo "$output"
    [ "$status" -eq 1 ]
    [ "$(sed '/^$/q' <<<"$output" | grep -oE 'FAIL|note' | wc -l)" -eq "$(ls "$dir" | wc -l)" ]
    run "$nptsim" prove caching-not-wasted mmio-faults --depth policy --out "$dir" \
        --kernel v6.1 --kernel v7.3 --axis pa_reduction=0..6 --axis p_npt=1 \
        --axis p_sev=1 --axis p_sev_es=1 --axis sme_active=0 --axis asids=100-509
    [ "$status" -eq 0 ] # reported only
    n=0
    for file in "$dir"/prove-*.yaml; do
        name=$(basename "$file" .yaml)
        run "$asan" run "$file"
        echo "$file: $output"
        [ "$status" -eq 0 ]
        [[ $output == *"[ PASS ] invariant "*" = violated"* ]]
        grep -q "^name: $name$" "$file"
        n=$((n + 1))
    done
    [ "$n" -ge 20 ] # five kernels before v6.0 hang, three what-ifs do something
}
@test "197 geometries waste caching where the SEV flag is absent" {
    run "$nptsim" prove caching-not-wasted --depth policy --kernel v6.1 --out "$dir" \
        --axis pa_reduction=0..6 --axis p_npt=1 --axis p_sev_es=1 --axis hwcr_smmlock=1 \
        --axis sme_active=0
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *"[ NOTE ] caching-not-wasted"* ]]
    [[ $output == *"with f_sev=0: 197 geometries (raw_maxphyaddr,pa_reduction,cbit): (51,1..6,51), (52,1..6,*) minus (52,1,51)"* ]]
}
@test "several kernels are a table first" {
    run "$nptsim" prove sev-es-can-mmio no-hang --kernel v5.18 --kernel v6.0 $narrow --out "$dir"
    echo "$output"
    [ "$status" -eq 1 ]
    [[ ${lines[0]} =~ ^kernel\ +sev-es-can-mmio\ +no-hang$ ]]
    [[ ${lines[1]} =~ ^v5.18\ +FAIL\ 1\ +FAIL\ 1$ ]]
    [[ ${lines[2]} =~ ^v6.0\ +holds\ +holds$ ]]
    run "$nptsim" prove no-hang --kernel v5.17 --kernel v6.0 --kernel v5.18 $narrow --out "$dir"
    [[ $output == *$'\nv5.17, v5.18\n'* ]] # they violate the same
    [ "$(grep -c closest: <<<"$output")" -eq 1 ]
}
@test "without --kernel all of them are asked" {
    run "$asan" prove sev-es-can-mmio $narrow --out "$dir"
    [ "$(sed '/^$/q' <<<"$output" | grep -cE '^v[0-9]')" -eq "$("$asan" kernel list | grep -c .)" ]
}
@test "policy depth says what needs a guest" {
    run "$asan" prove --depth policy --kernel v5.18 $narrow --out "$dir" --axis p_npt=1 \
        --axis p_sev=1 --axis p_sev_es=1 --axis f_sev=1 --axis f_sev_es=1
    [ "$status" -eq 1 ]
    [[ $output == *"no-hang"*"needs a guest: --depth machine"* ]]
}
@test "the number of threads changes no byte" {
    for jobs in 1 2 5; do
        "$nptsim" prove --json --kernel v5.19 --axis cbit=50..52 --jobs $jobs --out "$dir" \
            >"$dir/$jobs.json" || true
    done
    cmp "$dir/1.json" "$dir/2.json"
    cmp "$dir/1.json" "$dir/5.json"
    python3 -c '
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
assert len(lines) == 7
by = {line["invariant"]: line for line in lines}
assert by["sev-es-can-mmio"]["verdict"] == "violated"
assert by["sev-es-can-mmio"]["counterexample"]["settings"] == {}
assert by["caching-not-wasted"]["verdict"] == "reported"
assert by["no-leak"]["verdict"] == "holds"' "$dir/1.json"
}
@test "a file of somebody else is left alone, our own is written anew" {
    echo "mine" >"$dir/prove-no-hang-v5.18.yaml"
    run "$asan" prove no-hang --kernel v5.18 $narrow --out "$dir"
    [ "$status" -eq 65 ]
    [[ $output == *"did not write"* ]]
    [ "$(cat "$dir/prove-no-hang-v5.18.yaml")" = mine ]
    for i in 1 2; do
        run "$asan" prove no-hang --kernel v5.18 $narrow --save "$dir/own.yaml"
        [ "$status" -eq 1 ]
        grep -q '^name: own$' "$dir/own.yaml"
    done
    # Told before the search; an invariant that nobody asks about is not looked at.
    run "$asan" prove sev-es-can-mmio --kernel v5.18 $narrow --out "$dir"
    [ "$status" -eq 1 ]
}
@test "folders are made, and what cannot be one is told before the search" {
    run "$asan" prove no-hang --kernel v5.18 $narrow --out "$dir/new/folder"
    [ "$status" -eq 1 ]
    [ -s "$dir/new/folder/prove-no-hang-v5.18.yaml" ]
    : >"$dir/file"
    run "$asan" prove no-hang --kernel v5.18 --out "$dir/file"
    [ "$status" -eq 65 ]
    [[ $output == *"$dir/file"*"Not a directory"* ]]
    run "$asan" prove no-hang --kernel v5.18 --out "$dir/file/below"
    [ "$status" -eq 65 ]
    run "$asan" prove no-hang --kernel v5.18 $narrow --save "$dir/nowhere/x.yaml"
    [ "$status" -eq 65 ]
}
@test "an interrupt ends it with what is known" {
    command -v timeout >/dev/null || skip
    run timeout --preserve-status -s INT 2 "$nptsim" prove --depth policy --axis f_lbrv=0,1 \
        --axis f_nrips=0,1 --axis f_decodeassists=0,1 --out "$dir"
    echo "$status: $output"
    [ "$status" -eq 130 ]
    [[ $output == *interrupted* || $output == *unfinished* ]]
    [[ $output != *"[ PASS ]"* ]]
}
refused() { # message, arguments...
    local want=$1
    shift
    run "$asan" prove "$@" --out "$dir"
    echo "$status: $output"
    [[ $output == *"$want"* ]]
}
@test "mistakes are told" {
    refused "did you mean 'no-hang'?" no-hangs
    [ "$status" -eq 2 ]
    refused "'v5.20'" --kernel v5.20
    [ "$status" -eq 65 ]
    refused "the axis is empty" --axis cbit=
    [ "$status" -eq 2 ]
    refused "not in 32..52" --axis raw_maxphyaddr=40..53
    [ "$status" -eq 2 ]
    refused "did you mean 'pa_reduction'?" --axis pa_reducton=1
    [ "$status" -eq 2 ]
    refused "narrow an axis" --depth policy --axis min_asid=0..4000 --axis max_asid=0..4000
    [ "$status" -eq 2 ]
    refused "policy or machine" --depth deep
    [ "$status" -eq 2 ]
    refused "one of them" --text lib.so --kernel v6.1
    [ "$status" -eq 2 ]
    refused "lib.so" --text lib.so
    [ "$status" -eq 65 ]
    refused "needs one invariant" --save x.yaml
    [ "$status" -eq 2 ]
    refused "ends in .yaml" no-hang --kernel v6.1 --save x.txt
    [ "$status" -eq 2 ]
    refused "not in 1..256" --jobs 0
    [ "$status" -eq 2 ]
}
@test "a tree's own functions can be asked" {
    command -v ctags >/dev/null || skip "no ctags (Debian: universal-ctags)"
    tests/kernel/mini.sh "$dir/tree"
    tests/kernel/build.py "$dir/tree" "$dir/lib.so" "$dir"
    # That tree's MMIO value is bit 50 alone: not present, so it never faults
    # with RSVD.
    run "$asan" prove mmio-faults --text "$dir/lib.so" $narrow --axis p_npt=1 --out "$dir"
    echo "$output"
    [ "$status" -eq 1 ]
    [[ $output == *"kernel 9.8.7-mini   policy depth"*"[ FAIL ] mmio-faults"* ]]
    run "$asan" prove --depth machine --text "$dir/lib.so"
    [ "$status" -eq 2 ]
}
