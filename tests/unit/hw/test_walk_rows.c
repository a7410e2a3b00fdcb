/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Nested walks against what is written down elsewhere: kvm-unit-tests
 * (x86/svm_npt.c, access.c, smap.c, pku.c), Linux' selftest
 * nested_tdp_fault_test.c, and APM vol. 2.
 */
#include "unit/hw/walk_lab.h"

#define KEY1 BIT(59) /* protection key 1 in a leaf */

enum { OK, NPF, PF, GP, SS, INVALID };

struct row {
    const char *name;
    uint64_t flags;
    struct {
        spa_t slot;
        uint64_t flip; /* bits of the bench's entry to invert */
    } change[2];
    enum access_kind kind;
    unsigned cpl;
    unsigned outcome;
    uint64_t code, addr; /* EXITINFO1 and 2; error code and CR2; SPA when OK */
};

#define R ACCESS_READ
#define W ACCESS_WRITE
#define X ACCESS_FETCH

static const struct row rows[] = {
    /* kvm-unit-tests, x86/svm_npt.c */
    { "npt_np", 0, { { N(DATA), PTE_P } }, R, 0, NPF, 0x100000004, GPA },
    { "npt_us", 0, { { N(DATA), PTE_U } }, R, 0, NPF, 0x100000005, GPA },
    { "npt_rw", 0, { { N(DATA), PTE_W } }, W, 0, NPF, 0x100000007, GPA },
    { "npt_nx", G_NXE0, { { N(DATA), PTE_NX } }, X, 0, NPF, 0x100000015, GPA },
    { "npt_rw_pfwalk", 0, { { N(G4), PTE_W } }, R, 0, NPF, 0x200000007, G4 },
    { "rsvd PTE", 0, { { N(DATA), BIT(51) } }, X, 0, NPF, 0x10000001d, GPA },
    { "rsvd PTE lowest",
      0,
      { { N(DATA), BIT(48) } },
      X,
      0,
      NPF,
      0x10000001d,
      GPA },
    { "rsvd PTE, SMEP",
      H_SMEP,
      { { N(DATA), BIT(51) } },
      X,
      0,
      NPF,
      0x10000001d,
      GPA },
    { "NX without NXE",
      H_NXE0,
      { { N(DATA), PTE_NX } },
      X,
      0,
      NPF,
      0x10000000d,
      GPA },
    { "NX without NXE, SMEP",
      H_NXE0 | H_SMEP,
      { { N(DATA), PTE_NX } },
      X,
      0,
      NPF,
      0x10000001d,
      GPA },
    { "2M page, bit 13",
      0,
      { { N2, PTE_PS | BIT(13) } },
      X,
      0,
      NPF,
      0x20000000f,
      G4 },
    { "2M page, bit 20",
      0,
      { { N2, PTE_PS | BIT(20) } },
      X,
      0,
      NPF,
      0x20000000f,
      G4 },
    { "PDE.NX without NXE",
      H_NXE0,
      { { N2, PTE_NX } },
      X,
      0,
      NPF,
      0x20000000f,
      G4 },
    { "1G page, bit 29",
      0,
      { { N3, PTE_PS | BIT(29) } },
      R,
      0,
      NPF,
      0x20000000f,
      G4 },
    { "1G page without 1G",
      NO_1G,
      { { N3, PTE_PS } },
      R,
      0,
      NPF,
      0x20000000f,
      G4 },
    { "PDPE.NX without NXE",
      H_NXE0 | H_SMEP,
      { { N3, PTE_NX } },
      R,
      0,
      NPF,
      0x20000000f,
      G4 },
    { "PML4E bit 8", 0, { { N4, BIT(8) } }, R, 0, NPF, 0x20000000f, G4 },
    { "PML4E bit 63", H_NXE0, { { N4, PTE_NX } }, R, 0, NPF, 0x20000000f, G4 },
    { "PDPE bit 8 is ignored", 0, { { N3, BIT(8) } }, R, 0, OK, 0, GPA },

    /* Linux, nested_tdp_fault_test.c */
    { "table not present",
      0,
      { { N(G1), PTE_P } },
      R,
      0,
      NPF,
      0x200000006,
      G1 },
    { "table read-only", 0, { { N(G1), PTE_W } }, R, 0, NPF, 0x200000007, G1 },

    /* APM vol. 2, 15.25.5 to 15.25.7 */
    { "write, not present",
      0,
      { { N(DATA), PTE_P } },
      W,
      0,
      NPF,
      0x100000006,
      GPA },
    { "fetch, not present",
      0,
      { { N(DATA), PTE_P } },
      X,
      0,
      NPF,
      0x100000014,
      GPA },
    { "fetch, nothing could deny",
      H_NXE0,
      { { N(DATA), PTE_P } },
      X,
      0,
      NPF,
      0x100000004,
      GPA },
    { "PDE's page not present, fetch",
      0,
      { { N(G2), PTE_P } },
      X,
      0,
      NPF,
      0x200000006,
      G2 },
    { "not present beats reserved",
      0,
      { { N(DATA), PTE_P | BIT(50) } },
      R,
      0,
      NPF,
      0x100000004,
      GPA },
    { "reserved beats read-only",
      0,
      { { N(DATA), PTE_W | BIT(50) } },
      W,
      0,
      NPF,
      0x10000000f,
      GPA },
    { "PML4E.U=0", 0, { { N4, PTE_U } }, R, 0, NPF, 0x200000007, G4 },
    { "PML4E.W=0", 0, { { N4, PTE_W } }, R, 0, NPF, 0x200000007, G4 },
    { "a table is not fetched", 0, { { N(G1), PTE_NX } }, X, 0, OK, 0, GPA },
    { "guest WP=0 does not help",
      G_WP0,
      { { N(DATA), PTE_W } },
      W,
      0,
      NPF,
      0x100000007,
      GPA },
    { "host WP=0 does not help",
      H_WP0,
      { { N(DATA), PTE_W } },
      W,
      0,
      NPF,
      0x100000007,
      GPA },
    { "host SMAP and PKE do nothing",
      H_SMAP | H_PKE,
      { { 0, 0 } },
      R,
      0,
      OK,
      0,
      GPA },
    { "guest #PF before final #NPF",
      0,
      { { G1, PTE_W }, { N(DATA), PTE_P } },
      W,
      0,
      PF,
      3,
      GVA },
    { "guest P=0 before final #NPF",
      0,
      { { G1, PTE_P }, { N(DATA), PTE_P } },
      W,
      0,
      PF,
      2,
      GVA },
    { "guest RSVD before the next table",
      0,
      { { G2, BIT(50) }, { N(G1), PTE_P } },
      R,
      0,
      PF,
      9,
      GVA },
    { "#NPF of a table before its entry",
      0,
      { { G1, PTE_P }, { N(G1), PTE_W } },
      R,
      0,
      NPF,
      0x200000007,
      G1 },
    { "permissions wait for the leaf",
      0,
      { { G3, PTE_W }, { G1, PTE_P } },
      W,
      0,
      PF,
      2,
      GVA },

    /* APM vol. 2, 7.10.1 and 15.34.6 */
    { "bit 45 was given up",
      ENC,
      { { N(DATA), BIT(45) } },
      R,
      0,
      NPF,
      0x10000000d,
      GPA },
    { "the C-bit is not reserved",
      ENC,
      { { N(DATA), BIT(47) } },
      R,
      0,
      OK,
      0,
      GPA },
    { "bit 51 is reserved, C-bit or not",
      ENC,
      { { N(DATA), BIT(51) } },
      R,
      0,
      NPF,
      0x10000000d,
      GPA },
    { "without encryption bit 47 is an address",
      C47,
      { { N(DATA), BIT(47) } },
      R,
      0,
      OK,
      0,
      BIT(47) | GPA },
    { "without encryption bit 51 is reserved",
      C51,
      { { N(DATA), BIT(51) } },
      R,
      0,
      NPF,
      0x10000000d,
      GPA },
    { "guests keep their width",
      ENC,
      { { G1, BIT(45) } },
      R,
      0,
      NPF,
      0x100000004,
      0x200000005238 },
    { "guest bit 48 of 48", 0, { { G1, BIT(48) } }, R, 0, PF, 9, GVA },
    { "beyond 4 nested levels",
      W52,
      { { G1, BIT(48) } },
      R,
      0,
      NPF,
      0x100000004,
      BIT(48) | GPA },

    /* kvm-unit-tests, x86/access.c */
    { "P=0, S read", 0, { { G1, PTE_P } }, R, 0, PF, 0, GVA },
    { "P=0, S write", 0, { { G1, PTE_P } }, W, 0, PF, 2, GVA },
    { "P=0, U read", 0, { { G1, PTE_P } }, R, 3, PF, 4, GVA },
    { "P=0, U write", 0, { { G1, PTE_P } }, W, 3, PF, 6, GVA },
    { "P=0, U fetch", 0, { { G1, PTE_P } }, X, 3, PF, 0x14, GVA },
    { "P=0, S fetch", 0, { { G1, PTE_P } }, X, 0, PF, 0x10, GVA },
    { "P=0, U fetch, nothing could deny",
      G_NXE0,
      { { G1, PTE_P } },
      X,
      3,
      PF,
      4,
      GVA },
    { "bit 51, S read", 0, { { G1, BIT(51) } }, R, 0, PF, 9, GVA },
    { "bit 51, U write", 0, { { G1, BIT(51) } }, W, 3, PF, 0xf, GVA },
    { "bit 51, U fetch", 0, { { G1, BIT(51) } }, X, 3, PF, 0x1d, GVA },
    { "bit 36 of 36", W36, { { G1, BIT(36) } }, R, 0, PF, 9, GVA },
    { "2M page with bit 13",
      0,
      { { G2, PTE_PS | BIT(13) } },
      R,
      0,
      PF,
      9,
      GVA },
    { "reserved above, not present below",
      0,
      { { G2, BIT(51) }, { G1, PTE_P } },
      R,
      0,
      PF,
      9,
      GVA },
    { "not present above, reserved below",
      0,
      { { G2, PTE_P }, { G1, BIT(51) } },
      R,
      0,
      PF,
      0,
      GVA },
    { "NX without NXE, S fetch", G_NXE0, { { G1, PTE_NX } }, X, 0, PF, 9, GVA },
    { "NX without NXE, U read",
      G_NXE0,
      { { G1, PTE_NX } },
      R,
      3,
      PF,
      0xd,
      GVA },
    { "NX, S fetch", 0, { { G1, PTE_NX } }, X, 0, PF, 0x11, GVA },
    { "NX, U fetch", 0, { { G1, PTE_NX } }, X, 3, PF, 0x15, GVA },
    { "NX, read", 0, { { G1, PTE_NX } }, R, 0, OK, 0, GPA },
    { "U=0, U read", 0, { { G1, PTE_U } }, R, 3, PF, 5, GVA },
    { "U=0, U write", 0, { { G1, PTE_U } }, W, 3, PF, 7, GVA },
    { "W=0, U write", 0, { { G1, PTE_W } }, W, 3, PF, 7, GVA },
    { "W=0, S write", 0, { { G1, PTE_W } }, W, 0, PF, 3, GVA },
    { "W=0, S write, WP=0", G_WP0, { { G1, PTE_W } }, W, 0, OK, 0, GPA },
    { "PDPTE.W=0, U write", 0, { { G3, PTE_W } }, W, 3, PF, 7, GVA },
    { "PDPTE.W=0, S write", 0, { { G3, PTE_W } }, W, 0, PF, 3, GVA },
    { "SMEP", G_SMEP, { { 0, 0 } }, X, 0, PF, 0x11, GVA },
    { "SMEP without NXE", G_SMEP | G_NXE0, { { 0, 0 } }, X, 0, PF, 0x11, GVA },
    { "SMEP, NX without NXE",
      G_SMEP | G_NXE0,
      { { G1, PTE_NX } },
      X,
      0,
      PF,
      0x19,
      GVA },
    { "AD, S read", G_PKE | PK_AD, { { G1, KEY1 } }, R, 0, PF, 0x21, GVA },
    { "AD, U read", G_PKE | PK_AD, { { G1, KEY1 } }, R, 3, PF, 0x25, GVA },
    { "AD, U write", G_PKE | PK_AD, { { G1, KEY1 } }, W, 3, PF, 0x27, GVA },
    { "WD, U write", G_PKE | PK_WD, { { G1, KEY1 } }, W, 3, PF, 0x27, GVA },
    { "WD, S write", G_PKE | PK_WD, { { G1, KEY1 } }, W, 0, PF, 0x23, GVA },
    { "WD, S write, WP=0",
      G_PKE | PK_WD | G_WP0,
      { { G1, KEY1 } },
      W,
      0,
      OK,
      0,
      GPA },
    { "AD, S page", G_PKE | PK_AD, { { G1, KEY1 | PTE_U } }, R, 0, OK, 0, GPA },
    { "AD, U fetch", G_PKE | PK_AD, { { G1, KEY1 } }, X, 3, OK, 0, GPA },
    { "AD and W=0",
      G_PKE | PK_AD,
      { { G1, KEY1 | PTE_W } },
      W,
      3,
      PF,
      0x27,
      GVA },
    { "AD and reserved",
      G_PKE | PK_AD,
      { { G1, KEY1 | BIT(51) } },
      R,
      3,
      PF,
      0xd,
      GVA },
    { "key in a table pointer",
      G_PKE | PK_AD,
      { { G2, KEY1 } },
      R,
      3,
      OK,
      0,
      GPA },

    /* kvm-unit-tests, x86/smap.c */
    { "SMAP, S read", G_SMAP, { { 0, 0 } }, R, 0, PF, 1, GVA },
    { "SMAP, S write", G_SMAP, { { 0, 0 } }, W, 0, PF, 3, GVA },
    { "SMAP, AC=1", G_SMAP | G_AC, { { 0, 0 } }, R, 0, OK, 0, GPA },
    { "SMAP, WP=0, read", G_SMAP | G_WP0, { { G1, PTE_W } }, R, 0, PF, 1, GVA },
    { "SMAP, fetch", G_SMAP, { { 0, 0 } }, X, 0, OK, 0, GPA },
};

