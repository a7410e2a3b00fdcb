#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Compare `nptsim batch` with tables that real kernel functions made (pieces of
# the kernels' own source, compiled in user space): every row, every column that
# both have.
#
# usage: tests/cli/golden.sh [DIR]     NPTSIM names the program
#        tests/cli/golden.sh DIR 6.1|6.12 LIB.so    ask a kernel's own text, in
#                                     the tables of that kernel
#
# DIR has the tables, NAME.csv.gz or NAME.sample.csv.gz. The program sees their
# inputs only, under the names that the tables use. `warn_sites` names lines of
# the kernels' text, which a model has none of.
set -u
cd "$(dirname "$0")/../.." || exit 2
program=${NPTSIM:-build/nptsim}
dir=${1:-tests/data/golden}
tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT

host=raw_maxphyaddr,pa_reduction,cbit,syscfg_memenc,p_mmio_caching,p_npt
host+=,p_sev,p_sev_es,f_sme,f_sev,f_sev_es,f_npt,f_nrips,f_decodeassists
host+=,f_flushbyasid,f_lbrv,min_asid,max_asid,max_ext_leaf,hwcr_smmlock
host+=,sme_active,bug_l1tf,x86_cache_bits,p_sev_snp,f_snp,host_snp_ok,psp
host+=,psp_snp_init,cth_hw,p_cth_asids,fw_allows_es,caching,gate,section,note
loaded=shadow_phys_bits,x86_phys_bits_pass1,x86_phys_bits,value_at_reset
loaded+=,caching_at_reset,shadow_mmio_value,shadow_mmio_mask
loaded+=,enable_mmio_caching,sev_enabled,sev_es_enabled,sev_snp_enabled
loaded+=,cap_sev,cap_sev_es,cap_snp,vm_types,sev_log,sev_es_log,es_log
loaded+=,snp_log,warn_count,cg_sev,cg_sev_es,boot_sev,boot_sev_es,r_cth_asids
loaded+=,init_max_snp_asid,sev_range,es_range,snp_range,cth_log
spte=x86_phys_bits,shadow_phys_bits,max_gfn,nonpresent_or_rsvd_mask
spte+=,lower_gfn_mask,shadow_mmio_value,shadow_mmio_mask
spte+=,shadow_mmio_access_mask,enable_mmio_caching,spte,is_mmio_spte
spte+=,decoded_gfn,decoded_access,decoded_gen,gen_match_same,gen_match_next
spte+=,gen_match_in_progress,gfn_roundtrip,setup_warns,make_warns
vm=sev_enabled,sev_es_enabled,sev_snp_enabled,vm_types,kvm_create_vm
vm+=,init_errno,asid

# columns LIST: keep those columns of LIST that the table has.
columns() {
    awk -F, -v OFS=, -v list="$1" '
        NR == 1 {
            n = split(list, want, ",")
            for (i = 1; i <= NF; i++) at[$i] = i
            for (i = 1; i <= n; i++) if (want[i] in at) keep[++k] = at[want[i]]
        }
        {
            line = $keep[1]
            for (i = 2; i <= k; i++) line = line OFS $keep[i]
            print line
        }'
}

# What a text (include/policy.h) can be asked.
text_loaded=shadow_phys_bits,x86_phys_bits,value_at_reset,caching_at_reset
text_loaded+=,shadow_mmio_value,shadow_mmio_mask,enable_mmio_caching
text_loaded+=,sev_enabled,sev_es_enabled,sev_snp_enabled,cap_sev,cap_sev_es
text_loaded+=,cap_snp,vm_types,sev_log,sev_es_log,snp_log,warn_count,cg_sev
text_loaded+=,cg_sev_es,boot_sev,boot_sev_es
text_spte=x86_phys_bits,shadow_phys_bits,max_gfn,shadow_mmio_value
text_spte+=,shadow_mmio_mask,enable_mmio_caching,spte,is_mmio_spte,decoded_gfn
text_spte+=,decoded_access,decoded_gen,gen_match_same,gen_match_next
text_spte+=,gen_match_in_progress,gfn_roundtrip,setup_warns

failed=0
check() { # TABLE KERNEL KIND INPUTS RESULTS
    local name=$1 kernel=$2 kind=$3 ask=--kernel table status want rows

    [[ $kernel = *.so ]] && ask=--text
    table=$dir/$name.csv.gz
    [ -e "$table" ] || table=$dir/$name.sample.csv.gz
    gzip -dc "$table" >"$tmp/table" || { echo "not ok $name"; failed=1; return; }
    columns "$4" <"$tmp/table" >"$tmp/in"
    columns "$5" <"$tmp/table" >"$tmp/want"
    want=$(head -n 1 "$tmp/want")
    "$program" batch "$kind" $ask "$kernel" --columns "$want" \
        <"$tmp/in" >"$tmp/got" 2>"$tmp/err"
    status=$?
    rows=$(($(wc -l <"$tmp/want") - 1))
    if [ "$status" -eq 0 ] && cmp -s "$tmp/want" "$tmp/got"; then
        echo "ok $name as $kernel: $rows rows"
        return
    fi
    failed=1
    echo "not ok $name as $kernel: exit $status"
    head -n 3 "$tmp/err" >&2
    [ "$status" -eq 0 ] || return
    # Input and wanted result of the first rows that differ, then what came.
    paste -d '|' "$tmp/in" "$tmp/want" "$tmp/got" |
        awk -F'|' 'NR == 1 || $2 != $3' | head -n 5 >&2
}

if [ $# -gt 1 ]; then
    check gating-6.1 "$3" gating "$host" "$text_loaded"
    check "edges-$2" "$3" gating "$host" "$text_loaded"
    check mmio-spte-6.1 "$3" spte "$host,gfn,access,memslot_generation" \
        "$text_spte"
    exit $failed
fi

# Tables of 6.1 hold for 6.0, too, but for its log lines, and those of 6.12 are
# byte-identical to 6.1.192's.
check gating-5.18 v5.18 gating "$host" "$loaded"
check gating-5.19 v5.19 gating "$host" "$loaded"
check gating-6.1.0 v6.0 gating "$host" "$loaded"
check gating-6.1.0 v6.1 gating "$host" "$loaded"
check gating-6.1 v6.1.192 gating "$host" "$loaded"
check gating-6.1 v6.12.107 gating "$host" "$loaded"
check gating-7.3 v7.2 gating "$host" "$loaded"
check gating-7.3 v7.3 gating "$host" "$loaded"
check edges-5.18 v5.18 gating "$host" "$loaded"
check edges-5.19 v5.19 gating "$host" "$loaded"
check edges-6.1 v6.1.192 gating "$host" "$loaded"
check edges-6.12 v6.12.107 gating "$host" "$loaded"
check edges-7.3 v7.3 gating "$host" "$loaded"
check snp-6.12 v6.12.107 gating "$host" "$loaded"
check snp-7.3 v7.3 gating "$host" "$loaded"
check mmio-spte-6.1 v6.1.192 spte "$host,gfn,access,memslot_generation" "$spte"
check mmio-spte-7.3 v7.3 spte "$host,gfn,access,memslot_generation" "$spte"
check vmcreate-6.1 v6.1.192 vmcreate "$host,path" "$vm"
check vmcreate-6.12 v6.12.107 vmcreate "$host,path" "$vm"
check vmcreate-7.3 v7.3 vmcreate "$host,path" "$vm"
exit $failed
