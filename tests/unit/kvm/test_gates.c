/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_gates.c - one missing thing at a time: which features go with it.
 *
 * Expected values: sev_hardware_setup() of each kernel, gate by gate (Linux
 * v5.18 to v7.3; the commits stand in models/kernels/).
 */
#include "unit/kvm/golden.h"
#include "unit/suite.h"

/* What is wrong with the otherwise perfect host. */
enum lack {
    NOTHING,
    PARAM_SEV,
    PARAM_SEV_ES,
    PARAM_MMIO_CACHING,
    PARAM_NPT,
    PARAM_NRIPS,
    PARAM_LBRV,
    CPU_NPT,
    CPU_NRIPS,
    CPU_SEV,
    CPU_SEV_ES,
    CPU_DECODEASSISTS,
    CPU_FLUSHBYASID,
    CPU_LBRV,
    NO_ASIDS,
    NO_ES_ASIDS,
    MIN_ASID_0,
    RANGE_EMPTY,
    SPARE_BIT,
    SYSCFG,
    N_LACKS,
};

static void take_away(enum lack l, struct fake_host *h, struct kvm_params *p)
{
    switch (l) {
    case NOTHING:
        break;
    case PARAM_SEV:
        p->sev = false;
        break;
    case PARAM_SEV_ES:
        p->sev_es = false;
        break;
    case PARAM_MMIO_CACHING:
        p->mmio_caching = false;
        break;
    case PARAM_NPT:
        p->npt = false;
        break;
    case PARAM_NRIPS:
        p->nrips = false;
        break;
    case PARAM_LBRV:
        p->lbrv = false;
        break;
    case CPU_NPT:
        h->svm_edx &= ~FAKE_NP;
        break;
    case CPU_NRIPS:
        h->svm_edx &= ~FAKE_NRIPS;
        break;
    case CPU_SEV:
        h->sev_eax &= ~FAKE_SEV;
        break;
    case CPU_SEV_ES:
        h->sev_eax &= ~FAKE_SEV_ES;
        break;
    case CPU_DECODEASSISTS:
        h->svm_edx &= ~FAKE_DA;
        break;
    case CPU_FLUSHBYASID:
        h->svm_edx &= ~FAKE_FLUSH;
        break;
    case CPU_LBRV:
        h->svm_edx &= ~FAKE_LBRV;
        break;
    case NO_ASIDS:
        h->max_asid = 0;
        break;
    case NO_ES_ASIDS:
        h->min_asid = 1;
        break;
    case MIN_ASID_0:
        h->min_asid = 0;
        break;
    case RANGE_EMPTY:
        h->min_asid = h->max_asid + 1;
        break;
    case SPARE_BIT:
        h->raw = 52;
        h->reduction = 1;
        h->cbit = 51;
        break;
    case SYSCFG:
        h->mem_encrypt = false;
        break;
    case N_LACKS:
        ck_abort();
    }
}

static struct kvm_module load(const char *kernel, enum lack l)
{
    struct fake_host h = fake_host();
    struct kvm_params p = kvm_default_params();
    struct wire w = fake_wire(&h);
    struct kvm_module m;

    take_away(l, &h, &p);
    kvm_module_load(&m, &w, kernel_of(kernel), &p, NULL);
    return m;
}

static const char *const kernels[] = { "v5.11", "v5.13", "v5.17", "v5.18",
                                       "v5.19", "v6.0",  "v6.1",  "v6.1.192",
                                       "v6.5",  "v6.6",  "v6.7",  "v6.8",
                                       "v6.9",  "v6.10", "v6.11", "v6.12.107",
                                       "v6.16", "v6.18", "v7.2",  "v7.3" };

/* What is left, a letter per kernel of the list above: E = SEV and SEV-ES, S =
 * SEV alone, - = nothing; and how many WARNs, a digit per kernel. Gates by the
 * release of their commit: nested paging 5.13, decode assists 5.17, MMIO
 * caching 6.0, next RIP 6.6, flush by ASID 6.8, LBR virtualization 6.10. */
