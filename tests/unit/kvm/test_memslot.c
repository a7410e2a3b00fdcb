/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_memslot.c - KVM_SET_USER_MEMORY_REGION: refusals, copies, generations.
 *
 * Expected errno values follow the order of the checks in
 * __kvm_set_memory_region() and kvm_arch_prepare_memory_region().
 */
#include "kvm/mmu/mmu.h"
#include "unit/kvm/fake_machine.h"
#include "unit/suite.h"

static struct fixture x;

static void setup(void)
{
    fixture_setup(&x);
    fixture_vm(&x, SEV_CMD_PROBE);
}

static void teardown(void)
{
    fixture_teardown(&x);
}

static int set(uint32_t slot, gpa_t gpa, uint64_t size, hva_t hva)
{
    struct kvm_memory_region r = {
        .slot = slot, .gpa = gpa, .size = size, .hva = hva
    };

    return kvm_set_memory_region(x.vm, &r);
}

static uint64_t generation(void)
{
    return kvm_memslots_of(x.vm)->generation;
}

#define HVA 0x7f0000000000ULL

static const struct {
    uint32_t slot;
    gpa_t gpa;
    uint64_t size;
    hva_t hva;
    int ret;
} refusals[] = {
    { 1, 0x800, 0x1000, HVA, -EINVAL },            /* gpa not aligned */
    { 1, 0x100000, 0x800, HVA, -EINVAL },          /* size not aligned */
    { 1, 0x100000, 0x1000, HVA + 1, -EINVAL },     /* hva not aligned */
    { 1, 0x100000, 0x1000, BIT(47), -EINVAL },     /* not a user address */
    { 1, 0x100000, BIT(43), HVA, -EINVAL },        /* 2^31 pages */
    { 1 << 16, 0x100000, 0x1000, HVA, -EINVAL },   /* no SMM here */
    { 32764, 0x100000, 0x1000, HVA, -EINVAL },     /* KVM's own slots */
    { 32763, 0x100000, 0x1000, HVA, 0 },           /* the last one of ours */
    { 1, ~0xfffULL, 0x2000, HVA, -EINVAL },        /* wraps */
    { 1, 0x100000, 0, 0, -EINVAL },                /* delete what is not */
    { 0, 0, 0x2000, HVA, -EINVAL },                /* another size */
    { 0, 0, 0x1000, HVA + 0x1000, -EINVAL },       /* another hva */
    { 1, 0, 0x1000, HVA, -EEXIST },                /* overlaps slot 0 */
    { 1, 0x1000, 0x1000, HVA, 0 },                 /* touches it only */
    { 1, BIT(48), 0x1000, HVA, -EINVAL },          /* beyond the host */
    { 1, BIT(48) - 0x1000, 0x1000, HVA, 0 },       /* the last page of it */
    { 1, BIT(48) - 0x1000, 0x2000, HVA, -EINVAL }, /* one more */
};

START_TEST(a_region_is_refused_for_one_reason)
{
    ck_assert_int_eq(set(0, 0, 0x1000, HVA), 0);
    ck_assert_int_eq(set(refusals[_i].slot, refusals[_i].gpa, refusals[_i].size,
                         refusals[_i].hva),
                     refusals[_i].ret);
}
END_TEST

START_TEST(the_read_only_flag_of_a_slot_cannot_change)
{
    struct kvm_memory_region r = { .size = 0x1000, .hva = HVA };

    ck_assert_int_eq(kvm_set_memory_region(x.vm, &r), 0);
    r.readonly = true;
    ck_assert_int_eq(kvm_set_memory_region(x.vm, &r), -EINVAL);
}
END_TEST

START_TEST(each_change_costs_two_generations_and_a_delete_four)
{
    ck_assert_uint_eq(generation(), 0);
    set(0, 0, 0x1000, HVA);
    ck_assert_uint_eq(generation(), 2);
    set(0, 0, 0x1000, HVA); /* nothing changes */
    ck_assert_uint_eq(generation(), 2);
    set(1, 0, 0x1000, HVA); /* refused */
    ck_assert_uint_eq(generation(), 2);
    set(0, 0x5000, 0x1000, HVA); /* moved */
    ck_assert_uint_eq(generation(), 6);
    set(0, 0, 0, 0);
    ck_assert_uint_eq(generation(), 10);
}
END_TEST

