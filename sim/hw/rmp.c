/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/rmp.c - the reverse map table and its check of one access.
 *
 * The table lies in memory; nobody looks at it but the CPU and, through its
 * instructions, software (rmp_insn.c, rmp_host.c). A guest with SEV-SNP is
 * promised that a private page is its own, lies where it was validated, and
 * changes by its own writes only; everybody else is merely kept from writing to
 * pages that are not the host's (APM vol. 2, 15.36.10).
 */
#include "hw/rmp.h"

#include "hw/walk.h"

static bool is_covered(const struct cpu *c, spa_t spa)
{
    return c->rmp.end > c->rmp.base &&
           rmp_slot(c->rmp.base, spa) + RMP_ENTRY_SIZE - 1 <= c->rmp.end;
}

static struct rmp_entry load(const struct cpu *c, spa_t spa)
{
    spa_t slot = rmp_slot(c->rmp.base, spa);

    return (struct rmp_entry) {
        .slot = slot,
        .lo = mem_read64(c->mem, slot),
        .hi = mem_read64(c->mem, slot + 8),
    };
}

/* SNP_INIT takes the table's own pages away from software. There may be
 * millions of them, so that is not written down entry by entry. */
static bool is_firmware(const struct cpu *c, spa_t spa)
{
    return c->psp.snp_initialized && spa >= c->rmp.base && spa <= c->rmp.end;
}

/* A 2M page has one entry, that of its first 4K; the others are not used. */
struct rmp_entry rmp_find(const struct cpu *c, spa_t spa)
{
    struct rmp_entry e, large;

    if (!is_covered(c, spa))
        return (struct rmp_entry) { 0 };
    large = load(c, spa & ~(pt_size(2) - 1));
    large.large =
        (large.lo & (RMP_ASSIGNED | RMP_2M)) == (RMP_ASSIGNED | RMP_2M);
    e = large.large ? large : load(c, spa & PAGE_MASK_4K);
    if (is_firmware(c, spa))
        e.lo = RMP_ASSIGNED | RMP_IMMUTABLE;
    return e;
}

void rmp_store(struct cpu *c, spa_t spa, uint64_t lo, uint64_t hi)
{
    spa_t slot = rmp_slot(c->rmp.base, spa);

    mem_write64(c->mem, slot, lo);
    mem_write64(c->mem, slot + 8, hi);
}

uint32_t rmp_asid(const struct rmp_entry *e)
{
    return (uint32_t)((e->lo & RMP_ASID) >> RMP_ASID_SHIFT);
}

gpa_t rmp_gpa(const struct rmp_entry *e, spa_t spa)
{
    uint64_t within = e->large ? pt_size(2) - PAGE_SIZE_4K : 0;

    return (e->lo & RMP_GPA) + (spa & within);
}

unsigned rmp_vmpl(const struct rmp_entry *e, unsigned vmpl)
{
    return e->hi >> vmpl * RMP_VMPL_SHIFT & VMPL_ALL;
}

/* 1G is looked at as 2M (APM vol. 2, 15.36.10). */
bool rmp_is_host(const struct cpu *c, spa_t spa, uint64_t offset)
{
    uint64_t size = offset < pt_size(2) - 1 ? PAGE_SIZE_4K : pt_size(2);
    spa_t first = spa & ~(size - 1);

    for (spa_t at = first; at < first + size; at += PAGE_SIZE_4K)
        if (rmp_find(c, at).lo & RMP_ASSIGNED)
            return false;
    return true;
}

/* ---- the check ---- */

static enum why owner(const struct cpu *c, const struct rmp_access *a,
                      const struct rmp_entry *e)
{
    if (!e->slot)
        return WHY_RMP_UNCOVERED;
    if (!(e->lo & RMP_ASSIGNED))
        return WHY_RMP_HOST;
    if (rmp_asid(e) != c->ctl.asid)
        return WHY_RMP_ASID;
    if (rmp_gpa(e, a->spa) != (a->gpa & PAGE_MASK_4K))
        return WHY_RMP_GPA;
    return e->lo & RMP_IMMUTABLE ? WHY_RMP_IMMUTABLE : WHY_NONE;
}

enum why rmp_owner(const struct cpu *c, const struct rmp_access *a)
{
    struct rmp_entry e = rmp_find(c, a->spa);

    return owner(c, a, &e);
}

