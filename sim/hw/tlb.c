/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/tlb.c - an access asks the TLB first, then the tables.
 *
 * An entry combines both levels of translation: the smaller of the two pages,
 * and what either level permits. It answers what it permits and nothing else:
 * a refusal, or a store while D may be clear, is settled by memory (APM vol. 2,
 * 5.4.2, 5.5.3). So more permission needs no flush, and less does.
 */
#include "hw/tlb_recent.h"
#include "hw/walk.h"

/* The largest page of the TLB that fits; 4M of a 32-bit guest is two of 2M. A
 * reverse map table speaks of 2M at most. */
static uint64_t page_offset(const struct cpu *c, uint64_t offset)
{
    if (offset >= pt_size(3) - 1 && !snp_on(c))
        return pt_size(3) - 1;
    return offset >= pt_size(2) - 1 ? pt_size(2) - 1 : pt_size(1) - 1;
}

static bool grants(uint64_t all, struct rights r)
{
    return (all & r.need) == r.need && !(all & r.refuse);
}

static bool judge(const struct cpu *c, const struct tlb_entry *e,
                  struct access a)
{
    const struct npt_access final = {
        .write = a.write,
        .fetch = a.fetch,
        .shadow = a.shadow,
        .supervisor = !a.user,
    };

    if (rmp_needs(a) & ~(e->rmp >> c->g.vmpl * RMP_VMPL_SHIFT))
        return false;
    if (!grants(e->guest.all, guest_rights(c, a)) ||
        !grants(e->nested.all, nested_rights(c, final, e->sss_page)))
        return false;
    if (a.shadow && shadow_denies(e->upper, e->guest.pte))
        return false;
    if (a.write && !(e->guest.pte & e->nested.pte & PTE_D))
        return false;
    return !pkey_denies(c, e->guest.all, e->guest.pte, a);
}

/* Judged once, then remembered. */
static bool permits(const struct cpu *c, struct tlb_entry *e, struct access a)
{
    if (!judge(c, e, a))
        return false;
    if (!tlb_same_context(c, e))
        e->granted = 0;
    e->granted |= 1ULL << access_bits(a);
    e->context = (struct tlb_context) {
        .cr0 = c->g.r.cr0,
        .cr4 = c->g.r.cr4,
        .efer = c->g.r.efer,
        .rflags = c->g.r.rflags,
        .pkru = c->g.pkru,
        .rules = c->rules.context,
    };
    return true;
}

/* The part of the page around @gva that is as large as the array's pages. */
static struct tlb_entry piece_of(const struct tlb_entry *e, gva_t gva,
                                 unsigned shift)
{
    uint64_t skip = (gva & e->offset) & ~(BIT(shift) - 1);
    struct tlb_entry part = *e;

    part.addr += skip;
    part.gpa += skip;
    part.spa += skip;
    part.offset = BIT(shift) - 1;
    return part;
}

/* Into the array with the largest pages that are not larger than this one. */
static void install(struct cpu *c, struct tlb_level *l, gva_t gva,
                    const struct tlb_entry *e)
{
    struct tlb_array *best = NULL;
    struct tlb_entry part;

    for (unsigned i = 0; i < l->n; i++) {
        struct tlb_array *a = &l->part[i];

        if (a->any) {
            tlb_insert(c->tlb, a, e);
            return;
        }
        if (BIT(a->shift) - 1 <= e->offset && (!best || a->shift > best->shift))
            best = a;
    }
    if (!best)
        return;
    part = piece_of(e, gva, best->shift);
    tlb_insert(c->tlb, best, &part);
}

static struct tlb_entry *find_in(const struct cpu *c, const struct tlb_level *l,
                                 gva_t gva)
{
    struct tlb_entry *e = NULL;

    for (unsigned i = 0; i < l->n && !e; i++)
        e = tlb_find(&l->part[i], c->tag, gva);
    return e;
}

