/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * 100,000 random operations against an oracle that knows no TLB, only history:
 * the values that each leaf has had since its last flush, in either nested
 * table if the pointer to it has moved. An access that works must be explained
 * by one guest value and one nested value of these; an access that faults must
 * be the fault that memory gives now.
 */
#include "unit/hw/tlb_lab.h"
#include "unit/suite.h"

#define OPS      100000
#define N_ASIDS  2
#define N_PCIDS  2
#define N_VALUES 16 /* present, writable, four frames */

/* A value of a leaf: bit 0 P, bit 1 W, bits 3:2 the frame. */
#define V_P         1U
#define V_W         2U
#define V_FRAME(v)  ((v) >> 2)
#define NESTED_BASE 0x40000ULL /* where the nested leaves point to */

struct oracle {
    uint64_t seed;
    unsigned asid, pcid;     /* who runs */
    unsigned guest[N_PAGES]; /* values in memory now */
    unsigned nested[2][4];   /* in either of two tables */
    unsigned table;          /* to which of them the nested PDE points */
    /* Bit t: it has pointed there since the last flush of the ASID. */
    unsigned tables_seen[N_ASIDS];
    /* Bit v: value v was there since the last flush. */
    uint32_t guest_seen[N_ASIDS][N_PCIDS][N_PAGES];
    uint32_t nested_seen[N_ASIDS][4];
    unsigned n_stale, n_faults, n_fresh;
};

static unsigned pick(struct oracle *o, unsigned n)
{
    o->seed = o->seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)(o->seed >> 33) % n;
}

static uint64_t pte_of(unsigned value, uint64_t base)
{
    return (base + V_FRAME(value) * PAGE_SIZE_4K) | PTE_U | PTE_A | PTE_D |
           (value & V_P ? PTE_P : 0) | (value & V_W ? PTE_W : 0);
}

static void write_guest(struct oracle *o, unsigned page, unsigned value)
{
    o->guest[page] = value;
    cpu_poke64(cpu, LEAF(page), pte_of(value, FRAME(0)));
    for (unsigned a = 0; a < N_ASIDS; a++)
        for (unsigned p = 0; p < N_PCIDS; p++)
            o->guest_seen[a][p][page] |= 1U << value;
}

static void see_nested(struct oracle *o, unsigned a, unsigned frame)
{
    for (unsigned t = 0; t < 2; t++)
        if (o->tables_seen[a] & 1U << t)
            o->nested_seen[a][frame] |= 1U << o->nested[t][frame];
}

static void write_nested(struct oracle *o, unsigned t, unsigned frame,
                         unsigned value)
{
    o->nested[t][frame] = value;
    cpu_poke64(cpu, N(FRAME(frame)) + t * PAGE_SIZE_4K,
               pte_of(value, NESTED_BASE));
    for (unsigned a = 0; a < N_ASIDS; a++)
        see_nested(o, a, frame);
}

/* The host moves its page table. */
static void point_nested(struct oracle *o, unsigned t)
{
    o->table = t;
    cpu_poke64(cpu, N2, (N(0) + t * PAGE_SIZE_4K) | RWUAD);
    for (unsigned a = 0; a < N_ASIDS; a++) {
        o->tables_seen[a] |= 1U << t;
        for (unsigned frame = 0; frame < 4; frame++)
            see_nested(o, a, frame);
    }
}

/* ---- flushes, naively: history is cut off ---- */

static void forget_page(struct oracle *o, unsigned a, unsigned p, unsigned page)
{
    o->guest_seen[a][p][page] = 1U << o->guest[page];
}

static void forget_space(struct oracle *o, unsigned a, unsigned p)
{
    for (unsigned page = 0; page < N_PAGES; page++)
        forget_page(o, a, p, page);
}

static void forget_asid(struct oracle *o, unsigned a)
{
    for (unsigned p = 0; p < N_PCIDS; p++)
        forget_space(o, a, p);
    o->tables_seen[a] = 1U << o->table;
    for (unsigned f = 0; f < 4; f++)
        o->nested_seen[a][f] = 1U << o->nested[o->table][f];
}

static void flush(struct oracle *o)
{
    unsigned page = pick(o, N_PAGES), p = pick(o, N_PCIDS);
    unsigned a = pick(o, N_ASIDS);
    struct guest_regs old = cpu->g.r;

    switch (pick(o, 7)) {
    case 0:
        tlb_invlpg(cpu, PAGE(page));
        forget_page(o, o->asid, o->pcid, page);
        return;
    case 1:
        tlb_invlpga(cpu, PAGE(page), a + 1);
        for (p = 0; p < N_PCIDS; p++)
            forget_page(o, a, p, page);
        return;
    case 2:
        ck_assert(tlb_invpcid(cpu, 0, p, PAGE(page)));
        forget_page(o, o->asid, p, page);
        return;
    case 3:
        ck_assert(tlb_invpcid(cpu, 1, p, 0));
        forget_space(o, o->asid, p);
        return;
    case 4:
        old.cr3 ^= 0x10; /* MOV CR3 within this PCID */
        tlb_mov_cr(cpu, &old);
        forget_space(o, o->asid, o->pcid);
        return;
    case 5:
        vmrun_flush(3);
        forget_asid(o, o->asid);
        return;
    case 6:
        vmrun_flush(1);
        for (a = 0; a < N_ASIDS; a++)
            forget_asid(o, a);
        return;
    }
}

