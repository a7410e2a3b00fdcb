/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * guest/handlers.c - what the kernel does when the CPU enters it.
 *
 * Faults of a step are treated like those of an access that stands in Linux'
 * exception table: execution goes on at a known place, here the step's end. A
 * fault of the kernel itself is fatal. The #VC handler is in vc.c.
 */
#include "guest/kernel.h"

#include "trace.h"

static enum port_result exception(struct guest_vcpu *v, struct guest_port *p,
                                  unsigned vector)
{
    struct frame f;

    if (frame_read(p, vector != VEC_UD, &f) != PORT_OK)
        return PORT_FAULT;
    TRACE(v->guest->trace, guest_handler, .vector = vector,
          .name = vector_name(vector), .error_code = f.error, .rip = f.rip);
    if (vector == VEC_DF)
        return panic(v, p, &f, vector,
                     "a double fault is fatal: the kernel halts for ever");
    return give_up_step(v, p, &f, vector,
                        v->guest->config->cpl == 3
                            ? "the kernel gives the program's step up, where "
                              "Linux would send a signal"
                            : "the kernel skips to the step's end, as Linux "
                              "does for code in its exception table");
}

/* Read the first word of a page, the programs' pages included. Whoever maps a
 * page for a read maps it as it may be used, and a write finds the accessed and
 * dirty bits set. */
static enum port_result touch(struct guest_port *p, gva_t page)
{
    struct guest_regs *r = port_regs(p);
    uint64_t word, rflags = r->rflags;
    enum port_result result;

    r->rflags |= RFLAGS_AC; /* opens what SMAP closes */
    result = port_read(p, page, &word, sizeof(word));
    r->rflags = rflags;
    return result;
}

/* Touch every page of the kernel, so that the hypervisor has met them all when
 * the first step begins. A fault starts the call over; pages that were met stay
 * met. Then tell the hypervisor where the GHCB is. */
static enum port_result boot(struct guest_vcpu *v, struct guest_port *p)
{
    const struct guest *g = v->guest;
    uint64_t pages = g->image.used / PAGE_SIZE_4K;

    for (; v->n_met < pages + g->platform->sev_es; v->n_met++)
        if (touch(p, v->n_met < pages ? g->image.base + v->n_met * PAGE_SIZE_4K
                                      : v->ghcb) != PORT_OK)
            return PORT_FAULT;
    if (!g->platform->sev_es || g->config->vc_handler == VC_HANDLER_NONE ||
        port_wrmsr(p, MSR_GHCB, v->ghcb))
        return PORT_OK;
    return panic(v, p, &(struct frame) { .rip = g->code.entry }, VEC_GP,
                 "the CPU refuses the GHCB MSR: the kernel halts for ever");
}

/* SOFTCALL is this simulator's own encoding; a step that contains it by itself
 * gets what a CPU would do with 0F 3F. */
static enum port_result not_an_instruction(struct guest_vcpu *v,
                                           struct guest_port *p)
{
    struct frame f = { .rip = port_regs(p)->rip - SOFTCALL_LEN };
    const struct step *step = current_step(v);
    const char *why = "0F 3F is no instruction of any AMD CPU";

    if (!step)
        return panic(v, p, &f, VEC_UD, why);
    tell_fixup(v, p, &f, VEC_UD, why);
    port_regs(p)->rip = step->end;
    return PORT_OK;
}

/* The step at hand ends, and with it those that were skipped meanwhile: the end
 * marker behind which the program goes on is that of the last one. */
static const struct step *last_step(const struct guest_vcpu *v)
{
    return &v->steps[v->done + v->skipped];
}

static void end_steps(struct guest_vcpu *v)
{
    v->done += v->skipped + 1;
    v->skipped = 0;
}

/* INT 0x80: the end marker of a step at CPL 3, or a stray one that only halts.
 */
static enum port_result syscall(struct guest_vcpu *v, struct guest_port *p)
{
    const struct step *step = current_step(v);
    struct frame f;

    if (frame_read(p, false, &f) != PORT_OK)
        return PORT_FAULT;
    if (!step || v->guest->config->cpl != 3 || f.rip != step->end + INT_LEN)
        return PORT_OK;
    f.rip = last_step(v)->end + INT_LEN;
    if (v->skipped && frame_return(p, &f) != PORT_OK)
        return PORT_FAULT;
    end_steps(v);
    return PORT_OK;
}

static enum port_result step_end(struct guest_vcpu *v, struct guest_port *p)
{
    const struct step *step = current_step(v);
    gva_t at = port_regs(p)->rip - SOFTCALL_LEN;

    if (!step || v->guest->config->cpl == 3 || at != step->end)
        return not_an_instruction(v, p);
    port_regs(p)->rip = last_step(v)->end + SOFTCALL_LEN;
    end_steps(v);
    return PORT_OK;
}

static enum port_result landed(struct guest_vcpu *v, struct guest_port *p)
{
    const struct step *step = current_step(v);
    gva_t at = port_regs(p)->rip - SOFTCALL_LEN;

    if (!step || !step->has_target || at != step->target)
        return not_an_instruction(v, p);
    port_regs(p)->rip = step->end;
    return PORT_OK;
}

enum port_result guest_softcall(void *vcpu, struct guest_port *p,
                                unsigned number)
{
    struct guest_vcpu *v = vcpu;
    const struct guest *g = v->guest;

    if (number == SOFT_STEP_END)
        return step_end(v, p);
    if (number == SOFT_LANDED)
        return landed(v, p);
    if (!in_code_page(g, port_regs(p)->rip - SOFTCALL_LEN))
        return not_an_instruction(v, p);
    if (number == SOFT_EXCEPTION + VEC_VC)
        return vc_enter(v, p);
    if (number >= SOFT_EXCEPTION)
        return exception(v, p, number - SOFT_EXCEPTION);
    if (number == SOFT_VC_DONE)
        return vc_done(v, p);
    if (number == SOFT_BOOT)
        return boot(v, p);
    if (number == SOFT_SYSCALL)
        return syscall(v, p);
    port_regs(p)->rip = g->code.halt; /* SOFT_HALT */
    return PORT_OK;
}
