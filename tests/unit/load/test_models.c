/* SPDX-License-Identifier: GPL-2.0-only */
/* CPU and kernel models: the shipped ones load, and a bad file says where. */
#include "load.h"
#include "unit/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct mark nowhere = { .file = "test" };
static struct pool *pool;
static struct err e;
static char dir[32];

static void write_model(const char *folder, const char *name, const char *text)
{
    char path[128];
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s/%s.yaml", dir, folder, name);
    f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    fclose(f);
}

static const char base_cpu[] =
    "schema: nptsim/cpu/v1\n"
    "name: base\n"
    "title: A CPU\n"
    "source: made up\n"
    "identity: {signature: 0x00a00f11}\n"
    "geometry: {maxphyaddr_raw: 48, phys_reduction: 5, cbit: 51,\n"
    "  linear_bits: 48}\n"
    "svm: {n_asids: 32768, invlpgb_max: 7, max_ext_leaf: 0x80000023}\n"
    "sev: {max_sev_asid: 509, min_sev_asid: {value: 100, assumed: true},\n"
    "  n_vmpls: 4}\n"
    "firmware: {assumed: true, mem_encrypt: true, smmlock: true}\n"
    "platform: {psp: ok, psp_snp: none, psp_svn: 0, psp_cth: none,\n"
    "  rmp_table: false}\n"
    "features: {sev: true, sev_es: true, sme: true}\n"
    "timing: {source: seen, l1: 4, l2: 12, l3: 50, dram: 357, l1_kib: 32,\n"
    "  l2_kib: 512, l3_kib: 32768, walker_step: 8, vmrun: 500, vmexit: 550,\n"
    "  light_exit: 1, npf_fix: 2, mmio_kernel: 3, mmio_user: 4, vc_entry: 5,\n"
    "  vmgexit: 6}\n"
    "tlb: {l1d: [{holds: any, entries: 64}], l1i: [{holds: any, entries: "
    "64}],\n"
    "  l2d: [{holds: 4K, entries: 1536, ways: 6}], l2i: [], pwc: 64,\n"
    "  npwc: 64, ntlb: {value: 16, assumed: true}}\n";

static void setup(void)
{
    char path[64];

    pool = pool_create();
    e = (struct err) { 0 };
    strcpy(dir, "/tmp/nptsim-models-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/cpus", dir);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    snprintf(path, sizeof(path), "%s/kernels", dir);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    write_model("cpus", "base", base_cpu);
}

static void teardown(void)
{
    char command[64];

    snprintf(command, sizeof(command), "rm -r %s", dir);
    ck_assert_int_eq(system(command), 0);
    pool_destroy(pool);
}

static const struct cpu_file *cpu(const char *name)
{
    return catalog_cpu(catalog_open(pool, dir), name, nowhere, &e);
}

static const struct kernel_file *kernel(const char *name)
{
    return catalog_kernel(catalog_open(pool, dir), name, nowhere, &e);
}

static void is_refused(const char *file, unsigned line, unsigned col,
                       const char *words)
{
    ck_assert_msg(e.set && e.at.line == line && e.at.col == col &&
                      strstr(e.msg, words) && strstr(e.at.file, file),
                  "%s:%u:%u: %s (wanted %s:%u:%u: ... %s)", e.at.file,
                  e.at.line, e.at.col, e.msg, file, line, col, words);
}

/* ---- shipped models ---- */

/* CPUID 8000_0008 and 8000_001F of InstLatx64's dumps 0800F12, 0830F10,
 * 00A00F11, 00A10F11; kernels extend one another in this order. */
static const struct {
    const char *name;
    unsigned raw, reduction, cbit, max_sev_asid;
} dumps[] = {
    { "naples", 48, 5, 47, 15 },
    { "rome", 48, 5, 47, 509 },
    { "milan", 48, 5, 51, 509 },
    { "genoa", 52, 6, 51, 1006 },
};

