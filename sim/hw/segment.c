/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/segment.c - descriptors, and who may load them.
 *
 * For 64-bit code only type, privilege and presence of a segment still matter
 * (APM vol. 2, 4.8); what base and limit do for other code is in linear.c.
 */
#include "hw/cpu.h"

#include "arch/insn.h"

#define ATTR_ACCESSED   BIT(0)
#define ATTR_CONFORMING BIT(2) /* code */
#define ATTR_S          BIT(4) /* code or data, not a system segment */

unsigned seg_dpl(const struct segment *s)
{
    return s->attr >> 5 & 3;
}

bool is_code(const struct segment *s)
{
    return (s->attr & ATTR_S) && (s->attr & SEG_ATTR_CODE);
}

bool is_code64(const struct segment *s)
{
    return is_code(s) && (s->attr & SEG_ATTR_L) && !(s->attr & SEG_ATTR_DB);
}

bool is_conforming(const struct segment *s)
{
    return s->attr & ATTR_CONFORMING;
}

static struct segment unpack(uint16_t sel, uint64_t d)
{
    struct segment s = {
        .sel = sel,
        .attr = (uint16_t)((d >> 40 & 0xff) | (d >> 52 & 0xf) << 8),
        .limit = (uint32_t)((d & 0xffff) | (d >> 48 & 0xf) << 16),
        .base = (d >> 16 & 0xffffff) | (d >> 56) << 24,
    };

    if (s.attr & BIT(11)) /* granularity: 4K */
        s.limit = s.limit << 12 | 0xfff;
    return s;
}

static bool is_null(uint16_t sel)
{
    return !(sel & ~3U);
}

static const struct segment *table_of(const struct cpu *c, uint16_t sel)
{
    return &c->g.seg[sel & 4 ? SEG(SAVE_LDTR) : SEG(SAVE_GDTR)];
}

enum flow read_descriptor(struct cpu *c, uint16_t sel, unsigned vector,
                          unsigned ext, struct segment *out)
{
    const struct segment *table = table_of(c, sel);
    uint32_t error = (sel & ~3U) | ext;
    uint64_t d;
    enum flow f;

    if (is_null(sel))
        return raise_error(c, vector, ext);
    if ((sel & 4) && !(table->attr & SEG_ATTR_P))
        return raise_error(c, vector, error);
    if ((sel | 7U) > table->limit)
        return raise_error(c, vector, error);
    f = access_read(c, table->base + (sel & ~7U), &d, sizeof(d),
                    (struct access) { .implicit = true });
    if (f == FLOW_NEXT)
        *out = unpack(sel, d);
    return f;
}

/* The accessed bit: APM vol. 2, 4.7.2. */
enum flow use_segment(struct cpu *c, struct segment *s, unsigned vector,
                      unsigned ext)
{
    struct access a = { .write = true, .implicit = true };
    uint8_t type;

    if (!(s->attr & SEG_ATTR_P))
        return raise_error(c, vector, (s->sel & ~3U) | ext);
    if (s->attr & ATTR_ACCESSED)
        return FLOW_NEXT;
    s->attr |= ATTR_ACCESSED;
    type = (uint8_t)s->attr;
    return access_write(c, table_of(c, s->sel)->base + (s->sel & ~7U) + 5,
                        &type, sizeof(type), a);
}

enum flow read_stack_segment(struct cpu *c, uint16_t sel, unsigned cpl,
                             unsigned vector, unsigned ext, struct segment *out)
{
    enum flow f = read_descriptor(c, sel, vector, ext, out);

    if (f != FLOW_NEXT)
        return f;
    if ((sel & 3U) != cpl || seg_dpl(out) != cpl || !(out->attr & ATTR_S) ||
        (out->attr & SEG_ATTR_CODE) || !(out->attr & SEG_ATTR_RW))
        return raise_error(c, vector, (sel & ~3U) | ext);
    return use_segment(c, out, VEC_SS, ext);
}

/* A null selector leaves base and limit what they were (as on CPUs without
 * NullSelectorClearsBase). */
static void make_null(struct segment *s, uint16_t sel)
{
    s->sel = sel;
    s->attr = 0;
}

/* Less privileged code must not keep segments that only its caller could load
 * (APM vol. 2, 4.10.4, and vol. 3, IRET). */
void drop_privileged_segments(struct cpu *c)
{
    static const unsigned data[] = { SAVE_ES, SAVE_DS, SAVE_FS, SAVE_GS };

    for (unsigned i = 0; i < ARRAY_SIZE(data); i++) {
        struct segment *s = &c->g.seg[SEG(data[i])];
        bool open = is_code(s) && is_conforming(s);

        if (!open && seg_dpl(s) < c->g.r.cpl)
            make_null(s, 0);
    }
}

static enum flow load_data(struct cpu *c, uint16_t sel, struct segment *s)
{
    unsigned rpl = sel & 3U, cpl = c->g.r.cpl;
    struct segment new;
    enum flow f;

    if (is_null(sel)) {
        make_null(s, sel);
        return FLOW_NEXT;
    }
    f = read_descriptor(c, sel, VEC_GP, 0, &new);
    if (f != FLOW_NEXT)
        return f;
    if (!(new.attr &ATTR_S) || (is_code(&new) && !(new.attr &SEG_ATTR_RW)) ||
        (!(is_code(&new) && is_conforming(&new)) &&
         seg_dpl(&new) < (rpl > cpl ? rpl : cpl)))
        return raise_error(c, VEC_GP, sel & ~3U);
    f = use_segment(c, &new, VEC_NP, 0);
    if (f == FLOW_NEXT)
        *s = new;
    return f;
}

/* Outside of user mode 64-bit code may do without. */
static enum flow load_stack(struct cpu *c, uint16_t sel, struct segment *s)
{
    unsigned cpl = c->g.r.cpl;
    struct segment new;
    enum flow f;

    if (is_null(sel) && in_64bit(c) && cpl != 3 && (sel & 3U) == cpl) {
        make_null(s, sel);
        return FLOW_NEXT;
    }
    f = read_stack_segment(c, sel, cpl, VEC_GP, 0, &new);
    if (f == FLOW_NEXT)
        *s = new;
    return f;
}

enum flow mov_to_segment(struct cpu *c, const struct insn *insn, uint16_t sel)
{
    struct segment *s = &c->g.seg[SEG(insn->imm)];
    enum flow f =
        insn->imm == SAVE_SS ? load_stack(c, sel, s) : load_data(c, sel, s);

    if (f != FLOW_NEXT)
        return f;
    c->shadows = insn->imm == SAVE_SS;
    c->g.r.rip += insn->len;
    return FLOW_NEXT;
}
