/* SPDX-License-Identifier: GPL-2.0-only */
/* Instructions against their encodings in APM vol. 3. */
#include "arch/insn.h"
#include "unit/suite.h"

#include <check.h>
#include <string.h>

static struct insn decoded(const char *bytes, size_t len)
{
    struct insn i;

    ck_assert_int_eq(insn_decode(INSN_MODE_64, (const uint8_t *)bytes, len, &i),
                     INSN_OK);
    ck_assert_uint_eq(i.len, len);
    return i;
}
#define DECODED(s) decoded(s, sizeof(s) - 1)

START_TEST(mov_from_an_absolute_address_is_a_four_byte_load)
{
    struct insn i = DECODED("\x8b\x04\x25\xf0\x00\xd0\xfe");
    uint64_t gpr[N_GPRS] = { 0 };

    ck_assert_int_eq(i.op, INSN_MOV);
    ck_assert_int_eq(i.d.kind, OPND_REG);
    ck_assert_uint_eq(i.d.reg, GPR_RAX);
    ck_assert_int_eq(i.s.kind, OPND_MEM);
    ck_assert_uint_eq(i.s.size, 4);
    /* disp32 is sign-extended: FED000F0h becomes a high address. */
    ck_assert_uint_eq(insn_address(&i, gpr, 0), 0xfffffffffed000f0ULL);
}
END_TEST

START_TEST(base_index_scale_and_displacement_add_up)
{
    struct insn i =
        DECODED("\x48\x89\x44\x8b\xf0"); /* mov [rbx+rcx*4-16],rax */
    uint64_t gpr[N_GPRS] = { [GPR_RBX] = 0x1000, [GPR_RCX] = 3 };

    ck_assert_int_eq(i.d.kind, OPND_MEM);
    ck_assert_uint_eq(i.d.size, 8);
    ck_assert_uint_eq(insn_address(&i, gpr, 0), 0x1000 + 12 - 16);
}
END_TEST

START_TEST(rip_relative_counts_from_the_next_instruction)
{
    struct insn i = DECODED("\x8b\x05\x10\x00\x00\x00"); /* mov eax,[rip+16] */
    uint64_t gpr[N_GPRS] = { 0 };

    ck_assert_uint_eq(insn_address(&i, gpr, 0x400), 0x400 + 6 + 16);
}
END_TEST

START_TEST(moffs_is_an_absolute_address)
{
    struct insn i = DECODED("\xa1\xf0\x00\xd0\xfe\x00\x00\x00\x00");
    uint64_t gpr[N_GPRS] = { 0 };

    ck_assert_int_eq(i.op, INSN_MOV);
    ck_assert_uint_eq(insn_address(&i, gpr, 0), 0xfed000f0);
}
END_TEST

START_TEST(movzx_and_movsx_keep_both_sizes)
{
    struct insn zx = DECODED("\x0f\xb6\x03");     /* movzx eax, byte [rbx] */
    struct insn sx = DECODED("\x48\x0f\xbf\x03"); /* movsx rax, word [rbx] */
    struct insn sxd = DECODED("\x48\x63\x03");    /* movsxd rax, dword [rbx] */

    ck_assert_int_eq(zx.op, INSN_MOVZX);
    ck_assert_uint_eq(zx.d.size, 4);
    ck_assert_uint_eq(zx.s.size, 1);
    ck_assert_int_eq(sx.op, INSN_MOVSX);
    ck_assert_uint_eq(sx.s.size, 2);
    ck_assert_int_eq(sxd.op, INSN_MOVSX);
    ck_assert_uint_eq(sxd.s.size, 4);
}
END_TEST

START_TEST(store_of_an_immediate_is_sign_extended)
{
    struct insn i = DECODED("\x48\xc7\x03\xff\xff\xff\xff");

    ck_assert_int_eq(i.s.kind, OPND_IMM);
    ck_assert_uint_eq(i.imm, ~0ULL);
}
END_TEST

START_TEST(vmgexit_is_not_vmmcall)
{
    ck_assert_int_eq(DECODED("\xf3\x0f\x01\xd9").op, INSN_VMGEXIT);
    ck_assert_int_eq(DECODED("\x0f\x01\xd9").op, INSN_VMMCALL);
}
END_TEST

START_TEST(invpcid_has_a_type_and_a_descriptor)
{
    struct insn i = DECODED("\x66\x44\x0f\x38\x82\x0b"); /* r9,[rbx] */
    uint64_t gpr[N_GPRS] = { [GPR_RBX] = 0x1000 };

    ck_assert_int_eq(i.op, INSN_INVPCID);
    ck_assert_uint_eq(i.d.reg, GPR_R8 + 1);
    ck_assert_uint_eq(i.d.size, 8);
    ck_assert_uint_eq(i.s.size, 16);
    ck_assert_uint_eq(insn_address(&i, gpr, 0), 0x1000);
}
END_TEST

