/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whose key an access uses, and what encryption does and does not protect. APM
 * vol. 2, 7.10 and 15.34; SEV API (pub. 55766) for the mailbox.
 */
#include "unit/hw/mini.h"
#include "unit/suite.h"

#include <stdlib.h>

#define HLT          "\xf4"
#define MOV_RAX_DATA "\x48\x8b\x04\x25\x00\xc0\x00\x00" /* mov rax,[0xc000] */
#define MOV_DATA_RAX "\x48\x89\x04\x25\x00\xc0\x00\x00" /* mov [0xc000],rax */
#define SECRET       0x1122334455667788ULL
#define CBIT         BIT(51)

static struct mini m;

static void teardown(void)
{
    mini_destroy(&m);
}

static uint64_t host_sees(spa_t spa, bool cbit)
{
    uint64_t v;

    m.w.ops->read_c(m.w.hw, spa, &v, sizeof(v), cbit);
    return v;
}

/* A SEV guest whose data leaf has C=@guest_c and whose nested leaf C=@nested_c
 * stores the secret. */
static void store_secret(bool guest_c, bool nested_c)
{
    mini_create(&m, SEV);
    MINI_CODE(&m, MOV_DATA_RAX MOV_RAX_DATA HLT);
    mini_reg(&m, SAVE_RAX, SECRET);
    mini_poke(&m, GPT(DATA), DATA | RWUAD | (guest_c ? CBIT : 0));
    mini_poke(&m, NPT(DATA), DATA | RWUAD | (nested_c ? CBIT : 0));
    mini_launch(&m);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RAX), SECRET); /* it reads back */
}

START_TEST(private_data_is_noise_to_the_host)
{
    store_secret(true, _i);
    ck_assert_uint_ne(host_sees(DATA, false), SECRET);
    ck_assert_uint_ne(host_sees(DATA, true), SECRET);
    ck_assert_uint_ne(host_sees(DATA, false), host_sees(DATA, true));
    ck_assert_uint_eq(mini_field(&m, EV_data, "key"), m.asid);
}
END_TEST

START_TEST(shared_data_is_plaintext)
{
    store_secret(false, false);
    ck_assert_uint_eq(host_sees(DATA, false), SECRET);
    ck_assert_uint_eq(mini_field(&m, EV_data, "key"), 0);
}
END_TEST

START_TEST(shared_data_on_a_host_encrypted_page_uses_the_hosts_key)
{
    store_secret(false, true);
    ck_assert_uint_eq(host_sees(DATA, true), SECRET);
    ck_assert_uint_ne(host_sees(DATA, false), SECRET);
}
END_TEST

START_TEST(host_encrypted_nested_tables_are_walked)
{
    static const spa_t tables[] = { NPML4, NPDPT, NPD, NPT(0) };
    uint8_t page[PAGE_SIZE_4K];

    mini_create(&m, SEV);
    MINI_CODE(&m, HLT);
    for (unsigned i = 0; i < ARRAY_SIZE(tables); i++) {
        if (i < 3)
            mini_poke(&m, tables[i], tables[i + 1] | RWUAD | CBIT);
        m.w.ops->read(m.w.hw, tables[i], page, sizeof(page));
        m.w.ops->write_c(m.w.hw, tables[i], page, sizeof(page), true);
    }
    mini_set(&m, VMCB_NCR3, NPML4 | CBIT);
    mini_launch(&m);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
}
END_TEST

START_TEST(code_is_private_even_if_mapped_shared)
{
    mini_create(&m, SEV);
    mini_poke(&m, GPT(CODE), CODE | RWUAD); /* C=0 */
    MINI_CODE(&m, HLT);
    mini_launch(&m);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT); /* the launch encrypted it */
    MINI_CODE(&m, HLT); /* plaintext now: decrypts to something else */
    mini_run(&m);
    ck_assert_uint_ne(mini_field(&m, EV_halt, "rip"), CODE);
}
END_TEST

START_TEST(guest_tables_written_by_the_host_are_noise)
{
    mini_create(&m, SEV);
    MINI_CODE(&m, MOV_RAX_DATA HLT);
    mini_launch(&m);
    mini_poke(&m, GPT(0xc000) & ~15ULL, DATA | RWUAD | CBIT);
    mini_poke(&m, GPT(0xc000) | 8, DATA | RWUAD | CBIT);
    mini_run(&m);
    ck_assert_uint_ne(mini_reg_of(&m, SAVE_RIP), CODE + 9);
}
END_TEST

START_TEST(ciphertext_is_bound_to_its_address)
{
    uint8_t page[PAGE_SIZE_4K];

    store_secret(true, false);
    m.w.ops->read(m.w.hw, DATA, page, sizeof(page));
    m.w.ops->write(m.w.hw, 0x300000, page, sizeof(page));
    mini_poke(&m, NPT(DATA), 0x300000 | RWUAD);
    mini_reg(&m, SAVE_RIP, CODE + 8); /* load only */
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_ne(mini_reg_of(&m, SAVE_RAX), SECRET);
}
END_TEST

