/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Nested walks against what is written down elsewhere: kvm-unit-tests
 * (x86/svm_npt.c, access.c, smap.c, pku.c), Linux' selftest
 * nested_tdp_fault_test.c, and APM vol. 2.
 *
 * The bench: GVA 401238; its guest entries lie at GPA 1000, 2000, 3010, 4008,
 * its data at GPA 5238; nested tables map GPA = SPA with 4K leaves at 103000.
 */
#include "unit/hw/lab.h"

#include <check.h>
#include <stdlib.h>

#define NCR3   0x100000ULL
#define N4     0x100000ULL /* nested entries that cover all of it */
#define N3     0x101000ULL
#define N2     0x102000ULL
#define N(gpa) (0x103000ULL + 8 * ((gpa) >> 12)) /* nested leaf of a page */
#define G4     0x1000ULL                         /* guest entries */
#define G3     0x2000ULL
#define G2     0x3010ULL
#define G1     0x4008ULL
#define DATA   0x5000ULL
#define GVA    0x401238ULL
#define GPA    0x5238ULL

/* Deviations from the bench. */
#define H_NXE0 BIT(0)
#define H_SMEP BIT(1)
#define H_WP0  BIT(2)
#define H_SMAP BIT(3)
#define H_PKE  BIT(4)
#define G_NXE0 BIT(5)
#define G_SMEP BIT(6)
#define G_SMAP BIT(7)
#define G_WP0  BIT(8)
#define G_AC   BIT(9)
#define G_PKE  BIT(10)
#define NO_1G  BIT(11)
#define W36    BIT(12) /* 36 physical bits */
#define W52    BIT(13) /* 52 */
#define ENC    BIT(14) /* SYSCFG[23]=1, C-bit 47, reduction 5 */
#define C47    BIT(15) /* C-bit 47 in CPUID, encryption off */
#define C51    BIT(16) /* C-bit 51 in CPUID, encryption off */
#define PK_AD  BIT(17) /* PKRU: key 1 access disabled */
#define PK_WD  BIT(18) /* PKRU: key 1 write disabled */

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

static void build_tables(void)
{
    cpu_poke64(cpu, N4, N3 | RWUAD);
    cpu_poke64(cpu, N3, N2 | RWUAD);
    cpu_poke64(cpu, N2, 0x103000 | RWUAD);
    for (gpa_t gpa = 0; gpa < 0x10000; gpa += PAGE_SIZE_4K)
        cpu_poke64(cpu, N(gpa), gpa | RWUAD);
    cpu_poke64(cpu, G4, 0x2000 | RWUAD);
    cpu_poke64(cpu, G3, 0x3000 | RWUAD);
    cpu_poke64(cpu, G2, 0x4000 | RWUAD);
    cpu_poke64(cpu, G1, DATA | RWUAD);
}

static struct cpu_model model_of(uint64_t flags)
{
    struct cpu_model m = flags & ENC ? lab_model_sev(48, 5, 47) : lab_model();

    if (flags & W36)
        m.maxphyaddr_raw = 36;
    if (flags & W52)
        m.maxphyaddr_raw = 52;
    if (flags & C47)
        m.cbit = 47;
    if (flags & C51)
        m.cbit = 51;
    m.features[FEAT_PAGE1GB] = !(flags & NO_1G);
    return m;
}

static struct walk_setup setup_of(uint64_t flags, unsigned cpl)
{
    struct walk_setup s = lab_setup(NCR3, G4);

    s.cpl = cpl;
    s.h_efer ^= flags & H_NXE0 ? EFER_NXE : 0;
    s.h_cr0 ^= flags & H_WP0 ? CR0_WP : 0;
    s.h_cr4 |= (flags & H_SMEP ? CR4_SMEP : 0) |
               (flags & H_SMAP ? CR4_SMAP : 0) | (flags & H_PKE ? CR4_PKE : 0);
    s.g_efer ^= flags & G_NXE0 ? EFER_NXE : 0;
    s.g_cr0 ^= flags & G_WP0 ? CR0_WP : 0;
    s.g_cr4 |= (flags & G_SMEP ? CR4_SMEP : 0) |
               (flags & G_SMAP ? CR4_SMAP : 0) | (flags & G_PKE ? CR4_PKE : 0);
    s.g_rflags |= flags & G_AC ? RFLAGS_AC : 0;
    s.pkru = (flags & PK_AD ? 4U : 0) | (flags & PK_WD ? 8U : 0);
    return s;
}

