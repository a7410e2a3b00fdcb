/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_ghcb.c - VMGEXIT: validation, MMIO, the MSR protocol, termination.
 *
 * Expected answers: GHCB standard (pub. 56421), and the order of the checks in
 * sev_es_validate_vmgexit() and setup_vmgexit_scratch() of Linux 6.1.
 */
#include "kvm/svm/svm.h"
#include "unit/kvm/fake_machine.h"
#include "unit/suite.h"

#define GHCB    0x8000ULL
#define SCRATCH (GHCB + GHCB_SHARED_BUFFER)
#define DEVICE  0xfed00000ULL

static struct fixture x;

/* One request of the guest, and what it finds in the page afterwards. */
static struct {
    uint64_t msr;
    uint64_t exit, info1, info2, scratch, rax, rcx, xcr0;
    uint32_t usage;
    uint64_t valid[2];
    unsigned laps;
    uint64_t msr_after;
} ask;

static void put(unsigned offset, const void *data, unsigned len)
{
    ck_assert_int_eq(kvm_write_guest(x.vm, GHCB + offset, data, len), 0);
}

static uint64_t get(gpa_t gpa)
{
    uint64_t value;

    ck_assert_int_eq(kvm_read_guest(x.vm, gpa, &value, 8), 0);
    return value;
}

static void valid(unsigned offset)
{
    ask.valid[offset / 8 / 64] |= BIT(offset / 8 % 64);
}

static void asking_guest(struct fake_machine *f, spa_t vmcb, uint64_t *gpr)
{
    (void)gpr;
    ask.msr_after = fake_read64(f, vmcb + VMCB_GHCB_GPA);
    if (ask.laps++) {
        fake_exit(f, vmcb, EXIT_HLT, 0, 0);
        return;
    }
    if (ask.msr == GHCB) {
        put(GHCB_RAX, &ask.rax, 8);
        put(GHCB_RCX, &ask.rcx, 8);
        put(GHCB_SW_EXITCODE, &ask.exit, 8);
        put(GHCB_SW_EXITINFO1, &ask.info1, 8);
        put(GHCB_SW_EXITINFO2, &ask.info2, 8);
        put(GHCB_SW_SCRATCH, &ask.scratch, 8);
        put(GHCB_VALID_BITMAP, ask.valid, 16);
        put(GHCB_USAGE, &ask.usage, 4);
    }
    fake_write64(f, vmcb + VMCB_GHCB_GPA, ask.msr);
    fake_exit(f, vmcb, EXIT_VMGEXIT, 0, 0);
}

static void setup(void)
{
    fixture_setup(&x);
    memset(&ask, 0, sizeof(ask));
    ask.msr = GHCB;
    ask.scratch = SCRATCH;
    valid(GHCB_SW_EXITCODE);
    valid(GHCB_SW_EXITINFO1);
    valid(GHCB_SW_EXITINFO2);
}

static void teardown(void)
{
    fixture_teardown(&x);
}

static void vm(void)
{
    fixture_vm(&x, SEV_CMD_ES_INIT);
    ck_assert_int_eq(fixture_slot(&x, 0, 0, 0x40000, 0x1000, false), 0);
    x.f->guest = asking_guest;
}

static void request(uint64_t exit, uint64_t info1, uint64_t info2)
{
    ask.exit = exit;
    ask.info1 = info1;
    ask.info2 = info2;
}

/* The request must have been answered without leaving KVM_RUN. */
static void expect_answer(uint64_t info1, uint64_t info2)
{
    ck_assert_int_eq(kvm_run(x.v, NULL), 0);
    ck_assert_uint_eq(kvm_run_of(x.v)->exit_reason, KVM_EXIT_HLT);
    ck_assert_uint_eq(get(GHCB + GHCB_SW_EXITINFO1), info1);
    ck_assert_uint_eq(get(GHCB + GHCB_SW_EXITINFO2), info2);
}

/* ---- validation ---- */

START_TEST(a_page_for_some_other_use_is_reason_2)
{
    vm();
    request(0x99, 0, 0); /* unknown, too; the usage is looked at first */
    ask.usage = 1;
    expect_answer(2, GHCB_ERR_INVALID_USAGE);
}
END_TEST

