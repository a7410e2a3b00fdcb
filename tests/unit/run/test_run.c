/* SPDX-License-Identifier: GPL-2.0-only */
/* Whole stories, from the CPU's silicon to the step's end. */
#include "story.h"
#include "unit/suite.h"

/* #NPF of a data access: final GPA, user (always), and the case (APM vol. 2,
 * 15.25.6). */
#define NPF_ABSENT (PFERR_GUEST_FINAL | PFERR_USER)
#define NPF_RSVD   (NPF_ABSENT | PFERR_PRESENT | PFERR_RSVD)

static const char *const kernels[] = { "v5.18", "v5.19",     "v6.0",
                                       "v6.1",  "v6.12.107", "v7.3" };
static const enum vm_type types[] = { VM_PLAIN, VM_SEV, VM_SEV_ES };

/* ---- the seed's question ---- */

/* C-bit 51 on a CPU of 51 bits: no bit of a nested entry is left to fault. */
static struct story *seed(const char *kernel)
{
    struct story *s = new_story("milan", kernel, VM_SEV_ES);

    s->config.cpu.maxphyaddr_raw = 51;
    s->config.cpu.phys_reduction = 0;
    s->config.cpu.cbit = 51;
    add_read(s, HPET + 0xf0);
    return s;
}

START_TEST(without_a_reserved_bit_an_sev_es_guest_hangs_on_its_first_mmio)
{
    struct story *s = seed("v5.18");
    const struct heard *h = live(s);

    ck_assert_str_eq(h->created, "ok");
    ck_assert_str_eq(h->how[0], "hang");
    ck_assert_uint_eq(h->hang.exit, EXIT_NPF);
    ck_assert_uint_eq(h->hang.info2, HPET + 0xf0);
    ck_assert_uint_eq(h->hang.rip, 0); /* nobody outside may know */
    ck_assert_uint_eq(h->count[EV_vc], 0);
    ck_assert_uint_eq(h->count[EV_vmm_device], 0);
    end(s);
}
END_TEST

START_TEST(a_kernel_with_the_gate_refuses_such_a_guest)
{
    struct story *s = seed("v6.0");
    const struct heard *h = live(s);

    ck_assert_str_eq(h->created, "ENOTTY");
    ck_assert_str_eq(h->how[0], "skipped");
    ck_assert_uint_eq(h->count[EV_vmrun], 0);
    end(s);
}
END_TEST

/* ---- the first and the second touch ---- */

START_TEST(mmio_completes_on_every_kernel_and_for_every_guest)
{
    struct story *s = new_story("milan", kernels[_i / 3], types[_i % 3]);
    bool es = types[_i % 3] == VM_SEV_ES;
    const struct heard *h;

    add_read(s, HPET + 0xf0);
    add_read(s, HPET + 0xf0);
    h = live(s);
    ck_assert_str_eq(h->created, "ok");
    ck_assert_str_eq(h->how[0], "completed");
    ck_assert_str_eq(h->how[1], "completed");
    ck_assert_uint_eq(h->rax, 0x5a);
    ck_assert_uint_eq(h->count[EV_vmm_device], 2);
    ck_assert_uint_eq(h->count[EV_vc], es ? 2 : 0);
    ck_assert_uint_eq(h->count[EV_vmgexit], es ? 2 : 0);
    ck_assert_uint_eq(h->count[EV_guest_vc_done], es ? 2 : 0);
    end(s);
}
END_TEST

START_TEST(the_second_touch_of_a_page_costs_only_what_it_must)
{
    struct story *s = new_story("milan", kernels[_i / 3], types[_i % 3]);
    bool es = types[_i % 3] == VM_SEV_ES;
    const struct heard *h;

    add_read(s, HPET);
    add_read(s, HPET + 8);
    h = live(s);
    /* Not present first; then the reserved bit, as #VC for SEV-ES. */
    ck_assert_uint_eq(h->npf[0], NPF_ABSENT);
    ck_assert_uint_eq(h->npf[1], NPF_RSVD);
    ck_assert_uint_eq(h->count[EV_npf], es ? 3 : 2);
    /* SEV-ES: 1 not-present exit, 1 VMGEXIT, then 1 VMGEXIT; and 2 HLTs. */
    ck_assert_uint_eq(h->count[EV_vmexit], es ? 5 : 4);
    ck_assert_uint_eq(h->count[EV_mark_mmio_spte], 1);
    end(s);
}
END_TEST

