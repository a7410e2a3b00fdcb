/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hypervisor without a policy, on a real core but without a guest: the
 * registers that it sets, and its nested tables, read by a walk of the test's
 * own (APM vol. 2, 5.2 and 5.3).
 */
#include "bare.h"
#include "hw.h"
#include "load.h"
#include "trace.h"
#include "unit/suite.h"

#include <check.h>
#include <string.h>

#define MIB (1ULL << 20)
#define RWU (PTE_P | PTE_W | PTE_U)

struct lab {
    struct pool *pool;
    struct wire w;
    struct cpu_model model;
    struct bare_config config;
    struct bare_memory memory[2];
    struct bare_vm vm;
    struct bare *b;
    struct trace trace;
    const char *why;
};

static struct lab l;

/* Texts are made where somebody reads them. */
static void deaf(void *ctx, const struct event *ev)
{
    (void)ctx;
    (void)ev;
}

static void setup(void)
{
    struct err e = { 0 };
    const struct cpu_file *f;

    l = (struct lab) { .pool = pool_create() };
    f = catalog_cpu(catalog_open(l.pool, "models"), "turin",
                    (struct mark) { 0 }, &e);
    ck_assert_ptr_nonnull(f);
    l.model = f->model;
    trace_init(&l.trace, l.pool);
    trace_add_sink(&l.trace, deaf, NULL);
    l.config = (struct bare_config) {
        .host = { BARE_PAGING_4LEVEL, .nxe = true, .wp = true, .pse = true },
        .vmcb = { .np = true },
        .page_size = 2 * MIB,
    };
    l.memory[0] = (struct bare_memory) { 0, 16 * MIB, false };
    l.vm = (struct bare_vm) { BARE_PLAIN, 1, 1, l.memory };
}

static void teardown(void)
{
    pool_destroy(l.pool);
}

static bool open_bare(void)
{
    l.w = cpu_wire(cpu_create(l.pool, &l.model, NULL));
    l.b = bare_open(l.pool, &l.w, &l.config, &l.vm, &l.trace, &l.why);
    return l.b;
}

/* ---- a naive walk ---- */

static const struct {
    unsigned levels, size, bits;
} modes[] = {
    [BARE_PAGING_32BIT] = { 2, 4, 10 },
    [BARE_PAGING_PAE] = { 3, 8, 9 },
    [BARE_PAGING_4LEVEL] = { 4, 8, 9 },
    [BARE_PAGING_5LEVEL] = { 5, 8, 9 },
};

/* The one page that intercepts VMRUN and nothing else of that word. */
static spa_t find_vmcb(void)
{
    for (spa_t at = BIT(32) - PAGE_SIZE_4K; at > BIT(32) - MIB;
         at -= PAGE_SIZE_4K)
        if (l.w.ops->read64(l.w.hw, at + VMCB_INTERCEPT_4) ==
                INTERCEPT4_VMRUN &&
            l.w.ops->read64(l.w.hw, at + VMCB_NESTED_CTL) < BIT(8))
            return at;
    ck_abort_msg("no VMCB");
    return 0;
}

struct found {
    unsigned level;
    uint64_t entry;
};

static struct found find(gpa_t gpa)
{
    unsigned mode = l.config.host.paging, level = modes[mode].levels;
    spa_t at = l.w.ops->read64(l.w.hw, find_vmcb() + VMCB_NCR3);

    for (;; level--) {
        uint64_t index = gpa >> (12 + modes[mode].bits * (level - 1)) &
                         (BIT(modes[mode].bits) - 1);
        uint64_t entry = 0;

        l.w.ops->read(l.w.hw, at + index * modes[mode].size, &entry,
                      modes[mode].size);
        if (level == 1 || !(entry & PTE_P) || (entry & PTE_PS))
            return (struct found) { level, entry };
        at = entry & PTE_ADDR_MASK;
    }
}

/* ---- the map ---- */