START_TEST(a_missing_exit_word_is_reason_4)
{
    static const unsigned word[] = { GHCB_SW_EXITCODE, GHCB_SW_EXITINFO1,
                                     GHCB_SW_EXITINFO2 };

    vm();
    request(NAE_NMI_COMPLETE, 0, 0);
    ask.valid[1] &= ~BIT(word[_i] / 8 % 64);
    expect_answer(2, GHCB_ERR_MISSING_INPUT);
}
END_TEST

static const struct {
    uint64_t exit, rax;
    unsigned valid[3]; /* offsets, 0 ends */
    uint64_t reason;   /* 0 = fine */
} rules[] = {
    { 0x80000099, 0, { 0 }, GHCB_ERR_INVALID_EVENT },
    { EXIT_NPF, 0, { 0 }, GHCB_ERR_INVALID_EVENT },
    { EXIT_HLT, 0, { 0 }, GHCB_ERR_INVALID_EVENT },
    { EXIT_CPUID, 0, { 0 }, GHCB_ERR_MISSING_INPUT },
    { EXIT_CPUID, 0, { GHCB_RAX }, GHCB_ERR_MISSING_INPUT },
    { EXIT_CPUID, 1, { GHCB_RAX, GHCB_RCX }, 0 },
    { EXIT_CPUID, 0xd, { GHCB_RAX, GHCB_RCX }, GHCB_ERR_MISSING_INPUT },
    { EXIT_CPUID, 0xd, { GHCB_RAX, GHCB_RCX, GHCB_XCR0 }, 0 },
    { EXIT_VMMCALL, 0, { GHCB_RAX }, GHCB_ERR_MISSING_INPUT },
    { EXIT_VMMCALL, 0, { GHCB_RAX, GHCB_CPL }, 0 },
    { NAE_MMIO_READ, 0, { 0 }, GHCB_ERR_MISSING_INPUT },
    { 0x37, 0, { 0 }, GHCB_ERR_MISSING_INPUT },
    { EXIT_MSR, 0, { 0 }, GHCB_ERR_MISSING_INPUT },
    { NAE_NMI_COMPLETE, 0, { 0 }, 0 },
    /* Events of protocol version 2, to a kernel of version 1. */
    { NAE_TERMINATE, 0, { 0 }, GHCB_ERR_INVALID_EVENT },
    { 0x8000fffd, 0, { 0 }, GHCB_ERR_INVALID_EVENT },
};

START_TEST(each_request_needs_its_own_fields)
{
    vm();
    request(rules[_i].exit, 0, 0);
    ask.rax = rules[_i].rax;
    for (unsigned i = 0; i < 3 && rules[_i].valid[i]; i++)
        valid(rules[_i].valid[i]);
    expect_answer(rules[_i].reason ? 2 : 0, rules[_i].reason);
}
END_TEST

START_TEST(early_kernels_end_kvm_run_instead)
{
    x.kernel.slot[SLOT_GHCB_BAD_SCRATCH] = GHCB_BAD_EINVAL;
    vm();
    request(0x80000099, 0, 0);
    ck_assert_int_eq(kvm_run(x.v, NULL), -EINVAL);
}
END_TEST

START_TEST(ioio_needs_rax_for_out_and_a_buffer_for_strings)
{
    static const uint64_t info1[] = { 0x03f80210, 0x03f80214 };

    vm();
    request(EXIT_IOIO, info1[_i], 0);
    expect_answer(2, GHCB_ERR_MISSING_INPUT);
}
END_TEST

START_TEST(only_what_the_guest_marks_valid_is_seen_and_only_four_come_back)
{
    uint64_t secret = 0x5ec4e7;

    vm();
    request(EXIT_CPUID, 0, 0);
    ask.rax = 0x80000008;
    valid(GHCB_RAX);
    valid(GHCB_RCX);
    put(GHCB_RBX, &secret, 8); /* not marked */
    expect_answer(0, 0);
    ck_assert_uint_eq(get(GHCB + GHCB_RAX), 48 << 8 | 48);
    ck_assert_uint_eq(get(GHCB + GHCB_RBX), 0);
    /* RAX RBX RCX RDX INFO1 INFO2 */
    ck_assert_uint_eq(get(GHCB + GHCB_VALID_BITMAP), BIT(63));
    ck_assert_uint_eq(get(GHCB + GHCB_VALID_BITMAP + 8),
                      BIT(97 - 64) | BIT(98 - 64) | BIT(99 - 64) |
                          BIT(115 - 64) | BIT(116 - 64));
}
END_TEST

