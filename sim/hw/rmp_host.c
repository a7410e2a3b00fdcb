/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/rmp_host.c - the reverse map table and the host: whose pages it may write
 * to, and the instructions by which it gives pages away and takes them back.
 *
 * APM vol. 2, 15.36.5, 15.36.10, and vol. 3, RMPUPDATE, PSMASH, RMPREAD.
 * Whatever they change, no translation outlives it.
 */
#include "hw/cpu.h"

#define SIZE_2M (2ULL << 20)

/* ---- writes ---- */

/* The first page within the mapping around @spa that is not the host's. */
static struct rmp_entry stranger(const struct cpu *c, spa_t spa, uint64_t page)
{
    spa_t at = spa & PAGE_MASK_4K, end = at + PAGE_SIZE_4K;

    if (page >= SIZE_2M) {
        at = spa & ~(SIZE_2M - 1);
        end = at + SIZE_2M;
    }
    for (; at < end; at += PAGE_SIZE_4K) {
        struct rmp_entry e = rmp_find(c, at);

        if (e.lo & RMP_ASSIGNED)
            return e;
    }
    return (struct rmp_entry) { 0 };
}

/* A large mapping must be the host's as a whole: that is why kernels split
 * theirs (APM vol. 2, 15.36.10: 1G counts as 2M). */
bool host_may_write(struct cpu *c, spa_t spa, size_t len, uint64_t page)
{
    if (!snp_on(c))
        return true;
    for (spa_t at = spa & PAGE_MASK_4K; at < spa + len; at += PAGE_SIZE_4K) {
        struct rmp_entry e = stranger(c, at, page);

        if (!e.slot)
            continue;
        TRACE(c->trace, host_pf,
              .error_code = PFERR_PRESENT | PFERR_WRITE | PFERR_GUEST_RMP,
              .spa = at < spa ? spa : at, .slot = e.slot, .entry = e.lo,
              .why = why_text(WHY_RMP_ASSIGNED),
              .source = why_source(WHY_RMP_ASSIGNED));
        return false;
    }
    return true;
}

/* ---- instructions ---- */

static bool in_use(const struct cpu *c, spa_t spa, uint64_t size)
{
    for (unsigned i = 0; i < c->rmp.n_in_use; i++)
        if (c->rmp.in_use[i] - spa < size)
            return true;
    return false;
}

/* Has one of the pages a property? */
static bool any(const struct cpu *c, spa_t spa, uint64_t size, uint64_t bit)
{
    for (spa_t at = spa; at < spa + size; at += PAGE_SIZE_4K)
        if (rmp_find(c, at).lo & bit)
            return true;
    return false;
}

static bool is_input(const struct cpu *c, spa_t spa, const struct rmp_state *s)
{
    uint64_t size = s->large ? SIZE_2M : PAGE_SIZE_4K;

    return spa % size == 0 && rmp_find(c, spa).slot && s->gpa % size == 0 &&
           !(s->gpa & ~RMP_GPA) && s->asid <= RMP_ASID >> RMP_ASID_SHIFT &&
           (s->assigned || !s->asid);
}

/* A 2M page is one thing: neither may 4K of it be changed nor 4K pages be made
 * part of one, unless they are nobody's. */
static bool overlaps(const struct cpu *c, spa_t spa, bool large)
{
    if (rmp_find(c, spa).large)
        return !large;
    return large && any(c, spa, SIZE_2M, RMP_ASSIGNED);
}

static uint64_t entry_of(const struct rmp_state *s)
{
    if (!s->assigned)
        return 0;
    return RMP_ASSIGNED | (s->large ? RMP_2M : 0) |
           (s->immutable ? RMP_IMMUTABLE : 0) | s->gpa |
           (uint64_t)s->asid << RMP_ASID_SHIFT;
}

static void tell(struct cpu *c, const char *insn, spa_t spa,
                 const struct rmp_state *s, enum rmp_result result)
{
    TRACE(c->trace, rmp_insn, .insn = insn, .spa = spa, .gpa = s ? s->gpa : 0,
          .asid = s ? s->asid : 0, .assigned = s && s->assigned,
          .large = s && s->large, .result = result);
}

static bool exists(const struct cpu *c)
{
    return c->model.features[FEAT_SEV_SNP] && snp_on(c);
}

static enum rmp_result update(struct cpu *c, spa_t spa,
                              const struct rmp_state *s)
{
    uint64_t size = s->large ? SIZE_2M : PAGE_SIZE_4K;

    if (!is_input(c, spa, s))
        return RMP_FAIL_INPUT;
    if (any(c, spa, size, RMP_IMMUTABLE))
        return RMP_FAIL_PERMISSION;
    if (in_use(c, spa, size))
        return RMP_FAIL_INUSE;
    if (overlaps(c, spa, s->large))
        return RMP_FAIL_OVERLAP;
    rmp_store(c, spa, entry_of(s), s->assigned ? VMPL_ALL : 0);
    cpu_flush_tlb(c, FLUSH_ALL, 0, "RMPUPDATE");
    return RMP_OK;
}

enum rmp_result host_rmpupdate(struct cpu *c, spa_t spa,
                               const struct rmp_state *s)
{
    enum rmp_result r = exists(c) ? update(c, spa, s) : RMP_UD;

    tell(c, "RMPUPDATE", spa, s, r);
    return r;
}

static void split(struct cpu *c, spa_t spa, const struct rmp_entry *e)
{
    for (uint64_t at = 0; at < SIZE_2M; at += PAGE_SIZE_4K)
        rmp_store(c, spa + at, (e->lo & ~RMP_2M) + at, e->hi);
    cpu_flush_tlb(c, FLUSH_ALL, 0, "PSMASH");
}

static enum rmp_result smash(struct cpu *c, spa_t spa)
{
    struct rmp_entry e;

    if (spa % SIZE_2M)
        return RMP_FAIL_INPUT;
    e = rmp_find(c, spa);
    if (!e.slot || !e.large)
        return RMP_FAIL_BADADDR;
    if (e.lo & RMP_IMMUTABLE)
        return RMP_FAIL_PERMISSION;
    if (in_use(c, spa, SIZE_2M))
        return RMP_FAIL_INUSE;
    split(c, spa, &e);
    return RMP_OK;
}

enum rmp_result host_psmash(struct cpu *c, spa_t spa)
{
    enum rmp_result r = exists(c) ? smash(c, spa) : RMP_UD;

    tell(c, "PSMASH", spa, NULL, r);
    return r;
}

enum rmp_result host_rmpread(const struct cpu *c, spa_t spa,
                             struct rmp_state *s)
{
    struct rmp_entry e;

    if (!exists(c) || !c->model.features[FEAT_RMPREAD])
        return RMP_UD;
    e = rmp_find(c, spa);
    if (spa % PAGE_SIZE_4K || !e.slot)
        return RMP_FAIL_INPUT;
    *s = (struct rmp_state) {
        .gpa = e.lo & RMP_ASSIGNED ? rmp_gpa(&e, spa) : 0,
        .asid = rmp_asid(&e),
        .assigned = e.lo & RMP_ASSIGNED,
        .large = e.large,
        .immutable = e.lo & RMP_IMMUTABLE,
    };
    return RMP_OK;
}

bool host_page(const struct cpu *c, spa_t spa)
{
    return !snp_on(c) || rmp_is_host(c, spa, PAGE_SIZE_4K - 1);
}
