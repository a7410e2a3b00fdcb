/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guests that execute 32-bit code: paging off, 32-bit, PAE, and compatibility
 * mode. Expected values: APM vol. 2, 5.2 (tables), 8.7 (exceptions outside of
 * long mode), 14.6 and 14.7 (into and out of long mode), 15.25 (nested paging),
 * kvm-unit-tests, svm_pae_test. Their segments are in test_segments.c.
 */
#include "unit/hw/legacy_lab.h"
#include "unit/suite.h"

#include <stdlib.h>

#define MOV_EAX_DATA "\xa1\x00\xc0\x00\x00" /* mov eax,[0xc000] */
#define MOV_DATA_EAX "\xa3\x00\xc0\x00\x00" /* mov [0xc000],eax */
#define MOV_EAX_MMIO "\xa1\xf0\xd0\x00\x00" /* mov eax,[0xd0f0] */
#define MOV_CR0_EBX  "\x0f\x22\xc3"
#define MOV_CR4_EBX  "\x0f\x22\xe3"
#define MOV_CR4_ESI  "\x0f\x22\xe6"
#define WRMSR        "\x0f\x30"
#define INT80        "\xcd\x80"
#define IRETD        "\xcf"
#define HLT          "\xf4"

static struct mini m;

static void teardown(void)
{
    mini_destroy(&m);
}

/* The vector whose handler executed HLT. */
static unsigned handled(void)
{
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_ge(mini_reg_of(&m, SAVE_RIP), HANDLERS);
    return (unsigned)(mini_reg_of(&m, SAVE_RIP) - HANDLERS) / 16;
}

static uint32_t stack_word(unsigned i)
{
    return legacy_peek32(&m, mini_reg_of(&m, SAVE_RSP) + 4 * i);
}

static void handler(unsigned vector, const char *bytes, size_t len)
{
    m.w.ops->write(m.w.hw, HANDLERS + 16 * vector, bytes, len);
}

/* ---- running at all ---- */

START_TEST(code_of_32_bits_runs)
{
    legacy_create(&m, (enum legacy_mode)_i);
    MINI_CODE(&m, MOV_EAX_DATA "\x88\xe1" HLT); /* mov cl,ah */
    mini_poke(&m, DATA, 0x1122334455667788);
    mini_reg(&m, SAVE_RAX, ~0ULL);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RAX), 0x55667788);
    ck_assert_uint_eq(m.gpr[GPR_RCX] & 0xff, 0x77);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RIP), CODE + 7);
}
END_TEST

/* EIP and its successor have 32 bits; nRIP, too. */
START_TEST(eip_wraps_around)
{
    legacy_create(&m, PAGING_32);
    mini_poke(&m, PML4 + 4 * 1022, (uint64_t)(PT | RWUAD) << 32);
    legacy_poke32(&m, LEAF32(0x3ff000), DATA | RWUAD);
    m.w.ops->write(m.w.hw, DATA + 0xffd, "\x0f\x01\xd9", 3); /* vmmcall */
    mini_reg(&m, SAVE_RIP, 0xfffffffd);
    ck_assert_uint_eq(mini_run(&m), EXIT_VMMCALL);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RIP), 0xfffffffd);
    ck_assert_uint_eq(mini_get(&m, VMCB_NRIP), 0);
}
END_TEST

START_TEST(an_unmapped_page_of_the_host_exits)
{
    enum legacy_mode mode = (enum legacy_mode)_i;
    uint8_t bytes[16];

    legacy_create(&m, mode);
    MINI_CODE(&m, MOV_EAX_MMIO HLT);
    ck_assert_uint_eq(mini_run(&m), EXIT_NPF);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO1), 0x10000000d);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO2), MMIO + 0xf0);
    m.w.ops->read(m.w.hw, HOST_VMCB + VMCB_INSN_LEN, bytes, sizeof(bytes));
    ck_assert_uint_eq(bytes[0], 15);
    ck_assert_mem_eq(bytes + 1, MOV_EAX_MMIO HLT, 6);
    mini_poke(&m, NPT(MMIO), 0);
    ck_assert_uint_eq(mini_run(&m), EXIT_NPF);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO1), 0x100000004);
}
END_TEST

