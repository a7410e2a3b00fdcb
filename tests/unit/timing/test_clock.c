/* SPDX-License-Identifier: GPL-2.0-only */
/* Prices of events, with a model whose numbers cannot be confused. */
#include "arch/svm.h"
#include "timing.h"
#include "unit/suite.h"

#include <check.h>
#include <stdlib.h>

/* 16, 64 and 256 lines. */
static const struct cost_model model = {
    .l1 = 4,
    .l2 = 14,
    .l3 = 50,
    .dram = 400,
    .l1_kib = 1,
    .l2_kib = 4,
    .l3_kib = 16,
    .walker_step = 9,
    .vmrun = 500,
    .vmexit = 550,
    .light_exit = 2200,
    .npf_fix = 6000,
    .mmio_kernel = 1100,
    .mmio_user = 2500,
    .vc_entry = 1750,
    .vmgexit = 7850,
};

static struct pool *pool;
static struct trace trace;
static struct clock *prices;

static void setup(void)
{
    pool = pool_create();
    trace_init(&trace, pool);
    prices = clock_create(pool, &model);
    trace_set_clock(&trace, clock_price, prices);
}

static void teardown(void)
{
    pool_destroy(pool);
}

/* Cycles that passed since the last call. */
static uint64_t passed(void)
{
    static _Thread_local uint64_t before;
    uint64_t cycles = trace.now - before;

    before = trace.now;
    return cycles;
}

static uint64_t load(spa_t spa, uint64_t size)
{
    uint64_t before = trace.now;

    TRACE(&trace, data, .spa = spa, .size = size);
    return trace.now - before;
}

static uint64_t walk(spa_t slot)
{
    uint64_t before = trace.now;

    TRACE(&trace, npt_step, .slot = slot);
    return trace.now - before;
}

START_TEST(a_line_never_seen_comes_from_dram_and_then_from_l1)
{
    ck_assert_uint_eq(load(0, 8), 400);
    ck_assert_uint_eq(load(0x38, 8), 4); /* the same line */
    ck_assert_uint_eq(load(0x40, 8), 400);
}
END_TEST

/* The line is in a level while fewer others were used than the level holds. */
static const struct {
    unsigned others;
    uint64_t cycles;
} ages[] = {
    { 0, 4 },   { 15, 4 },   { 16, 14 },   { 63, 14 },
    { 64, 50 }, { 255, 50 }, { 256, 400 }, { 5000, 400 },
};

START_TEST(the_level_follows_from_the_references_in_between)
{
    load(0, 8);
    for (unsigned i = 1; i <= ages[_i].others; i++)
        load(i * 64ULL, 8);
    ck_assert_uint_eq(load(0, 8), ages[_i].cycles);
}
END_TEST

START_TEST(an_access_across_a_line_costs_both_lines)
{
    ck_assert_uint_eq(load(0x3c, 8), 800);
    ck_assert_uint_eq(load(0x3c, 8), 8);
    ck_assert_uint_eq(load(0x1000, 4096), 64 * 400);
    ck_assert_uint_eq(load(0x40, 0), 50); /* nothing still asks for its line */
}
END_TEST

START_TEST(a_walker_asks_the_l2_and_takes_a_step)
{
    ck_assert_uint_eq(walk(0x1000), 400 + 9);
    ck_assert_uint_eq(walk(0x1008), 14 + 9);
    ck_assert_uint_eq(load(0x1010, 8), 4);
}
END_TEST

START_TEST(an_absurd_size_is_bounded)
{
    ck_assert_uint_le(load(0, UINT64_MAX), 65 * 400);
    ck_assert_uint_le(load(UINT64_MAX, UINT64_MAX / 2), 65 * 400);
}
END_TEST

START_TEST(old_lines_are_forgotten_without_harm)
{
    for (unsigned round = 0; round < 3; round++)
        for (uint64_t i = 0; i < 100000; i++)
            ck_assert_uint_eq(load(i << 12, 8), 400);
    ck_assert_uint_eq(load(99999ULL << 12, 8), 4);
}
END_TEST

