/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/deliver.c - how an event reaches its handler, or does not.
 *
 * Delivery reads IDT, GDT and TSS and writes a stack, all in guest memory, so
 * it can fault itself. Two faults that do not go together make #DF, a fault on
 * top of #DF makes a shutdown (APM vol. 2, 8.2.9, 8.9 and 14.5.3).
 */
#include "hw/cpu.h"

#define GATE_SIZE      16
#define GATE_INTERRUPT 0xe /* clears IF */
#define GATE_TRAP      0xf
#define ERROR_IDT      2U /* the error code names an IDT entry */
#define ERROR_EXT      1U /* not the guest's instruction asked for it */
#define TSS_RSP0       0x04
#define TSS_IST1       0x24

#define RFLAGS_CLEARED (RFLAGS_TF | BIT(14) | BIT(16)) /* TF NT RF */

enum event_class { CLASS_BENIGN, CLASS_CONTRIBUTORY, CLASS_PAGE, CLASS_DOUBLE };

struct gate {
    uint64_t offset;
    uint16_t sel;
    uint8_t ist, type, dpl;
    bool present;
};

enum flow raise_event(struct cpu *c, unsigned vector)
{
    c->event = (struct cpu_event) {
        .vector = (uint8_t)vector,
        .type = EVENT_TYPE_EXC,
        .valid = true,
    };
    return FLOW_EVENT;
}

enum flow raise_error(struct cpu *c, unsigned vector, uint32_t error)
{
    raise_event(c, vector);
    c->event.has_error = true;
    c->event.error = error;
    return FLOW_EVENT;
}

uint64_t event_encode(const struct cpu_event *e)
{
    if (!e->valid)
        return 0;
    return e->vector | (uint64_t)e->type << EVENT_TYPE_SHIFT | EVENT_V |
           (e->has_error ? EVENT_EV | (uint64_t)e->error << 32 : 0);
}

static bool is_exception(uint64_t eventinj)
{
    return (eventinj >> EVENT_TYPE_SHIFT & 7) == EVENT_TYPE_EXC;
}

enum flow inject(struct cpu *c, uint64_t eventinj, uint64_t nrip)
{
    if (!(eventinj & EVENT_V))
        return FLOW_NEXT;
    c->event = (struct cpu_event) {
        .vector = (uint8_t)(eventinj & EVENT_VECTOR_MASK),
        .type = eventinj >> EVENT_TYPE_SHIFT & 7,
        .valid = true,
        .has_error = (eventinj & EVENT_EV) && is_exception(eventinj),
        .error = (uint32_t)(eventinj >> 32),
        .cr2 = c->g.r.cr2,
        .next = c->model.features[FEAT_NRIPS] ? nrip : c->g.r.rip,
        .injected = true,
    };
    if (c->event.type == EVENT_TYPE_NMI) {
        c->event.vector = VEC_NMI; /* the field is ignored */
        nmi_begins(c);
    }
    return FLOW_EVENT;
}

/* INT n, or INT3 and INTO injected as the exceptions that they raise: the gate
 * must be open to the guest's CPL, and RIP moves on. */
static bool is_software(const struct cpu_event *e)
{
    return e->type == EVENT_TYPE_SOFT ||
           (e->type == EVENT_TYPE_EXC && (e->vector == 3 || e->vector == 4));
}

/* APM vol. 2, table 8-5; #VC counts as contributory (15.35.5). */
static enum event_class class_of(const struct cpu_event *e)
{
    if (e->type != EVENT_TYPE_EXC)
        return CLASS_BENIGN;
    switch (e->vector) {
    case VEC_DE:
    case VEC_TS:
    case VEC_NP:
    case VEC_SS:
    case VEC_GP:
    case VEC_VC:
        return CLASS_CONTRIBUTORY;
    case VEC_PF:
        return CLASS_PAGE;
    case VEC_DF:
        return CLASS_DOUBLE;
    }
    return CLASS_BENIGN;
}

/* Do these two make #DF (or, after #DF, a shutdown)? Else the second is simply
 * delivered. */
static bool goes_wrong_twice(const struct cpu_event *first,
                             const struct cpu_event *second)
{
    enum event_class one = class_of(first), two = class_of(second);

    switch (one) {
    case CLASS_BENIGN:
        return false;
    case CLASS_CONTRIBUTORY:
        return two == CLASS_CONTRIBUTORY;
    case CLASS_PAGE:
    case CLASS_DOUBLE:
        return two == CLASS_CONTRIBUTORY || two == CLASS_PAGE;
    }
    return false;
}

