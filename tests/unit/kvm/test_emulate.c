/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_emulate.c - KVM executes MOV: sizes, extension, MMIO and memory, faults.
 *
 * Each case is an instruction whose memory operand faults. Expected registers
 * follow APM vol. 3 (MOV, MOVZX, MOVSX) and vol. 1, 3.1.2 (a 32-bit result
 * clears the upper half, smaller ones keep it).
 */
#include "kvm/emulate.h"
#include "kvm/mmu/mmu.h"
#include "kvm/svm/svm.h"
#include "unit/kvm/fake_machine.h"
#include "unit/suite.h"

#define MMIO_GPA 0x40000000ULL
#define LAPS     20

static struct fixture x;

/* The instruction that the guest sits on, and the fault that it raises. */
static struct {
    uint8_t bytes[16];
    unsigned len;       /* of the instruction */
    unsigned delivered; /* bytes that decode assists show, 0 = none */
    gpa_t gpa;
    uint64_t info1;
    uint64_t eventinj; /* of the VMRUN after it */
    unsigned laps;
} now;

static void setup(void)
{
    fixture_setup(&x);
    memset(&now, 0, sizeof(now));
}

static void teardown(void)
{
    fixture_teardown(&x);
}

/* Faults until RIP has moved, then halts. */
static void faulting_guest(struct fake_machine *f, spa_t vmcb, uint64_t *gpr)
{
    uint64_t rip = fake_read64(f, vmcb + VMCB_SAVE + SAVE_RIP);

    (void)gpr;
    now.eventinj = fake_read64(f, vmcb + VMCB_EVENTINJ);
    if (rip != FAKE_RIP || now.laps++ || (now.eventinj & EVENT_V)) {
        fake_exit(f, vmcb, EXIT_HLT, 0, 0);
        fake_write64(f, vmcb + VMCB_NRIP, rip);
        return;
    }
    fake_exit(f, vmcb, EXIT_NPF, now.info1, now.gpa);
    if (now.delivered)
        fake_insn(f, vmcb, now.bytes, now.delivered);
}

static void vm(enum sev_cmd_id cmd)
{
    fixture_vm(&x, cmd);
    x.f->guest = faulting_guest;
    now.info1 = PFERR_GUEST_FINAL | PFERR_USER;
}

static void instruction(const char *bytes, unsigned len, gpa_t gpa)
{
    memcpy(now.bytes, bytes, len);
    now.len = now.delivered = len;
    now.gpa = gpa;
}

static void set_gpr(enum gpr reg, uint64_t value)
{
    struct kvm_regs r;

    kvm_get_regs(x.v, &r);
    r.gpr[reg] = value;
    kvm_set_regs(x.v, &r);
}

static struct kvm_regs regs(void)
{
    struct kvm_regs r;

    ck_assert_int_eq(kvm_get_regs(x.v, &r), 0);
    return r;
}

/* ---- loads ---- */

#define BEFORE 0x1122334455667788ULL

