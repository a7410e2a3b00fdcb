/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * run/host_bare.c - a host without a kernel: the hypervisor of sim/bare, told
 * what this scenario wants.
 */
#include "run/machine.h"

#include "trace.h"

const char *const npt_part_names[] = {
    [NPT_ADDRESS] = "address",
    [NPT_KERNEL] = "kernel",
    [NPT_PROGRAM] = "program",
};

/* ---- changes of nested entries ---- */

/* A kernel's pages are those around its programs, of which there is one for
 * each vCPU; 2 * RUN_MAX_VCPUS + 1 pieces are enough for either. */
#define MAX_PIECES (2 * RUN_MAX_VCPUS + 1)

/* The address ranges that @c is about; returns how many. */
static unsigned pieces(const struct machine *m, const struct run_npt *c,
                       struct bare_npt out[MAX_PIECES])
{
    struct guest_range kernel = guest_kernel_range(m->guest);
    gpa_t at = kernel.gpa, end = kernel.gpa + kernel.size;
    unsigned n = 0;

    if (c->part == NPT_ADDRESS) {
        out[n++] = c->change;
        return n;
    }
    for (unsigned i = 0; i < m->config->vm.n_vcpus; i++) {
        struct guest_range p = guest_program_range(m->guest, i);

        out[n] = c->change;
        out[n].gpa = c->part == NPT_PROGRAM ? p.gpa : at;
        out[n].size = c->part == NPT_PROGRAM ? p.size : p.gpa - at;
        n += out[n].size != 0;
        at = p.gpa + p.size;
    }
    if (c->part == NPT_KERNEL && at < end) {
        out[n] = c->change;
        out[n].gpa = at;
        out[n++].size = end - at;
    }
    return n;
}

static const char *change(struct machine *m, const struct run_npt *c)
{
    struct bare_npt piece[MAX_PIECES];
    unsigned n = pieces(m, c, piece);
    const char *why = NULL;

    for (unsigned i = 0; i < n && !why; i++)
        why = bare_change_npt(m->bare, &piece[i]);
    return why;
}

/* ---- opening the VM ---- */

static enum bare_type type_of(enum vm_type type)
{
    switch (type) {
    case VM_PLAIN:
        return BARE_PLAIN;
    case VM_SEV:
        return BARE_SEV;
    case VM_SEV_ES:
        return BARE_SEV_ES;
    case VM_SNP:
        return BARE_SNP;
    }
    BUG_ON(true);
}

static const struct bare_vm *vm_of(const struct machine *m)
{
    const struct vmm_config *c = &m->config->vm;
    struct bare_memory *memory =
        pool_alloc(m->pool, (c->n_memory + 1) * sizeof(*memory));
    struct bare_vm *vm = pool_alloc(m->pool, sizeof(*vm));

    for (unsigned i = 0; i < c->n_memory; i++)
        memory[i] = (struct bare_memory) { .gpa = c->memory[i].gpa,
                                           .size = c->memory[i].size,
                                           .readonly = c->memory[i].readonly };
    *vm = (struct bare_vm) { .type = type_of(c->type),
                             .n_vcpus = c->n_vcpus,
                             .n_memory = c->n_memory,
                             .memory = memory };
    return vm;
}

static struct bare_regs first_regs(const struct machine *m, unsigned vcpu)
{
    struct guest_entry e = guest_entry(m->guest, vcpu);

    return (struct bare_regs) {
        .rip = e.rip,
        .rsp = e.rsp,
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
}

static const char *load(struct machine *m)
{
    const struct run_bare *c = &m->config->bare;
    const char *why = NULL;

    for (unsigned i = 0; i < c->n_npt && !why; i++)
        why = change(m, &c->npt[i]);
    if (why)
        return why;
    for (unsigned i = 0; i < guest_n_chunks(m->guest); i++) {
        struct guest_chunk k = guest_chunk(m->guest, i);

        bare_load(m->bare, k.gpa, k.data, k.len, !k.shared);
    }
    for (unsigned i = 0; i < m->config->vm.n_vcpus; i++) {
        struct bare_regs r = first_regs(m, i);

        bare_set_regs(m->bare, i, &r);
    }
    why = bare_launch(m->bare);
    for (unsigned i = 0; i < c->n_rmp && !why; i++)
        if (bare_rmpupdate(m->bare, &c->rmp[i]) != RMP_OK)
            why = trace_text(m->trace, "RMPUPDATE of 0x%llx fails",
                             (unsigned long long)c->rmp[i].spa);
    return why;
}

static const char *open_vm(struct machine *m)
{
    const struct run_bare *c = &m->config->bare;
    struct bare_config *config = pool_alloc(m->pool, sizeof(*config));
    struct wire wire = cpu_wire(m->cpu);
    const char *why;

    *config = (struct bare_config) { c->host, c->vmcb, c->page_size };
    config->host.snp |= m->config->vm.type == VM_SNP;
    m->bare = bare_open(m->pool, &wire, config, vm_of(m), m->trace, &why);
    if (m->bare)
        why = load(m);
    return why ? trace_text(m->trace, "there is no VM: %s", why) : NULL;
}

static void introduce(const struct machine *m, const struct run_onlooker *o)
{
    o->meet(o->ctx, m->cpu, NULL, NULL);
}

/* ---- running it ---- */

static struct run_exit last_exit(const struct machine *m, unsigned vcpu)
{
    struct bare_exit x = bare_last_exit(m->bare, vcpu);

