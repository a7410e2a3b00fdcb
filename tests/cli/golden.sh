#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Compare `nptsim batch gating` with tables that real kernel functions made
# (pieces of the kernels' own source, compiled in user space): every row, every
# column that both have.
#
# usage: tests/cli/golden.sh [DIR]     NPTSIM names the program
#        tests/cli/golden.sh DIR SUFFIX=NAME...   only these tables; NAME is a
#                                                 model, or a library for --text
#
# The program sees the inputs only. Rows of the section "reload" load kvm-amd.ko
# twice, which a row of `batch gating` does not: tests/unit/kvm/test_gates.c has
# them.
set -u
cd "$(dirname "$0")/../.." || exit 2
program=${NPTSIM:-build/nptsim}
dir=${1:-tests/data/golden}
tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT

inputs=raw_maxphyaddr,pa_reduction,cbit,syscfg_memenc,p_mmio_caching,p_npt
inputs+=,p_sev,p_sev_es,f_sme,f_sev,f_sev_es,f_npt,f_nrips,f_decodeassists
inputs+=,f_flushbyasid,f_lbrv,min_asid,max_asid,max_ext_leaf,hwcr_smmlock
inputs+=,sme_active,bug_l1tf,x86_cache_bits
results=shadow_phys_bits,x86_phys_bits,value_at_reset,caching_at_reset
results+=,shadow_mmio_value,shadow_mmio_mask,enable_mmio_caching,sev_enabled
results+=,sev_es_enabled,cap_sev,cap_sev_es,sev_log,sev_es_log,warn_count
results+=,cg_sev,cg_sev_es,boot_sev,boot_sev_es

# columns LIST: keep those columns of LIST that the table has, without the rows
# of the section "reload".
columns() {
    awk -F, -v OFS=, -v list="$1" '
        NR == 1 {
            n = split(list, want, ",")
            for (i = 1; i <= NF; i++) at[$i] = i
            for (i = 1; i <= n; i++) if (want[i] in at) keep[++k] = at[want[i]]
        }
        ("section" in at) && $at["section"] == "reload" { next }
        {
            line = $keep[1]
            for (i = 2; i <= k; i++) line = line OFS $keep[i]
            print line
        }'
}

failed=0
check() { # TABLE KERNEL
    local table=$dir/$1 name=${1%%.csv.gz} ask=--kernel got want rows

    name=${name%.sample}
    gzip -dc "$table" >"$tmp/table" || { echo "not ok $name"; failed=1; return; }
    columns "$inputs" <"$tmp/table" >"$tmp/in"
    columns "$results" <"$tmp/table" >"$tmp/want"
    want=$(head -n 1 "$tmp/want")
    [[ $2 = *.so ]] && ask=--text
    "$program" batch gating $ask "$2" --columns "$want" \
        <"$tmp/in" >"$tmp/got" 2>"$tmp/err"
    got=$?
    rows=$(($(wc -l <"$tmp/want") - 1))
    if [ "$got" -eq 0 ] && cmp -s "$tmp/want" "$tmp/got"; then
        echo "ok $name as $2: $rows rows"
        return
    fi
    failed=1
    echo "not ok $name as $2: exit $got"
    head -n 3 "$tmp/err" >&2
    [ "$got" -eq 0 ] || return
    # Input and wanted result of the first rows that differ, then what came.
    paste -d '|' "$tmp/in" "$tmp/want" "$tmp/got" |
        awk -F'|' 'NR == 1 || $2 != $3' | head -n 5 >&2
}

pairs=(5.18=v5.18 5.19=v5.19 6.1.0=v6.1 6.1=v6.1.192 6.12=v6.12.107 7.3=v7.3)
[ $# -gt 1 ] && pairs=("${@:2}")
for kind in gating edges; do
    for pair in "${pairs[@]}"; do
        table=$kind-${pair%=*}.sample.csv.gz
        # The tables of 6.12 (gating) and 6.1.0 (edges) are byte-identical to
        # those of 6.1; 6.1's log lines differ from 6.1.0's.
        [ "$table" = gating-6.12.sample.csv.gz ] &&
            table=gating-6.1.sample.csv.gz
        [ "$table" = edges-6.1.0.sample.csv.gz ] && continue
        check "$table" "${pair#*=}"
    done
done
exit $failed
