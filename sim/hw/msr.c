/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/msr.c - MSRs of the host and of a guest. false is #GP.
 *
 * GHCB and SEV_STATUS exist for guests only (APM vol. 2, 15.35.7, 15.34.10).
 */
#include "hw/cpu.h"

#include <string.h>

#define VM_CR_LOCK BIT(3)
#define VM_CR_BITS bits(4, 0)

#define VIRTUAL_TOM_BITS bits(51, 21)

/* MSRs that are nothing but a register, which VMRUN leaves alone: host and
 * guest meet the same one. A base must be canonical. */
static const struct msr_register {
    uint32_t msr;
    bool is_base;
    size_t member;
} registers[] = {
    { MSR_STAR, false, offsetof(struct guest_state, star) },
    { MSR_LSTAR, true, offsetof(struct guest_state, lstar) },
    { MSR_CSTAR, true, offsetof(struct guest_state, cstar) },
    { MSR_SFMASK, false, offsetof(struct guest_state, sfmask) },
    { MSR_FS_BASE, true, offsetof(struct guest_state, seg[SEG(SAVE_FS)].base) },
    { MSR_GS_BASE, true, offsetof(struct guest_state, seg[SEG(SAVE_GS)].base) },
    { MSR_KERNEL_GS_BASE, true, offsetof(struct guest_state, kernel_gs) },
    { MSR_SYSENTER_CS, false, offsetof(struct guest_state, sysenter_cs) },
    { MSR_SYSENTER_ESP, false, offsetof(struct guest_state, sysenter_esp) },
    { MSR_SYSENTER_EIP, false, offsetof(struct guest_state, sysenter_eip) },
};

static const struct msr_register *find_register(uint32_t msr)
{
    for (size_t i = 0; i < ARRAY_SIZE(registers); i++)
        if (registers[i].msr == msr)
            return &registers[i];
    return NULL;
}

static bool read_register(const struct cpu *c, const struct msr_register *r,
                          uint64_t *value)
{
    if (r)
        memcpy(value, (const char *)&c->g + r->member, sizeof(*value));
    return r;
}

static bool write_register(struct cpu *c, const struct msr_register *r,
                           uint64_t value)
{
    if (r->is_base && cpu_canonical(c, value) != value)
        return false;
    memcpy((char *)&c->g + r->member, &value, sizeof(value));
    return true;
}

/* Where the reverse map table lies. Without one both are 0. */
static bool read_rmp(const struct cpu *c, uint32_t msr, uint64_t *value)
{
    *value = msr == MSR_RMP_BASE ? c->rmp.base : c->rmp.end;
    return c->model.features[FEAT_SEV_SNP];
}

/* Nobody moves the table once it counts (APM vol. 2, 15.36.4). */
static bool write_rmp(struct cpu *c, uint32_t msr, uint64_t value)
{
    bool base = msr == MSR_RMP_BASE;
    spa_t edge = base ? value : value + 1; /* of the table */

    if (!c->model.features[FEAT_SEV_SNP] || snp_on(c) || edge % RMP_ALIGNMENT ||
        value >> cpu_phys_bits(c))
        return false;
    *(base ? &c->rmp.base : &c->rmp.end) = value;
    return true;
}

bool cpu_rdmsr(const struct cpu *c, uint32_t msr, uint64_t *value)
{
    bool svm = c->model.features[FEAT_SVM];

    switch (msr) {
    case MSR_EFER:
        *value = c->efer;
        return true;
    case MSR_SYSCFG:
        *value = c->syscfg;
        return true;
    case MSR_HWCR:
        *value = c->hwcr;
        return true;
    case MSR_PAT:
        *value = c->host_pat;
        return true;
    case MSR_RMP_BASE:
    case MSR_RMP_END:
        return read_rmp(c, msr, value);
    case MSR_VM_CR:
        *value = c->vm_cr;
        return svm;
    case MSR_VM_HSAVE_PA:
        *value = c->hsave_pa;
        return svm;
    }
    return read_register(c, find_register(msr), value);
}

/* LME cannot change while paging is on, LMA not by a write at all. SVME: not
 * where SVM is missing or disabled (APM vol. 2, 15.4). */
static bool write_efer(struct cpu *c, uint64_t value)
{
    const bool *f = c->model.features;
    bool svm = f[FEAT_SVM] && !(c->vm_cr & VM_CR_SVMDIS);
    bool paging = c->host_cr0 & CR0_PG;
    uint64_t writable = EFER_SCE | (f[FEAT_NX] ? EFER_NXE : 0) |
                        (svm ? EFER_SVME : 0) |
                        (f[FEAT_LM] && !paging ? EFER_LME : 0);

    if ((value ^ c->efer) & ~writable)
        return false;
    c->efer = value;
    return true;
}

/* Encryption can be turned on, never off (APM vol. 2, 7.10); so can SNP, after
 * which the register stays as it is (15.36.2). */
