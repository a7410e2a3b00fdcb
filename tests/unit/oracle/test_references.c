/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How many table entries a walk reads: with g guest and n nested levels above
 * the page, g * (n + 1) + n (APM vol. 2, 15.25, figure of the nested walk).
 * Every mode over every mode, every page size over every page size; without
 * page-walk caches and with each of them, alone and together.
 */
#include "oracle/oracle.h"

#include <check.h>
#include <stdlib.h>

#define GVA         0x401238ULL /* also GPA and SPA: all maps are identities */
#define GUEST_PAGES 0x10000ULL
#define HOST_PAGES  0x20000ULL
#define RWUAD       0x67

struct combination {
    enum oracle_mode guest, host;
    unsigned guest_leaf, host_leaf; /* level of the entry that maps the page */
};

static struct combination combinations[200];
static unsigned n_combinations;
static struct pool *pool;
static struct cpu *cpu;

/* Map @addr to itself with a leaf at @leaf, tables from @page on. */
static void map(struct trial *v, const struct regime *r, uint64_t root,
                uint64_t addr, unsigned leaf, uint64_t *page)
{
    uint64_t table = root;

    for (unsigned level = oracle_levels(r->mode); level; level--) {
        uint64_t slot = oracle_slot(r, level, table, addr);
        uint64_t entry = oracle_get(r, &v->mem, slot);
        uint64_t flags = r->mode == MODE_PAE && level == 3 ? 1 : RWUAD;

        if (level == leaf) {
            entry = (addr & ~bits(oracle_shift(r, level) - 1, 0)) | flags;
            entry |= level > 1 ? PTE_PS : 0;
            oracle_put(r, &v->mem, slot, entry);
            return;
        }
        if (!entry) {
            *page += 0x1000;
            entry = *page | flags;
            oracle_put(r, &v->mem, slot, entry);
        }
        table = oracle_address(r, entry, 12);
    }
}

static void set_mode(enum oracle_mode mode, uint64_t *cr0, uint64_t *cr4,
                     uint64_t *efer)
{
    bool wide = mode == MODE_LONG4 || mode == MODE_LONG5;

    *cr0 = CR0_PE | CR0_WP | (mode != MODE_OFF ? CR0_PG : 0);
    *cr4 = CR4_PSE | (wide || mode == MODE_PAE ? CR4_PAE : 0) |
           (mode == MODE_LONG5 ? CR4_LA57 : 0);
    *efer = EFER_SVME | EFER_NXE | (wide ? EFER_LMA | EFER_LME : 0);
}

static void build(const struct combination *c, struct trial *v)
{
    uint64_t guest_page = GUEST_PAGES, host_page = HOST_PAGES;
    struct regime guest, host;

    trial_init(v);
    set_mode(c->guest, &v->s.g_cr0, &v->s.g_cr4, &v->s.g_efer);
    set_mode(c->host, &v->s.h_cr0, &v->s.h_cr4, &v->s.h_efer);
    v->s.g_cr3 = GUEST_PAGES;
    v->s.ncr3 = HOST_PAGES;
    v->gva = GVA;
    oracle_regimes(v, &guest, &host);
    map(v, &guest, GUEST_PAGES, GVA, c->guest_leaf, &guest_page);
    map(v, &host, HOST_PAGES, GVA, c->host_leaf, &host_page);
    for (uint64_t page = GUEST_PAGES; page <= guest_page; page += 0x1000)
        map(v, &host, HOST_PAGES, page, c->host_leaf, &host_page);
}

/* Entries on the way to the page: a 2M page of 4 levels has 3. */
static unsigned depth(enum oracle_mode mode, unsigned leaf)
{
    return mode == MODE_OFF ? 0 : oracle_levels(mode) - (leaf - 1);
}

static unsigned closed_form(const struct combination *c)
{
    unsigned g = depth(c->guest, c->guest_leaf);
    unsigned n = depth(c->host, c->host_leaf);

    return g * (n + 1) + n;
}

/* Sets of page-walk caches. */
enum { GUEST_POINTERS = 1, NESTED_POINTERS = 2, NESTED_PAGES = 4, N_SETS = 8 };

/*
 * The same for a walk that was made before. Where the guest's pointers are
 * known it begins at the entry of the page; where those of nested tables are,
 * every nested walk does; where nested pages are, no nested entry is read.
 */
static unsigned form_with(const struct combination *c, unsigned caches)
{
    unsigned g = depth(c->guest, c->guest_leaf);
    unsigned n = depth(c->host, c->host_leaf);

    if (g && (caches & GUEST_POINTERS))
        g = 1;
    if (caches & NESTED_POINTERS)
        n = 1;
    if (caches & NESTED_PAGES)
        n = 0;
    return g * (n + 1) + n;
}

static void check_answer(const struct combination *c, const struct answer *a,
                         unsigned expected)
{
    ck_assert_int_eq(a->outcome, WALK_OK);
    ck_assert_uint_eq(a->spa, GVA);
    ck_assert_msg(a->refs == expected,
                  "guest mode %d leaf %u, host mode %d leaf %u: %u, not %u",
                  c->guest, c->guest_leaf, c->host, c->host_leaf, a->refs,
                  expected);
}

