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

# Linux 7.3 asks the secure processor, and takes what it says.
snp() { # INPUT=VALUE... ; prints sev,sev_es,sev_snp,vm_types,es_range,snp_range
    local names=f_snp,host_snp_ok,psp_snp_init values=1,1,1 pair
    for pair; do names+=,${pair%=*} values+=,${pair#*=}; done
    run "$program" batch gating --kernel v7.3 --columns \
        sev_enabled,sev_es_enabled,sev_snp_enabled,vm_types,es_range,snp_range \
        < <(printf '%s\n%s\n' "$names" "$values")
    [ "$status" -eq 0 ]
}

@test "the platform decides about SEV-SNP" {
    snp && [ "${lines[1]}" = 1,1,1,1d,1-99,1-99 ]
    snp psp=fail && [ "${lines[1]}" = 0,0,0,1,1-99,1-99 ]
    snp psp=absent && [ "${lines[1]}" = 0,0,0,1,1-99,1-99 ]
    snp fw_allows_es=0 && [ "${lines[1]}" = 1,1,1,15,1-99,1-99 ]
}

@test "ciphertext hiding splits the ASIDs, and cuts the parameter where SNP is on" {
    snp cth_hw=1 p_cth_asids=4 && [ "${lines[1]}" = 1,1,1,1d,5-99,1-4 ]
    snp cth_hw=1 p_cth_asids=1000 && [ "${lines[1]}" = 1,1,1,15,100-99,1-99 ]
    snp p_cth_asids=1000 && [ "${lines[1]}" = 1,1,1,1d,1-99,1-99 ]
    # Without SNP the number stands, and leaves SEV-ES nothing.
    snp p_sev_snp=0 p_cth_asids=1000 && [ "${lines[1]}" = 1,1,0,5,1001-99,1-1000 ]
}

@test "a word that is none of the column's is refused with the nearest" {
    gating 'psp\nabsnt\n'
    [ "$status" -eq 65 ]
    [[ "$output" == *":2:1:"*"psp: 'absnt'"*"did you mean 'absent'?"* ]]
    gating 'host_snp_ok\n2\n'
    [ "$status" -eq 65 ]
}

@test "kvm-amd.ko can be loaded again, and 5.19 remembers" {
    for how in 'reloads\n0\n1' 'section,note\nreload,first\nreload,second'; do
        run "$program" batch gating --kernel v5.19 --columns caching_at_reset \
            < <(printf '%b' "${how/\\n/,raw_maxphyaddr,pa_reduction\\n}" |
                sed '1!s/$/,51,0/')
        [ "$status" -eq 0 ]
        [ "${lines[1]} ${lines[2]}" = "1 0" ]
    done
}

@test "CPUID as userspace sees it" {
    # SEV and SEV-ES granted; the C-bit, but no reduction; the host's ASIDs.
    run "$program" batch gating --kernel v6.0 --columns \
        cpuid_8000001f_eax,cpuid_8000001f_ebx,cpuid_8000001f_ecx,cpuid_80000008_eax \
        < <(printf 'p_npt\n1\n0\n')
    [ "$status" -eq 0 ]
    [ "${lines[1]}" = a,33,1fd,3030 ]
    [ "${lines[2]}" = 0,0,0,302b ]
    # 5.11 shows the host's leaf; 6.10 adds what nested tables can map.
    run "$program" batch gating --kernel v5.11 --columns cpuid_8000001f_ebx \
        < <(printf 'p_npt\n1\n')
    [ "${lines[1]}" = 173 ]
    run "$program" batch gating --kernel v6.10 --columns cpuid_80000008_eax \
        < <(printf 'raw_maxphyaddr\n52\n')
    [ "${lines[1]}" = 303034 ]
}

# ---- batch spte, batch vmcreate: golden.sh judges their answers -------------

@test "an MMIO SPTE and back, by default without its masks" {
    run "$program" batch spte --kernel v6.1 < <(printf 'gfn,access\nfed00,3\n')
    [ "$status" -eq 0 ]
    [ "${lines[0]}" = gfn,access,shadow_mmio_value,enable_mmio_caching,max_gfn,spte,is_mmio_spte,decoded_gfn,decoded_access,decoded_gen,gen_match_same,gen_match_next,gen_match_in_progress ]
    [ "${lines[1]}" = fed00,3,ff80000000001,1,fffffffff,ff800fed00003,1,fed00,2,0,1,0,0 ]
}

@test "an SEV VM on a host without room for one" {
    run "$program" batch vmcreate --kernel v6.12.107 --columns kvm_create_vm,init_errno \
        < <(printf 'path,min_asid\nSEV_VM+INIT2,510\nDEFAULT+SEV_INIT,510\nDEFAULT,510\nSNP_VM+INIT2,510\n')
    [ "$status" -eq 0 ]
    [ "${lines[1]}" = 0,-ENOTTY ]
    [ "${lines[2]}" = 0,-ENOTTY ]
    [ "${lines[3]}" = 0, ]
    [ "${lines[4]}" = -EINVAL, ]
}

@test "a column that is needed is asked for" {
    run "$program" batch spte --kernel v6.1 < <(printf 'access\n3\n')
    [ "$status" -eq 65 ]
    [[ "$output" == *"no column 'gfn'"* ]]
    run "$program" batch vmcreate --kernel v6.1 < <(printf 'path\nSEV\n')
    [ "$status" -eq 65 ]
    [[ "$output" == *"path: 'SEV'"* ]]
    run "$program" batch spte < /dev/null
    [ "$status" -eq 2 ]
    run "$program" batch vmcreate --text x.so < /dev/null
    [ "$status" -eq 2 ]
    run "$program" batch walk --kernel v6.1 < /dev/null
    [ "$status" -eq 2 ]
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
