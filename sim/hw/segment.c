/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/segment.c - descriptors, and the way back from a handler.
 *
 * 64-bit mode: of a segment only type, privilege and presence still matter
 * (APM vol. 2, 4.8).
 */
#include "hw/cpu.h"

#define ATTR_ACCESSED   BIT(0)
#define ATTR_WRITABLE   BIT(1) /* data */
#define ATTR_CONFORMING BIT(2) /* code */
#define ATTR_CODE       BIT(3)
#define ATTR_S          BIT(4) /* code or data, not a system segment */

#define FRAME_WORDS 5 /* RIP CS RFLAGS RSP SS */

/* Flags that IRET takes from the frame at any CPL: CF PF AF ZF SF TF DF OF NT
 * RF AC ID. IF and IOPL are guarded. */
#define RFLAGS_LOADED 0x254dd5ULL
#define RFLAGS_IOPL   (3ULL << RFLAGS_IOPL_SHIFT)

unsigned seg_dpl(const struct segment *s)
{
    return s->attr >> 5 & 3;
}

bool is_code64(const struct segment *s)
{
    return (s->attr & ATTR_S) && (s->attr & ATTR_CODE) &&
           (s->attr & SEG_ATTR_L) && !(s->attr & SEG_ATTR_DB);
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

static const struct segment *table_of(const struct cpu *c, uint16_t sel)
{
    return &c->g.seg[sel & 4 ? SEG(SAVE_LDTR) : SEG(SAVE_GDTR)];
}

enum flow read_descriptor(struct cpu *c, uint16_t sel, unsigned ext,
                          struct segment *out)
{
    const struct segment *table = table_of(c, sel);
    uint32_t error = (sel & ~3U) | ext;
    uint64_t d;
    enum flow f;

    if (!(sel & ~3U))
        return raise_error(c, VEC_GP, ext);
    if ((sel & 4) && !(table->attr & SEG_ATTR_P))
        return raise_error(c, VEC_GP, error);
    if ((sel | 7U) > table->limit)
        return raise_error(c, VEC_GP, error);
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

/* SS of the frame: null is fine outside user mode, else a stack at @cpl. */
static enum flow iret_stack(struct cpu *c, uint16_t sel, unsigned cpl,
                            struct segment *out)
{
    enum flow f;

    if (!(sel & ~3U)) {
        *out = (struct segment) { .sel = sel };
        return cpl == 3 ? raise_error(c, VEC_GP, 0) : FLOW_NEXT;
    }
    f = read_descriptor(c, sel, 0, out);
    if (f != FLOW_NEXT)
        return f;
    if ((sel & 3U) != cpl || seg_dpl(out) != cpl || !(out->attr & ATTR_S) ||
        (out->attr & ATTR_CODE) || !(out->attr & ATTR_WRITABLE))
        return raise_error(c, VEC_GP, sel & ~3U);
    return use_segment(c, out, VEC_SS, 0);
}

static enum flow iret_code(struct cpu *c, uint16_t sel, struct segment *out)
{
    enum flow f = read_descriptor(c, sel, 0, out);
    unsigned rpl = sel & 3U;

    if (f != FLOW_NEXT)
        return f;
    if (!is_code64(out) || rpl < c->g.r.cpl)
        return raise_error(c, VEC_GP, sel & ~3U);
    if (is_conforming(out) ? seg_dpl(out) > rpl : seg_dpl(out) != rpl)
        return raise_error(c, VEC_GP, sel & ~3U);
    return use_segment(c, out, VEC_NP, 0);
}

static uint64_t iret_flags(const struct guest_regs *r, uint64_t frame)
{
    uint64_t load = RFLAGS_LOADED;

    if (r->cpl == 0)
        load |= RFLAGS_IOPL;
    if (r->cpl <= (r->rflags >> RFLAGS_IOPL_SHIFT & 3))
        load |= RFLAGS_IF;
    return (r->rflags & ~load) | (frame & load) | RFLAGS_FIXED;
}

/* IRETQ to 64-bit code; a frame for another mode is #GP, because this model
 * runs 64-bit code only. */
enum flow iret(struct cpu *c)
{
    struct access a = { .user = c->g.r.cpl == 3, .stack = true };
    struct guest_regs *r = &c->g.r;
    uint64_t frame[FRAME_WORDS];
    struct segment cs, ss;
    enum flow f;

    f = access_read(c, r->gpr[GPR_RSP], frame, sizeof(frame), a);
    if (f == FLOW_NEXT)
        f = iret_code(c, (uint16_t)frame[1], &cs);
    if (f == FLOW_NEXT)
        f = iret_stack(c, (uint16_t)frame[4], cs.sel & 3U, &ss);
    if (f != FLOW_NEXT)
        return f;
    if (!is_canonical(c, frame[0]))
        return raise_error(c, VEC_GP, 0);
    r->rflags = iret_flags(r, frame[2]);
    r->rip = frame[0];
    r->gpr[GPR_RSP] = frame[3];
    r->cpl = cs.sel & 3U;
    c->g.seg[SEG(SAVE_CS)] = cs;
    c->g.seg[SEG(SAVE_SS)] = ss;
    nmi_ends(c);
    return FLOW_NEXT;
}
