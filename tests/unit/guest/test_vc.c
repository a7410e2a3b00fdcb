/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The #VC handler: expected registers follow APM vol. 3 (MOV, MOVZX, MOVSX) and
 * vol. 1, 3.1.2.2 (results of 8, 16 and 32 bits); GHCB fields follow the GHCB
 * specification (pub. 56421, "NAE events").
 */
#include "arch/sev.h"
#include "fake_port.h"

#define DEVICE  0xfed00000ULL
#define ADDRESS (DEVICE + 0xf0)
#define ANSWER  0x8899aabbccddeeffULL
#define OLD     0x1122334455667788ULL /* in every register but RBX and RSP */
#define OLD_RSP 0x7766554433221100ULL

/* A guest whose only step is @code, just interrupted by #VC(0x400) there. */
static struct guest_port *interrupted(struct world w, const char *code,
                                      size_t len)
{
    struct guest_port *p;

    add_ram(&w, 0, 64 * MIB);
    add_mmio(&w, DEVICE, 4096);
    add_step(&w, code, len);
    p = new_port(w);
    for (unsigned i = 0; i < N_GPRS; i++)
        p->regs.gpr[i] = OLD;
    p->regs.gpr[GPR_RBX] = ADDRESS;
    p->regs.gpr[GPR_RSP] = OLD_RSP;
    p->regs.rip = vcpu0(p)->steps[1].end - len;
    deliver(p, VEC_VC, true, VC_NPF, vcpu0(p)->vc_stack);
    return p;
}

static uint64_t ghcb(struct guest_port *p, unsigned offset)
{
    return peek(p, vcpu0(p)->ghcb + offset);
}

static bool ghcb_valid(struct guest_port *p, unsigned offset)
{
    unsigned bit = offset / 8;

    return p->memory[vcpu0(p)->ghcb - p->base + GHCB_VALID_BITMAP + bit / 8] >>
               bit % 8 &
           1;
}

static void end(struct guest_port *p)
{
    drop(&p->w);
}

/* What the hypervisor does for a served request. */
static void serve(struct guest_port *p)
{
    ck_assert_uint_eq(p->regs.rip, p->w.guest->code.exception[VEC_VC] + 3);
    poke(p, vcpu0(p)->ghcb + GHCB_SHARED_BUFFER, ANSWER);
    poke(p, vcpu0(p)->ghcb + GHCB_SW_EXITINFO1, 0);
    p->regs.rip += 4; /* VMGEXIT */
}

/* ---- loads ---- */

#define CODE(s) s, sizeof(s) - 1

static const struct {
    const char *code;
    size_t len;
    unsigned size;
    enum gpr reg;
    uint64_t after;
} loads[] = {
    { CODE("\x8a\x03"), 1, GPR_RAX, 0x11223344556677ff },     /* mov al */
    { CODE("\x8a\x23"), 1, GPR_RAX, 0x112233445566ff88 },     /* mov ah */
    { CODE("\x66\x8b\x03"), 2, GPR_RAX, 0x112233445566eeff }, /* mov ax */
    { CODE("\x8b\x03"), 4, GPR_RAX, 0x00000000ccddeeff },     /* mov eax */
    { CODE("\x48\x8b\x03"), 8, GPR_RAX, ANSWER },             /* mov rax */
    { CODE("\x44\x8a\x03"), 1, GPR_R8, 0x11223344556677ff },  /* mov r8b */
    { CODE("\x44\x8b\x3b"), 4, 15, 0x00000000ccddeeff },      /* mov r15d */
    { CODE("\x8b\x1b"), 4, GPR_RBX, 0x00000000ccddeeff },     /* mov ebx */
    { CODE("\x40\x8a\x23"), 1, GPR_RSP, 0x77665544332211ff }, /* mov spl */
    { CODE("\x48\x8b\x23"), 8, GPR_RSP, ANSWER },             /* mov rsp */
    { CODE("\x66\x0f\xb6\x03"), 1, GPR_RAX, 0x11223344556600ff },
    { CODE("\x0f\xb6\x03"), 1, GPR_RAX, 0xff }, /* movzx eax, byte */
    { CODE("\x48\x0f\xb6\x03"), 1, GPR_RAX, 0xff },
    { CODE("\x0f\xb7\x03"), 2, GPR_RAX, 0xeeff }, /* movzx eax, word */
    { CODE("\x48\x0f\xb7\x03"), 2, GPR_RAX, 0xeeff },
    { CODE("\x66\x0f\xbe\x03"), 1, GPR_RAX, 0x112233445566ffff },
    { CODE("\x0f\xbe\x03"), 1, GPR_RAX, 0xffffffff }, /* movsx eax, byte */
    { CODE("\x48\x0f\xbe\x03"), 1, GPR_RAX, 0xffffffffffffffff },
    { CODE("\x0f\xbf\x03"), 2, GPR_RAX, 0xffffeeff }, /* movsx eax, word */
    { CODE("\x48\x0f\xbf\x03"), 2, GPR_RAX, 0xffffffffffffeeff },
    /* Ways to say the address: disp8, and disp32 with a 32-bit address. */
    { CODE("\x8b\x43\x00"), 4, GPR_RAX, 0x00000000ccddeeff },
    { CODE("\x67\x8b\x04\x25\xf0\x00\xd0\xfe"), 4, GPR_RAX,
      0x00000000ccddeeff },
};

