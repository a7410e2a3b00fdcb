/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/svm_insn.c - SVM's own instructions, met inside a guest.
 *
 * A hypervisor intercepts them all, because in a guest they mean the real
 * machine: VMLOAD and VMSAVE without intercept take rAX as a system-physical
 * address, unless they are virtualized (APM vol. 2, 15.33.1; what comes of
 * forgetting that: CVE-2021-3656). STGI and CLGI without intercept reach the
 * virtual GIF, or the host's, which this model refuses to give away.
 */
#include "hw/cpu.h"
#include "hw/walk.h"

#include "arch/insn.h"

/* Intercept bits and exit code, by instruction. */
static const struct svm_insn {
    enum insn_op op;
    uint32_t word3, word4;
    uint64_t code;
} insns[] = {
    { INSN_VMRUN, 0, INTERCEPT4_VMRUN, EXIT_VMRUN },
    { INSN_VMLOAD, 0, INTERCEPT4_VMLOAD, EXIT_VMLOAD },
    { INSN_VMSAVE, 0, INTERCEPT4_VMSAVE, EXIT_VMSAVE },
    { INSN_STGI, 0, INTERCEPT4_STGI, EXIT_STGI },
    { INSN_CLGI, 0, INTERCEPT4_CLGI, EXIT_CLGI },
    { INSN_INVLPGA, INTERCEPT3_INVLPGA, 0, EXIT_INVLPGA },
};

static uint64_t rax(const struct cpu *c, const struct insn *insn)
{
    uint64_t v = c->g.r.gpr[GPR_RAX];

    return insn->addr32 ? (uint32_t)v : v;
}

static bool takes_vmcb(enum insn_op op)
{
    return op == INSN_VMRUN || op == INSN_VMLOAD || op == INSN_VMSAVE;
}

static bool is_vmcb(const struct cpu *c, uint64_t addr)
{
    return addr % PAGE_SIZE_4K == 0 && !(addr >> c->model.maxphyaddr_raw);
}

static bool is_virtualized(const struct cpu *c)
{
    return c->model.features[FEAT_V_VMSAVE_VMLOAD] && !c->ctl.sev &&
           (c->ctl.virt_ext & VIRT_EXT_VMLOAD_SAVE) && has_nested(c);
}

/* A virtualized VMSAVE is a write like others (APM vol. 2, 15.36.12). */
static enum flow may_save(struct cpu *c, struct walk *w, gpa_t gpa, bool write)
{
    const struct rmp_access a = {
        .gpa = gpa, .spa = w->spa, .offset = w->nested.offset, .write = true
    };
    enum why why = write && snp_on(c) ? rmp_check(c, &a) : WHY_NONE;

    if (why == WHY_NONE)
        return FLOW_NEXT;
    rmp_fail(c, w, why, &a, (struct access) { .write = true });
    return walk_failed(c, w, false);
}

/* The page that VMLOAD and VMSAVE mean. */
static enum flow find_vmcb(struct cpu *c, uint64_t addr, bool write,
                           struct walk *w)
{
    struct npt_access a = { .write = write };

    *w = (struct walk) { .gva = addr, .spa = addr };
    if (is_virtualized(c))
        return npt_walk(c, w, addr, a, 0) ? may_save(c, w, addr, write)
                                          : walk_failed(c, w, false);
    w->key = w->spa & cpu_cbit(c) ? c->host_key : NULL;
    w->spa &= ~cpu_cbit(c);
    return !write || host_page(c, w->spa) ? FLOW_NEXT
                                          : raise_error(c, VEC_GP, 0);
}

static enum flow move_state(struct cpu *c, const struct insn *insn)
{
    bool write = insn->op == INSN_VMSAVE;
    struct walk w;
    enum flow f;

    /* No VMSAVE inside SEV-ES (APM vol. 2, 15.35.4). */
    if (write && c->ctl.sev_es)
        return refuse_insn(c, "VMSAVE inside an SEV-ES guest");
    f = find_vmcb(c, rax(c, insn), write, &w);
    if (f != FLOW_NEXT)
        return f;
    if (write)
        cpu_vmsave(c, w.spa, w.key);
    else
        cpu_vmload(c, w.spa, w.key);
    return FLOW_NEXT;
}

static enum flow set_gif(struct cpu *c, bool on)
{
    if (!has_vgif(c))
        return refuse_insn(c, "the host's global interrupt flag, given to a "
                              "guest (no intercept, no virtual GIF)");
    if (on)
        c->ctl.int_ctl |= INT_CTL_V_GIF;
    else
        c->ctl.int_ctl &= ~INT_CTL_V_GIF;
    return FLOW_NEXT;
}

static enum flow execute(struct cpu *c, const struct insn *insn)
{
    /* VMRUN always exits: it refuses a VMCB that lets it not. */
    BUG_ON(insn->op == INSN_VMRUN);
    if (insn->op == INSN_VMLOAD || insn->op == INSN_VMSAVE)
        return move_state(c, insn);
    if (insn->op == INSN_STGI || insn->op == INSN_CLGI)
        return set_gif(c, insn->op == INSN_STGI);
    tlb_invlpga(c, rax(c, insn), (uint32_t)c->g.r.gpr[GPR_RCX]);
    return FLOW_NEXT;
}

static const struct svm_insn *find(enum insn_op op)
{
    for (size_t i = 0; i < ARRAY_SIZE(insns); i++)
        if (insns[i].op == op)
            return &insns[i];
    bug_at(__FILE__, __LINE__, "no instruction of SVM");
}

enum flow exec_svm(struct cpu *c, const struct insn *insn)
{
    const struct svm_insn *s = find(insn->op);
    enum flow f;

    /* What rAX says is looked at before the intercept (Linux, svm.c: POST_EX in
     * x86_intercept_map, after check_svme_pa()). */
    if (c->g.r.cpl != 0 || (takes_vmcb(insn->op) && !is_vmcb(c, rax(c, insn))))
        return raise_error(c, VEC_GP, 0);
    if ((c->ctl.word3 & s->word3) || (c->ctl.word4 & s->word4))
        return intercepted(
            c, s->code,
            insn->op == INSN_INVLPGA ? decode_assist(c, rax(c, insn)) : 0, 0,
            insn->len);
    f = execute(c, insn);
    if (f == FLOW_NEXT)
        c->g.r.rip += insn->len;
    return f;
}