/* Everything afresh, as @flags want it. */
static void load(uint64_t flags, unsigned cpl)
{
    struct cpu_model m = model_of(flags);
    struct walk_setup s = setup_of(flags, cpl);
    const char *why;

    cpu_reset(cpu, &m);
    build_tables();
    ck_assert_msg(walk_load(cpu, &s, &why), "%s", why);
}

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

/* ---- page sizes ---------------------------------------------------------- */

/* Tables for one address at @root, a leaf of @leaf level. */
static void map_one(spa_t root, uint64_t from, uint64_t to, unsigned leaf)
{
    for (unsigned level = 4; level > leaf; level--) {
        cpu_poke64(cpu, root + 8 * pt_index(from, level),
                   (root + PAGE_SIZE_4K) | RWUAD);
        root += PAGE_SIZE_4K;
    }
    cpu_poke64(cpu, root + 8 * pt_index(from, leaf),
               (to & ~(pt_size(leaf) - 1)) | RWUAD | (leaf > 1 ? PTE_PS : 0));
}

/* L_g * (L_n + 1) + L_n references; APM vol. 2, 15.25.1. */
START_TEST(references_follow_both_page_sizes)
{
    static const unsigned refs[3][3] = { { 24, 19, 14 },
                                         { 19, 15, 11 },
                                         { 14, 11, 8 } };
    unsigned guest = (unsigned)_i / 3, nested = (unsigned)_i % 3;
    struct cpu_model m = lab_model();
    struct walk_setup s = lab_setup(0x8000000000, 0x1000);
    const uint64_t gva = 0x7f1234567abcULL, gpa = 0x40234567abcULL;
    struct walk_result w;
    const char *why;

    cpu_reset(cpu, &m);
    map_one(0x1000, gva, gpa, guest + 1);
    for (gpa_t table = 0x1000; table < 0x5000; table += PAGE_SIZE_4K)
        map_one(0x8000000000, table, table, nested + 1);
    /* The data's own tables, apart from those of the guest's tables. */
    cpu_poke64(cpu, 0x8000000000 + 8 * pt_index(gpa, 4), 0x8000010000 | RWUAD);
    map_one(0x8000010000 - PAGE_SIZE_4K, gpa, gpa + BIT(46), nested + 1);
    ck_assert(walk_load(cpu, &s, &why));

    w = walk_access(cpu, gva, ACCESS_WRITE, 1, false, NULL);
    ck_assert_int_eq(w.outcome, WALK_OK);
    ck_assert_uint_eq(w.spa, gpa + BIT(46));
    ck_assert_uint_eq(w.n_refs, refs[guest][nested]);
}
END_TEST

START_TEST(the_log_names_references_in_walking_order)
{
    struct walk_ref refs[64];
    struct walk_log log = { .refs = refs, .max_refs = 64 };
    struct walk_result w;

    load(0, 0);
    w = walk_access(cpu, GVA, ACCESS_READ, 8, false, &log);
    ck_assert_uint_eq(w.n_refs, 24);
    ck_assert_uint_eq(log.n_dirty, 0);
    for (unsigned i = 0; i < 24; i++) {
        ck_assert_int_eq(refs[i].npt, i % 5 != 4);
        ck_assert_uint_eq(refs[i].level, i % 5 == 4 ? 4 - i / 5 : 4 - i % 5);
    }
    ck_assert_uint_eq(refs[4].slot, G4);
    ck_assert_uint_eq(refs[9].slot, G3);
    ck_assert_uint_eq(refs[14].slot, G2);
    ck_assert_uint_eq(refs[19].slot, G1);
    ck_assert_uint_eq(refs[23].slot, N(DATA));
}
END_TEST

/* ---- accessed and dirty (APM vol. 2, 15.25.5; 5.4.2) ----------------------
 */

