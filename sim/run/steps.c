/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * run/steps.c - take the steps of a scenario, one after the other.
 *
 * A guest step runs its vCPU until the guest reached the step's end marker, or
 * until it is clear that it never will, or until it stands at an exit that
 * nobody handles. Between guest steps the host may change the VM.
 */
#include "run/machine.h"
#include "run/progress.h"

#include "trace.h"

#include <string.h>

/* ---- one vCPU under way ----------------------------------------------------
 */

struct walker {
    struct machine *m;
    unsigned vcpu;
    struct progress progress;
    enum progress_verdict verdict;
    uint64_t n_states; /* that were given a number */
};

/* A number for the state: that of the anchor if nothing differs from it, else a
 * new one. Nothing but the anchor is ever compared with. */
static uint64_t state_number(struct walker *w)
{
    if (w->progress.laps && cpu_state_same(w->m->cpu))
        return w->progress.anchor.state;
    return ++w->n_states;
}

static bool no_progress(void *ctx, uint64_t laps)
{
    struct walker *w = ctx;
    struct run_exit exit = w->m->host->last_exit(w->m, w->vcpu);
    uint64_t lap = w->progress.laps;

    (void)laps; /* counts from each entry by the host, a step may take many */
    w->verdict =
        progress_lap(&w->progress, &(struct lap) { .state = state_number(w),
                                                   .code = exit.code,
                                                   .info1 = exit.info1,
                                                   .info2 = exit.info2 });
    if (w->progress.anchor_at == lap)
        cpu_state_mark(w->m->cpu);
    return w->verdict != PROGRESS_GOES_ON;
}

/* "#NPF (not present, gpa 0xfed000f0)". */
static const char *exit_text(struct machine *m, const struct run_exit *x)
{
    const char *name = exit_code_name(x->code);

    if (x->code == EXIT_NPF)
        return trace_text(m->trace, "#NPF (%s, gpa 0x%llx)",
                          !(x->info1 & PFERR_PRESENT) ? "not present"
                          : x->info1 & PFERR_RSVD     ? "reserved bit"
                                                      : "no permission",
                          (unsigned long long)x->info2);
    if (name)
        return trace_text(m->trace, "#VMEXIT(%s)", name);
    return trace_text(m->trace, "#VMEXIT(0x%llx)", (unsigned long long)x->code);
}

static const char *hang_text(const struct walker *w, const struct run_exit *x)
{
    const struct progress *p = &w->progress;
    const char *what = exit_text(w->m, x);

    if (w->verdict == PROGRESS_NO_END)
        return trace_text(w->m->trace,
                          "no end after %llu #VMEXITs, the last %s",
                          (unsigned long long)p->laps, what);
    if (p->period > 1)
        return trace_text(w->m->trace,
                          "a round of %llu #VMEXITs, the last %s, repeats "
                          "with unchanged guest registers and memory: nothing "
                          "will ever change",
                          (unsigned long long)p->period, what);
    return trace_text(w->m->trace,
                      "the same %s with unchanged guest registers and "
                      "memory: nothing will ever change",
                      what);
}

static const char *tell_hang(const struct walker *w)
{
    struct run_exit x = w->m->host->last_exit(w->m, w->vcpu);
    const char *why = hang_text(w, &x);

    TRACE(w->m->trace, hang, .laps = w->progress.laps, .exit = x.code,
          .info1 = x.info1, .info2 = x.info2,
          .rip = w->m->host->rip(w->m, w->vcpu), .why = why);
    return why;
}

/* ---- one step --------------------------------------------------------------
 */

static struct ending settle(const struct walker *w, struct ending end)
{
    if (end.vcpu == VCPU_ALARMED)
        return (struct ending) { "hang", tell_hang(w), VCPU_DEAD };
    if (end.vcpu != VCPU_HALTED)
        return end;
    if (guest_panicked(w->m->guest, w->vcpu))
        return (struct ending) { "completed",
                                 "the guest's kernel halted for ever",
                                 VCPU_DEAD };
    return (struct ending) { "completed", NULL, VCPU_READY };
}

/* A HLT that is not the step's end marker is the step's own: the guest is
 * entered again, as it would be after an interrupt. */
