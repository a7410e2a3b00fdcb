/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Instructions on the CPU: the MOV family, fetches across pages, SOFTCALL.
 * Semantics: APM vol. 3; for the port, guest_port.h.
 */
#include "unit/hw/mini.h"
#include "unit/suite.h"

#include <stdlib.h>

#define HLT  "\xf4"
#define WORD 0x8899aabbccddeeffULL

static struct mini m;

static void teardown(void)
{
    mini_destroy(&m);
}

/* ---- MOV ---- */

#define CODE_OF(s) s, sizeof(s) - 1

/* RBX points to memory that holds WORD; RAX starts as all ones. */
static const struct {
    const char *name, *code;
    size_t len;
    uint64_t rax, memory;
} moves[] = {
    { "mov rax,[rbx]", CODE_OF("\x48\x8b\x03"), WORD, WORD },
    { "mov eax,[rbx]", CODE_OF("\x8b\x03"), 0xccddeeff, WORD },
    { "mov ax,[rbx]", CODE_OF("\x66\x8b\x03"), 0xffffffffffffeeff, WORD },
    { "mov al,[rbx+1]", CODE_OF("\x8a\x43\x01"), 0xffffffffffffffee, WORD },
    { "mov ah,[rbx+7]", CODE_OF("\x8a\x63\x07"), 0xffffffffffff88ff, WORD },
    { "movzx eax,byte [rbx]", CODE_OF("\x0f\xb6\x03"), 0xff, WORD },
    { "movzx ax,byte [rbx]", CODE_OF("\x66\x0f\xb6\x03"), 0xffffffffffff00ff,
      WORD },
    { "movzx rax,word [rbx]", CODE_OF("\x48\x0f\xb7\x03"), 0xeeff, WORD },
    { "movsx eax,byte [rbx+7]", CODE_OF("\x0f\xbe\x43\x07"), 0xffffff88, WORD },
    { "movsx rax,word [rbx+6]", CODE_OF("\x48\x0f\xbf\x43\x06"),
      0xffffffffffff8899, WORD },
    { "movsxd rax,[rbx+4]", CODE_OF("\x48\x63\x43\x04"), 0xffffffff8899aabb,
      WORD },
    { "mov [rbx],al", CODE_OF("\x88\x03"), ~0ULL, WORD },
    { "mov [rbx+1],ax", CODE_OF("\x66\x89\x43\x01"), ~0ULL,
      0x8899aabbccffffff },
    { "mov [rbx],eax", CODE_OF("\x89\x03"), ~0ULL, 0x8899aabbffffffff },
    { "mov [rbx],rax", CODE_OF("\x48\x89\x03"), ~0ULL, ~0ULL },
    { "mov byte [rbx],5", CODE_OF("\xc6\x03\x05"), ~0ULL, 0x8899aabbccddee05 },
    { "mov qword [rbx],-2", CODE_OF("\x48\xc7\x03\xfe\xff\xff\xff"), ~0ULL,
      0xfffffffffffffffe },
    { "mov eax,5", CODE_OF("\xb8\x05\0\0\0"), 5, WORD },
    { "mov rax,imm64", CODE_OF("\x48\xb8\x01\x02\x03\x04\x05\x06\x07\x08"),
      0x0807060504030201, WORD },
    { "mov eax,ebx", CODE_OF("\x89\xd8"), 0xc100, WORD },
    { "nop", CODE_OF("\x90"), ~0ULL, WORD },
};

START_TEST(a_move_moves)
{
    size_t len = moves[_i].len;
    uint64_t at = 0xc100;

    mini_create(&m, PLAIN);
    m.w.ops->write(m.w.hw, CODE, moves[_i].code, len);
    m.w.ops->write(m.w.hw, CODE + len, HLT, 1);
    mini_poke(&m, at, WORD);
    mini_reg(&m, SAVE_RAX, ~0ULL);
    m.gpr[GPR_RBX] = at;
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RIP), CODE + len);
    ck_assert_msg(mini_reg_of(&m, SAVE_RAX) == moves[_i].rax, "%s: rax %lx",
                  moves[_i].name, mini_reg_of(&m, SAVE_RAX));
    ck_assert_msg(m.w.ops->read64(m.w.hw, at) == moves[_i].memory,
                  "%s: memory %lx", moves[_i].name,
                  m.w.ops->read64(m.w.hw, at));
}
END_TEST

