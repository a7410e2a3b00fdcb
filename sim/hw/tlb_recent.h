/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/tlb_recent.h - the shortest way through the TLB.
 *
 * What was touched last is most likely touched again, in the same way. The most
 * recent entry of the first level answers such an access with a few compares:
 * nothing is searched, judged or reordered. Whatever is not as it was,
 * registers included, goes the long way through tlb.c, and with the same
 * result; skip this file on first reading.
 */
#ifndef NPTSIM_HW_TLB_RECENT_H
#define NPTSIM_HW_TLB_RECENT_H

#include "hw/cpu.h"

/* No register or rule has changed that could change a permission, or the paging
 * mode and with it which addresses there are. */
static inline bool tlb_same_context(const struct cpu *c,
                                    const struct tlb_entry *e)
{
    const struct tlb_context *was = &e->context;
    const struct guest_regs *r = &c->g.r;

    return !((was->cr0 ^ r->cr0) | (was->cr4 ^ r->cr4) | (was->efer ^ r->efer) |
             ((was->rflags ^ r->rflags) & RFLAGS_AC) | (was->pkru ^ c->g.pkru) |
             (was->rules ^ c->rules.context));
}

/* The entry that says yes to this access, or NULL: ask tlb_translate(). */
static inline const struct tlb_entry *tlb_recent(const struct cpu *c, gva_t gva,
                                                 struct access a)
{
    const struct tlb_entry *e = *c->tlb->recent[a.fetch];

    if (!e || !tlb_covers(e, c->tag, gva) ||
        !(e->granted >> access_bits(a) & 1) || !tlb_same_context(c, e))
        return NULL;
    return e;
}

#endif
