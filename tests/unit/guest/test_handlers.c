/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Boot, the ends of steps, and exceptions. Descriptor layouts follow APM vol.
 * 2, 4.8 (segments), 8.9.3 (gates), 12.2.5 (TSS).
 */
#include "fake_port.h"

#define CODE(s) s, sizeof(s) - 1

static struct guest_port *port_with(struct world w)
{
    add_ram(&w, 0, 64 * MIB);
    add_mmio(&w, 0xfed00000, 4096);
    return new_port(w);
}

static struct guest_port *port_with_step(struct world w, const char *code,
                                         size_t len)
{
    add_step(&w, code, len);
    return port_with(w);
}

static void end(struct guest_port *p)
{
    drop(&p->w);
}

/* ---- what a vCPU starts in ---- */

START_TEST(the_first_iretq_leads_to_the_program)
{
    struct world w = plain_world();
    struct guest_port *p;
    struct guest_entry e;

    w.config.cpl = _i ? 3 : 0;
    p = port_with_step(w, CODE("\x90"));
    e = guest_entry(p->w.guest, 0);
    ck_assert_uint_eq(peek(p, e.rsp), vcpu0(p)->program);
    ck_assert_uint_eq(peek(p, e.rsp + 8), _i ? 0x23 : 0x08);
    ck_assert_uint_eq(peek(p, e.rsp + 16), 2);
    ck_assert_uint_eq(peek(p, e.rsp + 32), _i ? 0x1b : 0x10);
    ck_assert_uint_eq(e.cs, 0x08);
    ck_assert_uint_eq(e.cpl, 0);
    end(p);
}
END_TEST

/* Limit, base and attributes are scattered; put them together again. */
START_TEST(descriptors_say_what_the_manual_wants)
{
    struct guest_port *p = port_with(plain_world());
    struct guest_entry e = guest_entry(p->w.guest, 0);
    uint64_t cs = peek(p, e.gdt_base + 0x08);
    uint64_t user_cs = peek(p, e.gdt_base + 0x20);
    uint64_t tss = peek(p, e.gdt_base + e.tr);
    uint64_t tss_high = peek(p, e.gdt_base + e.tr + 8);

    ck_assert_uint_eq(cs >> 40 & 0xff, 0x9b);      /* P, DPL 0, code */
    ck_assert_uint_eq(user_cs >> 40 & 0xff, 0xfb); /* P, DPL 3, code */
    ck_assert_uint_eq(cs >> 53 & 3, 1);            /* L, not D */
    ck_assert_uint_eq(user_cs >> 53 & 3, 1);
    ck_assert_uint_eq(tss >> 40 & 0xff, 0x8b); /* P, busy 64-bit TSS */
    ck_assert_uint_eq(
        (tss >> 16 & 0xffffff) | (tss >> 56) << 24 | tss_high << 32, e.tr_base);
    ck_assert_uint_eq(tss & 0xffff, e.tr_limit);
    ck_assert_uint_ge(e.gdt_limit, e.tr + 15);
    end(p);
}
END_TEST

static gva_t gate_target(struct guest_port *p, unsigned vector)
{
    gva_t gate = guest_entry(p->w.guest, 0).idt_base + 16 * vector;
    uint64_t low = peek(p, gate);

    if (!(low >> 47 & 1))
        return 0;
    ck_assert_uint_eq(low >> 40 & 0x1f, 0xe); /* 64-bit interrupt gate */
    ck_assert_uint_eq(low >> 16 & 0xffff, 0x08);
    return (low & 0xffff) | (low >> 48) << 16 | peek(p, gate + 8) << 32;
}

