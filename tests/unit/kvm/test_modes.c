/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_modes.c - KVM's emulator and its walk of guest tables outside of 64-bit
 * mode. Expected: APM vol. 2, 4.12 (segments), 5.2 (tables); Linux,
 * load_pdptrs() and reset_guest_rsvds_bits_mask() at the modelled kernels.
 */
#include "kvm/emulate.h"
#include "kvm/mmu/mmu.h"
#include "kvm/svm/svm.h"
#include "unit/kvm/fake_machine.h"
#include "unit/suite.h"

#define MMIO_GPA 0x40000000ULL
#define TABLE    0x8000ULL /* of the top level; the others follow */
#define FLAGS    (PTE_P | PTE_W | PTE_U)

static struct fixture x;
static uint64_t eventinj; /* of the VMRUN after the fault */
static bool faulted;
static uint8_t code[16];
static unsigned delivered;

static void setup(void)
{
    fixture_setup(&x);
    faulted = false;
}

static void teardown(void)
{
    fixture_teardown(&x);
}

static void put(gpa_t gpa, uint64_t value, unsigned len)
{
    ck_assert_int_eq(kvm_write_guest(x.vm, gpa, &value, len), 0);
}

/* One nested fault at MMIO_GPA with the instruction's bytes, then HLT. */
static void guest(struct fake_machine *f, spa_t vmcb, uint64_t *gpr)
{
    (void)gpr;
    eventinj = fake_read64(f, vmcb + VMCB_EVENTINJ);
    if (faulted) {
        fake_exit(f, vmcb, EXIT_HLT, 0, 0);
        fake_write64(f, vmcb + VMCB_NRIP,
                     fake_read64(f, vmcb + VMCB_SAVE + SAVE_RIP));
        return;
    }
    faulted = true;
    fake_exit(f, vmcb, EXIT_NPF, PFERR_GUEST_FINAL | PFERR_USER, MMIO_GPA);
    fake_insn(f, vmcb, code, delivered);
}

static void make_vm(uint64_t cr0, uint64_t cr4, uint64_t efer)
{
    struct kvm_regs r;

    fixture_vm(&x, SEV_CMD_PROBE);
    x.f->guest = guest;
    ck_assert_int_eq(fixture_slot(&x, 0, 0, 0x10000, 0x1000, false), 0);
    kvm_get_regs(x.v, &r);
    r.cr0 = CR0_PE | cr0;
    r.cr3 = TABLE;
    r.cr4 = cr4;
    r.efer = efer;
    r.gpr[GPR_RBX] = MMIO_GPA;
    kvm_set_regs(x.v, &r);
}

static void set_code(const char *bytes, unsigned len)
{
    memcpy(code, bytes, len);
    delivered = len;
}

static void set_segment(unsigned save, uint64_t attr, uint32_t limit,
                        uint64_t base)
{
    vmcb_write64(x.v, VMCB_SAVE + save,
                 0x18 | attr << 16 | (uint64_t)limit << 32);
    vmcb_write64(x.v, VMCB_SAVE + save + 8, base);
}

static struct kvm_regs regs(void)
{
    struct kvm_regs r;

    ck_assert_int_eq(kvm_get_regs(x.v, &r), 0);
    return r;
}

/* ---- the emulator ---- */

/* Bytes that mean something else in 64-bit code. */
static const struct {
    const char *bytes;
    unsigned len;
    uint64_t attr; /* of CS */
    unsigned size;
} loads[] = {
    { "\x8b\x03", 2, 0xc9b, 4 },
    { "\x66\x8b\x03", 3, 0xc9b, 2 },
    { "\xa1\x00\x00\x00\x40", 5, 0xc9b, 4 },
    { "\x8b\x05\x00\x00\x00\x40", 6, 0xc9b, 4 },
    { "\x66\x67\x8b\x03", 4, 0x89b, 4 }, /* 16-bit code: mov eax,[ebx] */
};

