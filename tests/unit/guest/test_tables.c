/* SPDX-License-Identifier: GPL-2.0-only */
/* The guest's page tables, walked by a second, naive walker. */
#include "world.h"

static const uint64_t page_sizes[] = { 4096, 2 * MIB, GIB };

/* Every page size, plain and SEV-ES. */
static struct world sized_world(int i)
{
    struct world w = i % 2 ? sev_es_world() : plain_world();

    w.config.page_size = page_sizes[i / 2];
    add_ram(&w, 0, 64 * MIB);
    add_ram(&w, 4 * GIB, 2 * GIB);
    if (i / 2 == 0)
        w.platform.ram[1].size = 8 * MIB;
    add_mmio(&w, 0xfed00000, 4096);
    return w;
}

START_TEST(all_memory_and_devices_are_mapped_at_their_own_address)
{
    struct world w = sized_world(_i);

    build(&w);
    for (unsigned r = 0; r < w.platform.n_ram; r++) {
        gpa_t start = w.platform.ram[r].gpa;
        gpa_t end = start + w.platform.ram[r].size;

        for (gpa_t a = start; a < end; a += 0x35000) {
            struct found f = walk(&w, a);

            ck_assert_msg(f.present && f.gpa == a, "0x%llx",
                          (unsigned long long)a);
        }
        ck_assert(walk(&w, end - 1).present);
        ck_assert(!walk(&w, end).present);
    }
    ck_assert_uint_eq(walk(&w, 0xfed00ff8).gpa, 0xfed00ff8);
    ck_assert(!walk(&w, 0xfed01000).present);
    drop(&w);
}
END_TEST

START_TEST(the_largest_allowed_page_that_fits_is_used)
{
    struct world w = sized_world(_i);
    unsigned largest = (unsigned)_i / 2 + 1;

    build(&w);
    ck_assert_uint_eq(walk(&w, 4 * GIB).level, largest);
    ck_assert_uint_eq(walk(&w, 0).level, largest < 2 ? 1 : 2);
    ck_assert_uint_eq(walk(&w, 0xfed00000).level, 1);
    drop(&w);
}
END_TEST

START_TEST(gigabyte_pages_need_a_cpu_that_has_them)
{
    struct world w = sized_world(4);

    w.platform.gb_pages = false;
    build(&w);
    ck_assert_uint_eq(walk(&w, 4 * GIB).level, 2);
    drop(&w);
}
END_TEST

START_TEST(ram_is_private_and_devices_are_shared)
{
    struct world w = sized_world(_i);
    uint64_t cbit = _i % 2 ? BIT(51) : 0;

    build(&w);
    ck_assert_uint_eq(walk(&w, 0x1000).leaf & BIT(51), cbit);
    ck_assert_uint_eq(walk(&w, 64 * MIB - MIB).leaf & BIT(51), cbit);
    ck_assert_uint_eq(walk(&w, 0xfed00000).leaf & BIT(51), 0);
    ck_assert_uint_eq(guest_entry(w.guest, 0).cr3 & BIT(51), cbit);
    drop(&w);
}
END_TEST

START_TEST(each_vcpu_has_a_shared_ghcb_page_at_the_end)
{
    struct world w = sized_world(3);

    w.platform.n_vcpus = 8;
    build(&w);
    for (unsigned i = 1; i <= 8; i++)
        ck_assert_uint_eq(walk(&w, 64 * MIB - i * 4096).leaf & BIT(51), 0);
    ck_assert_uint_ne(walk(&w, 64 * MIB - 9 * 4096).leaf & BIT(51), 0);
    drop(&w);
}
END_TEST

START_TEST(the_kernel_is_mapped_in_4k_pages_and_kept_from_programs)
{
    struct world w = sized_world(_i);

    w.config.cpl = 3;
    add_step(&w, "\x90", 1);
    build(&w);
    ck_assert(walk(&w, 0x1000).leaf & PTE_U);
    ck_assert(walk(&w, 0xfed00000).leaf & PTE_U);
    for (gva_t a = 63 * MIB; a < 64 * MIB; a += 4096)
        ck_assert_uint_eq(walk(&w, a).level, 1);
    ck_assert(!(walk(&w, guest_entry(w.guest, 0).rip).leaf & PTE_U));
    ck_assert(!(walk(&w, guest_entry(w.guest, 0).idt_base).leaf & PTE_U));
    ck_assert(!(walk(&w, guest_entry(w.guest, 0).rsp).leaf & PTE_U));
    drop(&w);
}
END_TEST

