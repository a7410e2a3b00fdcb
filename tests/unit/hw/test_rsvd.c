/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which bits are reserved: every width, reduction and C-bit position, against a
 * second computation that goes bit by bit, as APM vol. 2, 5.3 (entry figures)
 * and 7.10.1 (encryption) put it.
 */
#include "hw/paging.h"
#include "unit/hw/lab.h"
#include "unit/suite.h"

#include <check.h>

static const struct cpu_knobs defaults;

/* Is bit @b of a present entry reserved? One sentence of the manual per line.
 */
static bool naive(const struct paging *p, unsigned width, bool gb_pages,
                  unsigned level, bool bit7, unsigned b)
{
    if (p->cbit && b == (unsigned)__builtin_ctzll(p->cbit))
        return false; /* the C-bit is no address bit and not reserved */
    if (b == 63)
        return !p->nxe; /* NX exists while EFER.NXE is on */
    if (b >= 52)
        return false; /* available to software, or a protection key */
    if (b >= width)
        return true; /* no such address bit */
    if (level >= 4)
        return b == 7 || b == 8; /* PML4E, PML5E: must be zero */
    if (level == 3 && bit7)
        return gb_pages ? b >= 13 && b <= 29 : b == 7;
    if (level == 2 && bit7)
        return b >= 13 && b <= 20;
    return false;
}

static void compare(unsigned width, uint64_t cbit, bool nxe, bool gb_pages)
{
    struct paging p = { .mode = PT_5LEVEL, .cbit = cbit, .nxe = nxe };

    rsvd_fill(&p, width, gb_pages, &defaults);
    for (unsigned level = 1; level <= 5; level++)
        for (unsigned bit7 = 0; bit7 < 2; bit7++)
            for (unsigned b = 0; b < 64; b++)
                ck_assert_msg(!!(p.rsvd[level][bit7] & BIT(b)) ==
                                  naive(&p, width, gb_pages, level, bit7, b),
                              "width %u C-bit %lx NXE %d 1G %d: level %u, bit "
                              "7 = %u, bit %u",
                              width, cbit, nxe, gb_pages, level, bit7, b);
}

START_TEST(every_bit_is_reserved_exactly_where_the_manual_says)
{
    for (unsigned i = 0; i < 4; i++) {
        compare((unsigned)_i, 0, i & 1, i & 2);
        for (unsigned cbit = 32; cbit < 64; cbit++)
            compare((unsigned)_i, BIT(cbit), i & 1, i & 2);
    }
}
END_TEST

/* Bits 20:13 of a 4M page are address bits 39:32, as far as the CPU has them;
 * bit 21 is none, and bit 12 is PAT (APM vol. 2, figure 5-6). A host that gave
 * bits to encryption may be left with fewer than 32. */
START_TEST(a_4m_page_has_eight_more_address_bits)
{
    struct paging p = { .mode = PT_32BIT, .pse = true };

    rsvd_fill(&p, (unsigned)_i, true, &defaults);
    for (unsigned b = 0; b < 32; b++)
        ck_assert_msg(!!(p.rsvd[2][1] & BIT(b)) ==
                          (b == 21 ||
                           (b >= 13 && b <= 20 && b - 13 + 32 >= (unsigned)_i)),
                      "width %d, bit %u", _i, b);
    ck_assert(!p.rsvd[2][0] && !p.rsvd[1][0] && !p.rsvd[1][1]);
}
END_TEST

START_TEST(a_reserved_bit_is_blamed_for_the_right_reason)
{
    struct paging p = { .mode = PT_4LEVEL }, q = p;
    unsigned bit;

    rsvd_fill(&p, 43, true, &defaults);
    ck_assert_int_eq(rsvd_why(&p, 1, PTE_P | BIT(43) | BIT(51), &bit),
                     WHY_RSVD_ADDR);
    ck_assert_uint_eq(bit, 43);
    ck_assert_int_eq(rsvd_why(&p, 1, PTE_P | PTE_NX, &bit), WHY_RSVD_NX);
    ck_assert_int_eq(rsvd_why(&p, 4, PTE_P | PTE_PS, &bit), WHY_RSVD_PS);
    ck_assert_int_eq(rsvd_why(&p, 4, PTE_P | BIT(8), &bit), WHY_RSVD_BIT8);
    ck_assert_int_eq(rsvd_why(&p, 2, PTE_P | PTE_PS | BIT(20), &bit),
                     WHY_RSVD_LARGE);
    ck_assert_uint_eq(bit, 20);
    rsvd_fill(&q, 43, false, &defaults);
    ck_assert_int_eq(rsvd_why(&q, 3, PTE_P | PTE_PS, &bit), WHY_RSVD_1G);
}
END_TEST

