/* SPDX-License-Identifier: GPL-2.0-only */
/* Scenario files: what they become, and how a bad one is refused. */
#include "unit/load/story.h"
#include "unit/suite.h"

static struct story y;

static void setup(void)
{
    story_open(&y);
}

static void teardown(void)
{
    story_close(&y);
}

/* ---- good ones ---- */

START_TEST(five_lines_are_a_scenario_and_the_rest_has_defaults)
{
    const struct run_config *c = &y.s.config;

    story_is_fine(&y, HEAD);
    ck_assert_str_eq(y.s.name, "story");
    ck_assert_str_eq(y.s.why, "one moral");
    ck_assert_str_eq(y.s.cpu_name, "milan");
    ck_assert_str_eq(y.s.kernel_name, "v6.0");
    ck_assert_str_eq(y.s.point, "");
    ck_assert_uint_eq(scenario_file_points(y.file), 1);
    ck_assert_int_eq(c->vm.type, VM_PLAIN);
    ck_assert_uint_eq(c->vm.n_vcpus, 1);
    ck_assert_uint_eq(c->vm.n_memory, 1);
    ck_assert_uint_eq(c->vm.memory[0].gpa, 0);
    ck_assert_uint_eq(c->vm.memory[0].size, 16 << 20);
    ck_assert_uint_eq(c->vm.n_mmio, 0);
    ck_assert_int_eq(c->guest.paging, PAGING_4LEVEL);
    ck_assert_int_eq(c->guest.vc_handler, VC_HANDLER_LINUX);
    ck_assert_uint_eq(c->guest.cpl, 0);
    ck_assert_uint_eq(c->guest.page_size, 2 << 20);
    ck_assert(c->guest.wp && c->guest.nxe && !c->guest.smep && !c->guest.smap);
    ck_assert(c->params.mmio_caching && c->params.npt && c->params.sev);
    ck_assert(c->params.sev_es && c->params.sev_snp && !c->params.sme);
    ck_assert_uint_eq(c->n_steps, 0);
}
END_TEST

