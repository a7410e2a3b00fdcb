/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_vm.c - creating VMs: which errno userspace sees, and the SEV launch.
 *
 * Rules beyond the tables that tests/cli/golden.sh compares; the launch follows
 * the state machine of the SEV API (pub. 55766).
 */
#include "kvm/mmu/mmu.h"
#include "unit/kvm/fake_machine.h"
#include "unit/suite.h"

static struct fixture x;

static void setup(void)
{
    fixture_setup(&x);
}

static void teardown(void)
{
    fixture_teardown(&x);
}

/* ---- which errno userspace sees ---- */

static int op(enum sev_cmd_id id)
{
    struct sev_cmd cmd = { .id = id };

    return kvm_memory_encrypt_op(x.vm, &cmd);
}

START_TEST(a_null_argument_asks_whether_sev_is_on)
{
    fixture_vm(&x, SEV_CMD_PROBE);
    ck_assert_int_eq(op(SEV_CMD_PROBE), 0);
    x.m.sev = false;
    ck_assert_int_eq(op(SEV_CMD_PROBE), -ENOTTY);
    ck_assert_int_eq(op(SEV_CMD_LAUNCH_START), -ENOTTY);
}
END_TEST

START_TEST(es_init_needs_sev_es)
{
    x.m.sev_es = false;
    fixture_vm(&x, SEV_CMD_PROBE);
    ck_assert_int_eq(op(SEV_CMD_ES_INIT), -ENOTTY);
}
END_TEST

START_TEST(init_comes_before_the_first_vcpu)
{
    fixture_vm(&x, SEV_CMD_PROBE); /* has one */
    ck_assert_int_eq(op(SEV_CMD_INIT), -EINVAL);
}
END_TEST

START_TEST(a_second_init_is_busy_before_6_9_and_invalid_after)
{
    x.kernel.slot[SLOT_SEV_REINIT_ERRNO] = _i;
    x.k = kvm_open(x.pool, &x.m);
    ck_assert_int_eq(kvm_create_vm(x.k, KVM_X86_DEFAULT_VM, &x.vm), 0);
    ck_assert_int_eq(op(SEV_CMD_INIT), 0);
    ck_assert_int_eq(op(SEV_CMD_INIT),
                     _i == SEV_REINIT_EBUSY ? -EBUSY : -EINVAL);
}
END_TEST

START_TEST(asids_run_out)
{
    x.m.min_sev_asid = 3;
    x.m.max_sev_es_asid = 2;
    x.k = kvm_open(x.pool, &x.m);
    for (uint32_t i = 1; i <= 3; i++) {
        ck_assert_int_eq(kvm_create_vm(x.k, KVM_X86_DEFAULT_VM, &x.vm), 0);
        ck_assert_int_eq(op(SEV_CMD_ES_INIT), i <= 2 ? 0 : -EBUSY);
        ck_assert_uint_eq(x.vm->sev.asid, i <= 2 ? i : 0);
    }
    ck_assert_int_eq(op(SEV_CMD_INIT), 0); /* SEV has its own range */
    ck_assert_uint_eq(x.vm->sev.asid, 3);
}
END_TEST

START_TEST(an_snp_vm_can_be_created_but_gets_no_vcpu)
{
    struct kvm_vcpu *v;

    x.kernel.slot[SLOT_VM_CREATE] = VM_CREATE_TYPED;
    x.m.vm_types = 0x1d;
    x.m.min_snp_asid = 5;
    x.m.max_snp_asid = 6;
    x.k = kvm_open(x.pool, &x.m);
    ck_assert_int_eq(kvm_create_vm(x.k, KVM_X86_SNP_VM, &x.vm), 0);
    ck_assert_int_eq(op(SEV_CMD_INIT2), 0);
    ck_assert_uint_eq(x.vm->sev.asid, 5);
    ck_assert_int_eq(kvm_create_vcpu(x.vm, 0, &v), -EOPNOTSUPP);
    x.m.vm_types = 0xd;
    ck_assert_int_eq(kvm_create_vm(x.k, KVM_X86_SNP_VM, &x.vm), -EINVAL);
    ck_assert_int_eq(kvm_create_vm(x.k, KVM_X86_SEV_ES_VM, &x.vm), 0);
    ck_assert_int_eq(kvm_create_vm(x.k, 31, &x.vm), -EINVAL);
    ck_assert_int_eq(kvm_create_vm(x.k, 77, &x.vm), -EINVAL);
}
END_TEST

