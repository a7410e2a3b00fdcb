/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A model becomes CPUID leaves and MSRs. Registers of real parts: InstLatX64
 * dumps of EPYC 7763 (Milan), EPYC 9124 (Genoa), Opteron 2378 (Shanghai).
 */
#include "unit/hw/lab.h"
#include "unit/suite.h"

#include <check.h>
#include <string.h>

static struct pool *pool;

static void setup(void)
{
    pool = pool_create();
}

static void teardown(void)
{
    pool_destroy(pool);
}

struct part {
    const char *name;
    struct cpu_model m;
    uint32_t svm_edx, sev_eax; /* 8000_000A EDX, 8000_001F EAX */
    uint32_t sev_ebx, width_eax;
};

static const struct part parts[] = {
    { "milan",
      { .maxphyaddr_raw = 48,
        .phys_reduction = 5,
        .cbit = 51,
        .linear_bits = 48,
        .n_vmpls = 4,
        .n_asids = 0x8000,
        .max_sev_asid = 0x1fd,
        .min_sev_asid = 1,
        .max_ext_leaf = 0x80000023,
        .invlpgb_max = 7 },
      0x119b9cff,
      0x0001fc3f,
      0x00004173,
      0x00003030 },
    { "genoa",
      { .maxphyaddr_raw = 52,
        .phys_reduction = 6,
        .cbit = 51,
        .linear_bits = 57,
        .n_vmpls = 4,
        .n_asids = 0x8000,
        .max_sev_asid = 0x3ee,
        .min_sev_asid = 1,
        .max_ext_leaf = 0x80000028,
        .invlpgb_max = 7 },
      0x1fbfbcff,
      0x030ffffb,
      0x000041b3,
      0x00003934 },
    { "shanghai",
      { .maxphyaddr_raw = 48,
        .linear_bits = 48,
        .n_asids = 64,
        .max_ext_leaf = 0x8000001b },
      0x0000000f,
      0,
      0,
      0x00003030 },
};

/* The features behind the bits of one register; every bit must have a name. */
static void set_features(struct cpu_model *m, uint32_t leaf, enum cpuid_reg reg,
                         uint32_t value)
{
    for (unsigned i = 0; i < N_FEATURES; i++) {
        const struct feature_desc *f = &feature_table[i];

        if (f->leaf != leaf || f->reg != reg || !(value >> f->bit & 1))
            continue;
        m->features[i] = true;
        value &= ~(1U << f->bit);
    }
    ck_assert_msg(value == 0, "leaf %x: no name for %x", leaf, value);
}

static struct cpu *create(const struct part *p)
{
    struct cpu_model m = p->m;

    m.features[FEAT_SVM] = true;
    set_features(&m, 0x8000000a, CPUID_EDX, p->svm_edx);
    set_features(&m, 0x8000001f, CPUID_EAX, p->sev_eax);
    ck_assert_ptr_null(cpu_model_problem(&m, pool));
    return cpu_create(pool, &m, NULL);
}

static struct cpuid_regs cpuid(struct cpu *c, uint32_t leaf, uint32_t sub)
{
    struct wire w = cpu_wire(c);

    return w.ops->cpuid(w.hw, leaf, sub);
}

START_TEST(cpuid_reads_like_the_real_part)
{
    const struct part *p = &parts[_i];
    struct cpu *c = create(p);
    struct cpuid_regs r = cpuid(c, 0x8000000a, 0);

    ck_assert_uint_eq(r.eax, 1);
    ck_assert_uint_eq(r.ebx, p->m.n_asids);
    ck_assert_uint_eq(r.edx, p->svm_edx);
    r = cpuid(c, 0x80000008, 0);
    ck_assert_uint_eq(r.eax, p->width_eax);
    ck_assert_uint_eq(r.edx & 0xffff, p->m.invlpgb_max);
    r = cpuid(c, 0x8000001f, 0);
    ck_assert_uint_eq(r.eax, p->sev_eax);
    ck_assert_uint_eq(r.ebx, p->sev_ebx);
    ck_assert_uint_eq(r.ecx, p->m.max_sev_asid);
    ck_assert_uint_eq(r.edx, p->m.min_sev_asid);
}
END_TEST

START_TEST(the_vendor_is_amd)
{
    struct cpu *c = create(&parts[0]);
    struct cpuid_regs r = cpuid(c, 0, 0);
    char text[13] = "";

    memcpy(text, &r.ebx, 4);
    memcpy(text + 4, &r.edx, 4);
    memcpy(text + 8, &r.ecx, 4);
    ck_assert_str_eq(text, "AuthenticAMD");
    ck_assert_uint_eq(cpuid(c, 0x80000000, 0).eax, 0x80000023);
}
END_TEST

START_TEST(a_leaf_beyond_the_last_is_empty)
{
    struct cpu *c = create(&parts[2]);
    struct cpuid_regs r = cpuid(c, 0x8000001f, 0);

    ck_assert(!(r.eax | r.ebx | r.ecx | r.edx));
    ck_assert_uint_eq(cpuid(c, 7, 1).ebx, 0);
}
END_TEST