START_TEST(every_part_of_the_grammar_arrives_in_the_config)
{
    const struct run_config *c = &y.s.config;
    struct mark map_at;

    story_is_fine(
        &y, "schema: nptsim/scenario/v1\n"
            "name: story\n"
            "why: |\n"
            "  Two lines,\n"
            "  one moral.\n"
            "tags: [seed, sev-es]\n"
            "cpu:\n"
            "  model: milan\n"
            "  set:\n"
            "    maxphyaddr_raw: 0x34\n"
            "    phys_reduction: 1\n"
            "    min_sev_asid: 1_00\n"
            "    mem_encrypt: true\n"
            "    features: {sev_snp: false}\n"
            "kernel:\n"
            "  model: v6.1\n"
            "  params: {mmio_caching: false, sev_es: false}\n"
            "  sme: true\n"
            "vm:\n"
            "  type: sev-es\n"
            "  vcpus: 2\n"
            "  memory:\n"
            "    - {gpa: 0x0, size: 64MiB}\n"
            "    - {gpa: 4GiB, size: 2MiB, readonly: true, host_page: 2MiB}\n"
            "  mmio:\n"
            "    - {gpa: 0xfed00000, size: 4KiB, name: hpet, reads: 0x5a}\n"
            "guest:\n"
            "  paging: 4-level\n"
            "  cpl: 3\n"
            "  vc_handler: none\n"
            "  page_size: 4KiB\n"
            "  wp: false\n"
            "  smep: true\n"
            "  map:\n"
            "    - {gva: 0x400000, gpa: 0x200000, size: 4KiB, write: false,\n"
            "       user: false, nx: true, set_bits: 0x8000000000000}\n");
    ck_assert_str_eq(y.s.why, "Two lines,\none moral.\n");
    ck_assert_uint_eq(y.s.n_tags, 2);
    ck_assert_str_eq(y.s.tags[1], "sev-es");
    ck_assert_uint_eq(c->cpu.maxphyaddr_raw, 52);
    ck_assert_uint_eq(c->cpu.phys_reduction, 1);
    ck_assert_uint_eq(c->cpu.min_sev_asid, 100);
    ck_assert_uint_eq(c->cpu.cbit, 51); /* the model's */
    ck_assert(c->cpu.features[FEAT_SEV_ES] && !c->cpu.features[FEAT_SEV_SNP]);
    ck_assert_str_eq(c->kernel.name, "v6.1");
    ck_assert(!c->params.mmio_caching && !c->params.sev_es && c->params.sev);
    ck_assert(c->params.sme);
    ck_assert_int_eq(c->vm.type, VM_SEV_ES);
    ck_assert_uint_eq(c->vm.n_vcpus, 2);
    ck_assert_uint_eq(c->vm.n_memory, 2);
    ck_assert_uint_eq(c->vm.memory[0].host_page, 4096);
    ck_assert_uint_eq(c->vm.memory[1].gpa, 0x100000000);
    ck_assert_uint_eq(c->vm.memory[1].host_page, 0x200000);
    ck_assert(c->vm.memory[1].readonly && !c->vm.memory[0].readonly);
    ck_assert_uint_eq(c->vm.memory[1].at.line, 24);
    ck_assert_str_eq(c->vm.mmio[0].name, "hpet");
    ck_assert_uint_eq(c->vm.mmio[0].reads, 0x5a);
    ck_assert_uint_eq(c->guest.cpl, 3);
    ck_assert_int_eq(c->guest.vc_handler, VC_HANDLER_NONE);
    ck_assert(!c->guest.wp && c->guest.smep && c->guest.nxe);
    ck_assert_uint_eq(c->guest.n_maps, 1);
    ck_assert(c->guest.maps[0].present && !c->guest.maps[0].write);
    ck_assert(!c->guest.maps[0].user && c->guest.maps[0].nx);
    ck_assert_uint_eq(c->guest.maps[0].page_size, 4096);
    ck_assert_uint_eq(c->guest.maps[0].set_bits, 0x8000000000000);
    map_at = c->guest.maps[0].at;
    ck_assert_uint_eq(map_at.line, 35);
}
END_TEST

/* The largest page that the guest uses, and that gva, gpa and size allow. */
START_TEST(a_map_takes_the_largest_page_that_fits)
{
    static const struct {
        const char *guest;
        uint64_t page;
    } maps[] = {
        { "guest: {map: [{gva: 2MiB, gpa: 4MiB, size: 2MiB}]}\n", 2 << 20 },
        { "guest: {map: [{gva: 2MiB, gpa: 0x1000, size: 2MiB}]}\n", 4096 },
        { "guest: {map: [{gva: 1GiB, gpa: 0, size: 1GiB}]}\n", 2 << 20 },
        { "guest: {page_size: 1GiB,\n"
          "  map: [{gva: 1GiB, gpa: 0, size: 1GiB}]}\n",
          1 << 30 },
        { "guest: {page_size: 4KiB,\n"
          "  map: [{gva: 2MiB, gpa: 0, size: 2MiB}]}\n",
          4096 },
    };
    char text[512];

    snprintf(text, sizeof(text), HEAD "%s", maps[_i].guest);
    story_is_fine(&y, text);
    ck_assert_uint_eq(y.s.config.guest.maps[0].page_size, maps[_i].page);
}
END_TEST

START_TEST(a_map_may_name_a_table_instead_of_memory)
{
    const struct guest_map *m;

    story_is_fine(&y, HEAD "guest:\n  map:\n"
                           "    - {gva: 1GiB, size: 2MiB, table: 0xfed00000}\n"
                           "    - {gva: 2GiB, gpa: 0, size: 4KiB}\n");
    m = y.s.config.guest.maps;
    ck_assert(m[0].has_table && !m[1].has_table);
    ck_assert_uint_eq(m[0].table, 0xfed00000);
    ck_assert_uint_eq(m[1].table, 0);
}
END_TEST

