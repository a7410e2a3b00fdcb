/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/mmu/tdp_iter.h - the way down to one gfn.
 *
 *     for_each_tdp_pte (it, vm, gfn) {
 *         it.sptep, it.level, it.old_spte ...
 *     }
 *
 * visits the entry of each level, root first. The entry is read again before
 * the step down, so a body that links a table descends into it.
 */
#ifndef NPTSIM_KVM_MMU_TDP_ITER_H
#define NPTSIM_KVM_MMU_TDP_ITER_H

#include "kvm/mmu/spte.h"

struct tdp_iter {
    const struct kvm *kvm;
    uint64_t goal_gfn; /* where the way leads */
    uint64_t gfn;      /* the first that the current entry covers */
    unsigned level;
    spa_t sptep;
    uint64_t old_spte;
    bool valid;
};

void tdp_iter_start(struct tdp_iter *it, const struct kvm_vm *vm, uint64_t gfn);
void tdp_iter_down(struct tdp_iter *it);

#define for_each_tdp_pte(it, vm, gfn)                                          \
    for (tdp_iter_start(&(it), (vm), (gfn)); (it).valid; tdp_iter_down(&(it)))

#endif
