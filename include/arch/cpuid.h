/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * arch/cpuid.h - feature bits by name, and the MSRs of this story.
 *
 * One table says where each feature bit lives; the CPU builds its leaves from
 * it, the dump importer reads it backwards, KVM looks features up with it.
 */
#ifndef NPTSIM_ARCH_CPUID_H
#define NPTSIM_ARCH_CPUID_H

#include "base.h"

struct cpuid_regs {
    uint32_t eax, ebx, ecx, edx;
};

enum cpuid_reg { CPUID_EAX, CPUID_EBX, CPUID_ECX, CPUID_EDX };

/* Features that change what this simulator does or reports, in the order of
 * their leaves; of 8000_000A EDX and 8000_001F EAX every bit that a shipped CPU
 * sets has a name, so that a model file reproduces these registers. */
enum feature {
    /* 1 EDX, 1 ECX, 7 EBX, 7 ECX */
    FEAT_PSE,
    FEAT_PAE,
    FEAT_PGE,
    FEAT_PAT,
    FEAT_PSE36,
    FEAT_PCID,
    FEAT_HYPERVISOR,
    FEAT_SMEP,
    FEAT_INVPCID,
    FEAT_SMAP,
    FEAT_UMIP,
    FEAT_PKU,
    FEAT_CET_SS,
    FEAT_LA57,
    /* 8000_0001 ECX and EDX, 8000_0008 EBX */
    FEAT_SVM,
    FEAT_NX,
    FEAT_PAGE1GB,
    FEAT_LM,
    FEAT_INVLPGB,
    FEAT_INVLPGB_NESTED,
    /* 8000_000A EDX */
    FEAT_NP,
    FEAT_LBRV,
    FEAT_SVM_LOCK,
    FEAT_NRIPS,
    FEAT_TSC_RATE,
    FEAT_VMCB_CLEAN,
    FEAT_FLUSH_BY_ASID,
    FEAT_DECODE_ASSISTS,
    FEAT_PMC_VIRT,
    FEAT_PAUSE_FILTER,
    FEAT_SVM_EDX_11,
    FEAT_PAUSE_THRESHOLD,
    FEAT_AVIC,
    FEAT_V_VMSAVE_VMLOAD,
    FEAT_VGIF,
    FEAT_GMET,
    FEAT_X2AVIC,
    FEAT_SSS_CHECK,
    FEAT_V_SPEC_CTRL,
    FEAT_ROGPT,
    FEAT_HOST_MCE_OVERRIDE,
    FEAT_TLBI_CTL,
    FEAT_VNMI,
    FEAT_IBS_VIRT,
    FEAT_EXT_LVT_AVIC_ACCESS,
    FEAT_NESTED_VMCB_ADDR_CHECK,
    FEAT_BUS_LOCK_THRESHOLD,
    FEAT_IDLE_HLT_INTERCEPT,
    FEAT_ENHANCED_SHUTDOWN_INTERCEPT,
    /* 8000_001F EAX */
    FEAT_SME,
    FEAT_SEV,
    FEAT_VM_PAGE_FLUSH,
    FEAT_SEV_ES,
    FEAT_SEV_SNP,
    FEAT_VMPL,
    FEAT_RMPQUERY,
    FEAT_VMPL_SSS,
    FEAT_SECURE_TSC,
    FEAT_TSC_AUX_VIRT,
    FEAT_SME_COHERENT,
    FEAT_SEV_64BIT_HOST,
    FEAT_RESTRICTED_INJECTION,
    FEAT_ALTERNATE_INJECTION,
    FEAT_DEBUG_SWAP,
    FEAT_PREVENT_HOST_IBS,
    FEAT_VTE,
    FEAT_VMGEXIT_PARAMETER,
    FEAT_VIRTUAL_TOM,
    FEAT_IBS_VIRT_GUEST_CTL,
    FEAT_PMC_VIRT_GUEST_CTL,
    FEAT_RMPREAD,
    FEAT_GUEST_INTERCEPT_CTL,
    FEAT_SEGMENTED_RMP,
    FEAT_VMSA_REG_PROT,
    FEAT_SMT_PROTECTION,
    FEAT_SECURE_AVIC,
    FEAT_ALLOWED_SEV_FEATURES,
    FEAT_SVSM_COMM_PAGE,
    FEAT_NESTED_VIRT_SNP,
    FEAT_HV_INUSE_WR_ALLOWED,
    FEAT_IBPB_ON_ENTRY,
    /* 8000_0021 EAX */
    FEAT_UPPER_ADDRESS_IGNORE,
    N_FEATURES,
};

struct feature_desc {
    const char *name; /* as in a CPU model file: "sev_es" */
    uint32_t leaf;
    uint8_t reg; /* enum cpuid_reg; sub-leaf is always 0 */
    uint8_t bit;
    const char *doc;
};

/* Indexed by enum feature. */
extern const struct feature_desc feature_table[N_FEATURES];

/* Features that follow each other, here and in their register, by leaf: what
 * feature_table says once more, for whoever puts whole registers together. */
struct feature_run {
    uint32_t leaf;
    uint8_t reg, bit; /* of the first one */
    uint8_t first, n;
};
#define N_FEATURE_RUNS 24
extern const struct feature_run feature_runs[N_FEATURE_RUNS];

/* Leaves with feature bits, and where their runs begin and end. */
struct feature_leaf {
    uint32_t leaf;
    uint8_t first, end;
};
#define N_FEATURE_LEAVES 7
extern const struct feature_leaf feature_leaves[N_FEATURE_LEAVES];

/* The feature called @name, or -1. */
int feature_find(const char *name);

/* Family and model out of a signature, leaf 1 EAX (APM vol. 3, E.3.2). */
static inline unsigned cpuid_family(uint32_t signature)
{
    unsigned base = signature >> 8 & 0xf;

    return base == 0xf ? base + (signature >> 20 & 0xff) : base;
}

static inline unsigned cpuid_model(uint32_t signature)
{
    unsigned base = signature >> 4 & 0xf;
    bool extended = (signature >> 8 & 0xf) == 0xf;

    return extended ? base | (signature >> 12 & 0xf0) : base;
}

#define MSR_SYSENTER_CS    0x174U
#define MSR_SYSENTER_ESP   0x175U
#define MSR_SYSENTER_EIP   0x176U
#define MSR_PAT            0x277U
#define MSR_EFER           0xc0000080U
#define MSR_STAR           0xc0000081U
#define MSR_LSTAR          0xc0000082U
#define MSR_CSTAR          0xc0000083U
#define MSR_SFMASK         0xc0000084U
#define MSR_FS_BASE        0xc0000100U
#define MSR_GS_BASE        0xc0000101U
#define MSR_KERNEL_GS_BASE 0xc0000102U
#define MSR_SYSCFG         0xc0010010U
#define MSR_HWCR           0xc0010015U
#define MSR_VM_CR          0xc0010114U
#define MSR_VM_HSAVE_PA    0xc0010117U
#define MSR_GHCB           0xc0010130U
#define MSR_SEV_STATUS     0xc0010131U
#define MSR_RMP_BASE       0xc0010132U
#define MSR_RMP_END        0xc0010133U
#define MSR_VIRTUAL_TOM    0xc0010135U

#define SYSCFG_MEM_ENCRYPT BIT(23)
#define SYSCFG_MFDM        BIT(19)
#define SYSCFG_SNP_EN      BIT(24)
#define SYSCFG_VMPL_EN     BIT(25)
#define HWCR_SMMLOCK       BIT(0)
#define VM_CR_SVMDIS       BIT(4)

#endif