static struct ending guest_step(struct machine *m, unsigned vcpu)
{
    struct guest_software software = guest_software(m->guest, vcpu);
    unsigned target = guest_steps_done(m->guest, vcpu) + 1;
    struct walker w = { .m = m, .vcpu = vcpu };
    struct alarm alarm = { no_progress, &w };
    struct ending end;

    cpu_set_guest(m->cpu, &software);
    progress_begin(&w.progress);
    do {
        end = m->host->run(m, vcpu, &alarm);
    } while (end.vcpu == VCPU_HALTED && !guest_panicked(m->guest, vcpu) &&
             guest_steps_done(m->guest, vcpu) < target);
    return settle(&w, end);
}

static struct ending host_step(struct machine *m, const struct run_step *s)
{
    struct ending end = m->host->act(m, s);

    TRACE(m->trace, host_action, .what = s->what,
          .ret = end.why ? end.why : "0");
    return end;
}

static bool is_guests(const struct run_step *s)
{
    return s->kind == STEP_GUEST || s->kind == STEP_RESUME;
}

/* NULL, or why the vCPU cannot take the step. */
static const char *obstacle(struct machine *m, const struct run_step *s)
{
    const char *stands = m->stands[s->vcpu];

    if (m->dead[s->vcpu])
        return m->dead[s->vcpu];
    if (s->kind == STEP_GUEST && stands)
        return trace_text(m->trace, "%s; only a step with resume goes on there",
                          stands);
    if (s->kind == STEP_RESUME && !stands)
        return trace_text(m->trace, "vCPU %u stands at no exit", s->vcpu);
    return NULL;
}

static struct ending take_step(struct machine *m, const struct run_step *s,
                               const char *refused)
{
    struct ending end = { "skipped", refused, VCPU_READY };

    if (refused)
        return end;
    if (!is_guests(s))
        return host_step(m, s);
    end.why = obstacle(m, s);
    if (end.why) {
        if (s->kind == STEP_GUEST && m->stands[s->vcpu])
            guest_skip_step(m->guest, s->vcpu);
        return end;
    }
    m->stands[s->vcpu] = NULL;
    end = guest_step(m, s->vcpu);
    if (end.vcpu == VCPU_DEAD)
        m->dead[s->vcpu] = trace_text(m->trace, "vCPU %u ended in step %s: %s",
                                      s->vcpu, s->id, end.how);
    if (end.vcpu == VCPU_STANDS)
        m->stands[s->vcpu] =
            trace_text(m->trace, "vCPU %u stands at the %s of step %s", s->vcpu,
                       end.how, s->id);
    return end;
}

/* ---- all steps -------------------------------------------------------------
 */

/*
 * Let the guest's kernel boot, unobserved: which pages it has and touches is
 * this simulator's affair, not the scenario's. A boot that fails is entered
 * once more before everyone's eyes; what stopped it, stops it again.
 */
static void boot(struct machine *m, unsigned vcpu)
{
    struct ending end;

    if (m->trace)
        trace_mute(m->trace);
    end = guest_step(m, vcpu);
    if (m->trace)
        trace_unmute(m->trace);
    if (end.vcpu != VCPU_READY)
        end = guest_step(m, vcpu);
    if (end.vcpu != VCPU_READY)
        m->dead[vcpu] =
            trace_text(m->trace, "the guest's kernel did not boot: %s%s%s",
                       end.how, end.why ? ", " : "", end.why ? end.why : "");
}

static void boot_all(struct machine *m)
{
    bool booted[RUN_MAX_VCPUS] = { false };

    for (unsigned i = 0; i < m->config->n_steps; i++) {
        const struct run_step *s = &m->config->steps[i];

        if (!is_guests(s) || booted[s->vcpu])
            continue;
        boot(m, s->vcpu);
        booted[s->vcpu] = true;
    }
}

void take_steps(struct machine *m, const char *refused)
{
    if (!refused)
        boot_all(m);
    for (unsigned i = 0; i < m->config->n_steps; i++) {
        const struct run_step *s = &m->config->steps[i];
        struct ending end;

        if (m->trace)
            m->trace->vcpu = s->vcpu;
        TRACE(m->trace, step, .id = s->id, .what = s->what);
        end = take_step(m, s, refused);
        TRACE(m->trace, step_done, .id = s->id, .how = end.how, .why = end.why);
    }
}
