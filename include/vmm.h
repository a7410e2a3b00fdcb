/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmm.h - the userspace process that owns the VM: memslots, devices, KVM_RUN.
 */
#ifndef NPTSIM_VMM_H
#define NPTSIM_VMM_H

#include "base.h"
#include "kvm.h"

struct trace;

enum vm_type { VM_PLAIN, VM_SEV, VM_SEV_ES, VM_SNP };
extern const char *const vm_type_names[]; /* "plain", "sev", "sev-es", "snp" */

struct vmm_memory {
    gpa_t gpa;
    uint64_t size;
    uint64_t host_page; /* 4K, 2M, 1G: what backs it */
    bool readonly;
    struct mark at;
};

/* An emulated device of registers: no memslot behind it. */
struct vmm_mmio {
    gpa_t gpa;
    uint64_t size;
    const char *name;
    uint64_t reads; /* what every read returns, cut to its size */
    struct mark at;
};

struct vmm_config {
    enum vm_type type;
    unsigned n_vcpus; /* 1..8 */
    unsigned n_memory, n_mmio;
    struct vmm_memory *memory;
    struct vmm_mmio *mmio;
};

struct vmm;

/* Open the VM the way this kernel wants it. NULL when refused: *@result is then
 * the errno name that userspace saw ("ENOTTY"), else "ok". Emits vm_create. */
struct vmm *vmm_open(struct pool *pool, struct kvm *kvm,
                     const struct vmm_config *config, struct trace *trace,
                     const char **result);

/* Copy an image into guest memory through the process' own mapping; 0/-errno.
 */
int vmm_load(struct vmm *v, gpa_t gpa, const void *data, size_t len);
int vmm_set_regs(struct vmm *v, unsigned vcpu, const struct kvm_regs *r);
/* Encrypt what was loaded: LAUNCH_START, UPDATE_DATA for each range given with
 * vmm_private(), UPDATE_VMSA, FINISH. Nothing for a plain VM. 0 or -errno. */
void vmm_private(struct vmm *v, gpa_t gpa, uint64_t len);
int vmm_launch(struct vmm *v);

/* Why vmm_run() gave control back. */
enum vmm_stop {
    VMM_HLT,
    VMM_SHUTDOWN,
    VMM_INTERNAL_ERROR,
    VMM_MEMORY_FAULT,
    VMM_FAIL_ENTRY,
    VMM_SYSTEM_EVENT,
    VMM_ERROR,  /* KVM_RUN failed with an errno */
    VMM_SIGNAL, /* the signal that @signals raised */
};
struct vmm_result {
    enum vmm_stop stop;
    const char *why; /* "KVM_EXIT_HLT", "EINVAL", ... */
};

/* KVM_RUN and serve devices until something else than MMIO comes back. */
struct vmm_result vmm_run(struct vmm *v, unsigned vcpu,
                          const struct kvm_signals *signals);
struct kvm_vcpu *vmm_vcpu(struct vmm *v, unsigned vcpu);
const struct kvm_vm *vmm_vm(const struct vmm *v);

/* `host:` steps; 0 or -errno. */
int vmm_memslot_create(struct vmm *v, const struct vmm_memory *m);
int vmm_memslot_delete(struct vmm *v, gpa_t gpa);

#endif
