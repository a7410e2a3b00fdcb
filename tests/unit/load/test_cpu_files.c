/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The shipped CPU files, asked what a dump of the same part says.
 *
 * Expected registers: InstLatX64@087af2c, the dump that each file names as its
 * source. 8000_001F EDX is a choice of the firmware that some files make
 * differently, see models/README.md; the *-es-off models keep the dump's.
 */
#include "hw.h"
#include "load.h"
#include "unit/suite.h"

#include <check.h>

static struct pool *pool;
static struct catalog *catalog;

static void open_catalog(void)
{
    pool = pool_create();
    catalog = catalog_open(pool, "models");
}

static void close_catalog(void)
{
    pool_destroy(pool);
}

static const struct cpu_model *load(const char *name)
{
    struct err e = { 0 };
    const struct cpu_file *f =
        catalog_cpu(catalog, name, (struct mark) { 0 }, &e);

    ck_assert_msg(f, "%s:%u:%u: %s", e.at.file, e.at.line, e.at.col, e.msg);
    return &f->model;
}

static struct cpuid_regs cpuid(const struct cpu_model *m, uint32_t leaf)
{
    struct wire w = cpu_wire(cpu_create(pool, m, NULL));

    return w.ops->cpuid(w.hw, leaf, 0);
}

/* The bits of a register that have a name; the model has no others. */
static uint32_t named_bits(uint32_t leaf, enum cpuid_reg reg)
{
    uint32_t mask = 0;

    for (unsigned i = 0; i < N_FEATURES; i++)
        if (feature_table[i].leaf == leaf && feature_table[i].reg == reg)
            mask |= 1U << feature_table[i].bit;
    return mask;
}

