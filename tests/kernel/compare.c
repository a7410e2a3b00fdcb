/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compare.c - a kernel's own text and our model of it, state by state.
 *
 * usage: compare MODEL LIB.so [STATES]
 *
 * Sections: the grid of 2,437,120 hosts (or about STATES of them, evenly
 * spread), the edges of boot, L1TF, hardware, ASIDs and SNP, a second load of
 * kvm-amd.ko, and MMIO SPTEs. TAP on stdout; a difference is told as the row
 * that `nptsim batch` takes, and what both say. Status 1: there is one.
 */
#include "kernel/compare.h"
#include "load.h"

#include <stdio.h>
#include <stdlib.h>

#define MAX_AXES 16

/* ---- sections ---- */

struct section {
    struct lab_axis axis[MAX_AXES];
    struct lab_space space;
};

static void add_axis(struct judge *j, struct section *s, enum policy_input i,
                     uint64_t from, uint64_t to)
{
    unsigned n = (unsigned)(to - from + 1);
    uint64_t(*v)[LAB_AXIS_INPUTS] = pool_alloc(j->pool, n * sizeof(*v));

    for (unsigned k = 0; k < n; k++)
        v[k][0] = from + k;
    s->axis[s->space.n_axes++] = (struct lab_axis) {
        .n_inputs = 1, .n_values = n, .input = { i }, .values = v
    };
}

static void add_flags(struct judge *j, struct section *s,
                      const enum policy_input *flags, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        add_axis(j, s, flags[i], 0, 1);
}

static void add_asids(struct section *s,
                      const uint64_t (*pairs)[LAB_AXIS_INPUTS], unsigned n)
{
    s->axis[s->space.n_axes++] = (struct lab_axis) {
        .n_inputs = 2,
        .n_values = n,
        .input = { POLICY_MIN_ASID, POLICY_MAX_ASID },
        .values = pairs,
    };
}

static void begin_section(struct section *s)
{
    *s = (struct section) { .space = { .base = policy_default_host() } };
}

static void run(struct judge *j, struct section *s, const char *name,
                uint64_t states)
{
    s->space.axes = s->axis;
    judge_space(j, &s->space, name, states);
}

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The axes of the tables in tests/data/golden/. */
static void grid(struct judge *j, uint64_t states)
{
    static const enum policy_input flags[] = {
        POLICY_SYSCFG_MEMENC, POLICY_P_MMIO_CACHING, POLICY_P_NPT,
        POLICY_P_SEV,         POLICY_P_SEV_ES,       POLICY_F_SEV,
        POLICY_F_SEV_ES,
    };
    static const uint64_t asids[][LAB_AXIS_INPUTS] = {
        { 1, 15 }, { 5, 15 }, { 100, 509 }, { 510, 509 }, { 1, 0 }
    };
    struct section s;

    begin_section(&s);
    add_axis(j, &s, POLICY_RAW_MAXPHYADDR, 36, 52);
    add_axis(j, &s, POLICY_PA_REDUCTION, 0, 6);
    add_axis(j, &s, POLICY_CBIT, 32, 63);
    add_flags(j, &s, flags, COUNT(flags));
    add_asids(&s, asids, COUNT(asids));
    run(j, &s, "grid", states);
}

static void boot(struct judge *j)
{
    static const enum policy_input flags[] = {
        POLICY_HWCR_SMMLOCK, POLICY_SME_ACTIVE, POLICY_F_SME,
        POLICY_F_SEV,        POLICY_F_SEV_ES,   POLICY_SYSCFG_MEMENC,
    };
    static const uint64_t leaves[][LAB_AXIS_INPUTS] = {
        { 0x80000000 }, { 0x80000001 }, { 0x80000007 }, { 0x80000008 },
        { 0x80000009 }, { 0x8000000a }, { 0x8000001e }, { 0x8000001f },
        { 0x80000020 }, { 0x80000021 },
    };
    struct section s;

    begin_section(&s);
    s.axis[s.space.n_axes++] = (struct lab_axis) {
        .n_inputs = 1,
        .n_values = COUNT(leaves),
        .input = { POLICY_MAX_EXT_LEAF },
        .values = leaves,
    };
    add_flags(j, &s, flags, COUNT(flags));
    add_axis(j, &s, POLICY_RAW_MAXPHYADDR, 48, 52);
    add_axis(j, &s, POLICY_PA_REDUCTION, 0, 2);
    add_axis(j, &s, POLICY_CBIT, 47, 51);
    run(j, &s, "boot", 0);
}

static void l1tf(struct judge *j)
{
    struct section s;

    begin_section(&s);
    s.space.base.v[POLICY_BUG_L1TF] = 1;
    add_axis(j, &s, POLICY_X86_CACHE_BITS, 36, 52);
    add_axis(j, &s, POLICY_RAW_MAXPHYADDR, 36, 52);
    add_axis(j, &s, POLICY_PA_REDUCTION, 0, 6);
    add_axis(j, &s, POLICY_CBIT, 47, 51);
    add_axis(j, &s, POLICY_SYSCFG_MEMENC, 0, 1);
    add_axis(j, &s, POLICY_P_MMIO_CACHING, 0, 1);
    run(j, &s, "l1tf", 0);
}

