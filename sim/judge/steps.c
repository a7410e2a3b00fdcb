/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * judge/steps.c - how each step of the scenario ended, read off its events.
 *
 * A step that never came to its end says so itself (step_done.how). One that
 * did was given up by a handler of the guest, or reached a device through the
 * GHCB, or through KVM's emulator, or simply memory: in this order, the first
 * that was heard is its outcome.
 */
#include "judge/parts.h"

#include "arch/paging.h"
#include "arch/sev.h"
#include "arch/svm.h"

#include <string.h>

const struct step_property_desc step_property_table[] = {
    { "outcome", VALUE_TEXT, "how the step ended" },
    { "value", VALUE_NUMBER,
      "what was read or written; RAX after code; EAX after rmpupdate, psmash" },
    { "error_code", VALUE_NUMBER, "error code of the exception" },
    { "cr2", VALUE_NUMBER, "faulting address of a #PF, or of a #VC 0x404" },
    { "npf", VALUE_NUMBER, "EXITINFO1 of each nested page fault, a list" },
    { "exits", VALUE_NUMBER, "number of #VMEXITs" },
    { "cycles", VALUE_NUMBER, "cycles by the CPU's timing model" },
};
const unsigned n_step_properties = ARRAY_SIZE(step_property_table);

const char *const step_outcome_names[] = {
    "ram",           /* reached memory, or needed none */
    "mmio.emulated", /* a device, through KVM's emulator */
    "mmio.vc",       /* a device, through #VC and the GHCB */
    "pf",            /* the guest's handler gave up after this exception */
    "gp",
    "vc",
    "ud",
    "df",
    "np",
    "ss",
    "exception", /* any other one */
    "hang",      /* the same exit for ever */
    "shutdown",
    "npf",            /* a #NPF that no hypervisor handles */
    "vmgexit",        /* a guest's question that no hypervisor answers */
    "memory_fault",   /* KVM_EXIT_MEMORY_FAULT */
    "internal_error", /* KVM_EXIT_INTERNAL_ERROR */
    "terminated",     /* the guest asked for its end */
    "error",          /* KVM_RUN or the host's action failed */
    "done",           /* an action of the host, carried out */
    "skipped",
    NULL,
};

/* The name itself if it is an outcome, else NULL. */
static const char *outcome_find(const char *name)
{
    for (unsigned i = 0; step_outcome_names[i]; i++)
        if (strcmp(step_outcome_names[i], name) == 0)
            return step_outcome_names[i];
    return NULL;
}

void steps_init(struct steps *s, struct pool *pool, unsigned n,
                const char *const *ids, const unsigned *sizes)
{
    *s = (struct steps) {
        .n = n,
        .report = pool_alloc(pool, n * sizeof(*s->report)),
        .notes = pool_alloc(pool, n * sizeof(*s->notes)),
        .id = ids,
        .size = sizes,
    };
    steps_reset(s);
}

void steps_reset(struct steps *s)
{
    s->current = s->n;
    for (unsigned i = 0; i < s->n; i++) {
        s->report[i] =
            (struct step_report) { .id = s->id[i], .outcome = "skipped" };
        s->notes[i] = (struct step_notes) { .begun = false };
    }
}

void steps_interest(struct trace_interest *out)
{
    static const enum event_id ids[] = {
        EV_step,
        EV_step_done,
        EV_vmexit,
        EV_npf,
        EV_pf,
        EV_vc,
        EV_halt,
        EV_kvm_fault_result,
        EV_insn_unsupported,
        EV_kvm_mmio,
        EV_kvm_fast_mmio,
        EV_guest_vc_done,
        EV_guest_fixup,
        EV_guest_terminate,
        EV_hang,
        EV_shutdown,
        EV_vmrun_invalid,
        EV_host_action,
        EV_host_pf,
        EV_rmp_fault,
        EV_bare_rmp,
        EV_bare_memory,
    };

    for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
        out->event[ids[i]] = true;
}

/* ---- listening ----------------------------------------------------------- */

/* Steps come in order, so the next one is almost always the right guess. */
static void begin(struct steps *s, const struct event *ev)
{
    const char *id = EV(step, ev)->id;
    unsigned guess = s->current < s->n ? s->current + 1 : 0;

    s->current = s->n;
    for (unsigned k = 0; k < s->n && id; k++) {
        unsigned i = (guess + k) % s->n;

        if (strcmp(s->report[i].id, id) == 0) {
            s->current = i;
            s->notes[i].begun = true;
            s->notes[i].began_at = ev->now;
            return;
        }
    }
}

