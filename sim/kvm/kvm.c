/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/kvm.c - /dev/kvm: opening it, creating a VM, and names for the answers.
 */
#include "kvm/svm/svm.h"
#include "kvm/vm.h"

struct kvm *kvm_open(struct pool *pool, const struct kvm_module *m)
{
    struct kvm *k = pool_alloc(pool, sizeof(*k));

    k->pool = pool;
    k->m = m;
    k->psp = m->psp;
    host_memory_init(k);
    svm_asid_init(k);
    return k;
}

bool kvm_wants_typed_vm(const struct kvm *k)
{
    return kvm_slot(k->m->kernel, SLOT_VM_CREATE) == VM_CREATE_TYPED;
}

/* ---- KVM_CREATE_VM ---- */

const char *kvm_vm_type_name(unsigned type)
{
    switch ((enum kvm_vm_type)type) {
    case KVM_X86_DEFAULT_VM:
        return "DEFAULT_VM";
    case KVM_X86_SW_PROTECTED_VM:
        return "SW_PROTECTED_VM";
    case KVM_X86_SEV_VM:
        return "SEV_VM";
    case KVM_X86_SEV_ES_VM:
        return "SEV_ES_VM";
    case KVM_X86_SNP_VM:
        return "SNP_VM";
    }
    return "unknown type";
}

/* 0, or -errno; *@why is the reason either way. */
static int check_vm_type(const struct kvm *k, unsigned type, const char **why)
{
    const struct kvm_module *m = k->m;

    *why = "every kernel offers it";
    if (type == KVM_X86_DEFAULT_VM)
        return 0;
    if (!kvm_wants_typed_vm(k)) {
        *why = "this kernel knows no VM types; it wants KVM_SEV_INIT or "
               "KVM_SEV_ES_INIT on a default VM";
        return -EINVAL;
    }
    if (type >= 32 || !(m->vm_types & BIT(type))) {
        *why = "KVM_CAP_VM_TYPES does not offer it";
        return -EINVAL;
    }
    *why = "KVM_CAP_VM_TYPES offers it";
    return 0;
}

/* The first VM switches virtualisation on. */
static int svm_hardware_enable(struct kvm *k)
{
    const struct wire *w = &k->m->wire;
    uint64_t efer = kvm_host_rdmsr(k->m, MSR_EFER);
    spa_t hsave;

    if (k->svm_enabled)
        return 0;
    hsave = host_alloc_zeroed(k, PAGE_SIZE_4K);
    if (!hsave)
        return -ENOMEM;
    if (!w->ops->wrmsr(w->hw, MSR_EFER, efer | EFER_SVME) ||
        !w->ops->wrmsr(w->hw, MSR_VM_HSAVE_PA, hsave))
        return -EIO;
    k->svm_enabled = true;
    return 0;
}

int kvm_create_vm(struct kvm *k, unsigned type, struct kvm_vm **out)
{
    const char *why;
    enum kvm_slot decision = SLOT_VM_CREATE;
    int ret = check_vm_type(k, type, &why);
    struct kvm_vm *vm;

    if (ret == -EINVAL && kvm_wants_typed_vm(k))
        decision = SLOT_VM_TYPES;
    if (!ret) {
        ret = svm_hardware_enable(k);
        if (ret)
            why = "virtualisation could not be switched on";
    }
    TRACE(k->m->trace, kvm_create_vm, .path = kvm_vm_type_name(type),
          .call = "KVM_CREATE_VM", .ret = kvm_errno_name(ret), .why = why,
          .source = k->m->kernel->slot_because[decision]);
    if (ret)
        return ret;

    vm = pool_alloc(k->pool, sizeof(*vm));
    vm->kvm = k;
    vm->type = type;
    vm->sev.need_init = type != KVM_X86_DEFAULT_VM;
    vm->next = k->vms;
    k->vms = vm;
    *out = vm;
    return 0;
}

/* ---- names ---- */

const char *kvm_errno_name(int ret)
{
    const char *name = strerrorname_np(-ret);

    return ret == 0 ? "ok" : name ? name : "unknown errno";
}

const char *kvm_exit_reason_name(unsigned reason)
{
    switch ((enum kvm_exit_reason)reason) {
    case KVM_EXIT_UNKNOWN:
        return "KVM_EXIT_UNKNOWN";
    case KVM_EXIT_EXCEPTION:
        return "KVM_EXIT_EXCEPTION";
    case KVM_EXIT_IO:
        return "KVM_EXIT_IO";
    case KVM_EXIT_HYPERCALL:
        return "KVM_EXIT_HYPERCALL";
    case KVM_EXIT_HLT:
        return "KVM_EXIT_HLT";
    case KVM_EXIT_MMIO:
        return "KVM_EXIT_MMIO";
    case KVM_EXIT_SHUTDOWN:
        return "KVM_EXIT_SHUTDOWN";
    case KVM_EXIT_FAIL_ENTRY:
        return "KVM_EXIT_FAIL_ENTRY";
    case KVM_EXIT_INTR:
        return "KVM_EXIT_INTR";
    case KVM_EXIT_INTERNAL_ERROR:
        return "KVM_EXIT_INTERNAL_ERROR";
    case KVM_EXIT_SYSTEM_EVENT:
        return "KVM_EXIT_SYSTEM_EVENT";
    case KVM_EXIT_MEMORY_FAULT:
        return "KVM_EXIT_MEMORY_FAULT";
    }
    return "unknown exit reason";
}