START_TEST(a_load_gets_what_the_device_answers)
{
    struct guest_port *p =
        interrupted(sev_es_world(), loads[_i].code, loads[_i].len);
    uint64_t want[N_GPRS];

    memcpy(want, p->regs.gpr, sizeof(want));
    ck_assert_int_eq(softcall(p, SOFT_EXCEPTION + VEC_VC), PORT_OK);
    ck_assert_uint_eq(ghcb(p, GHCB_SW_EXITCODE), NAE_MMIO_READ);
    ck_assert_uint_eq(ghcb(p, GHCB_SW_EXITINFO1), ADDRESS);
    ck_assert_uint_eq(ghcb(p, GHCB_SW_EXITINFO2), loads[_i].size);
    serve(p);
    ck_assert_int_eq(softcall(p, SOFT_VC_DONE), PORT_OK);
    if (loads[_i].reg == GPR_RSP) {
        ck_assert_uint_eq(return_rsp(p), loads[_i].after);
    } else {
        want[loads[_i].reg] = loads[_i].after;
        ck_assert_uint_eq(return_rsp(p), OLD_RSP);
    }
    want[GPR_RSP] = p->regs.gpr[GPR_RSP];
    ck_assert_mem_eq(p->regs.gpr, want, sizeof(want));
    ck_assert_uint_eq(return_rip(p), vcpu0(p)->steps[1].end);
    ck_assert_uint_eq(p->vc_done.value,
                      ANSWER & bits(8 * loads[_i].size - 1, 0));
    end(p);
}
END_TEST

/* ---- stores ---- */

static const struct {
    const char *code;
    size_t len;
    unsigned size;
    uint64_t value;
} stores[] = {
    { CODE("\x88\x03"), 1, 0x88 },               /* al */
    { CODE("\x88\x23"), 1, 0x77 },               /* ah */
    { CODE("\x66\x89\x03"), 2, 0x7788 },         /* ax */
    { CODE("\x89\x03"), 4, 0x55667788 },         /* eax */
    { CODE("\x48\x89\x03"), 8, OLD },            /* rax */
    { CODE("\x4c\x89\x03"), 8, OLD },            /* r8 */
    { CODE("\x48\x89\x1b"), 8, ADDRESS },        /* rbx */
    { CODE("\x48\x89\x23"), 8, OLD_RSP },        /* rsp */
    { CODE("\xc6\x03\x5a"), 1, 0x5a },           /* imm8 */
    { CODE("\x66\xc7\x03\x5a\x5b"), 2, 0x5b5a }, /* imm16 */
    { CODE("\xc7\x03\x78\x56\x34\x92"), 4, 0x92345678 },
    { CODE("\x48\xc7\x03\x78\x56\x34\x92"), 8, 0xffffffff92345678 },
};

