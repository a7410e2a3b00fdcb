/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/mmu/mmu.h - what happens between a nested page fault and the next entry.
 *
 * fault.c   the order of it all: kvm_mmu_page_fault()
 * pfn.c     which page, at which size; or none: the no-slot rule
 * mmio.c    recognising MMIO SPTEs, the vCPU's memory of the last one
 * tdp_mmu.c the tables themselves
 */
#ifndef NPTSIM_KVM_MMU_MMU_H
#define NPTSIM_KVM_MMU_MMU_H

#include "kvm/mmu/spte.h"
#include "kvm/vm.h"

/* How a fault ended; negative: an errno for userspace. */
enum ret_pf {
    RET_PF_CONTINUE, /* only between the steps */
    RET_PF_RETRY,    /* let the guest fault again */
    RET_PF_EMULATE,  /* the instruction must be emulated */
    RET_PF_INVALID,  /* the MMIO SPTE is stale: handle as a new fault */
    RET_PF_FIXED,    /* an SPTE was written */
    RET_PF_SPURIOUS, /* the SPTE was right already */
};

/* One nested page fault on its way through the MMU. */
struct kvm_page_fault {
    gpa_t addr;
    uint64_t error_code;
    uint64_t gfn;
    const struct kvm_memory_slot *slot; /* NULL: no memory here */
    spa_t spa;                          /* of the page, when slot is there */
    bool map_writable;
    unsigned goal_level;
    const char *why; /* of the result, in words */
};

/* 1 resume the guest, 0 leave to userspace, negative errno. @insn: bytes that
 * the CPU delivered with the exit, NULL if it cannot deliver any. */
int kvm_mmu_page_fault(struct kvm_vcpu *v, gpa_t addr, uint64_t error_code,
                       const uint8_t *insn, unsigned insn_len);

/* Give the vCPU the VM's root, made if there is none. 0 or -ENOMEM. */
int kvm_mmu_reload(struct kvm_vcpu *v);
/* Drop all tables of the VM; vCPUs get a new root before they run again. */
void kvm_mmu_zap_all_fast(struct kvm_vm *vm, const char *why);
/* @generation is about to begin: if its stored part is 0, the counter wrapped
 * and MMIO SPTEs of long ago would match again. */
void kvm_mmu_invalidate_mmio_sptes(struct kvm_vm *vm, uint64_t generation);

/* ---- pfn.c ---- */
int kvm_faultin_pfn(struct kvm_vcpu *v, struct kvm_page_fault *fault);

/* ---- mmio.c ---- */
int handle_mmio_page_fault(struct kvm_vcpu *v, struct kvm_page_fault *fault);
void vcpu_cache_mmio_info(struct kvm_vcpu *v, uint64_t gfn, unsigned access);
bool vcpu_match_mmio_gpa(const struct kvm_vcpu *v, gpa_t gpa);

/* ---- tdp_mmu.c ---- */
int kvm_tdp_mmu_alloc_root(struct kvm_vm *vm);
void kvm_tdp_mmu_zap_root(struct kvm_vm *vm);
int kvm_tdp_mmu_map(struct kvm_vcpu *v, struct kvm_page_fault *fault);
/* Can the tables map @gpa at all? */
bool kvm_tdp_mmu_reaches(const struct kvm_vm *vm, gpa_t gpa);

/* ---- guest_walk.c ---- */
/* Translate @gva as the guest's own page tables have it; @access: PFERR_WRITE,
 * PFERR_FETCH or 0. False: *@error_code is the guest's #PF. */
bool kvm_mmu_gva_to_gpa(struct kvm_vcpu *v, gva_t gva, uint64_t access,
                        gpa_t *gpa, uint32_t *error_code);

#endif