/* EAX, EBX and EDX of 8000_0008 and 8000_000A, 8000_001F, EAX of 8000_0021. */
static const struct {
    const char *name;
    uint32_t sizes[3], svm[3], sev[4], ext2;
    bool own_asid_split; /* the file says another 8000_001F EDX */
} dumped[] = {
    { .name = "barcelona", .sizes = { 0x3030 }, .svm = { 1, 0x40, 0x7 } },
    { .name = "shanghai", .sizes = { 0x3030 }, .svm = { 1, 0x40, 0xf } },
    { .name = "istanbul", .sizes = { 0x3030 }, .svm = { 1, 0x40, 0x40f } },
    { .name = "interlagos",
      .sizes = { 0x3030 },
      .svm = { 1, 0x10000, 0x14ff } },
    { .name = "abudhabi",
      .sizes = { 0x3030, 0x1000 },
      .svm = { 1, 0x10000, 0x1cff } },
    { .name = "kaveri", .sizes = { 0x3030 }, .svm = { 1, 0x10000, 0x1cff } },
    { .name = "carrizo", .sizes = { 0x3030 }, .svm = { 1, 0x8000, 0x1bcff } },
    { .name = "kabini", .sizes = { 0x3028 }, .svm = { 1, 0x8, 0x1cdf } },
    { .name = "naples",
      .sizes = { 0x3030, 0x7 },
      .svm = { 1, 0x8000, 0x1bcff },
      .sev = { 0xf, 0x16f, 0xf, 1 },
      .own_asid_split = true },
    { .name = "rome",
      .sizes = { 0x3030, 0x018ef757, 0x10000 },
      .svm = { 1, 0x8000, 0x13bcff },
      .sev = { 0x1000f, 0x16f, 0x1fd, 1 },
      .own_asid_split = true },
    { .name = "milan",
      .sizes = { 0x3030, 0x91bef75f, 0x10007 },
      .svm = { 1, 0x8000, 0x119b9cff },
      .sev = { 0x1fc3f, 0x4173, 0x1fd, 1 },
      .ext2 = 0x204d,
      .own_asid_split = true },
    { .name = "milan-es-off",
      .sizes = { 0x3030, 0x91bef75f, 0x10007 },
      .svm = { 1, 0x8000, 0x119b9cff },
      .sev = { 0x1fc3f, 0x4173, 0x1fd, 1 },
      .ext2 = 0x204d },
    { .name = "genoa",
      .sizes = { 0x3934, 0x79bef25f, 0x10007 },
      .svm = { 1, 0x8000, 0x1fbfbcff },
      .sev = { 0x30ffffb, 0x41b3, 0x3ee, 1 },
      .ext2 = 0x62fcf,
      .own_asid_split = true },
    { .name = "genoa-es-off",
      .sizes = { 0x3934, 0x79bef25f, 0x10007 },
      .svm = { 1, 0x8000, 0x1fbfbcff },
      .sev = { 0x30ffffb, 0x41b3, 0x3ee, 1 },
      .ext2 = 0x62fcf },
    { .name = "bergamo",
      .sizes = { 0x3934, 0x79bef25f, 0x10007 },
      .svm = { 1, 0x8000, 0x1fbfbcff },
      .sev = { 0x30ffffb, 0x41b3, 0x3ee, 1 },
      .ext2 = 0x62fcf,
      .own_asid_split = true },
    { .name = "turin",
      .sizes = { 0x3934, 0x79bef25f, 0x10007 },
      .svm = { 1, 0x8000, 0xffbfbdff },
      .sev = { 0xcffffffb, 0x41b3, 0x3ee, 1 },
      .ext2 = 0xd93fffcf,
      .own_asid_split = true },
    { .name = "turin-dense",
      .sizes = { 0x3934, 0x79bef25f, 0x10007 },
      .svm = { 1, 0x8000, 0xffbfbdff },
      .sev = { 0xcffffffb, 0x41b3, 0x3ee, 1 },
      .ext2 = 0xd93fffcf,
      .own_asid_split = true },
    { .name = "ryzen2",
      .sizes = { 0x3030, 0x7 },
      .svm = { 1, 0x8000, 0x1bcff },
      .sev = { 0xf, 0x16f, 0xf, 0 } },
    { .name = "ryzen3",
      .sizes = { 0x3030, 0x010eb757, 0x10000 },
      .svm = { 1, 0x8000, 0x13bcff },
      .sev = { 0x1000f, 0x16f, 0x1fd, 1 } },
    { .name = "renoir",
      .sizes = { 0x3030, 0x090cf757, 0x10000 },
      .svm = { 1, 0x8000, 0x13bcff },
      .sev = { 0x1000f, 0x12f, 0xe, 1 } },
    { .name = "ryzen5000",
      .sizes = { 0x3030, 0x111ef657, 0x10000 },
      .svm = { 1, 0x8000, 0x1bbcff },
      .sev = { 0x1780f, 0x173, 0x1fd, 1 },
      .ext2 = 0xd },
    { .name = "cezanne",
      .sizes = { 0x3030, 0x191ef657, 0x10000 },
      .svm = { 1, 0x8000, 0x101bbcff },
      .sev = { 0x1780f, 0, 0, 1 },
      .ext2 = 0x4d },
    { .name = "ryzen7000",
      .sizes = { 0x3030, 0x191ef257, 0x10000 },
      .svm = { 1, 0x8000, 0x1ebfbcff },
      .sev = { 0x1, 0xb3, 0, 0 },
      .ext2 = 0x62fcf },
    { .name = "ryzen9000",
      .sizes = { 0x3030, 0x791ef257, 0x10000 },
      .svm = { 1, 0x8000, 0xfebb9dff },
      .sev = { 0x1, 0xb3, 0, 0 },
      .ext2 = 0x593fffcf },
};

START_TEST(sizes_are_those_of_the_dump)
{
    struct cpuid_regs r = cpuid(load(dumped[_i].name), 0x80000008);
    uint32_t named = named_bits(0x80000008, CPUID_EBX);

    ck_assert_uint_eq(r.eax, dumped[_i].sizes[0]);
    ck_assert_uint_eq(r.ebx & named, dumped[_i].sizes[1] & named);
    ck_assert_uint_eq(r.edx & 0xffff, dumped[_i].sizes[2] & 0xffff);
}
END_TEST

