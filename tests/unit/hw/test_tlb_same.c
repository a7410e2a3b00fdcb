/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A TLB changes no answer while nobody changes memory: two cores, one with a
 * TLB that forgets nothing and one without any, live through the same accesses,
 * of every kind and privilege, under GMET, SSS and what registers forbid, to
 * pages with every combination of rights.
 */
#include "unit/hw/tlb_lab.h"
#include "unit/suite.h"

#include <string.h>

/* What the pages of one round are like: bits of entries that are inverted. */
static const struct {
    spa_t slot;
    uint64_t bit;
} rights[] = {
    { G2, PTE_W },          { LEAF(0), PTE_W },      { LEAF(0), PTE_U },
    { LEAF(0), PTE_D },     { LEAF(0), PTE_NX },     { N(FRAME(0)), PTE_W },
    { N(FRAME(0)), PTE_U }, { N(FRAME(0)), PTE_NX },
};
#define N_RIGHTS ARRAY_SIZE(rights)

/* Registers and rules of one lap. */
static const struct {
    bool gmet, sss;
    uint64_t flags; /* of walk_lab.h */
} laps[] = {
    { false, false, 0 },      { true, false, 0 },      { false, true, 0 },
    { true, true, 0 },        { false, false, G_WP0 }, { false, false, G_SMAP },
    { false, false, G_SMEP }, { true, false, G_SMEP }, { false, true, G_SMAP },
};

static struct cpu *plain;

static void setup_both(void)
{
    setup();
    plain = cpu_create(pool, &(struct cpu_model) { .name = "plain" }, NULL);
}

static void build(unsigned round, enum tlb_mode mode, struct cpu *c)
{
    struct cpu *other = cpu;

    cpu = c;
    load_mode(mode);
    c->model.features[FEAT_GMET] = c->model.features[FEAT_SSS_CHECK] = true;
    for (unsigned i = 0; i < N_RIGHTS; i++)
        if (round & 1U << i)
            cpu_poke64(c, rights[i].slot,
                       cpu_peek64(c, rights[i].slot) ^ rights[i].bit);
    cpu = other;
}

static struct walk_result one(struct cpu *c, unsigned lap, unsigned cpl,
                              enum access_kind kind)
{
    struct walk_setup s = setup_of(laps[lap].flags, cpl);
    const char *why;

    s.gmet = laps[lap].gmet;
    s.sss = laps[lap].sss;
    ck_assert_msg(walk_load(c, &s, &why), "%s", why);
    return walk_access(c, PAGE(0) + 8, kind, 8, false, NULL);
}

static unsigned compare(unsigned round, unsigned lap, unsigned cpl,
                        enum access_kind kind)
{
    struct walk_result a = one(cpu, lap, cpl, kind);
    struct walk_result b = one(plain, lap, cpl, kind);

    ck_assert_msg(a.outcome == b.outcome && a.spa == b.spa &&
                      a.info1 == b.info1 && a.info2 == b.info2 &&
                      a.memtype == b.memtype,
                  "round %02x, lap %u, CPL %u, kind %u: %u %lx %lx with a TLB, "
                  "%u %lx %lx without",
                  round, lap, cpl, kind, a.outcome, (unsigned long)a.spa,
                  (unsigned long)a.info1, b.outcome, (unsigned long)b.spa,
                  (unsigned long)b.info1);
    return a.outcome == WALK_OK && a.n_refs == 0;
}

/* Accesses in an order of their own in each round, so that each kind finds what
 * others left behind. */
static unsigned live(unsigned round)
{
    uint64_t seed = round;
    unsigned hits = 0;

    for (unsigned i = 0; i < 250; i++) {
        unsigned x;

        seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
        x = (unsigned)(seed >> 33);
        hits += compare(round, x / 16 % ARRAY_SIZE(laps), x & 8 ? 3 : 0,
                        (enum access_kind)(x % 8 % 6));
    }
    return hits;
}

START_TEST(a_tlb_changes_no_answer)
{
    unsigned hits = 0;

    for (unsigned round = 0; round < 1U << N_RIGHTS; round++) {
        build(round, _i ? TLB_ADVERSARIAL : TLB_ON, cpu);
        build(round, TLB_OFF, plain);
        hits += live(round);
    }
    ck_assert_uint_gt(hits, 2000);
}
END_TEST

/* It is a TLB, also for those who walked always once. */
static const struct {
    bool gmet, sss;
    unsigned cpl;
    enum access_kind kind;
    unsigned round; /* bits of rights[] */
} kinds[] = {
    { true, false, 0, ACCESS_READ, 0 },
    { true, false, 0, ACCESS_FETCH, BIT(6) },
    { true, false, 3, ACCESS_FETCH, 0 },
    { false, false, 3, ACCESS_SHADOW_WRITE, BIT(1) },
    { false, false, 0, ACCESS_SHADOW_READ, BIT(1) | BIT(2) },
    { false, true, 0, ACCESS_SHADOW_WRITE,
      BIT(1) | BIT(2) | BIT(5) | BIT(6) | BIT(7) },
};

START_TEST(the_second_time_is_a_hit)
{
    struct walk_setup s = setup_of(0, kinds[_i].cpl);
    const char *why;

    build(kinds[_i].round, TLB_ADVERSARIAL, cpu);
    s.gmet = kinds[_i].gmet;
    s.sss = kinds[_i].sss;
    ck_assert(walk_load(cpu, &s, &why));
    for (unsigned lap = 0; lap < 3; lap++) {
        struct walk_result r = touch(PAGE(0), kinds[_i].kind);

        ck_assert_int_eq(r.outcome, WALK_OK);
        ck_assert_uint_eq(!r.n_refs, lap > 0);
    }
}
END_TEST

/* The host takes the mark off a shadow-stack page, or forbids the kernel to
 * run a page: without a flush that has not happened yet. */
START_TEST(a_changed_mark_is_seen_after_a_flush_only)
{
    bool sss = _i;
    enum access_kind kind = sss ? ACCESS_SHADOW_WRITE : ACCESS_FETCH;
    struct walk_setup s = setup_of(0, 0);
    const char *why;

    build(sss ? 6 | BIT(6) | BIT(7) : BIT(6), TLB_ADVERSARIAL, cpu);
    s.gmet = !sss;
    s.sss = sss;
    ck_assert(walk_load(cpu, &s, &why));
    ck_assert_int_eq(touch(PAGE(0), kind).outcome, WALK_OK);
    cpu_poke64(cpu, N(FRAME(0)), FRAME(0) | RWUAD);
    ck_assert_int_eq(touch(PAGE(0), kind).outcome, WALK_OK);
    vmrun_flush(3);
    ck_assert_int_eq(touch(PAGE(0), kind).outcome, WALK_NPF);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("tlb_same");
    TCase *t = tcase_create("all");

    tcase_add_checked_fixture(t, setup_both, teardown);
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, a_tlb_changes_no_answer, 0, 2);
    tcase_add_loop_test(t, the_second_time_is_a_hit, 0, (int)ARRAY_SIZE(kinds));
    tcase_add_loop_test(t, a_changed_mark_is_seen_after_a_flush_only, 0, 2);
    suite_add_tcase(s, t);
    return run_suite(s);
}