static struct tlb_entry *look_up(struct cpu *c, struct tlb_level l[2],
                                 gva_t gva, unsigned *level)
{
    struct tlb_entry *e = find_in(c, &l[0], gva);

    *level = 1;
    if (__builtin_expect(e != NULL, 1))
        return e;
    e = find_in(c, &l[1], gva);
    *level = 2;
    if (e)
        install(c, &l[0], gva, e);
    return e;
}

/* This translation, and the pointers that led to it. */
static void forget(struct cpu *c, struct tlb_level l[2], gva_t gva)
{
    for (unsigned level = 0; level < 2; level++)
        for (unsigned i = 0; i < l[level].n; i++)
            tlb_forget(c->tlb, &l[level].part[i], c->tag, gva);
    for (unsigned level = 2; level <= PT_MAX_LEVEL; level++)
        tlb_forget(c->tlb, &c->tlb->pwc[level], c->tag, gva);
}

static void fill(struct cpu *c, struct tlb_level l[2], const struct walk *w,
                 struct access a)
{
    bool global = (w->guest.pte & PTE_G) && (c->g.r.cr4 & CR4_PGE);
    uint64_t smaller =
        w->guest.offset < w->nested.offset ? w->guest.offset : w->nested.offset;
    uint64_t offset = page_offset(c, smaller);
    struct tlb_entry e = {
        .addr = w->gva & ~offset,
        .offset = offset,
        .whole = w->guest.offset,
        .tag = c->tag,
        .tag_mask = global ? ~TAG_PCID : ~0ULL,
        .guest = w->guest,
        .nested = w->nested,
        .upper = w->upper,
        .sss_page = w->sss_page,
        .rmp = snp_on(c) ? w->rmp : ~0U,
        .gpa = w->gpa & ~offset,
        .spa = w->spa & ~offset,
        .key = w->key,
        .guest_pat = w->guest_pat,
        .nested_pat = w->nested_pat,
    };

    if (a.write) { /* the walk has set them */
        e.guest.pte |= PTE_D;
        e.nested.pte |= PTE_D;
    }
    install(c, &l[0], w->gva, &e);
    install(c, &l[1], w->gva, &e);
    TRACE(c->trace, tlb_fill, .gva = w->gva, .gpa = w->gpa, .spa = w->spa,
          .asid = c->ctl.asid, .page = offset + 1, .global = global);
}

/* As memory has it now. */
static bool walk_afresh(struct cpu *c, struct tlb_level l[2], struct walk *w,
                        gva_t gva, struct access a)
{
    forget(c, l, gva);
    w->end = END_OK;
    w->recall = w->recalled = false;
    if (!guest_walk(c, w, gva, a))
        return false;
    fill(c, l, w, a);
    return true;
}

static void take(const struct tlb_entry *e, struct walk *w, gva_t gva)
{
    uint64_t in_page = gva & e->offset;

    w->gva = gva;
    w->gpa = e->gpa + in_page;
    w->spa = e->spa + in_page;
    w->key = e->key;
    w->guest_pat = e->guest_pat;
    w->nested_pat = e->nested_pat;
}

static void tell_hit(struct cpu *c, const struct walk *w,
                     const struct tlb_entry *e, unsigned level)
{
    TRACE(c->trace, tlb_hit, .gva = w->gva, .gpa = w->gpa, .spa = w->spa,
          .level = level, .asid = c->ctl.asid, .page = e->offset + 1);
}

bool tlb_translate(struct cpu *c, struct walk *w, gva_t gva, struct access a)
{
    struct tlb_level *l = c->tlb->level[a.fetch ? TLB_CODE : TLB_DATA];
    unsigned level;
    struct tlb_entry *e = look_up(c, l, gva, &level);

    if (e && permits(c, e, a)) {
        take(e, w, gva);
        tell_hit(c, w, e, level);
        return true;
    }
    if (e)
        return walk_afresh(c, l, w, gva, a);
    w->recall = true;
    w->recalled = false;
    if (guest_walk(c, w, gva, a)) {
        fill(c, l, w, a);
        return true;
    }
    return w->end == END_STALE && walk_afresh(c, l, w, gva, a);
}
