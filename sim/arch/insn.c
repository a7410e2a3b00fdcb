/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * arch/insn.c - Zydis behind a keyhole, plus what it does not know.
 *
 * Zydis 4.0 decodes; some encodings are ours to name: VMGEXIT, which it calls
 * VMMCALL with a prefix (APM vol. 2, 15.35.6), RMPREAD and RMPQUERY, which it
 * calls RDPRU, and SOFTCALL, which no CPU has.
 */
#include "arch/insn.h"

#include <Zydis/Zydis.h>
#include <string.h>

/* Encodings that Zydis misnames or does not know: op by exact first bytes. */
static const struct overlay {
    uint8_t bytes[4];
    uint8_t n_bytes, len; /* to match; of the instruction */
    enum insn_op op;
    const char *text;
} overlays[] = {
    { { 0xf3, 0x0f, 0x01, 0xd9 }, 4, 4, INSN_VMGEXIT, "vmgexit" },
    { { 0xf2, 0x0f, 0x01, 0xfd }, 4, 4, INSN_RMPREAD, "rmpread rax, rcx" },
    { { 0xf3, 0x0f, 0x01, 0xfd }, 4, 4, INSN_RMPQUERY, "rmpquery rax, rdx" },
    { { 0x0f, 0x3f }, 2, 3, INSN_SOFTCALL, "softcall" },
};

static const struct {
    ZydisMachineMode machine;
    ZydisStackWidth stack;
} modes[] = {
    [INSN_MODE_16] = { ZYDIS_MACHINE_MODE_LEGACY_16, ZYDIS_STACK_WIDTH_16 },
    [INSN_MODE_32] = { ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32 },
    [INSN_MODE_64] = { ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64 },
};

/* The overlay that @bytes begin with. *@cut: they end inside its encoding. */
static const struct overlay *find_overlay(const uint8_t *bytes, size_t len,
                                          bool *cut)
{
    *cut = false;
    for (size_t i = 0; i < ARRAY_SIZE(overlays); i++) {
        const struct overlay *o = &overlays[i];

        if (len < o->n_bytes || memcmp(bytes, o->bytes, o->n_bytes) != 0)
            continue;
        *cut = len < o->len;
        return o;
    }
    return NULL;
}

static int8_t gpr_of(ZydisRegister r)
{
    ZydisRegister full =
        ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, r);

    if (full < ZYDIS_REGISTER_RAX || full > ZYDIS_REGISTER_R15)
        return -1;
    return (int8_t)(full - ZYDIS_REGISTER_RAX);
}

static bool set_reg(struct insn_operand *o, ZydisRegister r)
{
    int8_t g = gpr_of(r);

    if (g < 0)
        return false;
    o->kind = OPND_REG;
    o->reg = (uint8_t)g;
    o->high8 = r >= ZYDIS_REGISTER_AH && r <= ZYDIS_REGISTER_BH;
    return true;
}

/* Zydis counts segment registers as instructions and save areas do. */
static uint8_t segment_of(ZydisRegister r)
{
    return (uint8_t)(SAVE_ES + 16 * (r - ZYDIS_REGISTER_ES));
}

static void set_address_width(struct insn *out,
                              const ZydisDecodedInstruction *zi)
{
    out->addr32 = zi->address_width == 32;
    out->addr16 = zi->address_width == 16;
}

static bool set_mem(struct insn *out, struct insn_operand *o,
                    const ZydisDecodedInstruction *zi,
                    const ZydisDecodedOperandMem *m)
{
    o->kind = OPND_MEM;
    out->disp = m->disp.has_displacement ? m->disp.value : 0;
    out->base = out->index = -1;
    out->rip_rel =
        m->base == ZYDIS_REGISTER_RIP || m->base == ZYDIS_REGISTER_EIP;
    if (m->base != ZYDIS_REGISTER_NONE && !out->rip_rel)
        out->base = gpr_of(m->base);
    if (m->index != ZYDIS_REGISTER_NONE) {
        out->index = gpr_of(m->index);
        out->scale = m->scale;
        if (out->index < 0)
            return false;
    }
    set_address_width(out, zi);
    out->stack_seg = m->segment == ZYDIS_REGISTER_SS;
    out->segment = segment_of(m->segment);
    return true;
}

/* One Zydis operand as ours; false: a kind that MOVs on debug or vector
 * registers have. */
static bool set_operand(struct insn *out, struct insn_operand *o,
                        const ZydisDecodedInstruction *zi,
                        const ZydisDecodedOperand *zo)
{
    o->size = (uint8_t)(zo->size / 8);
    switch (zo->type) {
    case ZYDIS_OPERAND_TYPE_REGISTER:
        return set_reg(o, zo->reg.value);
    case ZYDIS_OPERAND_TYPE_MEMORY:
        return set_mem(out, o, zi, &zo->mem);
    case ZYDIS_OPERAND_TYPE_IMMEDIATE:
        o->kind = OPND_IMM;
        out->imm =
            zo->imm.is_signed ? (uint64_t)zo->imm.value.s : zo->imm.value.u;
        return true;
    default:
        return false;
    }
}