START_TEST(a_store_hands_its_value_to_the_device)
{
    struct guest_port *p =
        interrupted(sev_es_world(), stores[_i].code, stores[_i].len);
    uint64_t want[N_GPRS];

    memcpy(want, p->regs.gpr, sizeof(want));
    ck_assert_int_eq(softcall(p, SOFT_EXCEPTION + VEC_VC), PORT_OK);
    ck_assert_uint_eq(ghcb(p, GHCB_SW_EXITCODE), NAE_MMIO_WRITE);
    ck_assert_uint_eq(ghcb(p, GHCB_SW_EXITINFO1), ADDRESS);
    ck_assert_uint_eq(ghcb(p, GHCB_SW_EXITINFO2), stores[_i].size);
    ck_assert_uint_eq(ghcb(p, GHCB_SHARED_BUFFER), stores[_i].value);
    poke(p, vcpu0(p)->ghcb + GHCB_SW_EXITINFO1, 0);
    ck_assert_int_eq(softcall(p, SOFT_VC_DONE), PORT_OK);
    want[GPR_RSP] = p->regs.gpr[GPR_RSP];
    ck_assert_mem_eq(p->regs.gpr, want, sizeof(want));
    ck_assert_uint_eq(return_rip(p), vcpu0(p)->steps[1].end);
    ck_assert(p->vc_done.write);
    end(p);
}
END_TEST

/* ---- the request ---- */

START_TEST(the_request_marks_exactly_what_it_fills)
{
    struct guest_port *p = interrupted(sev_es_world(), CODE("\x8b\x03"));

    ck_assert_int_eq(softcall(p, SOFT_EXCEPTION + VEC_VC), PORT_OK);
    for (unsigned offset = 0; offset < 0x400; offset += 8)
        ck_assert_msg(ghcb_valid(p, offset) == (offset == GHCB_SW_EXITCODE ||
                                                offset == GHCB_SW_EXITINFO1 ||
                                                offset == GHCB_SW_EXITINFO2 ||
                                                offset == GHCB_SW_SCRATCH),
                      "0x%x", offset);
    ck_assert_uint_eq(ghcb(p, GHCB_SW_SCRATCH),
                      vcpu0(p)->ghcb + GHCB_SHARED_BUFFER);
    ck_assert_uint_eq(ghcb(p, GHCB_VERSION - 2) >> 16 & 0xffff, 1);
    ck_assert_uint_eq((uint32_t)(ghcb(p, GHCB_USAGE - 4) >> 32), 0);
    ck_assert_uint_eq(p->vc.gva, ADDRESS);
    ck_assert_uint_eq(p->vc.gpa, ADDRESS);
    end(p);
}
END_TEST

START_TEST(either_half_can_start_over_after_any_of_its_accesses)
{
    struct guest_port *p = interrupted(sev_es_world(), CODE("\x8a\x03"));

    p->faults_in = _i;
    while (softcall(p, SOFT_EXCEPTION + VEC_VC) != PORT_OK)
        p->faults_in = -1;
    p->faults_in = _i;
    serve(p);
    while (softcall(p, SOFT_VC_DONE) != PORT_OK)
        p->faults_in = -1;
    ck_assert_uint_eq(p->regs.gpr[GPR_RAX], 0x11223344556677ff);
    ck_assert_uint_eq(return_rip(p), vcpu0(p)->steps[1].end);
    ck_assert_uint_eq(p->count[EV_guest_vc], 1);
    ck_assert_uint_eq(p->count[EV_guest_vc_done], 1);
    ck_assert_uint_le(p->n_accesses, 2 * 20);
    end(p);
}
END_TEST

START_TEST(an_instruction_at_a_pages_end_is_read_from_both_pages)
{
    struct world w = sev_es_world();
    struct guest_port *p;
    gva_t at;

    add_step(&w, "\x90", 1);
    w.steps[0].len = 0;
    add_ram(&w, 0, 64 * MIB);
    add_mmio(&w, DEVICE, 4096);
    p = new_port(w);
    at = vcpu0(p)->user_stack + PAGE_SIZE_4K - 1; /* any two pages will do */
    poke(p, at, 0x9090038bULL);
    p->regs.gpr[GPR_RBX] = ADDRESS;
    p->regs.rip = at;
    deliver(p, VEC_VC, true, VC_NPF, vcpu0(p)->vc_stack);
    ck_assert_int_eq(softcall(p, SOFT_EXCEPTION + VEC_VC), PORT_OK);
    ck_assert_uint_eq(ghcb(p, GHCB_SW_EXITINFO1), ADDRESS);
    end(p);
}
END_TEST

