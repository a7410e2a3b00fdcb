/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/iret.c - the way back from a handler (APM vol. 3, IRET).
 *
 * 64-bit code finds five words on the stack, always; other code the last two
 * only where it returns to less privilege. In long mode the new CS says whether
 * 64-bit code follows or compatibility mode.
 */
#include "hw/cpu.h"

#include <string.h>

/* Flags that IRET takes from the frame at any CPL: CF PF AF ZF SF TF DF OF NT
 * RF AC ID. IF and IOPL are guarded. */
#define RFLAGS_LOADED 0x254dd5ULL
#define RFLAGS_IOPL   (3ULL << RFLAGS_IOPL_SHIFT)

#define TASK_IRET BIT(36) /* EXITINFO2 of a task switch */

struct iret_frame {
    uint64_t rip, cs, rflags, rsp, ss;
};

/* @n words behind @skip others. */
static enum flow pop(struct cpu *c, unsigned word, unsigned skip, unsigned n,
                     uint64_t out[])
{
    struct access a = { .user = c->g.r.cpl == 3 };
    uint64_t mask = stack_mask(c, &c->g.seg[SEG(SAVE_SS)]);
    uint64_t sp = (c->g.r.gpr[GPR_RSP] + skip * word) & mask;
    uint8_t bytes[5 * 8];
    gva_t at;
    enum flow f = segment_access(c, SAVE_SS, sp, n * word, &a, &at);

    if (f == FLOW_NEXT)
        f = access_read(c, at, bytes, n * word, a);
    for (unsigned i = 0; f == FLOW_NEXT && i < n; i++) {
        out[i] = 0;
        memcpy(&out[i], bytes + i * word, word);
    }
    return f;
}

/* Does this CS mean 64-bit code? */
static bool means_64bit(const struct cpu *c, const struct segment *cs)
{
    return c->guest.long_mode && (cs->attr & SEG_ATTR_L);
}

static enum flow return_code(struct cpu *c, const struct iret_frame *fr,
                             struct segment *out)
{
    uint16_t sel = (uint16_t)fr->cs;
    enum flow f = read_descriptor(c, sel, VEC_GP, 0, out);
    unsigned rpl = sel & 3U;

    if (f != FLOW_NEXT)
        return f;
    if (!is_code(out) || rpl < c->g.r.cpl ||
        (means_64bit(c, out) && (out->attr & SEG_ATTR_DB)))
        return raise_error(c, VEC_GP, sel & ~3U);
    if (is_conforming(out) ? seg_dpl(out) > rpl : seg_dpl(out) != rpl)
        return raise_error(c, VEC_GP, sel & ~3U);
    f = use_segment(c, out, VEC_NP, 0);
    if (f != FLOW_NEXT)
        return f;
    if (means_64bit(c, out) ? !is_canonical(c, fr->rip)
                            : !segment_room(out, (uint32_t)fr->rip))
        return raise_error(c, VEC_GP, 0);
    return FLOW_NEXT;
}

/* SS of the frame: null is fine for 64-bit code outside of user mode. */
static enum flow return_stack(struct cpu *c, uint16_t sel,
                              const struct segment *cs, struct segment *out)
{
    unsigned cpl = cs->sel & 3U;

    if (!(sel & ~3U) && means_64bit(c, cs) && cpl != 3) {
        *out = (struct segment) { .sel = sel };
        return FLOW_NEXT;
    }
    return read_stack_segment(c, sel, cpl, VEC_GP, 0, out);
}

static uint64_t return_flags(const struct guest_regs *r, uint64_t frame,
                             unsigned word)
{
    uint64_t load = RFLAGS_LOADED;

    if (r->cpl == 0)
        load |= RFLAGS_IOPL;
    if (r->cpl <= (r->rflags >> RFLAGS_IOPL_SHIFT & 3))
        load |= RFLAGS_IF;
    if (word == 2)
        load &= 0xffff;
    return (r->rflags & ~load) | (frame & load) | RFLAGS_FIXED;
}

/* NT: back to the task that called this one. */
static enum flow nested_task(struct cpu *c)
{
    if (c->guest.long_mode)
        return raise_error(c, VEC_GP, 0);
    if (c->ctl.word3 & INTERCEPT3_TASK)
        return intercepted(c, EXIT_TASK_SWITCH, 0, TASK_IRET, 0);
    return refuse_insn(c, "a task switch (IRET with EFLAGS.NT)");
}

static void leave(struct cpu *c, const struct iret_frame *fr,
                  const struct segment *cs, const struct segment *ss,
                  uint64_t rsp, unsigned word)
{
    struct guest_regs *r = &c->g.r;
    bool outwards = (cs->sel & 3U) > r->cpl;

    r->rflags = return_flags(r, fr->rflags, word);
    r->rip = fr->rip;
    r->gpr[GPR_RSP] = rsp;
    r->cpl = cs->sel & 3U;
    c->g.seg[SEG(SAVE_CS)] = *cs;
    c->g.seg[SEG(SAVE_SS)] = *ss;
    if (outwards)
        drop_privileged_segments(c);
    nmi_ends(c);
}

enum flow iret(struct cpu *c, unsigned word)
{
    struct segment cs, ss = c->g.seg[SEG(SAVE_SS)];
    uint64_t mask = stack_mask(c, &ss);
    uint64_t old = c->g.r.gpr[GPR_RSP], rsp;
    struct iret_frame fr;
    enum flow f;

    if (c->g.r.rflags & RFLAGS_NT)
        return nested_task(c);
    f = pop(c, word, 0, in_64bit(c) ? 5 : 3, &fr.rip);
    if (f != FLOW_NEXT)
        return f;
    if ((fr.rflags & RFLAGS_VM) && c->g.r.cpl == 0 && word == 4 &&
        !c->guest.long_mode)
        return refuse_insn(c, "virtual-8086 mode (IRET with EFLAGS.VM)");
    f = return_code(c, &fr, &cs);
    if (f != FLOW_NEXT)
        return f;
    if (!in_64bit(c) && (cs.sel & 3U) == c->g.r.cpl) {
        rsp = (old & ~mask) | ((old + 3 * word) & mask);
        leave(c, &fr, &cs, &ss, rsp, word);
        return FLOW_NEXT;
    }
    if (!in_64bit(c))
        f = pop(c, word, 3, 2, &fr.rsp);
    if (f == FLOW_NEXT)
        f = return_stack(c, (uint16_t)fr.ss, &cs, &ss);
    if (f != FLOW_NEXT)
        return f;
    rsp = fr.rsp;
    if (!means_64bit(c, &cs) && !(ss.attr & SEG_ATTR_DB))
        rsp = (old & ~0xffffULL) | (rsp & 0xffff);
    leave(c, &fr, &cs, &ss, rsp, word);
    return FLOW_NEXT;
}
