/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/deliver.c - how an event reaches its handler, or does not.
 *
 * Delivery reads IDT, GDT and TSS and writes a stack, all in guest memory (see
 * gate.c), so it can fault itself. Two faults that do not go together make #DF,
 * a fault on top of #DF makes a shutdown (APM vol. 2, 8.2.9, 8.9 and 14.5.3).
 */
#include "hw/cpu.h"

enum event_class { CLASS_BENIGN, CLASS_CONTRIBUTORY, CLASS_PAGE, CLASS_DOUBLE };

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

bool is_software(const struct cpu_event *e)
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

/* Of exceptions only those of INT3 and INTO have a next instruction (APM vol.
 * 2, 15.7.1). */
static enum flow exit_exception(struct cpu *c)
{
    const struct cpu_event e = c->event;
    unsigned len = is_software(&e) ? (unsigned)(e.next - c->g.r.rip) : 0;
    enum flow f = intercepted(c, EXIT_EXC + e.vector, e.error,
                              e.vector == VEC_PF ? e.cr2 : 0, len);

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

/* #PF and, of all #VC, the one of an access (APM vol. 2, 15.36.10). */
static bool sets_cr2(const struct cpu_event *e)
{
    if (e->type != EVENT_TYPE_EXC)
        return false;
    return e->vector == VEC_PF || (e->vector == VEC_VC && !e->injected &&
                                   e->error == VC_NOT_VALIDATED);
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
    if (sets_cr2(&c->event))
        c->g.r.cr2 = c->event.cr2;
    c->delivering = c->event;
    c->event.valid = false;
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