static const struct {
    const char *bytes;
    unsigned len, size;
    uint64_t device; /* what the device returns, little-endian */
    enum gpr reg;
    uint64_t after;
} loads[] = {
    /* [rbx] = MMIO; destination holds BEFORE first. */
    { "\x8a\x03", 2, 1, 0x80, GPR_RAX, 0x1122334455667780 },
    { "\x8a\x23", 2, 1, 0x80, GPR_RAX, 0x1122334455668088 }, /* ah */
    { "\x66\x8b\x03", 3, 2, 0x8001, GPR_RAX, 0x1122334455668001 },
    { "\x8b\x03", 2, 4, 0x80000001, GPR_RAX, 0x80000001 },
    { "\x48\x8b\x03", 3, 8, 0x8000000000000001, GPR_RAX, 0x8000000000000001 },
    { "\x4c\x8b\x2b", 3, 8, 0x42, GPR_R8 + 5, 0x42 },
    { "\x0f\xb6\x0b", 3, 1, 0x80, GPR_RCX, 0x80 },
    { "\x0f\xb7\x0b", 3, 2, 0x8000, GPR_RCX, 0x8000 },
    { "\x48\x0f\xb6\x0b", 4, 1, 0x80, GPR_RCX, 0x80 },
    { "\x0f\xbe\x0b", 3, 1, 0x80, GPR_RCX, 0xffffff80 },
    { "\x66\x0f\xbe\x0b", 4, 1, 0x80, GPR_RCX, 0x112233445566ff80 },
    { "\x48\x0f\xbe\x0b", 4, 1, 0x80, GPR_RCX, 0xffffffffffffff80 },
    { "\x48\x0f\xbf\x0b", 4, 2, 0x8000, GPR_RCX, 0xffffffffffff8000 },
    { "\x48\x63\x0b", 3, 4, 0x80000000, GPR_RCX, 0xffffffff80000000 },
    { "\x48\x63\x0b", 3, 4, 0x7fffffff, GPR_RCX, 0x7fffffff },
};

START_TEST(a_load_from_a_device_extends_as_the_cpu_would)
{
    struct kvm_run *run;

    vm(SEV_CMD_PROBE);
    instruction(loads[_i].bytes, loads[_i].len, MMIO_GPA + 0x10);
    set_gpr(loads[_i].reg, BEFORE);
    set_gpr(GPR_RBX, MMIO_GPA + 0x10);

    run = kvm_run_of(x.v);
    ck_assert_int_eq(kvm_run(x.v, NULL), 0);
    ck_assert_uint_eq(run->exit_reason, KVM_EXIT_MMIO);
    ck_assert(!run->mmio.is_write);
    ck_assert_uint_eq(run->mmio.phys_addr, MMIO_GPA + 0x10);
    ck_assert_uint_eq(run->mmio.len, loads[_i].size);
    ck_assert_uint_eq(regs().rip, FAKE_RIP); /* not before the data is there */

    memcpy(run->mmio.data, &loads[_i].device, 8);
    ck_assert_int_eq(kvm_run(x.v, NULL), 0);
    ck_assert_uint_eq(run->exit_reason, KVM_EXIT_HLT);
    ck_assert_uint_eq(regs().gpr[loads[_i].reg], loads[_i].after);
    ck_assert_uint_eq(regs().rip, FAKE_RIP + loads[_i].len);
}
END_TEST

/* ---- stores ---- */

static const struct {
    const char *bytes;
    unsigned len, size;
    uint64_t data;
} stores[] = {
    /* [rbx] = MMIO, rax = BEFORE */
    { "\x88\x03", 2, 1, 0x88 },
    { "\x88\x23", 2, 1, 0x77 }, /* ah */
    { "\x66\x89\x03", 3, 2, 0x7788 },
    { "\x89\x03", 2, 4, 0x55667788 },
    { "\x48\x89\x03", 3, 8, BEFORE },
    { "\xc6\x03\xfe", 3, 1, 0xfe },
    { "\xc7\x03\x01\x02\x03\x84", 6, 4, 0x84030201 },
    { "\x48\xc7\x03\x01\x02\x03\x84", 7, 8, 0xffffffff84030201 },
    { "\xa3\x10\x00\x00\x40\x00\x00\x00\x00", 9, 4, 0x55667788 }, /* moffs */
    { "\x89\x04\x25\x10\x00\x00\x40", 7, 4, 0x55667788 },         /* disp32 */
};

