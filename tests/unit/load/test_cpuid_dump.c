/* SPDX-License-Identifier: GPL-2.0-only */
/* A CPUID dump becomes a model file, or a model file with warnings. */
#include "unit/load/dumps.h"
#include "unit/suite.h"

#include <stdio.h>

/* ---- good dumps ---- */

/* What server.txt says, decoded by hand (APM vol. 3, appendix E). */
START_TEST(every_field_comes_from_its_register)
{
    ck_assert_int_eq(import_file(DUMPS "server.txt"), 0);
    assert_has(&yaml, "schema: nptsim/cpu/v1\nname: part\n");
    assert_has(&yaml, "title: \"Made-up server E1\"\n");
    assert_has(&yaml, "source: \"CPUID dump server.txt, first logical CPU\"");
    assert_has(&yaml, "identity: { signature: 0x00a00fe2 }");
    assert_has(&yaml, "geometry: { maxphyaddr_raw: 47, phys_reduction: 4, "
                      "cbit: 49, linear_bits: 57 }");
    assert_has(&yaml, "svm: { n_asids: 16384, invlpgb_max: 5, "
                      "max_ext_leaf: 0x80000023 }");
    assert_has(&yaml, "sev: { max_sev_asid: 100, min_sev_asid: 40, "
                      "n_vmpls: 2 }");
    assert_has(&yaml, "firmware: { assumed: true, mem_encrypt: true, "
                      "smmlock: true }");
}
END_TEST

/* Set in server.txt; all others are clear. */
static const char *const server_features[] = {
    "pse",
    "pae",
    "pge",
    "pat",
    "pcid",
    "smep",
    "invpcid",
    "smap",
    "umip",
    "cet_ss",
    "svm",
    "nx",
    "page1gb",
    "lm",
    "invlpgb",
    "np",
    "flush_by_asid",
    "gmet",
    "decode_assists",
    "sme",
    "sev",
    "sev_es",
    "sev_snp",
    "invlpgb_nested",
    "upper_address_ignore",
};

START_TEST(every_feature_is_listed_as_the_dump_has_it)
{
    const char *name = feature_table[_i].name;
    bool on = false;
    char line[80];

    for (unsigned i = 0; i < ARRAY_SIZE(server_features); i++)
        on |= strcmp(server_features[i], name) == 0;
    ck_assert_int_eq(import_file(DUMPS "server.txt"), 0);
    snprintf(line, sizeof(line), " %s: %s,", name, on ? "true" : "false");
    assert_has(&yaml, line);
}
END_TEST

START_TEST(both_forms_of_one_dump_give_the_same_model)
{
    struct buf first = BUF_INIT;
    const char *from;

    ck_assert_int_eq(import_file(DUMPS "server.txt"), 0);
    buf_adds(&first, strstr(yaml.data, "identity:"));
    ck_assert_int_eq(import_file(DUMPS "server-r.txt"), 0);
    from = strstr(yaml.data, "identity:");
    ck_assert_str_eq(first.data, from);
    buf_free(&first);
}
END_TEST

/* The one warning is the one that every dump gets. */
START_TEST(a_plausible_dump_is_warned_of_its_limits_only)
{
    ck_assert_int_eq(import_file(DUMPS "server.txt"), 0);
    ck_assert_uint_eq(n_warnings(), 1);
    assert_has(&warnings, "no MSRs and no timing");
}
END_TEST

START_TEST(line_ends_of_either_kind_are_read)
{
    struct buf text = BUF_INIT;
    struct buf crlf = BUF_INIT;

    dump_text(&text, NULL);
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '\n')
            buf_addc(&crlf, '\r');
        buf_addc(&crlf, text.data[i]);
    }
    ck_assert_int_eq(import_bytes(crlf.data, crlf.len), 0);
    assert_has(&yaml, "cbit: 51");
    buf_free(&text);
    buf_free(&crlf);
}
END_TEST