/* ---- --set ---- */

START_TEST(a_setting_replaces_or_adds_a_value)
{
    static const struct setting settings[] = {
        { "cpu.set.cbit", "50" },
        { "kernel.model", "v5.19" },
        { "vm.type", "sev" },
        { "kernel.params.npt", "false" },
        { "guest.cpl", "3" },
        { "cpu.set.features.nx", "false" },
        { "vm.memory", "[{gpa: 0, size: 32MiB}]" },
    };

    story_write(&y, HEAD, strlen(HEAD));
    ck_assert_msg(!story_read(&y, settings, ARRAY_SIZE(settings)), "%s",
                  y.e.msg);
    ck_assert_uint_eq(y.s.config.cpu.cbit, 50);
    ck_assert_str_eq(y.s.config.kernel.name, "v5.19");
    ck_assert_int_eq(y.s.config.vm.type, VM_SEV);
    ck_assert(!y.s.config.params.npt);
    ck_assert_uint_eq(y.s.config.guest.cpl, 3);
    ck_assert(!y.s.config.cpu.features[FEAT_NX]);
    ck_assert_uint_eq(y.s.config.vm.memory[0].size, 32 << 20);
}
END_TEST

static const struct {
    struct setting s;
    const char *words, *hint;
} bad_settings[] = {
    { { "cpu.set.cbti", "50" }, "unknown key 'cbti' in cpu.set", "'cbit'" },
    { { "cpu.set.cbit", "64" }, "cbit: 64 is not in 0..63", "" },
    { { "cpu.set.cbit", "" }, "nothing in it", "" },
    { { "cpu.set.cbit", "[" }, "YAML", "" },
    { { "cpu.set.cbit", "&a 1" }, "anchor", "" },
    { { "cpu.set.cbit.x", "1" }, "a single value is needed", "" },
    { { "cpu.model.x", "1" }, "there is no mapping to put it in", "" },
    { { "", "1" }, "unknown key '' in the scenario", "" },
    { { "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r", "1" }, "no key with 17", "" },
    { { "name", "other" }, "'other' stands in a file called", "" },
    { { "cpu.model", "milam" }, "unknown CPU model 'milam'", "'milan'" },
};

START_TEST(a_bad_setting_is_refused_with_its_own_text_as_the_place)
{
    const struct setting *s = &bad_settings[_i].s;
    char place[128];

    story_write(&y, HEAD, strlen(HEAD));
    ck_assert_int_lt(story_read(&y, s, 1), 0);
    snprintf(place, sizeof(place), "--set %s=%s", s->key, s->value);
    ck_assert_str_eq(y.e.at.file, place);
    ck_assert_uint_eq(y.e.at.line, 0);
    ck_assert_msg(strstr(y.e.msg, bad_settings[_i].words) &&
                      strstr(y.e.hint, bad_settings[_i].hint),
                  "%s (%s)", y.e.msg, y.e.hint);
}
END_TEST

/* ---- bad ones ---- */

#define MEMORY(list) HEAD "vm:\n  memory:\n" list
#define MMIO(list)   HEAD "vm:\n  mmio:\n" list
#define GUEST(line)  HEAD "guest:\n" line

