/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_mmu.c - nested page faults from the first touch to the verdict.
 *
 * How often KVM sees which fault is the table of "first and second touch" that
 * follows from npf_interception(), kvm_mmu_page_fault() and
 * svm_can_emulate_instruction(); SPTE values are worked by hand from the bits
 * of arch/x86/kvm/mmu/spte.h.
 */
#include "kvm/mmu/mmu.h"
#include "unit/kvm/fake_machine.h"
#include "unit/suite.h"

#define MMIO_GPA 0x40000000ULL
#define LAPS     50

static struct fixture x;

static void setup(void)
{
    fixture_setup(&x);
}

static void teardown(void)
{
    fixture_teardown(&x);
}

static void plain_vm(void)
{
    fixture_vm(&x, SEV_CMD_PROBE);
}

/* ---- RAM ---- */

/* P W U A D, host- and MMU-writable, MMU-present: 1+2+4+20+40+200+400+800 hex.
 */
static const struct {
    uint64_t host_page;
    bool readonly;
    unsigned level;
    uint64_t flags;
} map_cases[] = {
    { 0x1000, false, 1, 0xe67 },     { 0x200000, false, 2, 0xee7 },
    { 0x40000000, false, 3, 0xee7 }, { 0x1000, true, 1, 0x825 },
    { 0x200000, true, 2, 0x8a5 },
};

START_TEST(a_first_read_maps_the_page_at_the_size_of_the_host_page)
{
    unsigned level, exits;
    uint64_t spte;

    plain_vm();
    ck_assert_int_eq(fixture_slot(&x, 0, 0, 0x40000000, map_cases[_i].host_page,
                                  map_cases[_i].readonly),
                     0);
    fixture_touch(&x, 0x345678, false);
    fixture_touch(&x, 0x345000, false);
    ck_assert_int_eq(fixture_run(&x, LAPS, &exits), 0);
    ck_assert_uint_eq(x.f->npf, 1);

    spte = fixture_spte(&x, 0x345678, &level);
    ck_assert_uint_eq(level, map_cases[_i].level);
    ck_assert_uint_eq(spte & ~PTE_ADDR_MASK, map_cases[_i].flags);
    ck_assert_uint_eq(spte & PTE_ADDR_MASK & (map_cases[_i].host_page - 1), 0);
}
END_TEST

START_TEST(a_table_entry_is_present_writable_user_accessed_and_nothing_else)
{
    unsigned exits;
    uint64_t root;

    plain_vm();
    fixture_slot(&x, 0, 0, 0x100000, 0x1000, false);
    fixture_touch(&x, 0, true);
    fixture_run(&x, LAPS, &exits);
    root = fake_read64(x.f, fake_read64(x.f, x.v->vmcb + VMCB_NCR3));
    ck_assert_uint_eq(root & ~PTE_ADDR_MASK, 0x827);
}
END_TEST

START_TEST(a_slot_that_does_not_fill_a_large_page_is_mapped_small)
{
    unsigned level, exits;

    plain_vm();
    /* Neither the head nor the tail 2M is whole; the one between is. */
    fixture_slot(&x, 0, 0x1ff000, 0x402000, 0x200000, false);
    fixture_touch(&x, 0x1ff000, false);
    fixture_touch(&x, 0x200000, false);
    fixture_run(&x, LAPS, &exits);
    /* hva and gpa disagree in their low bits, too: everything is small. */
    fixture_spte(&x, 0x200000, &level);
    ck_assert_uint_eq(level, 1);
}
END_TEST

START_TEST(a_congruent_slot_is_small_at_its_ends_and_large_between)
{
    struct kvm_memory_region r = { .gpa = 0x1ff000, .size = 0x202000 };
    unsigned level, exits;

    plain_vm();
    r.hva = kvm_host_mmap(x.k, 0x800000, 0x200000) + 0x1ff000;
    ck_assert_int_eq(kvm_set_memory_region(x.vm, &r), 0);
    fixture_touch(&x, 0x1ff000, false);
    fixture_touch(&x, 0x200000, false);
    fixture_touch(&x, 0x400000, false);
    ck_assert_int_eq(fixture_run(&x, LAPS, &exits), 0);
    fixture_spte(&x, 0x1ff000, &level);
    ck_assert_uint_eq(level, 1);
    fixture_spte(&x, 0x200000, &level);
    ck_assert_uint_eq(level, 2);
    fixture_spte(&x, 0x400000, &level);
    ck_assert_uint_eq(level, 1);
}
END_TEST

