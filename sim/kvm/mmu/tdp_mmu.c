/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/mmu/tdp_mmu.c - the nested page tables: made, filled, dropped.
 *
 * One root per VM, shared by its vCPUs. The tables lie in physical memory and
 * every change of an entry goes through set_spte(), which tells it and looks
 * after what the old entry led to.
 */
#include "kvm/mmu/mmu.h"
#include "kvm/mmu/tdp_iter.h"

/* The host's own paging depth is that of the nested tables (APM vol. 2,
 * 15.25.3). Linux: get_npt_level(). */
static unsigned root_level(const struct kvm_vm *vm)
{
    return vm->kvm->m->la57 ? 5 : 4;
}

bool kvm_tdp_mmu_reaches(const struct kvm_vm *vm, gpa_t gpa)
{
    return gpa < BIT(pt_shift(vm->root.level + 1));
}

/* ---- tables ---- */

static spa_t alloc_table(struct kvm_vm *vm, uint64_t gfn, unsigned level)
{
    struct kvm *k = vm->kvm;
    uint64_t none = spte_empty(k->m), empty[512];
    spa_t spa = host_alloc(k, PAGE_SIZE_4K, PAGE_SIZE_4K);

    if (!spa)
        return 0;
    for (unsigned i = 0; i < 512; i++)
        empty[i] = none;
    host_write(k, spa, empty, sizeof(empty));
    TRACE(k->m->trace, kvm_mmu_get_page, .gfn = gfn, .level = level,
          .spa = spa);
    return spa;
}

static void drop_table(struct kvm_vm *vm, spa_t table, uint64_t gfn,
                       unsigned level);

/* Bookkeeping for an entry that has just changed; both values are known. */
static void handle_changed_spte(struct kvm_vm *vm, uint64_t gfn, unsigned level,
                                uint64_t old, uint64_t new)
{
    const struct kvm_module *m = vm->kvm->m;

    /* A page never moves under a present leaf; it is unmapped first. */
    BUG_ON(spte_is_leaf(old, level) && spte_is_leaf(new, level) &&
           spte_address(m, old) != spte_address(m, new));

    TRACE(m->trace, kvm_tdp_mmu_spte_changed, .as_id = 0, .gfn = gfn,
          .level = level, .old_spte = old, .new_spte = new);
    if (spte_is_table(old, level) && !spte_is_table(new, level))
        drop_table(vm, spte_address(m, old), gfn, level - 1);
}

/* A table that nothing links any more: its entries die frozen, then its page
 * is free. @level: of its entries. */
static void drop_table(struct kvm_vm *vm, spa_t table, uint64_t gfn,
                       unsigned level)
{
    struct kvm *k = vm->kvm;
    uint64_t frozen = kvm_frozen_spte(k->m->kernel), none = spte_empty(k->m);
    uint64_t entry[512];

    host_read(k, table, entry, sizeof(entry));
    for (unsigned i = 0; i < 512; i++) {
        if (entry[i] == none)
            continue;
        host_write64(k, table + 8 * i, frozen);
        handle_changed_spte(vm, gfn + i * (pt_size(level) >> 12), level,
                            entry[i], frozen);
    }
    host_free(k, table, PAGE_SIZE_4K);
}

static void set_spte(struct kvm_vm *vm, struct tdp_iter *it, uint64_t new)
{
    uint64_t old = it->old_spte;

    if (old == new)
        return;
    host_write64(vm->kvm, it->sptep, new);
    it->old_spte = new;
    handle_changed_spte(vm, it->gfn, it->level, old, new);
}

static void flush_all_vcpus(struct kvm_vm *vm)
{
    for (struct kvm_vcpu *v = vm->vcpus; v; v = v->next)
        v->flush_tlb = true;
}

/* ---- roots ---- */

int kvm_tdp_mmu_alloc_root(struct kvm_vm *vm)
{
    spa_t spa = alloc_table(vm, 0, root_level(vm));

    if (!spa)
        return -ENOMEM;
    vm->root = (struct tdp_root) { spa, root_level(vm), true };
    return 0;
}