START_TEST(nothing_is_open_to_programs_when_steps_run_at_cpl_0)
{
    struct world w = sized_world(_i);

    build(&w);
    ck_assert(!(walk(&w, 0x1000).leaf & PTE_U));
    ck_assert(!(walk(&w, 0xfed00000).leaf & PTE_U));
    drop(&w);
}
END_TEST

START_TEST(a_terabyte_needs_gigabyte_pages)
{
    struct world w = plain_world();

    w.config.page_size = GIB;
    add_ram(&w, 0, 4 * TIB);
    build(&w);
    ck_assert_uint_eq(walk(&w, 4 * TIB - 2 * GIB).level, 3);
    ck_assert_uint_eq(walk(&w, 4 * TIB - 1).level, 1);
    w.config.page_size = 2 * MIB;
    w.platform.ram[0].at = (struct mark) { "s.yaml", 12, 5, 0 };
    ck_assert(!try_build(&w));
    ck_assert_uint_eq(w.err.at.line, 12);
    ck_assert_ptr_nonnull(strstr(w.err.hint, "page_size"));
    drop(&w);
}
END_TEST

START_TEST(what_page_tables_cannot_name_stays_unmapped)
{
    struct world w = sev_es_world();

    w.platform.cbit = 33;
    add_ram(&w, 0, 12 * GIB);
    add_mmio(&w, BIT(47), 4096);
    build(&w);
    ck_assert(walk(&w, 8 * GIB - 1).present);
    ck_assert_uint_ge(guest_entry(w.guest, 0).rip, 8 * GIB - MIB);
    for (unsigned i = 0; i < guest_n_chunks(w.guest); i++)
        ck_assert_uint_lt(guest_chunk(w.guest, i).gpa, 8 * GIB);
    ck_assert(!walk(&w, 8 * GIB).present);
    drop(&w);
}
END_TEST

/* ---- map: exceptions ---- */

static struct guest_map a_map(gva_t gva, gpa_t gpa, uint64_t size,
                              uint64_t page_size)
{
    return (struct guest_map) { .gva = gva,
                                .gpa = gpa,
                                .size = size,
                                .page_size = page_size,
                                .present = true,
                                .write = true,
                                .at = { "s.yaml", 7, 3, 0 } };
}

static struct world mapped_world(struct guest_map *map)
{
    struct world w = sev_es_world();

    add_ram(&w, 0, 64 * MIB);
    add_mmio(&w, 0xfed00000, 4096);
    w.config.n_maps = 1;
    w.config.maps = map;
    return w;
}

START_TEST(a_map_replaces_its_range_and_nothing_else)
{
    struct guest_map map = a_map(0x203000, 0x5000, 4096, 4096);
    struct world w = mapped_world(&map);

    build(&w);
    ck_assert_uint_eq(walk(&w, 0x203008).gpa, 0x5008);
    for (gva_t a = 0x200000; a < 0x400000; a += 4096)
        if (a != 0x203000)
            ck_assert_uint_eq(walk(&w, a).gpa, a);
    ck_assert_uint_eq(walk(&w, 0x200000).leaf & BIT(51), BIT(51));
    ck_assert_uint_eq(walk(&w, 0x400000).level, 2);
    drop(&w);
}
END_TEST

START_TEST(a_map_says_every_bit_of_its_leaf)
{
    struct guest_map map = a_map(0x7f0000000000, 4 * MIB, 2 * MIB, 2 * MIB);
    struct world w = mapped_world(&map);
    uint64_t leaf;

    map.write = false;
    map.user = map.nx = map.shared = true;
    map.set_bits = BIT(13) | BIT(49);
    build(&w);
    leaf = walk(&w, 0x7f0000000000).leaf;
    ck_assert_uint_eq(leaf & ~(PTE_A | PTE_D), 4 * MIB | PTE_P | PTE_U |
                                                   PTE_PS | PTE_NX | BIT(13) |
                                                   BIT(49));
    drop(&w);
}
END_TEST

