/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/exec.c - what an instruction does on the CPU.
 *
 * A small set: the MOV family, which touches memory, and what a kernel needs to
 * enter and leave handlers and to stop; as 64-bit, 32-bit or 16-bit code.
 * Anything else is #UD, said in the trace. KVM's emulator and the guest's #VC
 * handler have their own versions.
 */
#include "hw/cpu.h"

#include "arch/insn.h"

#include <stdio.h>

#define DR6_BS BIT(14) /* #DB after a single step */

/* Fetch and decode the instruction at RIP. An encoding cut off by the end of a
 * page is continued on the next one. */
static enum flow fetch(struct cpu *c, struct insn *insn)
{
    enum insn_result res;
    spa_t spa, next;
    enum flow f;

    c->code_len = 0;
    f = access_fetch(c, &spa);
    if (f != FLOW_NEXT)
        return f;
    res = insn_decode(code_mode(c), c->code, c->code_len, insn);
    if (res == INSN_TRUNCATED && c->code_len < sizeof(c->code)) {
        f = access_fetch(c, &next);
        if (f != FLOW_NEXT)
            return f;
        res = insn_decode(code_mode(c), c->code, c->code_len, insn);
    }
    TRACE(c->trace, fetch, .rip = c->g.r.rip, .spa = spa,
          .len = res == INSN_OK ? insn->len : c->code_len);
    if (res == INSN_TRUNCATED)
        return raise_error(c, VEC_GP,
                           0); /* more than 15 bytes, or than CS has */
    return res == INSN_OK ? FLOW_NEXT : raise_event(c, VEC_UD);
}

static const char *code_text(struct cpu *c, const struct insn *insn)
{
    char text[96];

    insn_text(code_mode(c), c->code, insn->len, c->g.r.rip, text, sizeof(text));
    return trace_text(c->trace, "%s", text);
}

static const char *code_hex(struct cpu *c, const struct insn *insn)
{
    char hex[3 * INSN_MAX_LEN + 1] = "";

    for (unsigned i = 0; i < insn->len; i++)
        snprintf(hex + 3 * i, 4, "%02x ", c->code[i]);
    return trace_text(c->trace, "%.*s", 3 * insn->len - 1, hex);
}

static enum flow operand_read(struct cpu *c, const struct insn *insn,
                              uint64_t *value)
{
    const struct insn_operand *s = &insn->s;
    struct access a = data_access(c, false);
    enum flow f;
    gva_t at;

    *value = 0;
    switch (s->kind) {
    case OPND_REG:
        *value = gpr_read(c->g.r.gpr, s);
        return FLOW_NEXT;
    case OPND_IMM:
        *value = insn->imm;
        return FLOW_NEXT;
    case OPND_MEM:
        f = operand_access(c, insn, s->size, &a, &at);
        return f == FLOW_NEXT ? access_read(c, at, value, s->size, a) : f;
    case OPND_NONE:
        break;
    }
    bug_at(__FILE__, __LINE__, "an instruction without source operand");
}

static enum flow operand_write(struct cpu *c, const struct insn *insn,
                               uint64_t value)
{
    const struct insn_operand *d = &insn->d;
    struct access a = data_access(c, true);
    enum flow f;
    gva_t at;

    if (d->kind == OPND_MEM) {
        f = operand_access(c, insn, d->size, &a, &at);
        return f == FLOW_NEXT ? access_write(c, at, &value, d->size, a) : f;
    }
    gpr_write(c->g.r.gpr, d, value);
    return FLOW_NEXT;
}

static uint64_t sign_extended(uint64_t value, unsigned size)
{
    unsigned spare = 64 - 8 * size;

    return (uint64_t)((int64_t)(value << spare) >> spare);
}

static enum flow move(struct cpu *c, const struct insn *insn)
{
    uint64_t value;
    enum flow f = operand_read(c, insn, &value);

    if (f != FLOW_NEXT)
        return f;
    if (insn->op == INSN_MOVSX)
        value = sign_extended(value, insn->s.size);
    f = operand_write(c, insn, value);
    if (f == FLOW_NEXT)
        c->g.r.rip += insn->len;
    return f;
}