START_TEST(shadow_paging_is_refused_not_pretended)
{
    struct kvm_vcpu *v;

    x.m.npt_enabled = x.m.sev = false;
    x.k = kvm_open(x.pool, &x.m);
    ck_assert_int_eq(kvm_create_vm(x.k, 0, &x.vm), 0);
    ck_assert_int_eq(op(SEV_CMD_INIT), -ENOTTY);
    ck_assert_int_eq(kvm_create_vcpu(x.vm, 0, &v), -EOPNOTSUPP);
}
END_TEST

START_TEST(the_first_vm_switches_svm_on)
{
    x.k = kvm_open(x.pool, &x.m);
    ck_assert_uint_eq(x.f->efer, 0);
    kvm_create_vm(x.k, 0, &x.vm);
    ck_assert_uint_eq(x.f->efer, EFER_SVME);
    ck_assert(x.f->hsave && is_aligned(x.f->hsave, PAGE_SIZE_4K));
}
END_TEST

START_TEST(a_typed_vm_without_init2_does_not_run)
{
    x.kernel.slot[SLOT_VM_CREATE] = VM_CREATE_TYPED;
    x.m.vm_types = 0xd;
    x.k = kvm_open(x.pool, &x.m);
    kvm_create_vm(x.k, KVM_X86_SEV_VM, &x.vm);
    ck_assert_int_eq(kvm_create_vcpu(x.vm, 0, &x.v), 0);
    ck_assert_int_eq(kvm_run(x.v, NULL), -EINVAL);
}
END_TEST

START_TEST(vcpu_ids_are_unique_and_small)
{
    fixture_vm(&x, SEV_CMD_PROBE);
    ck_assert_int_eq(kvm_create_vcpu(x.vm, 0, &x.v), -EEXIST);
    ck_assert_int_eq(kvm_create_vcpu(x.vm, 4096, &x.v), -EINVAL);
    ck_assert_int_eq(kvm_create_vcpu(x.vm, 4095, &x.v), 0);
}
END_TEST

/* ---- registers and launch ---- */

static struct kvm_regs odd_regs(void)
{
    struct kvm_regs r = { .rip = 0x1234,
                          .rflags = 2,
                          .cr0 = CR0_PE | CR0_PG,
                          .cr3 = 0x5000,
                          .cr4 = CR4_PAE,
                          .efer = EFER_LME | EFER_LMA,
                          .cpl = 3,
                          .gdt_base = 0x111000,
                          .idt_base = 0x222000,
                          .tr_base = 0x333000,
                          .gdt_limit = 0x7f,
                          .idt_limit = 0xfff,
                          .tr_limit = 0x67,
                          .cs = 0x33,
                          .ss = 0x2b,
                          .ds = 0x23,
                          .tr = 0x40 };

    for (unsigned i = 0; i < N_GPRS; i++)
        r.gpr[i] = 0x1000 + i;
    return r;
}

START_TEST(registers_come_back_as_they_were_set)
{
    struct kvm_regs set = odd_regs(), get;

    fixture_vm(&x, SEV_CMD_PROBE);
    ck_assert_int_eq(kvm_set_regs(x.v, &set), 0);
    ck_assert_int_eq(kvm_get_regs(x.v, &get), 0);
    ck_assert_mem_eq(&set, &get, sizeof(set));
}
END_TEST