START_TEST(host_encryption_puts_its_bit_into_every_present_entry)
{
    unsigned exits;

    x.m.me_value = x.m.me_mask = BIT(42);
    plain_vm();
    fixture_slot(&x, 0, 0, 0x1000, 0x1000, false);
    fixture_touch(&x, 0, false);
    /* The naive walker takes the bit for an address: one lap is enough. */
    ck_assert_int_eq(fixture_run(&x, 1, &exits), -EINTR);
    ck_assert(fake_read64(x.f, x.v->vmcb + VMCB_NCR3) & BIT(42));
    ck_assert(fake_read64(x.f, x.vm->root.spa) & BIT(42));
    ck_assert(make_spte(&x.m, 0x5000, 1, true) & BIT(42));
}
END_TEST

START_TEST(a_write_to_a_read_only_slot_goes_to_userspace)
{
    unsigned exits;

    plain_vm();
    fixture_slot(&x, 0, 0, 0x1000, 0x1000, true);
    fixture_touch(&x, 0x10, false);
    fixture_touch(&x, 0x10, true);
    ck_assert_int_eq(fixture_run(&x, LAPS, &exits), 0);
    ck_assert_uint_eq(exits, 1);
    ck_assert_uint_eq(x.f->npf, 2);
}
END_TEST

START_TEST(memory_that_the_process_lacks_is_efault)
{
    struct kvm_memory_region r = { .size = 0x1000, .hva = 0x1000 };
    unsigned exits;

    plain_vm();
    ck_assert_int_eq(kvm_set_memory_region(x.vm, &r), 0);
    fixture_touch(&x, 0, false);
    ck_assert_int_eq(fixture_run(&x, LAPS, &exits), -EFAULT);
}
END_TEST

/* ---- first and second touch of emulated MMIO ---- */

static const struct {
    enum sev_cmd_id vm;
    bool caching;
    unsigned npf, rsvd, vc, exits; /* for three touches */
    int ret;
} touch_cases[] = {
    { SEV_CMD_PROBE, true, 3, 2, 0, 3, 0 },
    { SEV_CMD_PROBE, false, 3, 0, 0, 3, 0 },
    { SEV_CMD_INIT, true, 3, 2, 0, 3, 0 },
    { SEV_CMD_INIT, false, 3, 0, 0, 3, 0 },
    /* One exit plants the SPTE; from then on the CPU raises #VC. */
    { SEV_CMD_ES_INIT, true, 1, 0, 3, 0, 0 },
    /* For ever: only the signal ends it. */
    { SEV_CMD_ES_INIT, false, LAPS, 0, 0, 0, -EINTR },
};

START_TEST(mmio_touched_three_times)
{
    unsigned exits;

    if (!touch_cases[_i].caching) {
        x.m.enable_mmio_caching = false;
        x.m.mmio_value = 0;
    }
    fixture_vm(&x, touch_cases[_i].vm);
    fixture_slot(&x, 0, 0, 0x100000, 0x1000, false);
    for (unsigned i = 0; i < 3; i++)
        fixture_touch(&x, MMIO_GPA + 8 * i, false);

    ck_assert_int_eq(fixture_run(&x, LAPS, &exits), touch_cases[_i].ret);
    ck_assert_uint_eq(x.f->npf, touch_cases[_i].npf);
    ck_assert_uint_eq(x.f->rsvd_npf, touch_cases[_i].rsvd);
    ck_assert_uint_eq(x.f->vc, touch_cases[_i].vc);
    ck_assert_uint_eq(exits, touch_cases[_i].exits);
}
END_TEST