/* Their neighbours by prefix are other instructions, of SEV-SNP. */
START_TEST(invlpgb_and_tlbsync_are_told_from_their_neighbours)
{
    ck_assert_int_eq(DECODED("\x0f\x01\xfe").op, INSN_INVLPGB);
    ck_assert(!DECODED("\x0f\x01\xfe").addr32);
    ck_assert(DECODED("\x67\x0f\x01\xfe").addr32);
    ck_assert_int_eq(DECODED("\x0f\x01\xff").op, INSN_TLBSYNC);
}
END_TEST

/* Encodings: APM vol. 3; Linux, asm/sev.h. */
START_TEST(six_instructions_of_snp)
{
    ck_assert_int_eq(DECODED("\xf2\x0f\x01\xfe").op, INSN_RMPUPDATE);
    ck_assert_int_eq(DECODED("\xf3\x0f\x01\xff").op, INSN_PSMASH);
    ck_assert_int_eq(DECODED("\xf2\x0f\x01\xfd").op, INSN_RMPREAD);
    ck_assert_int_eq(DECODED("\xf2\x0f\x01\xff").op, INSN_PVALIDATE);
    ck_assert_int_eq(DECODED("\xf3\x0f\x01\xfe").op, INSN_RMPADJUST);
    ck_assert_int_eq(DECODED("\xf3\x0f\x01\xfd").op, INSN_RMPQUERY);
    ck_assert_int_eq(DECODED("\x0f\x01\xfd").op, INSN_OTHER); /* RDPRU */
}
END_TEST

START_TEST(softcall_carries_its_number)
{
    struct insn i = DECODED("\x0f\x3f\x07");

    ck_assert_int_eq(i.op, INSN_SOFTCALL);
    ck_assert_uint_eq(i.imm, 7);
}
END_TEST

START_TEST(control_registers_have_numbers)
{
    struct insn to = DECODED("\x44\x0f\x22\xc3");   /* mov cr8,rbx */
    struct insn from = DECODED("\x41\x0f\x20\xda"); /* mov r10,cr3 */

    ck_assert_int_eq(to.op, INSN_MOV_TO_CR);
    ck_assert_uint_eq(to.imm, 8);
    ck_assert_uint_eq(to.s.reg, GPR_RBX);
    ck_assert_int_eq(from.op, INSN_MOV_FROM_CR);
    ck_assert_uint_eq(from.imm, 3);
    ck_assert_uint_eq(from.d.reg, GPR_R8 + 2);
}
END_TEST

