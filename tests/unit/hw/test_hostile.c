/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VMCBs that nobody would write, guests that nobody would run: whatever the
 * bits, VMRUN comes back with an exit code that exists. A million of them, from
 * guests of every mode.
 */
#include "unit/hw/legacy_lab.h"
#include "unit/suite.h"

#include <stdlib.h>

#define PER_KIND 125000

/* What there is before the damage. */
#define CODE_64 ((enum legacy_mode)(COMPAT + 1))
static const struct kind {
    enum mini_type type;
    enum legacy_mode mode;
    bool np_off;
} kinds[] = {
    { PLAIN, CODE_64, false },   { SEV, CODE_64, false },
    { SEV_ES, CODE_64, false },  { PLAIN, NO_PAGING, false },
    { PLAIN, PAGING_32, false }, { PLAIN, PAGING_PAE, false },
    { PLAIN, COMPAT, false },    { PLAIN, CODE_64, true },
};

/* The guest's low pages; the host's VMCB, VMSA, areas and maps; its tables. */
#define LOW_SIZE    0x10000
#define HIGH        HOST_VMCB
#define HIGH_SIZE   (MAPS + 2 * PAGE_SIZE_4K - HIGH)
#define TABLES      NPML4
#define TABLES_SIZE (NPT(0) + PAGE_SIZE_4K - TABLES)

static struct mini m;
static uint8_t low[LOW_SIZE], high[HIGH_SIZE], tables[TABLES_SIZE];

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
    /* 32-bit and 16-bit code would say it so. */
    CODE_OF("\xa1\x00\xc0\x00\x00"), /* mov eax,[0xc000] */
    CODE_OF("\x67\x8b\x00"),         /* mov eax,[bx+si] */
    CODE_OF("\x65\x89\x03"),         /* mov gs:[ebx],eax */
    CODE_OF("\x8b\x45\x00"),         /* mov eax,[ebp+0] */
    CODE_OF("\x8e\xd8"),             /* mov ds,eax */
    CODE_OF("\x8e\xd3"),             /* mov ss,ebx */
    CODE_OF("\x8c\xc9"),             /* mov ecx,cs */
    CODE_OF("\xcf"),                 /* iretd */
    CODE_OF("\x66\xcf"),             /* iret */
    CODE_OF("\xff\xe3"),             /* jmp ebx */
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
    m.w.ops->write(m.w.hw, HOST_VMCB, high, 0x110);
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
    static const enum feature more[] = { FEAT_VGIF,
                                         FEAT_VNMI,
                                         FEAT_VMCB_CLEAN,
                                         FEAT_FLUSH_BY_ASID,
                                         FEAT_V_VMSAVE_VMLOAD,
                                         FEAT_LA57 };
    struct cpu_model model =
        type == PLAIN ? lab_model() : lab_model_sev(48, 5, 51);

    for (unsigned i = 0; i < ARRAY_SIZE(more); i++)
        model.features[more[i]] = true;
    model.linear_bits = 57;
    return model;
}

static void create(const struct kind *k, const struct cpu_model *model)
{
    if (k->mode == CODE_64)
        mini_create_on(&m, k->type, model);
    else
        legacy_create_on(&m, k->mode, model);
    if (k->np_off)
        mini_set(&m, VMCB_NESTED_CTL, 0);
    mini_launch(&m);
    trace_init(&m.trace, m.pool);
    m.w.ops->read(m.w.hw, 0, low, sizeof(low));
    m.w.ops->read(m.w.hw, HIGH, high, sizeof(high));
    m.w.ops->read(m.w.hw, TABLES, tables, sizeof(tables));
}

/* Everything as it was; between such times damage heaps up in memory. */
static void repair(const struct kind *k, bool all)
{
    size_t vmcb = k->type == SEV_ES ? 2 * PAGE_SIZE_4K : PAGE_SIZE_4K;

    if (all) {
        m.w.ops->write(m.w.hw, 0, low, sizeof(low));
        m.w.ops->write(m.w.hw, TABLES, tables, sizeof(tables));
    }
    m.w.ops->write(m.w.hw, HIGH, high, all ? sizeof(high) : vmcb);
}

START_TEST(a_hostile_vmcb_makes_an_exit)
{
    const struct kind *k = &kinds[_i];
    struct cpu_model model = generous_model(k->type);
    uint64_t s = 0x9e3779b97f4a7c15ULL + (uint64_t)_i;
    unsigned entered = 0;

    model.knobs.vmcb_clean_strict = _i % 2;
    create(k, &model);
    for (unsigned n = 0; n < PER_KIND; n++) {
        uint64_t exit;

        repair(k, n % 16 == 0);
        write_code(&s);
        if (n % 8 == 0)
            randomise(&s);
        for (unsigned d = random64(&s) % 4; d-- > 0;)
            damage(&s);
        exit = mini_run(&m);
        ck_assert_msg(is_defined(exit), "run %u: %lx", n, exit);
        entered += exit != EXIT_INVALID;
    }
    ck_assert_uint_gt(entered, PER_KIND / 4);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("hostile");
    TCase *t = tcase_create("hostile");

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, NULL, teardown);
    tcase_set_timeout(t, 600);
    tcase_add_loop_test(t, a_hostile_vmcb_makes_an_exit, 0, ARRAY_SIZE(kinds));
    return run_suite(s);
}