START_TEST(a_walk_reads_as_many_entries_as_the_closed_form_says)
{
    const struct combination *c = &combinations[_i];
    struct answer a;
    struct trial v;

    build(c, &v);
    a = oracle_walk(&v);
    check_answer(c, &a, closed_form(c));
    if (!trial_run(cpu, &v, &a)) /* else counted by report_skipped() */
        check_answer(c, &a, closed_form(c));
}
END_TEST

/* There is no TLB in front of the caches, so every access walks. */
static void check_caches(const struct combination *c, const struct trial *v,
                         unsigned caches)
{
    const struct tlb_geometry g = {
        .mode = TLB_ON,
        .pwc = caches & GUEST_POINTERS ? 64 : 0,
        .npwc = caches & NESTED_POINTERS ? 64 : 0,
        .ntlb = caches & NESTED_PAGES ? 64 : 0,
    };
    unsigned expected = form_with(c, caches);
    struct walk_result r;

    ck_assert(trial_load(cpu, v, &g));
    for (unsigned lap = 0; lap < 3; lap++)
        r = walk_access(cpu, GVA, ACCESS_READ, 1, false, NULL);
    ck_assert_int_eq(r.outcome, WALK_OK);
    ck_assert_uint_eq(r.spa, GVA);
    ck_assert_msg(r.n_refs == expected,
                  "guest mode %d leaf %u, host mode %d leaf %u, caches %u: %u, "
                  "not %u",
                  c->guest, c->guest_leaf, c->host, c->host_leaf, caches,
                  r.n_refs, expected);
}

START_TEST(a_walk_reads_what_its_caches_do_not_know)
{
    struct trial v;

    build(&combinations[_i], &v);
    for (unsigned caches = 0; caches < N_SETS; caches++)
        check_caches(&combinations[_i], &v, caches);
}
END_TEST

/* The figures that everybody knows, so that the formula is right too. */
START_TEST(the_well_known_counts_come_out)
{
    static const struct {
        struct combination c;
        unsigned refs;
    } known[] = {
        { { MODE_LONG4, MODE_LONG4, 1, 1 }, 24 },
        { { MODE_LONG5, MODE_LONG5, 1, 1 }, 35 },
        { { MODE_LONG4, MODE_LONG4, 2, 1 }, 19 },
        { { MODE_LONG4, MODE_LONG4, 1, 2 }, 19 },
        { { MODE_LONG4, MODE_LONG4, 2, 2 }, 15 },
        { { MODE_LONG4, MODE_LONG4, 3, 3 }, 8 },
        { { MODE_LONG4, MODE_LONG5, 1, 1 }, 29 },
        { { MODE_LONG5, MODE_LONG4, 1, 1 }, 29 },
        { { MODE_LEGACY, MODE_LONG4, 1, 1 }, 14 },
        { { MODE_PAE, MODE_LONG4, 1, 1 }, 19 },
        { { MODE_OFF, MODE_LONG4, 1, 1 }, 4 },
    };
    struct answer a;
    struct trial v;

    build(&known[_i].c, &v);
    if (!trial_run(cpu, &v, &a))
        check_answer(&known[_i].c, &a, known[_i].refs);
    a = oracle_walk(&v);
    check_answer(&known[_i].c, &a, known[_i].refs);
}
END_TEST

static unsigned largest_leaf(enum oracle_mode mode)
{
    switch (mode) {
    case MODE_OFF:
        return 1;
    case MODE_LEGACY:
    case MODE_PAE:
        return 2;
    case MODE_LONG4:
    case MODE_LONG5:
        return 3;
    }
    return 1;
}

static void list_combinations(void)
{
    struct combination c;

    for (c.guest = MODE_OFF; c.guest <= MODE_LONG5; c.guest++)
        for (c.host = MODE_LEGACY; c.host <= MODE_LONG5; c.host++)
            for (c.guest_leaf = 1; c.guest_leaf <= largest_leaf(c.guest);
                 c.guest_leaf++)
                for (c.host_leaf = 1; c.host_leaf <= largest_leaf(c.host);
                     c.host_leaf++)
                    combinations[n_combinations++] = c;
}

static void report_skipped(void)
{
    unsigned skipped = 0;

    for (unsigned i = 0; i < n_combinations; i++) {
        struct trial v;

        build(&combinations[i], &v);
        skipped += walk_unsupported(&v.s) != NULL;
    }
    if (skipped)
        printf("skipped: reference counts of %u of %u combinations of modes: "
               "not modelled\n",
               skipped, n_combinations);
}

static void setup(void)
{
    const struct cpu_model blank = { .name = "blank", .maxphyaddr_raw = 48 };

    pool = pool_create();
    cpu = cpu_create(pool, &blank, NULL);
}

static void teardown(void)
{
    pool_destroy(pool);
}

int main(void)
{
    Suite *s = suite_create("references");
    TCase *t = tcase_create("references");
    SRunner *r = srunner_create(s);
    int failed;

    list_combinations();
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, a_walk_reads_as_many_entries_as_the_closed_form_says,
                        0, (int)n_combinations);
    tcase_add_loop_test(t, a_walk_reads_what_its_caches_do_not_know, 0,
                        (int)n_combinations);
    tcase_add_loop_test(t, the_well_known_counts_come_out, 0, 11);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    report_skipped();
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
