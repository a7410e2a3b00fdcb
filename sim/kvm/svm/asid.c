/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/svm/asid.c - who gets which address-space identifier.
 *
 * An ASID tags TLB entries. Guests without encryption draw theirs anew when the
 * counter wraps; encrypted ones own theirs for life, because it names their
 * key. The low ASIDs are for SEV: SEV-ES from 1 to min-1, SEV from min to max.
 */
#include "kvm/svm/svm.h"

#define TLB_CONTROL_DO_NOTHING 0U
#define TLB_CONTROL_FLUSH_ALL  1U
#define TLB_CONTROL_FLUSH_ASID 3U

void svm_asid_init(struct kvm *k)
{
    k->min_asid = k->m->max_sev_asid + 1;
    k->max_asid = kvm_host_cpuid(k->m, 0x8000000a).ebx - 1;
    k->next_asid = k->min_asid;
    k->asid_generation = 1; /* a new vCPU is of none: it takes an ASID */
}

/* Returns what TLB_CONTROL must do. */
static uint32_t new_asid(struct kvm_vcpu *v)
{
    struct kvm *k = v->vm->kvm;
    uint32_t tlb_control = TLB_CONTROL_DO_NOTHING;

    if (k->next_asid > k->max_asid) {
        k->asid_generation++;
        k->next_asid = k->min_asid;
        tlb_control = TLB_CONTROL_FLUSH_ALL;
    }
    v->asid_generation = k->asid_generation;
    v->asid = k->next_asid++;
    return tlb_control;
}

/* Without FlushByAsid, the way to flush is to take another ASID. */
static uint32_t plain_asid(struct kvm_vcpu *v, bool flush_by_asid)
{
    if (v->flush_tlb && !flush_by_asid)
        v->asid_generation = 0;
    if (v->asid_generation != v->vm->kvm->asid_generation)
        return new_asid(v);
    return TLB_CONTROL_DO_NOTHING;
}

/* vCPUs of an encrypted VM share the ASID, but not what the TLB knows under it.
 */
static void sev_asid(struct kvm_vcpu *v)
{
    struct kvm_sev *sev = &v->vm->sev;

    v->flush_tlb |= sev->last_to_run != v;
    sev->last_to_run = v;
    v->asid = sev->asid;
}

void svm_prepare_asid(struct kvm_vcpu *v)
{
    bool by_asid = kvm_host_has_svm(vcpu_module(v), FEAT_FLUSH_BY_ASID);
    uint32_t tlb_control = TLB_CONTROL_DO_NOTHING;

    if (sev_guest(v->vm))
        sev_asid(v);
    else
        tlb_control = plain_asid(v, by_asid);

    if (v->flush_tlb) {
        TRACE(vcpu_trace(v), kvm_tlb_flush, .asid = v->asid);
        if (by_asid && tlb_control == TLB_CONTROL_DO_NOTHING)
            tlb_control = TLB_CONTROL_FLUSH_ASID;
        else if (sev_guest(v->vm))
            tlb_control = TLB_CONTROL_FLUSH_ALL;
        v->flush_tlb = false;
    }
    vmcb_write32(v, VMCB_TLB_CONTROL, tlb_control);
    vmcb_write32(v, VMCB_ASID, v->asid);
}

/* ---- ASIDs of encrypted guests ---- */

static bool asid_in_use(const struct kvm *k, uint32_t asid)
{
    for (const struct kvm_vm *vm = k->vms; vm; vm = vm->next) {
        if (vm->sev.active && vm->sev.asid == asid)
            return true;
    }
    return false;
}

struct asid_range {
    uint32_t min, max;
};

static struct asid_range range_of(const struct kvm_module *m,
                                  enum sev_feature f)
{
    switch (f) {
    case FEATURE_SEV:
        return (struct asid_range) { m->min_sev_asid, m->max_sev_asid };
    case FEATURE_SEV_ES:
        return (struct asid_range) { m->min_sev_es_asid, m->max_sev_es_asid };
    case FEATURE_SEV_SNP:
        return (struct asid_range) { m->min_snp_asid, m->max_snp_asid };
    }
    BUG_ON(true);
}

int64_t sev_asid_new(const struct kvm *k, enum sev_feature f, const char **why)
{
    struct asid_range r = range_of(k->m, f);

    if (r.min > r.max) {
        *why = f == FEATURE_SEV      ? "the ASID range for SEV is empty"
               : f == FEATURE_SEV_ES ? "the ASID range for SEV-ES is empty"
                                     : "the ASID range for SEV-SNP is empty";
        return -ENOTTY;
    }
    for (uint32_t asid = r.min; asid <= r.max && asid >= r.min; asid++) {
        if (asid && !asid_in_use(k, asid))
            return asid;
    }
    *why = "every ASID of the range is taken";
    return -EBUSY;
}