START_TEST(code_of_32_and_16_bits_is_emulated)
{
    struct kvm_run *run;

    make_vm(0, 0, 0);
    run = kvm_run_of(x.v);
    set_segment(SAVE_CS, loads[_i].attr, ~0U, 0);
    set_code(loads[_i].bytes, loads[_i].len);
    ck_assert_int_eq(kvm_run(x.v, NULL), 0);
    ck_assert_uint_eq(run->exit_reason, KVM_EXIT_MMIO);
    ck_assert_uint_eq(run->mmio.phys_addr, MMIO_GPA);
    ck_assert_uint_eq(run->mmio.len, loads[_i].size);
    memcpy(run->mmio.data, "\x11\x22\x33\x44", 4);
    ck_assert_int_eq(kvm_run(x.v, NULL), 0);
    ck_assert_uint_eq(run->exit_reason, KVM_EXIT_HLT);
    ck_assert_uint_eq(regs().gpr[GPR_RAX],
                      loads[_i].size == 4 ? 0x44332211 : 0x2211);
    ck_assert_uint_eq(regs().rip, FAKE_RIP + loads[_i].len);
}
END_TEST

START_TEST(the_emulator_asks_the_segment)
{
    static const struct {
        const char *bytes;
        unsigned len, save;
        uint64_t attr;
        uint32_t limit;
        unsigned vector; /* 0: none */
    } row[] = {
        { "\x8b\x03", 2, SAVE_DS, 0x493, MMIO_GPA + 3, 0 },
        { "\x8b\x03", 2, SAVE_DS, 0x493, MMIO_GPA + 2, VEC_GP },
        { "\x89\x03", 2, SAVE_DS, 0x491, ~0U, VEC_GP },
        { "\x8b\x03", 2, SAVE_DS, 0, ~0U, VEC_GP },
        { "\x36\x8b\x03", 3, SAVE_SS, 0x493, 0xffff, VEC_SS },
        { "\x8b\x03", 2, SAVE_DS, 0x497, MMIO_GPA - 1, 0 },
        { "\x8b\x03", 2, SAVE_DS, 0x497, MMIO_GPA, VEC_GP },
        { "\x2e\x8b\x03", 3, SAVE_CS, 0x499, ~0U, VEC_GP },
    };

    make_vm(0, 0, 0);
    set_segment(row[_i].save, row[_i].attr, row[_i].limit, 0);
    set_code(row[_i].bytes, row[_i].len);
    ck_assert_int_eq(kvm_run(x.v, NULL), 0);
    ck_assert_uint_eq(kvm_run_of(x.v)->exit_reason,
                      row[_i].vector ? KVM_EXIT_HLT : KVM_EXIT_MMIO);
    if (row[_i].vector)
        ck_assert_uint_eq(eventinj & EVENT_VECTOR_MASK, row[_i].vector);
}
END_TEST

/* Without delivered bytes KVM fetches at CS.base + EIP, as far as CS goes. */
START_TEST(the_emulator_fetches_through_cs)
{
    make_vm(0, 0, 0);
    set_code("\x8b\x03", 2);
    delivered = 0;
    put(0x5000 + FAKE_RIP, 0x038b, 2);
    set_segment(SAVE_CS, 0x49b, FAKE_RIP + (_i ? 0 : 1), 0x5000);
    ck_assert_int_eq(kvm_run(x.v, NULL), 0);
    ck_assert_uint_eq(kvm_run_of(x.v)->exit_reason,
                      _i ? KVM_EXIT_HLT : KVM_EXIT_MMIO);
    if (_i)
        ck_assert_uint_eq(eventinj & EVENT_VECTOR_MASK, VEC_GP);
}
END_TEST

/* CS has D where there is no long mode; data segments their own DPL. */
START_TEST(segments_are_flat_and_of_32_bits)
{
    struct kvm_regs r;

    make_vm(0, 0, 0);
    r = regs();
    r.ds = 0x23;
    kvm_set_regs(x.v, &r);
    ck_assert_uint_eq(vmcb_read64(x.v, VMCB_SAVE + SAVE_CS),
                      0xffffffff00000010ULL | 0xc9bULL << 16);
    ck_assert_uint_eq(vmcb_read64(x.v, VMCB_SAVE + SAVE_DS),
                      0xffffffff00000023ULL | 0xcf3ULL << 16);
    ck_assert_uint_eq(regs().ds, 0x23);
}
END_TEST

