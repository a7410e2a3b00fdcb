/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * arch/insn.h - x86 instructions, decoded by Zydis, seen through a keyhole.
 *
 * What an instruction *is* stands here; what it *does* is written three times,
 * by the three actors who do it: sim/hw/exec.c, sim/kvm/emulate.c and the #VC
 * handler in sim/guest/vc.c.
 */
#ifndef NPTSIM_ARCH_INSN_H
#define NPTSIM_ARCH_INSN_H

#include "arch/svm.h"
#include "base.h"

#define INSN_MAX_LEN 15

/* How the bytes are read: the code segment's L and D bits say (APM vol. 2,
 * 4.8.1). */
enum insn_mode { INSN_MODE_16, INSN_MODE_32, INSN_MODE_64 };

enum insn_op {
    INSN_MOV,   /* register, immediate and memory forms of all sizes */
    INSN_MOVZX, /* zero-extend a byte or word */
    INSN_MOVSX, /* sign-extend; MOVSXD too */
    INSN_HLT,
    INSN_VMMCALL,
    INSN_VMGEXIT, /* F3 0F 01 D9 */
    INSN_INT,     /* CD ib; imm = vector */
    INSN_INT3,    /* CC */
    INSN_IRET,    /* imm = bytes of a word of its frame: 2 4 8 */
    INSN_JMP,     /* FF /4, register form: what a fetch step needs */
    INSN_NOP,
    INSN_CPUID,
    INSN_MOV_FROM_CR,  /* d = register, imm = number of the control register */
    INSN_MOV_TO_CR,    /* s = register, imm likewise */
    INSN_MOV_FROM_SEG, /* d = register or memory, imm = SAVE_ES .. SAVE_GS */
    INSN_MOV_TO_SEG,   /* s = register or memory, imm likewise */
    INSN_INVLPG,       /* s = memory, of which only the address counts */
    INSN_INVPCID,      /* d = register with the type, s = memory, 16 bytes */
    INSN_INVLPGB,      /* rAX (by addr32 only EAX), ECX, EDX */
    INSN_TLBSYNC,
    INSN_RDMSR,
    INSN_WRMSR,
    INSN_STI,
    INSN_CLI,
    INSN_VMRUN, /* this and the next five: rAX, by addr32 only EAX */
    INSN_VMLOAD,
    INSN_VMSAVE,
    INSN_STGI,
    INSN_CLGI,
    INSN_INVLPGA,
    INSN_IO,        /* IN, OUT and their string forms; no operands */
    INSN_RMPUPDATE, /* this and the next two are a host's */
    INSN_PSMASH,
    INSN_RMPREAD,
    INSN_PVALIDATE, /* rAX, ECX, EDX */
    INSN_RMPADJUST, /* RAX, RCX, RDX */
    INSN_RMPQUERY,
    INSN_SOFTCALL, /* 0F 3F ib: guest software, see guest_port.h; imm = number
                    */
    INSN_OTHER,    /* decoded, but not one that this simulator executes */
};

enum insn_operand_kind { OPND_NONE, OPND_REG, OPND_MEM, OPND_IMM };

struct insn_operand {
    enum insn_operand_kind kind;
    uint8_t size; /* bytes: 1 2 4 8, 16 for INVPCID */
    uint8_t reg;  /* OPND_REG: enum gpr */
    bool high8;   /* OPND_REG: ah ch dh bh, reg is then rax..rbx */
};

struct insn {
    enum insn_op op;
    uint8_t len;              /* bytes, 1..15 */
    struct insn_operand d, s; /* destination, source */
    uint64_t imm;             /* sign-extended to 64 bits */
    /* The memory operand, if d or s is OPND_MEM. */
    int8_t base, index; /* enum gpr or -1; RIP-relative: base = -1, rip_rel */
    uint8_t scale;
    bool rip_rel;
    bool addr32, addr16; /* effective addresses are as wide; else 64 bits */
    uint8_t segment;     /* that it goes through: SAVE_ES .. SAVE_GS */
    bool stack_seg;      /* which is SS: a bad address is #SS, not #GP */
    int64_t disp;
};

enum insn_result {
    INSN_OK,
    INSN_TRUNCATED, /* the bytes end inside the instruction */
    INSN_INVALID,   /* no such instruction: #UD */
};

/* Decode one instruction from @len bytes. *@out is complete only on INSN_OK. */
enum insn_result insn_decode(enum insn_mode mode, const uint8_t *bytes,
                             size_t len, struct insn *out);

/* Effective address: the offset in the segment. @rip: of this instruction. */
uint64_t insn_address(const struct insn *i, const uint64_t gpr[N_GPRS],
                      uint64_t rip);

/* Intel-syntax text of the bytes at @rip into @out (NUL-terminated); an
 * undecodable instruction becomes "(bad)". */
void insn_text(enum insn_mode mode, const uint8_t *bytes, size_t len,
               uint64_t rip, char *out, size_t out_size);

/* Machine code for the sugar of scenario steps, by Zydis' encoder; each returns
 * the length, 0 = cannot. @mode: 32 or 64. size: 1 2 4, in 64-bit code 8. */
/* mov reg, imm with the widest name that the register has. */
size_t insn_encode_mov_imm(enum insn_mode mode, enum gpr reg, uint64_t imm,
                           uint8_t out[INSN_MAX_LEN]);
/* mov reg, [base] with the register's @size-byte name. */
size_t insn_encode_load(enum insn_mode mode, enum gpr reg, enum gpr base,
                        unsigned size, uint8_t out[INSN_MAX_LEN]);
/* mov [base], reg with the register's @size-byte name. */
size_t insn_encode_store(enum insn_mode mode, enum gpr base, enum gpr reg,
                         unsigned size, uint8_t out[INSN_MAX_LEN]);
size_t insn_encode_jmp(enum insn_mode mode, enum gpr reg,
                       uint8_t out[INSN_MAX_LEN]);

/* Register access as x86-64 has it: 4-byte writes zero-extend, 1- and 2-byte
 * writes merge, high8 selects bits 15:8. */
uint64_t gpr_read(const uint64_t gpr[N_GPRS], const struct insn_operand *o);
void gpr_write(uint64_t gpr[N_GPRS], const struct insn_operand *o, uint64_t v);

#endif