START_TEST(system_instructions_have_names)
{
    static const struct {
        const char *bytes;
        size_t len;
        enum insn_op op;
    } rows[] = {
        { "\x0f\x01\x3b", 3, INSN_INVLPG },
        { "\x0f\x32", 2, INSN_RDMSR },
        { "\x0f\x30", 2, INSN_WRMSR },
        { "\xfb", 1, INSN_STI },
        { "\xfa", 1, INSN_CLI },
        { "\x0f\x01\xd8", 3, INSN_VMRUN },
        { "\x0f\x01\xda", 3, INSN_VMLOAD },
        { "\x0f\x01\xdb", 3, INSN_VMSAVE },
        { "\x0f\x01\xdc", 3, INSN_STGI },
        { "\x0f\x01\xdd", 3, INSN_CLGI },
        { "\x0f\x01\xdf", 3, INSN_INVLPGA },
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        ck_assert_int_eq(decoded(rows[i].bytes, rows[i].len).op, rows[i].op);
    ck_assert(DECODED("\x67\x0f\x01\xda").addr32); /* vmload eax */
}
END_TEST

START_TEST(moves_outside_general_registers_are_other)
{
    ck_assert_int_eq(DECODED("\x0f\x21\xc0").op, INSN_OTHER); /* mov rax,dr0 */
    ck_assert_int_eq(DECODED("\x0f\x6e\xc0").op, INSN_OTHER); /* movd */
    ck_assert_int_eq(DECODED("\x01\x03").op, INSN_OTHER); /* add [rbx],eax */
}
END_TEST

START_TEST(every_prefix_of_an_instruction_is_truncated)
{
    static const uint8_t code[] = { 0x8b, 0x04, 0x25, 0xf0, 0x00, 0xd0, 0xfe };
    static const uint8_t soft[] = { 0x0f, 0x3f, 0x01 };
    struct insn i;

    for (size_t n = 0; n < sizeof(code); n++)
        ck_assert_int_eq(insn_decode(INSN_MODE_64, code, n, &i),
                         INSN_TRUNCATED);
    for (size_t n = 0; n < sizeof(soft); n++)
        ck_assert_int_eq(insn_decode(INSN_MODE_64, soft, n, &i),
                         INSN_TRUNCATED);
}
END_TEST

/* ---- other modes ---- */

static struct insn decoded_in(enum insn_mode mode, const char *bytes,
                              size_t len)
{
    struct insn i;

    ck_assert_int_eq(insn_decode(mode, (const uint8_t *)bytes, len, &i),
                     INSN_OK);
    ck_assert_uint_eq(i.len, len);
    return i;
}
#define DECODED_IN(mode, s) decoded_in(INSN_MODE_##mode, s, sizeof(s) - 1)

/* 48 and 8B mean one instruction in 64-bit code, two in others. */
START_TEST(a_rex_prefix_is_an_instruction_of_its_own_in_32_bit_code)
{
    ck_assert_uint_eq(DECODED_IN(64, "\x48\x8b\x03").d.size, 8);
    ck_assert_int_eq(DECODED_IN(32, "\x48").op, INSN_OTHER); /* dec eax */
    ck_assert_uint_eq(DECODED_IN(32, "\x8b\x03").d.size, 4);
}
END_TEST

START_TEST(prefixes_switch_operand_and_address_size)
{
    uint64_t gpr[N_GPRS] = { [GPR_RBX] = 0x1ffff, [GPR_RSI] = 0x20002 };
    struct insn i;

    i = DECODED_IN(32, "\x66\x8b\x03"); /* mov ax,[ebx] */
    ck_assert_uint_eq(i.d.size, 2);
    ck_assert_uint_eq(insn_address(&i, gpr, 0), 0x1ffff);
    i = DECODED_IN(32, "\x67\x8b\x00"); /* mov eax,[bx+si] */
    ck_assert(i.addr16);
    ck_assert_uint_eq(insn_address(&i, gpr, 0), 1);
    i = DECODED_IN(16, "\x8b\x00"); /* mov ax,[bx+si] */
    ck_assert_uint_eq(i.d.size, 2);
    ck_assert_uint_eq(insn_address(&i, gpr, 0), 1);
    i = DECODED_IN(16, "\x66\x67\x8b\x03"); /* mov eax,[ebx] */
    ck_assert_uint_eq(i.d.size, 4);
    ck_assert_uint_eq(insn_address(&i, gpr, 0), 0x1ffff);
}
END_TEST

/* The same bytes that are RIP-relative in 64-bit code. */
START_TEST(an_absolute_address_has_32_bits)
{
    struct insn i = DECODED_IN(32, "\x8b\x05\xf0\x00\xd0\xfe");
    uint64_t gpr[N_GPRS] = { 0 };

    ck_assert(!i.rip_rel);
    ck_assert_uint_eq(insn_address(&i, gpr, 0x1000), 0xfed000f0);
    i = DECODED_IN(32, "\xa1\xf0\x00\xd0\xfe"); /* moffs */
    ck_assert_uint_eq(insn_address(&i, gpr, 0x1000), 0xfed000f0);
}
END_TEST

START_TEST(a_memory_operand_has_a_segment)
{
    static const struct {
        const char *bytes;
        size_t len;
        enum insn_mode mode;
        uint8_t segment;
    } rows[] = {
        { "\x8b\x03", 2, INSN_MODE_32, SAVE_DS },
        { "\x26\x8b\x03", 3, INSN_MODE_32, SAVE_ES },
        { "\x2e\x8b\x03", 3, INSN_MODE_32, SAVE_CS },
        { "\x36\x8b\x03", 3, INSN_MODE_32, SAVE_SS },
        { "\x64\x8b\x03", 3, INSN_MODE_32, SAVE_FS },
        { "\x65\x8b\x03", 3, INSN_MODE_32, SAVE_GS },
        { "\x8b\x45\x00", 3, INSN_MODE_32, SAVE_SS },     /* [ebp] */
        { "\x8b\x04\x24", 3, INSN_MODE_32, SAVE_SS },     /* [esp] */
        { "\x3e\x8b\x45\x00", 4, INSN_MODE_32, SAVE_DS }, /* ds:[ebp] */
        { "\xa1\x00\x00\x00\x00", 5, INSN_MODE_32, SAVE_DS },
        { "\x64\x8b\x03", 3, INSN_MODE_64, SAVE_FS },
        { "\x26\x8b\x03", 3, INSN_MODE_64, SAVE_DS },
        { "\x8b\x45\x00", 3, INSN_MODE_64, SAVE_SS },
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct insn n = decoded_in(rows[i].mode, rows[i].bytes, rows[i].len);

        ck_assert_msg(n.segment == rows[i].segment, "row %zu: %x", i,
                      n.segment);
        ck_assert_int_eq(n.stack_seg, rows[i].segment == SAVE_SS);
    }
}
END_TEST

START_TEST(iret_has_the_width_of_its_operands)
{
    ck_assert_uint_eq(DECODED_IN(64, "\x48\xcf").imm, 8);
    ck_assert_uint_eq(DECODED_IN(64, "\xcf").imm, 4);
    ck_assert_uint_eq(DECODED_IN(32, "\xcf").imm, 4);
    ck_assert_uint_eq(DECODED_IN(32, "\x66\xcf").imm, 2);
    ck_assert_uint_eq(DECODED_IN(16, "\xcf").imm, 2);
    for (int mode = INSN_MODE_16; mode <= INSN_MODE_64; mode++)
        ck_assert_int_eq(decoded_in((enum insn_mode)mode, "\xcf", 1).op,
                         INSN_IRET);
}
END_TEST

START_TEST(segment_registers_are_moved_as_words)
{
    struct insn i = DECODED_IN(32, "\x8e\xd8"); /* mov ds,eax */

    ck_assert_int_eq(i.op, INSN_MOV_TO_SEG);
    ck_assert_uint_eq(i.imm, SAVE_DS);
    ck_assert_uint_eq(i.s.size, 2);
    ck_assert_int_eq(i.s.reg, GPR_RAX);
    i = DECODED_IN(32, "\x8e\x23"); /* mov fs,[ebx] */
    ck_assert_uint_eq(i.imm, SAVE_FS);
    ck_assert_int_eq(i.s.kind, OPND_MEM);
    i = DECODED_IN(32, "\x8c\xc8"); /* mov eax,cs */
    ck_assert_int_eq(i.op, INSN_MOV_FROM_SEG);
    ck_assert_uint_eq(i.imm, SAVE_CS);
    ck_assert_uint_eq(i.d.size, 4);
    i = DECODED_IN(64, "\x8c\x13"); /* mov [rbx],ss */
    ck_assert_uint_eq(i.d.size, 2);
    ck_assert_int_eq(insn_decode(INSN_MODE_32, (const uint8_t *)"\x8e\xc8", 2,
                                 &i), /* mov cs,eax */
                     INSN_INVALID);
}
END_TEST

START_TEST(our_own_encodings_are_the_same_in_every_mode)
{
    for (int mode = INSN_MODE_16; mode <= INSN_MODE_64; mode++) {
        enum insn_mode m = (enum insn_mode)mode;

        ck_assert_int_eq(decoded_in(m, "\x0f\x3f\x05", 3).op, INSN_SOFTCALL);
        ck_assert_int_eq(decoded_in(m, "\xf3\x0f\x01\xd9", 4).op, INSN_VMGEXIT);
    }
}
END_TEST

START_TEST(the_encoder_writes_32_bit_code)
{
    static const uint8_t mov[] = { 0xbb, 0xf0, 0x00, 0xd0, 0xfe };
    uint8_t code[INSN_MAX_LEN];

    ck_assert_uint_eq(
        insn_encode_mov_imm(INSN_MODE_32, GPR_RBX, 0xfed000f0, code), 5);
    ck_assert_mem_eq(code, mov, 5);
    ck_assert_uint_eq(insn_encode_load(INSN_MODE_32, GPR_RAX, GPR_RBX, 4, code),
                      2);
    ck_assert_mem_eq(code, "\x8b\x03", 2);
    ck_assert_uint_eq(
        insn_encode_store(INSN_MODE_32, GPR_RBX, GPR_RAX, 2, code), 3);
    ck_assert_mem_eq(code, "\x66\x89\x03", 3);
    ck_assert_uint_eq(insn_encode_jmp(INSN_MODE_32, GPR_RBX, code), 2);
    ck_assert_mem_eq(code, "\xff\xe3", 2);
    ck_assert_uint_eq(insn_encode_load(INSN_MODE_32, GPR_RAX, GPR_RBX, 8, code),
                      0);
    ck_assert_uint_eq(insn_encode_mov_imm(INSN_MODE_32, GPR_RBX, BIT(32), code),
                      0);
}
END_TEST

START_TEST(an_undefined_opcode_is_invalid)
{
    struct insn i;

    ck_assert_int_eq(
        insn_decode(INSN_MODE_64, (const uint8_t *)"\x06\x00", 2, &i),
        INSN_INVALID);
}
END_TEST

START_TEST(the_encoder_and_the_decoder_agree)
{
    uint8_t code[INSN_MAX_LEN];
    unsigned size = 1U << _i;
    struct insn i;
    size_t len;

    for (unsigned reg = 0; reg < N_GPRS; reg++) {
        len =
            insn_encode_load(INSN_MODE_64, (enum gpr)reg, GPR_RBX, size, code);
        ck_assert_uint_gt(len, 0);
        ck_assert_int_eq(insn_decode(INSN_MODE_64, code, len, &i), INSN_OK);
        ck_assert_uint_eq(i.d.reg, reg);
        ck_assert_uint_eq(i.s.size, size);
        ck_assert_int_eq(i.base, GPR_RBX);
        len =
            insn_encode_store(INSN_MODE_64, GPR_RBX, (enum gpr)reg, size, code);
        ck_assert_int_eq(insn_decode(INSN_MODE_64, code, len, &i), INSN_OK);
        ck_assert_uint_eq(i.s.reg, reg);
        ck_assert(!i.s.high8);
        len = insn_encode_mov_imm(INSN_MODE_64, (enum gpr)reg,
                                  0x8000000000000001ULL, code);
        ck_assert_int_eq(insn_decode(INSN_MODE_64, code, len, &i), INSN_OK);
        ck_assert_uint_eq(i.imm, 0x8000000000000001ULL);
    }
}
END_TEST

START_TEST(register_writes_follow_the_operand_size)
{
    uint64_t gpr[N_GPRS] = { 0x1122334455667788ULL };
    struct insn_operand o = { .kind = OPND_REG, .reg = GPR_RAX };

    o.size = 1;
    o.high8 = true;
    gpr_write(gpr, &o, 0xab);
    ck_assert_uint_eq(gpr[0], 0x112233445566ab88ULL);
    ck_assert_uint_eq(gpr_read(gpr, &o), 0xab);
    o.high8 = false;
    o.size = 2;
    gpr_write(gpr, &o, 0xcdef);
    ck_assert_uint_eq(gpr[0], 0x112233445566cdefULL);
    o.size = 4;
    gpr_write(gpr, &o, 0xffffffff80000000ULL);
    ck_assert_uint_eq(gpr[0], 0x80000000ULL);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("insn");
    TCase *t = tcase_create("insn");

    suite_add_tcase(s, t);
    tcase_add_test(t, mov_from_an_absolute_address_is_a_four_byte_load);
    tcase_add_test(t, base_index_scale_and_displacement_add_up);
    tcase_add_test(t, rip_relative_counts_from_the_next_instruction);
    tcase_add_test(t, moffs_is_an_absolute_address);
    tcase_add_test(t, movzx_and_movsx_keep_both_sizes);
    tcase_add_test(t, store_of_an_immediate_is_sign_extended);
    tcase_add_test(t, vmgexit_is_not_vmmcall);
    tcase_add_test(t, invpcid_has_a_type_and_a_descriptor);
    tcase_add_test(t, invlpgb_and_tlbsync_are_told_from_their_neighbours);
    tcase_add_test(t, six_instructions_of_snp);
    tcase_add_test(t, softcall_carries_its_number);
    tcase_add_test(t, control_registers_have_numbers);
    tcase_add_test(t, system_instructions_have_names);
    tcase_add_test(t, moves_outside_general_registers_are_other);
    tcase_add_test(t, every_prefix_of_an_instruction_is_truncated);
    tcase_add_test(t, a_rex_prefix_is_an_instruction_of_its_own_in_32_bit_code);
    tcase_add_test(t, prefixes_switch_operand_and_address_size);
    tcase_add_test(t, an_absolute_address_has_32_bits);
    tcase_add_test(t, a_memory_operand_has_a_segment);
    tcase_add_test(t, iret_has_the_width_of_its_operands);
    tcase_add_test(t, segment_registers_are_moved_as_words);
    tcase_add_test(t, our_own_encodings_are_the_same_in_every_mode);
    tcase_add_test(t, the_encoder_writes_32_bit_code);
    tcase_add_test(t, an_undefined_opcode_is_invalid);
    tcase_add_loop_test(t, the_encoder_and_the_decoder_agree, 0, 4);
    tcase_add_test(t, register_writes_follow_the_operand_size);
    return run_suite(s);
}
