/* SPDX-License-Identifier: GPL-2.0-only */
/* Machines of bare hardware: what ends a step, and what goes on from there. */
#include "unit/run/story.h"
#include "unit/suite.h"

static struct story *s;

static void setup_on(enum vm_type type)
{
    s = new_story("turin", "v6.1", type);
    s->config.is_bare = true;
    s->config.vm.n_mmio = 0;
    s->config.bare = (struct run_bare) {
        .host = { .paging = BARE_PAGING_4LEVEL,
                  .nxe = true,
                  .wp = true,
                  .pse = true },
        .vmcb = { .np = true },
        .page_size = 2 * MIB,
        .npt = pool_alloc(s->pool, 8 * sizeof(struct run_npt)),
    };
}

static void setup(void)
{
    setup_on(VM_PLAIN);
}

static void teardown(void)
{
    end(s);
}

static struct run_npt page(gpa_t gpa, uint64_t set, uint64_t clear)
{
    return (struct run_npt) { .change = { .gpa = gpa,
                                          .size = PAGE_SIZE_4K,
                                          .set = set,
                                          .clear = clear } };
}

static struct run_step *add_step(enum step_kind kind)
{
    struct run_step *step = &s->steps[s->config.n_steps];

    step->id = pool_printf(s->pool, "s%u", s->config.n_steps++);
    step->what = "something";
    step->kind = kind;
    return step;
}

static void add_npt(gpa_t gpa, uint64_t set, uint64_t clear)
{
    add_step(STEP_NPT)->npt = page(gpa, set, clear);
}

static void begin_with(gpa_t gpa, uint64_t set, uint64_t clear)
{
    s->config.bare.npt[s->config.bare.n_npt++] = page(gpa, set, clear);
}

/* ---- a fault ends a step, and nothing else ---- */

START_TEST(memory_is_there_without_a_fault)
{
    const struct heard *h;

    add_write(s, 0x200000);
    add_read(s, 0x200000);
    h = live(s);
    ck_assert_str_eq(h->how[1], "completed");
    ck_assert_uint_eq(h->rax, 0x11223344);
    ck_assert_uint_eq(h->count[EV_npf], 0);
    ck_assert_uint_eq(h->count[EV_kvm_loaded], 0);
}
END_TEST

START_TEST(a_fault_stays_until_somebody_mends_it)
{
    const struct heard *h;

    begin_with(0x200000, 0, PTE_W);
    add_write(s, 0x200000);
    add_read(s, 0x1000);   /* 1: stands at the fault */
    add_step(STEP_RESUME); /* 2: faults again */
    add_npt(0x200000, PTE_W, 0);
    add_step(STEP_RESUME); /* 4: the write is done */
    add_step(STEP_RESUME); /* 5: stands at nothing */
    add_read(s, 0x200000);
    h = live(s);
    ck_assert_str_eq(h->how[0], "npf");
    ck_assert_str_eq(h->how[1], "skipped");
    ck_assert_ptr_nonnull(strstr(h->why[1], "npf of step s0"));
    ck_assert_str_eq(h->how[2], "npf");
    ck_assert_str_eq(h->how[3], "completed");
    ck_assert_str_eq(h->how[4], "completed");
    ck_assert_str_eq(h->how[5], "skipped");
    ck_assert_ptr_nonnull(strstr(h->why[5], "at no exit"));
    ck_assert_str_eq(h->how[6], "completed");
    ck_assert_uint_eq(h->rax, 0x11223344);
    ck_assert_uint_eq(h->count[EV_npf], 2);
    ck_assert_uint_eq(h->npf[0], 0x100000007);
    ck_assert_uint_eq(h->npf[1], 0x100000007);
}
END_TEST

/* What one vCPU stands at is nothing to another. */
START_TEST(other_vcpus_go_on)
{
    const struct heard *h;

    s->config.vm.n_vcpus = 2;
    begin_with(0x200000, 0, PTE_P);
    add_read(s, 0x200000);
    add_read(s, 0x1000);
    s->steps[1].vcpu = s->steps[1].code.vcpu = 1;
    h = live(s);
    ck_assert_str_eq(h->how[0], "npf");
    ck_assert_str_eq(h->how[1], "completed");
}
END_TEST

