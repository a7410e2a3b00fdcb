/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab/inputs.c - what can be said of a host: column, scenario key, range.
 *
 * The columns are those of the tables that real kernel functions filled
 * (`batch gating`); the default host is an ordinary Milan.
 */
#include "lab.h"

#include <string.h>

static const char *const psp_words[] = {
    [POLICY_PSP_OK] = "ok",
    [POLICY_PSP_FAIL] = "fail",
    [POLICY_PSP_ABSENT] = "absent",
};

/* The firmware's version at which a family 19h part ceases to run SEV-ES beside
 * SNP (AMD-SB-3023), and one before it. */
static const char *const psp_svn_spelling[] = { "27", "0" };
static const char *const psp_snp_spelling[] = { "stuck", "initialized" };
static const char *const psp_cth_spelling[] = { "none", "both" };

#define FLAG(name, path, value)                                                \
    {                                                                          \
        name, path, value, 0, 1, 10, NULL, NULL                                \
    }
#define NUMBER(name, path, value, min, max)                                    \
    {                                                                          \
        name, path, value, min, max, 10, NULL, NULL                            \
    }

const struct policy_input_desc policy_inputs[N_POLICY_INPUTS] = {
    [POLICY_RAW_MAXPHYADDR] =
        NUMBER("raw_maxphyaddr", "cpu.set.maxphyaddr_raw", 48, 32, 52),
    [POLICY_PA_REDUCTION] =
        NUMBER("pa_reduction", "cpu.set.phys_reduction", 5, 0, 20),
    [POLICY_CBIT] = NUMBER("cbit", "cpu.set.cbit", 51, 0, 63),
    [POLICY_SYSCFG_MEMENC] = FLAG("syscfg_memenc", "cpu.set.mem_encrypt", 1),
    [POLICY_P_MMIO_CACHING] =
        FLAG("p_mmio_caching", "kernel.params.mmio_caching", 1),
    [POLICY_P_NPT] = FLAG("p_npt", "kernel.params.npt", 1),
    [POLICY_P_SEV] = FLAG("p_sev", "kernel.params.sev", 1),
    [POLICY_P_SEV_ES] = FLAG("p_sev_es", "kernel.params.sev_es", 1),
    [POLICY_P_SEV_SNP] = FLAG("p_sev_snp", "kernel.params.sev_snp", 1),
    [POLICY_F_SME] = FLAG("f_sme", "cpu.set.features.sme", 1),
    [POLICY_F_SEV] = FLAG("f_sev", "cpu.set.features.sev", 1),
    [POLICY_F_SEV_ES] = FLAG("f_sev_es", "cpu.set.features.sev_es", 1),
    [POLICY_F_SNP] = FLAG("f_snp", "cpu.set.features.sev_snp", 0),
    [POLICY_F_NPT] = FLAG("f_npt", "cpu.set.features.np", 1),
    [POLICY_F_NRIPS] = FLAG("f_nrips", "cpu.set.features.nrips", 1),
    [POLICY_F_DECODEASSISTS] =
        FLAG("f_decodeassists", "cpu.set.features.decode_assists", 1),
    [POLICY_F_FLUSHBYASID] =
        FLAG("f_flushbyasid", "cpu.set.features.flush_by_asid", 1),
    [POLICY_F_LBRV] = FLAG("f_lbrv", "cpu.set.features.lbrv", 1),
    [POLICY_MIN_ASID] =
        NUMBER("min_asid", "cpu.set.min_sev_asid", 100, 0, UINT32_MAX),
    [POLICY_MAX_ASID] =
        NUMBER("max_asid", "cpu.set.max_sev_asid", 509, 0, UINT32_MAX),
    [POLICY_MAX_EXT_LEAF] = { "max_ext_leaf", "cpu.set.max_ext_leaf",
                              0x80000021, 0x80000000, 0x8fffffff, 16, NULL,
                              NULL },
    [POLICY_HWCR_SMMLOCK] = FLAG("hwcr_smmlock", "cpu.set.smmlock", 1),
    [POLICY_SME_ACTIVE] = FLAG("sme_active", "kernel.sme", 0),
    [POLICY_BUG_L1TF] = FLAG("bug_l1tf", NULL, 0),
    [POLICY_X86_CACHE_BITS] = NUMBER("x86_cache_bits", NULL, 0, 32, 63),
    [POLICY_HOST_SNP_OK] = FLAG("host_snp_ok", "cpu.set.rmp_table", 0),
    [POLICY_PSP] = { "psp", "cpu.set.psp", POLICY_PSP_OK, POLICY_PSP_OK,
                     POLICY_PSP_ABSENT, 10, psp_words, psp_words },
    [POLICY_PSP_SNP_INIT] = { "psp_snp_init", "cpu.set.psp_snp", 0, 0, 1, 10,
                              NULL, psp_snp_spelling },
    [POLICY_CTH_HW] = { "cth_hw", "cpu.set.psp_cth", 0, 0, 1, 10, NULL,
                        psp_cth_spelling },
    [POLICY_P_CTH_ASIDS] =
        NUMBER("p_cth_asids", "kernel.params.ciphertext_hiding_asids", 0, 0,
               UINT32_MAX),
    [POLICY_FW_ALLOWS_ES] = { "fw_allows_es", "cpu.set.psp_svn", 1, 0, 1, 10,
                              NULL, psp_svn_spelling },
    [POLICY_P_NRIPS] = FLAG("p_nrips", "kernel.params.nrips", 1),
    [POLICY_P_LBRV] = FLAG("p_lbrv", "kernel.params.lbrv", 1),
};

int policy_input_find(const char *name)
{
    for (unsigned i = 0; i < N_POLICY_INPUTS; i++)
        if (strcmp(policy_inputs[i].name, name) == 0)
            return (int)i;
    return -1;
}

struct policy_host policy_default_host(void)
{
    struct policy_host h;

    for (unsigned i = 0; i < N_POLICY_INPUTS; i++)
        h.v[i] = policy_inputs[i].value;
    return h;
}