static void clear_ad(void)
{
    static const spa_t slots[] = { N4, N3, N2, G4, G3, G2, G1 };

    for (unsigned i = 0; i < ARRAY_SIZE(slots); i++)
        cpu_poke64(cpu, slots[i], cpu_peek64(cpu, slots[i]) & ~(PTE_A | PTE_D));
    for (gpa_t gpa = 0; gpa < 0x10000; gpa += PAGE_SIZE_4K)
        cpu_poke64(cpu, N(gpa), gpa | RWU);
}

static uint64_t ad(spa_t slot)
{
    return cpu_peek64(cpu, slot) & (PTE_A | PTE_D);
}

START_TEST(a_read_dirties_the_nested_leaves_of_tables_only)
{
    load(0, 0);
    clear_ad();
    ck_assert_int_eq(walk_access(cpu, GVA, ACCESS_READ, 8, false, NULL).outcome,
                     WALK_OK);
    ck_assert_uint_eq(ad(N(G1)), PTE_A | PTE_D);
    ck_assert_uint_eq(ad(N(G4)), PTE_A | PTE_D);
    ck_assert_uint_eq(ad(N(DATA)), PTE_A);
    ck_assert_uint_eq(ad(N4), PTE_A);
    ck_assert_uint_eq(ad(G1), PTE_A);
    ck_assert_uint_eq(ad(G4), PTE_A);
    ck_assert_uint_eq(ad(N(0x6000)), 0);
}
END_TEST

START_TEST(a_write_dirties_both_leaves)
{
    load(0, 0);
    clear_ad();
    walk_access(cpu, GVA, ACCESS_RMW, 8, false, NULL);
    ck_assert_uint_eq(ad(N(DATA)), PTE_A | PTE_D);
    ck_assert_uint_eq(ad(G1), PTE_A | PTE_D);
    ck_assert_uint_eq(ad(G2), PTE_A);
}
END_TEST

START_TEST(a_denied_access_leaves_the_leaf_alone)
{
    load(0, 0);
    clear_ad();
    cpu_poke64(cpu, G1, DATA | PTE_P | PTE_U);
    ck_assert_int_eq(
        walk_access(cpu, GVA, ACCESS_WRITE, 8, false, NULL).outcome, WALK_PF);
    ck_assert_uint_eq(ad(G1), 0);
    ck_assert_uint_eq(ad(N(DATA)), 0);
}
END_TEST

START_TEST(the_guest_leaf_is_dirty_before_the_final_walk_fails)
{
    load(0, 0);
    clear_ad();
    cpu_poke64(cpu, N(DATA), 0);
    ck_assert_int_eq(
        walk_access(cpu, GVA, ACCESS_WRITE, 8, false, NULL).outcome, WALK_NPF);
    ck_assert_uint_eq(ad(G1), PTE_A | PTE_D);
}
END_TEST

/* ---- addresses ------------------------------------------------------------
 */

START_TEST(a_non_canonical_address_is_gp_or_ss)
{
    struct walk_result w;

    load(0, 0);
    w = walk_access(cpu, BIT(47), ACCESS_READ, 1, false, NULL);
    ck_assert_int_eq(w.outcome, WALK_GP);
    w = walk_access(cpu, BIT(47), ACCESS_READ, 1, true, NULL);
    ck_assert_int_eq(w.outcome, WALK_SS);
    w = walk_access(cpu, BIT(47) - 1, ACCESS_READ, 2, false, NULL);
    ck_assert_int_eq(w.outcome, WALK_GP);
    w = walk_access(cpu, ~0ULL << 47, ACCESS_READ, 1, false, NULL);
    ck_assert_int_eq(w.outcome, WALK_PF);
}
END_TEST

/* The next page: guest entry at 4010, data at GPA 6000. */
START_TEST(a_crossing_access_faults_with_the_second_page)
{
    struct walk_result w;

    load(0, 0);
    cpu_poke64(cpu, 0x4010, 0x6000 | RWUAD);
    cpu_poke64(cpu, N(0x6000), 0);
    w = walk_access(cpu, 0x401ffc, ACCESS_READ, 8, false, NULL);
    ck_assert_int_eq(w.outcome, WALK_NPF);
    ck_assert_uint_eq(w.info1, 0x100000004);
    ck_assert_uint_eq(w.info2, 0x6000);
    cpu_poke64(cpu, 0x4010, 0);
    w = walk_access(cpu, 0x401ffc, ACCESS_READ, 8, false, NULL);
    ck_assert_int_eq(w.outcome, WALK_PF);
    ck_assert_uint_eq(w.info2, 0x402000);
}
END_TEST

