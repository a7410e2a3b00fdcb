/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * policy.h - one host, and what a kernel concludes about it, in plain numbers.
 *
 * The least that must be said of a machine so that KVM's decisions follow, and
 * these decisions: the columns of `batch gating`, the axes of `prove` and
 * `diff`, the question put to a library of a real kernel's text. Such a library
 * is compiled against this header alone, so it includes nothing of nptsim.
 */
#ifndef NPTSIM_POLICY_H
#define NPTSIM_POLICY_H

#include <stdbool.h>
#include <stdint.h>

/* What is said of the host. Names, ranges and defaults: sim/lab/inputs.c. */
enum policy_input {
    POLICY_RAW_MAXPHYADDR, /* CPUID 8000_0008 EAX[7:0] */
    POLICY_PA_REDUCTION,   /* CPUID 8000_001F EBX[11:6] */
    POLICY_CBIT,           /* CPUID 8000_001F EBX[5:0] */
    POLICY_SYSCFG_MEMENC,  /* SYSCFG[23] */
    POLICY_P_MMIO_CACHING, /* kvm.mmio_caching */
    POLICY_P_NPT,          /* kvm_amd.npt, and so on */
    POLICY_P_SEV,
    POLICY_P_SEV_ES,
    POLICY_P_SEV_SNP,
    POLICY_F_SME, /* CPUID 8000_001F EAX */
    POLICY_F_SEV,
    POLICY_F_SEV_ES,
    POLICY_F_SNP,
    POLICY_F_NPT, /* CPUID 8000_000A EDX */
    POLICY_F_NRIPS,
    POLICY_F_DECODEASSISTS,
    POLICY_F_FLUSHBYASID,
    POLICY_F_LBRV,
    POLICY_MIN_ASID,     /* CPUID 8000_001F EDX */
    POLICY_MAX_ASID,     /* CPUID 8000_001F ECX */
    POLICY_MAX_EXT_LEAF, /* CPUID 8000_0000 EAX */
    POLICY_HWCR_SMMLOCK, /* HWCR[0] */
    POLICY_SME_ACTIVE,   /* the kernel is booted with memory encryption */
    POLICY_BUG_L1TF,
    POLICY_X86_CACHE_BITS, /* 0: the raw width */
    POLICY_HOST_SNP_OK,    /* the firmware set an RMP aside */
    POLICY_PSP,            /* enum policy_psp */
    POLICY_PSP_SNP_INIT,   /* the PSP comes up with SNP initialised */
    POLICY_CTH_HW,         /* firmware and BIOS can hide ciphertext */
    POLICY_P_CTH_ASIDS,    /* kvm_amd.ciphertext_hiding_asids */
    POLICY_FW_ALLOWS_ES,   /* the firmware runs SEV-ES beside SNP */
    POLICY_P_NRIPS,
    POLICY_P_LBRV,
    N_POLICY_INPUTS,
};

enum policy_psp { POLICY_PSP_OK, POLICY_PSP_FAIL, POLICY_PSP_ABSENT };

struct policy_host {
    uint64_t v[N_POLICY_INPUTS];
};

#define POLICY_LOG_MAX 48

/* What kvm.ko and kvm-amd.ko hold once both are loaded. */
struct policy_result {
    uint64_t value_at_reset, shadow_mmio_value, shadow_mmio_mask;
    uint32_t shadow_phys_bits, x86_phys_bits;
    uint32_t vm_types; /* bits of KVM_CAP_VM_TYPES, 0: no such capability */
    uint32_t cg_sev, cg_sev_es; /* misc-cgroup capacities, 0: not set */
    uint32_t warn_count;
    uint8_t caching_at_reset, enable_mmio_caching;
    uint8_t sev_enabled, sev_es_enabled, sev_snp_enabled;
    uint8_t cap_sev, cap_sev_es, cap_snp; /* kvm_cpu_caps */
    uint8_t boot_sev, boot_sev_es;        /* feature flags left after boot */
    /* Condensed: "enabled:1-99", "supported:410"; "" = no line. */
    char sev_log[POLICY_LOG_MAX], sev_es_log[POLICY_LOG_MAX];
    char snp_log[POLICY_LOG_MAX];
};

/* ---- a library of a real kernel's text --------------------------------------
 *
 * `make kernel-policy` builds one; its symbol POLICY_TEXT_SYMBOL is one of
 * these. Whoever asks compares @abi and the sizes first.
 */

#define POLICY_TEXT_ABI    1
#define POLICY_TEXT_SYMBOL "policy_text"

struct policy_text_function {
    const char *name, *file;
    unsigned first, last; /* its lines in that file */
};

struct policy_text {
    uint32_t abi;
    uint32_t host_size, result_size;
    const char *version; /* of the tree, as in its Makefile: "6.1.192" */
    unsigned n_functions;
    const struct policy_text_function *functions;

    /* Boot on @host and load both modules; every thread has a kernel of its
     * own, and what follows asks the one that this thread loaded last. */
    void (*load)(const struct policy_host *host, struct policy_result *r);
    /* Load kvm-amd.ko a second time while kvm.ko stays. */
    void (*reload)(const struct policy_host *host, struct policy_result *r);

    /* @generation: of the memslots, bit 63 while an update is in progress. */
    uint64_t (*make_mmio_spte)(uint64_t gfn, unsigned access,
                               uint64_t generation);
    bool (*is_mmio_spte)(uint64_t spte);
    bool (*check_mmio_spte)(uint64_t spte, uint64_t generation);
    uint64_t (*mmio_spte_gfn)(uint64_t spte);
    unsigned (*mmio_spte_access)(uint64_t spte);
    uint64_t (*mmio_spte_generation)(uint64_t spte);
    uint64_t (*max_gfn)(void);
};

#endif
