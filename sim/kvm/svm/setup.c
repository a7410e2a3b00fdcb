/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/svm/setup.c - hardware setup of kvm-amd.ko, in the kernel's own order.
 *
 * The order is data because it was a bug: until 6.0 SEV was set up before the
 * MMIO mask knew about memory encryption, so a gate that looks at MMIO caching
 * could not have worked. What SEV asks for is in sev_setup.c.
 */
#include "kvm/kvm_module.h"

#define LEAF_ENCRYPTION 0x8000001fU

/* Does this kernel step over a C-bit at the first bit of the mask? */
static bool steps_over_cbit(const struct kvm_module *m)
{
    switch ((enum mmio_mask_bump)kvm_slot(m->kernel, SLOT_MMIO_MASK_BUMP)) {
    case MASK_BUMP_NONE:
        return false;
    case MASK_BUMP_CBIT:
        return true;
    }
    BUG_ON(true);
}

/* Why the run of bits from @first (after a C-bit that stood in the way) is what
 * it is. */
static const char *spare_bits_why(struct kvm_module *m, unsigned cbit)
{
    unsigned first = m->x86_phys_bits;
    bool collides = first == cbit;

    if (collides && first <= 51 && !steps_over_cbit(m))
        return trace_text(m->trace,
                          "bit %u is the first above the width, and nobody "
                          "asks whether it is the C-bit, as it is",
                          first);
    if (first > 51)
        return trace_text(m->trace,
                          "the width is %u: no spare bit of an NPTE is left",
                          first);
    if (!collides)
        return trace_text(m->trace,
                          "bits %u to 51 lie above the width of %u bits, so a "
                          "nested walk faults on them",
                          first, first);
    if (first == 51)
        return "first spare bit 51 is the C-bit; the next would be 52; no bit "
               "of an NPTE is left";
    return trace_text(m->trace,
                      "first spare bit %u is the C-bit; bits %u to 51 are left",
                      first, first + 1);
}

static void tell_mmio_mask(struct kvm_module *m, const char *why)
{
    TRACE(m->trace, kvm_mmio_mask, .stage = "svm", .value = m->mmio_value,
          .mask = m->mmio_mask, .caching = kvm_mmio_caching_works(m),
          .why = why, .source = m->kernel->slot_because[SLOT_MMIO_FLAG]);
}

/*
 * With memory encryption on, the walker reserves what lies above the reduced
 * width, except the C-bit. Only an exact collision matters: a C-bit higher up
 * ends inside the mask, where the bits below it fault.
 */
static void svm_adjust_mmio_mask(struct kvm_module *m)
{
    const char *dropped;
    unsigned cbit, bit;

    if (kvm_host_cpuid(m, 0x80000000U).eax < LEAF_ENCRYPTION) {
        tell_mmio_mask(m, "the CPU has no leaf 8000_001F: the choice at reset "
                          "stays");
        return;
    }
    if (!(kvm_host_rdmsr(m, MSR_SYSCFG) & SYSCFG_MEM_ENCRYPT)) {
        tell_mmio_mask(m, "SYSCFG.MemEncryptionModEn is 0: the choice at reset "
                          "stays");
        return;
    }

    cbit = kvm_host_cpuid(m, LEAF_ENCRYPTION).ebx & 0x3f;
    bit = m->x86_phys_bits;
    if (bit == cbit && steps_over_cbit(m))
        bit++;
    dropped = kvm_mmu_set_mmio_spte_mask(m, mmio_mark(bit));
    if (trace_hears(m->trace, EV_kvm_mmio_mask))
        tell_mmio_mask(m, dropped ? dropped
                                  : kvm_mmio_mask_why(m, mmio_mark(bit),
                                                      spare_bits_why(m, cbit)));
}

static void set_me_mask(struct kvm_module *m)
{
    switch ((enum me_mask)kvm_slot(m->kernel, SLOT_ME_MASK)) {
    case ME_MASK_AT_RESET: /* reset_me_mask() */
        break;
    case ME_MASK_BY_VENDOR:
        m->me_value = m->me_mask = m->sme_cbit ? BIT(m->sme_cbit) : 0;
        break;
    }
}

static void run_step(struct kvm_module *m, enum kvm_setup_step step)
{
    switch (step) {
    case SETUP_NPT:
        m->npt_enabled = m->params.npt && kvm_host_has_svm(m, FEAT_NP);
        break;
    case SETUP_ME_MASK:
        set_me_mask(m);
        break;
    case SETUP_MMIO_MASK:
        svm_adjust_mmio_mask(m);
        break;
    case SETUP_NRIPS:
        m->nrips = m->params.nrips && kvm_host_has_svm(m, FEAT_NRIPS);
        break;
    case SETUP_LBRV:
        m->lbrv = m->params.lbrv && kvm_host_has_svm(m, FEAT_LBRV);
        break;
    case SETUP_SEV:
        sev_hardware_setup(m);
        break;
    case N_SETUP_STEPS:
        BUG_ON(true);
    }
}

void svm_hardware_setup(struct kvm_module *m)
{
    for (unsigned i = 0; i < m->kernel->n_setup; i++)
        run_step(m, m->kernel->setup[i]);
}