static const struct {
    const char *text;
    unsigned line, col;
    const char *words, *hint;
} bad[] = {
    /* the whole */
    { "", 1, 1, "nothing in it", "" },
    { "- a\n", 1, 1, "a mapping is needed", "" },
    { "name: story\n", 1, 1, "'schema' is missing", "" },
    { "schema: nptsim/scenario/v2\n", 1, 9, "not one of nptsim/scenario/v1",
      "" },
    { "schema: nptsim/scenario/v1\nname: story\n", 1, 1, "'why' is missing",
      "" },
    { "schema: nptsim/scenario/v1\nname: story\nwhy:\n", 3, 5, "why is empty",
      "" },
    { "schema: nptsim/scenario/v1\nname: story\nwhy: \"  \"\n", 3, 6,
      "why is empty", "" },
    { "schema: nptsim/scenario/v1\nname: other\nwhy: w\n"
      "cpu: {model: milan}\nkernel: {model: v6.0}\n",
      2, 7, "'other' stands in a file called 'story.yaml'", "the same" },
    { HEAD "spets: []\n", 6, 1, "unknown key 'spets'", "'steps'" },
    { HEAD "name: story\n", 6, 1, "twice", "line 2" },
    { HEAD "tags: seed\n", 6, 7, "a list is needed", "" },
    { HEAD "tags: [a, [b]]\n", 6, 11, "a single value is needed", "" },
    /* models */
    { "schema: nptsim/scenario/v1\nname: story\nwhy: w\n"
      "cpu: {model: milam}\nkernel: {model: v6.0}\n",
      4, 14, "unknown CPU model 'milam'", "'milan'" },
    { "schema: nptsim/scenario/v1\nname: story\nwhy: w\n"
      "cpu: {model: ../../etc/passwd}\nkernel: {model: v6.0}\n",
      4, 14, "unknown CPU model", "" },
    { "schema: nptsim/scenario/v1\nname: story\nwhy: w\n"
      "cpu: {model: milan}\nkernel: {model: 6.0}\n",
      5, 17, "unknown kernel model '6.0'", "'v6.0'" },
    { "schema: nptsim/scenario/v1\nname: story\nwhy: w\n"
      "cpu: {set: {cbit: 51}}\nkernel: {model: v6.0}\n",
      4, 6, "'model' is missing", "" },
    /* cpu.set */
    { "schema: nptsim/scenario/v1\nname: story\nwhy: w\n"
      "cpu: {model: milan, set: {maxphyadr_raw: 52}}\n",
      4, 27, "unknown key 'maxphyadr_raw' in cpu.set", "'maxphyaddr_raw'" },
    { "schema: nptsim/scenario/v1\nname: story\nwhy: w\n"
      "cpu: {model: milan, set: {maxphyaddr_raw: 53}}\n",
      4, 43, "53 is not in 32..52", "" },
    { "schema: nptsim/scenario/v1\nname: story\nwhy: w\n"
      "cpu: {model: milan, set: {cbit: 051}}\n",
      4, 33, "leading zero", "" },
    { "schema: nptsim/scenario/v1\nname: story\nwhy: w\n"
      "cpu: {model: milan, set: {cbit: 18446744073709551667}}\n",
      4, 33, "does not fit 64 bits", "" },
    { "schema: nptsim/scenario/v1\nname: story\nwhy: w\n"
      "cpu: {model: milan, set: {cbit: \"51\"}}\n",
      4, 33, "is text, a number is needed", "quotes" },
    { "schema: nptsim/scenario/v1\nname: story\nwhy: w\n"
      "cpu: {model: milan, set: {mem_encrypt: yes}}\n",
      4, 40, "not a boolean", "true and false" },
    { "schema: nptsim/scenario/v1\nname: story\nwhy: w\n"
      "cpu: {model: milan, set: {features: {sev_ess: true}}}\n",
      4, 38, "unknown name 'sev_ess'", "'sev_es'" },
    { "schema: nptsim/scenario/v1\nname: story\nwhy: w\n"
      "cpu: {model: milan, set: {mem_encrypt: true, cbit: 31}}\n"
      "kernel: {model: v6.0}\n",
      4, 21, "C-bit", "" },
    { "schema: nptsim/scenario/v1\nname: story\nwhy: w\n"
      "cpu: {model: milan, set: {maxphyaddr_raw: 32, phys_reduction: 20}}\n"
      "kernel: {model: v6.0}\n",
      4, 21, "", "" },
    /* vm */
    { HEAD "vm: {type: sev-ess}\n", 6, 12, "not one of plain, sev, sev-es, snp",
      "'sev-es'" },
    { HEAD "vm: {vcpus: 0}\n", 6, 13, "0 is not in 1..8", "" },
    { HEAD "vm: {vcpus: 9}\n", 6, 13, "9 is not in 1..8", "" },
    { MEMORY("    - {gpa: 0}\n"), 8, 7, "'size' is missing", "" },
    { MEMORY("    - {gpa: 0x1001, size: 4KiB}\n"), 8, 13,
      "0x1001 is not a multiple of 4KiB", "" },
    { MEMORY("    - {gpa: 0, size: 4095}\n"), 8, 22, "4095 is not in 4096..",
      "" },
    { MEMORY("    - {gpa: 0, size: 0}\n"), 8, 22, "0 is not in 4096..", "" },
    { MEMORY("    - {gpa: 0, size: 5000}\n"), 8, 22, "not a multiple of 4KiB",
      "" },
    { MEMORY("    - {gpa: 0, size: 64Mib}\n"), 8, 22, "suffix", "" },
    { MEMORY("    - {gpa: 0, size: 16777216TiB}\n"), 8, 22,
      "does not fit 64 bits", "" },
    { MEMORY("    - {gpa: 0, size: 4KiB, host_page: 8KiB}\n"), 8, 39,
      "not one of 4KiB, 2MiB, 1GiB", "" },
    { MEMORY("    - {gpa: 0, size: 4KiB, host_page: 2MiB}\n"), 8, 7,
      "multiples of host_page, 2MiB", "" },
    { MEMORY("    - {gpa: 0, size: 8KiB}\n"
             "    - {gpa: 0x1000, size: 4KiB}\n"),
      9, 7, "memory 0x1000-0x1fff overlaps memory 0x0-0x1fff",
      "line 8, column 7" },
    { MEMORY(
          "    - {gpa: 0, size: 8KiB}\n") "  mmio:\n"
                                          "    - {gpa: 0x1000, size: 4KiB}\n",
      10, 7, "mmio 0x1000-0x1fff overlaps memory", "line 8, column 7" },
    { MMIO("    - {gpa: 0x1000, size: 4KiB}\n"), 8, 7, "overlaps memory",
      "no memory is given" },
    { MMIO("    - {gpa: 1GiB, size: 8KiB}\n    - {gpa: 0x40001000, "
           "size: 4KiB}\n"),
      9, 7, "overlaps mmio", "line 8, column 7" },
    { MEMORY("    - {gpa: 0x1000000000000, size: 4KiB}\n"), 8, 7,
      "beyond the CPU's 48 bits", "0xffffffffffff" },
    { MEMORY("    - {gpa: 0xfffffffff000, size: 8KiB}\n"), 8, 7,
      "beyond the CPU's 48 bits", "" },
    { MMIO("    - {gpa: 0x1000000000000, size: 4KiB}\n"), 8, 7,
      "beyond the CPU's 48 bits", "" },
    /* guest */
    { GUEST("  paging: 5-level\n"), 7, 11, "has no la57", "genoa" },
    { HEAD "vm: {type: sev-es}\nguest:\n  paging: pae\n", 8, 11,
      "'pae' in a VM of type 'sev-es'", "vm.type plain or sev" },
    { GUEST("  paging: 6-level\n"), 7, 11, "not one of none, 32-bit, pae", "" },
    { GUEST("  cpl: 1\n"), 7, 8, "1 is not one of 0, 3", "" },
    { GUEST("  page_size: 8MiB\n"), 7, 14, "not one of 4KiB, 2MiB, 4MiB, 1GiB",
      "" },
    { GUEST("  map: [{gva: 0, size: 4KiB}]\n"), 7, 9, "'gpa' is missing", "" },
    { GUEST("  map: [{gva: 0, size: 2MiB, gpa: 0, table: 0}]\n"), 7, 9,
      "gpa and table at once", "" },
    { GUEST("  map: [{gva: 0, size: 2MiB, table: 0, nx: true}]\n"), 7, 9,
      "beside table", "" },
    { GUEST("  map: [{gva: 0, gpa: 0, size: 4KiB, page_size: 2MiB}]\n"), 7, 9,
      "multiples of page_size, 2MiB", "" },
    { GUEST("  map: [{gva: 0xfffffffffffff000, gpa: 0, size: 8KiB}]\n"), 7, 9,
      "pass the end of memory", "" },
};

