/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab.h - a bench to put the CPU on: a model without surprises, tables that
 * translate everything, one knob at a time.
 */
#ifndef TEST_HW_LAB_H
#define TEST_HW_LAB_H

#include "hw.h"

#define RWU    (PTE_P | PTE_W | PTE_U)
#define RWUAD  (RWU | PTE_A | PTE_D)
#define EFER64 (EFER_LME | EFER_LMA | EFER_SVME | EFER_NXE)

/* 48 bits, no encryption, every paging feature. */
static inline struct cpu_model lab_model(void)
{
    struct cpu_model m = {
        .name = "lab",
        .maxphyaddr_raw = 48,
        .linear_bits = 48,
        .n_asids = 16,
        .max_ext_leaf = 0x80000021,
        .smmlock = true,
    };
    static const enum feature on[] = {
        FEAT_PAE,   FEAT_SMEP, FEAT_SMAP,           FEAT_PKU, FEAT_SVM,
        FEAT_NX,    FEAT_LM,   FEAT_PAGE1GB,        FEAT_NP,  FEAT_LBRV,
        FEAT_NRIPS, FEAT_PCID, FEAT_DECODE_ASSISTS,
    };

    for (unsigned i = 0; i < ARRAY_SIZE(on); i++)
        m.features[on[i]] = true;
    return m;
}

/* The same with encryption on; a part without SEV-SNP. */
static inline struct cpu_model lab_model_sev(unsigned raw, unsigned reduction,
                                             unsigned cbit)
{
    struct cpu_model m = lab_model();

    m.maxphyaddr_raw = raw;
    m.phys_reduction = reduction;
    m.cbit = cbit;
    m.mem_encrypt = true;
    m.min_sev_asid = 5;
    m.max_sev_asid = 15;
    m.features[FEAT_SME] = true;
    m.features[FEAT_SEV] = true;
    m.features[FEAT_SEV_ES] = true;
    return m;
}

/* A 64-bit host with NXE, a 64-bit guest with NXE and WP, at CPL 0. */
static inline struct walk_setup lab_setup(spa_t ncr3, gpa_t gcr3)
{
    return (struct walk_setup) {
        .h_cr0 = CR0_PG | CR0_WP | CR0_PE,
        .h_cr4 = CR4_PAE,
        .h_efer = EFER64,
        .np = true,
        .ncr3 = ncr3,
        .g_cr0 = CR0_PG | CR0_WP | CR0_PE,
        .g_cr3 = gcr3,
        .g_cr4 = CR4_PAE,
        .g_efer = EFER64,
        .g_rflags = RFLAGS_FIXED,
        .h_pat = PAT_RESET,
        .g_pat = PAT_RESET,
    };
}

#endif
