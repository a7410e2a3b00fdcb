#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# All hosts of the SNP table, not just the sample of tests/data/golden/: against
# a second telling of what sev_hardware_setup() does (snp_grid.py).

setup_file() {
    cd "$BATS_TEST_DIRNAME/../.."
    python3 tests/cli/snp_grid.py "$BATS_FILE_TMPDIR/in" "$BATS_FILE_TMPDIR/want"
}

setup() {
    cd "$BATS_TEST_DIRNAME/../.."
    nptsim=build/nptsim
    dir=$BATS_FILE_TMPDIR
}

@test "860,160 SNP hosts, told twice" {
    columns=$(head -n 1 "$dir/want")
    for kernel in v7.2 v7.3; do
        "$nptsim" batch gating --kernel $kernel --columns "$columns" \
            <"$dir/in" >"$dir/got"
        [ "$(wc -l <"$dir/got")" -eq 860161 ]
        cmp "$dir/want" "$dir/got"
    done
}

@test "the second telling agrees with the kernel's own answers" {
    # Of the sample all columns but the last, which names lines of its text.
    found=$(paste -d, "$dir/in" "$dir/want" |
        awk 'NR == FNR { sample[$0]; next } $0 in sample { n++ } END { print n }' \
            <(gzip -dc tests/data/golden/snp-7.3.sample.csv.gz |
                cut -d, -f-36 | tail -n +2) -)
    [ "$found" -eq 4000 ]
}