START_TEST(fs_and_gs_have_bases)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, "\x64\x48\x8b\x04\x25\x10\0\0\0" HLT); /* mov rax,fs:[16] */
    mini_seg(&m, SAVE_FS, 0, 0xc93, ~0U, DATA);
    mini_poke(&m, DATA + 16, WORD);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RAX), WORD);
}
END_TEST

START_TEST(a_store_that_faults_halfway_stores_nothing)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, "\x48\x89\x03" HLT); /* mov [rbx],rax */
    m.gpr[GPR_RBX] = MMIO - 4;
    mini_reg(&m, SAVE_RAX, ~0ULL);
    ck_assert_uint_eq(mini_run(&m), EXIT_NPF);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO2), MMIO);
    ck_assert_uint_eq(m.w.ops->read64(m.w.hw, MMIO - 8), 0);
}
END_TEST

START_TEST(a_store_across_pages_lands_on_both)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, "\x48\x89\x03" HLT);
    mini_poke(&m, GPT(0xc000), 0x300000 | RWUAD);
    mini_poke(&m, NPD + 8, 0x200000 | RWUAD | PTE_PS);
    m.gpr[GPR_RBX] = 0xbffc;
    mini_reg(&m, SAVE_RAX, WORD);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(m.w.ops->read64(m.w.hw, 0xbff8), 0xccddeeff00000000);
    ck_assert_uint_eq(m.w.ops->read64(m.w.hw, 0x300000), 0x8899aabb);
    ck_assert_uint_eq(m.count[EV_data], 2);
}
END_TEST

/* #AC in user mode with CR0.AM and RFLAGS.AC (APM vol. 2, 8.2.18). */
START_TEST(a_misaligned_access_is_ac_where_it_was_asked_for)
{
    bool user = _i & 1, am = _i & 2, ac = _i & 4, odd = _i & 8;

    mini_create(&m, PLAIN);
    MINI_CODE(&m, "\x48\x8b\x03" HLT); /* mov rax,[rbx] */
    m.gpr[GPR_RBX] = DATA + (odd ? 4 : 8);
    if (user)
        mini_user(&m);
    mini_reg(&m, SAVE_RFLAGS, RFLAGS_FIXED | (ac ? RFLAGS_AC : 0));
    mini_reg(&m, SAVE_CR0, mini_reg_of(&m, SAVE_CR0) | (am ? CR0_AM : 0));
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    if (user && am && ac && odd)
        ck_assert_uint_eq(mini_field(&m, EV_exception, "vector"), VEC_AC);
    else if (user)
        ck_assert_uint_eq(mini_field(&m, EV_exception, "vector"), VEC_GP);
    else
        ck_assert_uint_eq(m.count[EV_exception], 0);
}
END_TEST

/* ---- fetches ---- */

/* An instruction of 7 bytes, 3 of them on the first page. */
static void place_across(void)
{
    mini_create(&m, PLAIN);
    m.w.ops->write(m.w.hw, 0x5ffd, "\x8b\x04\x25\xf0\xc0\x00\x00" HLT, 8);
    mini_reg(&m, SAVE_RIP, 0x5ffd);
}

START_TEST(an_instruction_may_lie_on_two_pages)
{
    place_across();
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RIP), 0x6004);
}
END_TEST

