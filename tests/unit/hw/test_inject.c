/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * EVENTINJ in all its types, and EXITINTINFO when its delivery exits: APM vol.
 * 2, 15.20 and 15.7.2; privilege of software gates: 8.7 and 15.20.
 */
#include "unit/hw/mini.h"
#include "unit/suite.h"

#include <stdlib.h>

#define HLT        "\xf4"
#define NEXT       0x5678ULL /* VMCB nRIP */
#define ERROR_CODE 0xabcULL

static struct mini m;

static void teardown(void)
{
    mini_destroy(&m);
}

static const struct {
    const char *name;
    unsigned type, vector;
    bool ev;
    unsigned arrives;     /* at this vector */
    bool has_error, soft; /* soft: DPL counts, nRIP is the return address */
} events[] = {
    { "interrupt 31h", 0, 0x31, false, 0x31, false, false },
    { "interrupt with EV", 0, 0x31, true, 0x31, false, false },
    { "interrupt at #PF's vector", 0, 14, false, 14, false, false },
    { "NMI", 2, 2, false, 2, false, false },
    { "NMI with another vector", 2, 0x55, false, 2, false, false },
    { "#DB", 3, 1, false, 1, false, false },
    { "#BP", 3, 3, false, 3, false, true },
    { "#OF", 3, 4, false, 4, false, true },
    { "#DF", 3, 8, true, 8, true, false },
    { "#GP", 3, 13, true, 13, true, false },
    { "#GP without EV", 3, 13, false, 13, false, false },
    { "#PF", 3, 14, true, 14, true, false },
    { "#31", 3, 31, false, 31, false, false },
    { "INT 80h", 4, 0x80, false, 0x80, false, true },
    { "INT 80h with EV", 4, 0x80, true, 0x80, false, true },
    { "INT 14", 4, 14, false, 14, false, true },
};

static uint64_t injected(unsigned i)
{
    return EVENT_V | events[i].type << EVENT_TYPE_SHIFT | events[i].vector |
           (events[i].ev ? EVENT_EV : 0) | ERROR_CODE << 32;
}

static void create(unsigned i, unsigned dpl)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, HLT);
    mini_gate(&m, events[i].arrives, 0, dpl);
    mini_set(&m, VMCB_EVENTINJ, injected(i));
    mini_set(&m, VMCB_NRIP, NEXT);
}

static uint64_t word(unsigned i)
{
    return m.w.ops->read64(m.w.hw, mini_reg_of(&m, SAVE_RSP) + 8 * i);
}

static void check_arrival(unsigned i)
{
    ck_assert_msg(mini_run(&m) == EXIT_HLT, "%s", events[i].name);
    ck_assert_msg(mini_reg_of(&m, SAVE_RIP) ==
                      HANDLERS + 16 * events[i].arrives,
                  "%s", events[i].name);
    if (events[i].has_error)
        ck_assert_uint_eq(word(0), ERROR_CODE);
    ck_assert_msg(word(events[i].has_error) == (events[i].soft ? NEXT : CODE),
                  "%s returns to %lx", events[i].name,
                  word(events[i].has_error));
}

START_TEST(an_event_arrives_and_is_used_up)
{
    create((unsigned)_i, 0);
    check_arrival((unsigned)_i);
    ck_assert_uint_eq(mini_get(&m, VMCB_EVENTINJ),
                      injected((unsigned)_i) & ~EVENT_V);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINTINFO), 0);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_CR2), 0xdead0000);
}
END_TEST

/* A nested fault on the IDT: the event comes back, and goes in again as it
 * came. */
START_TEST(an_event_that_did_not_arrive_is_told)
{
    uint64_t expect =
        EVENT_V | events[_i].type << EVENT_TYPE_SHIFT | events[_i].arrives;

    if (events[_i].has_error)
        expect |= EVENT_EV | ERROR_CODE << 32;
    create((unsigned)_i, 0);
    mini_poke(&m, NPT(IDT), 0);
    ck_assert_uint_eq(mini_run(&m), EXIT_NPF);
    ck_assert_msg(mini_get(&m, VMCB_EXITINTINFO) == expect, "%s: %lx",
                  events[_i].name, mini_get(&m, VMCB_EXITINTINFO));
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RIP), CODE);
    mini_poke(&m, NPT(IDT), IDT | RWUAD);
    mini_set(&m, VMCB_EVENTINJ, mini_get(&m, VMCB_EXITINTINFO));
    mini_set(&m, VMCB_NRIP, NEXT);
    check_arrival((unsigned)_i);
}
END_TEST

/* From CPL 3 through a gate of DPL 0: only software may not. */
START_TEST(only_software_events_ask_the_gates_privilege)
{
    unsigned i = (unsigned)_i;

    create(i, 0);
    mini_user(&m);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_msg(mini_reg_of(&m, SAVE_RIP) ==
                      HANDLERS +
                          16 * (events[i].soft ? VEC_GP : events[i].arrives),
                  "%s", events[i].name);
    if (events[i].soft) /* EXT is for what software did not ask for */
        ck_assert_uint_eq(word(0), events[i].vector * 8 + 2);
}
END_TEST

START_TEST(without_nrips_rip_is_the_return_address)
{
    struct cpu_model model = lab_model();

    model.features[FEAT_NRIPS] = false;
    mini_create_on(&m, PLAIN, &model);
    MINI_CODE(&m, HLT);
    mini_gate(&m, 0x80, 0, 0);
    mini_set(&m, VMCB_EVENTINJ, EVENT_V | 4 << EVENT_TYPE_SHIFT | 0x80);
    mini_set(&m, VMCB_NRIP, NEXT);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(word(0), CODE);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("inject");
    TCase *t = tcase_create("inject");
    int n = ARRAY_SIZE(events);

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, NULL, teardown);
    tcase_add_loop_test(t, an_event_arrives_and_is_used_up, 0, n);
    tcase_add_loop_test(t, an_event_that_did_not_arrive_is_told, 0, n);
    tcase_add_loop_test(t, only_software_events_ask_the_gates_privilege, 0, n);
    tcase_add_test(t, without_nrips_rip_is_the_return_address);
    return run_suite(s);
}