static void maps_all(unsigned level)
{
    for (gpa_t gpa = 0; gpa < 16 * MIB; gpa += PAGE_SIZE_4K) {
        struct found f = find(gpa);
        uint64_t size =
            1ULL << (12 + modes[l.config.host.paging].bits * (f.level - 1));

        ck_assert_uint_eq(f.level, level);
        ck_assert_uint_eq(f.entry,
                          (gpa & ~(size - 1)) | RWU | (level > 1 ? PTE_PS : 0));
    }
    ck_assert(!(find(16 * MIB).entry & PTE_P));
}

/* Every mode, and every page size that it has up to the one wished for. */
START_TEST(memory_lies_where_the_guest_thinks)
{
    l.config.host.paging = (enum bare_paging)_i;
    l.config.page_size = PAGE_SIZE_4K;
    ck_assert(open_bare());
    maps_all(1);
    l.config.page_size = 4 * MIB;
    ck_assert(open_bare());
    maps_all(2);
}
END_TEST

/* Entries of PAE's top level have neither rights nor room for them. */
START_TEST(a_pae_pointer_says_present_only)
{
    spa_t root;

    l.config.host.paging = BARE_PAGING_PAE;
    ck_assert(open_bare());
    root = l.w.ops->read64(l.w.hw, find_vmcb() + VMCB_NCR3);
    ck_assert_uint_eq(l.w.ops->read64(l.w.hw, root) & 0xfff, PTE_P);
}
END_TEST

START_TEST(read_only_memory_is_mapped_so)
{
    l.memory[0].readonly = true;
    ck_assert(open_bare());
    ck_assert_uint_eq(find(0).entry & RWU, PTE_P | PTE_U);
}
END_TEST

/* Pages never reach beyond the memory that they are for. */
START_TEST(large_pages_fit_their_memory)
{
    l.memory[0] = (struct bare_memory) { MIB, 3 * MIB, false };
    ck_assert(open_bare());
    ck_assert_uint_eq(find(MIB).level, 1);
    ck_assert_uint_eq(find(2 * MIB).level, 2);
    ck_assert(!(find(0).entry & PTE_P));
    ck_assert(!(find(4 * MIB).entry & PTE_P));
}
END_TEST

/* The hypervisor's own pages are none of the VM's. */
START_TEST(frames_keep_clear_of_memory)
{
    l.memory[0] = (struct bare_memory) { BIT(32) - MIB, MIB, false };
    ck_assert(open_bare());
    for (spa_t at = BIT(32) - MIB; at < BIT(32); at += 8)
        ck_assert_uint_eq(l.w.ops->read64(l.w.hw, at), 0);
}
END_TEST

START_TEST(no_room_is_a_refusal)
{
    l.memory[0] = (struct bare_memory) { 0, BIT(32), false };
    ck_assert(!open_bare());
    ck_assert_ptr_nonnull(strstr(l.why, "no memory left"));
}
END_TEST

/* Tables end somewhere, whatever is asked for. */
START_TEST(tables_without_end_are_a_refusal)
{
    l.memory[0] = (struct bare_memory) { BIT(33), BIT(46), false };
    ck_assert(!open_bare());
    ck_assert_ptr_nonnull(strstr(l.why, "no page left"));
    l.memory[0] = (struct bare_memory) { 0, MIB, false };
    ck_assert(open_bare());
    ck_assert_ptr_nonnull(
        strstr(bare_change_npt(
                   l.b, &(struct bare_npt) { .size = BIT(48), .clear = PTE_P }),
               "no page left"));
}
END_TEST

/* ---- changes ---- */

