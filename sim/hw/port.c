/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/port.c - SOFTCALL: guest software written in C, run as one instruction.
 *
 * If one of its accesses faults, the guest's registers go back to what they
 * were and the fault takes its course, as for any instruction; it runs again
 * when the cause is gone.
 */
#include "hw/cpu.h"

struct guest_port {
    struct cpu *c;
    enum flow flow; /* what the access that faulted asks for */
};

/* Software writes registers as it likes; a CPU sees MOV to control registers.
 */
static void registers_written(struct cpu *c)
{
    tlb_mov_cr(c, &c->latched);
    latch_guest_again(c);
}

enum flow softcall(struct cpu *c, unsigned number, unsigned len)
{
    const struct guest_software *sw = &c->software;
    const struct guest_state before = c->g;
    struct guest_port p = { .c = c, .flow = FLOW_NEXT };
    enum port_result res;

    if (!sw->softcall)
        return raise_event(c, VEC_UD);
    c->g.r.rip += len;
    res = sw->softcall(sw->ctx, &p, number);
    BUG_ON((res == PORT_FAULT) != (p.flow != FLOW_NEXT));
    if (res == PORT_FAULT)
        c->g = before;
    registers_written(c);
    return p.flow;
}

struct guest_regs *port_regs(struct guest_port *p)
{
    return &p->c->g.r;
}

static enum port_result ended(struct guest_port *p, enum flow f)
{
    p->flow = f;
    return f == FLOW_NEXT ? PORT_OK : PORT_FAULT;
}

enum port_result port_read(struct guest_port *p, gva_t gva, void *buf,
                           size_t len)
{
    BUG_ON(p->flow != FLOW_NEXT);
    registers_written(p->c);
    return ended(p, access_read(p->c, gva, buf, len, data_access(p->c, false)));
}

enum port_result port_write(struct guest_port *p, gva_t gva, const void *buf,
                            size_t len)
{
    BUG_ON(p->flow != FLOW_NEXT);
    registers_written(p->c);
    return ended(p, access_write(p->c, gva, buf, len, data_access(p->c, true)));
}

enum port_result port_iret(struct guest_port *p)
{
    BUG_ON(p->flow != FLOW_NEXT);
    registers_written(p->c);
    return ended(p, iret(p->c, in_64bit(p->c) ? 8 : 4));
}

bool port_rdmsr(struct guest_port *p, uint32_t msr, uint64_t *value)
{
    return guest_rdmsr(p->c, msr, value);
}

bool port_wrmsr(struct guest_port *p, uint32_t msr, uint64_t value)
{
    return guest_wrmsr(p->c, msr, value);
}

struct cpuid_regs port_cpuid(struct guest_port *p, uint32_t leaf)
{
    return cpu_cpuid(p->c, leaf, 0);
}
