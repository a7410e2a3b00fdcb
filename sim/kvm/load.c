/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/load.c - boot the kernel, insert kvm.ko, then kvm-amd.ko.
 *
 * The order matters more than the steps: the request for MMIO caching is noted
 * when kvm.ko comes, the masks are reset when kvm-amd.ko comes, and only its
 * hardware setup knows about memory encryption. A reload of kvm-amd.ko repeats
 * the last two on what kvm.ko remembers.
 */
#include "kvm/kvm_module.h"

const char *kvm_warn(struct kvm_module *m, const char *text)
{
    m->warn_count++;
    TRACE(m->trace, kvm_warn, .text = text);
    return text;
}

/* insmod kvm.ko */
static void kvm_x86_init(struct kvm_module *m)
{
    switch ((enum host_width)kvm_slot(m->kernel, SLOT_HOST_WIDTH)) {
    case HOST_WIDTH_ONCE:
        m->maxphyaddr = kvm_host_raw_width(m);
        break;
    case HOST_WIDTH_REREAD: /* kvm_mmu_reset_all_pte_masks() */
        break;
    }
    kvm_mmu_spte_module_init(m);
}

static void tell_ignored(const struct kvm_module *m, const char *module,
                         const char *param)
{
    TRACE(m->trace, kvm_log,
          .text = trace_text(m->trace, "%s: unknown parameter '%s' ignored",
                             module, param));
}

/* A parameter that came later is no error: modprobe says so and goes on. */
static void tell_ignored_params(const struct kvm_module *m)
{
    const struct kernel_model *k = m->kernel;

    if (!m->params.mmio_caching && kvm_slot(k, SLOT_MMIO_FLAG) == MMIO_FLAG_TAG)
        tell_ignored(m, "kvm", "mmio_caching");
    if (!m->params.sev_snp && !k->sev_snp.n)
        tell_ignored(m, "kvm_amd", "sev_snp");
    if (m->params.ciphertext_hiding_asids &&
        kvm_slot(k, SLOT_SEV_RANGES) == SEV_RANGES_SHARED)
        tell_ignored(m, "kvm_amd", "ciphertext_hiding_asids");
}

/* insmod kvm-amd.ko */
static void kvm_x86_vendor_init(struct kvm_module *m)
{
    if (trace_hears(m->trace, EV_kvm_log))
        tell_ignored_params(m);
    kvm_mmu_reset_all_pte_masks(m);
    svm_hardware_setup(m);
    TRACE(m->trace, kvm_loaded, .mmio_caching = m->enable_mmio_caching,
          .npt = m->npt_enabled, .sev = m->sev, .sev_es = m->sev_es,
          .sev_snp = m->sev_snp, .vm_types = m->vm_types,
          .mmio_value = m->mmio_value, .mmio_mask = m->mmio_mask,
          .x86_phys_bits = m->x86_phys_bits, .maxphyaddr = m->maxphyaddr);
}

/* rmmod kvm-amd.ko: its own variables start afresh next time. */
static void kvm_x86_vendor_exit(struct kvm_module *m)
{
    m->npt_enabled = m->nrips = m->lbrv = false;
    m->sev = m->sev_es = m->sev_snp = false;
    m->sev_supported = m->sev_es_supported = false;
    m->min_sev_asid = m->max_sev_asid = 0;
    m->min_sev_es_asid = m->max_sev_es_asid = 0;
    m->min_snp_asid = m->max_snp_asid = 0;
    m->sev_enc_bit = 0;
    m->cpu_cap_sev = m->cpu_cap_sev_es = m->cpu_cap_snp = false;
    m->vm_types = 0;
    m->sev_log[0] = m->sev_es_log[0] = m->snp_log[0] = '\0';
    m->cg_sev = m->cg_sev_es = 0;
    m->cth_asids = 0;
    m->cth_log = false;
}

/* Boot code switches to five levels while paging is off; a CPU that has four
 * refuses the bit. */
static bool page_with_five_levels(const struct wire *w)
{
    uint64_t cr0 = w->ops->read_cr(w->hw, 0), cr4 = w->ops->read_cr(w->hw, 4);
    bool done;

    w->ops->write_cr(w->hw, 0, cr0 & ~CR0_PG);
    done = w->ops->write_cr(w->hw, 4, cr4 | CR4_LA57);
    w->ops->write_cr(w->hw, 0, cr0);
    return done;
}

void kvm_module_load(struct kvm_module *m, const struct wire *wire,
                     const struct kernel_model *kernel,
                     const struct kvm_params *params, struct trace *trace)
{
    *m = (struct kvm_module) {
        .wire = *wire,
        .kernel = kernel,
        .params = *params,
        .trace = trace,
    };
    m->la57 = params->la57 && page_with_five_levels(wire);
    kvm_host_boot(m);
    kvm_x86_init(m);
    kvm_x86_vendor_init(m);
}

void kvm_module_reload(struct kvm_module *m)
{
    kvm_x86_vendor_exit(m);
    kvm_x86_vendor_init(m);
}
