/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/gate.c - through a gate of the IDT into a handler.
 *
 * Long mode has gates of 16 bytes, frames of 8-byte words, stacks from a table
 * (APM vol. 2, 8.9). Otherwise gates have 8 bytes, frames words of 2 or 4, and
 * a handler with more privilege finds its stack segment in the TSS (8.7). All
 * accesses are the CPU's own, and no register changes before the last is done.
 */
#include "hw/cpu.h"

#define GATE_TASK 0x5
#define GATE_INTERRUPT                                                         \
    0x6 /* clears IF; with bit 3: of 32 bits, or long mode                     \
         */
#define GATE_TRAP 0x7
#define GATE_32   BIT(3)

#define ERROR_IDT 2U /* the error code names an IDT entry */
#define ERROR_EXT 1U /* not the guest's instruction asked for it */

#define TSS_RSP0    0x04 /* of 64 bits; of 32: ESP0, behind it SS0 */
#define TSS_IST1    0x24
#define TSS_16_SP0  0x02
#define TSS_TYPE_32 BIT(3)

#define RFLAGS_CLEARED (RFLAGS_TF | RFLAGS_NT | RFLAGS_RF | RFLAGS_VM)

#define TASK_HAS_ERROR BIT(44) /* EXITINFO2 of a task switch */
#define TASK_RF        BIT(48)

struct gate {
    uint64_t offset;
    uint16_t sel;
    uint8_t ist, type, dpl;
    uint8_t word; /* bytes of a word of its frame */
    bool present;
};

/* The stack on which the frame goes. */
struct stack {
    struct segment ss;
    uint64_t sp;
    bool switched;  /* the interrupted code had another one */
    uint32_t error; /* of a #SS */
};

static struct gate unpack_long(const uint64_t d[2])
{
    return (struct gate) {
        .offset = (d[0] & 0xffff) | (d[0] >> 48) << 16 | d[1] << 32,
        .sel = (uint16_t)(d[0] >> 16),
        .ist = d[0] >> 32 & 7,
        .type = d[0] >> 40 & 0x1f,
        .dpl = d[0] >> 45 & 3,
        .word = 8,
        .present = d[0] >> 47 & 1,
    };
}

static struct gate unpack_legacy(uint64_t d)
{
    struct gate g = unpack_long((uint64_t[2]) { d, 0 });

    g.ist = 0;
    g.word = g.type & GATE_32 ? 4 : 2;
    if (g.word == 2)
        g.offset &= 0xffff;
    return g;
}

static bool is_legal(const struct cpu *c, const struct gate *g)
{
    unsigned kind = g->type & ~GATE_32;

    if (c->guest.long_mode && !(g->type & GATE_32))
        return false;
    return kind == GATE_INTERRUPT || kind == GATE_TRAP ||
           (g->type == GATE_TASK && !c->guest.long_mode);
}

static enum flow read_gate(struct cpu *c, const struct cpu_event *e,
                           struct gate *gate)
{
    const struct segment *idt = &c->g.seg[SEG(SAVE_IDTR)];
    unsigned size = c->guest.long_mode ? 16 : 8;
    unsigned at = e->vector * size;
    uint32_t error =
        e->vector * 8U | ERROR_IDT | (is_software(e) ? 0 : ERROR_EXT);
    uint64_t d[2];
    enum flow f;

    if (at + size - 1 > idt->limit)
        return raise_error(c, VEC_GP, error);
    f = access_read(c, idt->base + at, d, size,
                    (struct access) { .implicit = true });
    if (f != FLOW_NEXT)
        return f;
    *gate = c->guest.long_mode ? unpack_long(d) : unpack_legacy(d[0]);
    if (!is_legal(c, gate))
        return raise_error(c, VEC_GP, error);
    if (is_software(e) && gate->dpl < c->g.r.cpl)
        return raise_error(c, VEC_GP, error);
    if (!gate->present)
        return raise_error(c, VEC_NP, error);
    return FLOW_NEXT;
}

/* A hypervisor may switch tasks for its guest; this CPU does not (APM vol. 2,
 * 15.14.1: what EXITINFO1 and 2 say). */
static enum flow task_gate(struct cpu *c, const struct cpu_event *e,
                           const struct gate *gate, unsigned ext)
{
    uint64_t info2 = e->has_error ? TASK_HAS_ERROR | e->error : 0;

    if (c->g.r.rflags & RFLAGS_RF)
        info2 |= TASK_RF;
    if (c->ctl.word3 & INTERCEPT3_TASK)
        return intercepted(c, EXIT_TASK_SWITCH, gate->sel, info2, 0);
    TRACE(c->trace, insn_unsupported, .rip = c->g.r.rip, .bytes = "",
          .text = "a task switch (by a task gate of the IDT)");
    return raise_error(c, VEC_GP, (gate->sel & ~3U) | ext);
}

/* The handler's code segment; its CPL is never less privileged. */
static enum flow handler_segment(struct cpu *c, const struct gate *gate,
                                 unsigned ext, struct segment *cs)
{
    enum flow f = read_descriptor(c, gate->sel, VEC_GP, ext, cs);
    bool fits;

    if (f != FLOW_NEXT)
        return f;
    fits = c->guest.long_mode ? is_code64(cs) : is_code(cs);
    if (!fits || seg_dpl(cs) > c->g.r.cpl)
        return raise_error(c, VEC_GP, (gate->sel & ~3U) | ext);
    f = use_segment(c, cs, VEC_NP, ext);
    if (f != FLOW_NEXT)
        return f;
    if (c->guest.long_mode ? !is_canonical(c, gate->offset)
                           : !segment_room(cs, (uint32_t)gate->offset))
        return raise_error(c, VEC_GP, ext);
    return FLOW_NEXT;
}

