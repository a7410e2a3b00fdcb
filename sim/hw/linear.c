/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/linear.c - from a segment and an offset to a linear address.
 *
 * In 64-bit code only FS and GS have a base, and nothing has a limit. All other
 * code meets its segments: present, of the right type, large enough (APM vol.
 * 2, 4.5 and 4.12). What breaks a rule is #SS for the stack segment, else #GP.
 */
#include "hw/cpu.h"

#include "arch/insn.h"

#define MAX_32 0xffffffffU

enum insn_mode code_mode(const struct cpu *c)
{
    if (in_64bit(c))
        return INSN_MODE_64;
    return c->g.seg[SEG(SAVE_CS)].attr & SEG_ATTR_DB ? INSN_MODE_32
                                                     : INSN_MODE_16;
}

uint64_t next_rip(const struct cpu *c, unsigned len)
{
    uint64_t next = c->g.r.rip + len;

    return in_64bit(c) ? next : (uint32_t)next;
}

/* Offsets that an expand-down segment holds lie above its limit. */
static void range_of(const struct segment *s, uint64_t *first, uint64_t *last)
{
    bool down = !(s->attr & SEG_ATTR_CODE) && (s->attr & SEG_ATTR_DOWN);

    *first = down ? (uint64_t)s->limit + 1 : 0;
    *last = !down ? s->limit : s->attr & SEG_ATTR_DB ? MAX_32 : 0xffff;
}

uint64_t segment_room(const struct segment *s, uint32_t offset)
{
    uint64_t first, last;

    range_of(s, &first, &last);
    return offset >= first && offset <= last ? last + 1 - offset : 0;
}

/* Does the type permit it? Code may be readable, data may be writable. */
static bool type_permits(const struct segment *s, bool write)
{
    bool code = s->attr & SEG_ATTR_CODE, rw = s->attr & SEG_ATTR_RW;

    if (!(s->attr & SEG_ATTR_P))
        return false;
    return write ? rw && !code : rw || !code;
}

gva_t segment_linear(const struct cpu *c, unsigned save, uint64_t offset)
{
    uint64_t base = c->g.seg[SEG(save)].base;

    if (in_64bit(c))
        return save >= SAVE_FS ? offset + base : offset;
    return (uint32_t)(base + offset);
}

enum flow segment_access(struct cpu *c, unsigned save, uint64_t offset,
                         size_t len, struct access *a, gva_t *at)
{
    const struct segment *s = &c->g.seg[SEG(save)];

    a->stack = save == SAVE_SS;
    *at = segment_linear(c, save, offset);
    if (in_64bit(c) ||
        (type_permits(s, a->write) && segment_room(s, (uint32_t)offset) >= len))
        return FLOW_NEXT;
    TRACE(c->trace, segment_fault, .selector = s->sel, .offset = offset,
          .size = len, .limit = s->limit,
          .why = type_permits(s, a->write)
                     ? "the segment's limit ends before the access does"
                     : "the segment's type does not permit the access, or it "
                       "is a null one",
          .source = "APM vol. 2, 4.12");
    return raise_error(c, a->stack ? VEC_SS : VEC_GP, 0);
}

gva_t operand_address(const struct cpu *c, const struct insn *insn)
{
    return segment_linear(c, insn->segment,
                          insn_address(insn, c->g.r.gpr, c->g.r.rip));
}

enum flow operand_access(struct cpu *c, const struct insn *insn, size_t len,
                         struct access *a, gva_t *at)
{
    return segment_access(c, insn->segment,
                          insn_address(insn, c->g.r.gpr, c->g.r.rip), len, a,
                          at);
}

/* How much of rSP counts: SS.B says (APM vol. 2, 4.7.3). */
uint64_t stack_mask(const struct cpu *c, const struct segment *ss)
{
    if (in_64bit(c))
        return ~0ULL;
    return ss->attr & SEG_ATTR_DB ? MAX_32 : 0xffff;
}