START_TEST(a_fetch_faults_on_the_second_page)
{
    place_across();
    mini_poke(&m, NPT(0x6000), 0);
    ck_assert_uint_eq(mini_run(&m), EXIT_NPF);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO1), 0x100000014);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO2), 0x6000);
    ck_assert_uint_eq(mini_get(&m, VMCB_INSN_LEN) & 0xff, 0);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RIP), 0x5ffd);
}
END_TEST

/* The bytes beyond the instruction are not needed, so they do not fault. */
START_TEST(a_fetch_does_not_look_further_than_it_must)
{
    mini_create(&m, PLAIN);
    m.w.ops->write(m.w.hw, 0x5fff, HLT, 1);
    mini_reg(&m, SAVE_RIP, 0x5fff);
    mini_poke(&m, GPT(0x6000), 0);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
}
END_TEST

START_TEST(decode_assist_stops_where_fetching_would_fault)
{
    mini_create(&m, PLAIN);
    m.w.ops->write(m.w.hw, 0x5ff9, "\x8b\x04\x25\xf0\xd0\x00\x00", 7);
    mini_reg(&m, SAVE_RIP, 0x5ff9);
    if (_i)
        mini_poke(&m, GPT(0x6000), 0);
    ck_assert_uint_eq(mini_run(&m), EXIT_NPF);
    ck_assert_uint_eq(mini_get(&m, VMCB_INSN_LEN) & 0xff, _i ? 7 : 15);
    ck_assert_uint_eq(m.count[EV_pf], 0);
}
END_TEST

START_TEST(a_jump_leads_to_a_fetch_fault_at_its_target)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, "\xff\xe3"); /* jmp rbx */
    m.gpr[GPR_RBX] = MMIO;
    ck_assert_uint_eq(mini_run(&m), EXIT_NPF);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO1), 0x10000001d);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RIP), MMIO);
}
END_TEST

START_TEST(a_jump_to_nowhere_is_gp_at_the_jump)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, "\xff\xe3");
    m.gpr[GPR_RBX] = BIT(47);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_field(&m, EV_exception, "vector"), VEC_GP);
    ck_assert_uint_eq(mini_field(&m, EV_exception, "rip"), CODE);
}
END_TEST

/* ---- SOFTCALL ---- */

/* Number 1 reads the MMIO page into RAX; 2 writes it; 3 looks at MSRs. */
static enum port_result answer(void *ctx, struct guest_port *p, unsigned number)
{
    struct guest_regs *r = port_regs(p);
    unsigned *calls = ctx;
    uint64_t v;

    (*calls)++;
    r->gpr[GPR_RBX]++;
    switch (number) {
    case 1:
        return port_read(p, MMIO + 8, &r->gpr[GPR_RAX], 8);
    case 2:
        return port_write(p, MMIO + 8, &r->gpr[GPR_RAX], 8);
    case 3:
        ck_assert_int_eq(port_rdmsr(p, MSR_GHCB, &v), m.type == SEV_ES);
        ck_assert_int_eq(port_wrmsr(p, MSR_GHCB, 0xd000), m.type == SEV_ES);
        ck_assert_int_eq(port_rdmsr(p, MSR_SEV_STATUS, &v), m.type != PLAIN);
        ck_assert_uint_eq(v, m.type == PLAIN ? 0 : m.type == SEV ? 1 : 3);
        ck_assert(!port_wrmsr(p, MSR_SEV_STATUS, 0));
        ck_assert(!port_rdmsr(p, MSR_SYSCFG, &v));
        ck_assert_uint_eq(port_cpuid(p, 0x80000008).eax & 0xff, 48);
        return PORT_OK;
    case 4:
        return port_iret(p);
    }
    return PORT_OK;
}

START_TEST(without_software_a_softcall_is_ud)
{
    mini_create(&m, PLAIN);
    MINI_CODE(&m, "\x0f\x3f\x01");
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_field(&m, EV_exception, "vector"), VEC_UD);
}
END_TEST