START_TEST(a_store_to_a_device_leaves_with_its_data_and_rip_moved)
{
    struct kvm_run *run;
    uint64_t data = 0;

    vm(SEV_CMD_PROBE);
    instruction(stores[_i].bytes, stores[_i].len, MMIO_GPA + 0x10);
    now.info1 |= PFERR_WRITE;
    set_gpr(GPR_RAX, BEFORE);
    set_gpr(GPR_RBX, MMIO_GPA + 0x10);

    run = kvm_run_of(x.v);
    ck_assert_int_eq(kvm_run(x.v, NULL), 0);
    ck_assert_uint_eq(run->exit_reason, KVM_EXIT_MMIO);
    ck_assert(run->mmio.is_write);
    ck_assert_uint_eq(run->mmio.phys_addr, MMIO_GPA + 0x10);
    ck_assert_uint_eq(run->mmio.len, stores[_i].size);
    memcpy(&data, run->mmio.data, stores[_i].size);
    ck_assert_uint_eq(data, stores[_i].data);
    ck_assert_uint_eq(regs().rip, FAKE_RIP + stores[_i].len);

    ck_assert_int_eq(kvm_run(x.v, NULL), 0);
    ck_assert_uint_eq(run->exit_reason, KVM_EXIT_HLT);
}
END_TEST

/* ---- through the guest's own tables ---- */

/* 4-level tables at gpa 1000h: gva 0-2M identity in 4K pages, except what a
 * test changes; the slot covers [0, 10000h). */
#define PML4  0x8000ULL
#define PDPT  0x9000ULL
#define PD    0xa000ULL
#define PT    0xb000ULL
#define FLAGS (PTE_P | PTE_W | PTE_U)

static void put64(gpa_t gpa, uint64_t value)
{
    ck_assert_int_eq(kvm_write_guest(x.vm, gpa, &value, 8), 0);
}

static void guest_tables(void)
{
    struct kvm_regs r;

    ck_assert_int_eq(fixture_slot(&x, 0, 0, 0x10000, 0x1000, false), 0);
    put64(PML4, PDPT | FLAGS);
    put64(PDPT, PD | FLAGS);
    put64(PD, PT | FLAGS);
    for (unsigned i = 0; i < 512; i++)
        put64(PT + 8 * i, i * PAGE_SIZE_4K | FLAGS);
    kvm_get_regs(x.v, &r);
    r.cr3 = PML4;
    kvm_set_regs(x.v, &r);
}

START_TEST(an_access_across_two_mmio_pages_makes_two_exits)
{
    struct kvm_run *run;

    vm(SEV_CMD_PROBE);
    guest_tables();
    /* 8 bytes at 20ffdh: 3 on page 20h, 5 on page 21h; both without a slot. */
    instruction("\x48\x8b\x03", 3, 0x20ffd);
    set_gpr(GPR_RBX, 0x20ffd);
    run = kvm_run_of(x.v);
    ck_assert_int_eq(kvm_run(x.v, NULL), 0);
    ck_assert_uint_eq(run->mmio.phys_addr, 0x20ffd);
    ck_assert_uint_eq(run->mmio.len, 3);
    memcpy(run->mmio.data, "\x01\x02\x03", 3);
    ck_assert_int_eq(kvm_run(x.v, NULL), 0);
    ck_assert_uint_eq(run->mmio.phys_addr, 0x21000);
    ck_assert_uint_eq(run->mmio.len, 5);
    memcpy(run->mmio.data, "\x04\x05\x06\x07\x08", 5);
    ck_assert_int_eq(kvm_run(x.v, NULL), 0);
    ck_assert_uint_eq(run->exit_reason, KVM_EXIT_HLT);
    ck_assert_uint_eq(regs().gpr[GPR_RAX], 0x0807060504030201);
}
END_TEST

START_TEST(an_access_half_memory_half_mmio_joins_both)
{
    struct kvm_run *run;

    vm(SEV_CMD_PROBE);
    guest_tables();
    put64(PT + 8 * 0xf, 0x4000 | FLAGS); /* the page before 10000h */
    ck_assert_int_eq(kvm_write_guest(x.vm, 0x4ffe, "\xaa\xbb", 2), 0);
    /* The fault is about the second page. */
    instruction("\x8b\x03", 2, 0x10000);
    set_gpr(GPR_RBX, 0xfffe);
    run = kvm_run_of(x.v);
    ck_assert_int_eq(kvm_run(x.v, NULL), 0);
    ck_assert_uint_eq(run->mmio.phys_addr, 0x10000);
    ck_assert_uint_eq(run->mmio.len, 2);
    memcpy(run->mmio.data, "\xcc\xdd", 2);
    ck_assert_int_eq(kvm_run(x.v, NULL), 0);
    ck_assert_uint_eq(regs().gpr[GPR_RAX], 0xddccbbaa);
}
END_TEST