START_TEST(of_two_faulting_pages_the_lower_one_counts)
{
    load(0, 0);
    cpu_poke64(cpu, G1, 0);
    ck_assert_uint_eq(
        walk_access(cpu, 0x401ffc, ACCESS_READ, 8, false, NULL).info2,
        0x401ffc);
}
END_TEST

/* ---- registers that VMRUN would refuse (APM vol. 2, 15.5.1, 15.25.3) ------
 */

static bool loads(struct walk_setup s)
{
    const char *why = NULL;
    bool ok = walk_load(cpu, &s, &why);

    ck_assert(ok == (why == NULL));
    return ok;
}

START_TEST(a_root_beyond_the_width_is_refused)
{
    struct walk_setup s = lab_setup(NCR3, G4);

    ck_assert(loads(s));
    s.ncr3 = NCR3 | 1ULL << _i;
    ck_assert_msg(loads(s) == (_i < 48), "nCR3 bit %d", _i);
    s = lab_setup(NCR3, G4 | 1ULL << _i);
    ck_assert_msg(loads(s) == (_i < 48), "CR3 bit %d", _i);
}
END_TEST

START_TEST(impossible_registers_are_refused)
{
    struct walk_setup s = lab_setup(NCR3, G4);

    s.h_cr0 &= ~CR0_PG;
    ck_assert(!loads(s));
    s = lab_setup(NCR3, G4);
    s.g_cr0 |= CR0_NW;
    ck_assert(!loads(s));
    s.g_cr0 |= CR0_CD;
    ck_assert(loads(s));
    s = lab_setup(NCR3, G4);
    s.g_cr4 &= ~CR4_PAE;
    ck_assert(!loads(s));
    s = lab_setup(NCR3, G4);
    s.g_cr4 |= BIT(13);
    ck_assert(!loads(s));
}
END_TEST

START_TEST(modes_that_are_not_modelled_say_so)
{
    struct walk_setup s = lab_setup(NCR3, G4);

    ck_assert_ptr_null(walk_unsupported(&s));
    s.g_cr4 |= CR4_LA57;
    ck_assert_ptr_nonnull(walk_unsupported(&s));
    s.g_cr4 = CR4_PAE;
    s.g_efer &= ~(EFER_LME | EFER_LMA);
    ck_assert_ptr_nonnull(walk_unsupported(&s));
    s.g_cr0 &= ~CR0_PG;
    ck_assert_ptr_nonnull(walk_unsupported(&s));
    s = lab_setup(NCR3, G4);
    s.np = false;
    ck_assert_ptr_nonnull(walk_unsupported(&s));
    s = lab_setup(NCR3, G4);
    s.h_cr4 = 0;
    ck_assert_ptr_nonnull(walk_unsupported(&s));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("walk");
    TCase *t = tcase_create("walk");
    SRunner *r = srunner_create(s);
    int failed;

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, a_walk_ends_as_written_down, 0, ARRAY_SIZE(rows));
    tcase_add_loop_test(t, guest_modes_do_not_change_a_nested_fault, 0, 3);
    tcase_add_loop_test(t, references_follow_both_page_sizes, 0, 9);
    tcase_add_test(t, the_log_names_references_in_walking_order);
    tcase_add_test(t, a_read_dirties_the_nested_leaves_of_tables_only);
    tcase_add_test(t, a_write_dirties_both_leaves);
    tcase_add_test(t, a_denied_access_leaves_the_leaf_alone);
    tcase_add_test(t, the_guest_leaf_is_dirty_before_the_final_walk_fails);
    tcase_add_test(t, a_non_canonical_address_is_gp_or_ss);
    tcase_add_test(t, a_crossing_access_faults_with_the_second_page);
    tcase_add_test(t, of_two_faulting_pages_the_lower_one_counts);
    tcase_add_loop_test(t, a_root_beyond_the_width_is_refused, 12, 64);
    tcase_add_test(t, impossible_registers_are_refused);
    tcase_add_test(t, modes_that_are_not_modelled_say_so);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