static void end(struct steps *s, const struct event *ev)
{
    const struct ev_step_done *e = EV(step_done, ev);
    struct step_notes *n = &s->notes[s->current];

    n->ended = true;
    n->how = e->how;
    n->why = e->why;
    s->report[s->current].cycles = ev->now - n->began_at;
}

static void hear_npf(struct step_report *r, struct step_notes *n,
                     const struct ev_npf *e)
{
    if (r->n_npf < STEP_MAX_NPF)
        r->npf[r->n_npf] = e->info1;
    r->n_npf++;
    n->npf = e->why;
}

static void hear_pf(struct step_report *r, struct step_notes *n,
                    const struct ev_pf *e)
{
    n->faulted = true;
    n->fault = e->why;
    r->error_code = e->error_code;
    r->cr2 = e->cr2;
}

static void hear_fixup(struct step_report *r, struct step_notes *n,
                       const struct ev_guest_fixup *e)
{
    n->fixed_up = true;
    n->vector = e->vector;
    n->fixup = e->why;
    r->error_code = e->error_code;
    r->cr2 = e->cr2;
}

static void hear_halt(struct step_notes *n, const struct ev_halt *e)
{
    n->halted = true;
    n->rax = e->rax;
}

/* A step of the host itself: what it got. */
static void hear_host(struct step_report *r, struct step_notes *n,
                      const struct event *ev)
{
    if (ev->id == EV_host_pf) {
        n->faulted = true;
        n->fault = EV(host_pf, ev)->why;
        r->error_code = EV(host_pf, ev)->error_code;
        r->cr2 = EV(host_pf, ev)->spa;
    } else if (ev->id == EV_bare_rmp) {
        n->host_answered = true;
        n->rax = EV(bare_rmp, ev)->result;
    } else if (ev->id == EV_bare_memory) {
        n->host_answered = EV(bare_memory, ev)->ok;
        n->rax = EV(bare_memory, ev)->value;
    }
}

static void hear_inside(struct steps *s, const struct event *ev)
{
    struct step_report *r = &s->report[s->current];
    struct step_notes *n = &s->notes[s->current];

    if (ev->id == EV_vmexit)
        r->exits++;
    else if (ev->id == EV_npf)
        hear_npf(r, n, EV(npf, ev));
    else if (ev->id == EV_pf)
        hear_pf(r, n, EV(pf, ev));
    else if (ev->id == EV_vc && EV(vc, ev)->error_code == EXIT_NPF)
        n->vc = EV(vc, ev)->why;
    else if (ev->id == EV_halt)
        hear_halt(n, EV(halt, ev));
    else if (ev->id == EV_kvm_fault_result)
        n->answer = EV(kvm_fault_result, ev)->why;
    else if (ev->id == EV_insn_unsupported)
        n->unsupported = EV(insn_unsupported, ev)->text;
    else if (ev->id == EV_kvm_mmio || ev->id == EV_kvm_fast_mmio)
        n->emulated = true;
    else if (ev->id == EV_guest_vc_done && n->vc)
        n->asked_by_ghcb = true;
    else if (ev->id == EV_guest_fixup)
        hear_fixup(r, n, EV(guest_fixup, ev));
    else if (ev->id == EV_guest_terminate)
        n->terminate = EV(guest_terminate, ev)->why;
    else if (ev->id == EV_hang)
        n->hang = EV(hang, ev)->why;
    else if (ev->id == EV_vmrun_invalid)
        n->refused = EV(vmrun_invalid, ev)->why;
    else if (ev->id == EV_shutdown)
        n->shutdown = EV(shutdown, ev)->why;
    else if (ev->id == EV_rmp_fault)
        n->unvalidated = EV(rmp_fault, ev)->why;
    else if (ev->id == EV_host_action)
        n->host_action = true;
    else
        hear_host(r, n, ev);
}

void steps_hear(struct steps *s, const struct event *ev)
{
    if (ev->id == EV_step) {
        begin(s, ev);
    } else if (s->current < s->n && !s->notes[s->current].ended) {
        if (ev->id == EV_step_done)
            end(s, ev);
        else
            hear_inside(s, ev);
    }
}

/* ---- settling ------------------------------------------------------------ */