START_TEST(a_bad_scenario_is_refused_at_its_place)
{
    story_is_refused(&y, bad[_i].text, bad[_i].line, bad[_i].col, bad[_i].words,
                     bad[_i].hint);
}
END_TEST

START_TEST(a_scenario_that_is_not_there_is_an_error_with_its_path)
{
    ck_assert_int_lt(story_read(&y, NULL, 0), 0);
    ck_assert_str_eq(y.e.at.file, y.path);
}
END_TEST

/* ---- damage ---- */

static const char good[] =
    HEAD "tags: [a]\n"
         "vm: {type: sev-es, memory: [{gpa: 0, size: 64MiB}]}\n"
         "guest: {map: [{gva: 2MiB, gpa: 4MiB, size: 4KiB}]}\n"
         "steps:\n"
         "  - {id: a, read: 0x1000, size: 4}\n"
         "  - {id: b, code: \"8b 04 25 f0 00 d0 fe\"}\n"
         "expect:\n"
         "  facts: {kvm.sev_es: true, cpu.width: 43}\n"
         "  steps: {a: {outcome: ram, npf: [0x100000004]}}\n"
         "  events: [{npf: {info1: 4}}, {never: vc}, {count: {vmexit: 1}}]\n"
         "matrix:\n"
         "  axes: {cpu.set.cbit: 48..51, kernel.model: [v5.19, v6.0]}\n"
         "  exclude: [\"cpu.cbit == 49\"]\n"
         "  expect: [{if: \"cpu.width < 51\", facts: {kvm.sev: true}}]\n";