START_TEST(an_absent_map_unmaps)
{
    struct guest_map map = a_map(0x200000, 0x200000, 2 * MIB, 4096);
    struct world w = mapped_world(&map);

    map.present = false;
    build(&w);
    ck_assert(walk(&w, 0x1ff000).present);
    ck_assert(!walk(&w, 0x200000).present);
    ck_assert(!walk(&w, 0x3ff000).present);
    ck_assert(walk(&w, 0x400000).present);
    drop(&w);
}
END_TEST

/* A later map cannot follow the foreign table: it gets a table of its own. */
START_TEST(a_map_may_point_to_a_table_that_the_guest_did_not_build)
{
    struct guest_map maps[] = { a_map(0x40000000, 0, 2 * MIB, 2 * MIB),
                                a_map(0x40003000, 0x7000, 4096, 4096) };
    struct world w = mapped_world(maps);
    gpa_t table = 0x5000;

    maps[0].has_table = true;
    maps[0].table = table;
    build(&w);
    /* Its entries lie in memory that is zero so far. */
    ck_assert(!walk(&w, 0x40000000).present);
    ck_assert_uint_eq(walk(&w, 0x40000000).level, 1);
    w.config.n_maps = 2;
    build(&w);
    ck_assert_uint_eq(walk(&w, 0x40003000).gpa, 0x7000);
    ck_assert(!walk(&w, 0x40000000).present);
    maps[0].size = 4 * MIB;
    ck_assert(!try_build(&w));
    drop(&w);
}
END_TEST

START_TEST(upper_half_addresses_can_be_mapped)
{
    struct guest_map map = a_map(0xffffffff80000000, 0, 2 * MIB, 2 * MIB);
    struct world w = mapped_world(&map);

    build(&w);
    ck_assert_uint_eq(walk(&w, 0xffffffff80001234).gpa, 0x1234);
    drop(&w);
}
END_TEST

static const struct {
    struct guest_map map;
    const char *message;
} bad_maps[] = {
    { { .gva = 0x1000, .size = 4096, .page_size = 8192 }, "page_size" },
    { { .gva = 0x1800, .size = 4096, .page_size = 4096 }, "multiples" },
    { { .gva = 0x1000, .size = 4096, .page_size = 2 * MIB }, "multiples" },
    { { .gva = 0x1000, .gpa = 7, .size = 4096, .page_size = 4096 },
      "multiples" },
    { { .gva = 0x1000, .size = 0, .page_size = 4096 }, "multiples" },
    { { .gva = BIT(47), .size = 4096, .page_size = 4096 }, "not canonical" },
    { { .gva = BIT(47) - 4096, .size = 8192, .page_size = 4096 },
      "not canonical" },
    { { .gva = 0, .size = ~0xfffULL, .page_size = 4096 }, "not canonical" },
    { { .gva = ~0xfffULL, .size = 8192, .page_size = 4096 }, "not canonical" },
    { { .gva = 0, .gpa = BIT(52), .size = 4096, .page_size = 4096 },
      "above 51" },
    { { .gva = 0, .gpa = BIT(52) - 4096, .size = 8192, .page_size = 4096 },
      "above 51" },
    { { .gva = 63 * MIB, .size = 4096, .page_size = 4096 },
      "overlaps the guest's kernel" },
    { { .gva = 62 * MIB, .size = 2 * MIB, .page_size = 2 * MIB },
      "overlaps the guest's kernel" },
    { { .gva = 1 * TIB, .size = 64 * TIB, .page_size = 4096 }, "needs more" },
    { { .gva = 1 * TIB, .size = 64 * TIB, .page_size = 2 * MIB },
      "needs more" },
};

START_TEST(a_bad_map_is_refused_at_its_place)
{
    struct guest_map map = bad_maps[_i].map;
    struct world w = mapped_world(&map);

    map.at = (struct mark) { "s.yaml", 7, 3, 0 };
    ck_assert(!try_build(&w));
    ck_assert_msg(strstr(w.err.msg, bad_maps[_i].message), "%s", w.err.msg);
    if (!strstr(bad_maps[_i].message, "needs more"))
        ck_assert_uint_eq(w.err.at.line, 7);
    drop(&w);
}
END_TEST