static enum why whose(const struct cpu *c, const struct rmp_access *a,
                      const struct rmp_entry *e)
{
    bool large = a->offset >= pt_size(2) - 1;
    enum why why = owner(c, a, e);

    if (why != WHY_NONE)
        return why;
    if (large != e->large)
        return WHY_RMP_SIZE;
    return e->lo & RMP_VALIDATED ? WHY_NONE : WHY_RMP_VALIDATED;
}

/* What the page's entry permits to the VMPL that runs. */
static unsigned permissions(const struct cpu *c, const struct rmp_entry *e)
{
    return c->syscfg & SYSCFG_VMPL_EN ? rmp_vmpl(e, c->g.vmpl) : VMPL_ALL;
}

static unsigned needs(const struct rmp_access *a)
{
    return rmp_needs((struct access) {
        .write = a->write,
        .fetch = a->fetch,
        .user = a->user,
    });
}

static bool is_private(const struct cpu *c, const struct rmp_access *a)
{
    return is_snp_guest(c) && a->private;
}

enum why rmp_check(const struct cpu *c, const struct rmp_access *a)
{
    struct rmp_entry e;
    enum why why;

    if (!is_private(c, a))
        return (a->write || a->table) && !rmp_is_host(c, a->spa, a->offset)
                   ? WHY_RMP_ASSIGNED
                   : WHY_NONE;
    e = rmp_find(c, a->spa);
    why = whose(c, a, &e);
    if (why == WHY_NONE && (needs(a) & ~permissions(c, &e)))
        why = WHY_RMP_VMPL;
    return why;
}

/* The same for every VMPL. */
static uint32_t for_all(uint32_t permissions)
{
    return permissions * 0x01010101U;
}

uint32_t rmp_grants(const struct cpu *c, const struct rmp_access *a)
{
    uint32_t reads = for_all(VMPL_R | VMPL_UX | VMPL_SX);
    struct rmp_entry e;

    if (!is_private(c, a))
        return rmp_is_host(c, a->spa, a->offset) ? reads | for_all(VMPL_W)
                                                 : reads;
    e = rmp_find(c, a->spa);
    if (whose(c, a, &e) != WHY_NONE)
        return 0;
    return c->syscfg & SYSCFG_VMPL_EN ? (uint32_t)e.hi : for_all(VMPL_ALL);
}

/* ---- what comes of a refusal ---- */

/* Not a fault of paging but news for the guest: the host has exchanged the page
 * (APM vol. 2, 15.36.10). */
static bool not_validated(struct cpu *c, struct walk *w)
{
    if (w->recalled) {
        w->end = END_STALE;
        return false;
    }
    w->end = END_VC;
    w->why = WHY_RMP_VALIDATED;
    w->code = VC_NOT_VALIDATED;
    w->addr = w->gva;
    TRACE(c->trace, rmp_fault, .gva = w->gva, .gpa = w->gpa, .spa = w->spa,
          .slot = w->slot, .entry = w->pte, .why = why_detail(c, w),
          .source = why_source(w->why));
    return false;
}

bool rmp_fail(struct cpu *c, struct walk *w, enum why why,
              const struct rmp_access *a, struct access final)
{
    const struct npt_access n = {
        .table = a->table,
        .write = a->table ? !c->rules.rogpt || a->write : a->write,
        .fetch = a->fetch,
        .shadow = !a->table && final.shadow,
        .supervisor = !a->table && !final.user,
        .private = a->private,
    };
    struct rmp_entry e = rmp_find(c, a->spa);

    w->level = w->bit = 0;
    w->gpa = a->gpa;
    w->spa = a->spa;
    w->slot = e.slot;
    w->pte = e.lo;
    if (why == WHY_RMP_VALIDATED)
        return not_validated(c, w);
    if (!has_nested(c))
        return pf_fail(c, w, why, false, final);
    return npf_fail(c, w, why, a->gpa, n, false);
}

bool rmp_check_trail(struct cpu *c, struct walk *w, const struct rmp_trail *t,
                     struct access final)
{
    for (unsigned i = 0; i < t->n; i++) {
        enum why why = rmp_check(c, &t->at[i]);

        if (why != WHY_NONE)
            return rmp_fail(c, w, why, &t->at[i], final);
    }
    if (t->n)
        w->rmp = rmp_grants(c, &t->at[t->n - 1]);
    return true;
}
