/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * run/steps.c - take the steps of a scenario, one after the other.
 *
 * A guest step runs its vCPU until the guest reached the step's end marker, or
 * until it is clear that it never will. Between guest steps, userspace may
 * change its VM.
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
    struct kvm_last_exit exit = kvm_last_exit_of(vmm_vcpu(w->m->vmm, w->vcpu));
    uint64_t lap = w->progress.laps;

    (void)laps; /* counts from each KVM_RUN, a step may take many */
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
static const char *exit_text(struct machine *m, const struct kvm_last_exit *x)
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

static const char *hang_text(const struct walker *w,
                             const struct kvm_last_exit *x)
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

/* RIP, if the kernel can still read it. */
static uint64_t rip_of(struct kvm_vcpu *v)
{
    struct kvm_regs regs;

    return kvm_get_regs(v, &regs) ? 0 : regs.rip;
}

static const char *tell_hang(const struct walker *w)
{
    struct kvm_vcpu *v = vmm_vcpu(w->m->vmm, w->vcpu);
    struct kvm_last_exit x = kvm_last_exit_of(v);
    const char *why = hang_text(w, &x);

    TRACE(w->m->trace, hang, .laps = w->progress.laps, .exit = x.code,
          .info1 = x.info1, .info2 = x.info2, .rip = rip_of(v), .why = why);
    return why;
}

/* ---- one step --------------------------------------------------------------
 */

struct ending {
    const char *how, *why;
    bool dead; /* the vCPU takes no more steps */
};

static struct ending ending_of(struct walker *w, struct vmm_result r)
{
    struct machine *m = w->m;
    bool panicked = guest_panicked(m->guest, w->vcpu);
    const char *why = trace_text(m->trace, "KVM_RUN: %s", r.why);

    switch (r.stop) {
    case VMM_HLT:
        if (panicked)
            return (struct ending) { "completed",
                                     "the guest's kernel halted for ever",
                                     true };
        return (struct ending) { "completed", NULL, false };
    case VMM_SIGNAL:
        return (struct ending) { "hang", tell_hang(w), true };
    case VMM_SHUTDOWN:
        return (struct ending) { "shutdown", why, true };
    case VMM_INTERNAL_ERROR:
        return (struct ending) { "internal_error", why, true };
    case VMM_MEMORY_FAULT:
        return (struct ending) { "memory_fault", why, true };
    case VMM_SYSTEM_EVENT:
        return (struct ending) { "terminated", why, true };
    case VMM_FAIL_ENTRY:
        return (struct ending) { "error", why, true };
    case VMM_ERROR:
        return (struct ending) { panicked ? "terminated" : "error", why, true };
    }
    BUG_ON(true);
}

/* A HLT that is not the step's end marker is the step's own: userspace enters
 * the guest again, as it would after an interrupt. */
static struct ending guest_step(struct machine *m, unsigned vcpu)
{
    struct guest_software software = guest_software(m->guest, vcpu);
    unsigned target = guest_steps_done(m->guest, vcpu) + 1;
    struct walker w = { .m = m, .vcpu = vcpu };
    struct kvm_signals signals = { no_progress, &w };
    struct vmm_result r;

    cpu_set_guest(m->cpu, &software);
    progress_begin(&w.progress);
    do {
        r = vmm_run(m->vmm, vcpu, &signals);
    } while (r.stop == VMM_HLT && !guest_panicked(m->guest, vcpu) &&
             guest_steps_done(m->guest, vcpu) < target);
    return ending_of(&w, r);
}

static struct ending host_step(struct machine *m, const struct run_step *s)
{
    int r = s->kind == STEP_MEMSLOT_CREATE
                ? vmm_memslot_create(m->vmm, &s->memory)
                : vmm_memslot_delete(m->vmm, s->memory.gpa);
    const char *ret = r ? strerrorname_np(-r) : "0";

    TRACE(m->trace, host_action, .what = s->what, .ret = ret);
    return (struct ending) { r ? "error" : "completed", r ? ret : NULL, false };
}

static struct ending take_step(struct machine *m, const struct run_step *s,
                               const char *refused)
{
    struct ending end = { "skipped", refused, false };

    if (refused)
        return end;
    if (s->kind != STEP_GUEST)
        return host_step(m, s);
    if (m->dead[s->vcpu]) {
        end.why = m->dead[s->vcpu];
        return end;
    }
    end = guest_step(m, s->vcpu);
    if (end.dead)
        m->dead[s->vcpu] = trace_text(m->trace, "vCPU %u ended in step %s: %s",
                                      s->vcpu, s->id, end.how);
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
    if (end.dead)
        end = guest_step(m, vcpu);
    if (end.dead)
        m->dead[vcpu] =
            trace_text(m->trace, "the guest's kernel did not boot: %s%s%s",
                       end.how, end.why ? ", " : "", end.why ? end.why : "");
}

static void boot_all(struct machine *m)
{
    bool booted[RUN_MAX_VCPUS] = { false };

    for (unsigned i = 0; i < m->config->n_steps; i++) {
        const struct run_step *s = &m->config->steps[i];

        if (s->kind != STEP_GUEST || booted[s->vcpu])
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
