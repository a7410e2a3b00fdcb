/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * run/machine.c - put the machine together: CPU, host, guest.
 *
 * What the user asked for is checked before anything happens; from then on
 * every refusal is a result, told by the actor who refused.
 */
#include "run/machine.h"
#include "run/shelf.h"

#include "trace.h"

#include <string.h>

static int describe_memory(struct guest_platform *p,
                           const struct vmm_config *vm, struct err *e)
{
    if (vm->n_memory > ARRAY_SIZE(p->ram))
        return err_at(e, vm->memory[ARRAY_SIZE(p->ram)].at,
                      "more than %zu memory ranges", ARRAY_SIZE(p->ram));
    if (vm->n_mmio > ARRAY_SIZE(p->mmio))
        return err_at(e, vm->mmio[ARRAY_SIZE(p->mmio)].at,
                      "more than %zu MMIO ranges", ARRAY_SIZE(p->mmio));
    for (unsigned i = 0; i < vm->n_memory; i++) {
        p->ram[i].gpa = vm->memory[i].gpa;
        p->ram[i].size = vm->memory[i].size;
        p->ram[i].readonly = vm->memory[i].readonly;
        p->ram[i].at = vm->memory[i].at;
    }
    for (unsigned i = 0; i < vm->n_mmio; i++) {
        p->mmio[i].gpa = vm->mmio[i].gpa;
        p->mmio[i].size = vm->mmio[i].size;
        p->mmio[i].at = vm->mmio[i].at;
    }
    p->n_ram = vm->n_memory;
    p->n_mmio = vm->n_mmio;
    return 0;
}

static int describe_platform(struct machine *m, struct err *e)
{
    const struct run_config *c = m->config;
    struct guest_platform *p = &m->platform;

    p->n_vcpus = c->vm.n_vcpus;
    p->sev = c->vm.type != VM_PLAIN;
    p->sev_es = c->vm.type == VM_SEV_ES || c->vm.type == VM_SNP;
    p->cbit = c->cpu.cbit;
    p->gb_pages = c->cpu.features[FEAT_PAGE1GB];
    return describe_memory(p, &c->vm, e);
}

static int build_guest(struct machine *m, struct shelf *shelf, struct err *e)
{
    const struct run_config *c = m->config;
    struct guest_code *code =
        pool_alloc(m->pool, (c->n_steps + 1) * sizeof(*code));
    struct guest_order order = { &c->guest, &m->platform, 0, code };
    unsigned n = 0;

    if (c->vm.n_vcpus < 1 || c->vm.n_vcpus > RUN_MAX_VCPUS)
        return err_plain(e, NULL, "vm.vcpus: %u is not in 1..%u", c->vm.n_vcpus,
                         RUN_MAX_VCPUS);
    for (unsigned i = 0; i < c->n_steps; i++) {
        if (c->steps[i].kind != STEP_GUEST)
            continue;
        if (c->steps[i].vcpu >= c->vm.n_vcpus)
            return err_at(e, c->steps[i].at, "there is no vCPU %u",
                          c->steps[i].vcpu);
        code[n] = guest_is_64bit(c->guest.paging) ? c->steps[i].code
                                                  : c->steps[i].code32;
        code[n].at = c->steps[i].at;
        code[n++].vcpu = c->steps[i].vcpu;
    }
    if (describe_platform(m, e))
        return -1;
    order.n_steps = n;
    m->guest = shelf_guest(shelf, &order, e);
    return m->guest ? 0 : -1;
}

/* ---- machines in a row -----------------------------------------------------
 */

struct rig {
    struct pool *pool; /* lives as long as the rig */
    struct pool *life; /* everything of one run */
    struct trace *trace;
    struct shelf *shelf;
    struct cpu *cpu; /* NULL before the first run */
};

struct rig *rig_create(struct pool *pool, struct trace *trace)
{
    struct rig *r = pool_alloc(pool, sizeof(*r));

    r->pool = pool;
    r->life = pool_child(pool);
    r->shelf = shelf_create(pool, trace);
    r->trace = trace;
    return r;
}

/* A CPU fresh from its firmware. */
static struct cpu *power_on(struct rig *r, const struct cpu_model *model)
{
    if (r->cpu)
        cpu_reset(r->cpu, model);
    else
        r->cpu = cpu_create(r->pool, model, r->trace);
    return r->cpu;
}

static int live(struct rig *r, const struct run_config *config, struct err *e)
{
    struct machine *m = pool_alloc(r->life, sizeof(*m));
    const struct cpu_model *cpu = &config->cpu;
    const char *refused;

    m->pool = r->life;
    m->trace = r->trace;
    m->config = config;
    m->host = config->is_bare ? &host_bare : &host_kvm;
    if (build_guest(m, r->shelf, e))
        return -1;
    TRACE(r->trace, cpu, .model = cpu->name, .raw = cpu->maxphyaddr_raw,
          .reduction = cpu->phys_reduction, .width = cpu_model_width(cpu),
          .cbit = cpu->cbit, .mem_encrypt = cpu->mem_encrypt);
    m->cpu = power_on(r, cpu);
    refused = m->host->open(m);
    if (config->onlooker.meet)
        m->host->introduce(m, &config->onlooker);
    take_steps(m, refused);
    return 0;
}

int rig_run(struct rig *r, const struct run_config *config, struct err *e)
{
    struct trace *trace = r->trace;
    struct pool *texts = trace ? trace->pool : NULL;
    int ret;

    pool_reset(r->life);
    if (trace)
        trace_restart(trace, r->life);
    ret = live(r, config, e);
    if (trace)
        trace->pool = texts;
    return ret;
}

int run_scenario(struct pool *pool, const struct run_config *config,
                 struct trace *trace, struct err *e)
{
    return rig_run(rig_create(pool, trace), config, e);
}
