/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * arch/sev.h - the GHCB page, its protocol numbers, the PSP's commands.
 *
 * Sources: GHCB standard (pub. 56421) and SEV API (pub. 55766) as used by
 * Linux' asm/svm.h, asm/sev-common.h and uapi/asm/svm.h.
 */
#ifndef NPTSIM_ARCH_SEV_H
#define NPTSIM_ARCH_SEV_H

#include "base.h"

/* GHCB page offsets. Registers lie where the VMSA has them. One valid bit per
 * 8 bytes, bit index = offset / 8, in the bitmap at GHCB_VALID_BITMAP. */
#define GHCB_CPL                0x0cb
#define GHCB_RAX                0x1f8
#define GHCB_RCX                0x308
#define GHCB_RDX                0x310
#define GHCB_RBX                0x318
#define GHCB_SW_EXITCODE        0x390
#define GHCB_SW_EXITINFO1       0x398
#define GHCB_SW_EXITINFO2       0x3a0
#define GHCB_SW_SCRATCH         0x3a8
#define GHCB_XCR0               0x3e8
#define GHCB_VALID_BITMAP       0x3f0 /* 16 bytes */
#define GHCB_SHARED_BUFFER      0x800
#define GHCB_SHARED_BUFFER_SIZE 0x7f0 /* 2032 bytes */
#define GHCB_VERSION            0xffa
#define GHCB_USAGE              0xffc

/* NAE event codes above the hardware's exit codes. */
#define NAE_MMIO_READ     0x80000001ULL
#define NAE_MMIO_WRITE    0x80000002ULL
#define NAE_NMI_COMPLETE  0x80000003ULL
#define NAE_AP_HLT_LOOP   0x80000004ULL
#define NAE_AP_JUMP_TABLE 0x80000005ULL
#define NAE_TERMINATE     0x8000fffeULL
#define NAE_UNSUPPORTED   0x8000ffffULL

/* GHCB MSR protocol: value[11:0]. */
#define GHCB_MSR_SEV_INFO     0x001ULL
#define GHCB_MSR_SEV_INFO_REQ 0x002ULL
#define GHCB_MSR_CPUID_REQ    0x004ULL
#define GHCB_MSR_CPUID_RESP   0x005ULL
#define GHCB_MSR_TERM_REQ     0x100ULL
#define GHCB_MSR_CODE_MASK    0xfffULL

/* SW_EXITINFO1 = 2 tells the guest that its GHCB was malformed; INFO2 says how.
 */
#define GHCB_HV_RESP_MALFORMED   2ULL
#define GHCB_ERR_NOT_REGISTERED  1ULL
#define GHCB_ERR_INVALID_USAGE   2ULL
#define GHCB_ERR_INVALID_SCRATCH 3ULL
#define GHCB_ERR_MISSING_INPUT   4ULL
#define GHCB_ERR_INVALID_INPUT   5ULL
#define GHCB_ERR_INVALID_EVENT   6ULL

/* #VC error code of a nested page fault: the exit code it would have been. */
#define VC_NPF 0x400ULL
/* And of an access to a private page that was not validated; no exit code. */
#define VC_NOT_VALIDATED 0x404ULL

/* PSP mailbox commands (SEV API). */
enum psp_cmd {
    PSP_INIT,
    PSP_LAUNCH_START,       /* handle -> a fresh guest key */
    PSP_ACTIVATE,           /* bind the handle's key to an ASID */
    PSP_LAUNCH_UPDATE_DATA, /* encrypt [spa, spa+len) in place */
    PSP_LAUNCH_UPDATE_VMSA, /* encrypt one VMSA page in place */
    PSP_LAUNCH_FINISH,
    PSP_DEACTIVATE,
    /* From here on: SEV-SNP (pub. 56860). */
    PSP_SNP_INIT,            /* SNP_INIT_EX */
    PSP_SNP_PLATFORM_STATUS, /* -> snp */
    PSP_SNP_FEATURE_INFO,    /* -> feature_ecx; sub-leaf 0 */
    PSP_SNP_GCTX_CREATE,     /* the firmware's page at gctx becomes a context */
    PSP_SNP_LAUNCH_START,    /* gctx, policy */
    PSP_SNP_ACTIVATE,        /* gctx, asid */
    PSP_SNP_LAUNCH_UPDATE,   /* gctx, spa, large, page_type, vmpl */
    PSP_SNP_LAUNCH_FINISH,   /* gctx */
    PSP_SNP_DECOMMISSION,    /* gctx */
    PSP_SNP_PAGE_RECLAIM,    /* spa, large */
};

/* Firmware status codes that this model returns. */
enum psp_status {
    PSP_OK = 0x00,
    PSP_INVALID_PLATFORM_STATE = 0x01,
    PSP_INVALID_GUEST_STATE = 0x02,
    PSP_INVALID_CONFIG = 0x03,
    PSP_INVALID_LEN = 0x04,
    PSP_POLICY_FAILURE = 0x07,
    PSP_INVALID_ADDRESS = 0x09,
    PSP_ASID_OWNED = 0x0c,
    PSP_INVALID_ASID = 0x0d,
    PSP_INVALID_GUEST = 0x10,
    PSP_HW_ERROR_PLATFORM = 0x13,
    PSP_UNSUPPORTED = 0x15,
    PSP_INVALID_PARAM = 0x16,
    PSP_INVALID_PAGE_SIZE = 0x19,
    PSP_INVALID_PAGE_STATE = 0x1a,
    PSP_INVALID_PAGE_OWNER = 0x1c,
    /* No status of the firmware: nothing decodes the mailbox, reads return
     * ones. */
    PSP_NO_DEVICE = 0xffff,
};

/* SNP_PLATFORM_STATUS (SNP firmware ABI, pub. 56860), what matters here. */
struct psp_snp_status {
    bool initialized;           /* STATE is INIT */
    bool feature_info;          /* SNP_FEATURE_INFO is there */
    bool ciphertext_hiding_cap; /* the BIOS lets ciphertext be hidden */
    uint64_t current_tcb;       /* TCB_VERSION; its layout is the family's */
};
#define PSP_FEATURE_CIPHERTEXT_HIDING BIT(3) /* SNP_FEATURE_INFO, ECX */

/* Where the SNP firmware's version number (SVN) lies in a TCB_VERSION. */
#define PSP_TCB_SNP_SHIFT       48 /* families before 1Ah */
#define PSP_TCB_SNP_SHIFT_TURIN 24

/* What SNP_LAUNCH_UPDATE makes of a page. */
enum psp_page_type {
    PSP_PAGE_NORMAL = 1,
    PSP_PAGE_VMSA = 2,
    PSP_PAGE_ZERO = 3,
    PSP_PAGE_UNMEASURED = 4,
    PSP_PAGE_SECRETS = 5,
    PSP_PAGE_CPUID = 6,
};

/* One mailbox command; fields that a command does not use are 0. */
struct psp_request {
    uint32_t handle; /* in; out for LAUNCH_START */
    uint32_t asid;
    bool es; /* LAUNCH_START policy: SEV-ES required */
    spa_t spa;
    uint64_t len;
    uint32_t max_snp_asid; /* SNP_INIT: hide ciphertext of ASIDs 1 to this one;
                              0: hide nothing */
    spa_t gctx;            /* SNP: the guest's context page */
    uint64_t policy;       /* SNP_LAUNCH_START */
    enum psp_page_type page_type;
    bool large;                /* the page at spa has 2M */
    uint8_t vmpl[3];           /* its permissions for VMPL 1 to 3 */
    struct psp_snp_status snp; /* out */
    uint32_t feature_ecx;      /* out */
};

#endif