START_TEST(while_an_update_is_published_the_generation_says_so)
{
    set(0, 0, 0x1000, HVA);
    kvm_memslots_publish(x.vm);
    ck_assert_uint_eq(generation(), 2 | BIT(63));
    kvm_memslots_settle(x.vm);
    ck_assert_uint_eq(generation(), 4);
}
END_TEST

START_TEST(slots_are_found_by_any_gfn_inside_and_none_outside)
{
    const struct kvm_memory_slot *s;

    set(7, 0x200000, 0x3000, HVA + 0x10000);
    set(3, 0x100000, 0x2000, HVA);
    ck_assert_ptr_null(kvm_gfn_to_memslot(x.vm, 0xff));
    ck_assert_uint_eq(kvm_gfn_to_memslot(x.vm, 0x100)->id, 3);
    ck_assert_uint_eq(kvm_gfn_to_memslot(x.vm, 0x101)->id, 3);
    ck_assert_ptr_null(kvm_gfn_to_memslot(x.vm, 0x102));
    s = kvm_gfn_to_memslot(x.vm, 0x202);
    ck_assert_uint_eq(kvm_gfn_to_hva(s, 0x202), HVA + 0x12000);
    ck_assert_ptr_null(kvm_gfn_to_memslot(x.vm, 0x203));
}
END_TEST

START_TEST(many_slots_survive_being_created_backwards_and_deleted)
{
    for (uint32_t i = 0; i < 200; i++)
        ck_assert_int_eq(set(i, (199 - i) * 0x2000, 0x1000, HVA), 0);
    for (uint32_t i = 0; i < 200; i += 2)
        ck_assert_int_eq(set(i, 0, 0, 0), 0);
    for (uint32_t i = 0; i < 200; i++) {
        const struct kvm_memory_slot *s =
            kvm_gfn_to_memslot(x.vm, (199 - i) * 2);

        ck_assert_int_eq(s != NULL, i % 2);
        ck_assert(!s || s->id == i);
    }
}
END_TEST

/* 2^19 generations fit into an MMIO SPTE; the step is two. */
START_TEST(a_wrapped_generation_drops_the_tables)
{
    unsigned before;

    set(0, 0, 0x1000, HVA);
    kvm_memslots_of(x.vm)->generation = BIT(19) - 4;
    kvm_mmu_reload(x.v);
    before = x.vm->valid_gen;
    set(1, 0x5000, 0x1000, HVA);
    ck_assert_uint_eq(generation(), BIT(19) - 2);
    ck_assert_uint_eq(x.vm->valid_gen, before);
    set(2, 0x6000, 0x1000, HVA);
    ck_assert_uint_eq(generation(), BIT(19));
    ck_assert_uint_ne(x.vm->valid_gen, before);
    ck_assert(!x.v->root_loaded);
}
END_TEST

START_TEST(a_later_kernel_wraps_after_2_to_the_18)
{
    unsigned before;

    x.kernel.slot[SLOT_MMIO_GENERATION] = MMIO_GEN_18;
    set(0, 0, 0x1000, HVA);
    kvm_memslots_of(x.vm)->generation = BIT(18) - 2;
    before = x.vm->valid_gen;
    set(1, 0x5000, 0x1000, HVA);
    ck_assert_uint_ne(x.vm->valid_gen, before);
}
END_TEST

START_TEST(dropped_tables_are_free_memory_again)
{
    unsigned exits;
    spa_t first;

    x.f->n_touches = 0;
    fixture_slot(&x, 0, 0, 0x1000, 0x1000, false);
    fixture_touch(&x, 0, false);
    fixture_run(&x, 9, &exits);
    first = x.vm->root.spa;
    set(0, 0, 0, 0);
    ck_assert_uint_eq(fake_read64(x.f, first), 0);
    ck_assert_uint_eq(host_alloc(x.k, PAGE_SIZE_4K, PAGE_SIZE_4K), first);
}
END_TEST