START_TEST(a_write_reaches_the_device_for_every_guest)
{
    struct story *s = new_story("milan", "v6.1", types[_i]);
    const struct heard *h;

    add_write(s, HPET + 0x10);
    h = live(s);
    ck_assert_str_eq(h->how[0], "completed");
    ck_assert(h->device.write);
    ck_assert_uint_eq(h->device.gpa, HPET + 0x10);
    ck_assert_uint_eq(h->device.value, 0x11223344);
    ck_assert_uint_eq(h->device.len, 4);
    end(s);
}
END_TEST

START_TEST(without_caching_only_sev_es_cannot_reach_devices)
{
    struct story *s = new_story("milan", "v5.18", types[_i]);
    const struct heard *h;

    s->config.params.mmio_caching = false;
    add_read(s, HPET);
    h = live(s);
    ck_assert_str_eq(h->created, "ok");
    ck_assert_str_eq(h->how[0], types[_i] == VM_SEV_ES ? "hang" : "completed");
    ck_assert_uint_eq(h->count[EV_mark_mmio_spte], 0);
    end(s);
}
END_TEST

/* ---- memory ---- */

START_TEST(what_is_written_is_read_back_by_every_guest_at_either_cpl)
{
    struct story *s = new_story("milan", "v6.1", types[_i / 2]);
    const struct heard *h;

    s->config.guest.cpl = _i % 2 ? 3 : 0;
    add_write(s, 0x2000);
    add_read(s, 0x2000);
    h = live(s);
    ck_assert_str_eq(h->how[1], "completed");
    ck_assert_uint_eq(h->rax, 0x11223344);
    ck_assert_uint_eq(h->count[EV_npf], 1);
    ck_assert_uint_eq(h->count[EV_guest_fixup], 0);
    end(s);
}
END_TEST

START_TEST(a_fetch_from_ram_comes_back)
{
    struct story *s = new_story("milan", "v6.1", types[_i / 2]);
    const struct heard *h;

    s->config.guest.cpl = _i % 2 ? 3 : 0;
    add_fetch(s, 0x2ffe); /* the pad crosses into the next page */
    add_fetch(s, 0x2ffe);
    h = live(s);
    ck_assert_str_eq(h->how[1], "completed");
    ck_assert_uint_eq(h->count[EV_guest_fixup], 0);
    ck_assert_uint_eq(h->count[EV_npf], 2);
    end(s);
}
END_TEST

START_TEST(all_host_and_guest_page_sizes_carry_the_same_data)
{
    static const uint64_t sizes[] = { PAGE_SIZE_4K, 2 * MIB, 1024 * MIB };
    struct story *s = new_story("milan", "v6.1", types[_i / 9]);
    const struct heard *h;

    s->memory[0].size = 2048 * MIB;
    s->memory[0].host_page = sizes[_i % 3];
    s->config.guest.page_size = sizes[_i / 3 % 3];
    if (s->config.guest.page_size == PAGE_SIZE_4K)
        s->memory[0].size =
            s->memory[0].host_page == 1024 * MIB ? 1024 * MIB : 64 * MIB;
    if (s->config.guest.page_size == PAGE_SIZE_4K &&
        s->memory[0].size == 1024 * MIB) {
        /* 512 page tables do not fit into the guest's kernel. */
        ck_assert_int_eq(run_scenario(s->pool, &s->config, NULL, &s->err), -1);
        end(s);
        return;
    }
    add_write(s, 0x7ffff0);
    add_read(s, 0x7ffff0);
    h = live(s);
    ck_assert_str_eq(h->how[1], "completed");
    ck_assert_uint_eq(h->rax, 0x11223344);
    end(s);
}
END_TEST

/* ---- faults that stay inside ---- */

START_TEST(an_unmapped_address_is_the_guests_own_page_fault)
{
    struct story *s = new_story("milan", "v6.1", types[_i / 2]);
    const struct heard *h;

    s->config.guest.cpl = _i % 2 ? 3 : 0;
    add_read(s, 0x7f0000000000);
    add_read(s, HPET);
    h = live(s);
    ck_assert_str_eq(h->how[0], "completed");
    ck_assert_uint_ge(h->count[EV_guest_fixup], 1);
    ck_assert_uint_eq(h->count[EV_pf], 1);
    if (types[_i / 2] != VM_SEV_ES) {
        ck_assert_uint_eq(h->fixup.vector, VEC_PF);
        ck_assert_uint_eq(h->fixup.cr2, 0x7f0000000000);
        ck_assert_uint_eq(h->fixup.error_code, _i % 2 ? PFERR_USER : 0);
    }
    ck_assert_str_eq(h->how[1], "completed");
    end(s);
}
END_TEST