/* CPUID goes on reporting the raw width, whatever encryption takes. */
START_TEST(encryption_changes_the_width_and_cpuid_does_not_say)
{
    struct cpu_model m = lab_model_sev(48, 5, 51);
    struct cpu *c = cpu_create(pool, &m, NULL);

    ck_assert_uint_eq(cpu_model_width(&m), 43);
    ck_assert_uint_eq(cpuid(c, 0x80000008, 0).eax & 0xff, 48);
    m.mem_encrypt = false;
    ck_assert_uint_eq(cpu_model_width(&m), 48);
}
END_TEST

/* ---- models that cannot be ---- */

static bool fine(const struct cpu_model *m)
{
    return cpu_model_problem(m, pool) == NULL;
}

START_TEST(a_width_is_32_to_52_after_encryption_too)
{
    struct cpu_model m = lab_model_sev((unsigned)_i, 5, 51);

    ck_assert_int_eq(fine(&m), _i >= 37 && _i <= 52);
    m.mem_encrypt = false;
    ck_assert_int_eq(fine(&m), _i >= 32 && _i <= 52);
}
END_TEST

START_TEST(a_c_bit_lies_in_32_to_63_if_it_is_used)
{
    struct cpu_model m = lab_model_sev(48, 5, (unsigned)_i);

    ck_assert_int_eq(fine(&m), _i >= 32 && _i <= 63);
    m.mem_encrypt = false;
    ck_assert_int_eq(fine(&m), _i <= 63);
}
END_TEST

START_TEST(strange_but_real_parts_are_accepted)
{
    struct cpu_model m = lab_model_sev(48, 5, 51);

    ck_assert(fine(&m)); /* Milan: the C-bit is above the raw width */
    m = lab_model();     /* Cezanne: SEV bits, but no C-bit and no ASIDs */
    m.features[FEAT_SME] = m.features[FEAT_SEV] = true;
    ck_assert(fine(&m));
    m = lab_model_sev(48, 5, 51); /* Threadripper 9985WX: junk in EDX */
    m.min_sev_asid = 0x43b6eb6c;
    ck_assert(fine(&m));
}
END_TEST

START_TEST(impossible_models_are_named)
{
    struct cpu_model m = lab_model_sev(48, 5, 51);

    m.features[FEAT_SME] = false;
    ck_assert(!fine(&m));
    m = lab_model();
    m.linear_bits = 52;
    ck_assert(!fine(&m));
    m = lab_model();
    m.n_asids = 0;
    ck_assert(!fine(&m));
    m = lab_model();
    m.phys_reduction = 21;
    ck_assert(!fine(&m));
}
END_TEST

/* ---- MSRs ---- */

static bool wrmsr(struct cpu *c, uint32_t msr, uint64_t value)
{
    struct wire w = cpu_wire(c);

    return w.ops->wrmsr(w.hw, msr, value);
}

static uint64_t rdmsr(struct cpu *c, uint32_t msr)
{
    struct wire w = cpu_wire(c);
    uint64_t value = 0;

    ck_assert(w.ops->rdmsr(w.hw, msr, &value));
    return value;
}

START_TEST(svme_can_be_set_unless_disabled)
{
    struct cpu_model m = lab_model();
    struct cpu *c = cpu_create(pool, &m, NULL);
    uint64_t efer = rdmsr(c, MSR_EFER);

    ck_assert(!(efer & EFER_SVME));
    ck_assert(efer & EFER_LMA && efer & EFER_NXE);
    ck_assert(wrmsr(c, MSR_EFER, efer | EFER_SVME));
    ck_assert_uint_eq(rdmsr(c, MSR_EFER), efer | EFER_SVME);
    ck_assert(wrmsr(c, MSR_EFER, efer));
    ck_assert(wrmsr(c, MSR_VM_CR, VM_CR_SVMDIS));
    ck_assert(!wrmsr(c, MSR_EFER, efer | EFER_SVME));
    ck_assert(!wrmsr(c, MSR_EFER, efer & ~EFER_LME));
    m.features[FEAT_SVM] = false;
    cpu_reset(c, &m);
    ck_assert(!wrmsr(c, MSR_EFER, efer | EFER_SVME));
    ck_assert(!wrmsr(c, MSR_VM_CR, 0));
}
END_TEST

START_TEST(encryption_can_be_turned_on_but_not_off)
{
    struct cpu_model m = lab_model_sev(48, 5, 51);
    struct cpu *c;

    m.mem_encrypt = false;
    c = cpu_create(pool, &m, NULL);
    ck_assert_uint_eq(rdmsr(c, MSR_SYSCFG) & SYSCFG_MEM_ENCRYPT, 0);
    ck_assert(wrmsr(c, MSR_SYSCFG, SYSCFG_MEM_ENCRYPT));
    ck_assert(wrmsr(c, MSR_SYSCFG, 0));
    ck_assert_uint_eq(rdmsr(c, MSR_SYSCFG), SYSCFG_MEM_ENCRYPT);
    m = lab_model();
    cpu_reset(c, &m);
    ck_assert(!wrmsr(c, MSR_SYSCFG, SYSCFG_MEM_ENCRYPT));
}
END_TEST