START_TEST(gates_exist_for_what_has_a_handler_and_nothing_else)
{
    struct world w = plain_world();
    uint64_t handled = BIT(VEC_UD) | BIT(VEC_NP) | BIT(VEC_SS) | BIT(VEC_GP) |
                       BIT(VEC_PF) | BIT(VEC_DF) | BIT(VEC_VC);
    struct guest_port *p;

    if (_i) {
        w.config.vc_handler = VC_HANDLER_NONE;
        handled &= ~(BIT(VEC_DF) | BIT(VEC_VC));
    }
    p = port_with(w);
    for (unsigned v = 0; v < 256; v++)
        ck_assert_msg(!gate_target(p, v) ==
                          !((v < 64 && handled >> v & 1) || v == 0x80),
                      "vector %u", v);
    end(p);
}
END_TEST

START_TEST(vc_and_df_have_stacks_of_their_own)
{
    struct guest_port *p = port_with(plain_world());
    struct guest_entry e = guest_entry(p->w.guest, 0);
    unsigned ist_vc = peek(p, e.idt_base + 16 * VEC_VC) >> 32 & 7;
    unsigned ist_df = peek(p, e.idt_base + 16 * VEC_DF) >> 32 & 7;
    unsigned ist_pf = peek(p, e.idt_base + 16 * VEC_PF) >> 32 & 7;

    ck_assert_uint_ne(ist_vc, 0);
    ck_assert_uint_ne(ist_df, 0);
    ck_assert_uint_ne(ist_vc, ist_df);
    ck_assert_uint_eq(ist_pf, 0);
    /* IST1 lies at offset 24h, RSP0 at 4 (APM vol. 2, figure 12-8). */
    ck_assert_uint_eq(peek(p, e.tr_base + 0x24 + 8 * (ist_vc - 1)),
                      vcpu0(p)->vc_stack + PAGE_SIZE_4K);
    ck_assert_uint_eq(peek(p, e.tr_base + 0x24 + 8 * (ist_df - 1)),
                      vcpu0(p)->df_stack + PAGE_SIZE_4K);
    ck_assert_uint_eq(peek(p, e.tr_base + 4), vcpu0(p)->stack + PAGE_SIZE_4K);
    end(p);
}
END_TEST

START_TEST(every_vcpu_has_its_own_stacks_tss_ghcb_and_program)
{
    struct world w = sev_es_world();
    struct guest_port *p;
    gva_t seen[8 * 7];
    unsigned n = 0;

    w.platform.n_vcpus = 8;
    p = port_with(w);
    for (unsigned i = 0; i < 8; i++) {
        const struct guest_vcpu *v = &p->w.guest->vcpu[i];
        const gva_t own[] = { v->stack, v->vc_stack, v->df_stack, v->user_stack,
                              v->tss,   v->ghcb,     v->program };

        ck_assert_uint_eq(guest_entry(p->w.guest, i).tr_base, v->tss);
        for (unsigned k = 0; k < ARRAY_SIZE(own); k++) {
            for (unsigned s = 0; s < n; s++)
                ck_assert_uint_ne(seen[s], own[k]);
            seen[n++] = own[k];
        }
    }
    end(p);
}
END_TEST

START_TEST(control_registers_follow_the_configuration)
{
    struct world w = plain_world();
    struct guest_port *p;
    struct guest_entry e;

    w.config.wp = _i & 1;
    w.config.nxe = _i >> 1 & 1;
    w.config.smep = _i >> 2 & 1;
    w.config.smap = _i >> 3 & 1;
    p = port_with(w);
    e = guest_entry(p->w.guest, 0);
    ck_assert_uint_eq(e.cr0 >> 16 & 1, _i & 1);
    ck_assert_uint_eq(e.efer >> 11 & 1, _i >> 1 & 1);
    ck_assert_uint_eq(e.cr4 >> 20 & 3, _i >> 2);
    ck_assert_uint_eq(e.cr0 & 0x80000001, 0x80000001);
    ck_assert_uint_eq(e.cr4 & 0x20, 0x20);
    ck_assert_uint_eq(e.efer & 0x500, 0x500);
    end(p);
}
END_TEST

/* ---- boot ---- */

static void begin_boot(struct guest_port *p)
{
    guest_restart(p->w.guest);
    p->regs.rip = p->w.guest->code.entry;
    p->regs.gpr[GPR_RSP] = guest_entry(p->w.guest, 0).rsp;
}