static const struct {
    const char *left, *warns;
} expected[N_LACKS] = {
    [NOTHING] = { "EEEEEEEEEEEEEEEEEEEE", "00000000000000000000" },
    [PARAM_SEV] = { "--------------------", "00000000000000000000" },
    [PARAM_SEV_ES] = { "SSSSSSSSSSSSSSSSSSSS", "00000000000000000000" },
    [PARAM_MMIO_CACHING] = { "EEEEESSSSSSSSSSSSSSS", "00000000000000000000" },
    [PARAM_NPT] = { "E-------------------", "00000000000000000000" },
    [PARAM_NRIPS] = { "EEEEEEEEE-----------", "00000000000000000000" },
    [PARAM_LBRV] = { "EEEEEEEEEEEEESSSSSSS", "00000000000000000000" },
    [CPU_NPT] = { "E-------------------", "00000000000000000000" },
    [CPU_NRIPS] = { "EEEEEEEEE-----------", "00000000000000000000" },
    [CPU_SEV] = { "--------------------", "00000000000000000000" },
    [CPU_SEV_ES] = { "SSSSSSSSSSSSSSSSSSSS", "00000000000000000000" },
    [CPU_DECODEASSISTS] = { "EE------------------", "00111111111111111111" },
    [CPU_FLUSHBYASID] = { "EEEEEEEEEEE---------", "00000000000111111111" },
    [CPU_LBRV] = { "EEEEEEEEEEEEESSSSSSS", "00000000000001111111" },
    [NO_ASIDS] = { "--------------------", "00000000000000000000" },
    [NO_ES_ASIDS] = { "SSSSSSSSSSSSSSSSSSSS", "00000000000000000000" },
    [MIN_ASID_0] = { "EEEEEEEEEEEEEEEEEEEE",
                     "00000000000000000000" }, /* passes, as it does upstream */
    [RANGE_EMPTY] = { "EEEEEEEEEEEEEEEEEEEE", "00000000000000000000" },
    [SPARE_BIT] = { "EEEEESSSSSSSSSSSSSSS", "00000000000000000000" },
    [SYSCFG] = { "--------------------", "00000000000000000000" },
};

START_TEST(each_missing_thing_takes_what_the_kernels_gates_say)
{
    for (unsigned k = 0; k < ARRAY_SIZE(kernels); k++) {
        struct kvm_module m = load(kernels[k], (enum lack)_i);
        char left = m.sev_es ? 'E' : m.sev ? 'S' : '-';

        ck_assert_msg(left == expected[_i].left[k], "%s, lack %d: %c",
                      kernels[k], _i, left);
        ck_assert_msg(m.warn_count == (unsigned)expected[_i].warns[k] - '0',
                      "%s, lack %d: %u WARNs", kernels[k], _i, m.warn_count);
        ck_assert_int_eq(m.cpu_cap_sev, m.sev);
        ck_assert_int_eq(m.cpu_cap_sev_es, m.sev_es);
    }
}
END_TEST

/* ---- what is printed ---- */

static const struct {
    const char *kernel;
    enum lack lack;
    const char *sev, *sev_es;
} logs[] = {
    { "v6.0", NOTHING, "supported:410", "supported:99" },
    { "v6.0", PARAM_SEV, "", "" },
    { "v6.0", SPARE_BIT, "supported:410", "" },
    { "v6.1", RANGE_EMPTY, "supported:0", "supported:509" },
    { "v6.1.192", NOTHING, "enabled:100-509", "enabled:1-99" },
    { "v6.1.192", SPARE_BIT, "enabled:100-509", "disabled:1-99" },
    { "v6.1.192", PARAM_SEV, "disabled:0-0", "disabled:0-4294967295" },
    { "v6.1.192", RANGE_EMPTY, "unusable:510-509", "enabled:1-509" },
    { "v6.1.192", CPU_SEV_ES, "enabled:100-509", "" },
    { "v6.1.192", SYSCFG, "", "" },
    { "v7.3", NOTHING, "enabled:100-509", "enabled:1-99" },
    { "v7.3", PARAM_SEV, "disabled:0-0", "disabled:0-0" },
    { "v7.3", SPARE_BIT, "enabled:100-509", "disabled:0-0" },
    { "v7.3", RANGE_EMPTY, "unusable:510-509", "enabled:1-509" },
};

START_TEST(each_generation_has_its_own_log_lines)
{
    struct kvm_module m = load(logs[_i].kernel, logs[_i].lack);

    ck_assert_str_eq(m.sev_log, logs[_i].sev);
    ck_assert_str_eq(m.sev_es_log, logs[_i].sev_es);
}
END_TEST