/* The guest's handler runs on a page that the hypervisor took away: the fault
 * interrupts the delivery of #PF, which must not be lost. */
START_TEST(an_interrupted_event_is_delivered_later)
{
    const struct heard *h;
    gpa_t kernel = 16 * MIB - GUEST_KERNEL_SIZE;

    add_read(s, 0x40000000); /* nothing is mapped there: #PF */
    s->steps[0].id = "s0";
    add_npt(kernel + PAGE_SIZE_4K, 0, PTE_P); /* the IDT */
    add_read(s, 0x40000000);
    add_npt(kernel + PAGE_SIZE_4K, PTE_P, 0);
    add_step(STEP_RESUME);
    h = live(s);
    ck_assert_str_eq(h->how[0], "completed");
    ck_assert_uint_eq(h->fixup.vector, 14);
    ck_assert_str_eq(h->how[2], "npf");
    ck_assert_str_eq(h->how[4], "completed");
    ck_assert_uint_eq(h->count[EV_guest_fixup], 2);
    ck_assert_uint_eq(h->count[EV_pf], 2);
}
END_TEST

/* Steps that were skipped are not made up for when the guest goes on. */
START_TEST(skipped_steps_stay_skipped)
{
    const struct heard *h;

    s->config.guest.cpl = _i ? 3 : 0;
    begin_with(0x200000, 0, PTE_P);
    add_read(s, 0x200000);
    add_write(s, 0x300000); /* 1, 2: skipped */
    add_write(s, 0x300000);
    add_npt(0x200000, PTE_P, 0);
    add_step(STEP_RESUME);
    add_read(s, 0x300000);
    h = live(s);
    ck_assert_str_eq(h->how[2], "skipped");
    ck_assert_str_eq(h->how[4], "completed");
    ck_assert_str_eq(h->how[5], "completed");
    ck_assert_uint_eq(h->rax, 0); /* nobody wrote */
}
END_TEST

/* ---- other ends ---- */

START_TEST(a_loop_is_a_hang)
{
    const struct heard *h;

    /* mov word [rbx], the bytes of jmp rbx; jmp rbx */
    ADD_CODE(s, 0x300000, "\x66\xc7\x03\xff\xe3\xff\xe3");
    add_read(s, 0x1000);
    h = live(s);
    ck_assert_str_eq(h->how[0], "hang");
    ck_assert_uint_eq(h->hang.exit, EXIT_INTR);
    ck_assert_uint_ne(h->hang.rip, 0);
    ck_assert_str_eq(h->how[1], "skipped");
}
END_TEST

/* #VC without a handler, #DF without one, and nothing is left. */
START_TEST(a_triple_fault_is_a_shutdown)
{
    const struct heard *h;

    teardown();
    setup_on(VM_SEV_ES);
    s->config.cpu.mem_encrypt = true;
    s->config.guest.vc_handler = VC_HANDLER_NONE;
    begin_with(0x200000, BIT(50), 0);
    add_read(s, 0x200000);
    add_read(s, 0x1000);
    h = live(s);
    ck_assert_str_eq(h->how[0], "shutdown");
    ck_assert_uint_eq(h->count[EV_double_fault], 1);
    ck_assert_str_eq(h->how[1], "skipped");
}
END_TEST

/* No intercept asks for it, and no host would. */
START_TEST(a_refused_vmcb_is_told_at_the_boot)
{
    const struct heard *h;

    s->config.bare.host.paging = BARE_PAGING_NONE;
    add_read(s, 0x1000);
    h = live(s);
    ck_assert_str_eq(h->how[0], "skipped");
    ck_assert_ptr_nonnull(strstr(h->why[0], "did not boot: error"));
    ck_assert_uint_eq(h->count[EV_vmrun_invalid], 1);
}
END_TEST

