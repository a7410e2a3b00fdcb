/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/interrupts.c - virtual interrupts and NMIs, and what holds them back.
 *
 * The VMCB's word at 060h is the guest's interrupt controller (APM vol. 2,
 * 15.21): one pending interrupt, a task priority, a virtual NMI, a virtual
 * global flag. Physical interrupts are the host's and always exit, as they do
 * under a hypervisor that sets V_INTR_MASKING and runs with its own IF set.
 */
#include "hw/cpu.h"

static unsigned field(const struct cpu *c, unsigned shift, unsigned mask)
{
    return (unsigned)(c->ctl.int_ctl >> shift) & mask;
}

bool has_vgif(const struct cpu *c)
{
    return c->model.features[FEAT_VGIF] &&
           (c->ctl.int_ctl & INT_CTL_V_GIF_ENABLE);
}

/* While a guest runs the host's own GIF is 1: VMRUN sets it. */
static bool is_open(const struct cpu *c)
{
    return !has_vgif(c) || (c->ctl.int_ctl & INT_CTL_V_GIF);
}

static bool has_vnmi(const struct cpu *c)
{
    return c->model.features[FEAT_VNMI] &&
           (c->ctl.int_ctl & INT_CTL_V_NMI_ENABLE);
}

static bool nmi_waits(const struct cpu *c)
{
    return has_vnmi(c) && (c->ctl.int_ctl & INT_CTL_V_NMI) &&
           !(c->ctl.int_ctl & INT_CTL_V_NMI_MASK);
}

static bool interrupt_waits(const struct cpu *c)
{
    unsigned prio = field(c, INT_CTL_PRIO_SHIFT, 15), tpr = field(c, 0, 15);

    return (c->ctl.int_ctl & INT_CTL_V_IRQ) && (c->g.r.rflags & RFLAGS_IF) &&
           ((c->ctl.int_ctl & INT_CTL_V_IGN_TPR) || prio > tpr);
}

bool interrupt_wakes(const struct cpu *c)
{
    return is_open(c) && (nmi_waits(c) || interrupt_waits(c));
}

/* From here to IRET the guest gets no further NMI. */
void nmi_begins(struct cpu *c)
{
    if (has_vnmi(c))
        c->ctl.int_ctl |= INT_CTL_V_NMI_MASK;
}

void nmi_ends(struct cpu *c)
{
    if (has_vnmi(c))
        c->ctl.int_ctl &= ~INT_CTL_V_NMI_MASK;
}

static enum flow take(struct cpu *c, unsigned type, unsigned vector)
{
    c->event = (struct cpu_event) {
        .vector = (uint8_t)vector,
        .type = (uint8_t)type,
        .valid = true,
    };
    return FLOW_EVENT;
}

enum flow take_interrupt(struct cpu *c)
{
    if (c->g.shadow || !interrupt_wakes(c))
        return FLOW_NEXT;
    if (nmi_waits(c)) {
        c->ctl.int_ctl &= ~INT_CTL_V_NMI;
        nmi_begins(c);
        return take(c, EVENT_TYPE_NMI, VEC_NMI);
    }
    if (c->ctl.word3 & INTERCEPT3_VINTR)
        return intercepted(c, EXIT_VINTR, 0, 0, 0);
    c->ctl.int_ctl &= ~INT_CTL_V_IRQ;
    return take(c, EVENT_TYPE_INTR, field(c, INT_CTL_VECTOR_SHIFT, 0xff));
}
