/* SPDX-License-Identifier: GPL-2.0-only */
/* A hypervisor that flushes, and one that forgets to (APM vol. 2, 15.16). */
#include "hw/cpu.h"
#include "unit/hw/mini.h"
#include "unit/suite.h"

#include <stdlib.h>

#define MOV_RAX_DATA "\x48\x8b\x04\x25\x00\xc0\x00\x00" /* mov rax,[0xc000] */
#define HLT          "\xf4"
#define OTHER        0xe000ULL
#define OLD          0x1111ULL
#define NEW          0x2222ULL

static struct mini m;

static void start(enum mini_type type)
{
    static const struct tlb_geometry g = { .mode = TLB_ADVERSARIAL };

    mini_create(&m, type);
    m.cpu->model.features[FEAT_FLUSH_BY_ASID] = true;
    m.cpu->tlb_on = true;
    tlb_reset(m.cpu->tlb, &g);
    MINI_CODE(&m, MOV_RAX_DATA HLT);
    mini_poke(&m, DATA, OLD);
    mini_poke(&m, OTHER, NEW);
    mini_launch(&m);
}

static void teardown(void)
{
    mini_destroy(&m);
}

/* What the guest reads when it runs from its first instruction again. */
static uint64_t guest_reads(void)
{
    mini_reg(&m, SAVE_RIP, CODE);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    return mini_reg_of(&m, SAVE_RAX);
}

START_TEST(a_forgotten_flush_shows_the_guest_its_old_memory)
{
    start(PLAIN);
    ck_assert_uint_eq(guest_reads(), OLD);
    mini_poke(&m, NPT(DATA), OTHER | RWUAD);
    ck_assert_uint_eq(guest_reads(), OLD);
}
END_TEST

static const unsigned flushing[] = { 1, 3, 7 };

START_TEST(a_flush_by_tlb_control_shows_the_new_memory)
{
    start(PLAIN);
    ck_assert_uint_eq(guest_reads(), OLD);
    mini_poke(&m, NPT(DATA), OTHER | RWUAD);
    mini_set32(&m, VMCB_TLB_CONTROL, flushing[_i]);
    ck_assert_uint_eq(guest_reads(), NEW);
    ck_assert_uint_eq((uint32_t)(mini_get(&m, VMCB_ASID) >> 32), flushing[_i]);
}
END_TEST

START_TEST(another_asid_shows_the_new_memory)
{
    start(PLAIN);
    ck_assert_uint_eq(guest_reads(), OLD);
    mini_poke(&m, NPT(DATA), OTHER | RWUAD);
    mini_set32(&m, VMCB_ASID, m.asid + 1);
    ck_assert_uint_eq(guest_reads(), NEW);
    mini_set32(&m, VMCB_ASID, m.asid);
    ck_assert_uint_eq(guest_reads(), OLD);
}
END_TEST

START_TEST(invlpga_flushes_a_linear_address_of_its_asid)
{
    start(PLAIN);
    ck_assert_uint_eq(guest_reads(), OLD);
    mini_poke(&m, GPT(DATA), OTHER | RWUAD);
    m.w.ops->invlpga(m.w.hw, DATA, m.asid + 1);
    ck_assert_uint_eq(guest_reads(), OLD);
    m.w.ops->invlpga(m.w.hw, DATA, m.asid);
    ck_assert_uint_eq(guest_reads(), NEW);
}
END_TEST

/* The key belongs to the translation: a hit decrypts as the walk did. */
START_TEST(an_encrypted_guest_reads_the_same_with_and_without_a_walk)
{
    start(SEV);
    ck_assert_uint_eq(guest_reads(), OLD);
    m.count[EV_tlb_hit] = m.count[EV_tlb_fill] = 0;
    ck_assert_uint_eq(guest_reads(), OLD);
    ck_assert_uint_gt(m.count[EV_tlb_hit], 0);
    ck_assert_uint_eq(m.count[EV_tlb_fill], 0);
}
END_TEST

START_TEST(what_the_tlb_knows_is_part_of_the_state)
{
    start(PLAIN);
    guest_reads();
    cpu_state_mark(m.cpu);
    m.w.ops->invlpga(m.w.hw, DATA, m.asid + 1); /* nothing there */
    ck_assert(cpu_state_same(m.cpu));
    m.w.ops->invlpga(m.w.hw, DATA, m.asid);
    ck_assert(!cpu_state_same(m.cpu));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("tlb_vmrun");
    TCase *t = tcase_create("all");

    tcase_add_checked_fixture(t, NULL, teardown);
    tcase_add_test(t, a_forgotten_flush_shows_the_guest_its_old_memory);
    tcase_add_loop_test(t, a_flush_by_tlb_control_shows_the_new_memory, 0,
                        (int)ARRAY_SIZE(flushing));
    tcase_add_test(t, another_asid_shows_the_new_memory);
    tcase_add_test(t, invlpga_flushes_a_linear_address_of_its_asid);
    tcase_add_test(t,
                   an_encrypted_guest_reads_the_same_with_and_without_a_walk);
    tcase_add_test(t, what_the_tlb_knows_is_part_of_the_state);
    suite_add_tcase(s, t);
    return run_suite(s);
}
