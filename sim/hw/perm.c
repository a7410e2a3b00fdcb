/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/perm.c - may this access pass the tables?
 *
 * The guest's rules are judged once, after its whole walk, on the AND of all
 * entries (APM vol. 2, 5.6). Those of the nested level are simpler, and
 * npt_walk.c knows them; here is what GMET and shadow stacks make of them.
 */
#include "hw/walk.h"

struct rights guest_rights(const struct cpu *c, struct access a)
{
    const struct guest_regs *r = &c->g.r;
    struct rights need = { 0, 0 };

    if (a.user)
        need.need |= PTE_U;
    if (a.write && !a.shadow && (a.user || (r->cr0 & CR0_WP)))
        need.need |= PTE_W;
    if (a.fetch)
        need.need |= PTE_NX; /* inverted in the AND; 0 only when NXE is on */
    if (a.fetch && !a.user && (r->cr4 & CR4_SMEP))
        need.refuse |= PTE_U;
    if (!a.fetch && !a.user && !a.shadow && (r->cr4 & CR4_SMAP) &&
        (a.implicit || !(r->rflags & RFLAGS_AC)))
        need.refuse |= PTE_U;
    if (a.shadow && !a.user)
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

    if (!c->guest.pkeys || a.fetch || !(all & PTE_U))
        return false;
    return (denied & 1) || ((denied & 2) && a.write && wp);
}

/* A shadow-stack page is read-only and dirty below writable tables, so that no
 * ordinary page becomes one by chance (APM vol. 2, 18.7). */
bool shadow_denies(uint64_t upper, uint64_t leaf)
{
    return !(upper & PTE_W) || (leaf & (PTE_W | PTE_D)) != PTE_D;
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
    if (a.shadow)
        return WHY_SHADOW;
    if (r.refuse & all)
        return a.fetch ? WHY_SMEP : WHY_SMAP;
    return WHY_PKEY;
}

/* A supervisor shadow-stack page: no-execute, not user, and writable by every
 * nested entry but perhaps the leaf (APM vol. 2, 15.25.14). */
bool is_sss_page(uint64_t upper, uint64_t leaf)
{
    return (upper & PTE_W) && (leaf & PTE_NX) && !(leaf & PTE_U);
}

/*
 * GMET: U says nothing about data, and of fetches it forbids the supervisor's
 * (APM vol. 2, table 15-21; kvm-unit-tests, x86/svm_npt.c). SSS: a supervisor's
 * shadow stack lies in such pages only, where it may even write to a read-only
 * one; U = 0 marks them and denies nothing else.
 */
struct rights nested_rights(const struct cpu *c, struct npt_access a,
                            bool sss_page)
{
    const struct cpu_knobs *k = &c->model.knobs;
    struct rights r = {
        .need = PTE_U | (a.write ? PTE_W : 0) | (a.fetch ? PTE_NX : 0),
    };

    if (c->rules.sss && a.shadow && a.supervisor)
        return (struct rights) { .refuse = sss_page ? 0 : PTE_P };
    if (c->rules.sss && sss_page && k->sss_read_ok == SSS_READ_OK)
        r.need &= ~PTE_U;
    if (!c->rules.gmet)
        return r;
    r.need &= ~PTE_U;
    if (a.fetch && a.supervisor)
        r.refuse = PTE_U;
    else if (a.fetch && k->gmet_user_u0 == GMET_U0_FAULTS)
        r.need |= PTE_U;
    return r;
}