START_TEST(a_shipped_cpu_has_the_numbers_of_its_dump)
{
    struct catalog *c = catalog_open(pool, "models");
    const struct cpu_file *f = catalog_cpu(c, dumps[_i].name, nowhere, &e);

    ck_assert_msg(f != NULL, "%s", e.msg);
    ck_assert_str_eq(f->model.name, dumps[_i].name);
    ck_assert_uint_eq(f->model.maxphyaddr_raw, dumps[_i].raw);
    ck_assert_uint_eq(f->model.phys_reduction, dumps[_i].reduction);
    ck_assert_uint_eq(f->model.cbit, dumps[_i].cbit);
    ck_assert_uint_eq(f->model.max_sev_asid, dumps[_i].max_sev_asid);
    ck_assert(f->model.features[FEAT_SEV_ES]);
}
END_TEST

START_TEST(every_shipped_model_loads)
{
    struct catalog *c = catalog_open(pool, "models");
    const char *const *names;
    unsigned n = catalog_cpu_names(c, &names);

    ck_assert_uint_gt(n, 30);
    for (unsigned i = 0; i < n; i++)
        ck_assert_msg(catalog_cpu(c, names[i], nowhere, &e) != NULL,
                      "%s:%u:%u: %s", e.at.file, e.at.line, e.at.col, e.msg);
    n = catalog_kernel_names(c, &names);
    ck_assert_uint_ge(n, 6);
    for (unsigned i = 0; i < n; i++) {
        ck_assert_msg(catalog_kernel(c, names[i], nowhere, &e) != NULL,
                      "%s:%u:%u: %s", e.at.file, e.at.line, e.at.col, e.msg);
        ck_assert(i == 0 || strcmp(names[i - 1], names[i]) < 0);
    }
}
END_TEST

/* Linux 0c29397ac1fd, first in 6.0: SEV-ES asks for MMIO caching, and the MMIO
 * mask is settled before SEV. */
START_TEST(the_gate_of_v6_0_is_in_v6_0_and_not_before)
{
    struct catalog *c = catalog_open(pool, "models");
    const struct kernel_file *old = catalog_kernel(c, "v5.19", nowhere, &e);
    const struct kernel_file *new = catalog_kernel(c, "v6.0", nowhere, &e);
    const struct kvm_gate_list *l;
    const char *because = NULL;

    ck_assert_ptr_nonnull(old);
    ck_assert_ptr_nonnull(new);
    for (unsigned i = 0; i < old->model.sev_es.n; i++)
        ck_assert_int_ne(old->model.sev_es.gate[i], GATE_MMIO_CACHING);
    l = &new->model.sev_es;
    for (unsigned i = 0; i < l->n; i++)
        if (l->gate[i] == GATE_MMIO_CACHING)
            because = l->because[i];
    ck_assert_ptr_nonnull(because);
    ck_assert_ptr_nonnull(strstr(because, "0c29397ac1fd"));
    ck_assert_str_eq(new->extends, "v5.19");
}
END_TEST

/* ---- CPU files ---- */

