/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/perm.c - may this access pass the guest's own tables?
 *
 * Judged once, after the whole walk, on the AND of all entries (APM vol. 2,
 * 5.6). The nested level has simpler rules and judges itself (npt_walk.c).
 */
#include "hw/walk.h"

struct rights guest_rights(const struct cpu *c, struct access a)
{
    const struct guest_regs *r = &c->g.r;
    struct rights need = { 0, 0 };

    if (a.user)
        need.need |= PTE_U;
    if (a.write && (a.user || (r->cr0 & CR0_WP)))
        need.need |= PTE_W;
    if (a.fetch)
        need.need |= PTE_NX; /* inverted in the AND; 0 only when NXE is on */
    if (a.fetch && !a.user && (r->cr4 & CR4_SMEP))
        need.refuse |= PTE_U;
    if (!a.fetch && !a.user && (r->cr4 & CR4_SMAP) &&
        (a.implicit || !(r->rflags & RFLAGS_AC)))
        need.refuse |= PTE_U;
    return need;
}

/*
 * Protection keys guard user pages against data accesses, also the kernel's
 * (APM vol. 2, 5.6.7). The key stands in bits 62:59 of the leaf, two bits of
 * PKRU belong to it: access disable, write disable.
 */
bool pkey_denies(const struct cpu *c, uint64_t all, uint64_t leaf,
                 struct access a)
{
    unsigned shift = 2 * (unsigned)(leaf >> 59 & 15);
    bool wp = a.user || (c->g.r.cr0 & CR0_WP);
    unsigned denied = c->g.pkru >> shift & 3;

    if (!(c->g.r.cr4 & CR4_PKE) || a.fetch || !(all & PTE_U))
        return false;
    return (denied & 1) || ((denied & 2) && a.write && wp);
}

/* Which rule said no; asked only after one did. */
enum why rights_why(struct rights r, uint64_t all, struct access a)
{
    uint64_t missing = r.need & ~all;

    if (missing & PTE_U)
        return WHY_USER;
    if (missing & PTE_W)
        return WHY_WRITE;
    if (missing & PTE_NX)
        return WHY_NX;
    if (r.refuse & all)
        return a.fetch ? WHY_SMEP : WHY_SMAP;
    return WHY_PKEY;
}
