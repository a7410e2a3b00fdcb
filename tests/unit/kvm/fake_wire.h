/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fake_wire.h - a host that is nothing but a table of CPUID and MSR answers.
 *
 * KVM's half of the wall is tested without a CPU behind it: what KVM concludes
 * may depend on these answers only. No memory, no guests.
 */
#ifndef NPTSIM_TESTS_FAKE_WIRE_H
#define NPTSIM_TESTS_FAKE_WIRE_H

#include "arch/cpuid.h"
#include "wire.h"

struct fake_host {
    unsigned raw, reduction, cbit;
    bool mem_encrypt, smmlock;
    uint32_t min_asid, max_asid, max_ext_leaf;
    uint32_t sev_eax; /* CPUID 8000_001F EAX */
    uint32_t svm_edx; /* CPUID 8000_000A EDX */
    uint64_t rmp_base, rmp_end;
    uint32_t signature; /* CPUID 1 EAX */
    bool hypervisor;
    bool psp_fails, psp_up, psp_absent;
    /* SNP_INIT: is it known, done, of no effect? */
    bool snp_firmware, snp_up, snp_stuck;
    bool cth_firmware, cth_bios;
    unsigned svn;
    uint32_t told_to_hide; /* by SNP_INIT */
};

#define FAKE_SME     0x01U
#define FAKE_SEV     0x02U
#define FAKE_SEV_ES  0x08U
#define FAKE_SNP     0x10U
#define FAKE_RMPREAD 0x200000U

/* Nested paging, LBR virtualization, next RIP, flush by ASID, decode assists.
 */
#define FAKE_NP    0x01U
#define FAKE_LBRV  0x02U
#define FAKE_NRIPS 0x08U
#define FAKE_FLUSH 0x40U
#define FAKE_DA    0x80U

/* A Milan-like host: all there is, 48 bits, 5 of them given up, C-bit 47. */
static inline struct fake_host fake_host(void)
{
    return (struct fake_host) {
        .raw = 48,
        .reduction = 5,
        .cbit = 47,
        .mem_encrypt = true,
        .smmlock = true,
        .min_asid = 100,
        .max_asid = 509,
        .max_ext_leaf = 0x80000021,
        .signature = 0x00a00f11, /* family 19h */
        .sev_eax = FAKE_SME | FAKE_SEV | FAKE_SEV_ES,
        .svm_edx = FAKE_NP | FAKE_LBRV | FAKE_NRIPS | FAKE_FLUSH | FAKE_DA,
    };
}

static inline struct cpuid_regs fake_cpuid(void *hw, uint32_t leaf,
                                           uint32_t subleaf)
{
    const struct fake_host *h = hw;
    struct cpuid_regs r = { 0 };

    (void)subleaf;
    if (leaf == 1)
        r = (struct cpuid_regs) { .eax = h->signature,
                                  .ecx = h->hypervisor ? 1U << 31 : 0 };
    else if (leaf == 0x80000000)
        r.eax = h->max_ext_leaf;
    else if (leaf > h->max_ext_leaf)
        return r;
    else if (leaf == 0x80000008)
        r.eax = 48U << 8 | h->raw;
    else if (leaf == 0x8000000a)
        r.edx = h->svm_edx;
    else if (leaf == 0x8000001f)
        r = (struct cpuid_regs) { h->sev_eax, h->reduction << 6 | h->cbit,
                                  h->max_asid, h->min_asid };
    return r;
}

static inline bool fake_rdmsr(void *hw, uint32_t msr, uint64_t *value)
{
    const struct fake_host *h = hw;

    switch (msr) {
    case MSR_SYSCFG:
        *value = h->mem_encrypt ? SYSCFG_MEM_ENCRYPT : 0;
        return true;
    case MSR_HWCR:
        *value = h->smmlock ? HWCR_SMMLOCK : 0;
        return true;
    case MSR_RMP_BASE:
        *value = h->rmp_base;
        return h->rmp_base;
    case MSR_RMP_END:
        *value = h->rmp_end;
        return h->rmp_end;
    }
    return false;
}

/* TCB_VERSION of family 19h, and of 1Ah (pub. 56860). */
static inline uint64_t fake_tcb(const struct fake_host *h)
{
    return (uint64_t)h->svn << (h->signature >= 0x00b00000 ? 24 : 48);
}

static inline enum psp_status fake_snp_init(struct fake_host *h, uint32_t hide)
{
    if (!h->snp_firmware || h->psp_fails)
        return PSP_UNSUPPORTED;
    h->told_to_hide = hide;
    h->snp_up = !h->snp_stuck;
    return PSP_OK;
}

static inline enum psp_status fake_psp(void *hw, enum psp_cmd cmd,
                                       struct psp_request *r)
{
    struct fake_host *h = hw;

    if (h->psp_absent)
        return PSP_NO_DEVICE;
    if (cmd == PSP_SNP_INIT)
        return fake_snp_init(h, r->max_snp_asid);
    if (cmd == PSP_SNP_PLATFORM_STATUS && h->snp_firmware) {
        r->snp = (struct psp_snp_status) { h->snp_up, h->cth_firmware,
                                           h->cth_bios, fake_tcb(h) };
        return PSP_OK;
    }
    if (cmd == PSP_SNP_FEATURE_INFO && h->snp_firmware) {
        r->feature_ecx = h->cth_firmware ? 1U << 3 : 0;
        return PSP_OK;
    }
    if (cmd != PSP_INIT || h->psp_fails || h->psp_up)
        return PSP_INVALID_PLATFORM_STATE;
    h->psp_up = true;
    return PSP_OK;
}

static inline struct wire fake_wire(struct fake_host *h)
{
    static const struct wire_ops ops = {
        .cpuid = fake_cpuid,
        .rdmsr = fake_rdmsr,
        .psp = fake_psp,
    };

    return (struct wire) { h, &ops };
}

#endif
