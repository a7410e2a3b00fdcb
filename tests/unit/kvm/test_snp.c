/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_snp.c - who may host SEV-SNP, what the secure processor has to say, and
 * how ciphertext hiding divides the ASIDs.
 *
 * Rows with SNP on are rare in the samples of tests/data/golden/. Expected
 * values: bsp_determine_snp(), sev_hardware_setup() and sev-dev.c of Linux
 * v6.12.107 and v7.3 as restated in their commits (see models/kernels/), and
 * AMD-SB-3023 for the versions that run no SEV-ES beside SNP.
 */
#include "unit/kvm/golden.h"
#include "unit/suite.h"

static struct fake_host snp_host(void)
{
    struct fake_host h = fake_host();

    h.sev_eax |= FAKE_SNP;
    h.rmp_base = 0x100000;
    h.rmp_end = 0x1fffff;
    h.snp_firmware = true;
    return h;
}

static struct kvm_module load(const char *kernel, struct fake_host *h,
                              uint32_t cth_asids)
{
    struct kvm_params p = kvm_default_params();
    struct wire w = fake_wire(h);
    struct kvm_module m;

    p.ciphertext_hiding_asids = cth_asids;
    kvm_module_load(&m, &w, kernel_of(kernel), &p, NULL);
    return m;
}

/* ---- hosts ---- */

static const struct {
    const char *kernel;
    uint32_t signature;
    bool rmpread, hypervisor, host;
} hosts[] = {
    { "v6.8", 0x00a00f11, false, false, false }, /* knows no SNP host */
    { "v6.9", 0x00a00f11, false, false, true },
    { "v6.12.107", 0x00a00f11, false, false, true },
    { "v6.12.107", 0x00a00f11, false, true, false },
    { "v6.12.107", 0x00830f10, false, false, false }, /* Zen 2 */
    { "v6.12.107", 0x00b00f21, false, false, true },  /* Zen 5 */
    { "v7.3", 0x00a00f11, false, false, true },
    { "v7.3", 0x00a10f11, false, true, false },
    { "v7.3", 0x00b00f21, false, false, false }, /* its RMP has no format */
    { "v7.3", 0x00b00f21, true, false, true },   /* but an instruction */
};

START_TEST(an_snp_host_knows_how_to_read_its_rmp)
{
    struct fake_host h = snp_host();

    h.signature = hosts[_i].signature;
    h.hypervisor = hosts[_i].hypervisor;
    h.sev_eax |= hosts[_i].rmpread ? FAKE_RMPREAD : 0;
    ck_assert_int_eq(load(hosts[_i].kernel, &h, 0).cap_sev_snp, hosts[_i].host);
}
END_TEST

/* No flag of SNP outlives what clears those of SEV. */
START_TEST(snp_goes_with_sev)
{
    struct fake_host h = snp_host();

    h.mem_encrypt = false;
    ck_assert(!load("v7.3", &h, 0).cap_sev_snp);
    h = snp_host();
    h.smmlock = false;
    ck_assert(!load("v7.3", &h, 0).cap_sev_snp);
}
END_TEST

/* ---- the secure processor ---- */

/* Each kernel, each state of the firmware: 'N' SEV-SNP, 'E' SEV-ES, '-'. */
static const char *const kernels[] = { "v6.10", "v6.11", "v6.12.107",
                                       "v6.16", "v6.18", "v7.3" };

enum firmware { GOOD, DEAD, MISSING, OLD, STUCK, N_FIRMWARES };
static const char *const left[N_FIRMWARES] = {
    [GOOD] = "ENNNNN",
    /* 6.11 asks and does not listen. */
    [DEAD] = "ENN---",
    [MISSING] = "ENN---",
    /* Whose SNP_INIT fails initialises nothing, since 6131e119f579. */
    [OLD] = "ENN---",
    /* Success is not believed, since 179a8427fcbf. */
    [STUCK] = "ENNEEE",
};

START_TEST(the_firmware_is_asked_and_since_6_16_believed)
{
    for (unsigned k = 0; k < ARRAY_SIZE(kernels); k++) {
        struct fake_host h = snp_host();
        struct kvm_module m;

        h.psp_fails = _i == DEAD;
        h.psp_absent = _i == MISSING;
        h.snp_firmware = _i != OLD;
        h.snp_stuck = _i == STUCK;
        m = load(kernels[k], &h, 0);
        ck_assert_msg((m.sev_snp  ? 'N'
                       : m.sev_es ? 'E'
                                  : '-') == left[_i][k],
                      "%s, firmware %d", kernels[k], _i);
        ck_assert_int_eq(m.sev, left[_i][k] != '-');
    }
}
END_TEST

static const struct {
    uint32_t signature;
    unsigned svn;
    bool es;
} versions[] = {
    { 0x00a00f11, 0x1a, true }, { 0x00a00f11, 0x1b, false },
    { 0x00a10f11, 0x1a, true }, { 0x00a10f11, 0x1b, false },
    { 0x00b00f21, 0x03, true }, { 0x00b00f21, 0x04, false },
};