/* Loaded or refused with a message; sanitizers watch for anything worse. */
static void survives(const void *text, size_t len)
{
    struct pool *pool = y.pool;

    y.pool = pool_create();
    story_write(&y, text, len);
    if (story_read(&y, NULL, 0))
        ck_assert_msg(y.e.set && y.e.msg[0], "no message");
    pool_destroy(y.pool);
    y.pool = pool;
}

START_TEST(a_truncated_scenario_is_read_or_refused_never_worse)
{
    story_is_fine(&y, good);
    for (size_t len = 0; len < strlen(good); len++)
        survives(good, len);
}
END_TEST

START_TEST(a_damaged_scenario_is_read_or_refused_never_worse)
{
    static const char junk[] = "{}[]:,-\"'&*!|>%@#.0x9\n\t\\\x80\x01";
    char text[sizeof(good)];

    for (size_t at = 0; at + 1 < sizeof(good); at++) {
        memcpy(text, good, sizeof(good));
        text[at] = junk[(at * 7 + (size_t)_i) % (sizeof(junk) - 1)];
        survives(text, strlen(good));
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("scenario");
    TCase *t = tcase_create("scenario");

    suite_add_tcase(s, t);
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, five_lines_are_a_scenario_and_the_rest_has_defaults);
    tcase_add_test(t, every_part_of_the_grammar_arrives_in_the_config);
    tcase_add_loop_test(t, a_map_takes_the_largest_page_that_fits, 0, 5);
    tcase_add_test(t, a_map_may_name_a_table_instead_of_memory);
    tcase_add_test(t, a_setting_replaces_or_adds_a_value);
    tcase_add_loop_test(t,
                        a_bad_setting_is_refused_with_its_own_text_as_the_place,
                        0, (int)ARRAY_SIZE(bad_settings));
    tcase_add_loop_test(t, a_bad_scenario_is_refused_at_its_place, 0,
                        (int)ARRAY_SIZE(bad));
    tcase_add_test(t, a_scenario_that_is_not_there_is_an_error_with_its_path);
    tcase_add_test(t, a_truncated_scenario_is_read_or_refused_never_worse);
    tcase_add_loop_test(t, a_damaged_scenario_is_read_or_refused_never_worse, 0,
                        8);
    return run_suite(s);
}