/* ---- guest memory through the slots ---- */

START_TEST(memory_is_read_across_a_slot_border_and_not_beyond)
{
    hva_t a = kvm_host_mmap(x.k, 0x1000, 0x1000);
    hva_t b = kvm_host_mmap(x.k, 0x1000, 0x1000);
    char text[9] = "";

    set(0, 0x1000, 0x1000, a);
    set(1, 0x2000, 0x1000, b);
    ck_assert_int_eq(kvm_write_guest(x.vm, 0x1ffc, "aaaabbbb", 8), 0);
    ck_assert_int_eq(kvm_host_read(x.k, b, text, 4), 0);
    ck_assert_str_eq(text, "bbbb");
    ck_assert_int_eq(kvm_read_guest(x.vm, 0x1ffc, text, 8), 0);
    ck_assert_str_eq(text, "aaaabbbb");
    ck_assert_int_eq(kvm_read_guest(x.vm, 0x2ffc, text, 8), -EFAULT);
}
END_TEST

START_TEST(memory_beyond_the_process_is_efault)
{
    uint8_t byte;
    hva_t hva = kvm_host_mmap(x.k, 0x1000, 0x1000);

    ck_assert_int_eq(kvm_host_read(x.k, hva + 0xfff, &byte, 1), 0);
    ck_assert_int_eq(kvm_host_read(x.k, hva + 0x1000, &byte, 1), -EFAULT);
}
END_TEST

START_TEST(only_real_page_sizes_can_be_mapped)
{
    ck_assert_uint_eq(kvm_host_mmap(x.k, 0x1000, 0x2000), 0);
    ck_assert_uint_eq(kvm_host_mmap(x.k, 0x1000, 0), 0);
    ck_assert_uint_eq(kvm_host_mmap(x.k, 0, 0x1000), 0);
    ck_assert(is_aligned(kvm_host_mmap(x.k, 0x1000, 0x40000000), 0x40000000));
}
END_TEST

/* A host of 2^32 bytes with room for three 1G pages. */
START_TEST(a_full_host_gives_no_more_pages)
{
    uint8_t byte = 1;
    struct kvm *k;
    hva_t hva;
    int ok = 0;

    x.m.x86_phys_bits = 32;
    k = kvm_open(x.pool, &x.m);
    hva = kvm_host_mmap(k, 8ULL << 30, 1ULL << 30);
    for (unsigned i = 0; i < 8; i++)
        ok += kvm_host_write(k, hva + ((uint64_t)i << 30), &byte, 1) == 0;
    ck_assert_int_eq(ok, 3);
    /* Small pages still fit below the first gigabyte. */
    hva = kvm_host_mmap(k, 0x1000, 0x1000);
    ck_assert_int_eq(kvm_host_write(k, hva, &byte, 1), 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("kvm/memslot");
    TCase *t = tcase_create("memslot");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, a_region_is_refused_for_one_reason, 0,
                        ARRAY_SIZE(refusals));
    tcase_add_test(t, the_read_only_flag_of_a_slot_cannot_change);
    tcase_add_test(t, each_change_costs_two_generations_and_a_delete_four);
    tcase_add_test(t, while_an_update_is_published_the_generation_says_so);
    tcase_add_test(t, slots_are_found_by_any_gfn_inside_and_none_outside);
    tcase_add_test(t, many_slots_survive_being_created_backwards_and_deleted);
    tcase_add_test(t, a_wrapped_generation_drops_the_tables);
    tcase_add_test(t, a_later_kernel_wraps_after_2_to_the_18);
    tcase_add_test(t, dropped_tables_are_free_memory_again);
    tcase_add_test(t, memory_is_read_across_a_slot_border_and_not_beyond);
    tcase_add_test(t, memory_beyond_the_process_is_efault);
    tcase_add_test(t, only_real_page_sizes_can_be_mapped);
    tcase_add_test(t, a_full_host_gives_no_more_pages);
    suite_add_tcase(s, t);
    return run_suite(s);
}