START_TEST(a_change_splits_what_is_only_partly_meant)
{
    l.config.host.paging = (enum bare_paging)_i;
    l.config.page_size = 4 * MIB;
    ck_assert(open_bare());
    ck_assert_ptr_null(bare_change_npt(
        l.b, &(struct bare_npt) {
                 .gpa = 5 * MIB, .size = PAGE_SIZE_4K, .clear = PTE_W }));
    ck_assert_uint_eq(find(5 * MIB).level, 1);
    ck_assert_uint_eq(find(5 * MIB).entry, (5 * MIB) | PTE_P | PTE_U);
    ck_assert_uint_eq(find(5 * MIB - PAGE_SIZE_4K).entry,
                      (5 * MIB - PAGE_SIZE_4K) | RWU);
    ck_assert_uint_eq(find(5 * MIB + PAGE_SIZE_4K).entry,
                      (5 * MIB + PAGE_SIZE_4K) | RWU);
    ck_assert_uint_eq(find(9 * MIB).level, 2);
}
END_TEST

START_TEST(without_a_size_it_is_the_page_that_stands_there)
{
    ck_assert(open_bare());
    ck_assert_ptr_null(bare_change_npt(
        l.b, &(struct bare_npt) { .gpa = 3 * MIB, .set = PTE_NX }));
    ck_assert_uint_eq(find(3 * MIB).level, 2);
    ck_assert_uint_eq(find(3 * MIB).entry, (2 * MIB) | RWU | PTE_PS | PTE_NX);
    ck_assert_uint_eq(find(4 * MIB).entry & PTE_NX, 0);
}
END_TEST

START_TEST(a_page_that_is_not_present_keeps_the_rest)
{
    const gpa_t gpa = 3 * MIB;

    ck_assert(open_bare());
    bare_change_npt(l.b, &(struct bare_npt) { .gpa = gpa,
                                              .size = PAGE_SIZE_4K,
                                              .clear = PTE_P | PTE_U });
    ck_assert_uint_eq(find(gpa).entry, gpa | PTE_W);
    bare_change_npt(l.b, &(struct bare_npt) { .gpa = gpa, .set = PTE_P });
    ck_assert_uint_eq(find(gpa).entry, gpa | PTE_P | PTE_W);
}
END_TEST

START_TEST(a_page_may_lead_to_other_memory)
{
    ck_assert(open_bare());
    bare_change_npt(l.b, &(struct bare_npt) { .gpa = MIB,
                                              .size = 2 * PAGE_SIZE_4K,
                                              .has_spa = true,
                                              .spa = 0x1234000 });
    ck_assert_uint_eq(find(MIB).entry, 0x1234000 | RWU);
    ck_assert_uint_eq(find(MIB + PAGE_SIZE_4K).entry, 0x1235000 | RWU);
    ck_assert_uint_eq(find(MIB + 2 * PAGE_SIZE_4K).entry,
                      (MIB + 2 * PAGE_SIZE_4K) | RWU);
}
END_TEST

/* Bits 39:32 of the address stand in 20:13 of the entry (5.2.2). */
START_TEST(four_megabyte_pages_reach_above_4g)
{
    l.config.host.paging = BARE_PAGING_32BIT;
    l.config.page_size = 4 * MIB;
    ck_assert(open_bare());
    bare_change_npt(l.b, &(struct bare_npt) { .gpa = 4 * MIB,
                                              .has_spa = true,
                                              .spa = 0xab00400000 });
    ck_assert_uint_eq(find(4 * MIB).entry,
                      0x00400000 | 0xabU << 13 | PTE_PS | RWU);
}
END_TEST

START_TEST(a_larger_page_takes_the_place_of_smaller_ones)
{
    l.config.page_size = PAGE_SIZE_4K;
    ck_assert(open_bare());
    bare_change_npt(l.b, &(struct bare_npt) { .gpa = 2 * MIB,
                                              .size = 2 * MIB,
                                              .page_size = 2 * MIB,
                                              .clear = PTE_W });
    ck_assert_uint_eq(find(3 * MIB).level, 2);
    ck_assert_uint_eq(find(3 * MIB).entry, (2 * MIB) | PTE_P | PTE_U | PTE_PS);
    ck_assert_uint_eq(find(4 * MIB).level, 1);
}
END_TEST

