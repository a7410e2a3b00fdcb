/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * judge/steps.c - what became of each step, told by the events inside it.
 *
 * Between `step` and `step_done` the judge notes what the actors say. How the
 * run ended the step comes first (a hang is a hang), then an exception that
 * the guest gave up on, then who completed the access: the #VC handler, KVM's
 * emulator, or the CPU alone.
 */
#include "judge/judge_state.h"

#include <string.h>

const struct step_property_desc step_property_table[] = {
    { "outcome", VALUE_TEXT, "what became of the step" },
    { "value", VALUE_NUMBER, "value read or written; RAX after `code`" },
    { "error_code", VALUE_NUMBER, "of the exception that ended it" },
    { "cr2", VALUE_NUMBER, "CR2 of a #PF" },
    { "npf", VALUE_NUMBER, "list of EXITINFO1, #NPFs turned #VC included" },
    { "exits", VALUE_NUMBER, "number of #VMEXITs" },
    { "cycles", VALUE_NUMBER, "cycles by the clock" },
};
const unsigned n_step_properties = ARRAY_SIZE(step_property_table);

const char *const step_outcome_names[] = {
    "ram",
    "mmio.emulated",
    "mmio.vc",
    "pf",
    "gp",
    "vc",
    "ud",
    "df",
    "np",
    "ss",
    "hang",
    "shutdown",
    "halted",
    "error",
    "terminated",
    "memory_fault",
    "internal_error",
    "skipped",
    NULL,
};

static void begin(struct judge *j, const struct event *ev)
{
    const char *id = FIELDS(step, ev)->id;

    j->current = NULL;
    for (unsigned i = 0; i < j->n_steps; i++) {
        if (strcmp(j->step[i].report.id, id) != 0)
            continue;
        j->current = &j->step[i];
        j->current->seen = true;
        j->current->began = ev->now;
    }
}

static void note_npf(struct step_state *s, uint64_t info1)
{
    if (s->report.n_npf < STEP_MAX_NPF)
        s->report.npf[s->report.n_npf] = info1;
    s->report.n_npf++;
}

static void note_fixup(struct step_state *s, const struct ev_guest_fixup *f)
{
    s->fixed_up = true;
    s->vector = f->vector;
    s->report.error_code = f->error_code;
    s->report.has_error_code = true;
    s->report.cr2 = f->cr2;
    s->report.has_cr2 = f->vector == 14;
    s->report.reason = f->why;
}

static void note(struct step_state *s, const struct event *ev)
{
    switch ((int)ev->id) {
    case EV_npf:
        note_npf(s, FIELDS(npf, ev)->info1);
        break;
    case EV_vmexit:
        s->report.exits++;
        break;
    case EV_vc:
        s->vc_why = FIELDS(vc, ev)->why;
        break;
    case EV_guest_fixup:
        note_fixup(s, FIELDS(guest_fixup, ev));
        break;
    case EV_guest_vc_done:
        s->vc_done = true;
        break;
    case EV_kvm_mmio:
    case EV_kvm_emulate_insn:
        s->emulated = true;
        break;
    case EV_halt:
        s->halted = true;
        s->rax = FIELDS(halt, ev)->rax;
        break;
    case EV_hang:
        s->report.reason = FIELDS(hang, ev)->why;
        break;
    case EV_insn_unsupported:
        s->unsupported = FIELDS(insn_unsupported, ev)->text;
        break;
    default:
        break;
    }
}

static void end(struct judge *j, const struct event *ev)
{
    struct step_state *s = j->current;

    j->current = NULL;
    if (!s)
        return;
    s->done = true;
    s->how = FIELDS(step_done, ev)->how;
    if (FIELDS(step_done, ev)->why && !s->report.reason)
        s->report.reason = FIELDS(step_done, ev)->why;
    s->report.cycles = ev->now - s->began;
}

void steps_listen(struct judge *j, const struct event *ev)
{
    if (ev->id == EV_step)
        begin(j, ev);
    else if (ev->id == EV_step_done)
        end(j, ev);
    else if (j->current)
        note(j->current, ev);
}

static const char *fixup_outcome(const struct judge *j, struct step_state *s)
{
    switch (s->vector) {
    case 6:
        if (s->unsupported)
            s->report.reason = pool_printf(
                j->pool,
                "'%s' is not an instruction that this CPU model executes",
                s->unsupported);
        return "ud";
    case 8:
        return "df";
    case 11:
        return "np";
    case 12:
        return "ss";
    case 13:
        return "gp";
    case 14:
        return "pf";
    case 29:
        return "vc";
    default:
        return "error";
    }
}

static const char *outcome(const struct judge *j, struct step_state *s)
{
    if (!s->done)
        return "skipped";
    if (strcmp(s->how, "completed") != 0)
        return s->how;
    if (s->fixed_up)
        return fixup_outcome(j, s);
    if (s->vc_done) {
        if (!s->report.reason)
            s->report.reason = s->vc_why;
        return "mmio.vc";
    }
    return s->emulated ? "mmio.emulated" : "ram";
}

static uint64_t cut(uint64_t v, unsigned size)
{
    return size == 0 || size >= 8 ? v : v & (BIT(size * 8) - 1);
}

void steps_finish(struct judge *j)
{
    for (unsigned i = 0; i < j->n_steps; i++) {
        struct step_state *s = &j->step[i];
        struct step_report *r = &s->report;

        r->outcome = outcome(j, s);
        if (s->done && strcmp(s->how, "completed") == 0 && !s->fixed_up &&
            s->halted) {
            r->has_value = true;
            r->value = cut(s->rax, s->size);
        }
        j->report[i] = *r;
    }
}

unsigned judge_steps(const struct judge *j, const struct step_report **out)
{
    *out = j->report;
    return j->n_steps;
}
