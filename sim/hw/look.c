/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/look.c - what would happen, asked without touching anything.
 *
 * A judge wants to know what this CPU makes of an entry without being part of
 * the story: no accessed bit is set, nothing is remembered, nobody is told. The
 * walk itself is the CPU's own, done by a copy of the core.
 */
#include "hw/walk.h"

#include <string.h>

/* Become a copy of @c that only looks, with nested tables at @ncr3. Save areas,
 * which are last and large, are not what a walk reads. */
static void bystander(struct cpu *look, const struct cpu *c, spa_t ncr3)
{
    memcpy(look, c, offsetof(struct cpu, area));
    look->trace = NULL;
    look->log = NULL;
    look->watched = look->tlb_on = false;
    look->looking = true;
    latch_nested(look, c->host_cr0, c->host_cr4, c->efer, ncr3);
}

static struct walk_result look_at(struct cpu *look, gpa_t gpa,
                                  enum access_kind kind)
{
    struct npt_access a = {
        .write = kind == ACCESS_WRITE || kind == ACCESS_RMW,
        .fetch = kind == ACCESS_FETCH,
    };
    struct walk w = { .end = END_OK };

    if (npt_walk(look, &w, gpa, a, 0))
        return (struct walk_result) { .outcome = WALK_OK,
                                      .spa = w.spa,
                                      .n_refs = w.n_refs };
    return (struct walk_result) { .outcome = WALK_NPF,
                                  .info1 = w.code,
                                  .info2 = w.addr,
                                  .why = why_text(w.why),
                                  .n_refs = w.n_refs };
}

struct walk_result cpu_look(const struct cpu *c, spa_t ncr3, gpa_t gpa,
                            enum access_kind kind)
{
    struct cpu look;

    bystander(&look, c, ncr3);
    return look_at(&look, gpa, kind);
}

/* ---- an entry that stands in no table --------------------------------------
 */

/* Where the made-up table lies, in nobody's memory: the copy knows the page by
 * heart. It is its own parent; the walk takes entry L at level L. */
#define MADE_UP (1 * PAGE_SIZE_4K)

struct made_up {
    struct cpu look;
    uint64_t table[512];
    gpa_t gpa;
};

static void make_up(struct made_up *m, const struct cpu *c)
{
    m->gpa = 0;
    memset(m->table, 0, sizeof(m->table));
    bystander(&m->look, c, MADE_UP);
    for (unsigned level = 1; level <= m->look.nested.levels; level++) {
        m->gpa |= (gpa_t)level << pt_shift(level);
        m->table[level] = MADE_UP | PTE_P | PTE_W | PTE_U | PTE_A;
        m->look.near[0][level] =
            (struct page_ref) { MADE_UP / PAGE_SIZE_4K, m->table };
    }
}

static struct walk_result look_at_entry(struct made_up *m, uint64_t pte,
                                        enum access_kind kind)
{
    m->table[1] = pte;
    return look_at(&m->look, m->gpa, kind);
}

struct walk_result cpu_look_entry(const struct cpu *c, uint64_t pte,
                                  enum access_kind kind)
{
    struct made_up m;

    make_up(&m, c);
    return look_at_entry(&m, pte, kind);
}

uint64_t cpu_faulting_bits(const struct cpu *c)
{
    uint64_t found = 0;
    struct made_up m;

    make_up(&m, c);
    for (unsigned bit = 12; bit < 52; bit++) {
        uint64_t pte = PTE_P | PTE_W | PTE_U | PTE_A | PTE_D | BIT(bit);

        if (look_at_entry(&m, pte, ACCESS_READ).info1 & PFERR_RSVD)
            found |= BIT(bit);
    }
    return found;
}

/* ---- what the TLB would grant ---------------------------------------------
 */

static bool grants(const struct tlb_entry *e, uint64_t right)
{
    return (e->nested.all & right) == right;
}

/* Entries of the nested TLB know themselves by their guest-physical address. */
static void tell_array(const struct tlb_array *a, uint32_t asid, bool nested,
                       bool code, grant_fn fn, void *ctx)
{
    for (unsigned i = 0; i < a->sets; i++)
        for (const struct tlb_entry *e = a->set[i]; e; e = e->next) {
            struct tlb_grant g = {
                .gpa = nested ? e->addr : e->gpa,
                .spa = e->spa,
                .size = e->offset + 1,
                .write = grants(e, PTE_W) && (e->nested.pte & PTE_D),
                .fetch = code && grants(e, PTE_NX),
            };

            if (e->tag >> 12 == asid)
                fn(ctx, &g);
        }
}

bool cpu_each_grant(const struct cpu *c, uint32_t asid, grant_fn fn, void *ctx)
{
    const struct tlb *t = c->tlb;

    if (!c->tlb_on)
        return false;
    for (unsigned kind = 0; kind < N_TLB_KINDS; kind++)
        for (unsigned l = 0; l < 2; l++)
            for (unsigned i = 0; i < t->level[kind][l].n; i++)
                tell_array(&t->level[kind][l].part[i], asid, false,
                           kind == TLB_CODE, fn, ctx);
    tell_array(&t->ntlb, asid, true, true, fn, ctx);
    return true;
}