START_TEST(real_mode_is_not_emulated)
{
    struct kvm_regs r;

    make_vm(0, 0, 0);
    r = regs();
    r.cr0 = 0;
    kvm_set_regs(x.v, &r);
    set_code("\x8b\x03", 2);
    ck_assert_int_eq(kvm_run(x.v, NULL), 0);
    ck_assert_uint_eq(kvm_run_of(x.v)->exit_reason, KVM_EXIT_INTERNAL_ERROR);
}
END_TEST

/* ---- the walk of guest tables ---- */

static bool walk(gva_t gva, uint64_t access, gpa_t *gpa, uint32_t *error)
{
    *error = 0;
    return kvm_mmu_gva_to_gpa(x.v, gva, access, gpa, error);
}

START_TEST(without_paging_linear_is_physical)
{
    uint32_t error;
    gpa_t gpa;

    make_vm(0, 0, 0);
    ck_assert(walk(0xfedcba98, PFERR_WRITE, &gpa, &error));
    ck_assert_uint_eq(gpa, 0xfedcba98);
}
END_TEST

START_TEST(two_levels_have_entries_of_four_bytes)
{
    uint32_t error, entry;
    gpa_t gpa;

    make_vm(CR0_PG | CR0_WP, CR4_PSE, 0);
    put(TABLE + 4 * 0x3fb, 0x9000 | FLAGS, 4);
    put(0x9000 + 4 * 0x3cb, 0x7000 | FLAGS, 4);
    put(0x9000 + 4 * 0x3cc, 0x7000 | PTE_P | PTE_U, 4);
    ck_assert(walk(0xfefcb123, PFERR_WRITE, &gpa, &error));
    ck_assert_uint_eq(gpa, 0x7123);
    ck_assert_int_eq(kvm_read_guest(x.vm, 0x9000 + 4 * 0x3cb, &entry, 4), 0);
    ck_assert_uint_eq(entry, 0x7000 | FLAGS | PTE_A | PTE_D);
    ck_assert_int_eq(kvm_read_guest(x.vm, 0x9000 + 4 * 0x3cc, &entry, 4), 0);
    ck_assert_uint_eq(entry, 0x7000 | PTE_P | PTE_U);
    ck_assert(!walk(0xfefcc000, PFERR_WRITE, &gpa, &error));
    ck_assert_uint_eq(error, PFERR_PRESENT | PFERR_WRITE);
    ck_assert(!walk(0xfefcd000, 0, &gpa, &error));
    ck_assert_uint_eq(error, 0);
}
END_TEST

/* KVM tells its guests of 36-bit PSE: bits 16:13 are address bits, 21:17 are
 * reserved; without CR4.PSE bit 7 means nothing. */
START_TEST(a_page_of_4_megabytes)
{
    uint32_t error;
    gpa_t gpa;

    make_vm(CR0_PG, _i == 2 ? 0 : CR4_PSE, 0);
    put(TABLE + 4, (_i == 1 ? BIT(17) : BIT(14)) | FLAGS | PTE_PS, 4);
    if (_i == 0) {
        ck_assert(walk(0x412345, 0, &gpa, &error));
        ck_assert_uint_eq(gpa, 0x200012345ULL);
        return;
    }
    put(0x4000 + 4 * 0x12, 0x7000 | FLAGS, 4); /* where the table would be */
    ck_assert_int_eq(walk(0x412345, 0, &gpa, &error), _i == 2);
    ck_assert_uint_eq(_i == 2 ? gpa : error,
                      _i == 2 ? 0x7345 : PFERR_PRESENT | PFERR_RSVD);
}
END_TEST