/* ---- what userspace is offered ---- */

static const struct {
    const char *kernel;
    enum lack lack;
    uint32_t vm_types; /* 1 default, 4 SEV, 8 SEV-ES */
} types[] = {
    { "v6.1", NOTHING, 0 },
    { "v6.12.107", NOTHING, 0xd },
    { "v6.12.107", SPARE_BIT, 0x5 },
    { "v6.12.107", PARAM_SEV, 0x1 },
    { "v6.12.107", RANGE_EMPTY, 0xd }, /* SEV offered, never usable */
    { "v7.3", NOTHING, 0xd },
    { "v7.3", RANGE_EMPTY, 0x9 },
};

START_TEST(an_unusable_vm_type_is_not_offered_since_7_2)
{
    ck_assert_uint_eq(load(types[_i].kernel, types[_i].lack).vm_types,
                      types[_i].vm_types);
}
END_TEST

START_TEST(a_capacity_wraps_unless_the_kernel_asks_if_the_range_is_usable)
{
    struct fake_host h = fake_host();
    struct kvm_params p = kvm_default_params();
    struct wire w = fake_wire(&h);
    struct kvm_module m;

    h.min_asid = 600;
    kvm_module_load(&m, &w, kernel_of("v6.1"), &p, NULL);
    ck_assert_uint_eq(m.cg_sev, 4294967206); /* 509 - 600 + 1 */
    ck_assert_uint_eq(m.cg_sev_es, 599);
    kvm_module_load(&m, &w, kernel_of("v6.1.192"), &p, NULL);
    ck_assert_uint_eq(m.cg_sev, 0);
    ck_assert_uint_eq(m.cg_sev_es, 599);
}
END_TEST

/* ---- the secure processor ---- */

START_TEST(a_dead_secure_processor_takes_sev_away_only_at_load_since_7_2)
{
    static const struct {
        const char *kernel;
        bool sev;
    } cases[] = { { "v6.1", true }, { "v6.12.107", true }, { "v7.3", false } };
    struct fake_host h = fake_host();
    struct kvm_params p = kvm_default_params();
    struct wire w = fake_wire(&h);
    struct kvm_module m;

    h.psp_fails = true;
    kvm_module_load(&m, &w, kernel_of(cases[_i].kernel), &p, NULL);
    ck_assert_int_eq(m.sev, cases[_i].sev);
    ck_assert_int_eq(m.sev_es, cases[_i].sev);
    ck_assert_uint_eq(m.cg_sev, 410); /* charged before, kept */
}
END_TEST

START_TEST(the_gate_is_of_no_use_in_the_old_setup_order)
{
    struct kernel_model k = *kernel_of("v6.0");
    const struct kernel_model *old = kernel_of("v5.19");
    struct fake_host h = fake_host();
    struct kvm_params p = kvm_default_params();
    struct wire w = fake_wire(&h);
    struct kvm_module m;

    /* Reset finds bit 51, SVM then learns that it is the C-bit. */
    h.raw = 51;
    h.reduction = 0;
    h.cbit = 51;
    k.n_setup = old->n_setup;
    memcpy(k.setup, old->setup, sizeof(k.setup));
    kvm_module_load(&m, &w, &k, &p, NULL);
    ck_assert(m.sev_es);
    ck_assert_uint_eq(m.mmio_value, 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("gates");
    TCase *t = tcase_create("all");

    tcase_add_loop_test(t, each_missing_thing_takes_what_the_kernels_gates_say,
                        0, N_LACKS);
    tcase_add_loop_test(t, each_generation_has_its_own_log_lines, 0,
                        ARRAY_SIZE(logs));
    tcase_add_loop_test(t, an_unusable_vm_type_is_not_offered_since_7_2, 0,
                        ARRAY_SIZE(types));
    tcase_add_test(
        t, a_capacity_wraps_unless_the_kernel_asks_if_the_range_is_usable);
    tcase_add_loop_test(
        t, a_dead_secure_processor_takes_sev_away_only_at_load_since_7_2, 0, 3);
    tcase_add_test(t, the_gate_is_of_no_use_in_the_old_setup_order);
    suite_add_tcase(s, t);
    return run_suite(s);
}
