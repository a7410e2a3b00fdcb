/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/ntlb.c - the nested TLB: from guest-physical to system-physical.
 *
 * Its entries are the host's alone. A guest's flushes and INVLPGA take linear
 * addresses and do not reach them; flushing an ASID does, and INVLPGB when it
 * is told to (APM vol. 2, 15.25.9).
 */
#include "hw/walk.h"

static bool permits(const struct cpu *c, const struct tlb_entry *e,
                    struct npt_access a)
{
    struct rights r = nested_rights(c, a, e->sss_page);

    if ((e->nested.all & r.need) != r.need || (e->nested.all & r.refuse))
        return false;
    return !a.write || (e->nested.pte & PTE_D);
}

static void fill(struct cpu *c, const struct walk *w, gpa_t gpa, uint64_t tag,
                 struct npt_access a)
{
    struct tlb_entry e = {
        .addr = gpa & PAGE_MASK_4K,
        .offset = PAGE_SIZE_4K - 1,
        .tag = tag,
        .tag_mask = ~0ULL,
        .nested = w->nested,
        .sss_page = w->sss_page,
        .nested_pat =
            pat_index(w->nested.pte, w->nested.offset < PAGE_SIZE_4K ? 1 : 2),
        .spa = w->spa & PAGE_MASK_4K,
        .key = w->key,
    };

    if (a.write) /* the walk has set it */
        e.nested.pte |= PTE_D;
    tlb_insert(c->tlb, &c->tlb->ntlb, &e);
}

/* Where nothing is remembered, or what is does not help, the tables are read: a
 * refusal must be memory's own. */
static bool walk_afresh(struct cpu *c, struct walk *w, gpa_t gpa,
                        struct npt_access a, unsigned guest_level)
{
    struct npt_start root = npt_root(c);

    tlb_forget(c->tlb, &c->tlb->ntlb, tlb_tag(c->ctl.asid, 0), gpa);
    npwc_forget(c, gpa);
    return npt_walk_from(c, w, gpa, a, guest_level, &root);
}

static bool walk_below(struct cpu *c, struct walk *w, gpa_t gpa,
                       struct npt_access a, unsigned guest_level)
{
    struct npt_start start = npwc_recall(c, w, gpa);

    return npt_walk_from(c, w, gpa, a, guest_level, &start);
}

bool ntlb_walk(struct cpu *c, struct walk *w, gpa_t gpa, struct npt_access a,
               unsigned guest_level)
{
    uint64_t tag = tlb_tag(c->ctl.asid, 0);
    const struct tlb_entry *e =
        w->recall ? tlb_find(&c->tlb->ntlb, tag, gpa) : NULL;

    if (e && permits(c, e, a)) {
        w->spa = e->spa + (gpa & e->offset);
        w->key = e->key;
        w->nested = e->nested;
        w->sss_page = e->sss_page;
        if (!a.table)
            w->nested_pat = e->nested_pat;
        w->recalled = true;
        return true;
    }
    if (!(e || !w->recall ? walk_afresh : walk_below)(c, w, gpa, a,
                                                      guest_level))
        return false;
    fill(c, w, gpa, tag, a);
    return true;
}