static enum flow shut_down(struct cpu *c)
{
    TRACE(c->trace, shutdown, .rip = c->g.r.rip,
          .why = trace_text(c->trace,
                            "%s while delivering #DF: no handler is left "
                            "that could run",
                            vector_name(c->event.vector)));
    return intercepted(c, EXIT_SHUTDOWN, 0, 0, 0);
}

static void make_double_fault(struct cpu *c)
{
    const struct cpu_event *first = &c->delivering, *second = &c->event;

    TRACE(c->trace, double_fault, .first = vector_name(first->vector),
          .second = vector_name(second->vector),
          .why = trace_text(c->trace, "%s could not be delivered: %s",
                            vector_name(first->vector),
                            vector_name(second->vector)));
    raise_error(c, VEC_DF, 0);
}

/* The hypervisor may want this exception for itself. Intercepting #VC would
 * take from an SEV-ES guest what interception gives it: not honoured. */
static bool wanted_by_host(const struct cpu *c)
{
    const struct cpu_event *e = &c->event;

    if (e->type != EVENT_TYPE_EXC || e->vector > 31)
        return false;
    if (c->ctl.sev_es && e->vector == VEC_VC)
        return false;
    return c->ctl.exceptions & BIT(e->vector);
}

static enum flow exit_exception(struct cpu *c)
{
    const struct cpu_event e = c->event;
    enum flow f = intercepted(c, EXIT_EXC + e.vector, e.error,
                              e.vector == VEC_PF ? e.cr2 : 0, 0);

    if (f == FLOW_EXIT && e.vector == VEC_PF && e.data)
        access_assist(c);
    return f;
}

/* For an SEV-ES guest this is a #VC on top of #DF: the end. */
static enum flow exit_double_fault(struct cpu *c)
{
    if (c->ctl.sev_es)
        c->delivering = c->event;
    return exit_exception(c);
}

/* c->event becomes c->delivering, if nobody takes it and nothing merges. An
 * injected event was the host's own wish: no intercept looks at it. */
static enum flow admit(struct cpu *c)
{
    if (!c->event.injected && wanted_by_host(c))
        return exit_exception(c);
    if (c->delivering.valid && goes_wrong_twice(&c->delivering, &c->event)) {
        if (class_of(&c->delivering) == CLASS_DOUBLE)
            return shut_down(c);
        make_double_fault(c);
        if (wanted_by_host(c))
            return exit_double_fault(c);
    }
    if (c->event.type == EVENT_TYPE_EXC && c->event.vector == VEC_PF)
        c->g.r.cr2 = c->event.cr2;
    c->delivering = c->event;
    c->event.valid = false;
    return FLOW_NEXT;
}

static enum flow read_gate(struct cpu *c, const struct cpu_event *e,
                           struct gate *gate)
{
    const struct segment *idt = &c->g.seg[SEG(SAVE_IDTR)];
    unsigned at = e->vector * GATE_SIZE;
    uint32_t error =
        e->vector * 8U | ERROR_IDT | (is_software(e) ? 0 : ERROR_EXT);
    uint64_t d[2];
    enum flow f;

    if (at + GATE_SIZE - 1 > idt->limit)
        return raise_error(c, VEC_GP, error);
    f = access_read(c, idt->base + at, d, sizeof(d),
                    (struct access) { .implicit = true });
    if (f != FLOW_NEXT)
        return f;
    *gate = (struct gate) {
        .offset = (d[0] & 0xffff) | (d[0] >> 48) << 16 | d[1] << 32,
        .sel = (uint16_t)(d[0] >> 16),
        .ist = d[0] >> 32 & 7,
        .type = d[0] >> 40 & 0x1f,
        .dpl = d[0] >> 45 & 3,
        .present = d[0] >> 47 & 1,
    };
    if (gate->type != GATE_INTERRUPT && gate->type != GATE_TRAP)
        return raise_error(c, VEC_GP, error);
    if (is_software(e) && gate->dpl < c->g.r.cpl)
        return raise_error(c, VEC_GP, error);
    if (!gate->present)
        return raise_error(c, VEC_NP, error);
    return FLOW_NEXT;
}