/* ---- refusals ---- */

/* Asked for its own end: set 0, code 0 of the GHCB MSR protocol (100h). */
static void check_terminated(struct guest_port *p)
{
    ck_assert_uint_eq(p->ghcb_msr, 0x100);
    ck_assert_uint_eq(p->regs.rip, p->w.guest->code.terminate);
    ck_assert_uint_eq(p->count[EV_guest_terminate], 1);
    ck_assert(guest_panicked(p->w.guest, 0));
}

static const struct {
    const char *code;
    size_t len;
} unknown[] = {
    { CODE("\xa1\xf0\x00\xd0\xfe\x00\x00\x00\x00") }, /* mov eax, moffs */
    { CODE("\xa3\xf0\x00\xd0\xfe\x00\x00\x00\x00") }, /* mov moffs, eax */
    { CODE("\x48\x63\x03") },                         /* movsxd */
    { CODE("\xa5") },                                 /* movsd */
    { CODE("\x01\x03") },                             /* add [rbx], eax */
    { CODE("\xf0\x89\x03") },                         /* lock: invalid */
    { CODE("\x8e\xd8") },                             /* mov ds, eax */
    { CODE("\x89\xc0") },                             /* no memory operand */
    { CODE("\x06") },                                 /* no instruction */
};

START_TEST(an_access_that_linux_does_not_know_ends_the_guest)
{
    struct guest_port *p =
        interrupted(sev_es_world(), unknown[_i].code, unknown[_i].len);

    ck_assert_int_eq(softcall(p, SOFT_EXCEPTION + VEC_VC), PORT_OK);
    check_terminated(p);
    end(p);
}
END_TEST

START_TEST(mmio_in_a_private_page_ends_the_guest)
{
    struct world w = sev_es_world();
    struct guest_map map = { .gva = DEVICE,
                             .gpa = DEVICE,
                             .size = 4096,
                             .page_size = 4096,
                             .present = true };
    struct guest_port *p;

    w.config.n_maps = 1;
    w.config.maps = &map;
    p = interrupted(w, CODE("\x8b\x03"));
    ck_assert_int_eq(softcall(p, SOFT_EXCEPTION + VEC_VC), PORT_OK);
    check_terminated(p);
    ck_assert_ptr_nonnull(strstr(p->terminate.why, "private"));
    end(p);
}
END_TEST

START_TEST(mmio_of_a_program_only_costs_its_step)
{
    struct world w = sev_es_world();
    struct guest_port *p;

    w.config.cpl = 3;
    p = interrupted(w, CODE("\x8b\x03"));
    ck_assert_int_eq(softcall(p, SOFT_EXCEPTION + VEC_VC), PORT_OK);
    ck_assert_uint_eq(p->fixup.vector, VEC_VC);
    ck_assert_uint_eq(p->fixup.error_code, VC_NPF);
    ck_assert_uint_eq(p->regs.rip, p->w.guest->code.iret);
    ck_assert_uint_eq(return_rip(p), vcpu0(p)->steps[1].end);
    ck_assert_uint_eq(p->ghcb_msr, 0);
    end(p);
}
END_TEST

START_TEST(a_vc_inside_the_handlers_ends_the_guest)
{
    struct guest_port *p = interrupted(sev_es_world(), CODE("\x8b\x03"));

    deliver(p, VEC_VC, true, VC_NPF, vcpu0(p)->vc_stack);
    ck_assert_int_eq(softcall(p, SOFT_EXCEPTION + VEC_VC), PORT_OK);
    check_terminated(p);
    end(p);
}
END_TEST

START_TEST(an_exit_code_that_does_not_fit_the_instruction_ends_the_guest)
{
    struct guest_port *p = interrupted(sev_es_world(), CODE("\x8b\x03"));

    poke(p, p->regs.gpr[GPR_RSP], _i ? EXIT_VMMCALL : EXIT_CPUID);
    ck_assert_int_eq(softcall(p, SOFT_EXCEPTION + VEC_VC), PORT_OK);
    check_terminated(p);
    end(p);
}
END_TEST