/* 4-byte entries: the table's own page is read through the nested tables. */
START_TEST(a_table_of_the_guest_is_found_through_the_host)
{
    enum legacy_mode mode = (enum legacy_mode)_i;

    legacy_create(&m, mode);
    MINI_CODE(&m, HLT);
    mini_poke(&m, NPT(PT), PT | PTE_P | PTE_U);
    ck_assert_uint_eq(mini_run(&m), EXIT_NPF);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO1), 0x200000007);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO2),
                      mode == PAGING_32 ? LEAF32(CODE) : GPT(CODE));
}
END_TEST

/* ---- the host's side ---- */

/* Boot code gives the host five levels, and VMRUN its nested tables, too. */
START_TEST(a_host_may_page_with_five_levels)
{
    const spa_t top = NPT(0) + 2 * PAGE_SIZE_4K;
    struct cpu_model model = lab_model();

    model.features[FEAT_LA57] = _i;
    model.linear_bits = _i ? 57 : 48;
    mini_create_on(&m, PLAIN, &model);
    MINI_CODE(&m, HLT);
    ck_assert(m.w.ops->write_cr(m.w.hw, 0, CR0_PE));
    ck_assert_int_eq(m.w.ops->write_cr(m.w.hw, 4, CR4_PAE | CR4_LA57), _i);
    ck_assert(m.w.ops->write_cr(m.w.hw, 0, CR0_PG | CR0_PE));
    ck_assert_uint_eq(mini_run(&m), _i ? EXIT_NPF : EXIT_HLT);
    mini_poke(&m, top, NPML4 | RWUAD);
    mini_set(&m, VMCB_NCR3, top);
    ck_assert_uint_eq(mini_run(&m), _i ? EXIT_HLT : EXIT_NPF);
}
END_TEST

/* ---- exceptions ---- */

START_TEST(the_frame_has_words_of_four_bytes)
{
    enum legacy_mode mode = (enum legacy_mode)_i;

    legacy_create(&m, mode);
    MINI_CODE(&m, MOV_DATA_EAX HLT);
    legacy_leaf(&m, mode, DATA, 0);
    ck_assert_uint_eq(handled(), VEC_PF);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RSP), STACK - 16);
    ck_assert_uint_eq(stack_word(0), PFERR_WRITE);
    ck_assert_uint_eq(stack_word(1), CODE);
    ck_assert_uint_eq(stack_word(2), SEL_CODE0);
    ck_assert_uint_eq(stack_word(3), RFLAGS_FIXED);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_CR2), DATA);
}
END_TEST

START_TEST(from_user_mode_the_tss_gives_stack_segment_and_pointer)
{
    enum legacy_mode mode = (enum legacy_mode)_i;

    legacy_create(&m, mode);
    legacy_user(&m);
    MINI_CODE(&m, "\x0f\x0b"); /* ud2 */
    ck_assert_uint_eq(handled(), VEC_UD);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RSP), RSP0 - 20);
    ck_assert_uint_eq(stack_word(0), CODE);
    ck_assert_uint_eq(stack_word(1), SEL_CODE3 | 3);
    ck_assert_uint_eq(stack_word(3), USER_STACK);
    ck_assert_uint_eq(stack_word(4), SEL_DATA3 | 3);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_SS) & 0xffffffff,
                      SEL_DATA0 | 0xc93 << 16);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_CPL) & 0xff, 0);
}
END_TEST

/* A stack that the TSS names wrongly: #TS, and nothing has been pushed. */
START_TEST(a_bad_stack_segment_in_the_tss_is_ts)
{
    static const struct {
        uint32_t ss;
        unsigned vector;
        uint32_t error; /* EXT is set: an exception asked */
    } row[] = {
        { 0, VEC_TS, 1 },
        { SEL_CODE0, VEC_TS, SEL_CODE0 | 1 },
        { SEL_DATA0 | 1, VEC_TS, SEL_DATA0 | 1 },
        { SEL_DATA3, VEC_TS, SEL_DATA3 | 1 },
        { 0x30, VEC_TS, 0x31 }, /* beyond the GDT */
    };

    legacy_create(&m, NO_PAGING);
    legacy_user(&m);
    legacy_poke32(&m, TSS + 8, row[_i].ss);
    MINI_CODE(&m, "\x0f\x0b");
    mini_set32(&m, VMCB_INTERCEPT_EXC, BIT(row[_i].vector));
    ck_assert_uint_eq(mini_run(&m), EXIT_EXC + row[_i].vector);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO1), row[_i].error);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINTINFO) & 0x800007ff,
                      EVENT_V | EVENT_TYPE_EXC << 8 | VEC_UD);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RSP), USER_STACK);
}
END_TEST