START_TEST(svm_registers_are_those_of_the_dump)
{
    struct cpuid_regs r = cpuid(load(dumped[_i].name), 0x8000000a);

    ck_assert_uint_eq(r.eax, dumped[_i].svm[0]);
    ck_assert_uint_eq(r.ebx, dumped[_i].svm[1]);
    ck_assert_uint_eq(r.edx, dumped[_i].svm[2]);
}
END_TEST

START_TEST(sev_registers_are_those_of_the_dump)
{
    struct cpuid_regs r = cpuid(load(dumped[_i].name), 0x8000001f);

    ck_assert_uint_eq(r.eax, dumped[_i].sev[0]);
    ck_assert_uint_eq(r.ebx, dumped[_i].sev[1]);
    ck_assert_uint_eq(r.ecx, dumped[_i].sev[2]);
    if (!dumped[_i].own_asid_split)
        ck_assert_uint_eq(r.edx, dumped[_i].sev[3]);
}
END_TEST

START_TEST(extended_features_2_are_those_of_the_dump)
{
    struct cpuid_regs r = cpuid(load(dumped[_i].name), 0x80000021);
    uint32_t named = named_bits(0x80000021, CPUID_EAX);

    ck_assert_uint_eq(r.eax & named, dumped[_i].ext2 & named);
}
END_TEST

/* Raw width less reduction, encryption on. Naples to 43 and Genoa to 46 are
 * known from the field (google/gvisor#208, nanvix/nanvix#1251). */
static const struct {
    const char *name;
    unsigned width;
} widths[] = {
    { "shanghai", 48 },        { "kabini", 40 },
    { "naples", 43 },          { "rome", 43 },
    { "renoir", 44 },          { "milan", 43 },
    { "cezanne", 48 },         { "genoa", 46 },
    { "ryzen7000", 46 },       { "turin", 46 },
    { "hypo-eff51-c51", 51 },  { "hypo-raw52-red0", 52 },
    { "hypo-raw52-red2", 50 }, { "hypo-raw52-red5", 47 },
    { "hypo-raw48-red1", 47 }, { "hypo-cbit-inside", 50 },
    { "hypo-noncontig", 46 },  { "hypo-gphys48", 52 },
};

START_TEST(encryption_takes_the_bits_that_the_part_gives_up)
{
    ck_assert_uint_eq(cpu_model_width(load(widths[_i].name)), widths[_i].width);
}
END_TEST

START_TEST(every_file_loads_and_makes_a_possible_cpu)
{
    const char *const *names;
    unsigned n = catalog_cpu_names(catalog, &names);

    ck_assert_uint_ge(n, 40);
    for (unsigned i = 0; i < n; i++) {
        const char *problem = cpu_model_problem(load(names[i]), pool);

        ck_assert_msg(!problem, "%s: %s", names[i], problem);
    }
}
END_TEST

START_TEST(a_part_has_five_level_paging_iff_its_addresses_have_57_bits)
{
    const char *const *names;
    unsigned n = catalog_cpu_names(catalog, &names);

    for (unsigned i = 0; i < n; i++) {
        const struct cpu_model *m = load(names[i]);

        ck_assert_msg(m->features[FEAT_LA57] == (m->linear_bits == 57), "%s",
                      names[i]);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("cpu files");
    TCase *t = tcase_create("cpu files");
    int n = (int)ARRAY_SIZE(dumped);

    tcase_add_checked_fixture(t, open_catalog, close_catalog);
    tcase_add_loop_test(t, sizes_are_those_of_the_dump, 0, n);
    tcase_add_loop_test(t, svm_registers_are_those_of_the_dump, 0, n);
    tcase_add_loop_test(t, sev_registers_are_those_of_the_dump, 0, n);
    tcase_add_loop_test(t, extended_features_2_are_those_of_the_dump, 0, n);
    tcase_add_loop_test(t, encryption_takes_the_bits_that_the_part_gives_up, 0,
                        ARRAY_SIZE(widths));
    tcase_add_test(t, every_file_loads_and_makes_a_possible_cpu);
    tcase_add_test(t,
                   a_part_has_five_level_paging_iff_its_addresses_have_57_bits);
    suite_add_tcase(s, t);
    return run_suite(s);
}