START_TEST(a_refused_register_means_no_vm)
{
    const struct heard *h;

    s->config.cpu.features[FEAT_SMEP] = false;
    s->config.bare.host.smep = true;
    add_read(s, 0x1000);
    add_npt(0x1000, PTE_W, 0);
    h = live(s);
    ck_assert_str_eq(h->how[0], "skipped");
    ck_assert_ptr_nonnull(strstr(h->why[0], "CR4"));
    ck_assert_str_eq(h->how[1], "skipped");
    ck_assert_uint_eq(h->count[EV_vmrun], 0);
}
END_TEST

START_TEST(a_change_that_cannot_be_is_an_error_of_its_step)
{
    const struct heard *h;

    add_step(STEP_NPT)->npt =
        (struct run_npt) { .change = { .gpa = 64 * MIB, .level = 2 } };
    add_read(s, 0x1000);
    h = live(s);
    ck_assert_str_eq(h->how[0], "error");
    ck_assert_ptr_nonnull(strstr(h->why[0], "there is no table"));
    ck_assert_str_eq(h->how[1], "completed");
}
END_TEST

/* ---- the guest's own pages, by name ---- */

/* Under GMET the kernel's code must not be U=1, but a program's may. */
START_TEST(gmet_needs_the_kernels_pages_marked)
{
    const struct heard *h;

    s->config.bare.vmcb.gmet = true;
    s->config.guest.cpl = 3;
    if (_i)
        s->config.bare.npt[s->config.bare.n_npt++] =
            (struct run_npt) { .part = NPT_KERNEL,
                               .change = { .clear = PTE_U } };
    add_read(s, 0x1000);
    h = live(s);
    ck_assert_str_eq(h->how[0], _i ? "completed" : "skipped");
    if (!_i)
        ck_assert_ptr_nonnull(strstr(h->why[0], "did not boot: npf"));
}
END_TEST

/* What a VMCB says can change between two entries. */
START_TEST(gmet_can_come_and_go)
{
    const struct heard *h;

    add_step(STEP_VMCB)->vmcb.set = NESTED_CTL_GMET;
    add_read(s, 0x1000);
    add_step(STEP_VMCB)->vmcb.clear = NESTED_CTL_GMET;
    add_step(STEP_RESUME);
    h = live(s);
    ck_assert_str_eq(h->how[1], "npf");
    ck_assert_uint_eq(h->npf[0], 0x100000011);
    ck_assert_str_eq(h->how[3], "completed");
}
END_TEST

/* A promise that was broken: who relies on it goes on with the old ASID. */
START_TEST(a_clean_bit_that_lies_may_be_believed)
{
    const struct heard *h;

    s->config.cpu.knobs.vmcb_clean_strict = _i & 1;
    s->config.bare.vmcb.clean = _i & 2;
    add_read(s, 0x1000);
    add_step(STEP_VMCB)->vmcb.asid = 2;
    add_read(s, 0x1000);
    h = live(s);
    ck_assert_str_eq(h->how[2], "completed");
    ck_assert_int_eq(!!h->count[EV_vmcb_stale], _i == 3);
}
END_TEST

/* Programs of two vCPUs lie apart; the kernel is what is around them. */
START_TEST(a_program_can_be_forbidden_without_its_kernel)
{
    const struct heard *h;

    s->config.vm.n_vcpus = 2;
    add_step(STEP_NPT)->npt =
        (struct run_npt) { .part = NPT_PROGRAM, .change = { .set = PTE_NX } };
    add_read(s, 0x1000);
    add_read(s, 0x1000);
    s->steps[2].vcpu = s->steps[2].code.vcpu = 1;
    h = live(s);
    for (unsigned i = 1; i <= 2; i++) {
        ck_assert_str_eq(h->how[i], "npf");
        ck_assert_uint_eq(h->npf[i - 1], 0x100000015);
    }
}
END_TEST

/* ---- translations that are remembered ---- */