START_TEST(new_firmware_runs_no_es_beside_snp)
{
    struct fake_host h = snp_host();
    struct kvm_module m;

    h.signature = versions[_i].signature;
    h.sev_eax |= FAKE_RMPREAD;
    h.svn = versions[_i].svn;
    m = load("v7.3", &h, 0);
    ck_assert_uint_eq(m.vm_types, versions[_i].es ? 0x1d : 0x15);
    ck_assert(m.sev_es); /* the parameter does not tell */
    ck_assert_str_eq(m.sev_es_log,
                     versions[_i].es ? "enabled:1-99" : "unusable:1-99");

    h.snp_up = h.psp_up = false;
    ck_assert_uint_eq(load("v6.18", &h, 0).vm_types, 0x1d);

    h.snp_up = h.psp_up = false;
    h.sev_eax &= ~FAKE_SNP; /* nobody initialises SNP */
    ck_assert_uint_eq(load("v7.3", &h, 0).vm_types, 0xd);
}
END_TEST

/* ---- ciphertext hiding ---- */

static const struct split {
    const char *kernel;
    bool snp, firmware, bios;
    uint32_t asked;
    uint32_t param, told; /* after the load; what SNP_INIT was told */
    uint32_t es_min, es_max, snp_max;
    unsigned types;
} splits[] = {
    { "v6.18", true, true, true, 4, 4, 4, 5, 99, 4, 0x1d },
    { "v7.3", true, true, true, 0, 0, 0, 1, 99, 99, 0x1d },
    { "v7.3", true, true, true, 4, 4, 4, 5, 99, 4, 0x1d },
    { "v7.3", true, true, true, 98, 98, 98, 99, 99, 98, 0x1d },
    { "v7.3", true, true, true, 99, 99, 99, 100, 99, 99, 0x15 },
    { "v7.3", true, true, true, 1000, 99, 99, 100, 99, 99, 0x15 },
    /* Firmware and BIOS must both allow it, else the request is dropped... */
    { "v7.3", true, true, false, 4, 0, 0, 1, 99, 99, 0x1d },
    { "v7.3", true, false, true, 4, 0, 0, 1, 99, 99, 0x1d },
    /* ...but only where SNP is on. */
    { "v7.3", false, true, true, 4, 4, 0, 5, 99, 4, 0xd },
    { "v7.3", false, false, false, 1000, 1000, 0, 1001, 99, 1000, 0x5 },
    { "v6.16", true, true, true, 4, 0, 0, 1, 99, 99, 0x1d },
    { "v6.18", false, false, false, 1000, 1000, 0, 1001, 99, 1000, 0xd },
};

START_TEST(ciphertext_hiding_splits_the_asids)
{
    const struct split *s = &splits[_i];
    struct fake_host h = snp_host();
    struct kvm_module m;

    h.sev_eax &= s->snp ? ~0U : ~FAKE_SNP;
    h.cth_firmware = s->firmware;
    h.cth_bios = s->bios;
    m = load(s->kernel, &h, s->asked);
    ck_assert_int_eq(m.sev_snp, s->snp);
    ck_assert_uint_eq(m.cth_asids, s->param);
    ck_assert_uint_eq(h.told_to_hide, s->told);
    ck_assert_uint_eq(m.min_sev_es_asid, s->es_min);
    ck_assert_uint_eq(m.max_sev_es_asid, s->es_max);
    ck_assert_uint_eq(m.max_snp_asid, s->snp_max);
    ck_assert_int_eq(m.cth_log, s->param != 0);
    ck_assert_uint_eq(m.vm_types, s->types);
}
END_TEST

/* A failing platform takes the features, and leaves the capacities set. */
START_TEST(the_cgroup_keeps_what_the_secure_processor_takes)
{
    struct fake_host h = snp_host();
    struct kvm_module m;

    h.psp_fails = true;
    m = load("v7.3", &h, 0);
    ck_assert(!m.sev && !m.sev_es);
    ck_assert_uint_eq(m.cg_sev, 410);
    ck_assert_uint_eq(m.cg_sev_es, 99);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("kvm/snp");
    TCase *t = tcase_create("all");

    tcase_add_loop_test(t, an_snp_host_knows_how_to_read_its_rmp, 0,
                        ARRAY_SIZE(hosts));
    tcase_add_test(t, snp_goes_with_sev);
    tcase_add_loop_test(t, the_firmware_is_asked_and_since_6_16_believed, 0,
                        N_FIRMWARES);
    tcase_add_loop_test(t, new_firmware_runs_no_es_beside_snp, 0,
                        ARRAY_SIZE(versions));
    tcase_add_loop_test(t, ciphertext_hiding_splits_the_asids, 0,
                        ARRAY_SIZE(splits));
    tcase_add_test(t, the_cgroup_keeps_what_the_secure_processor_takes);
    suite_add_tcase(s, t);
    return run_suite(s);
}
