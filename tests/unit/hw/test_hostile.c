/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VMCBs that nobody would write, guests that nobody would run: whatever the
 * bits, VMRUN comes back with an exit code that exists. 200,000 of them; with
 * NPTSIM_LONG set, a million.
 */
#include "unit/hw/mini.h"

#include <stdlib.h>

#define N_RUNS  8
#define PER_RUN 25000

/* The guest's low pages and all that the host has. */
#define LOW_SIZE  0x10000
#define HIGH      HOST_VMCB
#define HIGH_SIZE (NPT(0) + PAGE_SIZE_4K - HIGH)

static struct mini m;
static uint8_t low[LOW_SIZE], high[HIGH_SIZE];

static void teardown(void)
{
    mini_destroy(&m);
}

static uint64_t random64(uint64_t *s)
{
    *s ^= *s << 13;
    *s ^= *s >> 7;
    *s ^= *s << 17;
    return *s;
}

/* What the guest may execute: a string of these, or random bytes. */
#define CODE_OF(s)                                                             \
    {                                                                          \
        s, sizeof(s) - 1                                                       \
    }
static const struct {
    const char *bytes;
    size_t len;
} code[] = {
    CODE_OF("\x48\x8b\x04\x25\x00\xc0\x00\x00"), /* mov rax,[0xc000] */
    CODE_OF("\x8b\x04\x25\xf0\xd0\x00\x00"),     /* mov eax,[0xd0f0]: MMIO */
    CODE_OF("\x48\x89\x03"),                     /* mov [rbx],rax */
    CODE_OF("\x0f\x22\xc3"),                     /* mov cr0,rbx */
    CODE_OF("\x0f\x22\xdb"),                     /* mov cr3,rbx */
    CODE_OF("\x0f\x22\xe3"),                     /* mov cr4,rbx */
    CODE_OF("\x44\x0f\x22\xc3"),                 /* mov cr8,rbx */
    CODE_OF("\x0f\x20\xe0"),                     /* mov rax,cr4 */
    CODE_OF("\x0f\x32"),                         /* rdmsr */
    CODE_OF("\x0f\x30"),                         /* wrmsr */
    CODE_OF("\x0f\x01\x3b"),                     /* invlpg [rbx] */
    CODE_OF("\xfb"),                             /* sti */
    CODE_OF("\xfa"),                             /* cli */
    CODE_OF("\x48\xcf"),                         /* iretq */
    CODE_OF("\xcd\x80"),                         /* int 80h */
    CODE_OF("\x0f\x01\xda"),                     /* vmload */
    CODE_OF("\x0f\x01\xdb"),                     /* vmsave */
    CODE_OF("\x0f\x01\xdc"),                     /* stgi */
    CODE_OF("\x0f\x01\xdd"),                     /* clgi */
    CODE_OF("\x0f\x01\xdf"),                     /* invlpga */
    CODE_OF("\xf3\x0f\x01\xd9"),                 /* vmgexit */
    CODE_OF("\xf4"),                             /* hlt */
};

static void write_code(uint64_t *s)
{
    spa_t at = CODE;

    for (unsigned n = random64(s) % 4; n-- > 0;) {
        size_t i = random64(s) % ARRAY_SIZE(code);

        m.w.ops->write(m.w.hw, at, code[i].bytes, code[i].len);
        at += code[i].len;
    }
    m.w.ops->write(m.w.hw, at, s, sizeof(*s));
}

static void damage(uint64_t *s)
{
    uint64_t v = random64(s), word = random64(s) % 512 * 8;

    if (v & 1)
        v &= random64(s) & random64(s);
    switch (random64(s) % 8) {
    case 0:
    case 1:
        mini_set(&m, random64(s) % 0x110 & ~7U, v);
        break;
    case 2:
    case 3:
        mini_set(&m, VMCB_SAVE + (random64(s) % 0x270 & ~7U), v);
        break;
    case 4:
        mini_set(&m, word, v);
        break;
    case 5:
        mini_poke(&m, random64(s) % 16 * PAGE_SIZE_4K + word, v);
        break;
    case 6:
        mini_poke(&m, NPML4 + random64(s) % 4 * PAGE_SIZE_4K + word % 256, v);
        break;
    case 7:
        m.gpr[random64(s) % N_GPRS] = random64(s) % 2 ? v : random64(s) % 16;
        break;
    }
}

/* All of the page, but what VMRUN asks for first. */
static void randomise(uint64_t *s)
{
    uint64_t page[PAGE_SIZE_4K / 8];

    for (unsigned i = 0; i < ARRAY_SIZE(page); i++)
        page[i] = random64(s) & random64(s) & random64(s);
    m.w.ops->write(m.w.hw, HOST_VMCB, page, sizeof(page));
    mini_vmcb(&m);
    if (random64(s) % 2)
        m.w.ops->write(m.w.hw, HOST_VMCB + VMCB_SAVE, high + VMCB_SAVE, 0x300);
}

static bool is_defined(uint64_t exit)
{
    return exit == EXIT_INVALID || exit_code_name(exit) ||
           (exit >= EXIT_EXC && exit < EXIT_EXC + 32);
}

static struct cpu_model generous_model(enum mini_type type)
{
    static const enum feature more[] = { FEAT_VGIF, FEAT_VNMI,
                                         FEAT_V_VMSAVE_VMLOAD,
                                         FEAT_FLUSH_BY_ASID, FEAT_VMCB_CLEAN };
    struct cpu_model model =
        type == PLAIN ? lab_model() : lab_model_sev(48, 5, 51);

    for (unsigned i = 0; i < ARRAY_SIZE(more); i++)
        model.features[more[i]] = true;
    return model;
}

START_TEST(a_hostile_vmcb_makes_an_exit)
{
    struct cpu_model model = generous_model((enum mini_type)(_i % 3));
    unsigned runs = getenv("NPTSIM_LONG") ? 5 * PER_RUN : PER_RUN;
    uint64_t s = 0x9e3779b97f4a7c15ULL + (uint64_t)_i;
    unsigned entered = 0;

    model.knobs.vmcb_clean_strict = _i % 2;
    mini_create_on(&m, (enum mini_type)(_i % 3), &model);
    mini_launch(&m);
    trace_init(&m.trace, m.pool);
    m.w.ops->read(m.w.hw, 0, low, sizeof(low));
    m.w.ops->read(m.w.hw, HIGH, high, sizeof(high));
    for (unsigned n = 0; n < runs; n++) {
        if (n % 16 == 0) { /* damage heaps up that long */
            m.w.ops->write(m.w.hw, 0, low, sizeof(low));
            m.w.ops->write(m.w.hw, HIGH, high, sizeof(high));
        }
        m.w.ops->write(m.w.hw, HOST_VMCB, high, 2 * PAGE_SIZE_4K);
        write_code(&s);
        if (n % 8 == 0)
            randomise(&s);
        for (unsigned k = random64(&s) % 4; k-- > 0;)
            damage(&s);
        mini_run(&m);
        ck_assert_msg(is_defined(mini_get(&m, VMCB_EXITCODE)), "run %u: %lx", n,
                      mini_get(&m, VMCB_EXITCODE));
        entered += mini_get(&m, VMCB_EXITCODE) != EXIT_INVALID;
    }
    ck_assert_uint_gt(entered, runs / 4);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("hostile");
    TCase *t = tcase_create("hostile");
    SRunner *r = srunner_create(s);
    int failed;

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, NULL, teardown);
    tcase_set_timeout(t, 600);
    tcase_add_loop_test(t, a_hostile_vmcb_makes_an_exit, 0, N_RUNS);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
