/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * guest/frame.c - what a handler finds on its stack, and the two ends that it
 * can come to: the step is given up, or the kernel halts.
 */
#include "guest/kernel.h"

#include "arch/sev.h"
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

/* ---- the two ends ---- */

/* CR2 is written for #PF and for one kind of #VC (APM vol. 2, 15.36.10). */
static bool has_address(const struct frame *f, unsigned vector)
{
    return vector == VEC_PF ||
           (vector == VEC_VC && f->error == VC_NOT_VALIDATED);
}

void tell_fixup(const struct guest_vcpu *v, struct guest_port *p,
                const struct frame *f, unsigned vector, const char *why)
{
    TRACE(v->guest->trace, guest_fixup, .vector = vector,
          .name = vector_name(vector), .error_code = f->error,
          .cr2 = has_address(f, vector) ? port_regs(p)->cr2 : 0, .rip = f->rip,
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
