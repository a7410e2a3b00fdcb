/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cpuid.c - where each feature bit lives.
 *
 * The one table behind the CPU's leaves, the dump importer and `features:` of a
 * model file. It says what a bit is called and where it is, not which CPU has
 * it (models/cpus/) nor what it changes (sim/hw/).
 *
 * Sources: APM vol. 3, appendix E; where the manual is silent or older than the
 * part, Linux' arch/x86/include/asm/cpufeatures.h. 8000_000A EDX[11] is set on
 * every part since Piledriver and has no public name.
 */
#include <string.h>

#include "arch/cpuid.h"

#define F(id, leaf, reg, bit, name, doc)                                       \
    [FEAT_##id] = { name, leaf, CPUID_##reg, bit, doc }

const struct feature_desc feature_table[N_FEATURES] = {
    F(PSE, 1, EDX, 3, "pse", "4M pages in 32-bit paging"),
    F(PAE, 1, EDX, 6, "pae", "8-byte entries, physical addresses over 4G"),
    F(PGE, 1, EDX, 13, "pge", "global pages"),
    F(PAT, 1, EDX, 16, "pat", "page attribute table"),
    F(PSE36, 1, EDX, 17, "pse36", "4M pages over 4G in 32-bit paging"),
    F(PCID, 1, ECX, 17, "pcid", "process context identifiers"),
    F(HYPERVISOR, 1, ECX, 31, "hypervisor", "a hypervisor answers CPUID"),
    F(SMEP, 7, EBX, 7, "smep", "supervisor may not fetch user pages"),
    F(INVPCID, 7, EBX, 10, "invpcid", "INVPCID instruction"),
    F(SMAP, 7, EBX, 20, "smap", "supervisor may not touch user pages"),
    F(UMIP, 7, ECX, 2, "umip", "no SGDT and the like in user mode"),
    F(PKU, 7, ECX, 3, "pku", "protection keys for user pages"),
    F(CET_SS, 7, ECX, 7, "cet_ss", "shadow stacks"),
    F(LA57, 7, ECX, 16, "la57", "5-level paging"),

    F(SVM, 0x80000001, ECX, 2, "svm", "secure virtual machine: VMRUN"),
    F(NX, 0x80000001, EDX, 20, "nx", "no-execute pages"),
    F(PAGE1GB, 0x80000001, EDX, 26, "page1gb", "1G pages"),
    F(LM, 0x80000001, EDX, 29, "lm", "long mode"),
    F(INVLPGB, 0x80000008, EBX, 3, "invlpgb", "INVLPGB and TLBSYNC"),
    F(INVLPGB_NESTED, 0x80000008, EBX, 21, "invlpgb_nested",
      "INVLPGB of nested translations"),

    F(NP, 0x8000000a, EDX, 0, "np", "nested paging"),
    F(LBRV, 0x8000000a, EDX, 1, "lbrv", "virtualized last-branch records"),
    F(SVM_LOCK, 0x8000000a, EDX, 2, "svm_lock", "SVM can be locked off"),
    F(NRIPS, 0x8000000a, EDX, 3, "nrips", "next RIP saved on #VMEXIT"),
    F(TSC_RATE, 0x8000000a, EDX, 4, "tsc_rate", "TSC ratio MSR"),
    F(VMCB_CLEAN, 0x8000000a, EDX, 5, "vmcb_clean", "VMCB clean bits"),
    F(FLUSH_BY_ASID, 0x8000000a, EDX, 6, "flush_by_asid",
      "TLB flush of one ASID at VMRUN"),
    F(DECODE_ASSISTS, 0x8000000a, EDX, 7, "decode_assists",
      "instruction bytes and more in the VMCB"),
    F(PMC_VIRT, 0x8000000a, EDX, 8, "pmc_virt",
      "virtualized performance counters"),
    F(PAUSE_FILTER, 0x8000000a, EDX, 10, "pause_filter",
      "#VMEXIT after a count of PAUSEs"),
    F(SVM_EDX_11, 0x8000000a, EDX, 11, "svm_edx_11", "no public name"),
    F(PAUSE_THRESHOLD, 0x8000000a, EDX, 12, "pause_threshold",
      "PAUSE filter counts dense PAUSEs only"),
    F(AVIC, 0x8000000a, EDX, 13, "avic", "virtual interrupt controller"),
    F(V_VMSAVE_VMLOAD, 0x8000000a, EDX, 15, "v_vmsave_vmload",
      "VMSAVE and VMLOAD inside a guest"),
    F(VGIF, 0x8000000a, EDX, 16, "vgif", "virtual global interrupt flag"),
    F(GMET, 0x8000000a, EDX, 17, "gmet", "guest mode execute trap"),
    F(X2AVIC, 0x8000000a, EDX, 18, "x2avic", "AVIC in x2APIC mode"),
    F(SSS_CHECK, 0x8000000a, EDX, 19, "sss_check",
      "supervisor shadow stack check in nested tables"),
    F(V_SPEC_CTRL, 0x8000000a, EDX, 20, "v_spec_ctrl", "virtualized SPEC_CTRL"),
    F(ROGPT, 0x8000000a, EDX, 21, "rogpt", "read-only guest page tables"),
    F(HOST_MCE_OVERRIDE, 0x8000000a, EDX, 23, "host_mce_override",
      "machine checks follow the host's CR4.MCE"),
    F(TLBI_CTL, 0x8000000a, EDX, 24, "tlbi_ctl",
      "INVLPGB and TLBSYNC inside a guest"),
    F(VNMI, 0x8000000a, EDX, 25, "vnmi", "virtual NMI"),
    F(IBS_VIRT, 0x8000000a, EDX, 26, "ibs_virt",
      "virtualized instruction-based sampling"),
    F(EXT_LVT_AVIC_ACCESS, 0x8000000a, EDX, 27, "ext_lvt_avic_access",
      "AVIC passes extended LVT registers"),
    F(NESTED_VMCB_ADDR_CHECK, 0x8000000a, EDX, 28, "nested_vmcb_addr_check",
      "#GP for a guest's VMRUN of an unmapped VMCB"),
    F(BUS_LOCK_THRESHOLD, 0x8000000a, EDX, 29, "bus_lock_threshold",
      "#VMEXIT after a count of bus locks"),
    F(IDLE_HLT_INTERCEPT, 0x8000000a, EDX, 30, "idle_hlt_intercept",
      "HLT exits only without a pending interrupt"),
    F(ENHANCED_SHUTDOWN_INTERCEPT, 0x8000000a, EDX, 31,
      "enhanced_shutdown_intercept", "nested shutdown leaves as #VMEXIT"),

    F(SME, 0x8000001f, EAX, 0, "sme", "secure memory encryption"),
    F(SEV, 0x8000001f, EAX, 1, "sev", "secure encrypted virtualization"),
    F(VM_PAGE_FLUSH, 0x8000001f, EAX, 2, "vm_page_flush", "VM_PAGE_FLUSH MSR"),
    F(SEV_ES, 0x8000001f, EAX, 3, "sev_es", "SEV with encrypted registers"),
    F(SEV_SNP, 0x8000001f, EAX, 4, "sev_snp", "SEV with secure nested paging"),
    F(VMPL, 0x8000001f, EAX, 5, "vmpl", "VM permission levels"),
    F(RMPQUERY, 0x8000001f, EAX, 6, "rmpquery", "RMPQUERY instruction"),
    F(VMPL_SSS, 0x8000001f, EAX, 7, "vmpl_sss",
      "supervisor shadow stack as a VMPL permission"),
    F(SECURE_TSC, 0x8000001f, EAX, 8, "secure_tsc", "TSC owned by the guest"),
    F(TSC_AUX_VIRT, 0x8000001f, EAX, 9, "tsc_aux_virt",
      "TSC_AUX switched by hardware"),
    F(SME_COHERENT, 0x8000001f, EAX, 10, "sme_coherent",
      "caches coherent across encryption domains"),
    F(SEV_64BIT_HOST, 0x8000001f, EAX, 11, "sev_64bit_host",
      "SEV guests run only from a 64-bit host"),
    F(RESTRICTED_INJECTION, 0x8000001f, EAX, 12, "restricted_injection",
      "host may inject #HV only"),
    F(ALTERNATE_INJECTION, 0x8000001f, EAX, 13, "alternate_injection",
      "guest software may inject into lower VMPLs"),
    F(DEBUG_SWAP, 0x8000001f, EAX, 14, "debug_swap",
      "debug registers switched by hardware"),
    F(PREVENT_HOST_IBS, 0x8000001f, EAX, 15, "prevent_host_ibs",
      "guest may forbid host sampling"),
    F(VTE, 0x8000001f, EAX, 16, "vte", "virtual transparent encryption"),
    F(VMGEXIT_PARAMETER, 0x8000001f, EAX, 17, "vmgexit_parameter",
      "VMGEXIT takes a parameter"),
    F(VIRTUAL_TOM, 0x8000001f, EAX, 18, "virtual_tom",
      "private memory ends at an address, not by C-bit"),
    F(IBS_VIRT_GUEST_CTL, 0x8000001f, EAX, 19, "ibs_virt_guest_ctl",
      "sampling controlled by an SEV-ES guest"),
    F(PMC_VIRT_GUEST_CTL, 0x8000001f, EAX, 20, "pmc_virt_guest_ctl",
      "counters controlled by an SEV-ES guest"),
    F(RMPREAD, 0x8000001f, EAX, 21, "rmpread", "RMPREAD instruction"),
    F(GUEST_INTERCEPT_CTL, 0x8000001f, EAX, 22, "guest_intercept_ctl",
      "intercepts chosen by an SEV-ES guest"),
    F(SEGMENTED_RMP, 0x8000001f, EAX, 23, "segmented_rmp", "RMP in segments"),
    F(VMSA_REG_PROT, 0x8000001f, EAX, 24, "vmsa_reg_prot",
      "VMSA registers masked with a nonce"),
    F(SMT_PROTECTION, 0x8000001f, EAX, 25, "smt_protection",
      "guest may demand an idle sibling thread"),
    F(SECURE_AVIC, 0x8000001f, EAX, 26, "secure_avic",
      "AVIC state held by the guest"),
    F(ALLOWED_SEV_FEATURES, 0x8000001f, EAX, 27, "allowed_sev_features",
      "host restricts the guest's SEV_FEATURES"),
    F(SVSM_COMM_PAGE, 0x8000001f, EAX, 28, "svsm_comm_page",
      "SVSM communication page MSR"),
    F(NESTED_VIRT_SNP, 0x8000001f, EAX, 29, "nested_virt_snp",
      "nested virtualization MSR for SNP guests"),
    F(HV_INUSE_WR_ALLOWED, 0x8000001f, EAX, 30, "hv_inuse_wr_allowed",
      "host may write pages that hardware uses"),
    F(IBPB_ON_ENTRY, 0x8000001f, EAX, 31, "ibpb_on_entry",
      "branch prediction barrier at VMRUN of a guest"),

    F(UPPER_ADDRESS_IGNORE, 0x80000021, EAX, 7, "upper_address_ignore",
      "linear address bits 63:57 may hold a tag"),
};

const struct feature_run feature_runs[N_FEATURE_RUNS] = {
    { 1, CPUID_EDX, 3, FEAT_PSE, 1 },
    { 1, CPUID_EDX, 6, FEAT_PAE, 1 },
    { 1, CPUID_EDX, 13, FEAT_PGE, 1 },
    { 1, CPUID_EDX, 16, FEAT_PAT, 2 },
    { 1, CPUID_ECX, 17, FEAT_PCID, 1 },
    { 1, CPUID_ECX, 31, FEAT_HYPERVISOR, 1 },
    { 7, CPUID_EBX, 7, FEAT_SMEP, 1 },
    { 7, CPUID_EBX, 10, FEAT_INVPCID, 1 },
    { 7, CPUID_EBX, 20, FEAT_SMAP, 1 },
    { 7, CPUID_ECX, 2, FEAT_UMIP, 2 },
    { 7, CPUID_ECX, 7, FEAT_CET_SS, 1 },
    { 7, CPUID_ECX, 16, FEAT_LA57, 1 },
    { 0x80000001, CPUID_ECX, 2, FEAT_SVM, 1 },
    { 0x80000001, CPUID_EDX, 20, FEAT_NX, 1 },
    { 0x80000001, CPUID_EDX, 26, FEAT_PAGE1GB, 1 },
    { 0x80000001, CPUID_EDX, 29, FEAT_LM, 1 },
    { 0x80000008, CPUID_EBX, 3, FEAT_INVLPGB, 1 },
    { 0x80000008, CPUID_EBX, 21, FEAT_INVLPGB_NESTED, 1 },
    { 0x8000000a, CPUID_EDX, 0, FEAT_NP, 9 },
    { 0x8000000a, CPUID_EDX, 10, FEAT_PAUSE_FILTER, 4 },
    { 0x8000000a, CPUID_EDX, 15, FEAT_V_VMSAVE_VMLOAD, 7 },
    { 0x8000000a, CPUID_EDX, 23, FEAT_HOST_MCE_OVERRIDE, 9 },
    { 0x8000001f, CPUID_EAX, 0, FEAT_SME, 32 },
    { 0x80000021, CPUID_EAX, 7, FEAT_UPPER_ADDRESS_IGNORE, 1 },
};

const struct feature_leaf feature_leaves[N_FEATURE_LEAVES] = {
    { 1, 0, 6 },
    { 7, 6, 12 },
    { 0x80000001, 12, 16 },
    { 0x80000008, 16, 18 },
    { 0x8000000a, 18, 22 },
    { 0x8000001f, 22, 23 },
    { 0x80000021, 23, 24 },
};

int feature_find(const char *name)
{
    for (int i = 0; i < N_FEATURES; i++)
        if (strcmp(feature_table[i].name, name) == 0)
            return i;
    return -1;
}
