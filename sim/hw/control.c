/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/control.c - MOV to and from control registers, in a guest.
 *
 * Order for all of them: #UD, privilege, intercept, then the value (APM vol. 2,
 * 15.9). Paging may go on and off and change its mode; 64-bit code cannot do
 * that, compatibility mode leaves long mode so (APM vol. 2, 14.6).
 */
#include "hw/cpu.h"

#include "arch/insn.h"

#define CR3_NO_FLUSH BIT(63) /* with PCIDE: not stored */
#define CR3_PCID     bits(11, 0)

/* Bits of CR4 whose change empties the TLB (APM vol. 2, 15.16). */
#define CR4_FLUSHES (CR4_PAE | CR4_PSE | CR4_PGE)

#define CR_MOV BIT(63) /* EXITINFO1: MOV CR, register number in 3:0 */

#define TSS_TYPE_32 BIT(3) /* also of 64 bits */

/* May paging be switched to what @v says? Long mode begins and ends in code
 * that is not 64-bit, and needs PAE and a TSS of its own kind. */
static bool paging_may_change(const struct cpu *c, uint64_t v)
{
    const struct guest_regs *r = &c->g.r;
    bool cs_l = c->g.seg[SEG(SAVE_CS)].attr & SEG_ATTR_L;

    if (!(v & CR0_PG))
        return !in_64bit(c) && !(r->cr4 & CR4_PCIDE);
    if (!(r->efer & EFER_LME))
        return true;
    return (r->cr4 & CR4_PAE) && !cs_l &&
           (c->g.seg[SEG(SAVE_TR)].attr & TSS_TYPE_32);
}

bool cr0_is_legal(uint64_t v)
{
    return !(v >> 32) && (!(v & CR0_PG) || (v & CR0_PE)) &&
           (v & (CR0_NW | CR0_CD)) != CR0_NW;
}

static enum flow write_cr0(struct cpu *c, uint64_t v)
{
    struct guest_regs *r = &c->g.r;
    bool switches = (v ^ r->cr0) & CR0_PG;

    if (!cr0_is_legal(v) || (switches && !paging_may_change(c, v)))
        return raise_error(c, VEC_GP, 0);
    if (!(v & CR0_PE))
        return refuse_insn(c, "real mode (CR0.PE = 0)");
    r->cr0 = (v & CR0_WRITABLE) | CR0_ET;
    if (!switches)
        return FLOW_NEXT;
    if ((v & CR0_PG) && (r->efer & EFER_LME))
        r->efer |= EFER_LMA;
    else
        r->efer &= ~EFER_LMA;
    cpu_flush_tlb(c, FLUSH_ASID, c->ctl.asid, "MOV to CR0 switched paging");
    return FLOW_NEXT;
}

static enum flow write_cr3(struct cpu *c, uint64_t v)
{
    struct guest_regs *r = &c->g.r;
    bool pcide = r->cr4 & CR4_PCIDE, keep = pcide && (v & CR3_NO_FLUSH);

    if (pcide)
        v &= ~CR3_NO_FLUSH;
    if (v & cr3_reserved(c))
        return raise_error(c, VEC_GP, 0);
    r->cr3 = v;
    if (!keep)
        cpu_flush_tlb(c, FLUSH_PCID, c->ctl.asid, "MOV to CR3");
    return FLOW_NEXT;
}

static bool cr4_flushes(uint64_t old, uint64_t new)
{
    return ((old ^ new) & CR4_FLUSHES) || (~old & new &CR4_PKE) ||
           (old & ~new &CR4_PCIDE);
}

static enum flow write_cr4(struct cpu *c, uint64_t v)
{
    struct guest_regs *r = &c->g.r;
    uint64_t old = r->cr4;