START_TEST(missing_bytes_are_fetched_through_the_guests_tables)
{
    vm(SEV_CMD_PROBE);
    guest_tables();
    instruction("\x8b\x04\x25\x00\x00\x02\x00", 7, 0x20000);
    ck_assert_int_eq(kvm_write_guest(x.vm, FAKE_RIP, now.bytes, 7), 0);
    now.delivered = (unsigned)_i; /* 0..6 bytes of 7 */
    ck_assert_int_eq(kvm_run(x.v, NULL), 0);
    ck_assert_uint_eq(kvm_run_of(x.v)->exit_reason, KVM_EXIT_MMIO);
    ck_assert_uint_eq(kvm_run_of(x.v)->mmio.len, 4);
}
END_TEST

START_TEST(a_fetch_that_faults_is_the_guests_page_fault)
{
    vm(SEV_CMD_PROBE);
    guest_tables();
    put64(PT + 8, 0x1000 | FLAGS | PTE_NX); /* FAKE_RIP's page */
    instruction("\x8b\x03", 2, 0x20000);
    now.delivered = 0;
    ck_assert_int_eq(kvm_run(x.v, NULL), 0);
    /* #PF(P, I/D) */
    ck_assert_uint_eq(now.eventinj, 0x1100000000ULL | EVENT_V | EVENT_EV |
                                        EVENT_TYPE_EXC << EVENT_TYPE_SHIFT |
                                        VEC_PF);
    ck_assert_uint_eq(fake_read64(x.f, x.v->vmcb + VMCB_SAVE + SAVE_CR2),
                      FAKE_RIP);
}
END_TEST

/* Code in a device: KVM can emulate the access, but not fetch it. */
START_TEST(code_outside_memory_cannot_be_emulated)
{
    vm(SEV_CMD_PROBE);
    guest_tables();
    put64(PT + 8, 0x20000 | FLAGS); /* FAKE_RIP's page has no slot */
    instruction("", 0, 0x20000);
    now.info1 |= PFERR_FETCH;
    ck_assert_int_eq(kvm_run(x.v, NULL), 0);
    ck_assert_uint_eq(kvm_run_of(x.v)->exit_reason, KVM_EXIT_INTERNAL_ERROR);
    ck_assert_uint_eq(kvm_run_of(x.v)->internal.suberror, 1);
}
END_TEST

/* One table entry changed, one access: the guest's own error code, or none. */
static const struct {
    unsigned cpl;
    uint64_t pte, cr0, cr4, rflags;
    bool write;
    int64_t error; /* -1 = the access works */
} walks[] = {
    { 0, 0, 0, 0, 0, false, 0 },
    { 0, PTE_P | PTE_W, 0, 0, 0, true, -1 },
    { 3, PTE_P | PTE_W, 0, 0, 0, false, PFERR_PRESENT | PFERR_USER },
    { 3, PTE_P | PTE_U, 0, 0, 0, true,
      PFERR_PRESENT | PFERR_USER | PFERR_WRITE },
    { 0, PTE_P | PTE_U, CR0_WP, 0, 0, true, PFERR_PRESENT | PFERR_WRITE },
    { 0, PTE_P | PTE_U, 0, 0, 0, true, -1 },
    { 0, PTE_P | PTE_U, 0, CR4_SMAP, 0, false, PFERR_PRESENT },
    { 0, PTE_P | PTE_U, 0, CR4_SMAP, RFLAGS_AC, false, -1 },
    { 0, PTE_P | BIT(50), 0, 0, 0, false, PFERR_PRESENT | PFERR_RSVD },
    { 0, PTE_P | BIT(47), 0, 0, 0, false, -1 }, /* width 48: an address bit */
};