START_TEST(int_n_comes_back_by_iretd)
{
    enum legacy_mode mode = (enum legacy_mode)_i;

    legacy_create(&m, mode);
    MINI_CODE(&m, INT80 HLT);
    legacy_gate(&m, 0x80, 0xe, 0);
    handler(0x80, IRETD, 1);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RIP), CODE + 2);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RSP), STACK);
}
END_TEST

START_TEST(a_system_call_goes_in_and_out)
{
    enum legacy_mode mode = (enum legacy_mode)_i;

    legacy_create(&m, mode);
    legacy_user(&m);
    MINI_CODE(&m, INT80 "\x0f\x01\xd9"); /* then vmmcall */
    legacy_gate(&m, 0x80, 0xe, 3);
    handler(0x80, IRETD, 1);
    ck_assert_uint_eq(mini_run(&m), EXIT_VMMCALL);
    ck_assert_uint_eq(mini_get(&m, VMCB_NRIP), CODE + 5);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RSP), USER_STACK);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_SS) & 0xffff, SEL_DATA3 | 3);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_CPL) & 0xff, 3);
}
END_TEST

/* 16-bit gates push words, and IRET with a prefix takes them back. */
START_TEST(a_gate_of_16_bits_has_a_small_frame)
{
    legacy_create(&m, NO_PAGING);
    MINI_CODE(&m, INT80 HLT);
    legacy_gate(&m, 0x80, 0x6, 0);
    handler(0x80, "\x66" IRETD, 2);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RIP), CODE + 2);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RSP), STACK);
    ck_assert_uint_eq(legacy_peek32(&m, STACK - 6),
                      (CODE + 2) | SEL_CODE0 << 16);
}
END_TEST

START_TEST(a_task_gate_is_the_hypervisors_affair)
{
    legacy_create(&m, NO_PAGING);
    MINI_CODE(&m, "\x8e\xd8"); /* mov ds,eax: selector 30h is beyond the GDT */
    mini_reg(&m, SAVE_RAX, 0x30);
    mini_poke(&m, IDT + 8 * VEC_GP, (uint64_t)SEL_TSS << 16 | 0x85ULL << 40);
    if (_i)
        mini_set32(&m, VMCB_INTERCEPT_3,
                   INTERCEPT3_INTR | INTERCEPT3_HLT | INTERCEPT3_SHUTDOWN |
                       INTERCEPT3_TASK);
    ck_assert_uint_eq(mini_run(&m), _i ? EXIT_TASK_SWITCH : EXIT_HLT);
    ck_assert_uint_eq(m.count[EV_insn_unsupported], _i ? 0 : 1);
    if (!_i) { /* #GP, which is #DF on top of #GP */
        ck_assert_uint_eq(mini_reg_of(&m, SAVE_RIP), HANDLERS + 16 * VEC_DF);
        return;
    }
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO1), SEL_TSS);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO2), BIT(44) | 0x30);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINTINFO),
                      0x30ULL << 32 | EVENT_V | EVENT_EV | EVENT_TYPE_EXC << 8 |
                          VEC_GP);
}
END_TEST

/* ---- PAE ---- */

START_TEST(pae_pointers_are_met_in_the_walk)
{
    legacy_create(&m, PAGING_PAE);
    MINI_CODE(&m, HLT);
    mini_poke(&m, PDPT + (_i ? 8 : 0), PD | PTE_P | BIT(52));
    mini_set32(&m, VMCB_INTERCEPT_EXC, BIT(VEC_PF));
    ck_assert_uint_eq(mini_run(&m), _i ? EXIT_HLT : EXIT_EXC + VEC_PF);
    if (!_i)
        ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO1),
                          PFERR_PRESENT | PFERR_RSVD | PFERR_FETCH);
}
END_TEST