/* No flush here: a vCPU that adopts the next root flushes its ASID then. */
void kvm_tdp_mmu_zap_root(struct kvm_vm *vm)
{
    if (!vm->root.valid)
        return;
    vm->root.valid = false;
    drop_table(vm, vm->root.spa, 0, vm->root.level);
}

/* ---- mapping ---- */

static int link_table(struct kvm_vm *vm, struct tdp_iter *it)
{
    spa_t table = alloc_table(vm, it->gfn, it->level - 1);

    if (!table)
        return -ENOMEM;
    set_spte(vm, it, make_nonleaf_spte(vm->kvm->m, table));
    return 0;
}

/* The access that an MMIO page has in the nested tables. Of either value, W and
 * U are what the SPTE stores. */
static unsigned mmio_access(const struct kvm_module *m)
{
    switch ((enum mmio_access)kvm_slot(m->kernel, SLOT_MMIO_ACCESS)) {
    case MMIO_ACCESS_ALL: /* ACC_ALL: X 1, W 2, U 4 */
        return 0x7;
    case MMIO_ACCESS_ROLE: /* the root's role: R 1, W 2, U 4, X 8 */
        return 0xf;
    }
    BUG_ON(true);
}

static int map_mmio(struct kvm_vcpu *v, struct kvm_page_fault *fault,
                    struct tdp_iter *it)
{
    const struct kvm_module *m = vcpu_module(v);
    uint64_t generation = kvm_memslots_of(v->vm)->generation;
    uint64_t spte =
        kvm_make_mmio_spte(m, fault->gfn, mmio_access(m), generation);

    set_spte(v->vm, it, spte);
    TRACE(m->trace, mark_mmio_spte, .sptep = it->sptep, .gfn = fault->gfn,
          .access = kvm_mmio_spte_access(m, spte),
          .gen = kvm_mmio_spte_generation(m, spte), .spte = spte);
    fault->why = "no memslot: planted an MMIO SPTE, which faults with a "
                 "reserved bit from now on; this access is emulated";
    return RET_PF_EMULATE;
}

static int map_page(struct kvm_vcpu *v, struct kvm_page_fault *fault,
                    struct tdp_iter *it)
{
    const struct kvm_module *m = vcpu_module(v);
    uint64_t old = it->old_spte;
    uint64_t spte = make_spte(m, fault->spa, it->level, fault->map_writable);

    set_spte(v->vm, it, spte);
    if (spte_is_table(old, it->level))
        flush_all_vcpus(v->vm); /* translations of the dropped table */
    TRACE(m->trace, kvm_mmu_set_spte, .gfn = it->gfn, .spte = spte,
          .level = it->level, .sptep = it->sptep);
    fault->why = spte == old ? "the SPTE already maps the page"
                             : "mapped the page behind the memslot";
    return spte == old ? RET_PF_SPURIOUS : RET_PF_FIXED;
}

int kvm_tdp_mmu_map(struct kvm_vcpu *v, struct kvm_page_fault *fault)
{
    struct kvm_vm *vm = v->vm;
    struct tdp_iter it;

    TRACE(vcpu_trace(v), kvm_mmu_spte_requested, .gfn = fault->gfn,
          .pfn = (fault->spa & ~(pt_size(fault->goal_level) - 1)) >> 12,
          .level = fault->goal_level);

    for_each_tdp_pte(it, vm, fault->gfn)
    {
        if (it.level == fault->goal_level)
            break;
        if (spte_is_leaf(it.old_spte, it.level)) {
            /* A page larger than wanted: unmap it, build it anew below. */
            set_spte(vm, &it, spte_empty(vm->kvm->m));
            flush_all_vcpus(vm);
        }
        if (!spte_is_present(it.old_spte) && link_table(vm, &it))
            return -ENOMEM;
    }
    return fault->slot ? map_page(v, fault, &it) : map_mmio(v, fault, &it);
}