static void run_boot(struct guest_port *p)
{
    begin_boot(p);
    ck_assert_int_eq(softcall(p, SOFT_BOOT), PORT_OK);
}

/* The GHCB is one, too. */
static unsigned n_pages(const struct guest_port *p, bool es)
{
    return (unsigned)(p->w.guest->image.used / PAGE_SIZE_4K) + es;
}

START_TEST(the_boot_touches_every_page_and_tells_where_the_ghcb_is)
{
    struct guest_port *p = port_with(_i ? sev_es_world() : plain_world());

    run_boot(p);
    ck_assert_uint_eq(p->n_accesses, n_pages(p, _i));
    ck_assert_uint_eq(p->ghcb_msr, _i ? vcpu0(p)->ghcb : 0);
    ck_assert_uint_eq(p->regs.rip, p->w.guest->code.iret);
    end(p);
}
END_TEST

/* Every page faults once; what was met before is not touched again. */
START_TEST(a_boot_that_faults_goes_on_where_it_was)
{
    struct guest_port *p = port_with(_i ? sev_es_world() : plain_world());
    unsigned faults = 0;

    begin_boot(p);
    p->faults_in = 0;
    while (softcall(p, SOFT_BOOT) == PORT_FAULT) {
        ck_assert_uint_eq(p->regs.rip, p->w.guest->code.entry);
        ck_assert_uint_le(++faults, n_pages(p, _i));
        p->faults_in = 1;
    }
    ck_assert_uint_eq(faults, n_pages(p, _i));
    ck_assert_uint_eq(p->n_accesses, 2 * n_pages(p, _i));
    end(p);
}
END_TEST

START_TEST(an_unenlightened_guest_knows_no_ghcb)
{
    struct world w = sev_es_world();
    struct guest_port *p;

    w.config.vc_handler = VC_HANDLER_NONE;
    p = port_with(w);
    run_boot(p);
    ck_assert_uint_eq(p->ghcb_msr, 0);
    end(p);
}
END_TEST

START_TEST(a_boot_without_ghcb_msr_halts_for_ever)
{
    struct guest_port *p = port_with(sev_es_world());

    p->no_ghcb_msr = true;
    run_boot(p);
    ck_assert(guest_panicked(p->w.guest, 0));
    ck_assert_uint_eq(p->regs.rip, p->w.guest->code.halt);
    ck_assert_uint_eq(p->memory[p->regs.rip - p->base], 0xf4);
    p->regs.rip++;
    ck_assert_int_eq(softcall(p, SOFT_HALT), PORT_OK);
    ck_assert_uint_eq(p->regs.rip, p->w.guest->code.halt);
    end(p);
}
END_TEST

/* ---- ends of steps ---- */

START_TEST(a_step_ends_at_its_marker_and_only_there)
{
    struct guest_port *p = port_with_step(plain_world(), CODE("\xf4"));
    const struct step *s = vcpu0(p)->steps;

    vcpu0(p)->done = 0;
    p->regs.rip = s[0].end;
    ck_assert_int_eq(softcall(p, SOFT_STEP_END), PORT_OK);
    ck_assert_uint_eq(guest_steps_done(p->w.guest, 0), 1);
    ck_assert_mem_eq(p->memory + (p->regs.rip - p->base), "\xf4", 1);
    p->regs.rip = s[0].end; /* once more: this step is over */
    ck_assert_int_eq(softcall(p, SOFT_STEP_END), PORT_OK);
    ck_assert_uint_eq(guest_steps_done(p->w.guest, 0), 1);
    ck_assert_uint_eq(p->fixup.vector, VEC_UD);
    p->regs.rip = s[1].end;
    ck_assert_int_eq(softcall(p, SOFT_STEP_END), PORT_OK);
    ck_assert_uint_eq(guest_steps_done(p->w.guest, 0), 2);
    end(p);
}
END_TEST

