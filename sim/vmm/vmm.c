/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmm/vmm.c - the process that owns the VM: what QEMU does, without the PC.
 *
 * It sees the kernel through ioctls only, and asks for an encrypted VM in the
 * way that this kernel understands: by type and KVM_SEV_INIT2, or by turning a
 * default VM into one with KVM_SEV_INIT or KVM_SEV_ES_INIT (Linux v6.10
 * introduced the former for these types).
 */
#include "vmm.h"

#include "trace.h"
#include "vmm/device.h"
#include "vmm/ranges.h"

#include <errno.h>
#include <string.h>

#define MAX_SLOTS 128
#define MAX_VCPUS 8

const char *const vm_type_names[] = {
    [VM_PLAIN] = "plain",
    [VM_SEV] = "sev",
    [VM_SEV_ES] = "sev-es",
    [VM_SNP] = "snp",
};

struct slot {
    bool used;
    gpa_t gpa;
    uint64_t size;
    hva_t hva;
};

struct vmm {
    struct kvm *kvm;
    struct kvm_vm *vm;
    const struct vmm_config *config;
    struct trace *trace;
    struct kvm_vcpu *vcpu[MAX_VCPUS];
    struct slot slots[MAX_SLOTS];
    struct ranges private;
};

/* "ENOTTY" for -ENOTTY. */
static const char *errno_name(int result)
{
    const char *name = strerrorname_np(-result);

    return name ? name : "?";
}

/* ---- creating ---- */

/* How a VM of each type is asked for. */
static const struct recipe {
    unsigned vm_type;
    enum sev_cmd_id init;
    const char *path;
} untyped[] = {
    [VM_PLAIN] = { KVM_X86_DEFAULT_VM, SEV_CMD_PROBE, "KVM_CREATE_VM" },
    [VM_SEV] = { KVM_X86_DEFAULT_VM, SEV_CMD_INIT,
                 "KVM_CREATE_VM, KVM_SEV_INIT" },
    [VM_SEV_ES] = { KVM_X86_DEFAULT_VM, SEV_CMD_ES_INIT,
                    "KVM_CREATE_VM, KVM_SEV_ES_INIT" },
    /* There is no other way to ask for SNP. */
    [VM_SNP] = { KVM_X86_SNP_VM, SEV_CMD_INIT2,
                 "KVM_CREATE_VM(KVM_X86_SNP_VM), KVM_SEV_INIT2" },
}, typed[] = {
    [VM_PLAIN] = { KVM_X86_DEFAULT_VM, SEV_CMD_PROBE, "KVM_CREATE_VM" },
    [VM_SEV] = { KVM_X86_SEV_VM, SEV_CMD_INIT2,
                 "KVM_CREATE_VM(KVM_X86_SEV_VM), KVM_SEV_INIT2" },
    [VM_SEV_ES] = { KVM_X86_SEV_ES_VM, SEV_CMD_INIT2,
                    "KVM_CREATE_VM(KVM_X86_SEV_ES_VM), KVM_SEV_INIT2" },
    [VM_SNP] = { KVM_X86_SNP_VM, SEV_CMD_INIT2,
                 "KVM_CREATE_VM(KVM_X86_SNP_VM), KVM_SEV_INIT2" },
};

/* 0, or -errno with *@call saying which call failed. */
static int create(struct vmm *v, const struct recipe *recipe, const char **call)
{
    int r;

    *call = "KVM_CREATE_VM";
    r = kvm_create_vm(v->kvm, recipe->vm_type, &v->vm);
    if (r || v->config->type == VM_PLAIN)
        return r;
    *call = recipe->init == SEV_CMD_INIT      ? "KVM_SEV_INIT"
            : recipe->init == SEV_CMD_ES_INIT ? "KVM_SEV_ES_INIT"
                                              : "KVM_SEV_INIT2";
    return kvm_memory_encrypt_op(v->vm,
                                 &(struct sev_cmd) { .id = recipe->init });
}

