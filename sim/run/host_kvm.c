/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * run/host_kvm.c - a host with a kernel: Linux boots, loads KVM, and userspace
 * asks it for a VM.
 */
#include "run/machine.h"

#include "trace.h"

#include <string.h>

/* ---- opening the VM ---- */

static int load_guest(struct machine *m)
{
    for (unsigned i = 0; i < guest_n_chunks(m->guest); i++) {
        struct guest_chunk c = guest_chunk(m->guest, i);
        int r = vmm_load(m->vmm, c.gpa, c.data, c.len);

        if (r)
            return r;
        if (!c.shared)
            vmm_private(m->vmm, c.gpa, c.len);
    }
    return 0;
}

static int set_registers(struct machine *m)
{
    int r = 0;

    for (unsigned i = 0; !r && i < m->config->vm.n_vcpus; i++) {
        struct guest_entry e = guest_entry(m->guest, i);
        struct kvm_regs regs = {
            .gpr[GPR_RSP] = e.rsp,
            .rip = e.rip,
            .rflags = e.rflags,
            .cr0 = e.cr0,
            .cr3 = e.cr3,
            .cr4 = e.cr4,
            .efer = e.efer,
            .cpl = e.cpl,
            .gdt_base = e.gdt_base,
            .gdt_limit = e.gdt_limit,
            .idt_base = e.idt_base,
            .idt_limit = e.idt_limit,
            .tr_base = e.tr_base,
            .tr_limit = e.tr_limit,
            .cs = e.cs,
            .ss = e.ss,
            .ds = e.ds,
            .tr = e.tr,
        };

        r = vmm_set_regs(m->vmm, i, &regs);
    }
    return r;
}

static void load_kernel(struct machine *m)
{
    const struct run_config *c = m->config;
    struct wire wire = cpu_wire(m->cpu);

    kvm_module_load(&m->module, &wire, &c->kernel, &c->params, m->trace);
    for (unsigned i = 0; i < c->reloads; i++)
        kvm_module_reload(&m->module);
}

static const char *open_vm(struct machine *m)
{
    const struct vmm_config *config = &m->config->vm;
    const char *result;
    int r;

    load_kernel(m);
    m->vmm = vmm_open(m->pool, kvm_open(m->pool, &m->module), config, m->trace,
                      &result);
    if (!m->vmm)
        return trace_text(m->trace, "there is no VM: userspace got %s", result);
    r = load_guest(m);
    if (!r)
        r = set_registers(m);
    if (!r)
        r = vmm_launch(m->vmm);
    if (!r)
        return NULL;
    TRACE(m->trace, host_action, .what = "load and launch the guest",
          .ret = strerrorname_np(-r));
    return trace_text(m->trace, "the guest could not be launched: %s",
                      strerror(-r));
}

static void introduce(const struct machine *m, const struct run_onlooker *o)
{
    o->meet(o->ctx, m->cpu, &m->module, m->vmm ? vmm_vm(m->vmm) : NULL);
}

/* ---- running it ---- */

static struct ending ending_of(struct machine *m, unsigned vcpu,
                               struct vmm_result r)
{
    const char *why = trace_text(m->trace, "KVM_RUN: %s", r.why);

    switch (r.stop) {
    case VMM_HLT:
        return (struct ending) { "completed", NULL, VCPU_HALTED };
    case VMM_SIGNAL:
        return (struct ending) { "hang", why, VCPU_ALARMED };
    case VMM_SHUTDOWN:
        return (struct ending) { "shutdown", why, VCPU_DEAD };
    case VMM_INTERNAL_ERROR:
        return (struct ending) { "internal_error", why, VCPU_DEAD };
    case VMM_MEMORY_FAULT:
        return (struct ending) { "memory_fault", why, VCPU_DEAD };
    case VMM_SYSTEM_EVENT:
        return (struct ending) { "terminated", why, VCPU_DEAD };
    case VMM_FAIL_ENTRY:
        return (struct ending) { "error", why, VCPU_DEAD };
    case VMM_ERROR:
        return (struct ending) { guest_panicked(m->guest, vcpu) ? "terminated"
                                                                : "error",
                                 why, VCPU_DEAD };
    }
    BUG_ON(true);
}

static struct ending run(struct machine *m, unsigned vcpu,
                         const struct alarm *alarm)
{
    const struct kvm_signals signals = { alarm->rings, alarm->ctx };

    return ending_of(m, vcpu, vmm_run(m->vmm, vcpu, &signals));
}

static struct run_exit last_exit(const struct machine *m, unsigned vcpu)
{
    struct kvm_last_exit x = kvm_last_exit_of(vmm_vcpu(m->vmm, vcpu));

    return (struct run_exit) { x.code, x.info1, x.info2 };
}

static uint64_t rip(const struct machine *m, unsigned vcpu)
{
    struct kvm_regs regs;

    return kvm_get_regs(vmm_vcpu(m->vmm, vcpu), &regs) ? 0 : regs.rip;
}

static struct ending act(struct machine *m, const struct run_step *s)
{
    int r = s->kind == STEP_MEMSLOT_CREATE
                ? vmm_memslot_create(m->vmm, &s->memory)
                : vmm_memslot_delete(m->vmm, s->memory.gpa);

    return r ? (struct ending) { "error", strerrorname_np(-r), VCPU_READY }
             : (struct ending) { "completed", NULL, VCPU_READY };
}

const struct host host_kvm = { open_vm, introduce, run, last_exit, rip, act };