START_TEST(an_mmio_spte_tells_gfn_and_generation)
{
    unsigned level, exits;
    uint64_t spte;

    plain_vm();
    fixture_slot(&x, 0, 0, 0x100000, 0x1000, false); /* generation 2 */
    fixture_touch(&x, MMIO_GPA, false);
    fixture_run(&x, LAPS, &exits);
    spte = fixture_spte(&x, MMIO_GPA, &level);
    /* bits 51:43, the gpa, generation 2 at bit 3, W and U, P. */
    ck_assert_uint_eq(spte, 0x000ff80000000000ULL | MMIO_GPA | 2 << 3 | 7);
}
END_TEST

START_TEST(without_a_spare_bit_no_entry_is_planted)
{
    unsigned level, exits;

    x.m.enable_mmio_caching = false;
    x.m.mmio_value = 0;
    plain_vm();
    fixture_touch(&x, MMIO_GPA, false);
    fixture_run(&x, LAPS, &exits);
    ck_assert_uint_eq(fixture_spte(&x, MMIO_GPA, &level), 0);
}
END_TEST

/* A walker that faults on a bit that KVM does not know as its own: KVM takes it
 * for a race and resumes, for ever. */
START_TEST(a_reserved_fault_without_an_mmio_spte_is_retried)
{
    unsigned exits;

    plain_vm();
    fixture_slot(&x, 0, 0, 0x100000, 0x1000, false);
    fixture_touch(&x, 0x1000, false);
    x.f->width = 12; /* every address bit is reserved to this walker */
    ck_assert_int_eq(fixture_run(&x, LAPS, &exits), -EINTR);
    ck_assert_uint_eq(x.f->npf, LAPS);
}
END_TEST

START_TEST(a_gfn_beyond_the_host_is_emulated_without_an_spte)
{
    gpa_t gpa = BIT(47);
    unsigned level, exits;

    x.m.maxphyaddr = 46;
    plain_vm();
    fixture_touch(&x, gpa, false);
    ck_assert_int_eq(fixture_run(&x, LAPS, &exits), 0);
    ck_assert_uint_eq(exits, 1);
    ck_assert_uint_eq(fixture_spte(&x, gpa, &level), 0);
}
END_TEST

/* ---- when memslots change ---- */

static void delete_slot(uint32_t id)
{
    struct kvm_memory_region r = { .slot = id };

    ck_assert_int_eq(kvm_set_memory_region(x.vm, &r), 0);
}

START_TEST(a_slot_over_an_mmio_page_turns_it_into_memory)
{
    unsigned level, exits;

    plain_vm();
    fixture_touch(&x, MMIO_GPA, false);
    fixture_touch(&x, MMIO_GPA, false);
    fixture_run(&x, LAPS, &exits);
    ck_assert_uint_eq(exits, 2);

    fixture_slot(&x, 1, MMIO_GPA, 0x1000, 0x1000, false);
    fixture_touch(&x, MMIO_GPA, false);
    ck_assert_int_eq(fixture_run(&x, LAPS, &exits), 0);
    ck_assert_uint_eq(exits, 0);
    ck_assert_uint_eq(fixture_spte(&x, MMIO_GPA, &level) & 0xfff, 0xe67);
}
END_TEST

START_TEST(a_deleted_slot_becomes_mmio)
{
    unsigned exits;

    plain_vm();
    fixture_slot(&x, 1, MMIO_GPA, 0x200000, 0x200000, false);
    fixture_touch(&x, MMIO_GPA, true);
    fixture_run(&x, LAPS, &exits);
    ck_assert_uint_eq(exits, 0);

    delete_slot(1);
    fixture_touch(&x, MMIO_GPA, true);
    ck_assert_int_eq(fixture_run(&x, LAPS, &exits), 0);
    ck_assert_uint_eq(exits, 1);
}
END_TEST