/* Without nested paging VMRUN looks at all four (rule 24). */
START_TEST(pae_pointers_are_checked_without_nested_paging)
{
    static const uint64_t bad[] = { 0,      PTE_W,   PTE_U,   BIT(5),
                                    BIT(8), BIT(52), BIT(62), BIT(63) };

    for (unsigned n = 0; n < 4; n++) {
        legacy_create(&m, PAGING_PAE);
        MINI_CODE(&m, HLT);
        mini_set(&m, VMCB_NESTED_CTL, 0);
        mini_poke(&m, PDPT + 8 * n, PD | PTE_P | bad[_i]);
        ck_assert_uint_eq(mini_run(&m), bad[_i] ? EXIT_INVALID : EXIT_HLT);
        mini_poke(&m, PDPT + 8 * n, n ? bad[_i] : PD | PTE_P);
        ck_assert_uint_eq(mini_run(&m), EXIT_HLT); /* not present: no matter */
        if (n < 3)
            mini_destroy(&m);
    }
}
END_TEST

/* mov eax,[0x400000]: a page of 4 MiB, if CR4.PSE is on. */
START_TEST(pse_makes_large_pages)
{
    legacy_create(&m, PAGING_32);
    MINI_CODE(&m, "\xa1\x00\xc0\x40\x00" HLT);
    legacy_poke32(&m, PML4 + 4, (uint32_t)(RWUAD | PTE_PS));
    mini_reg(&m, SAVE_CR4, _i ? CR4_PSE : 0);
    mini_poke(&m, DATA, 0x1234);
    mini_set32(&m, VMCB_INTERCEPT_EXC, BIT(VEC_PF));
    /* Without PSE it is a table at 0, whose entry 12 maps nothing. */
    ck_assert_uint_eq(mini_run(&m), _i ? EXIT_HLT : EXIT_EXC + VEC_PF);
    if (_i)
        ck_assert_uint_eq(mini_reg_of(&m, SAVE_RAX), 0x1234);
}
END_TEST

/* ---- modes change under way ---- */

START_TEST(paging_goes_off_and_on)
{
    legacy_create(&m, PAGING_32);
    MINI_CODE(&m, MOV_CR0_EBX MOV_EAX_DATA "\x0f\x22\xc6" MOV_EAX_DATA HLT);
    m.gpr[GPR_RBX] = CR0_PE;
    m.gpr[GPR_RSI] = CR0_PE | CR0_PG;
    legacy_leaf(&m, PAGING_32, DATA, 0); /* in the way with paging only */
    ck_assert_uint_eq(handled(), VEC_PF);
    ck_assert_uint_eq(mini_field(&m, EV_exception, "rip"), CODE + 11);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_CR0), CR0_PE | CR0_PG | CR0_ET);
}
END_TEST

/* The way that every boot loader takes: PAE, LME, PG; compatibility mode. */
START_TEST(long_mode_begins_with_paging)
{
    legacy_create(&m, NO_PAGING);
    MINI_CODE(&m, MOV_CR4_ESI WRMSR MOV_CR0_EBX MOV_EAX_DATA HLT);
    mini_reg(&m, SAVE_CR3, PML4);
    m.gpr[GPR_RSI] = CR4_PAE;
    m.gpr[GPR_RCX] = MSR_EFER;
    mini_reg(&m, SAVE_RAX, EFER_LME | EFER_SVME);
    m.gpr[GPR_RBX] = CR0_PE | CR0_PG;
    mini_poke(&m, DATA, 0x1234);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RAX), 0x1234);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_EFER),
                      EFER_LME | EFER_LMA | EFER_SVME);
    ck_assert_uint_eq(m.count[EV_exception], 0);
}
END_TEST

START_TEST(and_ends_with_it)
{
    legacy_create(&m, COMPAT);
    MINI_CODE(&m, MOV_CR0_EBX MOV_EAX_DATA HLT);
    m.gpr[GPR_RBX] = CR0_PE;
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_EFER), EFER64 & ~EFER_LMA);
}
END_TEST