static struct walk_result replay(const struct row *r, uint64_t more)
{
    load(r->flags | more, r->cpl);
    for (unsigned i = 0; i < 2; i++)
        cpu_poke64(cpu, r->change[i].slot,
                   cpu_peek64(cpu, r->change[i].slot) ^ r->change[i].flip);
    return walk_access(cpu, GVA, r->kind, 1, false, NULL);
}

START_TEST(a_walk_ends_as_written_down)
{
    const struct row *r = &rows[_i];
    struct walk_result w = replay(r, 0);

    ck_assert_msg(w.outcome == r->outcome, "%s: outcome %d", r->name,
                  w.outcome);
    ck_assert_msg(w.info1 == r->code, "%s: code %lx", r->name, w.info1);
    ck_assert_msg((r->outcome == OK ? w.spa : w.info2) == r->addr,
                  "%s: address %lx %lx", r->name, w.spa, w.info2);
    ck_assert_msg((r->outcome == OK) == (w.why == NULL), "%s", r->name);
}
END_TEST

/* svm_npt.c repeats its reserved-bit tests with every guest NXE and SMEP. */
START_TEST(guest_modes_do_not_change_a_nested_fault)
{
    static const uint64_t modes[] = { G_NXE0, G_SMEP, G_NXE0 | G_SMEP };

    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct row *r = &rows[i];
        struct walk_result w;

        /* SMEP would deny the fetch of a user page before #NPF. */
        if (r->outcome != NPF ||
            (r->kind == X && (r->code & BIT(32)) && (modes[_i] & G_SMEP)))
            continue;
        w = replay(r, modes[_i]);
        ck_assert_msg(w.info1 == r->code && w.info2 == r->addr, "%s: %lx %lx",
                      r->name, w.info1, w.info2);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("walk_rows");
    TCase *t = tcase_create("walk_rows");
    SRunner *r = srunner_create(s);
    int failed;

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, a_walk_ends_as_written_down, 0, ARRAY_SIZE(rows));
    tcase_add_loop_test(t, guest_modes_do_not_change_a_nested_fault, 0, 3);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