static bool write_syscfg(struct cpu *c, uint64_t value)
{
    const bool *f = c->model.features;
    uint64_t writable =
        (f[FEAT_SME] ? SYSCFG_MEM_ENCRYPT : 0) |
        (f[FEAT_SEV_SNP] ? SYSCFG_MFDM | SYSCFG_SNP_EN | SYSCFG_VMPL_EN : 0);

    if (snp_on(c))
        return true;
    if ((value ^ c->syscfg) & ~writable)
        return false;
    c->syscfg |= value;
    cpu_flush_tlb(c, FLUSH_ALL, 0, "SYSCFG was written");
    return true;
}

/* LOCK makes itself and SVMDIS read-only (APM vol. 2, 15.30.1). */
static bool write_vm_cr(struct cpu *c, uint64_t value)
{
    uint64_t fixed = c->vm_cr & VM_CR_LOCK ? VM_CR_LOCK | VM_CR_SVMDIS : 0;

    if (!c->model.features[FEAT_SVM] || (value & ~VM_CR_BITS))
        return false;
    c->vm_cr = (c->vm_cr & fixed) | (value & ~fixed);
    return true;
}

static bool write_hsave_pa(struct cpu *c, uint64_t value)
{
    uint64_t spa = value & ~cpu_cbit(c);

    if (!c->model.features[FEAT_SVM] || spa % PAGE_SIZE_4K ||
        spa >> cpu_phys_bits(c) || !host_page(c, spa))
        return false;
    c->hsave_pa = value;
    return true;
}

static bool write_pat(uint64_t *pat, uint64_t value)
{
    if (!pat_is_valid(value))
        return false;
    *pat = value;
    return true;
}

bool cpu_wrmsr(struct cpu *c, uint32_t msr, uint64_t value)
{
    const struct msr_register *r = find_register(msr);

    if (r)
        return write_register(c, r, value);
    switch (msr) {
    case MSR_EFER:
        return write_efer(c, value);
    case MSR_SYSCFG:
        return write_syscfg(c, value);
    case MSR_HWCR:
        if ((value ^ c->hwcr) & ~HWCR_SMMLOCK)
            return false;
        c->hwcr |= value; /* SmmLock stays until reset */
        return true;
    case MSR_PAT:
        return write_pat(&c->host_pat, value);
    case MSR_VM_CR:
        return write_vm_cr(c, value);
    case MSR_VM_HSAVE_PA:
        return write_hsave_pa(c, value);
    case MSR_RMP_BASE:
    case MSR_RMP_END:
        return write_rmp(c, msr, value);
    }
    return false;
}

/* ---- a guest's ---- */

/* SEV_FEATURES follow behind the two (APM vol. 2, 15.34.10). */
static uint64_t sev_status(const struct cpu *c)
{
    return (c->ctl.sev ? BIT(0) : 0) | (c->ctl.sev_es ? BIT(1) : 0) |
           c->g.sev_features << 2;
}

bool guest_rdmsr(const struct cpu *c, uint32_t msr, uint64_t *value)
{
    switch (msr) {
    case MSR_EFER:
        *value = c->g.r.efer;
        return true;
    case MSR_PAT: /* APM vol. 2, 15.25.2 */
        *value = has_nested(c) ? c->g.pat : c->host_pat;
        return true;
    case MSR_GHCB:
        *value = c->g.ghcb;
        return c->ctl.sev_es;
    case MSR_SEV_STATUS:
        *value = sev_status(c);
        return c->model.features[FEAT_SEV];
    case MSR_VIRTUAL_TOM:
        *value = c->g.vtom;
        return has_vtom(c);
    }
    return read_register(c, find_register(msr), value);
}

/* LME not while paging is on; LMA follows from the two (APM vol. 2, 3.1.7). */
static bool guest_write_efer(struct cpu *c, uint64_t value)
{
    const bool *f = c->model.features;
    bool paging = c->g.r.cr0 & CR0_PG;
    uint64_t writable = EFER_SCE | (f[FEAT_NX] ? EFER_NXE : 0) |
                        (f[FEAT_LM] && !paging ? EFER_LME : 0);

    if ((value ^ c->g.r.efer) & ~writable)
        return false;
    c->g.r.efer = value;
    return true;
}

/* What was private may be shared now (APM vol. 2, 15.36.8). */
static bool write_vtom(struct cpu *c, uint64_t value)
{
    if (!has_vtom(c) || (value & ~VIRTUAL_TOM_BITS))
        return false;
    c->g.vtom = value;
    cpu_flush_tlb(c, FLUSH_ASID, c->ctl.asid, "VIRTUAL_TOM was written");
    latch_guest(c);
    return true;
}

bool guest_wrmsr(struct cpu *c, uint32_t msr, uint64_t value)
{
    const struct msr_register *r = find_register(msr);

    if (r)
        return write_register(c, r, value);
    switch (msr) {
    case MSR_EFER:
        return guest_write_efer(c, value);
    case MSR_PAT:
        return write_pat(has_nested(c) ? &c->g.pat : &c->host_pat, value);
    case MSR_GHCB:
        if (c->ctl.sev_es)
            c->g.ghcb = value;
        return c->ctl.sev_es;
    case MSR_VIRTUAL_TOM:
        return write_vtom(c, value);
    }
    return false;
}
