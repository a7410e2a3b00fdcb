/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/vm.h - the objects behind /dev/kvm: the process' memory, VMs, vCPUs.
 *
 * Private to sim/kvm. A struct kvm is one kernel with one process that has
 * /dev/kvm open; everything lives in the pool that came with kvm_open().
 * Contents are reached by the functions of the file named at each struct.
 */
#ifndef NPTSIM_KVM_VM_H
#define NPTSIM_KVM_VM_H

#include <errno.h>
#include <string.h>
#include "arch/insn.h"
#include "arch/paging.h"
#include "kvm.h"
#include "kvm/kvm_module.h"
#include "kvm/slots.h"
#include "trace.h"

struct host_vma;
struct extent;

/* hostmem.c: physical frames, and what the process has mapped. */
struct host_memory {
    struct extent *free; /* free physical memory, ascending */
    struct host_vma *vmas;
    hva_t next_hva;
};

struct kvm {
    struct pool *pool;
    const struct kvm_module *m;
    struct host_memory mem;
    struct kvm_vm *vms;
    bool svm_enabled;   /* EFER.SVME and the host-save area are set */
    struct kvm_psp psp; /* the driver's, which VMs may call, too */
    spa_t iopm, msrpm;
    /* svm/asid.c: ASIDs of guests without encryption. */
    uint64_t asid_generation;
    uint32_t next_asid, min_asid, max_asid;
};

/* ---- memslots (memslot.c) ---- */

/* Address spaces that share the generation counter: normal and SMM. This host
 * offers no SMM, so only the first one ever has slots. */
#define KVM_ADDRESS_SPACES 2

struct kvm_memory_slot {
    uint64_t base_gfn, npages;
    hva_t hva;
    uint32_t id;
    bool readonly;
    bool invalid; /* being deleted or moved */
};

struct kvm_memslots {
    uint64_t generation; /* GEN_IN_PROGRESS while an update is on its way */
    unsigned n, cap;
    struct kvm_memory_slot *slot; /* ascending by base_gfn */
};

/* ---- MMU (mmu/) ---- */

/* The VM's one nested page table: all vCPUs share it. */
struct tdp_root {
    spa_t spa;
    unsigned level;
    bool valid;
};

/* What the last MMIO fault of a vCPU was about. */
struct mmio_cache {
    uint64_t gfn, generation;
    unsigned access;
};

/* ---- VM and vCPU ---- */

struct kvm_sev {
    bool active, es_active, snp_active;
    bool need_init; /* typed VM, KVM_SEV_INIT2 still missing */
    uint32_t asid, handle;
    gpa_t ap_jump_table;          /* as the guest set it */
    unsigned ghcb_version;        /* highest that the guest may choose */
    struct kvm_vcpu *last_to_run; /* with this ASID: TLB hygiene */
};

struct kvm_vm {
    struct kvm *kvm;
    struct kvm_vm *next;
    unsigned type; /* enum kvm_vm_type */
    struct kvm_sev sev;
    struct kvm_memslots slots_set[2]; /* see memslot.c */
    unsigned active_slots;
    struct tdp_root root;
    unsigned valid_gen; /* flips each time that all tables are dropped */
    struct kvm_vcpu *vcpus;
};

/* One or two pieces of MMIO that wait for userspace. */
struct mmio_fragment {
    gpa_t gpa;
    unsigned len;
    unsigned offset; /* of its next byte in kvm_mmio.data */
};

/* mmio.c: an access that KVM cannot finish alone. */
struct kvm_mmio {
    bool needed, is_write, read_completed;
    unsigned n_fragments, current;
    gpa_t first_gpa;
    struct mmio_fragment fragment[2];
    uint8_t *data;
    uint8_t buffer[16]; /* what data points to for the emulator */
};

/* An exception for the guest, until VMRUN has taken it. */
struct kvm_event {
    bool pending;
    unsigned type; /* EVENT_TYPE_* */
    unsigned vector;
    bool has_error;
    uint32_t error_code;
};

/* svm/ghcb.c: the guest's request, copied out of the GHCB once. */
struct ghcb_state {
    bool mapped; /* answer before the next VMRUN */
    gpa_t gpa;
    uint64_t exit_code, info1, info2;
    uint64_t answer1, answer2; /* INFO1 and INFO2 for the guest */
    bool sync_scratch;         /* copy the scratch buffer back to the guest */
    gpa_t scratch_gpa;
    unsigned scratch_len, scratch_room; /* bytes in use, bytes there */
    uint8_t *scratch;
};

/* The instruction in the emulator's hands; kept across a userspace exit. */
struct emulated {
    uint8_t bytes[INSN_MAX_LEN];
    unsigned len; /* fetched */
    struct insn insn;
    gpa_t gpa; /* of the fault that brought it here */
    bool gpa_available;
};

