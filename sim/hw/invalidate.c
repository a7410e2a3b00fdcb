/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/invalidate.c - instructions with which a guest's kernel flushes its TLB:
 * INVLPG, INVPCID, and, where the hypervisor lets it, INVLPGB and TLBSYNC.
 *
 * What they flush is flush.c's business; here is who may, and who hears of it.
 * Their order of checks: does the CPU have it, CPL, intercept, operands (APM
 * vol. 2, 15.9).
 */
#include "hw/cpu.h"

#include "arch/insn.h"

static enum flow done(struct cpu *c, const struct insn *insn)
{
    c->g.r.rip += insn->len;
    return FLOW_NEXT;
}

static enum flow invlpg(struct cpu *c, const struct insn *insn)
{
    gva_t gva = operand_address(c, insn);

    if (c->g.r.cpl != 0)
        return raise_error(c, VEC_GP, 0);
    if (c->ctl.word3 & INTERCEPT3_INVLPG)
        return intercepted(c, EXIT_INVLPG, decode_assist(c, gva), 0, insn->len);
    tlb_invlpg(c, gva);
    return done(c, insn);
}

/* The exit tells the operands (Linux, invpcid_interception()). In memory lie 12
 * bits of PCID, zeroes, and the address. */
static enum flow invpcid(struct cpu *c, const struct insn *insn)
{
    uint64_t type = gpr_read(c->g.r.gpr, &insn->d), descriptor[2];
    struct access a = data_access(c, false);
    gva_t at = operand_address(c, insn);
    enum flow f;

    if (!c->model.features[FEAT_INVPCID])
        return raise_event(c, VEC_UD);
    if (c->g.r.cpl != 0)
        return raise_error(c, VEC_GP, 0);
    if (c->ctl.word5 & INTERCEPT5_INVPCID)
        return intercepted(c, EXIT_INVPCID, at, type, insn->len);
    f = operand_access(c, insn, sizeof(descriptor), &a, &at);
    if (f == FLOW_NEXT)
        f = access_read(c, at, descriptor, sizeof(descriptor), a);
    if (f != FLOW_NEXT)
        return f;
    if (!tlb_invpcid(c, type, descriptor[0], descriptor[1]))
        return raise_error(c, VEC_GP, 0);
    return done(c, insn);
}

/* A guest has them only where its hypervisor says so in the VMCB, 90h bit 7
 * (APM vol. 2, appendix B); KVM does not. */
static bool may_broadcast(const struct cpu *c)
{
    const bool *f = c->model.features;

    return f[FEAT_INVLPGB] && f[FEAT_TLBI_CTL] &&
           (c->ctl.nested_ctl & NESTED_CTL_INVLPGB);
}

static enum flow invlpgb(struct cpu *c, const struct insn *insn)
{
    const uint64_t *gpr = c->g.r.gpr;
    uint64_t rax = insn->addr32 ? (uint32_t)gpr[GPR_RAX] : gpr[GPR_RAX];

    if (c->ctl.word5 & INTERCEPT5_INVLPGB)
        return intercepted(c, EXIT_INVLPGB, 0, 0, insn->len);
    if (tlb_invlpgb(c, rax, (uint32_t)gpr[GPR_RCX], (uint32_t)gpr[GPR_RDX],
                    true))
        return done(c, insn);
    if (c->ctl.word5 & INTERCEPT5_INVLPGB_ILLEGAL)
        return intercepted(c, EXIT_INVLPGB_ILLEGAL, 0, 0, insn->len);
    return raise_error(c, VEC_GP, 0);
}

static enum flow tlbsync(struct cpu *c, const struct insn *insn)
{
    if (c->ctl.word5 & INTERCEPT5_TLBSYNC)
        return intercepted(c, EXIT_TLBSYNC, 0, 0, insn->len);
    tlb_tlbsync(c);
    return done(c, insn);
}

enum flow exec_invalidate(struct cpu *c, const struct insn *insn)
{
    if (insn->op == INSN_INVLPG)
        return invlpg(c, insn);
    if (insn->op == INSN_INVPCID)
        return invpcid(c, insn);
    if (!may_broadcast(c))
        return raise_event(c, VEC_UD);
    if (c->g.r.cpl != 0)
        return raise_error(c, VEC_GP, 0);
    return insn->op == INSN_INVLPGB ? invlpgb(c, insn) : tlbsync(c, insn);
}