/* ---- by walking: which width do the tables get? ---- */

#define NCR3  0x100000ULL
#define GCR3  0x1000ULL
#define DATA  0x5000ULL
#define NLEAF (NCR3 + 0x3000 + 8 * (DATA >> 12))
#define GLEAF (GCR3 + 0x3000)

static struct pool *pool;
static struct cpu *cpu;

static void setup(void)
{
    struct cpu_model m = lab_model();

    pool = pool_create();
    cpu = cpu_create(pool, &m, NULL);
}

static void teardown(void)
{
    pool_destroy(pool);
}

static void load(const struct cpu_model *m)
{
    struct walk_setup s = lab_setup(NCR3, GCR3);
    const char *why;

    cpu_reset(cpu, m);
    for (unsigned i = 0; i < 3; i++) {
        cpu_poke64(cpu, GCR3 + i * 0x1000, (GCR3 + (i + 1) * 0x1000) | RWUAD);
        cpu_poke64(cpu, NCR3 + i * 0x1000, (NCR3 + (i + 1) * 0x1000) | RWUAD);
    }
    for (unsigned i = 0; i < 8; i++)
        cpu_poke64(cpu, NCR3 + 0x3000 + 8 * i, i * PAGE_SIZE_4K | RWUAD);
    cpu_poke64(cpu, GLEAF, DATA | RWUAD);
    ck_assert(walk_load(cpu, &s, &why));
}

/* Does bit @b in the leaf at @slot fault as reserved? */
static bool faults(spa_t slot, unsigned b)
{
    uint64_t good = cpu_peek64(cpu, slot);
    struct walk_result w;

    cpu_poke64(cpu, slot, good | BIT(b));
    w = walk_access(cpu, 0, ACCESS_READ, 1, false, NULL);
    cpu_poke64(cpu, slot, good);
    return w.outcome ==
               (slot == NLEAF ? (enum walk_outcome)WALK_NPF : WALK_PF) &&
           (w.info1 & PFERR_RSVD);
}

START_TEST(encryption_takes_bits_from_nested_tables_only)
{
    unsigned raw = (unsigned)_i;

    for (unsigned red = 0; red <= 20 && raw - red >= 32; red++) {
        struct cpu_model m = lab_model_sev(raw, red, 51);

        load(&m);
        for (unsigned b = 32; b < 52; b++) {
            ck_assert_int_eq(faults(NLEAF, b), b >= raw - red && b != 51);
            ck_assert_int_eq(faults(GLEAF, b), b >= raw);
        }
        m.mem_encrypt = false;
        load(&m);
        for (unsigned b = 32; b < 52; b++)
            ck_assert_int_eq(faults(NLEAF, b), b >= raw);
    }
}
END_TEST

/* The sentence on which MMIO caching stands, from both sides of the edge. */
START_TEST(bit_51_faults_exactly_below_52_bits)
{
    struct cpu_model m = lab_model();

    m.maxphyaddr_raw = (unsigned)_i;
    load(&m);
    ck_assert_int_eq(faults(NLEAF, 51), _i < 52);
}
END_TEST

/* Encryption on, C-bit 51, 52 bits minus 1: the only bit left is the C-bit. */
START_TEST(a_c_bit_on_the_only_spare_bit_leaves_none)
{
    struct cpu_model m = lab_model_sev(52, 1, 51);

    load(&m);
    for (unsigned b = 32; b < 52; b++)
        ck_assert(!faults(NLEAF, b));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("rsvd");
    TCase *t = tcase_create("rsvd");

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, every_bit_is_reserved_exactly_where_the_manual_says,
                        32, 53);
    tcase_add_loop_test(t, a_4m_page_has_eight_more_address_bits, 12, 53);
    tcase_add_test(t, a_reserved_bit_is_blamed_for_the_right_reason);
    tcase_add_loop_test(t, encryption_takes_bits_from_nested_tables_only, 32,
                        53);
    tcase_add_loop_test(t, bit_51_faults_exactly_below_52_bits, 40, 53);
    tcase_add_test(t, a_c_bit_on_the_only_spare_bit_leaves_none);
    return run_suite(s);
}
