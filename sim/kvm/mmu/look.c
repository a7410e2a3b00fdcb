/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/mmu/look.c - the nested tables as KVM built them, for onlookers.
 *
 * Nothing of KVM uses this: a judge goes through all entries and asks the CPU
 * what it makes of each.
 */
#include "kvm/mmu/mmu.h"

struct look {
    const struct kvm_vm *vm;
    kvm_spte_fn fn;
    void *ctx;
};

static void look_at_table(const struct look *l, spa_t table, gpa_t gpa,
                          unsigned level)
{
    const struct kvm *k = l->vm->kvm;
    const uint64_t empty = spte_empty(k->m);
    uint64_t entry[512];

    host_read(k, table, entry, sizeof(entry));
    for (unsigned i = 0; i < ARRAY_SIZE(entry); i++) {
        struct kvm_spte s = {
            .gpa = gpa + i * pt_size(level),
            .level = level,
            .sptep = table + 8 * i,
            .spte = entry[i],
        };

        if (entry[i] == empty)
            continue;
        if (spte_is_table(entry[i], level)) {
            look_at_table(l, spte_address(k->m, entry[i]), s.gpa, level - 1);
            continue;
        }
        s.present = spte_is_present(entry[i]);
        s.mmio = !s.present && kvm_is_mmio_spte(k->m, entry[i]);
        l->fn(l->ctx, &s);
    }
}

spa_t kvm_vm_ncr3(const struct kvm_vm *vm)
{
    return vm->root.spa | vm->kvm->m->me_value;
}

void kvm_each_spte(const struct kvm_vm *vm, kvm_spte_fn fn, void *ctx)
{
    struct look l = { vm, fn, ctx };

    if (vm->root.valid)
        look_at_table(&l, vm->root.spa, 0, vm->root.level);
}
