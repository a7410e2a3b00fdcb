/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/mmu/tdp_iter.c - the way down to one gfn.
 */
#include "kvm/mmu/tdp_iter.h"

static void read_entry(struct tdp_iter *it, spa_t table)
{
    gpa_t gpa = it->goal_gfn << 12;

    it->gfn = (gpa & ~(pt_size(it->level) - 1)) >> 12;
    it->sptep = table + 8 * pt_index(gpa, it->level);
    it->old_spte = host_read64(it->kvm, it->sptep);
}

void tdp_iter_start(struct tdp_iter *it, const struct kvm_vm *vm, uint64_t gfn)
{
    *it = (struct tdp_iter) {
        .kvm = vm->kvm, .goal_gfn = gfn, .level = vm->root.level, .valid = true
    };
    read_entry(it, vm->root.spa);
}

void tdp_iter_down(struct tdp_iter *it)
{
    it->old_spte = host_read64(it->kvm, it->sptep);
    it->valid = spte_is_table(it->old_spte, it->level);
    if (!it->valid)
        return;
    it->level--;
    read_entry(it, spte_address(it->kvm->m, it->old_spte));
}