START_TEST(a_file_is_laid_over_its_parent)
{
    const struct cpu_file *f;

    write_model("cpus", "child",
                "schema: nptsim/cpu/v1\nname: child\ntitle: Another\n"
                "extends: base\nsource: \"a dump\"\n"
                "geometry: {cbit: 47}\n"
                "features: {sev_es: false, sev_snp: true}\n"
                "knobs: {err1096: true, ad_policy: after_final}\n"
                "timing: {assumed: true, vmrun: 600}\n"
                "tlb: {l1i: [{holds: 4K, entries: 32}, {holds: 2M, entries: "
                "16}]}\n");
    f = cpu("child");
    ck_assert_msg(f != NULL, "%s", e.msg);
    ck_assert_str_eq(f->model.name, "child");
    ck_assert_str_eq(f->title, "Another");
    ck_assert_str_eq(f->source, "a dump");
    ck_assert_uint_eq(f->model.cbit, 47);
    ck_assert_uint_eq(f->model.maxphyaddr_raw, 48);
    ck_assert_uint_eq(f->model.signature, 0x00a00f11);
    ck_assert_uint_eq(f->model.min_sev_asid, 100);
    ck_assert(f->model.features[FEAT_SEV]);
    ck_assert(!f->model.features[FEAT_SEV_ES]);
    ck_assert(f->model.features[FEAT_SEV_SNP]);
    ck_assert(f->model.knobs.err1096 && !f->model.knobs.err1218);
    ck_assert_int_eq(f->model.knobs.ad_policy, AD_AFTER_FINAL);
    ck_assert_int_eq(f->model.knobs.amd_bit8, BIT8_RESERVED);
    ck_assert_uint_eq(f->cost.vmrun, 600);
    ck_assert_uint_eq(f->cost.vmexit, 550);
    ck_assert_uint_eq(f->model.tlb.mode, TLB_OFF);
    ck_assert_uint_eq(f->model.tlb.n_l1d, 1);
    ck_assert_uint_eq(f->model.tlb.l1d[0].entries, 64);
    ck_assert_uint_eq(f->model.tlb.n_l1i, 2);
    ck_assert_uint_eq(f->model.tlb.l1i[1].holds, TLB_HOLDS_2M);
    ck_assert_uint_eq(f->model.tlb.l2d[0].ways, 6);
}
END_TEST

#define HEAD "schema: nptsim/cpu/v1\nname: bad\ntitle: t\nsource: s\n"

static const struct {
    const char *text;
    unsigned line, col;
    const char *words;
} bad_cpus[] = {
    { "title: t\n", 1, 1, "'schema' is missing" },
    { "schema: nptsim/kernel/v1\n", 1, 9,
      "'nptsim/kernel/v1' is not one of nptsim/cpu/v1" },
    { "schema: nptsim/cpu/v1\nname: other\ntitle: t\nsource: s\n", 2, 7,
      "'other' stands in a file called 'bad'" },
    { "schema: nptsim/cpu/v1\nname: bad\ntitle: t\nextends: base\n", 1, 1,
      "'source' is missing" },
    { HEAD "extends: bas\n", 5, 10, "unknown CPU model 'bas'" },
    { HEAD "extends: bad\n", 5, 10, "extends itself" },
    { HEAD "extends: ../cpus/base\n", 5, 10, "unknown CPU model" },
    { HEAD "extends: base\ngeometry: {cbi: 51}\n", 6, 12,
      "unknown key 'cbi' in geometry" },
    { HEAD "extends: base\ngeometry: {maxphyaddr_raw: 53}\n", 6, 28,
      "maxphyaddr_raw: 53 is not in 32..52" },
    { HEAD "extends: base\ngeometry: {cbit: 64}\n", 6, 18,
      "cbit: 64 is not in 0..63" },
    { HEAD "extends: base\ngeometry: {linear_bits: 50}\n", 6, 25,
      "linear_bits: 50 is not one of 48, 57" },
    { HEAD "extends: base\nsvm: {max_ext_leaf: 0x1f}\n", 6, 21,
      "0x1f is not in 0x80000000..0x8fffffff" },
    { HEAD "extends: base\nsev: {min_sev_asid: {value: 1}}\n", 6, 21,
      "neither 'source' nor 'assumed'" },
    { HEAD "extends: base\nsev: {min_sev_asid: {value: 1, assumed: false}}\n",
      6, 41, "only 'true' says something" },
    { HEAD "extends: base\nsev: {min_sev_asid: {assumed: true}}\n", 6, 21,
      "'value' is missing" },
    { HEAD "extends: base\nsev: {min_sev_asid: {valu: 3, assumed: true}}\n", 6,
      22, "unknown key 'valu' in a value with its origin" },
    { HEAD "extends: base\nfeatures: {sev_ess: true}\n", 6, 12,
      "unknown name 'sev_ess' in features" },
    { HEAD "extends: base\nfeatures: {sev_es: 1}\n", 6, 20, "not a boolean" },
    { HEAD "extends: base\nfeatures: [sev]\n", 6, 11, "a mapping is needed" },
    { HEAD "extends: base\nknobs: {err1097: true}\n", 6, 9,
      "unknown key 'err1097' in knobs" },
    { HEAD "extends: base\nknobs: {pse36_mode: amd41}\n", 6, 21,
      "'amd41' is not one of amd40, intel36, none" },
    { HEAD "extends: base\ngeometry: {cbit: 0}\n", 1, 1, "" },
    { HEAD "extends: base\ntlb: {mode: on}\n", 6, 7,
      "unknown key 'mode' in tlb" },
    { HEAD "extends: base\ntlb: {l1d: [{holds: 4M, entries: 1}]}\n", 6, 21,
      "'4M' is not one of 4K, 2M, 1G, any" },
    { HEAD "extends: base\ntlb: {l1d: [{holds: 4K, entries: 0}]}\n", 6, 34,
      "entries: 0 is not in 1..65536" },
    { HEAD "extends: base\ntlb: {l2d: [{holds: 4K, entries: 9, ways: 4}]}\n", 1,
      1, "tlb.l2d: 9 entries do not make sets of 4 ways" },
    { HEAD "extends: base\ntlb: {l2i: [{holds: any, entries: 8, ways: 4}]}\n",
      1, 1, "tlb.l2i: a part that holds any page is fully associative" },
    { HEAD "extends: base\n"
           "tlb: {l1d: [{holds: 4K, entries: 8}, {holds: 4K, entries: 8}]}\n",
      1, 1, "tlb.l1d: two parts hold the same size" },
    { HEAD "identity: {signature: 1}\n", 1, 1, "geometry.maxphyaddr_raw" },
    { HEAD "identity: {signature: 1}\ngeometry: {maxphyaddr_raw: 48}\n", 1, 1,
      "geometry.phys_reduction is nowhere set" },
};