/* APM vol. 2, 15.5.1 and table 4-3: type, S, DPL, P, L, D, G of flat segments.
 */
START_TEST(segments_are_flat_and_64_bit)
{
    struct kvm_regs r = odd_regs();
    spa_t save;

    fixture_vm(&x, SEV_CMD_PROBE);
    kvm_set_regs(x.v, &r);
    save = x.v->vmcb + VMCB_SAVE;
    ck_assert_uint_eq(fake_read64(x.f, save + SAVE_CS),
                      0xffffffff00000033ULL | 0xafbULL << 16);
    ck_assert_uint_eq(fake_read64(x.f, save + SAVE_SS),
                      0xffffffff0000002bULL | 0xcf3ULL << 16);
    ck_assert_uint_eq(fake_read64(x.f, save + SAVE_TR),
                      0x6700000040ULL | 0x8bULL << 16);
    ck_assert_uint_eq(*fake_byte(x.f, save + SAVE_CPL), 3);
    ck_assert(fake_read64(x.f, save + SAVE_EFER) & EFER_SVME);
}
END_TEST

START_TEST(an_sev_es_vcpu_is_set_up_for_it)
{
    spa_t vmcb;

    fixture_vm(&x, SEV_CMD_ES_INIT);
    vmcb = x.v->vmcb;
    ck_assert_uint_eq(fake_read64(x.f, vmcb + VMCB_NESTED_CTL), 7);
    ck_assert_uint_eq(fake_read64(x.f, vmcb + VMCB_VIRT_EXT), VIRT_EXT_LBR);
    ck_assert_uint_eq(fake_read64(x.f, vmcb + VMCB_VMSA_PA), x.v->vmsa);
    /* Version 1 to 1, C-bit 47, "SEV information". */
    ck_assert_uint_eq(fake_read64(x.f, vmcb + VMCB_GHCB_GPA),
                      0x000100012f000001ULL);
}
END_TEST

START_TEST(the_launch_encrypts_data_and_registers)
{
    static const enum psp_cmd want[] = {
        PSP_INIT,
        PSP_LAUNCH_START,
        PSP_ACTIVATE,
        PSP_LAUNCH_UPDATE_DATA,
        PSP_LAUNCH_UPDATE_DATA,
        PSP_LAUNCH_UPDATE_VMSA,
        PSP_LAUNCH_FINISH,
    };
    struct sev_cmd data = { .id = SEV_CMD_LAUNCH_UPDATE_DATA, .len = 0x1800 };
    struct kvm_regs r = odd_regs();

    fixture_vm(&x, SEV_CMD_ES_INIT);
    data.hva = kvm_host_mmap(x.k, 0x2000, 0x1000);
    kvm_set_regs(x.v, &r);
    ck_assert_int_eq(op(SEV_CMD_LAUNCH_START), 0);
    ck_assert_uint_eq(x.f->psp_last.asid, 1);
    ck_assert_int_eq(kvm_memory_encrypt_op(x.vm, &data), 0);
    ck_assert_uint_eq(x.f->psp_last.len, 0x800);
    ck_assert_int_eq(op(SEV_CMD_LAUNCH_UPDATE_VMSA), 0);
    ck_assert_uint_eq(x.f->psp_last.spa, x.v->vmsa);
    ck_assert_uint_eq(x.f->psp_last.handle, 7);
    ck_assert_int_eq(op(SEV_CMD_LAUNCH_FINISH), 0);
    ck_assert_uint_eq(x.f->psp_calls, ARRAY_SIZE(want));
    for (unsigned i = 0; i < ARRAY_SIZE(want); i++)
        ck_assert_int_eq(x.f->psp_log[i], want[i]);

    /* The VMSA's layout: APM vol. 2, table B-4. */
    ck_assert_uint_eq(fake_read64(x.f, x.v->vmsa + 0x178), 0x1234); /* RIP */
    ck_assert_uint_eq(fake_read64(x.f, x.v->vmsa + 0x1d8), 0x1004); /* RSP */
    ck_assert_uint_eq(fake_read64(x.f, x.v->vmsa + 0x318), 0x1003); /* RBX */
    ck_assert_uint_eq(fake_read64(x.f, x.v->vmsa + 0x378), 0x100f); /* R15 */
    ck_assert_uint_eq(fake_read64(x.f, x.v->vmsa + 0x3e8), 1);      /* XCR0 */
}
END_TEST