START_TEST(an_old_page_is_replayed_without_notice)
{
    uint8_t page[PAGE_SIZE_4K];

    store_secret(true, false);
    m.w.ops->read(m.w.hw, DATA, page, sizeof(page));
    mini_reg(&m, SAVE_RAX, 1);
    mini_reg(&m, SAVE_RIP, CODE);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    m.w.ops->write(m.w.hw, DATA, page, sizeof(page));
    mini_reg(&m, SAVE_RIP, CODE + 8);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RAX), SECRET);
}
END_TEST

START_TEST(swapped_nested_leaves_go_unnoticed)
{
    mini_create(&m, SEV);
    MINI_CODE(&m, MOV_RAX_DATA HLT);
    mini_poke(&m, 0xe000, SECRET);
    mini_launch(&m);
    mini_poke(&m, NPT(DATA), 0xe000 | RWUAD);
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_reg_of(&m, SAVE_RAX), SECRET);
}
END_TEST

/* A write with the wrong key is valid under that key, and the rest of its
 * 16-byte block is noise under the right one. */
START_TEST(a_partial_write_spoils_its_block_only)
{
    uint8_t before[32], after[32], byte = 0x5a;

    mini_create(&m, SEV);
    memset(before, 7, sizeof(before));
    m.w.ops->write(m.w.hw, 0x300000, before, sizeof(before));
    m.w.ops->write_c(m.w.hw, 0x300003, &byte, 1, true);
    m.w.ops->read_c(m.w.hw, 0x300003, &byte, 1, true);
    ck_assert_uint_eq(byte, 0x5a);
    m.w.ops->read(m.w.hw, 0x300000, after, sizeof(after));
    ck_assert_mem_ne(before, after, 16);
    ck_assert_mem_eq(before + 16, after + 16, 16);
}
END_TEST

START_TEST(an_address_never_shows_the_c_bit)
{
    mini_create(&m, SEV);
    MINI_CODE(&m, MOV_RAX_DATA HLT);
    mini_poke(&m, NPT(DATA), 0);
    mini_launch(&m);
    ck_assert_uint_eq(mini_run(&m), EXIT_NPF);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO1), 0x100000004);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO2), DATA);
}
END_TEST

/* EXITINFO1.ENC came with SEV-SNP (APM vol. 2, 15.36.10): on parts that have
 * it, fetches and tables of SEV guests report it always, data by its C-bit. */
START_TEST(parts_with_snp_report_whether_an_access_was_private)
{
    struct cpu_model model = lab_model_sev(48, 5, 51);
    static const uint64_t codes[] = { 0x100000004, 0x500000004, 0x500000014 };

    mini_create(&m, SEV);
    model.features[FEAT_SEV_SNP] = true;
    cpu_reset(m.cpu, &model);
    m.w.ops->wrmsr(m.w.hw, MSR_EFER, EFER_SCE | EFER64);
    mini_tables(&m);
    mini_vmcb(&m);
    mini_registers(&m);
    MINI_CODE(&m, MOV_RAX_DATA HLT);
    if (_i == 0)
        mini_poke(&m, GPT(DATA), DATA | RWUAD);
    mini_poke(&m, _i == 2 ? NPT(CODE) : NPT(DATA), 0);
    mini_launch(&m);
    ck_assert_uint_eq(mini_run(&m), EXIT_NPF);
    ck_assert_uint_eq(mini_get(&m, VMCB_EXITINFO1), codes[_i]);
}
END_TEST

START_TEST(a_guest_without_sev_has_no_c_bit)
{
    mini_create(&m, SEV);
    MINI_CODE(&m, MOV_RAX_DATA HLT);
    mini_set(&m, VMCB_NESTED_CTL, NESTED_CTL_NP_ENABLE);
    for (uint64_t a = 0; a < 0x100000; a += PAGE_SIZE_4K)
        mini_poke(&m, GPT(a), a | RWUAD);
    mini_poke(&m, PML4, PDPT | RWUAD);
    mini_poke(&m, PDPT, PD | RWUAD);
    mini_poke(&m, PD, PT | RWUAD);
    mini_reg(&m, SAVE_CR3, PML4);
    mini_poke(&m, GPT(DATA), DATA | RWUAD | CBIT); /* 48 bits: reserved */
    ck_assert_uint_eq(mini_run(&m), EXIT_HLT);
    ck_assert_uint_eq(mini_field(&m, EV_pf, "error_code"), 9);
}
END_TEST

/* ---- the mailbox ---- */