START_TEST(no_line_of_the_model_is_wider_than_80_columns)
{
    ck_assert_int_eq(import_file(DUMPS "server.txt"), 0);
    for (const char *p = yaml.data; *p; p += strcspn(p, "\n") + 1)
        ck_assert_uint_le(strcspn(p, "\n"), 80);
}
END_TEST

/* Family and model ranges: InstLatX64@087af2c, file names. */
static const struct {
    uint32_t signature;
    const char *parent;
} generations[] = {
    { 0x00100f42, "k10" },        { 0x00600f12, "bulldozer" },
    { 0x00600f20, "piledriver" }, { 0x00630f01, "kaveri" },
    { 0x00660f01, "carrizo" },    { 0x00700f01, "kabini" },
    { 0x00800f12, "zen1" },       { 0x00800f82, "zen1" },
    { 0x00830f10, "zen2" },       { 0x00870f10, "zen2" },
    { 0x00900f11, "zen1" },       { 0x00a00f11, "zen3" },
    { 0x00a10f11, "zen4" },       { 0x00a20f10, "zen3" },
    { 0x00a50f00, "zen3" },       { 0x00a60f12, "zen4" },
    { 0x00aa0f02, "zen4" },       { 0x00b00f21, "zen5" },
    { 0x00b40f40, "zen5" },
};

START_TEST(the_timing_is_that_of_the_parts_generation)
{
    uint32_t signature = generations[_i].signature;
    char line[80];

    ck_assert_int_eq(CHANGED(1, { signature, 0, 0, 0 }), 0);
    snprintf(line, sizeof(line), "extends: %s #", generations[_i].parent);
    assert_has(&yaml, line);
}
END_TEST

START_TEST(a_newer_family_takes_the_last_generation_and_a_warning)
{
    ck_assert_int_eq(CHANGED(1, { 0x00c00f00, 0, 0, 0 }), 0);
    assert_has(&yaml, "extends: zen5");
    assert_has(&warnings, "family 1Bh is not known here");
}
END_TEST

START_TEST(quotes_in_a_brand_string_do_not_end_the_title)
{
    struct buf text = BUF_INIT;

    dump_text(&text, NULL);
    buf_adds(&text, "CPUID 80000002: 0A225C58-00000000-00000000-00000000\n");
    ck_assert_int_eq(import_bytes(text.data, text.len), 0);
    assert_has(&yaml, "title: \"X???\"\n");
    buf_free(&text);
}
END_TEST

/* ---- junk ---- */

START_TEST(a_dump_from_a_vm_is_warned_of)
{
    ck_assert_int_eq(CHANGED(1, { 0x00a00f11, 0, 1U << 31, 0 }), 0);
    assert_has(&warnings, ":2:1: warning: taken inside a VM");
    assert_has(&yaml, " hypervisor: false,");
}
END_TEST

/* AMD parts leave 8000_0008 EAX[23:16] 0; KVM fills it in for its guests. */
START_TEST(a_guest_physical_size_betrays_a_hypervisor)
{
    ck_assert_int_eq(CHANGED(0x80000008, { 0x303030, 0, 0, 0 }), 0);
    assert_has(&warnings, ":6:1: warning: guest-physical size 48");
}
END_TEST

START_TEST(a_hidden_svm_leaf_is_warned_of)
{
    ck_assert_int_eq(CHANGED(0x8000000a, { 0, 0, 0, 0 }), 0);
    assert_has(&warnings, ":7:1: warning: leaf 0x8000000a tells of no "
                          "ASIDs");
    assert_has(&yaml, "svm: { invlpgb_max:");
}
END_TEST

static const uint32_t optional_leaves[] = { 7, 0x8000000a, 0x8000001f,
                                            0x80000021 };

START_TEST(a_missing_leaf_that_the_cpu_has_is_warned_of)
{
    char text[40];

    ck_assert_int_eq(CHANGED(optional_leaves[_i], GONE), 0);
    snprintf(text, sizeof(text), "leaf 0x%08x is missing", optional_leaves[_i]);
    assert_has(&warnings, text);
}
END_TEST

