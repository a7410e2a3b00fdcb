/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/msr.c - the host's RDMSR and WRMSR. false is #GP.
 *
 * GHCB and SEV_STATUS exist for guests only (APM vol. 2, 15.35.7, 15.34.10);
 * they are in hw/port.c.
 */
#include "hw/cpu.h"

#define VM_CR_LOCK BIT(3)
#define VM_CR_BITS bits(4, 0)

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
    case MSR_VM_CR:
        *value = c->vm_cr;
        return svm;
    case MSR_VM_HSAVE_PA:
        *value = c->hsave_pa;
        return svm;
    }
    return false;
}

/* LME and LMA cannot change while paging is on, which it is, always. SVME: not
 * where SVM is missing or disabled (APM vol. 2, 15.4). */
static bool write_efer(struct cpu *c, uint64_t value)
{
    bool svm = c->model.features[FEAT_SVM] && !(c->vm_cr & VM_CR_SVMDIS);
    uint64_t writable = EFER_SCE | (c->model.features[FEAT_NX] ? EFER_NXE : 0) |
                        (svm ? EFER_SVME : 0);

    if ((value ^ c->efer) & ~writable)
        return false;
    c->efer = value;
    return true;
}

/* Encryption can be turned on, never off (APM vol. 2, 7.10). SEV-SNP cannot be
 * turned on: this model has no reverse map table. */
static bool write_syscfg(struct cpu *c, uint64_t value)
{
    uint64_t writable = c->model.features[FEAT_SME] ? SYSCFG_MEM_ENCRYPT : 0;

    if ((value ^ c->syscfg) & ~writable)
        return false;
    c->syscfg |= value;
    tlb_flush_all(c);
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
        spa >> cpu_phys_bits(c))
        return false;
    c->hsave_pa = value;
    return true;
}

bool cpu_wrmsr(struct cpu *c, uint32_t msr, uint64_t value)
{
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
    case MSR_VM_CR:
        return write_vm_cr(c, value);
    case MSR_VM_HSAVE_PA:
        return write_hsave_pa(c, value);
    }
    return false;
}