START_TEST(a_non_canonical_address_is_a_gp)
{
    struct story *s = new_story("milan", "v6.1", VM_PLAIN);
    const struct heard *h;

    add_read(s, BIT(47));
    h = live(s);
    ck_assert_uint_eq(h->fixup.vector, VEC_GP);
    end(s);
}
END_TEST

START_TEST(an_instruction_that_no_one_executes_is_a_ud)
{
    struct story *s = new_story("milan", "v6.1", types[_i]);
    const struct heard *h;

    ADD_CODE(s, 0, "\x0f\x0b"); /* ud2 */
    h = live(s);
    ck_assert_str_eq(h->how[0], "completed");
    ck_assert_uint_eq(h->fixup.vector, VEC_UD);
    end(s);
}
END_TEST

START_TEST(planted_reserved_bits_are_the_guests_page_fault)
{
    struct story *s = new_story("milan", "v6.1", VM_PLAIN);
    struct guest_map map = { .gva = 0x40000000,
                             .gpa = 0x2000,
                             .size = 4096,
                             .page_size = 4096,
                             .present = true,
                             .set_bits = BIT(50) };
    const struct heard *h;

    s->config.guest.n_maps = 1;
    s->config.guest.maps = &map;
    add_read(s, 0x40000000);
    h = live(s);
    ck_assert_uint_eq(h->fixup.vector, VEC_PF);
    ck_assert_uint_eq(h->fixup.error_code, PFERR_PRESENT | PFERR_RSVD);
    end(s);
}
END_TEST

/* ---- the guest's own refusals ---- */

START_TEST(an_sev_es_program_cannot_do_mmio)
{
    struct story *s = new_story("milan", "v6.1", VM_SEV_ES);
    const struct heard *h;

    s->config.guest.cpl = 3;
    add_read(s, HPET);
    h = live(s);
    ck_assert_str_eq(h->how[0], "completed");
    ck_assert_uint_eq(h->fixup.vector, VEC_VC);
    ck_assert_uint_eq(h->count[EV_vmm_device], 0);
    end(s);
}
END_TEST

START_TEST(mmio_in_a_private_page_ends_the_guest)
{
    struct story *s = new_story("milan", kernels[_i], VM_SEV_ES);
    struct guest_map map = { .gva = HPET,
                             .gpa = HPET,
                             .size = 4096,
                             .page_size = 4096,
                             .present = true };
    const struct heard *h;

    s->config.guest.n_maps = 1;
    s->config.guest.maps = &map;
    add_read(s, HPET);
    add_read(s, 0x2000);
    h = live(s);
    ck_assert_str_eq(h->how[0], "terminated");
    ck_assert_ptr_nonnull(h->terminate);
    ck_assert_str_eq(h->how[1], "skipped");
    ck_assert_uint_eq(h->count[EV_vmm_device], 0);
    end(s);
}
END_TEST

START_TEST(an_unenlightened_sev_es_guest_shuts_down_on_mmio)
{
    struct story *s = new_story("milan", "v7.3", VM_SEV_ES);
    const struct heard *h;

    s->config.guest.vc_handler = VC_HANDLER_NONE;
    add_read(s, HPET);
    h = live(s);
    ck_assert_uint_eq(h->count[EV_vc], 1);
    ck_assert_uint_eq(h->count[EV_double_fault], 1);
    ck_assert_uint_eq(h->count[EV_shutdown], 1);
    ck_assert_str_eq(h->how[0], "shutdown");
    end(s);
}
END_TEST

/* ---- halts and loops of a step's own ---- */

START_TEST(a_hlt_in_a_steps_code_does_not_end_it)
{
    struct story *s = new_story("milan", "v6.1", types[_i]);
    const struct heard *h;

    ADD_CODE(s, 0x77, "\xf4\x48\x89\xd8"); /* hlt; mov rax, rbx */
    add_write(s, 0x2000);
    h = live(s);
    ck_assert_str_eq(h->how[0], "completed");
    ck_assert_str_eq(h->how[1], "completed");
    ck_assert_uint_eq(h->count[EV_halt], 3);
    ck_assert_uint_eq(h->rax, 0x77);
    end(s);
}
END_TEST

