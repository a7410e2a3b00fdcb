/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/mmu/spte.c - building present SPTEs.
 *
 * Start from what is always true, then add. Not here: write protection, dirty
 * logging, access tracking and the NX-huge-page mitigation; nothing in this
 * simulator asks for them (the last is never active on AMD).
 */
#include "kvm/mmu/spte.h"

uint64_t spte_empty(const struct kvm_module *m)
{
    switch ((enum empty_spte)kvm_slot(m->kernel, SLOT_EMPTY_SPTE)) {
    case EMPTY_ZERO:
        return 0;
    case EMPTY_BIT63:
        return BIT(63);
    }
    BUG_ON(true);
}

/*
 * D is set together with W: KVM counts a page as dirty once it may be written.
 * U is what makes an NPT entry readable at all, because every nested walk is a
 * user walk (APM vol. 2, 15.25.5).
 */
uint64_t make_spte(const struct kvm_module *m, spa_t spa, unsigned level,
                   bool host_writable)
{
    uint64_t spte = SPTE_MMU_PRESENT | PTE_P | PTE_U | PTE_A;

    if (level > 1)
        spte |= PTE_PS;
    spte |= m->me_value;
    spte |= spa & ~(pt_size(level) - 1);
    if (host_writable)
        spte |= SPTE_HOST_WRITABLE | SPTE_MMU_WRITABLE | PTE_W | PTE_D;
    return spte;
}

uint64_t make_nonleaf_spte(const struct kvm_module *m, spa_t table)
{
    return SPTE_MMU_PRESENT | PTE_P | PTE_W | PTE_U | PTE_A | m->me_value |
           table;
}

/* As KVM checks itself: with the raw width, which the hardware may undercut. */
uint64_t spte_reserved_bits(const struct kvm_module *m, uint64_t spte,
                            unsigned level)
{
    uint64_t reserved = bits(51, m->maxphyaddr);

    if (level >= 4)
        reserved |= PTE_PS | PTE_G;
    else if (level > 1 && (spte & PTE_PS))
        reserved |= bits(pt_shift(level) - 1, 13);
    return spte & reserved & ~m->me_mask;
}