    if (v & CR4_CET)
        return refuse_insn(c, "shadow stacks (CR4.CET)");
    if ((v & cr4_reserved(c)) ||
        (c->guest.long_mode && ((v ^ old) & (CR4_PAE | CR4_LA57))) ||
        ((v & ~old & CR4_PCIDE) &&
         (!c->guest.long_mode || (r->cr3 & CR3_PCID))))
        return raise_error(c, VEC_GP, 0);
    r->cr4 = v;
    if (cr4_flushes(old, v))
        cpu_flush_tlb(c, FLUSH_ASID, c->ctl.asid, "MOV to CR4");
    return FLOW_NEXT;
}

/* CR8 is V_TPR. Without V_INTR_MASKING it were the host's as well, but the
 * host's interrupts come whatever its TPR says, see vmrun.c. */
static enum flow write_cr8(struct cpu *c, uint64_t v)
{
    if (v > 15)
        return raise_error(c, VEC_GP, 0);
    c->ctl.int_ctl = (c->ctl.int_ctl & ~INT_CTL_V_TPR) | v;
    return FLOW_NEXT;
}

static uint64_t read_cr(const struct cpu *c, unsigned n)
{
    const struct guest_regs *r = &c->g.r;
    const uint64_t cr[] = { [0] = r->cr0,
                            [2] = r->cr2,
                            [3] = r->cr3,
                            [4] = r->cr4,
                            [8] = c->ctl.int_ctl & 15 };

    return cr[n];
}

static enum flow write_cr(struct cpu *c, unsigned n, uint64_t v)
{
    switch (n) {
    case 0:
        return write_cr0(c, v);
    case 3:
        return write_cr3(c, v);
    case 4:
        return write_cr4(c, v);
    case 8:
        return write_cr8(c, v);
    }
    c->g.r.cr2 = v;
    return FLOW_NEXT;
}

static bool exists(unsigned n)
{
    return n == 0 || (n >= 2 && n <= 4) || n == 8;
}

static uint64_t assist(const struct cpu *c, const struct insn_operand *gpr)
{
    return decode_assist(c, CR_MOV | gpr->reg);
}

enum flow mov_from_cr(struct cpu *c, const struct insn *insn)
{
    unsigned n = (unsigned)insn->imm;

    if (!exists(n))
        return raise_event(c, VEC_UD);
    if (c->g.r.cpl != 0)
        return raise_error(c, VEC_GP, 0);
    if (c->ctl.cr & BIT(n))
        return intercepted(c, EXIT_CR_READ + n, assist(c, &insn->d), 0,
                           insn->len);
    gpr_write(c->g.r.gpr, &insn->d, read_cr(c, n));
    c->g.r.rip += insn->len;
    return FLOW_NEXT;
}

/* The unconditional intercept goes before the selective one (APM vol. 2, table
 * 15-7). */
static bool is_selective(const struct cpu *c, unsigned n, uint64_t v)
{
    return n == 0 && (c->ctl.word3 & INTERCEPT3_CR0_SEL) &&
           ((v ^ c->g.r.cr0) & ~(CR0_TS | CR0_MP));
}

enum flow mov_to_cr(struct cpu *c, const struct insn *insn)
{
    uint64_t v = gpr_read(c->g.r.gpr, &insn->s), old;
    unsigned n = (unsigned)insn->imm;
    enum flow f;

    if (!exists(n))
        return raise_event(c, VEC_UD);
    if (c->g.r.cpl != 0)
        return raise_error(c, VEC_GP, 0);
    if (c->ctl.cr & BIT(16 + n))
        return intercepted(c, EXIT_CR_WRITE + n, assist(c, &insn->s), 0,
                           insn->len);
    if (is_selective(c, n, v))
        return intercepted(c, EXIT_CR0_SEL, assist(c, &insn->s), 0, insn->len);
    old = read_cr(c, n);
    f = write_cr(c, n, v);
    if (f != FLOW_NEXT)
        return f;
    TRACE(c->trace, cr_write, .cr = n, .old = old, .new = read_cr(c, n),
          .rip = c->g.r.rip);
    latch_guest_again(c);
    return trapped(c, INTERCEPT4_CR_TRAP(n), EXIT_CR_TRAP + n, read_cr(c, n),
                   insn->len);
}
