/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * snp_lab.h - the smallest guest with SEV-SNP, launched through the firmware.
 *
 * mini.h's guest; all its pages but MMIO are private and validated, 4K each.
 */
#ifndef TEST_HW_SNP_LAB_H
#define TEST_HW_SNP_LAB_H

#include "unit/hw/mini.h"

#include "arch/rmp.h"
#include "hw/cpu.h"

#define GCTX 0x205000ULL

static struct mini m;

static inline struct cpu_model snp_lab_model(void)
{
    struct cpu_model model = lab_model_sev(48, 5, 51);
    static const enum feature on[] = { FEAT_SEV_SNP,
                                       FEAT_RMPREAD,
                                       FEAT_RMPQUERY,
                                       FEAT_VIRTUAL_TOM,
                                       FEAT_RESTRICTED_INJECTION,
                                       FEAT_ALLOWED_SEV_FEATURES };

    for (unsigned i = 0; i < ARRAY_SIZE(on); i++)
        model.features[on[i]] = true;
    model.n_vmpls = 4;
    model.psp_snp = PSP_SNP_READY;
    model.rmp_table = true;
    return model;
}

/* A write to the guest's registers counts until snp_launch(). */
static inline void snp_create(void)
{
    struct cpu_model model = snp_lab_model();

    mini_create_on(&m, SEV_ES, &model);
    mini_reg(&m, VMSA_SEV_FEATURES, SEV_FEATURE_SNP);
}

static inline enum rmp_result snp_assign(spa_t spa, struct rmp_state s)
{
    return m.w.ops->rmpupdate(m.w.hw, spa, &s);
}

static inline enum rmp_result snp_give(spa_t spa, gpa_t gpa)
{
    return snp_assign(
        spa, (struct rmp_state) { .gpa = gpa, .asid = 3, .assigned = true });
}

static inline enum psp_status snp_psp(enum psp_cmd cmd, struct psp_request r)
{
    r.gctx = GCTX;
    return m.w.ops->psp(m.w.hw, cmd, &r);
}

/* Hand a page over, and let the firmware make it the guest's. */
static inline enum psp_status snp_update(spa_t spa, enum psp_page_type type)
{
    ck_assert_int_eq(snp_assign(spa, (struct rmp_state) { .gpa = spa,
                                                          .asid = 3,
                                                          .assigned = true,
                                                          .immutable = true }),
                     RMP_OK);
    return snp_psp(PSP_SNP_LAUNCH_UPDATE,
                   (struct psp_request) { .spa = spa, .page_type = type });
}

static inline void snp_enable(void)
{
    uint64_t syscfg;

    ck_assert(m.w.ops->rdmsr(m.w.hw, MSR_SYSCFG, &syscfg));
    ck_assert(m.w.ops->wrmsr(m.w.hw, MSR_SYSCFG,
                             syscfg | SYSCFG_SNP_EN | SYSCFG_VMPL_EN));
    ck_assert_int_eq(snp_psp(PSP_SNP_INIT, (struct psp_request) { 0 }), PSP_OK);
}

static inline void snp_begin(void)
{
    snp_enable();
    ck_assert_int_eq(snp_assign(GCTX, (struct rmp_state) { .assigned = true,
                                                           .immutable = true }),
                     RMP_OK);
    ck_assert_int_eq(snp_psp(PSP_SNP_GCTX_CREATE, (struct psp_request) { 0 }),
                     PSP_OK);
    ck_assert_int_eq(snp_psp(PSP_SNP_LAUNCH_START,
                             (struct psp_request) { .policy = BIT(17) }),
                     PSP_OK);
    ck_assert_int_eq(
        snp_psp(PSP_SNP_ACTIVATE, (struct psp_request) { .asid = 3 }), PSP_OK);
}

static inline void snp_launch(void)
{
    snp_begin();
    for (spa_t spa = 0; spa < 0x100000; spa += PAGE_SIZE_4K)
        if (spa != MMIO)
            ck_assert_int_eq(snp_update(spa, PSP_PAGE_NORMAL), PSP_OK);
    ck_assert_int_eq(snp_update(HOST_VMSA, PSP_PAGE_VMSA), PSP_OK);
    ck_assert_int_eq(snp_psp(PSP_SNP_LAUNCH_FINISH, (struct psp_request) { 0 }),
                     PSP_OK);
}

/* RAX, RCX and RDX stand in the VMSA already; the code is one instruction. */
static inline void start(const char *insn, size_t len, uint64_t rax,
                         uint64_t rcx, uint64_t rdx)
{
    char code[32] = { 0 };

    memcpy(code, insn, len);
    code[len] = (char)0xf4;
    snp_create();
    mini_code(&m, code, len + 1);
    mini_reg(&m, SAVE_RAX, rax);
    mini_reg(&m, VMSA_RCX, rcx);
    mini_reg(&m, VMSA_RDX, rdx);
}
#define INSN(s) (s), sizeof(s) - 1

#define READ_DATA "\x8a\x04\x25\x00\xc0\x00\x00" /* mov al, [c000] */

/* The handler of @vector is where the guest has stopped. */
static inline bool snp_stopped_in(unsigned vector)
{
    return (m.cpu->g.r.rip - HANDLERS) / 16 == vector;
}

#endif