START_TEST(a_guest_that_runs_in_circles_is_caught)
{
    struct story *s = new_story("milan", "v6.1", types[_i / 2]);
    const struct heard *h;

    /* Write "jmp rbx" or "hlt; jmp rbx" to memory, go there, stay there. */
    if (_i % 2)
        ADD_CODE(s, 0x2000, "\xc7\x03\xff\xe3\x90\x90\xff\xe3");
    else
        ADD_CODE(s, 0x2000, "\xc7\x03\xf4\xff\xe3\x90\xff\xe3");
    h = live(s);
    ck_assert_str_eq(h->how[0], "hang");
    ck_assert_uint_eq(h->hang.exit, _i % 2 ? EXIT_INTR : EXIT_HLT);
    ck_assert_ptr_nonnull(strstr(h->hang.why, "nothing will ever change"));
    end(s);
}
END_TEST

/* ---- vCPUs and the host ---- */

START_TEST(steps_of_several_vcpus_take_turns)
{
    struct story *s = new_story("milan", "v6.1", types[_i]);
    const struct heard *h;

    s->config.vm.n_vcpus = 8;
    for (unsigned i = 0; i < 8; i++) {
        add_write(s, 0x2000 + 4 * i);
        s->steps[2 * i].vcpu = i;
        add_read(s, i ? 0x2000 + 4 * (i - 1) : HPET);
        s->steps[2 * i + 1].vcpu = 7 - i;
    }
    h = live(s);
    for (unsigned i = 0; i < 16; i++)
        ck_assert_str_eq(h->how[i], "completed");
    ck_assert_uint_eq(h->rax, 0x11223344);
    end(s);
}
END_TEST

START_TEST(one_dead_vcpu_does_not_stop_the_others)
{
    struct story *s = seed("v5.18");
    const struct heard *h;

    s->config.vm.n_vcpus = 2;
    add_write(s, 0x2000);
    s->steps[1].vcpu = 1;
    add_read(s, 0x2000);
    h = live(s);
    ck_assert_str_eq(h->how[0], "hang");
    ck_assert_str_eq(h->how[1], "completed");
    ck_assert_str_eq(h->how[2], "skipped");
    end(s);
}
END_TEST

START_TEST(a_memslot_appears_and_disappears_between_steps)
{
    struct story *s = new_story("milan", "v6.1", VM_PLAIN);
    const struct heard *h;

    add_read(s, HPET);
    add_host(s, STEP_MEMSLOT_CREATE, HPET);
    add_write(s, HPET);
    add_read(s, HPET);
    add_host(s, STEP_MEMSLOT_DELETE, HPET);
    add_read(s, HPET);
    add_host(s, STEP_MEMSLOT_DELETE, HPET);
    h = live(s);
    for (unsigned i = 0; i < 6; i++)
        ck_assert_str_eq(h->how[i], "completed");
    ck_assert_str_eq(h->how[6], "error");
    ck_assert_str_eq(h->why[6], "ENOENT");
    ck_assert_uint_eq(h->count[EV_vmm_device], 2);
    ck_assert_uint_eq(h->rax, 0x5a);
    end(s);
}
END_TEST

/* ---- who may have a VM ---- */

START_TEST(an_old_cpu_has_no_encrypted_guests)
{
    struct story *s = new_story("zambezi", kernels[_i], VM_SEV);
    const struct heard *h;

    add_read(s, 0x2000);
    h = live(s);
    ck_assert_str_ne(h->created, "ok");
    ck_assert_str_eq(h->how[0], "skipped");
    ck_assert_ptr_nonnull(strstr(h->why[0], h->created));
    end(s);
}
END_TEST

START_TEST(snp_is_refused_and_says_so)
{
    struct story *s = new_story("milan", kernels[_i], VM_SNP);
    const struct heard *h;

    add_read(s, 0x2000);
    h = live(s);
    ck_assert_str_eq(h->created, "EINVAL");
    end(s);
}
END_TEST

/* ---- input that cannot become a machine ---- */

START_TEST(a_machine_that_cannot_be_built_is_an_error_with_its_place)
{
    struct story *s = new_story("milan", "v6.1", VM_PLAIN);

    s->memory[0].size = 64 * 1024;
    s->memory[0].at = (struct mark) { "s.yaml", 9, 7, 0 };
    trace_init(&s->trace, s->pool);
    trace_add_sink(&s->trace, hear, &s->heard);
    ck_assert_int_eq(run_scenario(s->pool, &s->config, &s->trace, &s->err), -1);
    ck_assert_uint_eq(s->err.at.line, 9);
    for (unsigned i = 0; i < N_EVENTS; i++)
        ck_assert_uint_eq(s->heard.count[i], 0);
    end(s);
}
END_TEST