START_TEST(pae_has_four_pointers)
{
    uint64_t pdpte;
    uint32_t error;
    gpa_t gpa;

    make_vm(CR0_PG, CR4_PAE, EFER_NXE);
    put(TABLE + 8 * 3, 0x9000 | PTE_P, 8);
    put(0x9000 + 8 * 0x1f7, 0xa000 | FLAGS, 8);
    put(0xa000 + 8 * 0x1cb, 0x7000 | FLAGS | PTE_NX, 8);
    put(0x9000 + 8 * 0x1f8, 0x400000 | FLAGS | PTE_PS, 8);
    ck_assert(walk(0xfefcb123, 0, &gpa, &error));
    ck_assert_uint_eq(gpa, 0x7123);
    kvm_read_guest(x.vm, TABLE + 8 * 3, &pdpte, 8);
    ck_assert_uint_eq(pdpte, 0x9000 | PTE_P); /* no accessed bit */
    ck_assert(!walk(0xfefcb123, PFERR_FETCH, &gpa, &error));
    ck_assert_uint_eq(error, PFERR_PRESENT | PFERR_FETCH);
    ck_assert(walk(0xff012345, PFERR_WRITE, &gpa, &error));
    ck_assert_uint_eq(gpa, 0x412345);
    ck_assert(!walk(0x1000, 0, &gpa, &error));
    ck_assert_uint_eq(error, 0);
}
END_TEST

/* load_pdptrs() takes all four or none: a bad one that nobody needs makes all
 * of them absent, where the CPU would have walked on. */
START_TEST(one_bad_pointer_spoils_them_all)
{
    uint32_t error;
    gpa_t gpa;

    make_vm(CR0_PG, CR4_PAE, EFER_NXE);
    put(TABLE + 8 * 3, 0x9000 | PTE_P, 8);
    put(0x9000 + 8 * 0x1f8, 0x400000 | FLAGS | PTE_PS, 8);
    put(TABLE + 8, 0x9000 | PTE_P | PTE_W, 8);
    ck_assert(!walk(0xff012345, PFERR_WRITE, &gpa, &error));
    ck_assert_uint_eq(error, PFERR_WRITE);
    put(TABLE + 8, 0x9000 | PTE_W, 8); /* not present: fine */
    ck_assert(walk(0xff012345, PFERR_WRITE, &gpa, &error));
}
END_TEST

START_TEST(five_levels_are_walked)
{
    uint32_t error;
    gpa_t gpa;

    make_vm(CR0_PG, CR4_PAE | CR4_LA57, EFER_LME | EFER_LMA);
    put(TABLE + 8 * 0x12, 0x9000 | FLAGS, 8);
    put(0x9000 + 8 * 0x34, 0xa000 | FLAGS, 8);
    put(0xa000 + 8 * 0x56, 0xc0000000 | FLAGS | PTE_PS, 8);
    ck_assert(walk(0x12ULL << 48 | 0x34ULL << 39 | 0x56ULL << 30 | 0x12345, 0,
                   &gpa, &error));
    ck_assert_uint_eq(gpa, 0xc0012345);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("kvm/modes");
    TCase *t = tcase_create("modes");

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, code_of_32_and_16_bits_is_emulated, 0,
                        ARRAY_SIZE(loads));
    tcase_add_loop_test(t, the_emulator_asks_the_segment, 0, 8);
    tcase_add_loop_test(t, the_emulator_fetches_through_cs, 0, 2);
    tcase_add_test(t, segments_are_flat_and_of_32_bits);
    tcase_add_test(t, real_mode_is_not_emulated);
    tcase_add_test(t, without_paging_linear_is_physical);
    tcase_add_test(t, two_levels_have_entries_of_four_bytes);
    tcase_add_loop_test(t, a_page_of_4_megabytes, 0, 3);
    tcase_add_test(t, pae_has_four_pointers);
    tcase_add_test(t, one_bad_pointer_spoils_them_all);
    tcase_add_test(t, five_levels_are_walked);
    return run_suite(s);
}