static void hardware(struct judge *j)
{
    static const enum policy_input flags[] = {
        POLICY_F_NPT,         POLICY_F_NRIPS,   POLICY_F_DECODEASSISTS,
        POLICY_F_FLUSHBYASID, POLICY_F_LBRV,    POLICY_F_SEV,
        POLICY_F_SEV_ES,      POLICY_P_NPT,     POLICY_P_SEV,
        POLICY_P_SEV_ES,      POLICY_P_SEV_SNP,
    };
    struct section s;

    begin_section(&s);
    add_flags(j, &s, flags, COUNT(flags));
    add_axis(j, &s, POLICY_RAW_MAXPHYADDR, 51, 52);
    add_axis(j, &s, POLICY_PA_REDUCTION, 0, 1);
    run(j, &s, "hardware", 0);
}

static void asid(struct judge *j)
{
    static const uint64_t ends[] = { 0,          1,          2,
                                     15,         16,         509,
                                     510,        0xffff,     0x7fffffff,
                                     0x80000000, 0xfffffffe, 0xffffffff };
    static uint64_t pairs[COUNT(ends) * COUNT(ends)][LAB_AXIS_INPUTS];
    struct section s;

    for (unsigned i = 0; i < COUNT(pairs); i++) {
        pairs[i][0] = ends[i / COUNT(ends)];
        pairs[i][1] = ends[i % COUNT(ends)];
    }
    begin_section(&s);
    add_asids(&s, (const uint64_t(*)[LAB_AXIS_INPUTS])pairs, COUNT(pairs));
    add_axis(j, &s, POLICY_P_SEV, 0, 1);
    add_axis(j, &s, POLICY_P_SEV_ES, 0, 1);
    add_axis(j, &s, POLICY_P_MMIO_CACHING, 0, 1);
    run(j, &s, "asid", 0);
}

/* The firmware, the RMP and the secure processor, in all the states that a host
 * can be said to be in (sim/lab/inputs.c). */
static void snp(struct judge *j)
{
    static const enum policy_input said[] = {
        POLICY_PSP,          POLICY_PSP_SNP_INIT,   POLICY_HOST_SNP_OK,
        POLICY_F_SNP,        POLICY_P_SEV_SNP,      POLICY_CTH_HW,
        POLICY_FW_ALLOWS_ES, POLICY_P_MMIO_CACHING, POLICY_P_SEV,
        POLICY_P_SEV_ES,     POLICY_F_SEV,          POLICY_F_SEV_ES,
        POLICY_HWCR_SMMLOCK,
    };
    static const uint64_t asids[][LAB_AXIS_INPUTS] = {
        { 100, 509 }, { 510, 509 }, { 1, 15 }, { 100, 0 }
    };
    struct section s;

    begin_section(&s);
    for (unsigned i = 0; i < COUNT(said); i++)
        add_axis(j, &s, said[i], policy_inputs[said[i]].min,
                 policy_inputs[said[i]].max);
    add_asids(&s, asids, COUNT(asids));
    run(j, &s, "snp", 0);
}

static void reload(struct judge *j)
{
    static const enum policy_input flags[] = {
        POLICY_SYSCFG_MEMENC, POLICY_P_MMIO_CACHING,  POLICY_P_SEV,
        POLICY_P_SEV_ES,      POLICY_F_DECODEASSISTS, POLICY_BUG_L1TF,
    };
    struct section s;

    begin_section(&s);
    add_axis(j, &s, POLICY_RAW_MAXPHYADDR, 36, 52);
    add_axis(j, &s, POLICY_PA_REDUCTION, 0, 6);
    add_axis(j, &s, POLICY_CBIT, 47, 51);
    add_flags(j, &s, flags, COUNT(flags));
    add_axis(j, &s, POLICY_X86_CACHE_BITS, 46, 47);
    j->reload = true;
    run(j, &s, "reload", 0);
    j->reload = false;
}

/* ---- main ---- */

static int complain(const struct err *e)
{
    fprintf(stderr, "%s: error: %s\n", e->at.file ? e->at.file : "compare",
            e->msg);
    return 65;
}

int main(int argc, char **argv)
{
    struct judge j = { .pool = pool_create() };
    struct err e = { 0 };
    const struct kernel_file *file;

    if (argc < 3 || argc > 4) {
        fprintf(stderr, "usage: compare MODEL LIB.so [STATES]\n");
        return 2;
    }
    file = catalog_kernel(catalog_open(j.pool, "models"), argv[1],
                          (struct mark) { .file = argv[1] }, &e);
    if (!file)
        return complain(&e);
    j.model = &file->model;
    j.text = lab_text_open(argv[2], &e);
    if (!j.text)
        return complain(&e);
    j.bench = lab_bench_create(j.pool);
    printf("# the text of Linux %s (%u functions) and the model %s\n",
           j.text->version, j.text->n_functions, argv[1]);

    grid(&j, argc > 3 ? strtoull(argv[3], NULL, 10) : 0);
    boot(&j);
    l1tf(&j);
    hardware(&j);
    asid(&j);
    snp(&j);
    reload(&j);
    judge_sptes(&j);
    pool_destroy(j.pool);
    return j.failed;
}