START_TEST(a_malformed_answer_ends_the_guest)
{
    struct guest_port *p = interrupted(sev_es_world(), CODE("\x8b\x03"));

    ck_assert_int_eq(softcall(p, SOFT_EXCEPTION + VEC_VC), PORT_OK);
    serve(p);
    poke(p, vcpu0(p)->ghcb + GHCB_SW_EXITINFO1, GHCB_HV_RESP_MALFORMED);
    ck_assert_int_eq(softcall(p, SOFT_VC_DONE), PORT_OK);
    check_terminated(p);
    end(p);
}
END_TEST

/* EVENTINJ format: only a #GP or #UD exception may be asked for. */
static const struct {
    uint64_t event;
    unsigned vector; /* 0: refused */
    uint64_t error;
} requests[] = {
    { EVENT_V | EVENT_EV | 3 << 8 | VEC_GP | 0x18ULL << 32, VEC_GP, 0x18 },
    { EVENT_V | 3 << 8 | VEC_UD, VEC_UD, 0 },
    { EVENT_V | EVENT_EV | 3 << 8 | VEC_PF, 0, 0 },
    { EVENT_V | 2 << 8 | VEC_GP, 0, 0 },
    { 3 << 8 | VEC_GP, 0, 0 },
};

START_TEST(the_hypervisor_may_answer_with_gp_or_ud_only)
{
    struct guest_port *p = interrupted(sev_es_world(), CODE("\x8b\x03"));

    ck_assert_int_eq(softcall(p, SOFT_EXCEPTION + VEC_VC), PORT_OK);
    serve(p);
    poke(p, vcpu0(p)->ghcb + GHCB_SW_EXITINFO1, 1);
    poke(p, vcpu0(p)->ghcb + GHCB_SW_EXITINFO2, requests[_i].event);
    ck_assert_int_eq(softcall(p, SOFT_VC_DONE), PORT_OK);
    if (!requests[_i].vector) {
        check_terminated(p);
    } else {
        ck_assert_uint_eq(p->fixup.vector, requests[_i].vector);
        ck_assert_uint_eq(p->fixup.error_code, requests[_i].error);
        ck_assert_uint_eq(return_rip(p), vcpu0(p)->steps[1].end);
        ck_assert_uint_eq(return_rsp(p), OLD_RSP);
    }
    end(p);
}
END_TEST

START_TEST(a_destroyed_note_between_the_halves_ends_the_guest)
{
    struct guest_port *p = interrupted(sev_es_world(), CODE("\x8b\x03"));
    static const uint64_t noise[][2] = {
        { 0, 0 },
        { ~0ULL, ~0ULL },
        { 0x90, 0x0100000000000000 },
        { 0x038b, 0xff00000000000000 },
    };

    ck_assert_int_eq(softcall(p, SOFT_EXCEPTION + VEC_VC), PORT_OK);
    serve(p);
    poke(p, vcpu0(p)->vc_stack, noise[_i][0]);
    poke(p, vcpu0(p)->vc_stack + 8, noise[_i][1]);
    ck_assert_int_eq(softcall(p, SOFT_VC_DONE), PORT_OK);
    check_terminated(p);
    end(p);
}
END_TEST

/* ---- registers through the GHCB ---- */

static void answer(struct guest_port *p, unsigned offset, uint64_t value)
{
    unsigned bit = offset / 8;

    poke(p, vcpu0(p)->ghcb + offset, value);
    p->memory[vcpu0(p)->ghcb - p->base + GHCB_VALID_BITMAP + bit / 8] |=
        (uint8_t)(1 << bit % 8);
}