START_TEST(an_unrelated_slot_makes_old_mmio_sptes_stale_but_not_wrong)
{
    unsigned level, exits;

    plain_vm();
    fixture_touch(&x, MMIO_GPA, false);
    fixture_run(&x, LAPS, &exits);
    fixture_slot(&x, 1, 0x10000000, 0x1000, 0x1000, false);
    fixture_touch(&x, MMIO_GPA, false);
    ck_assert_int_eq(fixture_run(&x, LAPS, &exits), 0);
    ck_assert_uint_eq(exits, 1);
    /* Rewritten with the new generation, 2. */
    ck_assert_uint_eq(fixture_spte(&x, MMIO_GPA, &level) >> 3 & 0xff, 2);
}
END_TEST

/* The CPU raises #VC before KVM can look: an SEV-ES guest keeps seeing MMIO. */
START_TEST(sev_es_keeps_a_stale_mmio_spte)
{
    unsigned exits;

    fixture_vm(&x, SEV_CMD_ES_INIT);
    fixture_touch(&x, MMIO_GPA, false);
    fixture_run(&x, LAPS, &exits);
    fixture_slot(&x, 1, MMIO_GPA, 0x1000, 0x1000, false);
    fixture_touch(&x, MMIO_GPA, false);
    ck_assert_int_eq(fixture_run(&x, LAPS, &exits), 0);
    ck_assert_uint_eq(x.f->npf, 1);
    ck_assert_uint_eq(x.f->vc, 2);
}
END_TEST

START_TEST(a_slot_in_flux_is_retried_and_nothing_is_cached)
{
    struct kvm_memory_slot leaving = { .base_gfn = MMIO_GPA >> 12,
                                       .npages = 1,
                                       .invalid = true };
    struct kvm_page_fault fault = { .addr = MMIO_GPA,
                                    .gfn = MMIO_GPA >> 12,
                                    .slot = &leaving };

    plain_vm();
    ck_assert_int_eq(kvm_mmu_reload(x.v), 0);
    ck_assert_int_eq(kvm_faultin_pfn(x.v, &fault), RET_PF_RETRY);
    kvm_memslots_publish(x.vm);
    vcpu_cache_mmio_info(x.v, MMIO_GPA >> 12, 6);
    ck_assert(!vcpu_match_mmio_gpa(x.v, MMIO_GPA));
    kvm_memslots_settle(x.vm);
    vcpu_cache_mmio_info(x.v, MMIO_GPA >> 12, 6);
    ck_assert(vcpu_match_mmio_gpa(x.v, MMIO_GPA));
}
END_TEST

/* ---- writes of the guest's page walker ---- */

static void pt_write(struct fake_machine *f, spa_t vmcb, uint64_t *gpr)
{
    static const uint8_t mov[] = { 0x89, 0x04, 0x25, 0, 0x10, 0, 0 };

    (void)gpr;
    f->npf++;
    fake_exit(f, vmcb, EXIT_NPF,
              PFERR_GUEST_PAGE | PFERR_USER | PFERR_WRITE | PFERR_PRESENT,
              0x1000);
    fake_insn(f, vmcb, mov, sizeof(mov));
}

/* "KVM: x86/mmu: Skip emulation on page fault iff 1+ SPs were unprotected". */
START_TEST(a_page_table_in_read_only_memory_loops_before_6_12)
{
    unsigned exits;

    x.kernel.slot[SLOT_WRITE_PROTECTED] = WP_EMULATE;
    plain_vm();
    fixture_slot(&x, 0, 0, 0x10000, 0x1000, true);
    x.f->guest = pt_write;
    ck_assert_int_eq(fixture_run(&x, LAPS, &exits), -EINTR);
    ck_assert_uint_eq(x.f->npf, LAPS);
    ck_assert_uint_eq(exits, 0);
}
END_TEST

START_TEST(a_page_table_in_read_only_memory_is_emulated_from_6_12_on)
{
    x.kernel.slot[SLOT_WRITE_PROTECTED] = WP_RETRY_ON_PROGRESS;
    plain_vm();
    fixture_slot(&x, 0, 0, 0x10000, 0x1000, true);
    x.f->guest = pt_write;
    ck_assert_int_eq(kvm_run(x.v, NULL), 0);
    ck_assert_uint_eq(kvm_run_of(x.v)->exit_reason, KVM_EXIT_MMIO);
    ck_assert_uint_eq(x.f->npf, 1);
}
END_TEST

