/* SPDX-License-Identifier: GPL-2.0-only */
/* A bare hypervisor of a host with SEV-SNP: what it gives away, and what then
 * keeps it out. */
#include "bare.h"
#include "hw.h"
#include "load.h"
#include "trace.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define MIB    (1ULL << 20)
#define SHARED 0x201000ULL
#define LOADED 0x202000ULL

static struct pool *pool;
static struct cpu_model model;
static struct bare_config config;
static struct bare_memory memory;
static struct bare_vm vm;
static struct trace trace;
static struct wire w;
static const char *why;

static void deaf(void *ctx, const struct event *ev)
{
    (void)ctx;
    (void)ev;
}

static void setup(void)
{
    struct err e = { 0 };
    const struct cpu_file *f;

    pool = pool_create();
    f = catalog_cpu(catalog_open(pool, "models"), "milan", (struct mark) { 0 },
                    &e);
    ck_assert_ptr_nonnull(f);
    model = f->model;
    model.rmp_table = true;
    model.features[FEAT_RMPREAD] = true; /* to look */
    trace_init(&trace, pool);
    trace_add_sink(&trace, deaf, NULL);
    config = (struct bare_config) {
        .host = { BARE_PAGING_4LEVEL, .nxe = true, .wp = true, .snp = true },
        .vmcb = { .np = true },
        .page_size = 2 * MIB,
    };
    memory = (struct bare_memory) { 0, 8 * MIB, false };
    vm = (struct bare_vm) { BARE_SNP, 1, 1, &memory };
}

static void teardown(void)
{
    pool_destroy(pool);
}

static struct bare *open_bare(void)
{
    w = cpu_wire(cpu_create(pool, &model, &trace));
    return bare_open(pool, &w, &config, &vm, &trace, &why);
}

static struct bare *launched(void)
{
    struct bare *b = open_bare();
    const struct bare_regs r = { .rip = LOADED };

    ck_assert_msg(b, "%s", why);
    bare_load(b, LOADED, "\xf4", 1, true);
    bare_load(b, SHARED, "hello", 5, false);
    bare_set_regs(b, 0, &r);
    why = bare_launch(b);
    ck_assert_msg(!why, "%s", why);
    return b;
}

static struct rmp_state state_of(spa_t spa)
{
    struct rmp_state s = { 0 };

    ck_assert_int_eq(w.ops->rmpread(w.hw, spa, &s), RMP_OK);
    return s;
}

/* 2M where nothing was loaded to, else 4K; not what the guest shares. */
START_TEST(all_memory_is_the_guests_but_what_it_shares)
{
    struct bare *b = launched();

    ck_assert(state_of(0).assigned && state_of(0).large);
    ck_assert(state_of(LOADED).assigned && !state_of(LOADED).large);
    ck_assert_uint_eq(state_of(LOADED).gpa, LOADED);
    ck_assert_uint_eq(state_of(LOADED).asid, 1);
    ck_assert(state_of(2 * MIB).assigned && !state_of(2 * MIB).large);
    ck_assert(!state_of(SHARED).assigned);
    ck_assert(state_of(6 * MIB).large);
    ck_assert(!state_of(8 * MIB).assigned);
    ck_assert(bare_write(b, SHARED, 1, 8, PAGE_SIZE_4K));
    ck_assert(!bare_write(b, LOADED, 1, 8, PAGE_SIZE_4K));
    ck_assert_uint_eq(bare_read(b, SHARED, 8), 1);
}
END_TEST

START_TEST(what_was_given_is_taken_back)
{
    struct bare *b = launched();
    const struct bare_rmp take = { .spa = 4 * MIB,
                                   .size = 4 * MIB,
                                   .guests_asid = true,
                                   .state = { .large = true } };

    ck_assert_int_eq(bare_rmpupdate(b, &take), RMP_OK);
    ck_assert(!state_of(4 * MIB).assigned && !state_of(6 * MIB).assigned);
    ck_assert(bare_write(b, 6 * MIB, 1, 8, PAGE_SIZE_4K));
    ck_assert_int_eq(bare_psmash(b, 4 * MIB), RMP_FAIL_BADADDR);
    ck_assert_int_eq(bare_psmash(b, 0), RMP_OK);
    ck_assert(!state_of(0x5000).large);
}
END_TEST

/* What is missing is said, by part. */
START_TEST(a_host_that_cannot_have_snp_is_told_why)
{
    static const char *const words[] = { "no SEV-SNP", "cpu.set.rmp_table",
                                         "SNP_INIT" };

    if (_i == 0)
        model.features[FEAT_SEV_SNP] = false;
    else if (_i == 1)
        model.rmp_table = false;
    else
        model.psp_snp = PSP_SNP_NONE;
    ck_assert_ptr_null(open_bare());
    ck_assert_msg(strstr(why, words[_i]), "%s", why);
}
END_TEST

/* VMRUN writes to the VMCB: that page must stay the host's. */
START_TEST(a_vmcb_given_away_is_no_vmcb)
{
    struct bare *b = launched();
    struct bare_rmp give = { .guests_asid = true,
                             .state = { .assigned = true } };

    /* It lies among the hypervisor's frames, below 4 GiB. */
    for (spa_t spa = 0xffff0000; spa < 0x100000000; spa += PAGE_SIZE_4K) {
        give.spa = spa;
        bare_rmpupdate(b, &give);
    }
    ck_assert_int_eq(bare_run(b, 0, NULL), BARE_GP);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("bare_snp");
    TCase *t = tcase_create("snp");
    SRunner *r = srunner_create(s);
    int failed;

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, all_memory_is_the_guests_but_what_it_shares);
    tcase_add_test(t, what_was_given_is_taken_back);
    tcase_add_loop_test(t, a_host_that_cannot_have_snp_is_told_why, 0, 3);
    tcase_add_test(t, a_vmcb_given_away_is_no_vmcb);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