START_TEST(the_software_walk_judges_as_the_guest_would)
{
    uint64_t access = walks[_i].write ? PFERR_WRITE : 0;
    uint32_t error = 0;
    struct kvm_regs r;
    gpa_t gpa;
    bool ok;

    vm(SEV_CMD_PROBE);
    guest_tables();
    put64(PT + 8 * 5, walks[_i].pte);
    kvm_get_regs(x.v, &r);
    r.cpl = walks[_i].cpl;
    r.cr0 = CR0_PE | CR0_PG | walks[_i].cr0;
    r.cr4 = CR4_PAE | walks[_i].cr4;
    r.rflags = 2 | walks[_i].rflags;
    kvm_set_regs(x.v, &r);
    ok = kvm_mmu_gva_to_gpa(x.v, 0x5678, access, &gpa, &error);
    ck_assert_int_eq(ok, walks[_i].error < 0);
    if (ok)
        ck_assert_uint_eq(gpa & 0xfff, 0x678);
    else
        ck_assert_int_eq(error, walks[_i].error);
}
END_TEST

START_TEST(the_software_walk_sets_accessed_and_dirty)
{
    uint64_t leaf, table;
    uint32_t error;
    gpa_t gpa;

    vm(SEV_CMD_PROBE);
    guest_tables();
    ck_assert(kvm_mmu_gva_to_gpa(x.v, 0x5000, PFERR_WRITE, &gpa, &error));
    kvm_read_guest(x.vm, PT + 8 * 5, &leaf, 8);
    kvm_read_guest(x.vm, PD, &table, 8);
    ck_assert_uint_eq(leaf, 0x5000 | FLAGS | PTE_A | PTE_D);
    ck_assert_uint_eq(table, PT | FLAGS | PTE_A);
}
END_TEST

START_TEST(large_guest_pages_are_walked)
{
    uint32_t error;
    gpa_t gpa;

    vm(SEV_CMD_PROBE);
    guest_tables();
    put64(PD + 8, 0x40000000 | FLAGS | PTE_PS);
    put64(PDPT + 8, 0x80000000 | FLAGS | PTE_PS);
    ck_assert(kvm_mmu_gva_to_gpa(x.v, 0x2abcde, 0, &gpa, &error));
    ck_assert_uint_eq(gpa, 0x400abcde);
    ck_assert(kvm_mmu_gva_to_gpa(x.v, 0x43210fed, 0, &gpa, &error));
    ck_assert_uint_eq(gpa, 0x83210fed);
}
END_TEST

/* ---- what cannot be emulated ---- */

static const struct {
    const char *bytes;
    unsigned len, cpl;
    bool exits;
} failures[] = {
    { "\xf0\x0f\xb1\x03", 4, 0, true },  /* lock cmpxchg: not supported */
    { "\xf0\x0f\xb1\x03", 4, 3, false }, /* user code just gets #UD */
    { "\x06", 1, 0, true },              /* push es: #UD in 64-bit mode */
};

START_TEST(an_unsupported_instruction_is_ud_and_an_internal_error_at_cpl_0)
{
    struct kvm_regs r;

    vm(SEV_CMD_PROBE);
    instruction(failures[_i].bytes, failures[_i].len, MMIO_GPA);
    kvm_get_regs(x.v, &r);
    r.cpl = failures[_i].cpl;
    kvm_set_regs(x.v, &r);
    ck_assert_int_eq(kvm_run(x.v, NULL), 0);
    if (failures[_i].exits) {
        ck_assert_uint_eq(kvm_run_of(x.v)->exit_reason,
                          KVM_EXIT_INTERNAL_ERROR);
        ck_assert_uint_eq(kvm_run_of(x.v)->internal.suberror, 1);
        kvm_run(x.v, NULL);
    }
    ck_assert_uint_eq(now.eventinj,
                      EVENT_V | VEC_UD | EVENT_TYPE_EXC << EVENT_TYPE_SHIFT);
    ck_assert_uint_eq(regs().rip, FAKE_RIP);
}
END_TEST