static enum flow move_from_segment(struct cpu *c, const struct insn *insn)
{
    enum flow f = operand_write(c, insn, c->g.seg[SEG(insn->imm)].sel);

    if (f == FLOW_NEXT)
        c->g.r.rip += insn->len;
    return f;
}

static enum flow move_to_segment(struct cpu *c, const struct insn *insn)
{
    uint64_t sel;
    enum flow f = operand_read(c, insn, &sel);

    return f == FLOW_NEXT ? mov_to_segment(c, insn, (uint16_t)sel) : f;
}

/* Not intercepted, HLT waits; what ends the wait is a virtual interrupt, or the
 * next physical one, and that is the host's. */
static enum flow halt(struct cpu *c, unsigned len)
{
    if (c->g.r.cpl != 0)
        return raise_error(c, VEC_GP, 0);
    TRACE(c->trace, halt, .rip = c->g.r.rip, .rax = c->g.r.gpr[GPR_RAX]);
    if (c->ctl.word3 & INTERCEPT3_HLT)
        return intercepted(c, EXIT_HLT, 0, 0, len);
    c->g.r.rip += len;
    c->g.shadow = false;
    return interrupt_wakes(c) ? FLOW_NEXT : intercepted(c, EXIT_INTR, 0, 0, 0);
}

static enum flow vmmcall(struct cpu *c, unsigned len)
{
    if (c->ctl.word4 & INTERCEPT4_VMMCALL)
        return intercepted(c, EXIT_VMMCALL, 0, 0, len);
    return raise_event(c, VEC_UD);
}

/* In a guest without SEV-ES this encoding is VMMCALL (APM vol. 2, 15.35.6). */
static enum flow vmgexit(struct cpu *c, unsigned len)
{
    if (!c->ctl.sev_es)
        return vmmcall(c, len);
    TRACE(c->trace, vmgexit, .rip = c->g.r.rip, .ghcb = c->g.ghcb);
    return intercepted(c, EXIT_VMGEXIT, 0, 0, len);
}

static enum flow software_interrupt(struct cpu *c, const struct insn *insn)
{
    if (c->ctl.word3 & INTERCEPT3_INTN)
        return intercepted(c, EXIT_SWINT, decode_assist(c, insn->imm), 0,
                           insn->len);
    c->event = (struct cpu_event) {
        .vector = (uint8_t)insn->imm,
        .type = EVENT_TYPE_SOFT,
        .valid = true,
        .next = next_rip(c, insn->len),
    };
    return FLOW_EVENT;
}

/* An exception that is software's wish: it returns behind itself (APM vol. 2,
 * 8.2.4). */
static enum flow breakpoint(struct cpu *c, unsigned len)
{
    c->event = (struct cpu_event) {
        .vector = VEC_BP,
        .type = EVENT_TYPE_EXC,
        .valid = true,
        .next = next_rip(c, len),
    };
    return FLOW_EVENT;
}

static enum flow jump(struct cpu *c, const struct insn *insn)
{
    uint64_t target = gpr_read(c->g.r.gpr, &insn->s);

    if (in_64bit(c) ? !is_canonical(c, target)
                    : !segment_room(&c->g.seg[SEG(SAVE_CS)], (uint32_t)target))
        return raise_error(c, VEC_GP, 0);
    c->g.r.rip = target;
    return FLOW_NEXT;
}

/* An SNP guest is told of CPUID and port I/O whatever the hypervisor wishes
 * (APM vol. 2, 15.36.12). */
static enum flow cpuid(struct cpu *c, unsigned len)
{
    uint64_t *gpr = c->g.r.gpr;
    struct cpuid_regs r;

    if ((c->ctl.word3 & INTERCEPT3_CPUID) || is_snp_guest(c))
        return intercepted(c, EXIT_CPUID, 0, 0, len);
    r = cpu_cpuid(c, (uint32_t)gpr[GPR_RAX], (uint32_t)gpr[GPR_RCX]);
    gpr[GPR_RAX] = r.eax;
    gpr[GPR_RBX] = r.ebx;
    gpr[GPR_RCX] = r.ecx;
    gpr[GPR_RDX] = r.edx;
    c->g.r.rip += len;
    return FLOW_NEXT;
}