static int furnish(struct vmm *v, const char **call)
{
    int r = 0;

    *call = "KVM_SET_USER_MEMORY_REGION";
    for (unsigned i = 0; !r && i < v->config->n_memory; i++)
        r = vmm_memslot_create(v, &v->config->memory[i]);
    if (r)
        return r;
    *call = "KVM_CREATE_VCPU";
    for (unsigned i = 0; !r && i < v->config->n_vcpus; i++)
        r = kvm_create_vcpu(v->vm, i, &v->vcpu[i]);
    return r;
}

struct vmm *vmm_open(struct pool *pool, struct kvm *kvm,
                     const struct vmm_config *config, struct trace *trace,
                     const char **result)
{
    const struct recipe *recipe =
        (kvm_wants_typed_vm(kvm) ? typed : untyped) + config->type;
    struct vmm *v = pool_alloc(pool, sizeof(*v));
    const char *call;
    int r;

    BUG_ON(config->n_vcpus > MAX_VCPUS);
    *v = (struct vmm) { .kvm = kvm, .config = config, .trace = trace };
    ranges_init(&v->private, pool);
    r = create(v, recipe, &call);
    if (!r)
        r = furnish(v, &call);
    *result = r ? errno_name(r) : "ok";
    TRACE(trace, vm_create, .type = vm_type_names[config->type],
          .path = recipe->path, .result = *result,
          .why = r ? trace_text(trace, "%s failed: %s", call, strerror(-r))
                   : "this kernel offers such a VM");
    return r ? NULL : v;
}

/* ---- memory ---- */

int vmm_memslot_create(struct vmm *v, const struct vmm_memory *m)
{
    struct kvm_memory_region region = { .readonly = m->readonly,
                                        .gpa = m->gpa,
                                        .size = m->size };
    unsigned i = 0;
    int r;

    while (i < MAX_SLOTS && v->slots[i].used)
        i++;
    if (i == MAX_SLOTS)
        return -ENOSPC;
    region.slot = i;
    region.hva = kvm_host_mmap(v->kvm, m->size, m->host_page);
    if (!region.hva)
        return -ENOMEM;
    r = kvm_set_memory_region(v->vm, &region);
    if (!r)
        v->slots[i] = (struct slot) { true, m->gpa, m->size, region.hva };
    return r;
}

int vmm_memslot_delete(struct vmm *v, gpa_t gpa)
{
    for (unsigned i = 0; i < MAX_SLOTS; i++) {
        struct kvm_memory_region region = { .slot = i, .gpa = gpa };
        int r;

        if (!v->slots[i].used || v->slots[i].gpa != gpa)
            continue;
        r = kvm_set_memory_region(v->vm, &region);
        if (!r)
            v->slots[i].used = false;
        return r;
    }
    return -ENOENT;
}

/* The process' own address of @gpa, and how many bytes follow it; 0: none. */
static uint64_t hva_of(const struct vmm *v, gpa_t gpa, hva_t *hva)
{
    for (unsigned i = 0; i < MAX_SLOTS; i++) {
        const struct slot *s = &v->slots[i];

        if (!s->used || gpa < s->gpa || gpa - s->gpa >= s->size)
            continue;
        *hva = s->hva + (gpa - s->gpa);
        return s->size - (gpa - s->gpa);
    }
    return 0;
}

int vmm_load(struct vmm *v, gpa_t gpa, const void *data, size_t len)
{
    const uint8_t *from = data;

    while (len) {
        hva_t hva;
        uint64_t room = hva_of(v, gpa, &hva);
        size_t n = room < len ? room : len;
        int r = room ? kvm_host_write(v->kvm, hva, from, n) : -EFAULT;

        if (r)
            return r;
        gpa += n;
        from += n;
        len -= n;
    }
    return 0;
}