START_TEST(encrypted_registers_are_out_of_reach)
{
    struct kvm_regs r = odd_regs();

    fixture_vm(&x, SEV_CMD_ES_INIT);
    op(SEV_CMD_LAUNCH_START);
    ck_assert_int_eq(kvm_get_regs(x.v, &r), 0);
    op(SEV_CMD_LAUNCH_UPDATE_VMSA);
    ck_assert_int_eq(kvm_get_regs(x.v, &r), -EINVAL);
    ck_assert_int_eq(kvm_set_regs(x.v, &r), -EINVAL);
}
END_TEST

START_TEST(a_refusal_of_the_firmware_is_eio)
{
    fixture_vm(&x, SEV_CMD_INIT);
    ck_assert_int_eq(op(SEV_CMD_LAUNCH_UPDATE_VMSA), -ENOTTY);
    x.f->psp_status = PSP_INVALID_GUEST_STATE;
    ck_assert_int_eq(op(SEV_CMD_LAUNCH_START), -EIO);
    ck_assert_int_eq(op(SEV_CMD_LAUNCH_FINISH), -EIO);
}
END_TEST

START_TEST(a_default_vm_cannot_be_launched)
{
    fixture_vm(&x, SEV_CMD_PROBE);
    ck_assert_int_eq(op(SEV_CMD_LAUNCH_START), -ENOTTY);
    ck_assert_int_eq(op((enum sev_cmd_id)99), -ENOTTY);
}
END_TEST

/* ---- ASIDs and flushes ---- */

START_TEST(a_new_root_flushes_the_guest)
{
    struct kvm_memory_region gone = { .slot = 0 };
    unsigned exits;

    fixture_vm(&x, SEV_CMD_INIT);
    fixture_slot(&x, 0, 0, 0x2000, 0x1000, false);
    fixture_run(&x, 1, &exits);
    ck_assert_uint_eq(fake_read64(x.f, x.v->vmcb + VMCB_ASID),
                      3ULL << 32 | 100);
    fixture_run(&x, 1, &exits);
    ck_assert_uint_eq(fake_read64(x.f, x.v->vmcb + VMCB_ASID), 100);
    kvm_set_memory_region(x.vm, &gone);
    fixture_run(&x, 1, &exits);
    ck_assert_uint_eq(fake_read64(x.f, x.v->vmcb + VMCB_ASID),
                      3ULL << 32 | 100);
}
END_TEST

START_TEST(vcpus_of_an_encrypted_vm_flush_each_other_out)
{
    struct kvm_vcpu *other;
    unsigned exits;

    fixture_vm(&x, SEV_CMD_INIT);
    kvm_create_vcpu(x.vm, 1, &other);
    fixture_run(&x, 1, &exits);
    kvm_run(other, NULL);
    fixture_run(&x, 1, &exits);
    ck_assert_uint_eq(fake_read64(x.f, x.v->vmcb + VMCB_ASID) >> 32, 3);
}
END_TEST

START_TEST(plain_guests_take_asids_above_those_of_sev)
{
    unsigned exits;

    fixture_vm(&x, SEV_CMD_PROBE);
    fixture_run(&x, 1, &exits);
    ck_assert_uint_eq(fake_read64(x.f, x.v->vmcb + VMCB_ASID) & 0xffffffff,
                      510);
}
END_TEST