START_TEST(a_largest_leaf_that_is_none_is_replaced)
{
    ck_assert_int_eq(CHANGED(0x80000000, { 0x16, 0x68747541, 0, 0 }), 0);
    assert_has(&yaml, "max_ext_leaf: 0x80000021 }");
    assert_has(&warnings, "does not tell the largest extended leaf");
    ck_assert_int_eq(CHANGED(0x80000000, { 0xffffffff, 0, 0, 0 }), 0);
    assert_has(&yaml, "max_ext_leaf: 0x80000021 }");
}
END_TEST

START_TEST(a_leaf_that_the_cpu_does_not_have_is_not_missed)
{
    struct buf text = BUF_INIT;

    buf_adds(&text, "CPUID 00000000: 00000005-68747541-444D4163-69746E65\n"
                    "CPUID 00000001: 00100F42-00000000-00000000-00000000\n"
                    "CPUID 80000000: 8000001B-68747541-444D4163-69746E65\n"
                    "CPUID 80000001: 00100F42-00000000-00000004-20000000\n"
                    "CPUID 80000008: 00003030-00000000-00000000-00000000\n"
                    "CPUID 8000000A: 00000001-00000040-00000000-0000000F\n");
    ck_assert_int_eq(import_bytes(text.data, text.len), 0);
    ck_assert_uint_eq(n_warnings(), 1);
    assert_has(&yaml, "mem_encrypt: false");
    buf_free(&text);
}
END_TEST

/* The dump of a Threadripper PRO 9985WX has this EDX, with 1006 ASIDs. */
START_TEST(a_junk_asid_split_is_replaced_and_marked)
{
    ck_assert_int_eq(CHANGED(0x8000001f, { 0xb, 0x1b3, 1006, 0x43b6eb6c }), 0);
    assert_has(&warnings, ":8:1: warning: 0x43b6eb6c as first ASID without "
                          "SEV-ES is not in 1..1007");
    assert_has(&yaml, "min_sev_asid: { value: 1, assumed: true }");
}
END_TEST

START_TEST(an_asid_split_one_past_the_last_asid_is_fine)
{
    ck_assert_int_eq(CHANGED(0x8000001f, { 0xb, 0x173, 509, 510 }), 0);
    ck_assert_uint_eq(n_warnings(), 1);
    assert_has(&yaml, "min_sev_asid: 510,");
    ck_assert_int_eq(CHANGED(0x8000001f, { 0xb, 0x173, 509, 511 }), 0);
    ck_assert_uint_eq(n_warnings(), 3);
}
END_TEST

START_TEST(an_asid_split_without_room_for_sev_es_is_warned_of)
{
    ck_assert_int_eq(CHANGED(0x8000001f, { 0xb, 0x173, 509, 1 }), 0);
    assert_has(&warnings, "none is left for SEV-ES");
    assert_has(&yaml, "min_sev_asid: 1,");
}
END_TEST

/* Cezanne and Rembrandt: EAX 0x1780f, all else 0 but EDX. */
START_TEST(sev_bits_without_c_bit_and_asids_are_unusable)
{
    ck_assert_int_eq(CHANGED(0x8000001f, { 0x1780f, 0, 0, 1 }), 0);
    assert_has(&warnings, "the C-bit is 0");
    assert_has(&warnings, "without ASIDs");
    assert_has(&yaml, "mem_encrypt: false");
    assert_has(&yaml, " sev_es: true,");
}
END_TEST

START_TEST(a_bit_without_a_name_is_reported_not_swallowed)
{
    ck_assert_int_eq(CHANGED(0x8000000a, { 1, 0x8000, 0, 1U << 14 | 1 }), 0);
    assert_has(&warnings, "bit 14 of EDX");
}
END_TEST

