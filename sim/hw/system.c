/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/system.c - what only a guest's kernel executes: MSRs and the interrupt
 * flag. Control registers are in control.c, flushes in invalidate.c.
 */
#include "hw/cpu.h"

#include "arch/insn.h"

/* The MSR permission map: two bits for each MSR, read and write, in three
 * ranges (APM vol. 2, 15.11). */
static const struct msr_range {
    uint32_t first, at;
} msr_ranges[] = {
    { 0, 0 },
    { 0xc0000000, 0x800 },
    { 0xc0010000, 0x1000 },
};
#define RANGE_MSRS 0x2000U

static bool msr_intercepted(struct cpu *c, uint32_t msr, bool write)
{
    spa_t map = c->ctl.msrpm & PAGE_MASK_4K;
    const struct key *key = map & cpu_cbit(c) ? c->host_key : NULL;
    uint8_t byte;

    if (!(c->ctl.word3 & INTERCEPT3_MSR))
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(msr_ranges); i++) {
        uint32_t n = msr - msr_ranges[i].first;

        if (n >= RANGE_MSRS)
            continue;
        crypt_read(c->mem, (map & ~cpu_cbit(c)) + msr_ranges[i].at + n / 4,
                   &byte, 1, key);
        return byte >> (n % 4 * 2 + write) & 1;
    }
    return true; /* no map has it */
}

/* The trap intercepts came with SEV-ES; older CPUs ignore these bits. */
enum flow trapped(struct cpu *c, uint32_t intercept, uint64_t code,
                  uint64_t value, unsigned len)
{
    c->g.r.rip += len;
    if (!c->model.features[FEAT_SEV_ES] || !(c->ctl.word4 & intercept))
        return FLOW_NEXT;
    c->g.shadow = false;
    return intercepted(c, code, value, 0, 0);
}

static enum flow bad_msr(struct cpu *c, bool write, uint32_t msr)
{
    TRACE(c->trace, insn_unsupported, .rip = c->g.r.rip,
          .bytes = write ? "0f 30" : "0f 32",
          .text = trace_text(c->trace,
                             "%s of %08x, which no guest of this model has or "
                             "which does not take the value: #GP",
                             write ? "wrmsr" : "rdmsr", msr));
    return raise_error(c, VEC_GP, 0);
}

static enum flow rdmsr(struct cpu *c, unsigned len)
{
    uint64_t *gpr = c->g.r.gpr, value;
    uint32_t msr = (uint32_t)gpr[GPR_RCX];

    if (c->g.r.cpl != 0)
        return raise_error(c, VEC_GP, 0);
    if (msr_intercepted(c, msr, false))
        return intercepted(c, EXIT_MSR, 0, 0, len);
    if (!guest_rdmsr(c, msr, &value))
        return bad_msr(c, false, msr);
    gpr[GPR_RAX] = (uint32_t)value;
    gpr[GPR_RDX] = value >> 32;
    c->g.r.rip += len;
    return FLOW_NEXT;
}

static enum flow wrmsr(struct cpu *c, unsigned len)
{
    const uint64_t *gpr = c->g.r.gpr;
    uint64_t value = gpr[GPR_RDX] << 32 | (uint32_t)gpr[GPR_RAX];
    uint32_t msr = (uint32_t)gpr[GPR_RCX];

    if (c->g.r.cpl != 0)
        return raise_error(c, VEC_GP, 0);
    if (msr_intercepted(c, msr, true))
        return intercepted(c, EXIT_MSR, 1, 0, len);
    if (!guest_wrmsr(c, msr, value))
        return bad_msr(c, true, msr);
    latch_guest_again(c);
    if (msr == MSR_EFER)
        return trapped(c, INTERCEPT4_EFER_TRAP, EXIT_EFER_TRAP, value, len);
    c->g.r.rip += len;
    return FLOW_NEXT;
}

/* Below IOPL the flag is the guest's; above it CPL 3 may have a virtual one
 * (APM vol. 2, 8.4.6). */
static enum flow set_interrupt_flag(struct cpu *c, bool on, unsigned len)
{
    struct guest_regs *r = &c->g.r;
    uint64_t flag = RFLAGS_IF;

    if (r->cpl > (r->rflags >> RFLAGS_IOPL_SHIFT & 3)) {
        if (r->cpl != 3 || !(r->cr4 & CR4_PVI) ||
            (on && (r->rflags & RFLAGS_VIP)))
            return raise_error(c, VEC_GP, 0);
        flag = RFLAGS_VIF;
    }
    c->shadows = on && flag == RFLAGS_IF && !(r->rflags & RFLAGS_IF);
    r->rflags = on ? r->rflags | flag : r->rflags & ~flag;
    r->rip += len;
    return FLOW_NEXT;
}

enum flow exec_system(struct cpu *c, const struct insn *insn)
{
    if (insn->op == INSN_RDMSR)
        return rdmsr(c, insn->len);
    if (insn->op == INSN_WRMSR)
        return wrmsr(c, insn->len);
    return set_interrupt_flag(c, insn->op == INSN_STI, insn->len);
}