static bool is_in(const ZydisDecodedOperand *zo, ZydisRegister first,
                  ZydisRegister last)
{
    return zo->type == ZYDIS_OPERAND_TYPE_REGISTER && zo->reg.value >= first &&
           zo->reg.value <= last;
}

static bool is_cr(const ZydisDecodedOperand *zo)
{
    return is_in(zo, ZYDIS_REGISTER_CR0, ZYDIS_REGISTER_CR15);
}

static bool is_segment(const ZydisDecodedOperand *zo)
{
    return is_in(zo, ZYDIS_REGISTER_ES, ZYDIS_REGISTER_GS);
}

static enum insn_op mov_op(const ZydisDecodedOperand *zo)
{
    return is_cr(&zo[0])        ? INSN_MOV_TO_CR
           : is_cr(&zo[1])      ? INSN_MOV_FROM_CR
           : is_segment(&zo[0]) ? INSN_MOV_TO_SEG
           : is_segment(&zo[1]) ? INSN_MOV_FROM_SEG
                                : INSN_MOV;
}

static enum insn_op op_of(const ZydisDecodedInstruction *zi,
                          const ZydisDecodedOperand *zo)
{
    switch (zi->mnemonic) {
    case ZYDIS_MNEMONIC_MOV:
        return mov_op(zo);
    case ZYDIS_MNEMONIC_MOVZX:
        return INSN_MOVZX;
    case ZYDIS_MNEMONIC_MOVSX:
    case ZYDIS_MNEMONIC_MOVSXD:
        return INSN_MOVSX;
    case ZYDIS_MNEMONIC_HLT:
        return INSN_HLT;
    case ZYDIS_MNEMONIC_VMMCALL:
        return INSN_VMMCALL;
    case ZYDIS_MNEMONIC_INT:
        return INSN_INT;
    case ZYDIS_MNEMONIC_INT3:
        return INSN_INT3;
    case ZYDIS_MNEMONIC_IRET:
    case ZYDIS_MNEMONIC_IRETD:
    case ZYDIS_MNEMONIC_IRETQ:
        return INSN_IRET;
    case ZYDIS_MNEMONIC_JMP:
        return INSN_JMP;
    case ZYDIS_MNEMONIC_NOP:
        return INSN_NOP;
    case ZYDIS_MNEMONIC_CPUID:
        return INSN_CPUID;
    case ZYDIS_MNEMONIC_INVLPG:
        return INSN_INVLPG;
    case ZYDIS_MNEMONIC_INVPCID:
        return INSN_INVPCID;
    case ZYDIS_MNEMONIC_INVLPGB:
        return INSN_INVLPGB;
    case ZYDIS_MNEMONIC_TLBSYNC:
        return INSN_TLBSYNC;
    case ZYDIS_MNEMONIC_RDMSR:
        return INSN_RDMSR;
    case ZYDIS_MNEMONIC_WRMSR:
        return INSN_WRMSR;
    case ZYDIS_MNEMONIC_STI:
        return INSN_STI;
    case ZYDIS_MNEMONIC_CLI:
        return INSN_CLI;
    case ZYDIS_MNEMONIC_VMRUN:
        return INSN_VMRUN;
    case ZYDIS_MNEMONIC_VMLOAD:
        return INSN_VMLOAD;
    case ZYDIS_MNEMONIC_VMSAVE:
        return INSN_VMSAVE;
    case ZYDIS_MNEMONIC_STGI:
        return INSN_STGI;
    case ZYDIS_MNEMONIC_CLGI:
        return INSN_CLGI;
    case ZYDIS_MNEMONIC_INVLPGA:
        return INSN_INVLPGA;
    case ZYDIS_MNEMONIC_IN:
    case ZYDIS_MNEMONIC_OUT:
    case ZYDIS_MNEMONIC_INSB:
    case ZYDIS_MNEMONIC_INSW:
    case ZYDIS_MNEMONIC_INSD:
    case ZYDIS_MNEMONIC_OUTSB:
    case ZYDIS_MNEMONIC_OUTSW:
    case ZYDIS_MNEMONIC_OUTSD:
        return INSN_IO;
    case ZYDIS_MNEMONIC_RMPUPDATE:
        return INSN_RMPUPDATE;
    case ZYDIS_MNEMONIC_PSMASH:
        return INSN_PSMASH;
    case ZYDIS_MNEMONIC_PVALIDATE:
        return INSN_PVALIDATE;
    case ZYDIS_MNEMONIC_RMPADJUST:
        return INSN_RMPADJUST;
    default:
        return INSN_OTHER;
    }
}