struct kvm_vcpu {
    struct kvm_vm *vm;
    struct kvm_vcpu *next;
    unsigned id;
    struct kvm_run run;
    int (*complete_userspace_io)(struct kvm_vcpu *v); /* NULL: nothing open */

    spa_t vmcb, vmsa;
    uint64_t gpr[N_GPRS]; /* RAX and RSP travel through the VMCB */
    bool state_protected; /* the registers are encrypted for good */
    struct kvm_event event;
    bool triple_fault;
    bool flush_tlb;
    bool root_loaded; /* nCR3 names the VM's valid root */
    uint64_t asid_generation;
    uint32_t asid;
    struct kvm_last_exit last_exit;

    struct mmio_cache mmio_cache;
    struct kvm_mmio mmio;
    struct emulated emul;
    struct ghcb_state ghcb;
};

static inline const struct kvm_module *vcpu_module(const struct kvm_vcpu *v)
{
    return v->vm->kvm->m;
}

static inline struct trace *vcpu_trace(const struct kvm_vcpu *v)
{
    return v->vm->kvm->m->trace;
}

/* The row that this VM's kernel takes for @slot, and where that is written. */
static inline unsigned vm_slot(const struct kvm_vm *vm, enum kvm_slot slot)
{
    return kvm_slot(vm->kvm->m->kernel, slot);
}

static inline const char *vm_slot_source(const struct kvm_vm *vm,
                                         enum kvm_slot slot)
{
    return vm->kvm->m->kernel->slot_because[slot];
}

/* SEV-ES: KVM sees neither registers nor code. */
static inline bool sev_es_guest(const struct kvm_vm *vm)
{
    return vm->sev.active && vm->sev.es_active;
}

static inline bool sev_guest(const struct kvm_vm *vm)
{
    return vm->sev.active;
}

/* ---- hostmem.c ---- */

/* User addresses end here: the lower half of 48 bits, less a guard page. */
#define TASK_SIZE_MAX (BIT(47) - PAGE_SIZE_4K)

void host_memory_init(struct kvm *k);
/* @size bytes of contiguous physical memory aligned to @align, contents as they
 * are; 0 when there is none. */
spa_t host_alloc(struct kvm *k, uint64_t size, uint64_t align);
spa_t host_alloc_zeroed(struct kvm *k, uint64_t size);
void host_free(struct kvm *k, spa_t spa, uint64_t size);

/* Physical memory through the kernel's own mapping, which carries the C-bit
 * where the kernel was booted with memory encryption. */
uint64_t host_read64(const struct kvm *k, spa_t spa);
void host_write64(const struct kvm *k, spa_t spa, uint64_t value);
void host_read(const struct kvm *k, spa_t spa, void *buf, size_t len);
void host_write(const struct kvm *k, spa_t spa, const void *buf, size_t len);

/* The physical address behind @hva, backed now if it was not; *@page_size is
 * the size of the host page around it. 0 or -EFAULT. */
int host_get_user_page(struct kvm *k, hva_t hva, spa_t *spa,
                       uint64_t *page_size);

/* ---- memslot.c, guest_memory.c ---- */

struct kvm_memslots *kvm_memslots_of(struct kvm_vm *vm);
/* The slot around @gfn, or NULL. Slots being deleted are found, too. */
const struct kvm_memory_slot *kvm_gfn_to_memslot(struct kvm_vm *vm,
                                                 uint64_t gfn);
hva_t kvm_gfn_to_hva(const struct kvm_memory_slot *slot, uint64_t gfn);
/* The two halves of every change (see memslot.c). */
void kvm_memslots_publish(struct kvm_vm *vm);
void kvm_memslots_settle(struct kvm_vm *vm);

/* Guest-physical memory through the memslots, as the host sees it: ciphertext
 * of an encrypted guest. 0 or -EFAULT. */
int kvm_read_guest(struct kvm_vm *vm, gpa_t gpa, void *buf, size_t len);
int kvm_write_guest(struct kvm_vm *vm, gpa_t gpa, const void *buf, size_t len);

/* ---- kvm.c, vcpu.c ---- */

/* "EINVAL" for -EINVAL; "ok" for 0. */
const char *kvm_errno_name(int ret);
const char *kvm_vm_type_name(unsigned type);
/* @spa as the kernel hands it to hardware: with the C-bit where it has one. */
spa_t kvm_sme_set(const struct kvm_module *m, spa_t spa);
void kvm_queue_exception(struct kvm_vcpu *v, unsigned vector, bool has_error,
                         uint32_t error_code);
void kvm_clear_exception_queue(struct kvm_vcpu *v);
/* #PF with @gva in CR2. */
void kvm_inject_page_fault(struct kvm_vcpu *v, gva_t gva, uint32_t error_code);
/* What kvm_run() does when the guest may be entered no more this time. */
int kvm_exit_to_user(struct kvm_vcpu *v, enum kvm_exit_reason reason);

#endif