/* ---- where the kernel goes ---- */

START_TEST(the_kernel_takes_the_end_of_the_first_writable_memory)
{
    struct world w = plain_world();

    add_ram(&w, 0, 64 * MIB);
    add_ram(&w, 1 * GIB, 1 * MIB);
    w.platform.ram[0].readonly = true;
    build(&w);
    for (unsigned i = 0; i < guest_n_chunks(w.guest); i++)
        ck_assert_uint_ge(guest_chunk(w.guest, i).gpa, 1 * GIB);
    drop(&w);
}
END_TEST

START_TEST(a_megabyte_at_address_zero_is_enough)
{
    struct world w = sev_es_world();

    w.platform.n_vcpus = 8;
    add_ram(&w, 0, MIB);
    build(&w);
    ck_assert_uint_eq(walk(&w, 0).gpa, 0);
    drop(&w);
}
END_TEST

START_TEST(memory_too_small_for_the_kernel_is_an_error_at_its_place)
{
    struct world w = plain_world();

    add_ram(&w, 0, MIB - 4096);
    w.platform.ram[0].at = (struct mark) { "s.yaml", 12, 5, 0 };
    ck_assert(!try_build(&w));
    ck_assert_uint_eq(w.err.at.line, 12);
    ck_assert_str_ne(w.err.hint, "");
    drop(&w);
}
END_TEST

START_TEST(a_guest_without_writable_memory_is_an_error)
{
    struct world w = plain_world();

    add_ram(&w, 0, 64 * MIB);
    w.platform.ram[0].readonly = true;
    ck_assert(!try_build(&w));
    drop(&w);
}
END_TEST

START_TEST(a_guest_without_paging_maps_nothing)
{
    struct guest_map m = { .gva = 4096, .gpa = 4096, .size = 4096 };
    struct world w = plain_world();

    add_ram(&w, 0, 64 * MIB);
    w.config.paging = PAGING_NONE;
    w.config.maps = &m;
    w.config.n_maps = 1;
    ck_assert(!try_build(&w));
    ck_assert_ptr_nonnull(strstr(w.err.msg, "without paging"));
    drop(&w);
}
END_TEST

int main(void)
{
    TCase *t = tcase_create("tables");

    tcase_add_loop_test(
        t, all_memory_and_devices_are_mapped_at_their_own_address, 0, 6);
    tcase_add_loop_test(t, the_largest_allowed_page_that_fits_is_used, 0, 6);
    tcase_add_test(t, gigabyte_pages_need_a_cpu_that_has_them);
    tcase_add_loop_test(t, ram_is_private_and_devices_are_shared, 0, 6);
    tcase_add_test(t, each_vcpu_has_a_shared_ghcb_page_at_the_end);
    tcase_add_loop_test(
        t, the_kernel_is_mapped_in_4k_pages_and_kept_from_programs, 0, 6);
    tcase_add_loop_test(t, nothing_is_open_to_programs_when_steps_run_at_cpl_0,
                        0, 6);
    tcase_add_test(t, a_terabyte_needs_gigabyte_pages);
    tcase_add_test(t, what_page_tables_cannot_name_stays_unmapped);
    tcase_add_test(t, a_map_replaces_its_range_and_nothing_else);
    tcase_add_test(t, a_map_says_every_bit_of_its_leaf);
    tcase_add_test(t, an_absent_map_unmaps);
    tcase_add_test(t, a_map_may_point_to_a_table_that_the_guest_did_not_build);
    tcase_add_test(t, upper_half_addresses_can_be_mapped);
    tcase_add_loop_test(t, a_bad_map_is_refused_at_its_place, 0,
                        ARRAY_SIZE(bad_maps));
    tcase_add_test(t, the_kernel_takes_the_end_of_the_first_writable_memory);
    tcase_add_test(t, a_megabyte_at_address_zero_is_enough);
    tcase_add_test(t, memory_too_small_for_the_kernel_is_an_error_at_its_place);
    tcase_add_test(t, a_guest_without_writable_memory_is_an_error);
    tcase_add_test(t, a_guest_without_paging_maps_nothing);
    return run_tests("guest tables", t);
}