START_TEST(a_bad_cpu_file_is_refused_at_its_place)
{
    write_model("cpus", "bad", bad_cpus[_i].text);
    ck_assert_ptr_null(cpu("bad"));
    is_refused("cpus/bad.yaml", bad_cpus[_i].line, bad_cpus[_i].col,
               bad_cpus[_i].words);
}
END_TEST

START_TEST(a_circle_of_parents_is_an_error_at_the_link_that_closes_it)
{
    write_model("cpus", "a",
                "schema: nptsim/cpu/v1\nname: a\ntitle: t\nsource: s\n"
                "extends: b\n");
    write_model("cpus", "b",
                "schema: nptsim/cpu/v1\nname: b\ntitle: t\nsource: s\n"
                "extends: a\n");
    ck_assert_ptr_null(cpu("a"));
    is_refused("cpus/b.yaml", 5, 10, "'a' extends itself");
}
END_TEST

START_TEST(an_unknown_model_is_an_error_where_it_was_named)
{
    ck_assert_ptr_null(cpu("bose"));
    is_refused("test", 0, 0, "unknown CPU model 'bose'");
    ck_assert_ptr_nonnull(strstr(e.hint, "base"));
}
END_TEST

START_TEST(a_missing_models_folder_is_an_error_with_its_path)
{
    struct catalog *c = catalog_open(pool, "/nonexistent");

    ck_assert_ptr_null(catalog_cpu(c, "milan", nowhere, &e));
    ck_assert_str_eq(e.at.file, "/nonexistent/cpus");
}
END_TEST

/* ---- kernel files ---- */

static void write_base_kernel(void)
{
    struct buf b = BUF_INIT;

    buf_adds(&b, "schema: nptsim/kernel/v1\nname: base\ntitle: t\n"
                 "kind: mainline\n"
                 "source: tag base\nslots:\n");
    for (unsigned i = 0; i < N_KVM_SLOTS; i++)
        buf_printf(&b, "  %s: %s\n", kvm_slot_table[i].name,
                   kvm_slot_table[i].rows[0]);
    buf_adds(&b, "setup_order: [npt, mmio_mask, sev]\n"
                 "sev_gates: [module_param, cpuid]\n"
                 "sev_es_gates: [cpuid, asids]\nsev_snp_gates: []\n"
                 "because: {sev_es_gates.asids: c0ffee, slots.noslot: 123,\n"
                 "  slots.sev_log: 789, setup_order: 456}\n");
    write_model("kernels", "base", b.data);
    buf_free(&b);
}