START_TEST(without_flush_by_asid_a_flush_is_a_new_asid)
{
    struct kvm_memory_region gone = { .slot = 0 };
    unsigned exits;

    x.m.svm_features &= ~FAKE_FLUSH;
    fixture_vm(&x, SEV_CMD_PROBE);
    fixture_slot(&x, 0, 0, 0x2000, 0x1000, false);
    fixture_run(&x, 1, &exits);
    ck_assert_uint_eq(x.v->asid, 510);
    kvm_set_memory_region(x.vm, &gone);
    fixture_run(&x, 1, &exits);
    ck_assert_uint_eq(x.v->asid, 511);
    ck_assert_uint_eq(fake_read64(x.f, x.v->vmcb + VMCB_ASID), 511);
}
END_TEST

/* ---- exits ---- */

static void exit_once(struct fake_machine *f, spa_t vmcb, uint64_t *gpr)
{
    const uint64_t *code = f->guest_ctx;

    (void)gpr;
    fake_exit(f, vmcb, *code, 0, 0);
    fake_write64(f, vmcb + VMCB_NRIP, FAKE_RIP + 3);
    f->npf++;
}

static const struct {
    uint64_t code;
    int ret;
    unsigned reason;
    uint64_t rip;
} exits_of[] = {
    { EXIT_HLT, 0, KVM_EXIT_HLT, FAKE_RIP + 3 },
    { EXIT_SHUTDOWN, 0, KVM_EXIT_SHUTDOWN, FAKE_RIP },
    { EXIT_INVALID, 0, KVM_EXIT_FAIL_ENTRY, FAKE_RIP },
    { 0x87, 0, KVM_EXIT_INTERNAL_ERROR, FAKE_RIP }, /* RDTSCP: no handler */
};

START_TEST(an_exit_reaches_userspace)
{
    struct kvm_regs r;
    uint64_t code = exits_of[_i].code;

    fixture_vm(&x, SEV_CMD_PROBE);
    x.f->guest = exit_once;
    x.f->guest_ctx = &code;
    ck_assert_int_eq(kvm_run(x.v, NULL), exits_of[_i].ret);
    ck_assert_uint_eq(kvm_run_of(x.v)->exit_reason, exits_of[_i].reason);
    ck_assert_uint_eq(kvm_last_exit_of(x.v).code, code);
    kvm_get_regs(x.v, &r);
    ck_assert_uint_eq(r.rip, exits_of[_i].rip);
}
END_TEST

START_TEST(an_interrupt_of_the_host_only_resumes)
{
    uint64_t code = EXIT_INTR, laps = 5;
    struct kvm_signals s = { fixture_laps, &laps };

    fixture_vm(&x, SEV_CMD_PROBE);
    x.f->guest = exit_once;
    x.f->guest_ctx = &code;
    ck_assert_int_eq(kvm_run(x.v, &s), -EINTR);
    ck_assert_uint_eq(kvm_run_of(x.v)->exit_reason, KVM_EXIT_INTR);
    ck_assert_uint_eq(x.f->npf, 5);
}
END_TEST

START_TEST(an_unknown_hypercall_says_so)
{
    uint64_t code = EXIT_VMMCALL, laps = 1;
    struct kvm_signals s = { fixture_laps, &laps };
    struct kvm_regs r;

    fixture_vm(&x, SEV_CMD_PROBE);
    x.f->guest = exit_once;
    x.f->guest_ctx = &code;
    kvm_run(x.v, &s);
    kvm_get_regs(x.v, &r);
    ck_assert_int_eq((int64_t)r.gpr[GPR_RAX], -1000); /* KVM_ENOSYS */
    ck_assert_uint_eq(r.rip, FAKE_RIP + 3);
}
END_TEST

START_TEST(the_shutdown_of_an_sev_es_guest_was_einval_before_6_7)
{
    uint64_t code = EXIT_SHUTDOWN;

    x.kernel.slot[SLOT_ES_SHUTDOWN] = _i;
    fixture_vm(&x, SEV_CMD_ES_INIT);
    x.f->guest = exit_once;
    x.f->guest_ctx = &code;
    ck_assert_int_eq(kvm_run(x.v, NULL),
                     _i == ES_SHUTDOWN_EINVAL ? -EINVAL : 0);
}
END_TEST