static enum flow read_tss(struct cpu *c, unsigned at, void *buf, size_t len,
                          unsigned ext)
{
    const struct segment *tr = &c->g.seg[SEG(SAVE_TR)];

    if (at + len - 1 > tr->limit)
        return raise_error(c, VEC_TS, (tr->sel & ~3U) | ext);
    return access_read(c, tr->base + at, buf, len,
                       (struct access) { .implicit = true });
}

/* From the interrupt stack table, from the TSS when the CPL changes, else the
 * current one; aligned. */
static enum flow long_stack(struct cpu *c, const struct gate *gate,
                            unsigned cpl, unsigned ext, struct stack *s)
{
    unsigned at =
        gate->ist ? TSS_IST1 + 8U * (gate->ist - 1U) : TSS_RSP0 + 8U * cpl;
    enum flow f = FLOW_NEXT;

    if (gate->ist || cpl != c->g.r.cpl)
        f = read_tss(c, at, &s->sp, sizeof(s->sp), ext);
    s->sp &= ~15ULL;
    s->switched = true; /* the frame always tells the old one */
    if (cpl != c->g.r.cpl)
        s->ss = (struct segment) { .sel = (uint16_t)cpl };
    return f;
}

/* The pair of stack segment and pointer for @cpl. */
static enum flow legacy_stack(struct cpu *c, unsigned cpl, unsigned ext,
                              struct stack *s)
{
    bool wide = c->g.seg[SEG(SAVE_TR)].attr & TSS_TYPE_32;
    unsigned size = wide ? 4 : 2;
    unsigned at = wide ? TSS_RSP0 + 8U * cpl : TSS_16_SP0 + 4U * cpl;
    uint32_t sp = 0;
    uint16_t sel;
    enum flow f;

    if (cpl == c->g.r.cpl)
        return FLOW_NEXT;
    f = read_tss(c, at, &sp, size, ext);
    if (f == FLOW_NEXT)
        f = read_tss(c, at + size, &sel, sizeof(sel), ext);
    if (f == FLOW_NEXT)
        f = read_stack_segment(c, sel, cpl, VEC_TS, ext, &s->ss);
    s->sp = sp;
    s->switched = true;
    s->error = (s->ss.sel & ~3U) | ext;
    return f;
}

static enum flow push(struct cpu *c, struct stack *s, uint64_t value,
                      unsigned word)
{
    /* A kernel that interrupts itself uses its stack as ever; for that of a
     * user's kernel EFLAGS.AC does not count (SMAP: APM vol. 2, 5.6.6; that
     * frames are told apart so is assumed). */
    struct access a = { .write = true,
                        .implicit = c->g.r.cpl == 3,
                        .stack = true };
    uint64_t mask = c->guest.long_mode ? ~0ULL : stack_mask(c, &s->ss);
    uint64_t sp = (s->sp - word) & mask;
    gva_t at = sp;

    if (!c->guest.long_mode) {
        if (segment_room(&s->ss, (uint32_t)sp) < word)
            return raise_error(c, VEC_SS, s->error);
        at = (uint32_t)(s->ss.base + sp);
    }
    s->sp = (s->sp & ~mask) | sp;
    return access_write(c, at, &value, word, a);
}

static enum flow push_frame(struct cpu *c, const struct cpu_event *e,
                            struct stack *s, unsigned word)
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

    for (size_t i = s->switched ? 0 : 2; i < n && f == FLOW_NEXT; i++)
        f = push(c, s, frame[i], word);
    return f;
}

static void load_handler(struct cpu *c, const struct gate *gate,
                         const struct stack *s, struct segment *cs,
                         unsigned cpl)
{
    struct guest_regs *r = &c->g.r;

    if (cpl != r->cpl)
        c->g.seg[SEG(SAVE_SS)] = s->ss;
    cs->sel = (uint16_t)((cs->sel & ~3U) | cpl);
    c->g.seg[SEG(SAVE_CS)] = *cs;
    r->cpl = cpl;
    r->rip = gate->offset;
    r->gpr[GPR_RSP] = s->sp;
    r->rflags &= ~RFLAGS_CLEARED;
    if ((gate->type & ~GATE_32) == GATE_INTERRUPT)
        r->rflags &= ~RFLAGS_IF;
}

enum flow enter_handler(struct cpu *c, const struct cpu_event *e)
{
    unsigned ext = is_software(e) ? 0 : ERROR_EXT;
    struct stack s = {
        .ss = c->g.seg[SEG(SAVE_SS)],
        .sp = c->g.r.gpr[GPR_RSP],
        .error = ext,
    };
    struct segment cs;
    struct gate gate = { 0 };
    unsigned cpl;
    enum flow f = read_gate(c, e, &gate);

    if (f == FLOW_NEXT && gate.type == GATE_TASK)
        return task_gate(c, e, &gate, ext);
    if (f == FLOW_NEXT)
        f = handler_segment(c, &gate, ext, &cs);
    if (f != FLOW_NEXT)
        return f;
    cpl = is_conforming(&cs) ? c->g.r.cpl : seg_dpl(&cs);
    f = c->guest.long_mode ? long_stack(c, &gate, cpl, ext, &s)
                           : legacy_stack(c, cpl, ext, &s);
    if (f == FLOW_NEXT)
        f = push_frame(c, e, &s, gate.word);
    if (f == FLOW_NEXT)
        load_handler(c, &gate, &s, &cs, cpl);
    return f;
}