START_TEST(logical_cpus_that_disagree_are_reported_once)
{
    struct buf text = BUF_INIT;
    const struct dump_row other = { 0x8000001f, { 0xb, 0x16f, 509, 100 } };

    buf_adds(&text, "------[ Logical CPU #0 ]------\n");
    dump_text(&text, NULL);
    for (unsigned i = 0; i < 3; i++) {
        buf_adds(&text, "------[ Logical CPU #1 ]------\n");
        dump_text(&text, &other);
    }
    ck_assert_int_eq(import_bytes(text.data, text.len), 0);
    assert_has(&yaml, "cbit: 51");
    assert_has(&warnings, "0x8000001f is not the same on all logical CPUs");
    ck_assert_uint_eq(n_warnings(), 2);
    buf_free(&text);
}
END_TEST

START_TEST(a_leaf_that_comes_twice_keeps_its_first_value)
{
    struct buf text = BUF_INIT;

    dump_text(&text, NULL);
    buf_adds(&text, "CPUID 80000008: 00003934-00000000-00000000-00000000\n");
    ck_assert_int_eq(import_bytes(text.data, text.len), 0);
    assert_has(&yaml, "maxphyaddr_raw: 48");
    assert_has(&warnings, ":10:1: warning: leaf 0x80000008 comes twice");
    buf_free(&text);
}
END_TEST

static void add_good(Suite *s)
{
    TCase *t = tcase_create("good dumps");

    tcase_add_checked_fixture(t, NULL, forget);
    tcase_add_test(t, every_field_comes_from_its_register);
    tcase_add_loop_test(t, every_feature_is_listed_as_the_dump_has_it, 0,
                        N_FEATURES);
    tcase_add_test(t, both_forms_of_one_dump_give_the_same_model);
    tcase_add_test(t, a_plausible_dump_is_warned_of_its_limits_only);
    tcase_add_test(t, line_ends_of_either_kind_are_read);
    tcase_add_test(t, no_line_of_the_model_is_wider_than_80_columns);
    tcase_add_loop_test(t, the_timing_is_that_of_the_parts_generation, 0,
                        ARRAY_SIZE(generations));
    tcase_add_test(t, a_newer_family_takes_the_last_generation_and_a_warning);
    tcase_add_test(t, quotes_in_a_brand_string_do_not_end_the_title);
    suite_add_tcase(s, t);
}

static void add_junk(Suite *s)
{
    TCase *t = tcase_create("junk");

    tcase_add_checked_fixture(t, NULL, forget);
    tcase_add_test(t, a_dump_from_a_vm_is_warned_of);
    tcase_add_test(t, a_guest_physical_size_betrays_a_hypervisor);
    tcase_add_test(t, a_hidden_svm_leaf_is_warned_of);
    tcase_add_loop_test(t, a_missing_leaf_that_the_cpu_has_is_warned_of, 0,
                        ARRAY_SIZE(optional_leaves));
    tcase_add_test(t, a_largest_leaf_that_is_none_is_replaced);
    tcase_add_test(t, a_leaf_that_the_cpu_does_not_have_is_not_missed);
    tcase_add_test(t, a_junk_asid_split_is_replaced_and_marked);
    tcase_add_test(t, an_asid_split_one_past_the_last_asid_is_fine);
    tcase_add_test(t, an_asid_split_without_room_for_sev_es_is_warned_of);
    tcase_add_test(t, sev_bits_without_c_bit_and_asids_are_unusable);
    tcase_add_test(t, a_bit_without_a_name_is_reported_not_swallowed);
    tcase_add_test(t, logical_cpus_that_disagree_are_reported_once);
    tcase_add_test(t, a_leaf_that_comes_twice_keeps_its_first_value);
    suite_add_tcase(s, t);
}

int main(void)
{
    Suite *s = suite_create("cpuid_dump");

    add_good(s);
    add_junk(s);
    return run_suite(s);
}