START_TEST(what_was_a_hole_can_be_mapped)
{
    ck_assert(open_bare());
    bare_change_npt(l.b, &(struct bare_npt) { .gpa = 64 * MIB,
                                              .has_spa = true,
                                              .spa = 2 * MIB });
    ck_assert_uint_eq(find(64 * MIB).level, 1);
    ck_assert_uint_eq(find(64 * MIB).entry, (2 * MIB) | RWU);
}
END_TEST

START_TEST(entries_that_point_to_tables_can_change)
{
    spa_t root;

    ck_assert(open_bare());
    ck_assert_ptr_null(bare_change_npt(
        l.b, &(struct bare_npt) {
                 .gpa = 5 * MIB, .level = 4, .set = PTE_NX, .clear = PTE_W }));
    root = l.w.ops->read64(l.w.hw, find_vmcb() + VMCB_NCR3);
    ck_assert_uint_eq(l.w.ops->read64(l.w.hw, root) & (PTE_NX | RWU),
                      PTE_NX | PTE_P | PTE_U);
    ck_assert_ptr_nonnull(strstr(
        bare_change_npt(l.b, &(struct bare_npt) { .gpa = 5 * MIB, .level = 2 }),
        "there is no table"));
}
END_TEST

/* ---- the core ---- */

START_TEST(the_host_has_the_mode_that_was_wished_for)
{
    static const struct {
        uint64_t cr4, lme;
    } want[] = {
        [BARE_PAGING_NONE] = { 0, 0 },
        [BARE_PAGING_32BIT] = { 0, 0 },
        [BARE_PAGING_PAE] = { CR4_PAE, 0 },
        [BARE_PAGING_4LEVEL] = { CR4_PAE, EFER_LME | EFER_LMA },
        [BARE_PAGING_5LEVEL] = { CR4_PAE | CR4_LA57, EFER_LME | EFER_LMA },
    };
    uint64_t efer;

    l.config.host.paging = (enum bare_paging)_i;
    ck_assert(open_bare());
    l.w.ops->rdmsr(l.w.hw, MSR_EFER, &efer);
    ck_assert_uint_eq(efer & (EFER_LME | EFER_LMA), want[_i].lme);
    ck_assert_uint_eq(efer & (EFER_NXE | EFER_SVME), EFER_NXE | EFER_SVME);
    ck_assert_uint_eq(l.w.ops->read_cr(l.w.hw, 4) & (CR4_PAE | CR4_LA57),
                      want[_i].cr4);
    ck_assert_int_eq(!!(l.w.ops->read_cr(l.w.hw, 0) & CR0_PG),
                     _i != BARE_PAGING_NONE);
}
END_TEST

static void without(enum feature f)
{
    l.model.features[f] = false;
}

/* What the CPU does not have, it refuses, and says which register it was. */
START_TEST(a_register_may_be_refused)
{
    l.config.host.smep = l.config.host.smap = true;
    ck_assert(open_bare());
    without(FEAT_SMEP);
    ck_assert(!open_bare());
    ck_assert_ptr_nonnull(strstr(l.why, "CR4"));
    l.config.host.smep = false;
    ck_assert(open_bare());
    without(FEAT_NX);
    ck_assert(!open_bare());
    ck_assert_ptr_nonnull(strstr(l.why, "EFER"));
    l.config.host.nxe = false;
    ck_assert(open_bare());
    without(FEAT_SVM);
    ck_assert(!open_bare());
}
END_TEST

/* ---- encrypted VMs ---- */