int vmm_set_regs(struct vmm *v, unsigned vcpu, const struct kvm_regs *r)
{
    return kvm_set_regs(v->vcpu[vcpu], r);
}

/* ---- launching an encrypted VM ---- */

void vmm_private(struct vmm *v, gpa_t gpa, uint64_t len)
{
    ranges_add(&v->private, gpa, len);
}

/* Memory that the guest expects encrypted with its key, slot by slot. */
static int update_data(struct vmm *v)
{
    for (unsigned i = 0; i < v->private.n; i++) {
        gpa_t gpa = v->private.range[i].start;

        while (gpa < v->private.range[i].end) {
            struct sev_cmd cmd = { .id = SEV_CMD_LAUNCH_UPDATE_DATA };
            uint64_t want = v->private.range[i].end - gpa;
            uint64_t room = hva_of(v, gpa, &cmd.hva);
            int r;

            cmd.len = room < want ? room : want;
            r = room ? kvm_memory_encrypt_op(v->vm, &cmd) : -EFAULT;
            if (r)
                return r;
            gpa += cmd.len;
        }
    }
    return 0;
}

static int simple_op(struct vmm *v, enum sev_cmd_id id)
{
    return kvm_memory_encrypt_op(v->vm, &(struct sev_cmd) { .id = id });
}

int vmm_launch(struct vmm *v)
{
    int r;

    if (v->config->type == VM_PLAIN)
        return 0;
    r = simple_op(v, SEV_CMD_LAUNCH_START);
    if (!r)
        r = update_data(v);
    if (!r && v->config->type == VM_SEV_ES)
        r = simple_op(v, SEV_CMD_LAUNCH_UPDATE_VMSA);
    return r ? r : simple_op(v, SEV_CMD_LAUNCH_FINISH);
}

/* ---- running ---- */

static struct vmm_result stop_of(const struct kvm_run *run)
{
    static const struct {
        unsigned reason;
        enum vmm_stop stop;
    } stops[] = {
        { KVM_EXIT_HLT, VMM_HLT },
        { KVM_EXIT_SHUTDOWN, VMM_SHUTDOWN },
        { KVM_EXIT_INTERNAL_ERROR, VMM_INTERNAL_ERROR },
        { KVM_EXIT_FAIL_ENTRY, VMM_FAIL_ENTRY },
        { KVM_EXIT_SYSTEM_EVENT, VMM_SYSTEM_EVENT },
        { KVM_EXIT_INTR, VMM_SIGNAL },
    };
    struct vmm_result r = { VMM_ERROR, kvm_exit_reason_name(run->exit_reason) };

    for (size_t i = 0; i < ARRAY_SIZE(stops); i++)
        if (stops[i].reason == run->exit_reason)
            r.stop = stops[i].stop;
    return r;
}

struct vmm_result vmm_run(struct vmm *v, unsigned vcpu,
                          const struct kvm_signals *signals)
{
    struct kvm_run *run = kvm_run_of(v->vcpu[vcpu]);

    for (;;) {
        int r = kvm_run(v->vcpu[vcpu], signals);

        if (r == -EINTR)
            return (struct vmm_result) { VMM_SIGNAL, "EINTR" };
        if (r == -EFAULT && run->exit_reason == KVM_EXIT_MEMORY_FAULT)
            return (struct vmm_result) { VMM_MEMORY_FAULT,
                                         "KVM_EXIT_MEMORY_FAULT" };
        if (r)
            return (struct vmm_result) { VMM_ERROR, errno_name(r) };
        if (run->exit_reason != KVM_EXIT_MMIO)
            return stop_of(run);
        device_serve(v->config, run, v->trace);
    }
}

struct kvm_vcpu *vmm_vcpu(struct vmm *v, unsigned vcpu)
{
    return v->vcpu[vcpu];
}

const struct kvm_vm *vmm_vm(const struct vmm *v)
{
    return v->vm;
}
