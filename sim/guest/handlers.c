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

#include <string.h>

/* ---- frames: words of 8 bytes in long mode, else of 4 ---- */

static unsigned word_of(struct guest_port *p)
{
    return port_regs(p)->efer & EFER_LMA ? 8 : 4;
}

/* Outside of long mode the CPU pushes the stack of the interrupted code only
 * where it switches to another. */
static unsigned words_of(struct guest_port *p, const struct frame *f)
{
    return word_of(p) == 8 || (f->cs & 3) ? 5 : 3;
}

static enum port_result pop(struct guest_port *p, gva_t at, unsigned n,
                            uint64_t out[])
{
    unsigned word = word_of(p);
    uint8_t bytes[5 * 8];

    if (port_read(p, at, bytes, n * word) != PORT_OK)
        return PORT_FAULT;
    for (unsigned i = 0; i < n; i++) {
        out[i] = 0;
        memcpy(&out[i], bytes + i * word, word);
    }
    return PORT_OK;
}

enum port_result frame_read(struct guest_port *p, bool has_error,
                            struct frame *f)
{
    gva_t rsp = port_regs(p)->gpr[GPR_RSP];
    unsigned word = word_of(p), n;
    uint64_t words[5] = { 0 };

    f->at = rsp + (has_error ? word : 0);
    f->error = 0;
    if (has_error && pop(p, rsp, 1, &f->error) != PORT_OK)
        return PORT_FAULT;
    n = word == 8 ? 5 : 3;
    if (pop(p, f->at, n, words) != PORT_OK)
        return PORT_FAULT;
    f->rip = words[0];
    f->cs = words[1];
    f->rflags = words[2];
    if (n < words_of(p, f) && pop(p, f->at + 3 * word, 2, words + 3) != PORT_OK)
        return PORT_FAULT;
    f->rsp = words_of(p, f) == 5 ? words[3] : f->at + 3 * word;
    f->ss = words[4];
    return PORT_OK;
}

enum port_result frame_return(struct guest_port *p, const struct frame *f)
{
    const uint64_t words[5] = { f->rip, f->cs, f->rflags, f->rsp, f->ss };
    unsigned word = word_of(p), n = words_of(p, f);
    uint8_t bytes[5 * 8];

    for (unsigned i = 0; i < n; i++)
        memcpy(bytes + i * word, &words[i], word);
    port_regs(p)->gpr[GPR_RSP] = f->at;
    return port_write(p, f->at, bytes, n * word);
}

static void tell_fixup(const struct guest_vcpu *v, struct guest_port *p,
                       const struct frame *f, unsigned vector, const char *why)
{
    TRACE(v->guest->trace, guest_fixup, .vector = vector,
          .name = vector_name(vector), .error_code = f->error,
          .cr2 = vector == VEC_PF ? port_regs(p)->cr2 : 0, .rip = f->rip,
          .why = why);
}

enum port_result panic(struct guest_vcpu *v, struct guest_port *p,
                       const struct frame *f, unsigned vector, const char *why)
{
    tell_fixup(v, p, f, vector, why);
    v->panicked = true;
    port_regs(p)->rip = v->guest->code.halt;
    return PORT_OK;
}

static bool in_code_page(const struct guest *g, gva_t rip)
{
    return (rip & PAGE_MASK_4K) == g->code.page;
}

static const struct step *current_step(const struct guest_vcpu *v)
{
    return v->done < v->n_steps ? &v->steps[v->done] : NULL;
}

enum port_result give_up_step(struct guest_vcpu *v, struct guest_port *p,
                              struct frame *f, unsigned vector, const char *why)
{
    const struct step *step = current_step(v);
    struct frame next = *f;

    if (!step || ((f->cs & 3) == 0 && in_code_page(v->guest, f->rip)))
        return panic(v, p, f, vector,
                     "the kernel's own code faulted: it halts for ever");
    next.rip = step->end;
    if (frame_return(p, &next) != PORT_OK)
        return PORT_FAULT;
    port_regs(p)->rip = v->guest->code.iret;
    tell_fixup(v, p, f, vector, why);
    return PORT_OK;
}

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
