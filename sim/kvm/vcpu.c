/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/vcpu.c - KVM_RUN, and the events that wait for a vCPU.
 *
 * The loop is short: a signal ends it, otherwise enter the guest, handle the
 * exit, again. A guest that faults on the same page for ever keeps KVM in here;
 * only the signal gets it out.
 */
#include "kvm/mmu/mmu.h"
#include "kvm/svm/svm.h"
#include "kvm/vm.h"

/* ---- exceptions for the guest ---- */

static bool contributory(unsigned vector)
{
    return vector == VEC_DE || (vector >= VEC_TS && vector <= VEC_GP) ||
           vector == VEC_VC;
}

/* Two exceptions at once: #DF, or a shutdown (APM vol. 2, 8.2.9). */
static bool double_fault(unsigned first, unsigned second)
{
    return (contributory(first) && contributory(second)) ||
           (first == VEC_PF && (second == VEC_PF || contributory(second)));
}

void kvm_queue_exception(struct kvm_vcpu *v, unsigned vector, bool has_error,
                         uint32_t error_code)
{
    const struct kvm_event *old = &v->event;

    if (old->pending && old->type == EVENT_TYPE_EXC) {
        if (old->vector == VEC_DF) {
            v->triple_fault = true;
            return;
        }
        if (double_fault(old->vector, vector)) {
            vector = VEC_DF;
            has_error = true;
            error_code = 0;
        }
    }
    v->event = (struct kvm_event) { .pending = true,
                                    .type = EVENT_TYPE_EXC,
                                    .vector = vector,
                                    .has_error = has_error,
                                    .error_code = error_code };
}

void kvm_clear_exception_queue(struct kvm_vcpu *v)
{
    if (v->event.type == EVENT_TYPE_EXC)
        v->event.pending = false;
}

void kvm_inject_page_fault(struct kvm_vcpu *v, gva_t gva, uint32_t error_code)
{
    vmcb_write64(v, VMCB_SAVE + SAVE_CR2, gva);
    kvm_queue_exception(v, VEC_PF, true, error_code);
}

/* ---- KVM_RUN ---- */

int kvm_exit_to_user(struct kvm_vcpu *v, enum kvm_exit_reason reason)
{
    v->run.exit_reason = reason;
    return 0;
}

/* 1 go on, 0 leave to userspace, negative errno. */
static int vcpu_enter_guest(struct kvm_vcpu *v)
{
    int ret;

    if (v->triple_fault) {
        v->triple_fault = false;
        return kvm_exit_to_user(v, KVM_EXIT_SHUTDOWN);
    }
    ret = kvm_mmu_reload(v);
    if (ret)
        return ret;
    svm_vcpu_run(v);
    return svm_handle_exit(v);
}

static int vcpu_run(struct kvm_vcpu *v, const struct kvm_signals *signals)
{
    uint64_t laps = 0;
    int ret;

    do {
        if (signals && signals->pending(signals->ctx, laps++)) {
            v->run.exit_reason = KVM_EXIT_INTR;
            return -EINTR;
        }
        ret = vcpu_enter_guest(v);
    } while (ret > 0);
    return ret;
}

int kvm_run(struct kvm_vcpu *v, const struct kvm_signals *signals)
{
    int (*complete)(struct kvm_vcpu *) = v->complete_userspace_io;
    int ret = 1;

    if (vcpu_trace(v))
        vcpu_trace(v)->vcpu = v->id;
    v->complete_userspace_io = NULL;
    v->run.exit_reason = KVM_EXIT_UNKNOWN;
    if (v->vm->sev.need_init)
        ret = -EINVAL;
    else if (complete)
        ret = complete(v);
    if (ret > 0)
        ret = vcpu_run(v, signals);

    TRACE(vcpu_trace(v), kvm_userspace_exit, .reason = v->run.exit_reason,
          .name = kvm_exit_reason_name(v->run.exit_reason),
          .ret = kvm_errno_name(ret));
    return ret;
}

struct kvm_run *kvm_run_of(struct kvm_vcpu *v)
{
    return &v->run;
}

struct kvm_last_exit kvm_last_exit_of(const struct kvm_vcpu *v)
{
    return v->last_exit;
}

/* ---- creation, registers ---- */

#define KVM_MAX_VCPU_IDS 4096U

/* VMs that can be created, or are refused, as kernels do; but this version
 * could not run them. NULL: it can. */
static const char *not_modelled(const struct kvm_vm *vm)
{
    if (vm->type == KVM_X86_SNP_VM)
        return "the kernel would, but this version does not model vCPUs of "
               "SEV-SNP VMs";
    if (!vm->kvm->m->npt_enabled)
        return "the kernel would, but this version does not model shadow "
               "paging (npt=0)";
    return NULL;
}

static int refuse_vcpu(const struct kvm_vm *vm, const char *why)
{
    TRACE(vm->kvm->m->trace, kvm_create_vm, .path = kvm_vm_type_name(vm->type),
          .call = "KVM_CREATE_VCPU", .ret = kvm_errno_name(-EOPNOTSUPP),
          .why = why);
    return -EOPNOTSUPP;
}

int kvm_create_vcpu(struct kvm_vm *vm, unsigned id, struct kvm_vcpu **out)
{
    const char *why = not_modelled(vm);
    struct kvm_vcpu *v;
    int ret;

    if (id >= KVM_MAX_VCPU_IDS)
        return -EINVAL;
    if (why)
        return refuse_vcpu(vm, why);
    for (v = vm->vcpus; v; v = v->next) {
        if (v->id == id)
            return -EEXIST;
    }

    v = pool_alloc(vm->kvm->pool, sizeof(*v));
    v->vm = vm;
    v->id = id;
    ret = svm_vcpu_create(v);
    if (ret)
        return ret;
    v->next = vm->vcpus;
    vm->vcpus = v;
    *out = v;
    return 0;
}

int kvm_set_regs(struct kvm_vcpu *v, const struct kvm_regs *r)
{
    if (v->state_protected)
        return -EINVAL;
    svm_set_regs(v, r);
    return 0;
}

int kvm_get_regs(struct kvm_vcpu *v, struct kvm_regs *r)
{
    if (v->state_protected)
        return -EINVAL;
    svm_get_regs(v, r);
    return 0;
}