enum flow refuse_insn(struct cpu *c, const char *what)
{
    TRACE(c->trace, insn_unsupported, .rip = c->g.r.rip, .bytes = "",
          .text = what);
    return raise_event(c, VEC_UD);
}

static enum flow unsupported(struct cpu *c, const struct insn *insn)
{
    TRACE(c->trace, insn_unsupported, .rip = c->g.r.rip,
          .bytes = code_hex(c, insn), .text = code_text(c, insn));
    return raise_event(c, VEC_UD);
}

/* In other guests IN and OUT would reach ports, which nobody has. */
static enum flow port_io(struct cpu *c, const struct insn *insn)
{
    if (!is_snp_guest(c) ||
        c->g.r.cpl > (c->g.r.rflags >> RFLAGS_IOPL_SHIFT & 3))
        return unsupported(c, insn);
    return intercepted(c, EXIT_IOIO, 0, 0, insn->len);
}

static enum flow execute(struct cpu *c, const struct insn *insn)
{
    switch (insn->op) {
    case INSN_MOV:
    case INSN_MOVZX:
    case INSN_MOVSX:
        return move(c, insn);
    case INSN_HLT:
        return halt(c, insn->len);
    case INSN_VMMCALL:
        return vmmcall(c, insn->len);
    case INSN_VMGEXIT:
        return vmgexit(c, insn->len);
    case INSN_INT:
        return software_interrupt(c, insn);
    case INSN_INT3:
        return breakpoint(c, insn->len);
    case INSN_IRET:
        if (c->ctl.word3 & INTERCEPT3_IRET)
            return intercepted(c, EXIT_IRET, 0, 0, insn->len);
        return iret(c, (unsigned)insn->imm);
    case INSN_JMP:
        return jump(c, insn);
    case INSN_NOP:
        c->g.r.rip += insn->len;
        return FLOW_NEXT;
    case INSN_CPUID:
        return cpuid(c, insn->len);
    case INSN_MOV_FROM_CR:
        return mov_from_cr(c, insn);
    case INSN_MOV_TO_CR:
        return mov_to_cr(c, insn);
    case INSN_INVLPG:
    case INSN_INVPCID:
    case INSN_INVLPGB:
    case INSN_TLBSYNC:
        return exec_invalidate(c, insn);
    case INSN_RDMSR:
    case INSN_WRMSR:
    case INSN_STI:
    case INSN_CLI:
        return exec_system(c, insn);
    case INSN_VMRUN:
    case INSN_VMLOAD:
    case INSN_VMSAVE:
    case INSN_STGI:
    case INSN_CLGI:
    case INSN_INVLPGA:
        return exec_svm(c, insn);
    case INSN_IO:
        return port_io(c, insn);
    case INSN_RMPUPDATE:
    case INSN_PSMASH:
    case INSN_RMPREAD:
    case INSN_PVALIDATE:
    case INSN_RMPADJUST:
    case INSN_RMPQUERY:
        return exec_rmp(c, insn);
    case INSN_SOFTCALL:
        return softcall(c, (unsigned)insn->imm, insn->len);
    case INSN_MOV_FROM_SEG:
        return move_from_segment(c, insn);
    case INSN_MOV_TO_SEG:
        return move_to_segment(c, insn);
    case INSN_OTHER:
        return unsupported(c, insn);
    }
    bug_at(__FILE__, __LINE__, "an instruction that exec.c never heard of");
}

enum flow exec_insn(struct cpu *c)
{
    bool step = c->g.r.rflags & RFLAGS_TF;
    struct insn insn;
    enum flow f = fetch(c, &insn);

    if (f != FLOW_NEXT)
        return f;
    if (insn.op != INSN_OTHER)
        TRACE(c->trace, insn, .rip = c->g.r.rip, .len = insn.len,
              .text = code_text(c, &insn));
    c->shadows = false;
    f = execute(c, &insn);
    if (!in_64bit(c))
        c->g.r.rip = (uint32_t)c->g.r.rip;
    if (f != FLOW_NEXT)
        return f;
    c->g.shadow = c->shadows; /* it lasts for one instruction */
    if (!step)
        return FLOW_NEXT;
    c->g.dr6 |= DR6_BS;
    return raise_event(c, VEC_DB);
}