static const char *outcome_of_vector(uint64_t vector)
{
    switch (vector) {
    case VEC_UD:
        return "ud";
    case VEC_DF:
        return "df";
    case VEC_NP:
        return "np";
    case VEC_SS:
        return "ss";
    case VEC_GP:
        return "gp";
    case VEC_PF:
        return "pf";
    case VEC_VC:
        return "vc";
    }
    return "exception";
}

static bool has_error_code(uint64_t vector)
{
    const uint64_t with = BIT(VEC_DF) | BIT(VEC_TS) | BIT(VEC_NP) |
                          BIT(VEC_SS) | BIT(VEC_GP) | BIT(VEC_PF) |
                          BIT(VEC_AC) | BIT(VEC_VC);

    return vector < 64 && (with & BIT(vector));
}

/* Of all #VC that of a page which is not validated has an address. */
static bool has_cr2(uint64_t vector, uint64_t error_code)
{
    return vector == VEC_PF ||
           (vector == VEC_VC && error_code == VC_NOT_VALIDATED);
}

static const char *settle_outcome(const struct step_notes *n)
{
    const char *how = n->how ? n->how : "";

    if (!n->begun)
        return "skipped";
    if (!n->ended)
        return "error";
    if (outcome_find(how))
        return outcome_find(how);
    if (strcmp(how, "completed") != 0)
        return "error";
    if (n->host_action)
        return "done";
    if (n->fixed_up)
        return outcome_of_vector(n->vector);
    if (n->asked_by_ghcb)
        return "mmio.vc";
    return n->emulated ? "mmio.emulated" : "ram";
}

/* The first of the texts that says something, or NULL. */
static const char *first_text(const char *a, const char *b, const char *c)
{
    if (a && *a)
        return a;
    if (b && *b)
        return b;
    return c && *c ? c : NULL;
}

/* The sentence of whoever knew it best. */
static const char *settle_reason(const struct step_notes *n, const char *how,
                                 struct pool *pool)
{
    if (!n->begun)
        return "the run ended before this step";
    if (!n->ended)
        return "the run broke off in this step";
    if (strcmp(how, "ud") == 0 && n->unsupported)
        return pool_printf(pool, "this simulator does not execute \"%s\"",
                           n->unsupported);
    if (strcmp(how, "error") == 0)
        return first_text(n->refused, n->why, NULL);
    if (strcmp(how, "hang") == 0)
        return first_text(n->hang, n->why, NULL);
    if (strcmp(how, "shutdown") == 0)
        return first_text(n->shutdown, n->why, NULL);
    if (strcmp(how, "terminated") == 0)
        return first_text(n->terminate, n->why, NULL);
    if (strcmp(how, "pf") == 0)
        return first_text(n->fault, n->fixup, n->why);
    if (strcmp(how, "vc") == 0)
        return first_text(n->unvalidated, n->fixup, n->why);
    if (strcmp(how, "npf") == 0)
        return first_text(n->npf, n->why, NULL);
    if (strcmp(how, "vmgexit") == 0)
        return first_text(n->terminate, n->why, NULL);
    if (strcmp(how, "mmio.vc") == 0)
        return first_text(n->vc, n->why, NULL);
    if (strcmp(how, "mmio.emulated") == 0 || strcmp(how, "ram") == 0)
        return first_text(n->why, n->answer, NULL);
    return first_text(n->why, n->fixup, NULL);
}

static uint64_t cut(uint64_t value, unsigned bytes)
{
    return bytes && bytes < 8 ? value & (BIT(8 * bytes) - 1) : value;
}

static void settle(struct step_report *r, const struct step_notes *n,
                   unsigned size, struct pool *pool)
{
    bool came_through;

    r->outcome = settle_outcome(n);
    r->reason = settle_reason(n, r->outcome, pool);
    came_through = strcmp(r->outcome, "ram") == 0 ||
                   strcmp(r->outcome, "mmio.emulated") == 0 ||
                   strcmp(r->outcome, "mmio.vc") == 0;
    r->has_value = came_through ? n->halted : n->host_answered;
    r->value = r->has_value ? cut(n->rax, size) : 0;
    r->has_error_code = n->fixed_up ? has_error_code(n->vector) : n->faulted;
    r->has_cr2 = n->fixed_up ? has_cr2(n->vector, r->error_code) : n->faulted;
}

void steps_finish(struct steps *s, struct pool *pool)
{
    for (unsigned i = 0; i < s->n; i++)
        settle(&s->report[i], &s->notes[i], s->size ? s->size[i] : 0, pool);
}