START_TEST(commands_have_an_order)
{
    mini_create(&m, SEV);
    ck_assert_int_eq(mini_psp(&m, PSP_LAUNCH_START, 0, 0),
                     PSP_INVALID_PLATFORM_STATE);
    ck_assert_int_eq(mini_psp(&m, PSP_INIT, 0, 0), PSP_OK);
    ck_assert_int_eq(mini_psp(&m, PSP_INIT, 0, 0), PSP_INVALID_PLATFORM_STATE);
    ck_assert_int_eq(mini_psp(&m, PSP_ACTIVATE, 0, 0), PSP_INVALID_GUEST);
    ck_assert_int_eq(mini_psp(&m, PSP_LAUNCH_START, 0, 0), PSP_OK);
    ck_assert_uint_ne(m.handle, 0);
    ck_assert_int_eq(mini_psp(&m, PSP_LAUNCH_UPDATE_DATA, 0, 16),
                     PSP_INVALID_GUEST_STATE); /* no key in the controller */
    ck_assert_int_eq(mini_psp(&m, PSP_ACTIVATE, 0, 0), PSP_OK);
    ck_assert_int_eq(mini_psp(&m, PSP_LAUNCH_UPDATE_DATA, 8, 16),
                     PSP_INVALID_ADDRESS);
    ck_assert_int_eq(mini_psp(&m, PSP_LAUNCH_UPDATE_DATA, 0, 8),
                     PSP_INVALID_LEN);
    ck_assert_int_eq(mini_psp(&m, PSP_LAUNCH_UPDATE_DATA, BIT(43) - 16, 32),
                     PSP_INVALID_LEN);
    ck_assert_int_eq(mini_psp(&m, PSP_LAUNCH_UPDATE_VMSA, 0, PAGE_SIZE_4K),
                     PSP_INVALID_GUEST_STATE); /* not SEV-ES */
    ck_assert_int_eq(mini_psp(&m, PSP_LAUNCH_FINISH, 0, 0), PSP_OK);
    ck_assert_int_eq(mini_psp(&m, PSP_LAUNCH_UPDATE_DATA, 0, 16),
                     PSP_INVALID_GUEST_STATE);
}
END_TEST

START_TEST(asids_are_split_between_sev_and_sev_es)
{
    mini_create(&m, SEV); /* ASIDs 1..4 SEV-ES, 5..15 SEV */
    mini_psp(&m, PSP_INIT, 0, 0);
    mini_psp(&m, PSP_LAUNCH_START, 0, 0);
    m.asid = (unsigned)_i;
    ck_assert_int_eq(mini_psp(&m, PSP_ACTIVATE, 0, 0),
                     _i >= 5 && _i <= 15 ? PSP_OK : PSP_INVALID_ASID);
    m.type = SEV_ES;
    mini_psp(&m, PSP_LAUNCH_START, 0, 0);
    ck_assert_int_eq(mini_psp(&m, PSP_ACTIVATE, 0, 0),
                     _i >= 1 && _i <= 4 ? PSP_OK : PSP_INVALID_ASID);
}
END_TEST

START_TEST(an_asid_has_one_owner_at_a_time)
{
    mini_create(&m, SEV);
    mini_psp(&m, PSP_INIT, 0, 0);
    mini_psp(&m, PSP_LAUNCH_START, 0, 0);
    ck_assert_int_eq(mini_psp(&m, PSP_ACTIVATE, 0, 0), PSP_OK);
    mini_psp(&m, PSP_LAUNCH_START, 0, 0);
    ck_assert_int_eq(mini_psp(&m, PSP_ACTIVATE, 0, 0), PSP_ASID_OWNED);
    m.handle--;
    ck_assert_int_eq(mini_psp(&m, PSP_DEACTIVATE, 0, 0), PSP_OK);
    m.handle++;
    ck_assert_int_eq(mini_psp(&m, PSP_ACTIVATE, 0, 0), PSP_OK);
}
END_TEST

START_TEST(without_sev_there_is_nothing_to_command)
{
    mini_create(&m, PLAIN);
    ck_assert_int_eq(mini_psp(&m, PSP_INIT, 0, 0), PSP_UNSUPPORTED);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("crypt");
    TCase *t = tcase_create("crypt");

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, NULL, teardown);
    tcase_add_loop_test(t, private_data_is_noise_to_the_host, 0, 2);
    tcase_add_test(t, shared_data_is_plaintext);
    tcase_add_test(t, shared_data_on_a_host_encrypted_page_uses_the_hosts_key);
    tcase_add_test(t, host_encrypted_nested_tables_are_walked);
    tcase_add_test(t, code_is_private_even_if_mapped_shared);
    tcase_add_test(t, guest_tables_written_by_the_host_are_noise);
    tcase_add_test(t, ciphertext_is_bound_to_its_address);
    tcase_add_test(t, an_old_page_is_replayed_without_notice);
    tcase_add_test(t, swapped_nested_leaves_go_unnoticed);
    tcase_add_test(t, a_partial_write_spoils_its_block_only);
    tcase_add_test(t, an_address_never_shows_the_c_bit);
    tcase_add_loop_test(t, parts_with_snp_report_whether_an_access_was_private,
                        0, 3);
    tcase_add_test(t, a_guest_without_sev_has_no_c_bit);
    tcase_add_test(t, commands_have_an_order);
    tcase_add_loop_test(t, asids_are_split_between_sev_and_sev_es, 0, 17);
    tcase_add_test(t, an_asid_has_one_owner_at_a_time);
    tcase_add_test(t, without_sev_there_is_nothing_to_command);
    return run_suite(s);
}