START_TEST(a_light_exit_costs_both_switches_and_the_handler)
{
    passed();
    TRACE(&trace, vmexit, .code = EXIT_CPUID);
    TRACE(&trace, kvm_exit, .reason = EXIT_CPUID);
    TRACE(&trace, vmrun, .rip = 0);
    ck_assert_uint_eq(passed(), 500 + 550 + 2200);
}
END_TEST

START_TEST(mmio_by_vc_costs_the_measured_round_trip_and_the_device)
{
    passed();
    TRACE(&trace, vc, .error_code = EXIT_NPF);
    TRACE(&trace, vmexit, .code = EXIT_VMGEXIT);
    TRACE(&trace, kvm_exit, .reason = EXIT_VMGEXIT);
    TRACE(&trace, kvm_vmgexit_enter, .exit_reason = 0x80000001);
    TRACE(&trace, vmrun, .rip = 0);
    ck_assert_uint_eq(passed(), 9600); /* vc_entry + vmgexit, no more */
    TRACE(&trace, kvm_userspace_exit, .reason = 6);
    ck_assert_uint_eq(passed(), 2500);
}
END_TEST

START_TEST(other_returns_to_userspace_and_plain_talk_are_free)
{
    passed();
    TRACE(&trace, kvm_userspace_exit, .reason = 5);
    TRACE(&trace, npf, .info1 = 4);
    TRACE(&trace, step, .id = "x");
    TRACE(&trace, insn, .rip = 1);
    ck_assert_uint_eq(passed(), 0);
}
END_TEST

START_TEST(mapping_a_page_has_its_price)
{
    passed();
    TRACE(&trace, kvm_mmu_set_spte, .gfn = 1);
    ck_assert_uint_eq(passed(), 6000);
    TRACE(&trace, kvm_fast_mmio, .gpa = 1);
    ck_assert_uint_eq(passed(), 1100);
}
END_TEST

START_TEST(the_rows_add_up_to_the_time_that_passed)
{
    const struct cost_row *rows;
    uint64_t cycles = 0, events = 0;
    unsigned n;

    for (unsigned i = 0; i < 50; i++) {
        TRACE(&trace, npt_step, .slot = i * 8);
        TRACE(&trace, gpt_step, .slot = i * 4096);
        TRACE(&trace, fetch, .spa = i, .len = 15);
        TRACE(&trace, vmrun, .rip = i);
        TRACE(&trace, ghcb_ref, .spa = 0x5000, .len = 8);
    }
    n = clock_rows(prices, &rows);
    for (unsigned i = 0; i < n; i++) {
        ck_assert_ptr_nonnull(rows[i].name);
        cycles += rows[i].cycles;
        events += rows[i].events;
    }
    ck_assert_uint_eq(cycles, trace.now);
    ck_assert_uint_eq(events, 250);
}
END_TEST

START_TEST(a_model_without_prices_costs_nothing)
{
    struct cost_model none = { 0 };

    prices = clock_create(pool, &none);
    trace_set_clock(&trace, clock_price, prices);
    passed();
    for (uint64_t i = 0; i < 3000; i++)
        load(i << 6, 8);
    TRACE(&trace, kvm_vmgexit_enter, .exit_reason = 1);
    ck_assert_uint_eq(passed(), 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("clock");
    TCase *t = tcase_create("clock");

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, a_line_never_seen_comes_from_dram_and_then_from_l1);
    tcase_add_loop_test(t, the_level_follows_from_the_references_in_between, 0,
                        ARRAY_SIZE(ages));
    tcase_add_test(t, an_access_across_a_line_costs_both_lines);
    tcase_add_test(t, a_walker_asks_the_l2_and_takes_a_step);
    tcase_add_test(t, an_absurd_size_is_bounded);
    tcase_add_test(t, old_lines_are_forgotten_without_harm);
    tcase_add_test(t, a_light_exit_costs_both_switches_and_the_handler);
    tcase_add_test(t, mmio_by_vc_costs_the_measured_round_trip_and_the_device);
    tcase_add_test(t, other_returns_to_userspace_and_plain_talk_are_free);
    tcase_add_test(t, mapping_a_page_has_its_price);
    tcase_add_test(t, the_rows_add_up_to_the_time_that_passed);
    tcase_add_test(t, a_model_without_prices_costs_nothing);
    return run_suite(s);
}