/* MOV of EBX to a control register, or WRMSR of EFER, in a mode: #GP or not. */
static const struct {
    const char *name;
    char code[12];
    enum legacy_mode mode;
    uint64_t ebx;
    uint64_t cr4, efer; /* more than the mode has */
    bool gp;
} switch_rows[] = {
    { "PG without PE", MOV_CR0_EBX HLT, NO_PAGING, CR0_PG, 0, 0, true },
    { "long mode without PAE", MOV_CR0_EBX HLT, NO_PAGING, CR0_PG | CR0_PE, 0,
      EFER_LME, true },
    { "PAE out of use", MOV_CR4_EBX HLT, PAGING_PAE, 0, 0, 0, false },
    { "PAE out of long mode", MOV_CR4_EBX HLT, COMPAT, 0, 0, 0, true },
    { "LA57 in long mode", MOV_CR4_EBX HLT, COMPAT, CR4_PAE | CR4_LA57, 0, 0,
      true },
    { "LA57 before", MOV_CR4_EBX HLT, NO_PAGING, CR4_PAE | CR4_LA57, 0, 0,
      false },
    { "PCIDs in long mode", MOV_CR4_EBX HLT, COMPAT, CR4_PAE | CR4_PCIDE, 0, 0,
      false },
    { "PCIDs outside", MOV_CR4_EBX HLT, PAGING_PAE, CR4_PAE | CR4_PCIDE, 0, 0,
      true },
    { "PG off with PCIDs", MOV_CR0_EBX HLT, COMPAT, CR0_PE, CR4_PCIDE, 0,
      true },
    { "LME under paging", "\x89\xd8" WRMSR HLT, PAGING_PAE,
      EFER_SVME | EFER_NXE | EFER_LME, 0, 0, true },
    { "LME without", "\x89\xd8" WRMSR HLT, NO_PAGING, EFER_SVME | EFER_LME, 0,
      0, false },
};

START_TEST(a_switch_of_modes_has_rules)
{
    struct cpu_model model = lab_model();

    model.features[FEAT_LA57] = true;
    model.linear_bits = 57;
    legacy_create_on(&m, switch_rows[_i].mode, &model);
    mini_code(&m, switch_rows[_i].code, sizeof(switch_rows[_i].code));
    mini_reg(&m, SAVE_CR4, mini_reg_of(&m, SAVE_CR4) | switch_rows[_i].cr4);
    mini_reg(&m, SAVE_EFER, mini_reg_of(&m, SAVE_EFER) | switch_rows[_i].efer);
    m.gpr[GPR_RBX] = switch_rows[_i].ebx;
    m.gpr[GPR_RCX] = MSR_EFER;
    mini_set32(&m, VMCB_INTERCEPT_EXC, BIT(VEC_GP) | BIT(VEC_PF));
    if (switch_rows[_i].gp)
        ck_assert_msg(mini_run(&m) == EXIT_EXC + VEC_GP, "%s",
                      switch_rows[_i].name);
    else
        ck_assert_msg(mini_run(&m) != EXIT_EXC + VEC_GP, "%s",
                      switch_rows[_i].name);
}
END_TEST

START_TEST(code_of_64_bits_keeps_paging_on)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, "\x0f\x22\xc3" HLT);
    m.gpr[GPR_RBX] = CR0_PE;
    mini_set32(&m, VMCB_INTERCEPT_EXC, BIT(VEC_GP));
    ck_assert_uint_eq(mini_run(&m), EXIT_EXC + VEC_GP);
}
END_TEST

START_TEST(real_mode_is_said_to_be_missing)
{
    legacy_create(&m, NO_PAGING);
    MINI_CODE(&m, MOV_CR0_EBX HLT);
    m.gpr[GPR_RBX] = CR0_ET;
    ck_assert_uint_eq(handled(), VEC_UD);
    ck_assert_uint_eq(m.count[EV_insn_unsupported], 1);
}
END_TEST

/* ---- compatibility mode ---- */

/* Gates lead into 64-bit code, whose IRETQ leads back. */
START_TEST(compatibility_mode_has_64_bit_handlers)
{
    legacy_create(&m, COMPAT);
    MINI_CODE(&m, INT80 HLT);
    mini_poke(&m, GDT + SEL_CODE3, 0x00cf9b000000ffff); /* 32 bits, DPL 0 */
    mini_seg(&m, SAVE_CS, SEL_CODE3, CODE_ATTR, ~0U, 0);
    mini_gate(&m, 0x80, 0, 0);
    handler(0x80, "\x48\xcf", 2);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RIP), CODE + 2);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_CS) & 0xffffffff,
                      SEL_CODE3 | CODE_ATTR << 16);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RSP), STACK);
}
END_TEST