START_TEST(a_program_ends_its_step_by_int_80h_at_its_marker)
{
    struct world w = plain_world();
    struct guest_port *p;
    gva_t marker;

    w.config.cpl = 3;
    p = port_with_step(w, CODE("\xcd\x80"));
    marker = vcpu0(p)->steps[1].end;
    ck_assert_mem_eq(p->memory + (marker - p->base), "\xcd\x80", 2);
    p->regs.rip = marker;
    p->regs.gpr[GPR_RSP] = 0;
    deliver(p, 0, false, 0, vcpu0(p)->stack);
    p->regs.rip = p->w.guest->code.syscall;
    ck_assert_int_eq(softcall(p, SOFT_SYSCALL), PORT_OK);
    ck_assert_uint_eq(guest_steps_done(p->w.guest, 0), 1);
    poke(p, p->regs.gpr[GPR_RSP], marker + 2);
    p->regs.rip = p->w.guest->code.syscall;
    ck_assert_int_eq(softcall(p, SOFT_SYSCALL), PORT_OK);
    ck_assert_uint_eq(guest_steps_done(p->w.guest, 0), 2);
    end(p);
}
END_TEST

/* ---- fetch steps ---- */

static unsigned n_pads(struct guest_port *p)
{
    return guest_n_chunks(p->w.guest) - (p->w.platform.sev_es ? 2 : 1);
}

START_TEST(a_fetch_target_in_ram_gets_a_pad_that_leads_back)
{
    struct world w = plain_world();
    struct guest_port *p;

    add_fetch(&w, 0x3000);
    add_fetch(&w, 0x3000); /* two steps may share a target */
    p = port_with(w);
    ck_assert_uint_eq(n_pads(p), 1);
    ck_assert_uint_eq(byte_at(&p->w, 0x3000), 0x0f);
    ck_assert_uint_eq(byte_at(&p->w, 0x3001), 0x3f);
    for (unsigned i = 1; i <= 2; i++) {
        p->regs.rip = 0x3000;
        ck_assert_int_eq(softcall(p, byte_at(&p->w, 0x3002)), PORT_OK);
        ck_assert_uint_eq(p->regs.rip, vcpu0(p)->steps[i].end);
        ck_assert_int_eq(softcall(p, SOFT_STEP_END), PORT_OK);
    }
    ck_assert_uint_eq(p->count[EV_guest_fixup], 0);
    end(p);
}
END_TEST

START_TEST(no_pad_lies_in_devices_in_the_kernel_or_nowhere)
{
    static const gva_t targets[] = { 0xfed00000,       63 * MIB,
                                     0x7f0000000000,   BIT(47),
                                     BIT(48) | 0x3000, ~0ULL };
    struct world w = plain_world();
    struct guest_port *p;

    add_fetch(&w, targets[_i]);
    p = port_with(w);
    ck_assert_uint_eq(n_pads(p), 0);
    end(p);
}
END_TEST

START_TEST(a_pad_lies_behind_the_map_in_shared_or_private_bytes)
{
    struct world w = sev_es_world();
    struct guest_map map = { .gva = 0x7f0000000000,
                             .gpa = 0x5000,
                             .size = 4096,
                             .page_size = 4096,
                             .present = true,
                             .shared = _i };
    struct guest_port *p;

    w.config.n_maps = 1;
    w.config.maps = &map;
    add_fetch(&w, 0x7f0000000010);
    p = port_with(w);
    ck_assert_uint_eq(n_pads(p), 1);
    ck_assert_uint_eq(guest_chunk(p->w.guest, 2).gpa, 0x5010);
    ck_assert_uint_eq(guest_chunk(p->w.guest, 2).shared, _i);
    end(p);
}
END_TEST