static void interrupted_delivery(struct fake_machine *f, spa_t vmcb,
                                 uint64_t *gpr)
{
    const uint64_t *intinfo = f->guest_ctx;

    (void)gpr;
    f->eax = fake_read64(f, vmcb + VMCB_EVENTINJ);
    fake_exit(f, vmcb, EXIT_INTR, 0, 0);
    fake_write64(f, vmcb + VMCB_EXITINTINFO, *intinfo);
}

static const uint64_t events[][2] = {
    /* EXITINTINFO, EVENTINJ of the next VMRUN */
    { 0, 0 },
    { 0x0000000280000b0eULL, 0x0000000280000b0eULL }, /* #PF(2) */
    { 0x80000306ULL, 0x80000306ULL },                 /* #UD */
    { 0x80000080ULL, 0x80000080ULL },                 /* INTR 80h */
    { 0x80000480ULL, 0 },                             /* INT 80h: again */
};

START_TEST(an_interrupted_event_is_injected_again)
{
    uint64_t laps = 2;
    struct kvm_signals s = { fixture_laps, &laps };

    fixture_vm(&x, SEV_CMD_PROBE);
    x.f->guest = interrupted_delivery;
    x.f->guest_ctx = (void *)(uintptr_t)&events[_i][0];
    kvm_run(x.v, &s);
    ck_assert_uint_eq(x.f->eax, events[_i][1]);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("kvm/vm");
    TCase *t = tcase_create("vm");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, a_null_argument_asks_whether_sev_is_on);
    tcase_add_test(t, es_init_needs_sev_es);
    tcase_add_test(t, init_comes_before_the_first_vcpu);
    tcase_add_loop_test(t, a_second_init_is_busy_before_6_9_and_invalid_after,
                        0, 2);
    tcase_add_test(t, asids_run_out);
    tcase_add_test(t, an_snp_vm_can_be_created_but_gets_no_vcpu);
    tcase_add_test(t, shadow_paging_is_refused_not_pretended);
    tcase_add_test(t, the_first_vm_switches_svm_on);
    tcase_add_test(t, a_typed_vm_without_init2_does_not_run);
    tcase_add_test(t, vcpu_ids_are_unique_and_small);
    tcase_add_test(t, registers_come_back_as_they_were_set);
    tcase_add_test(t, segments_are_flat_and_64_bit);
    tcase_add_test(t, an_sev_es_vcpu_is_set_up_for_it);
    tcase_add_test(t, the_launch_encrypts_data_and_registers);
    tcase_add_test(t, encrypted_registers_are_out_of_reach);
    tcase_add_test(t, a_refusal_of_the_firmware_is_eio);
    tcase_add_test(t, a_default_vm_cannot_be_launched);
    tcase_add_test(t, a_new_root_flushes_the_guest);
    tcase_add_test(t, vcpus_of_an_encrypted_vm_flush_each_other_out);
    tcase_add_test(t, plain_guests_take_asids_above_those_of_sev);
    tcase_add_test(t, without_flush_by_asid_a_flush_is_a_new_asid);
    tcase_add_loop_test(t, an_exit_reaches_userspace, 0, ARRAY_SIZE(exits_of));
    tcase_add_test(t, an_interrupt_of_the_host_only_resumes);
    tcase_add_test(t, an_unknown_hypercall_says_so);
    tcase_add_loop_test(
        t, the_shutdown_of_an_sev_es_guest_was_einval_before_6_7, 0, 2);
    tcase_add_loop_test(t, an_interrupted_event_is_injected_again, 0,
                        ARRAY_SIZE(events));
    suite_add_tcase(s, t);
    return run_suite(s);
}