/* ---- any order of slots and touches ---- */

/* xorshift: the same story every time. */
static uint64_t dice(uint64_t sides)
{
    static uint64_t state = 88172645463325252ULL;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % sides;
}

/* One access, and whether it went where the slots of this moment say. */
static void touch_and_compare(gpa_t gpa, bool write)
{
    const struct kvm_memory_slot *slot = kvm_gfn_to_memslot(x.vm, gpa >> 12);
    uint64_t page_size;
    unsigned exits;
    spa_t want;

    x.f->n_touches = 0;
    fixture_regs(&x);
    fixture_touch(&x, gpa, write);
    ck_assert_int_eq(fixture_run(&x, LAPS, &exits), 0);
    if (!slot || (write && slot->readonly)) {
        ck_assert_uint_eq(exits, 1);
        return;
    }
    ck_assert_uint_eq(exits, 0);
    host_get_user_page(x.k, kvm_gfn_to_hva(slot, gpa >> 12) | (gpa & 0xfff),
                       &want, &page_size);
    ck_assert_uint_eq(x.f->last_spa, want);
}

START_TEST(every_touch_goes_where_the_slots_of_the_moment_say)
{
    static const uint64_t page[] = { 0x1000, 0x200000, 0x40000000 };

    plain_vm();
    for (unsigned i = 0; i < 1500; i++) {
        uint32_t id = (uint32_t)dice(6);
        gpa_t gpa = dice(48) * 0x100000;

        switch (dice(5)) {
        case 0: /* some are refused: overlap, or already there */
            fixture_slot(&x, id, gpa, (1 + dice(12)) * 0x100000, page[dice(3)],
                         dice(4) == 0);
            break;
        case 1: {
            struct kvm_memory_region gone = { .slot = id };

            kvm_set_memory_region(x.vm, &gone);
            break;
        }
        default:
            touch_and_compare(gpa + 8 * dice(512), dice(2));
            break;
        }
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("kvm/mmu");
    TCase *t = tcase_create("mmu");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t,
                        a_first_read_maps_the_page_at_the_size_of_the_host_page,
                        0, ARRAY_SIZE(map_cases));
    tcase_add_test(
        t, a_table_entry_is_present_writable_user_accessed_and_nothing_else);
    tcase_add_test(t, a_slot_that_does_not_fill_a_large_page_is_mapped_small);
    tcase_add_test(t, a_congruent_slot_is_small_at_its_ends_and_large_between);
    tcase_add_test(t, host_encryption_puts_its_bit_into_every_present_entry);
    tcase_add_test(t, a_write_to_a_read_only_slot_goes_to_userspace);
    tcase_add_test(t, memory_that_the_process_lacks_is_efault);
    tcase_add_loop_test(t, mmio_touched_three_times, 0,
                        ARRAY_SIZE(touch_cases));
    tcase_add_test(t, an_mmio_spte_tells_gfn_and_generation);
    tcase_add_test(t, without_a_spare_bit_no_entry_is_planted);
    tcase_add_test(t, a_reserved_fault_without_an_mmio_spte_is_retried);
    tcase_add_test(t, a_gfn_beyond_the_host_is_emulated_without_an_spte);
    tcase_add_test(t, a_slot_over_an_mmio_page_turns_it_into_memory);
    tcase_add_test(t, a_deleted_slot_becomes_mmio);
    tcase_add_test(t,
                   an_unrelated_slot_makes_old_mmio_sptes_stale_but_not_wrong);
    tcase_add_test(t, sev_es_keeps_a_stale_mmio_spte);
    tcase_add_test(t, a_slot_in_flux_is_retried_and_nothing_is_cached);
    tcase_add_test(t, a_page_table_in_read_only_memory_loops_before_6_12);
    tcase_add_test(t,
                   a_page_table_in_read_only_memory_is_emulated_from_6_12_on);
    tcase_add_test(t, every_touch_goes_where_the_slots_of_the_moment_say);
    tcase_set_timeout(t, 60);
    suite_add_tcase(s, t);
    return run_suite(s);
}