/* ASIDs below CPUID 8000_001F EDX are for SEV-ES. */
START_TEST(the_asid_fits_the_type)
{
    spa_t vmcb;
    uint32_t first[] = {
        [BARE_PLAIN] = 1, [BARE_SEV] = 100, [BARE_SEV_ES] = 1
    };

    l.model.mem_encrypt = true;
    l.model.min_sev_asid = 100;
    l.vm.type = (enum bare_type)_i;
    ck_assert(open_bare());
    vmcb = find_vmcb();
    ck_assert_uint_eq((uint32_t)l.w.ops->read64(l.w.hw, vmcb + VMCB_ASID),
                      first[_i]);
    ck_assert_uint_eq(l.w.ops->read64(l.w.hw, vmcb + VMCB_NESTED_CTL),
                      NESTED_CTL_NP_ENABLE |
                          (_i != BARE_PLAIN ? NESTED_CTL_SEV : 0) |
                          (_i == BARE_SEV_ES ? NESTED_CTL_SEV_ES : 0));
    l.config.vmcb.asid = 2;
    ck_assert_int_eq(open_bare(), _i != BARE_SEV);
}
END_TEST

START_TEST(private_memory_is_ciphertext)
{
    uint64_t words[2] = { 0x1122334455667788, 42 };

    l.model.mem_encrypt = true;
    l.vm.type = BARE_SEV;
    ck_assert(open_bare());
    bare_load(l.b, 0x1000, words, sizeof(words), true);
    bare_load(l.b, 0x2000, words, sizeof(words), false);
    ck_assert_ptr_null(bare_launch(l.b));
    ck_assert_uint_ne(l.w.ops->read64(l.w.hw, 0x1000), words[0]);
    ck_assert_uint_eq(l.w.ops->read64(l.w.hw, 0x2000), words[0]);
}
END_TEST

START_TEST(without_encryption_there_is_no_sev_vm)
{
    l.model.mem_encrypt = false;
    l.vm.type = BARE_SEV;
    ck_assert(!open_bare());
    ck_assert_ptr_nonnull(strstr(l.why, "INIT"));
    l.model.psp = PSP_ABSENT;
    ck_assert(!open_bare());
    ck_assert_ptr_nonnull(strstr(l.why, "no secure processor"));
}
END_TEST

static void add_tables(TCase *t)
{
    tcase_add_loop_test(t, memory_lies_where_the_guest_thinks,
                        BARE_PAGING_32BIT, BARE_PAGING_5LEVEL + 1);
    tcase_add_test(t, a_pae_pointer_says_present_only);
    tcase_add_test(t, read_only_memory_is_mapped_so);
    tcase_add_test(t, large_pages_fit_their_memory);
    tcase_add_test(t, frames_keep_clear_of_memory);
    tcase_add_test(t, no_room_is_a_refusal);
    tcase_add_test(t, tables_without_end_are_a_refusal);
    tcase_add_loop_test(t, a_change_splits_what_is_only_partly_meant,
                        BARE_PAGING_32BIT, BARE_PAGING_5LEVEL + 1);
    tcase_add_test(t, without_a_size_it_is_the_page_that_stands_there);
    tcase_add_test(t, a_page_that_is_not_present_keeps_the_rest);
    tcase_add_test(t, a_page_may_lead_to_other_memory);
    tcase_add_test(t, four_megabyte_pages_reach_above_4g);
    tcase_add_test(t, a_larger_page_takes_the_place_of_smaller_ones);
    tcase_add_test(t, what_was_a_hole_can_be_mapped);
    tcase_add_test(t, entries_that_point_to_tables_can_change);
}

int main(void)
{
    Suite *s = suite_create("bare");
    TCase *t = tcase_create("bare");

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    add_tables(t);
    tcase_add_loop_test(t, the_host_has_the_mode_that_was_wished_for,
                        BARE_PAGING_NONE, BARE_PAGING_5LEVEL + 1);
    tcase_add_test(t, a_register_may_be_refused);
    tcase_add_loop_test(t, the_asid_fits_the_type, BARE_PLAIN, BARE_SEV_ES + 1);
    tcase_add_test(t, private_memory_is_ciphertext);
    tcase_add_test(t, without_encryption_there_is_no_sev_vm);
    return run_suite(s);
}
