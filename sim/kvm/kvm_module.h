/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/kvm_module.h - what the files that load KVM share with each other.
 *
 * The order of a load: host.c boots the kernel, load.c brings kvm.ko and then
 * kvm-amd.ko up; mmu/masks.c, mmu/mmio_mask.c, svm/setup.c and svm/sev_setup.c
 * take the decisions. Everything is written into struct kvm_module.
 */
#ifndef NPTSIM_KVM_MODULE_H
#define NPTSIM_KVM_MODULE_H

#include "arch/paging.h"
#include "kvm.h"
#include "kvm/slots.h"
#include "trace.h"

/* Access bits that an MMIO SPTE keeps (KVM's ACC_WRITE_MASK, ACC_USER_MASK). */
#define MMIO_ACCESS_MASK 0x6ULL
/* With the L1TF mitigation, five address bits of a non-present SPTE move up. */
#define L1TF_MOVED_BITS 5
/* In a memslots generation: an update is on its way. */
#define GEN_IN_PROGRESS BIT(63)
/* The tag of an MMIO SPTE while software-available bits told it (<= 5.12). */
#define SPTE_MMIO_TAG (3ULL << 52)

/* Address bits 12 .. width-1; none for a width of 12 or less. */
static inline uint64_t gfn_bits(unsigned width)
{
    return width > 12 ? bits(width - 1, 12) : 0;
}

/* What marks an MMIO SPTE when the CPU reserves bits @first to 51: all of them,
 * and present, so that the walk gets as far as to look. */
static inline uint64_t mmio_mark(unsigned first)
{
    return first < 52 ? bits(51, first) | PTE_P : 0;
}

/* A WARN: count it, tell it. Returns @text, for use as a reason. */
const char *kvm_warn(struct kvm_module *m, const char *text);

/* ---- host.c */
struct cpuid_regs kvm_host_cpuid(const struct kvm_module *m, uint32_t leaf);
/* RDMSR that a missing register answers with 0. */
uint64_t kvm_host_rdmsr(const struct kvm_module *m, uint32_t msr);
/* Is this feature of CPUID 8000_000A EDX there? */
bool kvm_host_has_svm(const struct kvm_module *m, enum feature f);
/* The width that CPUID reports, whatever the boot made of it. */
unsigned kvm_host_raw_width(const struct kvm_module *m);
void kvm_host_boot(struct kvm_module *m);

/* ---- mmu/masks.c, mmu/mmio_mask.c */
void kvm_mmu_reset_all_pte_masks(struct kvm_module *m);
void kvm_mmu_spte_module_init(struct kvm_module *m);
/* Use @mask as the mark of MMIO SPTEs, 0 = none. Returns NULL, or why KVM
 * dropped it nevertheless. */
const char *kvm_mmu_set_mmio_spte_mask(struct kvm_module *m, uint64_t mask);
/* @why the bits of @mask were chosen, and what that means where a tag tells
 * MMIO SPTEs instead of them. */
const char *kvm_mmio_mask_why(const struct kvm_module *m, uint64_t mask,
                              const char *why);
/* May KVM plant MMIO SPTEs? What this kernel asks before it does. */
bool kvm_mmio_caching_works(const struct kvm_module *m);
/* The value of an SPTE that is being changed. */
uint64_t kvm_frozen_spte(const struct kernel_model *k);

/* ---- svm/setup.c, svm/sev_setup.c */
void svm_hardware_setup(struct kvm_module *m);
void sev_hardware_setup(struct kvm_module *m);

#endif
