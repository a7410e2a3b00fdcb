/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/mmu/spte.h - one entry of KVM's nested tables: its bits, its builders.
 *
 * On AMD the hardware's bits are those of arch/paging.h; the rest is KVM's own
 * bookkeeping in bits that the walker ignores. MMIO SPTEs are not here but in
 * mmio_spte.c: to KVM they are non-present entries that remember something.
 */
#ifndef NPTSIM_KVM_MMU_SPTE_H
#define NPTSIM_KVM_MMU_SPTE_H

#include "kvm/vm.h"

#define SPTE_HOST_WRITABLE BIT(9)
#define SPTE_MMU_WRITABLE  BIT(10)
#define SPTE_MMU_PRESENT   BIT(11)

/* The value of an entry that was never used. */
uint64_t spte_empty(const struct kvm_module *m);

/* Bit 11 decides, not bit 0: an MMIO SPTE has P set and is not present. */
static inline bool spte_is_present(uint64_t spte)
{
    return spte & SPTE_MMU_PRESENT;
}

static inline bool spte_is_leaf(uint64_t spte, unsigned level)
{
    return spte_is_present(spte) && (level == 1 || (spte & PTE_PS));
}

static inline bool spte_is_table(uint64_t spte, unsigned level)
{
    return spte_is_present(spte) && !spte_is_leaf(spte, level);
}

/* Physical address in a present entry: page or table. */
static inline spa_t spte_address(const struct kvm_module *m, uint64_t spte)
{
    return spte & PTE_ADDR_MASK & ~m->me_mask;
}

/* A leaf that maps @spa with all accesses that @host_writable allows. */
uint64_t make_spte(const struct kvm_module *m, spa_t spa, unsigned level,
                   bool host_writable);
uint64_t make_nonleaf_spte(const struct kvm_module *m, spa_t table);

/* Bits of a present entry that KVM believes the walker refuses. */
uint64_t spte_reserved_bits(const struct kvm_module *m, uint64_t spte,
                            unsigned level);

#endif