/* The access exits, registers are back, and the call runs again. */
START_TEST(a_softcall_that_faults_runs_again)
{
    unsigned calls = 0;
    struct guest_software sw = { answer, &calls };

    mini_create(&m, PLAIN);
    cpu_set_guest(m.cpu, &sw);
    MINI_CODE(&m, "\x0f\x3f\x01" HLT);
    mini_poke(&m, MMIO + 8, WORD);
    m.gpr[GPR_RBX] = 10;
    ck_assert_uint_eq(mini_run(&m), EXIT_NPF);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO2), MMIO + 8);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RIP), CODE);
    ck_assert_uint_eq(m.gpr[GPR_RBX], 10);
    mini_poke(&m, NPT(MMIO), MMIO | RWUAD);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RAX), WORD);
    ck_assert_uint_eq(m.gpr[GPR_RBX], 11);
    ck_assert_uint_eq(calls, 2);
}
END_TEST

START_TEST(a_softcall_gets_vc_like_any_instruction)
{
    unsigned calls = 0;
    struct guest_software sw = { answer, &calls };

    mini_create(&m, SEV_ES);
    cpu_set_guest(m.cpu, &sw);
    MINI_CODE(&m, "\x0f\x3f\x02" HLT);
    mini_launch(&m);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_field(&m, EV_exception, "vector"), VEC_VC);
    ck_assert_uint_eq(mini_field(&m, EV_exception, "rip"), CODE);
}
END_TEST

START_TEST(software_sees_the_msrs_of_its_kind_of_guest)
{
    unsigned calls = 0;
    struct guest_software sw = { answer, &calls };

    mini_create(&m, (enum mini_type)_i);
    cpu_set_guest(m.cpu, &sw);
    MINI_CODE(&m, "\x0f\x3f\x03" HLT);
    mini_launch(&m);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(calls, 1);
    if (_i == SEV_ES)
        ck_assert_uint_eq(mini_get(&m, VMCB_GHCB_GPA), 0xd000);
}
END_TEST

START_TEST(software_can_return_from_its_handler)
{
    unsigned calls = 0;
    struct guest_software sw = { answer, &calls };

    mini_create(&m, PLAIN);
    cpu_set_guest(m.cpu, &sw);
    MINI_CODE(&m, "\xcd\x80" HLT);
    mini_gate(&m, 0x80, 0, 0);
    m.w.ops->write(m.w.hw, HANDLERS + 16 * 0x80, "\x0f\x3f\x04", 3);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RIP), CODE + 2);
    ck_assert_uint_eq(calls, 1);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("exec");
    TCase *t = tcase_create("exec");

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, NULL, teardown);
    tcase_add_loop_test(t, a_move_moves, 0, ARRAY_SIZE(moves));
    tcase_add_test(t, fs_and_gs_have_bases);
    tcase_add_test(t, a_store_that_faults_halfway_stores_nothing);
    tcase_add_test(t, a_store_across_pages_lands_on_both);
    tcase_add_loop_test(t, a_misaligned_access_is_ac_where_it_was_asked_for, 0,
                        16);
    tcase_add_test(t, an_instruction_may_lie_on_two_pages);
    tcase_add_test(t, a_fetch_faults_on_the_second_page);
    tcase_add_test(t, a_fetch_does_not_look_further_than_it_must);
    tcase_add_loop_test(t, decode_assist_stops_where_fetching_would_fault, 0,
                        2);
    tcase_add_test(t, a_jump_leads_to_a_fetch_fault_at_its_target);
    tcase_add_test(t, a_jump_to_nowhere_is_gp_at_the_jump);
    tcase_add_test(t, without_software_a_softcall_is_ud);
    tcase_add_test(t, a_softcall_that_faults_runs_again);
    tcase_add_test(t, a_softcall_gets_vc_like_any_instruction);
    tcase_add_loop_test(t, software_sees_the_msrs_of_its_kind_of_guest, PLAIN,
                        3);
    tcase_add_test(t, software_can_return_from_its_handler);
    return run_suite(s);
}