START_TEST(a_ghcb_that_is_not_there_only_resumes)
{
    static const uint64_t msr[] = { 0, 0x100000 };

    vm();
    ask.msr = msr[_i];
    ck_assert_int_eq(kvm_run(x.v, NULL), 0);
    ck_assert_uint_eq(kvm_run_of(x.v)->exit_reason, KVM_EXIT_HLT);
    ck_assert_uint_eq(ask.msr_after, msr[_i]);
}
END_TEST

/* ---- scratch area ---- */

static const struct {
    uint64_t scratch, len;
    bool write;
    bool ok;
} scratch_areas[] = {
    { 0, 4, false, false },
    { ~0ULL - 2, 4, false, false },     /* wraps */
    { GHCB + 0x7f8, 4, false, false },  /* before the buffer */
    { GHCB + 0xfe8, 16, false, false }, /* beyond it */
    { GHCB + 0xfe8, 8, false, true },   /* its last 8 bytes */
    { 0x10000, 0x10001, true, false },  /* over 16 pages */
    { 0x10000, 0x10000, true, true },
    { 0x10ffe, 4, false, true }, /* may cross pages elsewhere */
};

START_TEST(a_scratch_area_must_lie_where_kvm_can_use_it)
{
    vm();
    request(scratch_areas[_i].write ? NAE_MMIO_WRITE : NAE_MMIO_READ, DEVICE,
            scratch_areas[_i].len);
    ask.scratch = scratch_areas[_i].scratch;
    valid(GHCB_SW_SCRATCH);
    if (!scratch_areas[_i].ok) {
        expect_answer(2, GHCB_ERR_INVALID_SCRATCH);
        return;
    }
    ck_assert_int_eq(kvm_run(x.v, NULL), 0);
    ck_assert_uint_eq(kvm_run_of(x.v)->exit_reason, KVM_EXIT_MMIO);
}
END_TEST

START_TEST(a_scratch_area_without_memory_is_efault)
{
    vm();
    request(NAE_MMIO_READ, DEVICE, 8);
    ask.scratch = 0x100000;
    valid(GHCB_SW_SCRATCH);
    ck_assert_int_eq(kvm_run(x.v, NULL), -EFAULT);
}
END_TEST

/* ---- MMIO ---- */

START_TEST(a_read_arrives_in_the_buffer_of_the_guest)
{
    struct kvm_run *run;

    vm();
    request(NAE_MMIO_READ, DEVICE + 0xf0, 4);
    ask.scratch = _i ? 0x10ffe : SCRATCH;
    valid(GHCB_SW_SCRATCH);
    run = kvm_run_of(x.v);
    ck_assert_int_eq(kvm_run(x.v, NULL), 0);
    ck_assert_uint_eq(run->exit_reason, KVM_EXIT_MMIO);
    ck_assert(!run->mmio.is_write);
    ck_assert_uint_eq(run->mmio.phys_addr, DEVICE + 0xf0);
    ck_assert_uint_eq(run->mmio.len, 4);
    memcpy(run->mmio.data, "\x78\x56\x34\x12", 4);
    expect_answer(0, 0);
    ck_assert_uint_eq(get(ask.scratch) & 0xffffffff, 0x12345678);
}
END_TEST

START_TEST(a_write_of_12_bytes_makes_two_exits_and_leaves_the_buffer_alone)
{
    struct kvm_run *run;

    vm();
    request(NAE_MMIO_WRITE, DEVICE, 12);
    valid(GHCB_SW_SCRATCH);
    put(GHCB_SHARED_BUFFER, "abcdefghijkl", 12);
    run = kvm_run_of(x.v);
    ck_assert_int_eq(kvm_run(x.v, NULL), 0);
    ck_assert_uint_eq(run->mmio.len, 8);
    ck_assert_uint_eq(run->mmio.phys_addr, DEVICE);
    ck_assert_mem_eq(run->mmio.data, "abcdefgh", 8);
    ck_assert_int_eq(kvm_run(x.v, NULL), 0);
    ck_assert_uint_eq(run->mmio.len, 4);
    ck_assert_uint_eq(run->mmio.phys_addr, DEVICE + 8);
    ck_assert_mem_eq(run->mmio.data, "ijkl", 4);
    expect_answer(0, 0);
}
END_TEST

