/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/svm/run.c - one trip into the guest and back.
 *
 * Everything that must be in the VMCB before VMRUN, everything that must be
 * saved from it afterwards. What the exit means is for exits.c.
 */
#include "kvm/svm/svm.h"

static uint64_t encode_event(const struct kvm_event *e)
{
    return EVENT_V | e->vector | (uint64_t)e->type << EVENT_TYPE_SHIFT |
           (e->has_error ? EVENT_EV | (uint64_t)e->error_code << 32 : 0);
}

static void inject_event(struct kvm_vcpu *v)
{
    const struct kvm_event *e = &v->event;

    vmcb_write64(v, VMCB_EVENTINJ, e->pending ? encode_event(e) : 0);
    if (e->pending && e->type == EVENT_TYPE_EXC)
        TRACE(vcpu_trace(v), kvm_inj_exception, .vector = e->vector,
              .name = vector_name(e->vector), .error_code = e->error_code);
}

/*
 * An event whose delivery the exit interrupted is injected again. Software
 * interrupts are not: the guest comes back to their instruction and executes it
 * anew.
 */
static void complete_interrupts(struct kvm_vcpu *v)
{
    uint64_t info = vmcb_read64(v, VMCB_EXITINTINFO);
    unsigned vector = info & EVENT_VECTOR_MASK;
    unsigned type = info >> EVENT_TYPE_SHIFT & 7;
    bool soft = type == EVENT_TYPE_SOFT ||
                (type == EVENT_TYPE_EXC && (vector == VEC_BP || vector == 4));

    v->event.pending = false;
    if (!(info & EVENT_V) || soft)
        return;
    v->event = (struct kvm_event) { .pending = true,
                                    .type = type,
                                    .vector = vector,
                                    .has_error = info & EVENT_EV,
                                    .error_code = (uint32_t)(info >> 32) };
}

void svm_vcpu_run(struct kvm_vcpu *v)
{
    const struct kvm_module *m = vcpu_module(v);

    sev_es_unmap_ghcb(v);
    inject_event(v);
    svm_prepare_asid(v);
    vmcb_write64(v, VMCB_NCR3, v->vm->root.spa | m->me_value);
    if (!v->state_protected) {
        vmcb_write64(v, VMCB_SAVE + SAVE_RAX, v->gpr[GPR_RAX]);
        vmcb_write64(v, VMCB_SAVE + SAVE_RSP, v->gpr[GPR_RSP]);
    }

    TRACE(m->trace, kvm_entry, .rip = kvm_rip_read(v));
    m->wire.ops->vmrun(m->wire.hw, kvm_sme_set(m, v->vmcb), v->gpr);

    if (!v->state_protected) {
        v->gpr[GPR_RAX] = vmcb_read64(v, VMCB_SAVE + SAVE_RAX);
        v->gpr[GPR_RSP] = vmcb_read64(v, VMCB_SAVE + SAVE_RSP);
    }
    v->last_exit =
        (struct kvm_last_exit) { .code = vmcb_read64(v, VMCB_EXITCODE),
                                 .info1 = vmcb_read64(v, VMCB_EXITINFO1),
                                 .info2 = vmcb_read64(v, VMCB_EXITINFO2) };
    complete_interrupts(v);
}