/* ---- accesses ---- */

static bool allows(unsigned value, bool write)
{
    return (value & V_P) && (!write || (value & V_W));
}

static spa_t target(unsigned nested)
{
    return NESTED_BASE + V_FRAME(nested) * PAGE_SIZE_4K;
}

/* Could some mixture of remembered values lead there? */
static bool explained(const struct oracle *o, unsigned page, bool write,
                      spa_t spa)
{
    uint32_t guest = o->guest_seen[o->asid][o->pcid][page];

    for (unsigned g = 0; g < N_VALUES; g++) {
        uint32_t nested = o->nested_seen[o->asid][V_FRAME(g)];

        if (!(guest & 1U << g) || !allows(g, write))
            continue;
        for (unsigned n = 0; n < N_VALUES; n++)
            if ((nested & 1U << n) && allows(n, write) && target(n) == spa)
                return true;
    }
    return false;
}

/* What memory says now. */
static enum walk_outcome fresh(const struct oracle *o, unsigned page,
                               bool write, spa_t *spa)
{
    unsigned g = o->guest[page], n = o->nested[o->table][V_FRAME(g)];

    if (!allows(g, write))
        return WALK_PF;
    *spa = target(n);
    return allows(n, write) ? WALK_OK : WALK_NPF;
}

static void access_one(struct oracle *o)
{
    unsigned page = pick(o, N_PAGES);
    bool write = pick(o, 2);
    struct walk_result r =
        touch(PAGE(page), write ? ACCESS_WRITE : ACCESS_READ);
    spa_t spa = 0;
    enum walk_outcome now = fresh(o, page, write, &spa);

    if (r.outcome == WALK_OK)
        ck_assert_msg(explained(o, page, write, r.spa),
                      "page %u reached %lx, which nothing explains", page,
                      (unsigned long)r.spa);
    else
        ck_assert_msg(r.outcome == now, "page %u: fault %u, memory says %u",
                      page, r.outcome, now);
    if (r.outcome != WALK_OK)
        o->n_faults++;
    else if (now == WALK_OK && r.spa == spa)
        o->n_fresh++;
    else
        o->n_stale++;
}

static void operate(struct oracle *o)
{
    switch (pick(o, 8)) {
    case 0:
        write_guest(o, pick(o, N_PAGES), pick(o, N_VALUES));
        return;
    case 1:
        if (pick(o, 4))
            write_nested(o, pick(o, 2), pick(o, 4), pick(o, N_VALUES));
        else
            point_nested(o, pick(o, 2));
        return;
    case 2:
        o->asid = pick(o, N_ASIDS);
        o->pcid = pick(o, N_PCIDS);
        become(o->asid + 1, o->pcid);
        return;
    case 3:
        flush(o);
        return;
    }
    access_one(o);
}

static struct oracle start(enum tlb_mode mode)
{
    struct oracle o = { .seed = 42 };

    load_mode(mode);
    for (unsigned page = 0; page < N_PAGES; page++)
        write_guest(&o, page, V_P | V_W | page % 4 << 2);
    for (gpa_t gpa = 0; gpa < FRAME(0); gpa += PAGE_SIZE_4K)
        cpu_poke64(cpu, N(gpa) + PAGE_SIZE_4K, gpa | RWUAD);
    point_nested(&o, 0);
    for (unsigned t = 0; t < 2; t++)
        for (unsigned frame = 0; frame < 4; frame++)
            write_nested(&o, t, frame, V_P | V_W | frame << 2);
    become(1, 0);
    return o;
}

START_TEST(every_outcome_is_fresh_or_stale_until_its_flush)
{
    enum tlb_mode mode = (enum tlb_mode)_i;
    struct oracle o = start(mode);

    for (unsigned i = 0; i < OPS; i++)
        operate(&o);
    ck_assert_uint_gt(o.n_fresh, OPS / 20);
    ck_assert_uint_gt(o.n_faults, OPS / 20);
    if (mode == TLB_OFF)
        ck_assert_uint_eq(o.n_stale, 0);
    else
        ck_assert_uint_gt(o.n_stale, OPS / 1000);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("tlb_random");
    TCase *t = tcase_create("all");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, every_outcome_is_fresh_or_stale_until_its_flush,
                        TLB_OFF, TLB_ADVERSARIAL + 1);
    suite_add_tcase(s, t);
    return run_suite(s);
}