/* The handler's code segment; its CPL is never less privileged. */
static enum flow handler_segment(struct cpu *c, const struct gate *gate,
                                 unsigned ext, struct segment *cs)
{
    enum flow f = read_descriptor(c, gate->sel, ext, cs);

    if (f != FLOW_NEXT)
        return f;
    if (!is_code64(cs) || seg_dpl(cs) > c->g.r.cpl)
        return raise_error(c, VEC_GP, (gate->sel & ~3U) | ext);
    f = use_segment(c, cs, VEC_NP, ext);
    if (f == FLOW_NEXT && !is_canonical(c, gate->offset))
        return raise_error(c, VEC_GP, ext);
    return f;
}

/* RSP of the handler: from the interrupt stack table, from the TSS when the CPL
 * changes, else the current one. */
static enum flow handler_stack(struct cpu *c, const struct gate *gate,
                               unsigned cpl, unsigned ext, uint64_t *rsp)
{
    const struct segment *tr = &c->g.seg[SEG(SAVE_TR)];
    unsigned at =
        gate->ist ? TSS_IST1 + 8U * (gate->ist - 1U) : TSS_RSP0 + 8U * cpl;
    enum flow f = FLOW_NEXT;

    *rsp = c->g.r.gpr[GPR_RSP];
    if (gate->ist || cpl != c->g.r.cpl) {
        if (at + 7 > tr->limit)
            return raise_error(c, VEC_TS, (tr->sel & ~3U) | ext);
        f = access_read(c, tr->base + at, rsp, sizeof(*rsp),
                        (struct access) { .implicit = true });
    }
    *rsp &= ~15ULL;
    return f;
}

static enum flow push(struct cpu *c, uint64_t *rsp, uint64_t value)
{
    struct access a = { .write = true, .implicit = true, .stack = true };

    *rsp -= 8;
    return access_write(c, *rsp, &value, sizeof(value), a);
}

static enum flow push_frame(struct cpu *c, const struct cpu_event *e,
                            uint64_t *rsp)
{
    const struct guest_regs *r = &c->g.r;
    const uint64_t frame[] = {
        c->g.seg[SEG(SAVE_SS)].sel,
        r->gpr[GPR_RSP],
        r->rflags,
        c->g.seg[SEG(SAVE_CS)].sel,
        is_software(e) ? e->next : r->rip,
        e->error,
    };
    size_t n = ARRAY_SIZE(frame) - !e->has_error;
    enum flow f = FLOW_NEXT;

    for (size_t i = 0; i < n && f == FLOW_NEXT; i++)
        f = push(c, rsp, frame[i]);
    return f;
}

/* Nothing of the guest's registers changes before the last access is done. */
static enum flow enter_handler(struct cpu *c, const struct cpu_event *e)
{
    unsigned ext = is_software(e) ? 0 : ERROR_EXT;
    struct guest_regs *r = &c->g.r;
    struct segment cs;
    struct gate gate;
    unsigned cpl;
    uint64_t rsp;
    enum flow f;

    f = read_gate(c, e, &gate);
    if (f == FLOW_NEXT)
        f = handler_segment(c, &gate, ext, &cs);
    if (f != FLOW_NEXT)
        return f;
    cpl = is_conforming(&cs) ? r->cpl : seg_dpl(&cs);
    f = handler_stack(c, &gate, cpl, ext, &rsp);
    if (f == FLOW_NEXT)
        f = push_frame(c, e, &rsp);
    if (f != FLOW_NEXT)
        return f;

    if (cpl != r->cpl)
        c->g.seg[SEG(SAVE_SS)] = (struct segment) { .sel = (uint16_t)cpl };
    cs.sel = (uint16_t)((cs.sel & ~3U) | cpl);
    c->g.seg[SEG(SAVE_CS)] = cs;
    r->cpl = cpl;
    r->rip = gate.offset;
    r->gpr[GPR_RSP] = rsp;
    r->rflags &= ~RFLAGS_CLEARED;
    if (gate.type == GATE_INTERRUPT)
        r->rflags &= ~RFLAGS_IF;
    return FLOW_NEXT;
}

enum flow deliver(struct cpu *c)
{
    enum flow f = admit(c);
    struct cpu_event e;
    uint64_t rip;

    if (f != FLOW_NEXT)
        return f;
    e = c->delivering;
    rip = c->g.r.rip;
    f = enter_handler(c, &e);
    if (f != FLOW_NEXT)
        return f;
    c->delivering.valid = false;
    c->g.shadow = false;
    TRACE(c->trace, exception, .vector = e.vector,
          .name = vector_name(e.vector), .has_error = e.has_error,
          .error_code = e.error, .rip = rip, .cr2 = c->g.r.cr2,
          .handler = c->g.r.rip);
    return FLOW_NEXT;
}