START_TEST(a_decision_keeps_its_reason_until_it_changes)
{
    const struct kernel_file *f;
    const struct kvm_gate_list *l;

    write_base_kernel();
    write_model("kernels", "next",
                "schema: nptsim/kernel/v1\nname: next\ntitle: t\n"
                "kind: mainline\n"
                "extends: base\nsource: tag next\n"
                "slots: {mmio_flag: snapshot, sev_log: states}\n"
                "sev_es_gates: [mmio_caching, asids, lbrv]\n"
                "because: {slots.mmio_flag: abc, sev_es_gates: def,\n"
                "  sev_es_gates.lbrv: ghi}\n");
    f = kernel("next");
    ck_assert_msg(f != NULL, "%s: %s", e.at.file, e.msg);
    ck_assert_str_eq(f->model.name, "next");
    ck_assert_str_eq(f->model.source, "tag next");
    ck_assert_uint_eq(f->model.slot[SLOT_MMIO_FLAG], 3);
    ck_assert_str_eq(f->model.slot_because[SLOT_MMIO_FLAG], "abc");
    ck_assert_str_eq(f->model.slot_because[SLOT_SEV_LOG], "tag next");
    ck_assert_str_eq(f->model.slot_because[SLOT_MAX_GFN], "tag base");
    ck_assert_str_eq(f->model.slot_because[SLOT_NOSLOT], "123");
    ck_assert_str_eq(f->model.setup_because, "456");
    ck_assert_uint_eq(f->model.n_setup, 3);
    ck_assert_uint_eq(f->model.setup[1], SETUP_MMIO_MASK);
    l = &f->model.sev_es;
    ck_assert_uint_eq(l->n, 3);
    ck_assert_uint_eq(l->gate[0], GATE_MMIO_CACHING);
    ck_assert_str_eq(l->because[0], "def");
    ck_assert_str_eq(l->because[1], "c0ffee");
    ck_assert_str_eq(l->because[2], "ghi");
    ck_assert_str_eq(l->list_because, "def");
    ck_assert_uint_eq(f->model.sev.n, 2);
    ck_assert_str_eq(f->model.sev.because[0], "tag base");
    ck_assert_ptr_null(f->model.sev.list_because);
    ck_assert_uint_eq(f->model.sev_snp.n, 0);
}
END_TEST

#define KHEAD                                                                  \
    "schema: nptsim/kernel/v1\nname: bad\ntitle: t\nkind: what-if\nsource: "   \
    "s\n"

static const struct {
    const char *text;
    unsigned line, col;
    const char *words;
} bad_kernels[] = {
    { "schema: nptsim/kernel/v1\nname: bad\ntitle: t\nkind: wish\nsource: s\n",
      4, 7, "'wish' is not one of mainline, stable, what-if" },
    { "schema: nptsim/kernel/v1\nname: bad\ntitle: t\nsource: s\n", 1, 1,
      "'kind' is missing" },
    { KHEAD "extends: v1\n", 6, 10, "unknown kernel model 'v1'" },
    { KHEAD "extends: base\nslots: {mmio_flg: tag}\n", 7, 9,
      "unknown slot 'mmio_flg'" },
    { KHEAD "extends: base\nslots: {mmio_flag: snap}\n", 7, 20,
      "'snap' is not one of tag, value, sticky, snapshot" },
    { KHEAD "extends: base\nsetup_order: [npt, mmio]\n", 7, 20,
      "'mmio' is not one of npt" },
    { KHEAD "extends: base\nsetup_order: [npt, npt]\n", 7, 20, "twice" },
    { KHEAD "extends: base\nsev_gates: cpuid\n", 7, 12, "a list is needed" },
    { KHEAD "extends: base\nbecause: {slots.x: y}\n", 7, 11,
      "unknown slot 'x'" },
    { KHEAD "extends: base\nbecause: {sev_gates.lbrv: y}\n", 7, 11,
      "'lbrv' is not in sev_gates" },
    { KHEAD "extends: base\nbecause: {gates: y}\n", 7, 11,
      "'gates' is no decision" },
    { KHEAD "slots: {mmio_flag: tag}\n", 1, 1,
      "setup_order is nowhere decided" },
    { KHEAD "slots: {mmio_flag: tag}\nsetup_order: []\nsev_gates: []\n"
            "sev_es_gates: []\nsev_snp_gates: []\n",
      1, 1, "slots.boot_width is nowhere decided" },
};

