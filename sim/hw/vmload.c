/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/vmload.c - the state that VMRUN does not switch.
 *
 * FS, GS, TR, LDTR and the MSRs of SYSCALL and SYSENTER stay in the core until
 * VMLOAD changes them (APM vol. 2, 15.5.2). For an SEV-ES guest the CPU
 * switches them itself, but of the host's it saved nothing: at #VMEXIT it loads
 * what software wrote into the host save area before (15.35.8, swap type B).
 */
#include "hw/cpu.h"

uint64_t cpu_canonical(const struct cpu *c, uint64_t addr)
{
    unsigned spare = 64 - c->model.linear_bits;

    return (uint64_t)((int64_t)(addr << spare) >> spare);
}

void cpu_canonicalise(struct cpu *c)
{
    struct guest_state *g = &c->g;

    for (unsigned i = 0; i < N_SEGS; i++)
        g->seg[i].base = cpu_canonical(c, g->seg[i].base);
    g->kernel_gs = cpu_canonical(c, g->kernel_gs);
    g->lstar = cpu_canonical(c, g->lstar);
    g->cstar = cpu_canonical(c, g->cstar);
}

static void load(struct cpu *c, spa_t area, const struct key *key,
                 unsigned sets)
{
    uint8_t bytes[SAVE_AREA_SIZE];

    crypt_read(c->mem, area, bytes, sizeof(bytes), key);
    save_area_load(&c->g, bytes, sets);
    cpu_canonicalise(c);
}

void cpu_vmload(struct cpu *c, spa_t vmcb, const struct key *key)
{
    load(c, vmcb + VMCB_SAVE, key, SAVE_SET_B);
}

void cpu_vmsave(struct cpu *c, spa_t vmcb, const struct key *key)
{
    uint8_t bytes[SAVE_VMCB_SIZE];

    crypt_read(c->mem, vmcb + VMCB_SAVE, bytes, sizeof(bytes), key);
    save_area_store(&c->g, bytes, SAVE_SET_B);
    crypt_write(c->mem, vmcb + VMCB_SAVE, bytes, sizeof(bytes), key);
}

/* ---- the page at VM_HSAVE_PA ---- */

static spa_t host_area(const struct cpu *c, const struct key **key)
{
    *key = c->hsave_pa & cpu_cbit(c) ? c->host_key : NULL;
    return (c->hsave_pa & ~cpu_cbit(c)) + VMCB_SAVE;
}

/* What is in the page is the CPU's own business; software may find out that it
 * changes. The registers that this model has of a host: */
void host_save(struct cpu *c)
{
    const struct {
        unsigned at;
        uint64_t value;
    } host[] = {
        { SAVE_EFER, c->efer },
        { SAVE_CR0, c->host_cr0 },
        { SAVE_CR4, c->host_cr4 },
        { SAVE_RAX, c->vmcb | (c->vmcb_key ? cpu_cbit(c) : 0) },
    };
    const struct key *key;
    spa_t area = host_area(c, &key);

    for (size_t i = 0; i < ARRAY_SIZE(host); i++)
        crypt_write64(c->mem, area + host[i].at, host[i].value, key);
}

void host_load(struct cpu *c)
{
    const struct key *key;
    spa_t area = host_area(c, &key);

    load(c, area, key, SAVE_SET_B | SAVE_SET_PKRU);
}
