#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# What `nptsim batch gating` promises about columns, and how it refuses a bad
# table. That its answers are right is tests/cli/golden.sh's business.

setup() {
    program=${NPTSIM:-$BATS_TEST_DIRNAME/../../build/nptsim}
}

# Both streams in $output, the exit status in $status.
gating() { # TABLE OPTION...
    local table=$1
    shift
    run "$program" batch gating --kernel v6.0 "$@" < <(printf '%b' "$table")
}

@test "absent columns take their defaults" {
    gating 'id\nx\n' --columns id,x86_phys_bits,shadow_mmio_value,sev_log
    [ "$status" -eq 0 ]
    # 48 bits, 5 given up, C-bit 51, ASIDs 100 to 509.
    [ "${lines[1]}" = "x,43,ff80000000001,supported:410" ]
}

@test "inputs and unknown columns come first, then every result" {
    gating 'note,raw_maxphyaddr\nhello,52\n'
    [ "$status" -eq 0 ]
    [ "${lines[0]}" = "note,raw_maxphyaddr,shadow_phys_bits,x86_phys_bits,value_at_reset,caching_at_reset,shadow_mmio_value,shadow_mmio_mask,enable_mmio_caching,sev_enabled,sev_es_enabled,sev_snp_enabled,cap_sev,cap_sev_es,cap_snp,vm_types,sev_log,sev_es_log,snp_log,warn_count" ]
    [ "${lines[1]}" = "hello,52,52,47,0,0,f800000000001,f800000000001,1,1,1,0,1,1,0,0,supported:410,supported:99,,0" ]
}

@test "a column with the name of a result is computed, once" {
    gating 'sev_es_enabled,raw_maxphyaddr,cg_sev\n0,48,7\n'
    [ "$status" -eq 0 ]
    [ "$(tr , '\n' <<<"${lines[0]}" | grep -c '^sev_es_enabled$')" -eq 1 ]
    [[ "${lines[0]}" == raw_maxphyaddr,* && "${lines[0]}" == *,cg_sev ]]
    [[ "${lines[1]}" == 48,* && "${lines[1]}" == *,410 ]]
}

@test "--columns prints just those, in that order, also without rows" {
    gating 'cbit,note\n51,a\n' --columns note,sev_es_enabled,cbit
    [ "${lines[0]}" = note,sev_es_enabled,cbit ]
    [ "${lines[1]}" = a,1,51 ]
    gating 'cbit\n' --columns cbit
    [ "$status" -eq 0 ]
    [ "$output" = cbit ]
}

@test "--columns hints at the name that was meant" {
    gating 'cbit\n51\n' --columns sev_es_enable
    [ "$status" -eq 65 ]
    [[ "$output" == *"no column 'sev_es_enable'"* ]]
    [[ "$output" == *"'sev_es_enabled'"* ]]
}

@test "a bad row stops with its line; the rows before it are out" {
    gating 'raw_maxphyaddr\n48\n53\n48\n' --columns raw_maxphyaddr
    [ "$status" -eq 65 ]
    [ "${lines[1]}" = 48 ]
    [[ "$output" == *"<stdin>:3:1:"*"raw_maxphyaddr: 53 is not in 32..52"* ]]
}

@test "a state of the machine that is not modelled is refused, not ignored" {
    for cell in psp:fail psp:absent host_snp_ok:1 psp_snp_init:1 cth_hw:1 \
        p_cth_asids:4 fw_allows_es:0; do
        gating "${cell%:*}\n${cell#*:}\n"
        [ "$status" -eq 65 ]
        [[ "$output" == *":2:1:"*"${cell%:*}"* ]]
    done
    gating 'psp,host_snp_ok,fw_allows_es\nok,0,1\n'
    [ "$status" -eq 0 ]
}

@test "a table that is none is refused" {
    gating ''
    [ "$status" -eq 65 ]
    gating '48,5,51\n'
    [ "$status" -eq 65 ]
    gating 'cbit\n51\0\n'
    [ "$status" -eq 65 ]
    gating 'cbit,note\n51\n'
    [ "$status" -eq 65 ]
    [[ "$output" == *":2:1:"* ]]
}