START_TEST(an_address_out_of_canonical_range_is_gp_or_ss)
{
    vm(SEV_CMD_PROBE);
    instruction(_i ? "\x48\x8b\x45\x00" : "\x48\x8b\x03", _i ? 4 : 3, MMIO_GPA);
    set_gpr(_i ? GPR_RBP : GPR_RBX, BIT(47) - 4); /* its last bytes are */
    ck_assert_int_eq(kvm_run(x.v, NULL), 0);
    ck_assert_uint_eq(now.eventinj & EVENT_VECTOR_MASK, _i ? VEC_SS : VEC_GP);
    ck_assert_uint_eq(now.eventinj >> 32, 0);
    ck_assert(now.eventinj & EVENT_EV);
}
END_TEST

/* ---- may KVM emulate? ---- */

static const struct {
    enum sev_cmd_id vm;
    bool assists; /* the CPU has decode assists */
    unsigned bytes;
    uint64_t info1, cr4;
    unsigned cpl;
    enum emulate_answer answer;
    int vector; /* queued, -1 = none */
} verdicts[] = {
    { SEV_CMD_PROBE, true, 0, 0, 0, 0, EMUL_CONTINUE, -1 },
    { SEV_CMD_PROBE, false, 0, 0, 0, 0, EMUL_CONTINUE, -1 },
    { SEV_CMD_ES_INIT, true, 0, 0, 0, 0, EMUL_RETRY_INSTR, -1 },
    { SEV_CMD_INIT, true, 3, 0, 0, 0, EMUL_CONTINUE, -1 },
    { SEV_CMD_INIT, false, 0, 0, 0, 0, EMUL_PROPAGATE_FAULT, VEC_UD },
    { SEV_CMD_INIT, true, 0, 0, 0, 0, EMUL_RETRY_INSTR, -1 },
    { SEV_CMD_INIT, true, 0, PFERR_FETCH, CR4_SMAP, 3, EMUL_RETRY_INSTR, -1 },
    { SEV_CMD_INIT, true, 0, PFERR_GUEST_PAGE, CR4_SMAP, 3, EMUL_RETRY_INSTR,
      -1 },
    { SEV_CMD_INIT, true, 0, 0, CR4_SMAP, 3, EMUL_PROPAGATE_FAULT, VEC_GP },
    { SEV_CMD_INIT, true, 0, 0, CR4_SMAP, 0, EMUL_PROPAGATE_FAULT, -1 },
    { SEV_CMD_INIT, true, 0, 0, CR4_SMAP | CR4_SMEP, 0, EMUL_RETRY_INSTR, -1 },
    { SEV_CMD_INIT, true, 0, 0, CR4_SMAP | CR4_SMEP, 3, EMUL_PROPAGATE_FAULT,
      VEC_GP },
};

START_TEST(the_verdict_depends_on_what_kvm_can_read)
{
    static const uint8_t mov[] = { 0x48, 0x8b, 0x03 };
    struct kvm_regs r;
    int answer;

    vm(verdicts[_i].vm);
    kvm_get_regs(x.v, &r);
    r.cr4 = CR4_PAE | verdicts[_i].cr4;
    r.cpl = verdicts[_i].cpl;
    kvm_set_regs(x.v, &r);
    x.v->last_exit.info1 = verdicts[_i].info1;
    answer = (int)svm_can_emulate_instruction(x.v, EMULTYPE_PF,
                                              verdicts[_i].assists ? mov : NULL,
                                              verdicts[_i].bytes);
    ck_assert_int_eq(answer, verdicts[_i].answer);
    ck_assert_int_eq(x.v->event.pending ? (int)x.v->event.vector : -1,
                     verdicts[_i].vector);
}
END_TEST