START_TEST(a_step_on_a_missing_vcpu_is_an_error)
{
    struct story *s = new_story("milan", "v6.1", VM_PLAIN);

    add_read(s, 0x2000);
    s->steps[0].vcpu = 1;
    ck_assert_int_eq(run_scenario(s->pool, &s->config, NULL, &s->err), -1);
    ck_assert_ptr_nonnull(strstr(s->err.msg, "no vCPU 1"));
    end(s);
}
END_TEST

/* Random bytes as code, random addresses: every step ends, one way or another,
 * and the same way with and without a listener. */
START_TEST(any_code_ends_somehow)
{
    static const uint8_t likely[] = { 0x8b, 0x89, 0x88, 0xc7,
                                      0xcd, 0xff, 0x0f, 0xf4 };
    struct story *s = new_story("milan", kernels[_i % 6], types[_i % 3]);
    uint64_t x = 0x9e3779b97f4a7c15ULL * (uint64_t)(_i + 1);

    s->config.guest.cpl = _i % 4 == 3 ? 3 : 0;
    s->config.guest.vc_handler =
        _i % 5 == 4 ? VC_HANDLER_NONE : VC_HANDLER_LINUX;
    for (unsigned n = 0; n < 6; n++) {
        uint8_t bytes[24];

        for (unsigned i = 0; i < sizeof(bytes); i++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            bytes[i] = i % 3 ? (uint8_t)(x >> 8) : likely[x >> 8 & 7];
        }
        add_code(s, n % 2 ? HPET : 63 * MIB / 4 + (x & 0xfffff),
                 (const char *)bytes, sizeof(bytes));
    }
    live(s);
    end(s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("run");
    TCase *t = tcase_create("run");

    suite_add_tcase(suite, t);
    tcase_add_test(
        t, without_a_reserved_bit_an_sev_es_guest_hangs_on_its_first_mmio);
    tcase_add_test(t, a_kernel_with_the_gate_refuses_such_a_guest);
    tcase_add_loop_test(t, mmio_completes_on_every_kernel_and_for_every_guest,
                        0, 18);
    tcase_add_loop_test(t, the_second_touch_of_a_page_costs_only_what_it_must,
                        0, 18);
    tcase_add_loop_test(t, a_write_reaches_the_device_for_every_guest, 0, 3);
    tcase_add_loop_test(t, without_caching_only_sev_es_cannot_reach_devices, 0,
                        3);
    tcase_add_loop_test(
        t, what_is_written_is_read_back_by_every_guest_at_either_cpl, 0, 6);
    tcase_add_loop_test(t, a_fetch_from_ram_comes_back, 0, 6);
    tcase_add_loop_test(t, all_host_and_guest_page_sizes_carry_the_same_data, 0,
                        27);
    tcase_add_loop_test(t, an_unmapped_address_is_the_guests_own_page_fault, 0,
                        6);
    tcase_add_test(t, a_non_canonical_address_is_a_gp);
    tcase_add_loop_test(t, an_instruction_that_no_one_executes_is_a_ud, 0, 3);
    tcase_add_test(t, planted_reserved_bits_are_the_guests_page_fault);
    tcase_add_test(t, an_sev_es_program_cannot_do_mmio);
    tcase_add_loop_test(t, mmio_in_a_private_page_ends_the_guest, 0, 6);
    tcase_add_test(t, an_unenlightened_sev_es_guest_shuts_down_on_mmio);
    tcase_add_loop_test(t, a_hlt_in_a_steps_code_does_not_end_it, 0, 3);
    tcase_add_loop_test(t, a_guest_that_runs_in_circles_is_caught, 0, 6);
    tcase_add_loop_test(t, steps_of_several_vcpus_take_turns, 0, 3);
    tcase_add_test(t, one_dead_vcpu_does_not_stop_the_others);
    tcase_add_test(t, a_memslot_appears_and_disappears_between_steps);
    tcase_add_loop_test(t, an_old_cpu_has_no_encrypted_guests, 0, 6);
    tcase_add_loop_test(t, snp_is_refused_and_says_so, 0, 6);
    tcase_add_test(t,
                   a_machine_that_cannot_be_built_is_an_error_with_its_place);
    tcase_add_test(t, a_step_on_a_missing_vcpu_is_an_error);
    tcase_add_loop_test(t, any_code_ends_somehow, 0, 300);
    tcase_set_timeout(t, 60);
    return run_suite(suite);
}
