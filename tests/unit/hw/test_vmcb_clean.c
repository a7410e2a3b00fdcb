/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Clean bits: what a CPU may remember of a VMCB, and what it must not (APM vol.
 * 2, 15.15).
 */
#include "unit/hw/mini.h"
#include "unit/suite.h"

#include <stdlib.h>

#define HLT     "\xf4"
#define VMMCALL "\x0f\x01\xd9"
#define ALL     0xffffffffU
#define COPY    0x300000ULL /* of the VMCB, elsewhere */

static struct mini m;

static void teardown(void)
{
    mini_destroy(&m);
}

/* A guest that has run once, up to its VMMCALL, and stands at a HLT. */
static void create(bool strict)
{
    struct cpu_model model = lab_model();

    model.features[FEAT_VMCB_CLEAN] = true;
    model.features[FEAT_CET_SS] = true;
    model.knobs.vmcb_clean_strict = strict;
    mini_create_on(&m, PLAIN, &model);
    MINI_CODE(&m, VMMCALL HLT);
    ck_assert_uint_eq(mini_run(&m), EXIT_VMMCALL);
    mini_reg(&m, SAVE_RIP, CODE + 3);
}

#define SAVE(x) (VMCB_SAVE + (x))

/* One field of each group; @value makes VMRUN refuse where it is loaded. */
static const struct {
    unsigned bit, at, size;
    uint64_t value;
} fields[] = {
    { 0, VMCB_INTERCEPT_4, 4, 0 },
    { 1, VMCB_MSRPM_BASE, 8, BIT(48) - PAGE_SIZE_4K },
    { 1, VMCB_IOPM_BASE, 8, BIT(48) - PAGE_SIZE_4K },
    { 2, VMCB_ASID, 4, 0 },
    { 4, VMCB_NCR3, 8, BIT(52) },
    { 4, SAVE(SAVE_G_PAT), 8, 2 },
    { 5, SAVE(SAVE_CR0), 8, BIT(32) },
    { 5, SAVE(SAVE_CR3), 8, BIT(52) },
    { 5, SAVE(SAVE_CR4), 8, BIT(13) },
    { 5, SAVE(SAVE_EFER), 8, 0 },
    { 6, SAVE(SAVE_DR6), 8, BIT(32) },
    { 6, SAVE(SAVE_DR7), 8, BIT(32) },
    { 8, SAVE(SAVE_CS), 8, 0xe9b0008 },
    { 12, SAVE(SAVE_S_CET), 8, BIT(2) },
};

static void change(unsigned i)
{
    m.w.ops->write(m.w.hw, HOST_VMCB + fields[i].at, &fields[i].value,
                   fields[i].size);
}

START_TEST(a_kept_promise_changes_nothing)
{
    create(true);
    mini_set32(&m, VMCB_CLEAN, ALL);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(m.count[EV_vmcb_stale], 0);
}
END_TEST

START_TEST(a_broken_promise_leaves_the_old_value)
{
    create(true);
    change((unsigned)_i);
    mini_set32(&m, VMCB_CLEAN, (uint32_t)BIT(fields[_i].bit));
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(m.count[EV_vmcb_stale], 1);
    ck_assert_uint_eq(mini_field(&m, EV_vmcb_stale, "bit"), fields[_i].bit);
}
END_TEST

START_TEST(a_cleared_bit_loads_the_new_value)
{
    create(true);
    change((unsigned)_i);
    mini_set32(&m, VMCB_CLEAN, ALL & ~(uint32_t)BIT(fields[_i].bit));
    ck_assert_uint_eq(mini_run(&m), EXIT_INVALID);
    ck_assert_uint_eq(m.count[EV_vmcb_stale], 0);
}
END_TEST

/* The default, and as legal: clean bits are a hint. */
START_TEST(a_cpu_may_load_everything)
{
    create(false);
    change((unsigned)_i);
    mini_set32(&m, VMCB_CLEAN, ALL);
    ck_assert_uint_eq(mini_run(&m), EXIT_INVALID);
}
END_TEST

/* A VMCB is known by its address. */
START_TEST(another_vmcb_is_not_remembered)
{
    static uint8_t page[PAGE_SIZE_4K];

    create(true);
    change((unsigned)_i);
    mini_set32(&m, VMCB_CLEAN, ALL);
    m.w.ops->read(m.w.hw, HOST_VMCB, page, sizeof(page));
    m.w.ops->write(m.w.hw, COPY, page, sizeof(page));
    m.w.ops->vmrun(m.w.hw, COPY, m.gpr);
    ck_assert_uint_eq(m.w.ops->read64(m.w.hw, COPY + VMCB_EXITCODE),
                      EXIT_INVALID);
}
END_TEST

/* RIP, RSP, RAX, RFLAGS, EVENTINJ, the shadow and TLB_CONTROL. */
START_TEST(some_fields_are_never_remembered)
{
    create(true);
    mini_set32(&m, VMCB_CLEAN, ALL);
    mini_reg(&m, SAVE_RIP, CODE + 3);
    mini_reg(&m, SAVE_RSP, STACK - 64);
    mini_reg(&m, SAVE_RAX, 77);
    mini_reg(&m, SAVE_RFLAGS, RFLAGS_FIXED | RFLAGS_IF);
    mini_set(&m, VMCB_INT_STATE, 1);
    mini_set32(&m, VMCB_TLB_CONTROL, TLB_CTL_ALL);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(m.count[EV_vmcb_stale], 0);
    ck_assert_uint_eq(m.count[EV_tlb_flush], 1);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RAX), 77);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RSP), STACK - 64);
    ck_assert_uint_eq(mini_get(&m, VMCB_INT_STATE), 1);
    mini_set(&m, VMCB_EVENTINJ, EVENT_V | 3 << 8 | VEC_UD);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RIP), HANDLERS + 16 * VEC_UD);
}
END_TEST

/* What the guest changed itself is what the CPU remembers. */
START_TEST(the_memory_is_of_the_exit_and_not_of_the_entry)
{
    create(true);
    MINI_CODE(&m, "\x0f\x22\xd3" HLT); /* mov cr2,rbx */
    m.gpr[GPR_RBX] = 0x1234;
    mini_reg(&m, SAVE_RIP, CODE);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    mini_reg(&m, SAVE_CR2, 0x5678);
    mini_set32(&m, VMCB_CLEAN, ALL);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_CR2), 0x1234);
}
END_TEST

START_TEST(a_refused_vmrun_forgets)
{
    create(true);
    mini_set32(&m, VMCB_ASID, 0);
    ck_assert_uint_eq(mini_run(&m), EXIT_INVALID);
    mini_set32(&m, VMCB_CLEAN, ALL);
    ck_assert_uint_eq(mini_run(&m), EXIT_INVALID);
    ck_assert_uint_eq(m.count[EV_vmcb_stale], 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("vmcb_clean");
    TCase *t = tcase_create("vmcb_clean");
    int n = ARRAY_SIZE(fields);

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, NULL, teardown);
    tcase_add_test(t, a_kept_promise_changes_nothing);
    tcase_add_loop_test(t, a_broken_promise_leaves_the_old_value, 0, n);
    tcase_add_loop_test(t, a_cleared_bit_loads_the_new_value, 0, n);
    tcase_add_loop_test(t, a_cpu_may_load_everything, 0, n);
    tcase_add_loop_test(t, another_vmcb_is_not_remembered, 0, n);
    tcase_add_test(t, some_fields_are_never_remembered);
    tcase_add_test(t, the_memory_is_of_the_exit_and_not_of_the_entry);
    tcase_add_test(t, a_refused_vmrun_forgets);
    return run_suite(s);
}