START_TEST(a_pad_may_cross_into_another_page)
{
    struct world w = plain_world();
    struct guest_map map = { .gva = 0x4000,
                             .gpa = 0x9000,
                             .size = 4096,
                             .page_size = 4096,
                             .present = true };
    struct guest_port *p;

    w.config.n_maps = 1;
    w.config.maps = &map;
    add_fetch(&w, 0x3fff);
    p = port_with(w);
    ck_assert_uint_eq(byte_at(&p->w, 0x3fff), 0x0f);
    ck_assert_uint_eq(byte_at(&p->w, 0x9000), 0x3f);
    ck_assert_uint_eq(byte_at(&p->w, 0x9001), SOFT_LANDED);
    end(p);
}
END_TEST

START_TEST(overlapping_targets_are_an_error)
{
    struct world w = plain_world();

    add_ram(&w, 0, 64 * MIB);
    add_fetch(&w, 0x3000);
    add_fetch(&w, 0x3002);
    w.steps[1].at = (struct mark) { "s.yaml", 20, 5, 0 };
    ck_assert(!try_build(&w));
    ck_assert_ptr_nonnull(strstr(w.err.msg, "overlapping targets"));
    ck_assert_uint_eq(w.err.at.line, 20);
    drop(&w);
}
END_TEST

START_TEST(programs_beyond_the_kernels_room_are_an_error)
{
    struct world w = plain_world();
    char *code = pool_alloc(w.pool, MIB);

    add_ram(&w, 0, 64 * MIB);
    add_step(&w, code, _i ? MIB : MIB - 8 * 4096);
    w.steps[0].at = w.platform.ram[0].at = (struct mark) { "s.yaml", 20, 5, 0 };
    ck_assert(!try_build(&w));
    ck_assert_uint_gt(w.err.at.line, 0);
    drop(&w);
}
END_TEST

/* ---- exceptions ---- */

static const struct {
    unsigned vector;
    bool has_error;
} vectors[] = {
    { VEC_UD, false }, { VEC_NP, true }, { VEC_SS, true },
    { VEC_GP, true },  { VEC_PF, true },
};

START_TEST(a_fault_in_a_step_leads_to_its_end_marker)
{
    struct world w = plain_world();
    struct guest_port *p;
    gva_t rip;

    w.config.cpl = _i % 2 ? 3 : 0;
    p = port_with_step(w, CODE("\x8b\x03"));
    rip = vcpu0(p)->steps[1].end - 2;
    p->regs.rip = rip;
    p->regs.cr2 = 0x1234;
    p->regs.gpr[GPR_RSP] = 0x5678;
    deliver(p, vectors[_i / 2].vector, vectors[_i / 2].has_error, 6,
            vcpu0(p)->stack);
    ck_assert_int_eq(softcall(p, SOFT_EXCEPTION + vectors[_i / 2].vector),
                     PORT_OK);
    ck_assert_uint_eq(return_rip(p), vcpu0(p)->steps[1].end);
    ck_assert_uint_eq(return_rsp(p), 0x5678);
    ck_assert_uint_eq(p->regs.rip, p->w.guest->code.iret);
    ck_assert_uint_eq(p->fixup.vector, vectors[_i / 2].vector);
    ck_assert_uint_eq(p->fixup.rip, rip);
    ck_assert_uint_eq(p->fixup.error_code, vectors[_i / 2].has_error ? 6 : 0);
    ck_assert_uint_eq(p->fixup.cr2,
                      vectors[_i / 2].vector == VEC_PF ? 0x1234 : 0);
    ck_assert(!guest_panicked(p->w.guest, 0));
    end(p);
}
END_TEST

START_TEST(a_fault_at_a_fetch_target_leads_back_too)
{
    struct world w = plain_world();
    struct guest_port *p;

    add_fetch(&w, 0x7f0000000000);
    p = port_with(w);
    p->regs.rip = 0x7f0000000000;
    deliver(p, VEC_PF, true, 0x10, vcpu0(p)->stack);
    ck_assert_int_eq(softcall(p, SOFT_EXCEPTION + VEC_PF), PORT_OK);
    ck_assert_uint_eq(return_rip(p), vcpu0(p)->steps[1].end);
    end(p);
}
END_TEST