START_TEST(a_transfer_of_nothing_is_done_at_once)
{
    vm();
    request(NAE_MMIO_READ, DEVICE, 0);
    valid(GHCB_SW_SCRATCH);
    expect_answer(0, 0);
}
END_TEST

/* Neither memslots nor SPTEs are asked. */
START_TEST(mmio_on_memory_is_mmio_all_the_same)
{
    vm();
    request(NAE_MMIO_WRITE, 0x2000, 8);
    valid(GHCB_SW_SCRATCH);
    ck_assert_int_eq(kvm_run(x.v, NULL), 0);
    ck_assert_uint_eq(kvm_run_of(x.v)->exit_reason, KVM_EXIT_MMIO);
    ck_assert_uint_eq(kvm_run_of(x.v)->mmio.phys_addr, 0x2000);
}
END_TEST

/* ---- other requests ---- */

START_TEST(a_hypercall_is_answered_in_rax)
{
    uint8_t cpl = 3;

    vm();
    request(EXIT_VMMCALL, 0, 0);
    valid(GHCB_RAX);
    valid(GHCB_CPL);
    if (_i)
        put(GHCB_CPL, &cpl, 1);
    expect_answer(0, 0);
    ck_assert_int_eq((int64_t)get(GHCB + GHCB_RAX), _i ? -1 : -1000);
}
END_TEST

START_TEST(the_ap_jump_table_is_kept)
{
    vm();
    request(NAE_AP_JUMP_TABLE, 0, 0x7000);
    expect_answer(0, 0);
    ask.laps = 0;
    request(NAE_AP_JUMP_TABLE, 1, 0);
    expect_answer(0, 0x7000);
    ask.laps = 0;
    request(NAE_AP_JUMP_TABLE, 2, 0);
    expect_answer(2, GHCB_ERR_INVALID_INPUT);
}
END_TEST

START_TEST(an_event_that_the_guest_cannot_handle_is_einval)
{
    vm();
    request(NAE_UNSUPPORTED, 0x400, 0);
    ck_assert_int_eq(kvm_run(x.v, NULL), -EINVAL);
}
END_TEST

START_TEST(a_valid_request_without_a_handler_is_an_internal_error)
{
    vm();
    request(0x6e, 0, 0); /* RDTSC */
    ck_assert_int_eq(kvm_run(x.v, NULL), 0);
    ck_assert_uint_eq(kvm_run_of(x.v)->exit_reason, KVM_EXIT_INTERNAL_ERROR);
    ck_assert_uint_eq(kvm_run_of(x.v)->internal.suberror, 4);
}
END_TEST

START_TEST(a_typed_kernel_knows_version_2)
{
    struct sev_cmd init = { .id = SEV_CMD_INIT2 };

    x.kernel.slot[SLOT_VM_CREATE] = VM_CREATE_TYPED;
    x.kernel.slot[SLOT_SEV_INIT_ERRNO] = SEV_INIT_ENOTTY;
    x.m.vm_types = 0xd;
    x.k = kvm_open(x.pool, &x.m);
    ck_assert_int_eq(kvm_create_vm(x.k, KVM_X86_SEV_ES_VM, &x.vm), 0);
    ck_assert_int_eq(kvm_memory_encrypt_op(x.vm, &init), 0);
    ck_assert_int_eq(kvm_create_vcpu(x.vm, 0, &x.v), 0);
    fixture_slot(&x, 0, 0, 0x40000, 0x1000, false);
    x.f->guest = asking_guest;
    request(0x8000fffd, 0, 0);
    expect_answer(0, 3);

    ask.laps = 0;
    ask.msr = GHCB_MSR_SEV_INFO_REQ;
    ck_assert_int_eq(kvm_run(x.v, NULL), 0);
    ck_assert_uint_eq(ask.msr_after, 0x000200012f000001ULL);

    ask.laps = 0;
    ask.msr = GHCB;
    request(NAE_TERMINATE, 0x31, 0);
    ck_assert_int_eq(kvm_run(x.v, NULL), 0);
    ck_assert_uint_eq(kvm_run_of(x.v)->exit_reason, KVM_EXIT_SYSTEM_EVENT);
}
END_TEST

