/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * guest/vc_insn.c - what the #VC handler must find out by itself: which
 * instruction was interrupted, and which address its operand has.
 */
#include "guest/vc.h"

/* ---- the instruction ---- */

/* Read @len more bytes of the interrupted code. A program's page may be closed
 * to the kernel by SMAP, which RFLAGS.AC opens, as STAC would. */
static enum port_result read_code(struct vc *c, size_t len)
{
    struct guest_regs *r = port_regs(c->p);
    struct saved_insn *s = &c->saved;
    uint64_t rflags = r->rflags;
    enum port_result result;

    if (c->user)
        r->rflags |= RFLAGS_AC;
    result = port_read(c->p, c->f.rip + s->len, s->bytes + s->len, len);
    r->rflags = rflags;
    s->len = (uint8_t)(s->len + len);
    return result;
}

/* Up to the page's end first: the next page may not exist, and is only needed
 * by an instruction that reaches into it. */
enum port_result vc_fetch(struct vc *c, enum insn_result *decoded)
{
    size_t room = PAGE_SIZE_4K - (c->f.rip & ~PAGE_MASK_4K);
    size_t first = room < INSN_MAX_LEN ? room : INSN_MAX_LEN;

    if (read_code(c, first) != PORT_OK)
        return PORT_FAULT;
    *decoded = insn_decode(INSN_MODE_64, c->saved.bytes, first, &c->insn);
    if (*decoded != INSN_TRUNCATED || first == INSN_MAX_LEN)
        return PORT_OK;
    if (read_code(c, INSN_MAX_LEN - first) != PORT_OK)
        return PORT_FAULT;
    *decoded =
        insn_decode(INSN_MODE_64, c->saved.bytes, INSN_MAX_LEN, &c->insn);
    return PORT_OK;
}

static bool is_prefix(uint8_t byte)
{
    switch (byte) {
    case 0x26:
    case 0x2e:
    case 0x36:
    case 0x3e:
    case 0x64:
    case 0x65:
    case 0x66:
    case 0x67:
    case 0xf0:
    case 0xf2:
    case 0xf3:
        return true;
    default:
        return (byte & 0xf0) == 0x40; /* REX */
    }
}

/* The two bytes behind the prefixes of a decoded instruction. */
static const uint8_t *opcode(const struct vc *c)
{
    size_t i = 0;

    while (i < INSN_MAX_LEN - 2 && is_prefix(c->saved.bytes[i]))
        i++;
    return c->saved.bytes + i;
}

/* The MOVs that Linux' insn_decode_mmio() knows. It does not know the moffs
 * forms A0..A3 nor MOVSXD; MOVS, which it knows, this CPU does not execute. */
static bool linux_decodes(const uint8_t *op)
{
    switch (op[0]) {
    case 0x88:
    case 0x89:
    case 0x8a:
    case 0x8b:
    case 0xc6:
    case 0xc7:
        return true;
    case 0x0f:
        return op[1] == 0xb6 || op[1] == 0xb7 || op[1] == 0xbe || op[1] == 0xbf;
    default:
        return false;
    }
}

bool vc_is_mmio(const struct vc *c)
{
    return c->insn.op != INSN_OTHER && linux_decodes(opcode(c)) &&
           (c->insn.d.kind == OPND_MEM || c->insn.s.kind == OPND_MEM);
}

bool vc_is_cpuid(const struct vc *c)
{
    return opcode(c)[0] == 0x0f && opcode(c)[1] == 0xa2;
}

/* ---- the address ---- */

enum port_result vc_walk(struct vc *c, gva_t gva, gpa_t *gpa, uint64_t *leaf)
{
    uint64_t address = PTE_ADDR_MASK & ~c->v->guest->cbit;
    uint64_t entry = port_regs(c->p)->cr3;
    unsigned level = c->v->guest->tables.format->levels;

    for (;; level--) {
        gva_t slot = (entry & address) + 8 * pt_index(gva, level);

        if (port_read(c->p, slot, &entry, sizeof(entry)) != PORT_OK)
            return PORT_FAULT;
        if (!(entry & PTE_P) || level == 1 || (entry & PTE_PS))
            break;
    }
    *leaf = entry;
    *gpa = (entry & address & ~(pt_size(level) - 1)) |
           (gva & (pt_size(level) - 1));
    return PORT_OK;
}
