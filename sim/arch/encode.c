/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * arch/encode.c - machine code for the sugar of scenario steps, and register
 * access as x86-64 has it.
 */
#include "arch/insn.h"

#include <Zydis/Zydis.h>
#include <string.h>

/* rax, eax, ax, al, ...: the @size-byte name of a register. */
static ZydisRegister sized(enum gpr reg, unsigned size)
{
    ZydisRegisterClass class = size == 8   ? ZYDIS_REGCLASS_GPR64
                               : size == 4 ? ZYDIS_REGCLASS_GPR32
                               : size == 2 ? ZYDIS_REGCLASS_GPR16
                                           : ZYDIS_REGCLASS_GPR8;
    ZyanU8 id = (ZyanU8)reg;

    if (size == 1 && reg >= GPR_RSP)
        id = (ZyanU8)(reg + 4); /* Zydis counts ah ch dh bh in between */
    return ZydisRegisterEncode(class, id);
}

/* The widest name that registers have. */
static unsigned widest(enum insn_mode mode)
{
    return mode == INSN_MODE_64 ? 8 : 4;
}

static size_t encode(enum insn_mode mode, ZydisEncoderRequest *r,
                     uint8_t out[INSN_MAX_LEN])
{
    ZyanUSize len = INSN_MAX_LEN;

    BUG_ON(mode == INSN_MODE_16);
    r->machine_mode = mode == INSN_MODE_64 ? ZYDIS_MACHINE_MODE_LONG_64
                                           : ZYDIS_MACHINE_MODE_LEGACY_32;
    if (!ZYAN_SUCCESS(ZydisEncoderEncodeInstruction(r, out, &len)))
        return 0;
    return len;
}

size_t insn_encode_mov_imm(enum insn_mode mode, enum gpr reg, uint64_t imm,
                           uint8_t out[INSN_MAX_LEN])
{
    ZydisEncoderRequest r = {
        .mnemonic = ZYDIS_MNEMONIC_MOV,
        .operand_count = 2,
        .operands = { { .type = ZYDIS_OPERAND_TYPE_REGISTER },
                      { .type = ZYDIS_OPERAND_TYPE_IMMEDIATE } },
    };

    if (mode != INSN_MODE_64 && imm >> 32)
        return 0;
    r.operands[0].reg.value = sized(reg, widest(mode));
    r.operands[1].imm.u = imm;
    if (mode != INSN_MODE_64) /* Zydis wants it with its sign */
        r.operands[1].imm.s = (int32_t)imm;
    return encode(mode, &r, out);
}

static size_t encode_mov_mem(enum insn_mode mode, enum gpr base, enum gpr reg,
                             unsigned size, bool store,
                             uint8_t out[INSN_MAX_LEN])
{
    ZydisEncoderRequest r = {
        .mnemonic = ZYDIS_MNEMONIC_MOV,
        .operand_count = 2,
    };
    ZydisEncoderOperand *o = &r.operands[store ? 1 : 0];
    ZydisEncoderOperand *mem = &r.operands[store ? 0 : 1];

    BUG_ON(size != 1 && size != 2 && size != 4 && size != 8);
    o->type = ZYDIS_OPERAND_TYPE_REGISTER;
    o->reg.value = sized(reg, size);
    mem->type = ZYDIS_OPERAND_TYPE_MEMORY;
    mem->mem.base = sized(base, widest(mode));
    mem->mem.size = (ZyanU16)size;
    return encode(mode, &r, out);
}

size_t insn_encode_load(enum insn_mode mode, enum gpr reg, enum gpr base,
                        unsigned size, uint8_t out[INSN_MAX_LEN])
{
    return encode_mov_mem(mode, base, reg, size, false, out);
}

size_t insn_encode_store(enum insn_mode mode, enum gpr base, enum gpr reg,
                         unsigned size, uint8_t out[INSN_MAX_LEN])
{
    return encode_mov_mem(mode, base, reg, size, true, out);
}

size_t insn_encode_jmp(enum insn_mode mode, enum gpr reg,
                       uint8_t out[INSN_MAX_LEN])
{
    ZydisEncoderRequest r = {
        .mnemonic = ZYDIS_MNEMONIC_JMP,
        .operand_count = 1,
        .operands = { { .type = ZYDIS_OPERAND_TYPE_REGISTER } },
    };

    r.operands[0].reg.value = sized(reg, widest(mode));
    return encode(mode, &r, out);
}

uint64_t gpr_read(const uint64_t gpr[N_GPRS], const struct insn_operand *o)
{
    uint64_t v = gpr[o->reg] >> (o->high8 ? 8 : 0);

    return o->size == 8 ? v : v & (BIT(o->size * 8) - 1);
}

void gpr_write(uint64_t gpr[N_GPRS], const struct insn_operand *o, uint64_t v)
{
    uint64_t mask, *r = &gpr[o->reg];

    switch (o->size) {
    case 8:
        *r = v;
        return;
    case 4:
        *r = (uint32_t)v;
        return;
    default:
        mask = (BIT(o->size * 8) - 1) << (o->high8 ? 8 : 0);
        *r = (*r & ~mask) | ((v << (o->high8 ? 8 : 0)) & mask);
    }
}