START_TEST(the_vm_cr_lock_holds)
{
    struct cpu_model m = lab_model();
    struct cpu *c = cpu_create(pool, &m, NULL);

    ck_assert(wrmsr(c, MSR_VM_CR, BIT(3) | VM_CR_SVMDIS));
    ck_assert(wrmsr(c, MSR_VM_CR, 0));
    ck_assert_uint_eq(rdmsr(c, MSR_VM_CR), BIT(3) | VM_CR_SVMDIS);
}
END_TEST

START_TEST(the_host_save_area_is_a_page_that_exists)
{
    struct cpu_model m = lab_model();
    struct cpu *c = cpu_create(pool, &m, NULL);

    ck_assert(wrmsr(c, MSR_VM_HSAVE_PA, 0x5000));
    ck_assert_uint_eq(rdmsr(c, MSR_VM_HSAVE_PA), 0x5000);
    ck_assert(!wrmsr(c, MSR_VM_HSAVE_PA, 0x5008));
    ck_assert(!wrmsr(c, MSR_VM_HSAVE_PA, BIT(48)));
}
END_TEST

START_TEST(guest_msrs_do_not_exist_for_the_host)
{
    struct cpu_model m = lab_model_sev(48, 5, 51);
    struct cpu *c = cpu_create(pool, &m, NULL);
    struct wire w = cpu_wire(c);
    uint64_t v;

    ck_assert(!w.ops->rdmsr(w.hw, MSR_GHCB, &v));
    ck_assert(!w.ops->rdmsr(w.hw, MSR_SEV_STATUS, &v));
    ck_assert(!w.ops->wrmsr(w.hw, MSR_GHCB, 0));
    ck_assert(!w.ops->rdmsr(w.hw, 0x12345678, &v));
}
END_TEST

/* ---- memory ---- */

START_TEST(memory_is_sparse_and_zero)
{
    struct cpu_model m = lab_model();
    struct cpu *c = cpu_create(pool, &m, NULL);
    struct wire w = cpu_wire(c);
    const char text[] = "across two pages";
    char back[sizeof(text)];

    ck_assert_uint_eq(cpu_peek64(c, BIT(52) - 8), 0);
    w.ops->write(w.hw, BIT(51) - 5, text, sizeof(text));
    w.ops->read(w.hw, BIT(51) - 5, back, sizeof(back));
    ck_assert_str_eq(back, text);
    cpu_reset(c, &m);
    w.ops->read(w.hw, BIT(51) - 5, back, sizeof(back));
    ck_assert_uint_eq(back[0], 0);
}
END_TEST

START_TEST(a_reset_forgets_pages_that_walks_remember)
{
    struct cpu_model m = lab_model();
    struct cpu *c = cpu_create(pool, &m, NULL);
    struct walk_setup s = lab_setup(0x1000, 0x1000);
    const char *why;

    for (unsigned i = 0; i < 1000; i++) {
        cpu_reset(c, &m);
        ck_assert(walk_load(c, &s, &why));
        ck_assert_int_eq(walk_access(c, 0, ACCESS_READ, 1, false, NULL).outcome,
                         WALK_NPF);
        for (unsigned level = 4; level >= 1; level--)
            cpu_poke64(c, (5 - level) * 0x1000,
                       (level > 1 ? (6 - level) * 0x1000 : 0x1000) | RWUAD);
        ck_assert_uint_eq(walk_access(c, 0, ACCESS_READ, 1, false, NULL).info1,
                          0x200000006);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("model");
    TCase *t = tcase_create("model");

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, cpuid_reads_like_the_real_part, 0,
                        ARRAY_SIZE(parts));
    tcase_add_test(t, the_vendor_is_amd);
    tcase_add_test(t, a_leaf_beyond_the_last_is_empty);
    tcase_add_test(t, encryption_changes_the_width_and_cpuid_does_not_say);
    tcase_add_loop_test(t, a_width_is_32_to_52_after_encryption_too, 30, 55);
    tcase_add_loop_test(t, a_c_bit_lies_in_32_to_63_if_it_is_used, 0, 65);
    tcase_add_test(t, strange_but_real_parts_are_accepted);
    tcase_add_test(t, impossible_models_are_named);
    tcase_add_test(t, svme_can_be_set_unless_disabled);
    tcase_add_test(t, encryption_can_be_turned_on_but_not_off);
    tcase_add_test(t, the_vm_cr_lock_holds);
    tcase_add_test(t, the_host_save_area_is_a_page_that_exists);
    tcase_add_test(t, guest_msrs_do_not_exist_for_the_host);
    tcase_add_test(t, memory_is_sparse_and_zero);
    tcase_add_test(t, a_reset_forgets_pages_that_walks_remember);
    return run_suite(s);
}