/* ---- the MSR protocol ---- */

static const struct {
    uint64_t request, response;
} msr_cases[] = {
    { 0x002, 0x000100012f000001 }, /* versions 1..1, C-bit 47 */
    { 0x80000008ULL << 32 | 0x004, 0x0000303000000005 }, /* EAX */
    { 0x8000001f40000004, 0x0000016f40000005 },          /* EBX: 5 << 6 | 47 */
    { 0x0aa, 0x0aa }, /* unknown: unchanged */
    { 0x080, 0x080 }, /* version 2 only */
};

START_TEST(the_msr_protocol_answers_in_the_msr)
{
    vm();
    ask.msr = msr_cases[_i].request;
    ck_assert_int_eq(kvm_run(x.v, NULL), 0);
    ck_assert_uint_eq(ask.msr_after, msr_cases[_i].response);
}
END_TEST

START_TEST(a_guest_that_asks_to_die_is_reported)
{
    x.kernel.slot[SLOT_GHCB_TERMINATE] = _i;
    vm();
    ask.msr = 0x31100;
    if (_i == GHCB_TERM_EINVAL) {
        ck_assert_int_eq(kvm_run(x.v, NULL), -EINVAL);
        return;
    }
    ck_assert_int_eq(kvm_run(x.v, NULL), 0);
    ck_assert_uint_eq(kvm_run_of(x.v)->exit_reason, KVM_EXIT_SYSTEM_EVENT);
    ck_assert_uint_eq(kvm_run_of(x.v)->system_event_data, 0x31100);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("kvm/ghcb");
    TCase *t = tcase_create("ghcb");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, a_page_for_some_other_use_is_reason_2);
    tcase_add_loop_test(t, a_missing_exit_word_is_reason_4, 0, 3);
    tcase_add_loop_test(t, each_request_needs_its_own_fields, 0,
                        ARRAY_SIZE(rules));
    tcase_add_test(t, early_kernels_end_kvm_run_instead);
    tcase_add_loop_test(t, ioio_needs_rax_for_out_and_a_buffer_for_strings, 0,
                        2);
    tcase_add_test(
        t, only_what_the_guest_marks_valid_is_seen_and_only_four_come_back);
    tcase_add_loop_test(t, a_ghcb_that_is_not_there_only_resumes, 0, 2);
    tcase_add_loop_test(t, a_scratch_area_must_lie_where_kvm_can_use_it, 0,
                        ARRAY_SIZE(scratch_areas));
    tcase_add_test(t, a_scratch_area_without_memory_is_efault);
    tcase_add_loop_test(t, a_read_arrives_in_the_buffer_of_the_guest, 0, 2);
    tcase_add_test(
        t, a_write_of_12_bytes_makes_two_exits_and_leaves_the_buffer_alone);
    tcase_add_test(t, a_transfer_of_nothing_is_done_at_once);
    tcase_add_test(t, mmio_on_memory_is_mmio_all_the_same);
    tcase_add_loop_test(t, a_hypercall_is_answered_in_rax, 0, 2);
    tcase_add_test(t, the_ap_jump_table_is_kept);
    tcase_add_test(t, an_event_that_the_guest_cannot_handle_is_einval);
    tcase_add_test(t, a_valid_request_without_a_handler_is_an_internal_error);
    tcase_add_test(t, a_typed_kernel_knows_version_2);
    tcase_add_loop_test(t, the_msr_protocol_answers_in_the_msr, 0,
                        ARRAY_SIZE(msr_cases));
    tcase_add_loop_test(t, a_guest_that_asks_to_die_is_reported, 0, 2);
    suite_add_tcase(s, t);
    return run_suite(s);
}