START_TEST(
    stepping_over_without_bytes_is_a_resume_for_a_bool_and_an_error_since)
{
    x.kernel.slot[SLOT_EMULATE_VERDICT] = _i;
    x.kernel.slot[SLOT_SKIP_NO_BYTES] = SKIP_GIVES_UP;
    vm(SEV_CMD_INIT);
    ck_assert_int_eq(svm_can_emulate_instruction(x.v, EMULTYPE_SKIP, NULL, 0),
                     _i == VERDICT_BOOL ? EMUL_RETRY_INSTR : EMUL_UNHANDLEABLE);
    ck_assert(!x.v->event.pending);
}
END_TEST

/* Before cb49631ad111 the guest paid for what KVM could not read. */
START_TEST(stepping_over_without_bytes_was_a_ud)
{
    x.kernel.slot[SLOT_SKIP_NO_BYTES] = SKIP_INJECTS_UD;
    vm(SEV_CMD_INIT);
    ck_assert_int_eq(svm_can_emulate_instruction(x.v, EMULTYPE_SKIP, NULL, 0),
                     EMUL_PROPAGATE_FAULT);
    ck_assert(x.v->event.pending);
    ck_assert_uint_eq(x.v->event.vector, VEC_UD);
}
END_TEST

/* ---- without next RIP ---- */

static void halting_guest(struct fake_machine *f, spa_t vmcb, uint64_t *gpr)
{
    (void)gpr;
    fake_exit(f, vmcb, EXIT_HLT, 0, 0);
}

START_TEST(without_next_rip_kvm_decodes_to_step_over)
{
    x.m.nrips = false;
    fixture_vm(&x, SEV_CMD_PROBE);
    guest_tables();
    x.f->guest = halting_guest;
    ck_assert_int_eq(kvm_write_guest(x.vm, FAKE_RIP, "\xf4", 1), 0);
    ck_assert_int_eq(kvm_run(x.v, NULL), 0);
    ck_assert_uint_eq(kvm_run_of(x.v)->exit_reason, KVM_EXIT_HLT);
    ck_assert_uint_eq(regs().rip, FAKE_RIP + 1);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("kvm/emulate");
    TCase *t = tcase_create("emulate");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, a_load_from_a_device_extends_as_the_cpu_would, 0,
                        ARRAY_SIZE(loads));
    tcase_add_loop_test(t,
                        a_store_to_a_device_leaves_with_its_data_and_rip_moved,
                        0, ARRAY_SIZE(stores));
    tcase_add_test(t, an_access_across_two_mmio_pages_makes_two_exits);
    tcase_add_test(t, an_access_half_memory_half_mmio_joins_both);
    tcase_add_loop_test(t, missing_bytes_are_fetched_through_the_guests_tables,
                        0, 7);
    tcase_add_test(t, a_fetch_that_faults_is_the_guests_page_fault);
    tcase_add_test(t, code_outside_memory_cannot_be_emulated);
    tcase_add_loop_test(t, the_software_walk_judges_as_the_guest_would, 0,
                        ARRAY_SIZE(walks));
    tcase_add_test(t, the_software_walk_sets_accessed_and_dirty);
    tcase_add_test(t, large_guest_pages_are_walked);
    tcase_add_loop_test(
        t, an_unsupported_instruction_is_ud_and_an_internal_error_at_cpl_0, 0,
        ARRAY_SIZE(failures));
    tcase_add_loop_test(t, an_address_out_of_canonical_range_is_gp_or_ss, 0, 2);
    tcase_add_loop_test(t, the_verdict_depends_on_what_kvm_can_read, 0,
                        ARRAY_SIZE(verdicts));
    tcase_add_test(t, stepping_over_without_bytes_was_a_ud);
    tcase_add_loop_test(
        t,
        stepping_over_without_bytes_is_a_resume_for_a_bool_and_an_error_since,
        0, 2);
    tcase_add_test(t, without_next_rip_kvm_decodes_to_step_over);
    suite_add_tcase(s, t);
    return run_suite(s);
}