START_TEST(compatibility_mode_wraps_at_4g)
{
    legacy_create(&m, COMPAT);
    MINI_CODE(&m, "\xa1\xfe\x0f\x00\x00" HLT); /* mov eax,[0xffe] */
    mini_seg(&m, SAVE_DS, SEL_DATA0, 0xc93, ~0U, 0xfffff000);
    mini_poke(&m, PDPT + 8 * 3, PD | RWUAD); /* 4G - 2M like 0 */
    mini_poke(&m, PD + 8 * 511, PT | RWUAD);
    mini_poke(&m, PT + 8 * 511, DATA | RWUAD);
    m.w.ops->write(m.w.hw, DATA + 0xffe, "\x11\x22", 2);
    m.w.ops->write(m.w.hw, 0, "\x33\x44", 2);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RAX), 0x44332211);
}
END_TEST

/* ---- the TLB ---- */

START_TEST(a_translation_is_remembered_in_every_mode)
{
    static const struct tlb_geometry g = { .mode = TLB_ADVERSARIAL };
    struct cpu_model model = lab_model();
    enum legacy_mode mode = (enum legacy_mode)_i;

    model.tlb = g;
    legacy_create_on(&m, mode, &model);
    MINI_CODE(&m, MOV_EAX_DATA HLT);
    mini_poke(&m, DATA, 0x1111);
    mini_poke(&m, MMIO, 0x2222);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    mini_poke(&m, NPT(DATA), MMIO | RWUAD);
    mini_reg(&m, SAVE_RIP, CODE);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RAX), 0x1111);
    mini_set32(&m, VMCB_TLB_CONTROL, TLB_CTL_ALL);
    mini_reg(&m, SAVE_RIP, CODE);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RAX), 0x2222);
}
END_TEST

static void add_running(TCase *t)
{
    tcase_add_loop_test(t, code_of_32_bits_runs, 0, COMPAT + 1);
    tcase_add_test(t, eip_wraps_around);
    tcase_add_loop_test(t, an_unmapped_page_of_the_host_exits, 0, COMPAT + 1);
    tcase_add_loop_test(t, a_table_of_the_guest_is_found_through_the_host,
                        PAGING_32, COMPAT + 1);
    tcase_add_loop_test(t, a_translation_is_remembered_in_every_mode, 0,
                        COMPAT + 1);
    tcase_add_loop_test(t, pae_pointers_are_met_in_the_walk, 0, 2);
    tcase_add_loop_test(t, pae_pointers_are_checked_without_nested_paging, 0,
                        8);
    tcase_add_loop_test(t, pse_makes_large_pages, 0, 2);
    tcase_add_loop_test(t, a_host_may_page_with_five_levels, 0, 2);
}

static void add_exceptions(TCase *t)
{
    tcase_add_loop_test(t, the_frame_has_words_of_four_bytes, PAGING_32,
                        PAGING_PAE + 1);
    tcase_add_loop_test(t,
                        from_user_mode_the_tss_gives_stack_segment_and_pointer,
                        0, PAGING_PAE + 1);
    tcase_add_loop_test(t, a_bad_stack_segment_in_the_tss_is_ts, 0, 5);
    tcase_add_loop_test(t, int_n_comes_back_by_iretd, 0, PAGING_PAE + 1);
    tcase_add_loop_test(t, a_system_call_goes_in_and_out, 0, PAGING_PAE + 1);
    tcase_add_test(t, a_gate_of_16_bits_has_a_small_frame);
    tcase_add_loop_test(t, a_task_gate_is_the_hypervisors_affair, 0, 2);
}

static void add_switches(TCase *t)
{
    tcase_add_test(t, paging_goes_off_and_on);
    tcase_add_test(t, long_mode_begins_with_paging);
    tcase_add_test(t, and_ends_with_it);
    tcase_add_loop_test(t, a_switch_of_modes_has_rules, 0,
                        ARRAY_SIZE(switch_rows));
    tcase_add_test(t, code_of_64_bits_keeps_paging_on);
    tcase_add_test(t, real_mode_is_said_to_be_missing);
    tcase_add_test(t, compatibility_mode_has_64_bit_handlers);
    tcase_add_test(t, compatibility_mode_wraps_at_4g);
}

int main(void)
{
    Suite *s = suite_create("legacy");
    TCase *t = tcase_create("legacy");

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, NULL, teardown);
    add_running(t);
    add_exceptions(t);
    add_switches(t);
    return run_suite(s);
}
