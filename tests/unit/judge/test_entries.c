/* SPDX-License-Identifier: GPL-2.0-only */
/* Entries of a machine that lived, damaged afterwards: what KVM built is shown
 * to the CPU, and what the CPU makes of it counts. */
#include "unit/run/story.h"

#include "arch/paging.h"
#include "judge.h"
#include "unit/suite.h"

/* The machine, with hands. */
static struct cpu *cpu;
static const struct kvm_vm *vm;
static struct invariants *watch;

static void meet(void *ctx, const struct cpu *c, const struct kvm_module *m,
                 const struct kvm_vm *v)
{
    (void)ctx;
    cpu = (struct cpu *)(uintptr_t)c;
    vm = v;
    invariants_meet(watch, c, m, v);
}

/* A guest that used memory and a device, on 48 bits of which 5 are given up. */
static struct story *lived(const char *kernel)
{
    struct story *s = new_story("milan", kernel, VM_PLAIN);

    watch = invariants_create(s->pool);
    s->config.onlooker = (struct run_onlooker) { meet, NULL };
    add_write(s, 0x2000);
    add_read(s, HPET);
    add_read(s, HPET);
    trace_init(&s->trace, s->pool);
    trace_add_sink(&s->trace, invariants_sink, watch);
    ck_assert_msg(!run_scenario(s->pool, &s->config, &s->trace, &s->err), "%s",
                  s->err.msg);
    return s;
}

struct seen {
    struct kvm_spte ram, device;
    unsigned n_present, n_mmio;
};

static void see(void *ctx, const struct kvm_spte *e)
{
    struct seen *s = ctx;

    s->n_present += e->present;
    s->n_mmio += e->mmio;
    if (e->present)
        s->ram = *e;
    if (e->mmio)
        s->device = *e;
}

static struct seen look(void)
{
    struct seen s = { 0 };

    kvm_each_spte(vm, see, &s);
    return s;
}

static struct invariant_report report(enum invariant i)
{
    return invariants_finish(watch)[i];
}

START_TEST(all_entries_are_seen_and_all_is_well)
{
    struct story *s = lived("v6.1");
    struct seen seen = look();

    ck_assert_uint_eq(seen.n_mmio, 1);
    ck_assert_uint_eq(seen.device.gpa, HPET);
    ck_assert_uint_ge(seen.n_present, 1);
    ck_assert_int_eq(report(MMIO_FAULTS).state, INVARIANT_HOLDS);
    ck_assert_int_eq(report(ONLY_MMIO_FAULTS).state, INVARIANT_HOLDS);
    ck_assert_int_eq(report(CACHING_NOT_WASTED).state, INVARIANT_HOLDS);
    ck_assert_int_eq(report(NO_HANG).state, INVARIANT_HOLDS);
    end(s);
}
END_TEST

/* Bit 45 lies above the 43 bits that are left, and is not the C-bit (51). */
START_TEST(a_page_with_a_reserved_bit_is_found)
{
    struct story *s = lived("v6.1");
    struct seen seen = look();

    cpu_poke64(cpu, seen.ram.sptep, seen.ram.spte | BIT(45));
    ck_assert_int_eq(report(ONLY_MMIO_FAULTS).state, INVARIANT_VIOLATED);
    ck_assert_ptr_nonnull(strstr(report(ONLY_MMIO_FAULTS).why, "raises RSVD"));
    ck_assert_int_eq(report(MMIO_FAULTS).state, INVARIANT_HOLDS);
    end(s);
}
END_TEST

START_TEST(the_c_bit_in_a_page_is_no_reserved_bit)
{
    struct story *s = lived("v6.1");
    struct seen seen = look();

    cpu_poke64(cpu, seen.ram.sptep, seen.ram.spte | BIT(51));
    ck_assert_int_eq(report(ONLY_MMIO_FAULTS).state, INVARIANT_HOLDS);
    end(s);
}
END_TEST

/* KVM knows its entry by the mark; with a table above it that does not permit
 * anything, the CPU never gets as far. */
START_TEST(an_mmio_spte_that_the_cpu_never_reaches_is_found)
{
    struct story *s = lived("v6.1");
    spa_t root = kvm_vm_ncr3(vm);
    uint64_t top = cpu_peek64(cpu, root);

    cpu_poke64(cpu, root, top & ~PTE_P); /* KVM goes by bit 11 */
    ck_assert_int_eq(report(MMIO_FAULTS).state, INVARIANT_VIOLATED);
    ck_assert_ptr_nonnull(strstr(report(MMIO_FAULTS).why, "not present"));
    end(s);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("judge/entries");
    TCase *t = tcase_create("entries");

    tcase_add_test(t, all_entries_are_seen_and_all_is_well);
    tcase_add_test(t, a_page_with_a_reserved_bit_is_found);
    tcase_add_test(t, the_c_bit_in_a_page_is_no_reserved_bit);
    tcase_add_test(t, an_mmio_spte_that_the_cpu_never_reaches_is_found);
    suite_add_tcase(s, t);
    return run_suite(s);
}