static const struct {
    enum step_kind kind;
    enum bare_flush what;
    gva_t gva;
    const char *how; /* the write afterwards */
} flushes[] = {
    { STEP_FLUSH, BARE_FLUSH_ASID, 0, "npf" },
    { STEP_FLUSH, BARE_FLUSH_ALL, 0, "npf" },
    /* It takes a linear address, and nested entries have none. */
    { STEP_INVLPGA, BARE_FLUSH_ASID, 0x200000, "completed" },
    { STEP_NPT, BARE_FLUSH_ASID, 0, "completed" }, /* none at all */
};

START_TEST(only_a_flush_makes_the_cpu_look_again)
{
    const struct heard *h;
    struct run_step *step;

    s->config.cpu.tlb.mode = TLB_ADVERSARIAL;
    s->config.guest.page_size = PAGE_SIZE_4K;
    add_write(s, 0x200000);
    add_npt(0x200000, 0, PTE_W);
    step = add_step(flushes[_i].kind);
    step->flush = flushes[_i].what;
    step->gva = flushes[_i].gva;
    step->npt = page(0x300000, 0, 0);
    add_write(s, 0x200000);
    h = live(s);
    ck_assert_str_eq(h->how[3], flushes[_i].how);
}
END_TEST

/* ---- encrypted guests ---- */

START_TEST(encrypted_guests_boot_and_keep_their_secrets)
{
    static const enum vm_type types[] = { VM_SEV, VM_SEV_ES };
    const struct heard *h;

    teardown();
    setup_on(types[_i]);
    s->config.cpu.mem_encrypt = true;
    begin_with(0x200000, 0, PTE_P);
    add_write(s, 0x300000);
    add_read(s, 0x300000);
    add_read(s, 0x200000);
    add_npt(0x200000, PTE_P, 0);
    add_step(STEP_RESUME);
    h = live(s);
    ck_assert_str_eq(h->how[1], "completed");
    ck_assert_str_eq(h->how[2], "npf");
    ck_assert_str_eq(h->how[4], "completed");
}
END_TEST

/* #VC instead of an exit, and a question that stays without an answer. */
START_TEST(a_question_of_the_guest_ends_the_step)
{
    const struct heard *h;

    teardown();
    setup_on(VM_SEV_ES);
    s->config.cpu.mem_encrypt = true;
    begin_with(0x200000, BIT(50), 0);
    add_read(s, 0x200000);
    add_read(s, 0x1000);
    h = live(s);
    ck_assert_str_eq(h->how[0], "vmgexit");
    ck_assert_uint_eq(h->count[EV_vc], 1);
    ck_assert_str_eq(h->how[1], "skipped");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bare");
    TCase *t = tcase_create("bare");

    suite_add_tcase(suite, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, memory_is_there_without_a_fault);
    tcase_add_test(t, a_fault_stays_until_somebody_mends_it);
    tcase_add_test(t, other_vcpus_go_on);
    tcase_add_loop_test(t, skipped_steps_stay_skipped, 0, 2);
    tcase_add_test(t, an_interrupted_event_is_delivered_later);
    tcase_add_test(t, a_loop_is_a_hang);
    tcase_add_test(t, a_triple_fault_is_a_shutdown);
    tcase_add_test(t, a_refused_vmcb_is_told_at_the_boot);
    tcase_add_test(t, a_refused_register_means_no_vm);
    tcase_add_test(t, a_change_that_cannot_be_is_an_error_of_its_step);
    tcase_add_loop_test(t, gmet_needs_the_kernels_pages_marked, 0, 2);
    tcase_add_test(t, gmet_can_come_and_go);
    tcase_add_loop_test(t, a_clean_bit_that_lies_may_be_believed, 0, 4);
    tcase_add_test(t, a_program_can_be_forbidden_without_its_kernel);
    tcase_add_loop_test(t, only_a_flush_makes_the_cpu_look_again, 0,
                        (int)ARRAY_SIZE(flushes));
    tcase_add_loop_test(t, encrypted_guests_boot_and_keep_their_secrets, 0, 2);
    tcase_add_test(t, a_question_of_the_guest_ends_the_step);
    return run_suite(suite);
}