START_TEST(cpuid_is_asked_for_with_its_leaf_and_answered_in_four_registers)
{
    struct guest_port *p = interrupted(sev_es_world(), CODE("\x0f\xa2"));
    static const unsigned in[] = { GHCB_RAX, GHCB_RCX, GHCB_XCR0 };

    poke(p, p->regs.gpr[GPR_RSP], EXIT_CPUID);
    ck_assert_int_eq(softcall(p, SOFT_EXCEPTION + VEC_VC), PORT_OK);
    ck_assert_uint_eq(ghcb(p, GHCB_SW_EXITCODE), EXIT_CPUID);
    ck_assert_uint_eq(ghcb(p, GHCB_RAX), OLD);
    for (unsigned i = 0; i < ARRAY_SIZE(in); i++)
        ck_assert(ghcb_valid(p, in[i]));
    ck_assert(!ghcb_valid(p, GHCB_SW_SCRATCH));
    serve(p);
    answer(p, GHCB_RAX, 1);
    answer(p, GHCB_RBX, 2);
    answer(p, GHCB_RCX, 3);
    if (_i)
        answer(p, GHCB_RDX, 4);
    ck_assert_int_eq(softcall(p, SOFT_VC_DONE), PORT_OK);
    if (_i) {
        ck_assert_uint_eq(p->regs.gpr[GPR_RAX], 1);
        ck_assert_uint_eq(p->regs.gpr[GPR_RBX], 2);
        ck_assert_uint_eq(p->regs.gpr[GPR_RCX], 3);
        ck_assert_uint_eq(p->regs.gpr[GPR_RDX], 4);
    } else {
        check_terminated(p); /* RDX was left out */
    }
    end(p);
}
END_TEST

START_TEST(vmmcall_passes_its_arguments_and_cpl)
{
    struct world w = sev_es_world();
    struct guest_port *p;

    w.config.cpl = _i ? 3 : 0;
    p = interrupted(w, CODE("\x0f\x01\xd9"));
    poke(p, p->regs.gpr[GPR_RSP], EXIT_VMMCALL);
    ck_assert_int_eq(softcall(p, SOFT_EXCEPTION + VEC_VC), PORT_OK);
    ck_assert_uint_eq(ghcb(p, GHCB_SW_EXITCODE), EXIT_VMMCALL);
    ck_assert(ghcb_valid(p, GHCB_RAX) && ghcb_valid(p, GHCB_CPL));
    ck_assert_uint_eq((uint8_t)ghcb(p, GHCB_CPL), w.config.cpl);
    ck_assert_uint_eq(ghcb(p, GHCB_RBX), ADDRESS);
    serve(p);
    answer(p, GHCB_RAX, 99);
    ck_assert_int_eq(softcall(p, SOFT_VC_DONE), PORT_OK);
    ck_assert_uint_eq(p->regs.gpr[GPR_RAX], 99);
    ck_assert_uint_eq(p->regs.gpr[GPR_RDX], OLD);
    ck_assert_uint_eq(return_rip(p), vcpu0(p)->steps[1].end);
    end(p);
}
END_TEST

int main(void)
{
    TCase *t = tcase_create("vc");

    tcase_add_loop_test(t, a_load_gets_what_the_device_answers, 0,
                        ARRAY_SIZE(loads));
    tcase_add_loop_test(t, a_store_hands_its_value_to_the_device, 0,
                        ARRAY_SIZE(stores));
    tcase_add_test(t, the_request_marks_exactly_what_it_fills);
    tcase_add_loop_test(t, either_half_can_start_over_after_any_of_its_accesses,
                        0, 20);
    tcase_add_test(t, an_instruction_at_a_pages_end_is_read_from_both_pages);
    tcase_add_loop_test(t, an_access_that_linux_does_not_know_ends_the_guest, 0,
                        ARRAY_SIZE(unknown));
    tcase_add_test(t, mmio_in_a_private_page_ends_the_guest);
    tcase_add_test(t, mmio_of_a_program_only_costs_its_step);
    tcase_add_test(t, a_vc_inside_the_handlers_ends_the_guest);
    tcase_add_loop_test(
        t, an_exit_code_that_does_not_fit_the_instruction_ends_the_guest, 0, 2);
    tcase_add_test(t, a_malformed_answer_ends_the_guest);
    tcase_add_loop_test(t, the_hypervisor_may_answer_with_gp_or_ud_only, 0,
                        ARRAY_SIZE(requests));
    tcase_add_loop_test(t, a_destroyed_note_between_the_halves_ends_the_guest,
                        0, 4);
    tcase_add_loop_test(
        t, cpuid_is_asked_for_with_its_leaf_and_answered_in_four_registers, 0,
        2);
    tcase_add_loop_test(t, vmmcall_passes_its_arguments_and_cpl, 0, 2);
    return run_tests("guest #VC handler", t);
}