/* Operands of the ops that have any; a form outside the model is OTHER. */
static void fill_operands(struct insn *out, const ZydisDecodedInstruction *zi,
                          const ZydisDecodedOperand *zo)
{
    bool ok = true;

    switch (out->op) {
    case INSN_MOV:
    case INSN_MOVZX:
    case INSN_MOVSX:
        ok = set_operand(out, &out->d, zi, &zo[0]) &&
             set_operand(out, &out->s, zi, &zo[1]);
        break;
    case INSN_JMP:
        ok = zo[0].type == ZYDIS_OPERAND_TYPE_REGISTER &&
             set_operand(out, &out->s, zi, &zo[0]);
        break;
    case INSN_INT:
        out->imm = zo[0].imm.value.u & 0xff;
        break;
    case INSN_MOV_FROM_CR:
        ok = set_operand(out, &out->d, zi, &zo[0]);
        out->imm = (uint64_t)(zo[1].reg.value - ZYDIS_REGISTER_CR0);
        break;
    case INSN_MOV_TO_CR:
        ok = set_operand(out, &out->s, zi, &zo[1]);
        out->imm = (uint64_t)(zo[0].reg.value - ZYDIS_REGISTER_CR0);
        break;
    case INSN_MOV_FROM_SEG:
        ok = set_operand(out, &out->d, zi, &zo[0]);
        out->imm = segment_of(zo[1].reg.value);
        break;
    case INSN_MOV_TO_SEG:
        ok = set_operand(out, &out->s, zi, &zo[1]);
        out->s.size = 2;
        out->imm = segment_of(zo[0].reg.value);
        break;
    case INSN_INVLPG:
        ok = set_operand(out, &out->s, zi, &zo[0]);
        break;
    case INSN_INVPCID:
        ok = set_operand(out, &out->d, zi, &zo[0]) &&
             set_operand(out, &out->s, zi, &zo[1]);
        break;
    case INSN_IRET:
        out->imm = zi->operand_width / 8;
        break;
    case INSN_VMRUN:
    case INSN_VMLOAD:
    case INSN_VMSAVE:
    case INSN_STGI:
    case INSN_CLGI:
    case INSN_INVLPGA:
    case INSN_INVLPGB:
    case INSN_PVALIDATE:
        set_address_width(out, zi);
        break;
    case INSN_HLT:
    case INSN_VMMCALL:
    case INSN_VMGEXIT:
    case INSN_INT3:
    case INSN_NOP:
    case INSN_CPUID:
    case INSN_TLBSYNC:
    case INSN_RDMSR:
    case INSN_WRMSR:
    case INSN_STI:
    case INSN_CLI:
    case INSN_IO:
    case INSN_RMPUPDATE:
    case INSN_PSMASH:
    case INSN_RMPREAD:
    case INSN_RMPADJUST:
    case INSN_RMPQUERY:
    case INSN_SOFTCALL:
    case INSN_OTHER:
        break;
    }
    if (!ok || (zi->attributes & ZYDIS_ATTRIB_HAS_LOCK))
        out->op = INSN_OTHER;
}

enum insn_result insn_decode(enum insn_mode mode, const uint8_t *bytes,
                             size_t len, struct insn *out)
{
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    const struct overlay *o;
    ZydisDecodedInstruction zi;
    ZydisDecoder decoder;
    ZyanStatus status;
    bool cut;

    *out = (struct insn) { .base = -1, .index = -1 };
    o = find_overlay(bytes, len, &cut);
    if (o) {
        out->op = o->op;
        out->len = o->len;
        out->imm = !cut && o->op == INSN_SOFTCALL ? bytes[2] : 0;
        return cut ? INSN_TRUNCATED : INSN_OK;
    }
    ZydisDecoderInit(&decoder, modes[mode].machine, modes[mode].stack);
    status = ZydisDecoderDecodeFull(&decoder, bytes,
                                    len < INSN_MAX_LEN ? len : INSN_MAX_LEN,
                                    &zi, operands);
    if (!ZYAN_SUCCESS(status))
        return (status == ZYDIS_STATUS_NO_MORE_DATA || len == 0) &&
                       len < INSN_MAX_LEN
                   ? INSN_TRUNCATED
                   : INSN_INVALID;
    out->op = op_of(&zi, operands);
    out->len = zi.length;
    fill_operands(out, &zi, operands);
    return INSN_OK;
}

uint64_t insn_address(const struct insn *i, const uint64_t gpr[N_GPRS],
                      uint64_t rip)
{
    uint64_t a = (uint64_t)i->disp;

    if (i->rip_rel)
        a += rip + i->len;
    if (i->base >= 0)
        a += gpr[i->base];
    if (i->index >= 0)
        a += gpr[i->index] * i->scale;
    return i->addr32 ? (uint32_t)a : i->addr16 ? (uint16_t)a : a;
}

void insn_text(enum insn_mode mode, const uint8_t *bytes, size_t len,
               uint64_t rip, char *out, size_t out_size)
{
    ZydisDisassembledInstruction text;
    const struct overlay *o;
    bool cut;

    BUG_ON(out_size == 0);
    o = find_overlay(bytes, len, &cut);
    if (o)
        strncpy(out, cut ? "(bad)" : o->text, out_size - 1);
    else if (ZYAN_SUCCESS(ZydisDisassembleIntel(modes[mode].machine, rip, bytes,
                                                len, &text)))
        strncpy(out, text.text, out_size - 1);
    else
        strncpy(out, "(bad)", out_size - 1);
    out[out_size - 1] = '\0';
}