START_TEST(a_fault_of_the_kernel_itself_is_fatal)
{
    struct guest_port *p = port_with_step(plain_world(), CODE("\x90"));

    p->regs.rip = p->w.guest->code.iret;
    deliver(p, VEC_GP, true, 0, vcpu0(p)->stack);
    ck_assert_int_eq(softcall(p, SOFT_EXCEPTION + VEC_GP), PORT_OK);
    ck_assert(guest_panicked(p->w.guest, 0));
    ck_assert_uint_eq(p->regs.rip, p->w.guest->code.halt);
    end(p);
}
END_TEST

START_TEST(a_double_fault_is_fatal)
{
    struct guest_port *p = port_with_step(plain_world(), CODE("\x90"));

    p->regs.rip = vcpu0(p)->program;
    deliver(p, VEC_DF, true, 0, vcpu0(p)->df_stack);
    ck_assert_int_eq(softcall(p, SOFT_EXCEPTION + VEC_DF), PORT_OK);
    ck_assert(guest_panicked(p->w.guest, 0));
    ck_assert_uint_eq(p->fixup.vector, VEC_DF);
    end(p);
}
END_TEST

START_TEST(a_step_that_contains_softcall_gets_ud)
{
    struct guest_port *p =
        port_with_step(plain_world(), CODE("\x0f\x3f\x00\x90"));

    p->regs.rip = vcpu0(p)->steps[1].end - 4;
    ck_assert_int_eq(softcall(p, (unsigned)_i), PORT_OK);
    ck_assert_uint_eq(p->fixup.vector, VEC_UD);
    ck_assert_uint_eq(p->regs.rip, vcpu0(p)->steps[1].end);
    ck_assert_uint_eq(p->n_accesses, 0);
    end(p);
}
END_TEST

int main(void)
{
    TCase *t = tcase_create("handlers");

    tcase_add_loop_test(t, the_first_iretq_leads_to_the_program, 0, 2);
    tcase_add_test(t, descriptors_say_what_the_manual_wants);
    tcase_add_loop_test(t, gates_exist_for_what_has_a_handler_and_nothing_else,
                        0, 2);
    tcase_add_test(t, vc_and_df_have_stacks_of_their_own);
    tcase_add_test(t, every_vcpu_has_its_own_stacks_tss_ghcb_and_program);
    tcase_add_loop_test(t, control_registers_follow_the_configuration, 0, 16);
    tcase_add_loop_test(
        t, the_boot_touches_every_page_and_tells_where_the_ghcb_is, 0, 2);
    tcase_add_loop_test(t, a_boot_that_faults_goes_on_where_it_was, 0, 2);
    tcase_add_test(t, an_unenlightened_guest_knows_no_ghcb);
    tcase_add_test(t, a_boot_without_ghcb_msr_halts_for_ever);
    tcase_add_test(t, a_step_ends_at_its_marker_and_only_there);
    tcase_add_test(t, a_program_ends_its_step_by_int_80h_at_its_marker);
    tcase_add_test(t, a_fetch_target_in_ram_gets_a_pad_that_leads_back);
    tcase_add_loop_test(t, no_pad_lies_in_devices_in_the_kernel_or_nowhere, 0,
                        6);
    tcase_add_loop_test(t, a_pad_lies_behind_the_map_in_shared_or_private_bytes,
                        0, 2);
    tcase_add_test(t, a_pad_may_cross_into_another_page);
    tcase_add_test(t, overlapping_targets_are_an_error);
    tcase_add_loop_test(t, programs_beyond_the_kernels_room_are_an_error, 0, 2);
    tcase_add_loop_test(t, a_fault_in_a_step_leads_to_its_end_marker, 0, 10);
    tcase_add_test(t, a_fault_at_a_fetch_target_leads_back_too);
    tcase_add_test(t, a_fault_of_the_kernel_itself_is_fatal);
    tcase_add_test(t, a_double_fault_is_fatal);
    tcase_add_loop_test(t, a_step_that_contains_softcall_gets_ud, 0, 256);
    return run_tests("guest handlers", t);
}