    return (struct run_exit) { x.code, x.info1, x.info2 };
}

static uint64_t rip(const struct machine *m, unsigned vcpu)
{
    return bare_last_exit(m->bare, vcpu).rip;
}

static struct ending exited(struct machine *m, unsigned vcpu)
{
    struct bare_exit x = bare_last_exit(m->bare, vcpu);
    const char *name = exit_code_name(x.code);

    switch (x.code) {
    case EXIT_NPF:
        return (struct ending) { "npf",
                                 trace_text(m->trace, "code 0x%llx, gpa 0x%llx",
                                            (unsigned long long)x.info1,
                                            (unsigned long long)x.info2),
                                 VCPU_STANDS };
    case EXIT_VMGEXIT:
        return (struct ending) { "vmgexit",
                                 "the guest asks, and this hypervisor has no "
                                 "answer",
                                 VCPU_STANDS };
    case EXIT_SHUTDOWN:
        return (struct ending) { "shutdown", "#VMEXIT(shutdown)", VCPU_DEAD };
    case EXIT_INVALID:
        return (struct ending) { "error", "VMRUN refused the VMCB", VCPU_DEAD };
    }
    return (struct ending) {
        "error",
        trace_text(m->trace, "#VMEXIT(%s, 0x%llx), which nobody asked for",
                   name ? name : "?", (unsigned long long)x.code),
        VCPU_DEAD
    };
}

static struct ending run(struct machine *m, unsigned vcpu,
                         const struct alarm *alarm)
{
    const struct bare_alarm bell = { alarm->rings, alarm->ctx };

    switch (bare_run(m->bare, vcpu, &bell)) {
    case BARE_HALTED:
        return (struct ending) { "completed", NULL, VCPU_HALTED };
    case BARE_ALARM:
        return (struct ending) { "hang", NULL, VCPU_ALARMED };
    case BARE_GP:
        return (struct ending) { "error", "VMRUN raises #GP", VCPU_DEAD };
    case BARE_EXITED:
        break;
    }
    return exited(m, vcpu);
}

static struct ending ended(const char *wrong)
{
    return (struct ending) { wrong ? "error" : "completed", wrong, VCPU_READY };
}

/* A result in EAX is the step's value; without the instruction there is none.
 */
static struct ending resulted(enum rmp_result r)
{
    return ended(r == RMP_UD ? "#UD: no reverse map table counts here" : NULL);
}

static struct ending write(struct machine *m, const struct run_step *s)
{
    if (bare_write(m->bare, s->spa, s->value, s->size, s->page))
        return ended(NULL);
    return (struct ending) { "pf", NULL, VCPU_READY };
}

static struct ending act(struct machine *m, const struct run_step *s)
{
    switch (s->kind) {
    case STEP_NPT:
        return ended(change(m, &s->npt));
    case STEP_VMCB:
        bare_change_vmcb(m->bare, &s->vmcb);
        return ended(NULL);
    case STEP_FLUSH:
        bare_flush(m->bare, s->flush);
        return ended(NULL);
    case STEP_INVLPGA:
        bare_invlpga(m->bare, s->gva);
        return ended(NULL);
    case STEP_RMPUPDATE:
        return resulted(bare_rmpupdate(m->bare, &s->rmp));
    case STEP_PSMASH:
        return resulted(bare_psmash(m->bare, s->spa));
    case STEP_WRITE:
        return write(m, s);
    case STEP_READ:
        bare_read(m->bare, s->spa, s->size);
        return ended(NULL);
    case STEP_GUEST:
    case STEP_RESUME:
    case STEP_MEMSLOT_CREATE:
    case STEP_MEMSLOT_DELETE:
        break;
    }
    BUG_ON(true); /* the loader refuses the others */
}

const struct host host_bare = { open_vm, introduce, run, last_exit, rip, act };