START_TEST(a_bad_kernel_file_is_refused_at_its_place)
{
    write_base_kernel();
    write_model("kernels", "bad", bad_kernels[_i].text);
    ck_assert_ptr_null(kernel("bad"));
    is_refused("kernels/bad.yaml", bad_kernels[_i].line, bad_kernels[_i].col,
               bad_kernels[_i].words);
}
END_TEST

/* ---- digests ---- */

static uint64_t digest(struct catalog *c)
{
    char path[128];
    uint64_t d;

    snprintf(path, sizeof(path), "%s/scenario.yaml", dir);
    ck_assert_msg(!catalog_digest(c, path, &d, &e), "%s", e.msg);
    return d;
}

static void read_cpu(struct catalog *c, const char *name)
{
    ck_assert_msg(catalog_cpu(c, name, nowhere, &e) != NULL, "%s", e.msg);
}

START_TEST(a_digest_is_of_the_file_and_the_models_that_were_read)
{
    struct catalog *c = catalog_open(pool, dir);
    struct catalog *other = catalog_open(pool, dir);
    struct buf child = BUF_INIT;
    uint64_t file, base, both;

    buf_adds(&child, "schema: nptsim/cpu/v1\nname: child\ntitle: t\n"
                     "source: s\nextends: base\n");
    write_model("cpus", "child", child.data);
    write_model(".", "scenario", "a");
    file = digest(c);
    read_cpu(c, "base");
    base = digest(c);
    read_cpu(c, "child");
    both = digest(c);
    ck_assert_uint_ne(file, base);
    ck_assert_uint_ne(base, both);
    read_cpu(other, "child"); /* and through it its parent */
    ck_assert_uint_eq(digest(other), both);

    write_model(".", "scenario", "b");
    ck_assert_uint_ne(digest(c), both);
    write_model(".", "scenario", "a");
    ck_assert_uint_eq(digest(c), both);
    buf_adds(&child, "# said otherwise\n");
    write_model("cpus", "child", child.data);
    ck_assert_uint_ne(digest(c), both);
    buf_free(&child);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("models");
    TCase *t = tcase_create("all");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, a_shipped_cpu_has_the_numbers_of_its_dump, 0,
                        ARRAY_SIZE(dumps));
    tcase_add_test(t, every_shipped_model_loads);
    tcase_add_test(t, the_gate_of_v6_0_is_in_v6_0_and_not_before);
    tcase_add_test(t, a_file_is_laid_over_its_parent);
    tcase_add_loop_test(t, a_bad_cpu_file_is_refused_at_its_place, 0,
                        ARRAY_SIZE(bad_cpus));
    tcase_add_test(t,
                   a_circle_of_parents_is_an_error_at_the_link_that_closes_it);
    tcase_add_test(t, an_unknown_model_is_an_error_where_it_was_named);
    tcase_add_test(t, a_missing_models_folder_is_an_error_with_its_path);
    tcase_add_test(t, a_decision_keeps_its_reason_until_it_changes);
    tcase_add_loop_test(t, a_bad_kernel_file_is_refused_at_its_place, 0,
                        ARRAY_SIZE(bad_kernels));
    tcase_add_test(t, a_digest_is_of_the_file_and_the_models_that_were_read);
    suite_add_tcase(s, t);
    return run_suite(s);
}
