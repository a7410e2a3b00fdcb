/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/slots.h - the ways in which upstream has made each decision.
 *
 * Row numbers of kvm_slot_table, named for the code. Which kernel took which
 * row stands in models/kernels/; add a way here and in slots.c, then name it in
 * a kernel file.
 */
#ifndef NPTSIM_KVM_SLOTS_H
#define NPTSIM_KVM_SLOTS_H

#include "kvm.h"

enum boot_width { BOOT_WIDTH_FIRST, BOOT_WIDTH_LAST };
enum snp_host { SNP_HOST_NONE, SNP_HOST_FAMILY_19H, SNP_HOST_RMPREAD };
enum mmio_flag {
    MMIO_FLAG_TAG,
    MMIO_FLAG_VALUE,
    MMIO_FLAG_STICKY,
    MMIO_FLAG_SNAPSHOT
};
enum mmio_mask_check {
    MASK_CHECK_NONE,
    MASK_CHECK_ALLOWED,
    MASK_CHECK_ALLOWED_BIT10
};
enum mmio_mask_bump { MASK_BUMP_NONE, MASK_BUMP_CBIT };
enum mmio_zero_warn { MMIO_ZERO_WARNS, MMIO_ZERO_SILENT };
enum mmio_generation { MMIO_GEN_19, MMIO_GEN_18, MMIO_GEN_18_TAG };
enum mmio_access { MMIO_ACCESS_ALL, MMIO_ACCESS_ROLE };
enum frozen_spte { FROZEN_59, FROZEN_5A0, FROZEN_63_5A0, FROZEN_63_1A0 };
enum empty_spte { EMPTY_ZERO, EMPTY_BIT63 };
enum host_width { HOST_WIDTH_REREAD, HOST_WIDTH_ONCE };
enum me_mask { ME_MASK_AT_RESET, ME_MASK_BY_VENDOR };
enum sev_cgroup { CGROUP_NONE, CGROUP_ERROR, CGROUP_WARN, CGROUP_IF_USABLE };
enum sev_log {
    SEV_LOG_SUCCESS,
    SEV_LOG_STATES,
    SEV_LOG_UNUSABLE,
    SEV_LOG_OWN_RANGES,
    SEV_LOG_VM_TYPES
};
enum sev_ranges { SEV_RANGES_SHARED, SEV_RANGES_SPLIT };
enum sev_psp_init { PSP_INIT_AT_VM, PSP_INIT_IGNORED, PSP_INIT_AT_LOAD };
enum psp_snp_failure { PSP_SNP_FAILURE_GO_ON, PSP_SNP_FAILURE_ABORT };
enum vm_types {
    VM_TYPES_NONE,
    VM_TYPES_DEFAULT,
    VM_TYPES_BOOLEANS,
    VM_TYPES_FIRMWARE
};
enum sev_init_errno { SEV_INIT_EBUSY, SEV_INIT_ENOTTY };
enum sev_reinit_errno { SEV_REINIT_EBUSY, SEV_REINIT_EINVAL };
enum vm_create { VM_CREATE_LEGACY, VM_CREATE_TYPED };
enum emulate_verdict { VERDICT_BOOL, VERDICT_CODE };
enum skip_no_bytes { SKIP_INJECTS_UD, SKIP_GIVES_UP };
enum npf_exit { NPF_EXIT_PLAIN, NPF_EXIT_PRIVATE, NPF_EXIT_FAST_MMIO };
enum noslot { NOSLOT_ABNORMAL_PFN, NOSLOT_PRIVATE_FIRST };
enum max_gfn { MAX_GFN_UNCHECKED, MAX_GFN_CHECKED };
enum write_protected { WP_EMULATE, WP_RETRY_ON_PROGRESS };
enum ghcb_bad { GHCB_BAD_EINVAL, GHCB_BAD_MALFORMED };
enum ghcb_terminate { GHCB_TERM_EINVAL, GHCB_TERM_SYSTEM_EVENT };
enum es_shutdown { ES_SHUTDOWN_EINVAL, ES_SHUTDOWN_EXIT };
enum cpuid_sev { CPUID_SEV_HOST, CPUID_SEV_GRANTED };
enum cpuid_width { CPUID_WIDTH_GUEST, CPUID_WIDTH_MAPPABLE };

/* The row that @m takes for @slot. */
static inline unsigned kvm_slot(const struct kernel_model *m,
                                enum kvm_slot slot)
{
    return m->slot[slot];
}

#endif
