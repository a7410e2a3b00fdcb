/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compare.c - a kernel's own text and our model of it, state by state.
 *
 * usage: compare MODEL LIB.so [STATES]
 *
 * Sections: the grid of 2,437,120 hosts (or about STATES of them, evenly
 * spread), the edges of boot, L1TF, hardware and ASIDs, a second load of
 * kvm-amd.ko, and MMIO SPTEs. TAP on stdout; a difference is told as the row
 * that `nptsim batch` takes, and what both say. Status 1: there is one.
 */
#include "lab.h"
#include "load.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SHOWN 3
#define MAX_AXES  16

struct judge {
    struct pool *pool;
    const struct kernel_model *model;
    const struct policy_text *text;
    struct lab_bench *bench;
    bool reload;
    uint64_t states, differ; /* of the current section */
    bool failed;
};

/* ---- one state --------------------------------------------------------------
 */

static bool same_column(const struct policy_result *a,
                        const struct policy_result *b, unsigned column)
{
    const struct policy_column *c = &policy_columns[column];

    if (c->format == POLICY_TEXT)
        return strcmp((const char *)a + c->offset,
                      (const char *)b + c->offset) == 0;
    return policy_number(a, column) == policy_number(b, column);
}

static void tell_host(const struct policy_host *host)
{
    struct policy_host plain = policy_default_host();
    const char *comma = "#   ";

    for (unsigned i = 0; i < N_POLICY_INPUTS; i++) {
        if (host->v[i] == plain.v[i])
            continue;
        printf(policy_inputs[i].radix == 16 ? "%s%s=%" PRIx64 : "%s%s=%" PRIu64,
               comma, policy_inputs[i].name, host->v[i]);
        comma = ", ";
    }
    printf("\n");
}

static void tell_column(const struct policy_result *model,
                        const struct policy_result *text, unsigned column)
{
    struct buf a = BUF_INIT, b = BUF_INIT;

    policy_put(&a, model, column);
    policy_put(&b, text, column);
    printf("#     %s: model '%s', text '%s'\n", policy_columns[column].name,
           a.data ? a.data : "", b.data ? b.data : "");
    buf_free(&a);
    buf_free(&b);
}

static void compare(struct judge *j, const struct policy_host *host,
                    const struct policy_result *model,
                    const struct policy_result *text)
{
    bool told = false;

    j->states++;
    for (unsigned c = 0; c < n_policy_columns; c++) {
        if (same_column(model, text, c))
            continue;
        if (!told && j->differ++ >= MAX_SHOWN)
            return;
        if (!told)
            tell_host(host);
        tell_column(model, text, c);
        told = true;
    }
}

static void judge_host(struct judge *j, const struct policy_host *host)
{
    const struct kvm_module *m = lab_load(j->bench, j->model, host);
    struct policy_result model, text;
    struct kvm_module again;

    j->text->load(host, &text);
    if (j->reload) {
        again = *m;
        kvm_module_reload(&again);
        m = &again;
        j->text->reload(host, &text);
    }
    lab_result(m, &model);
    compare(j, host, &model, &text);
}

/* ---- sections
 * ----------------------------------------------------------------
 */

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

static void begin(struct section *s)
{
    *s = (struct section) { .space = { .base = policy_default_host() } };
}

static void verdict(struct judge *j, const char *name)
{
    if (j->differ)
        printf("not ok %s: %" PRIu64 " of %" PRIu64 " states differ\n", name,
               j->differ, j->states);
    else
        printf("ok %s: %" PRIu64 " states\n", name, j->states);
    fflush(stdout);
    j->failed |= j->differ > 0;
    j->states = j->differ = 0;
}

/* About @states points of the section, evenly spread; 0: all. */
static void run(struct judge *j, struct section *s, const char *name,
                uint64_t states)
{
    struct policy_host host;
    uint64_t points, step;

    s->space.axes = s->axis;
    points = lab_space_points(&s->space);
    step = states && states < points ? points / states : 1;
    /* A step that shares no factor with the axes meets all their values. */
    if (step > 1)
        step |= 1;
    while (step > 1 &&
           (step % 3 == 0 || step % 5 == 0 || step % 7 == 0 || step % 17 == 0))
        step += 2;
    for (uint64_t i = 0; i < points; i += step) {
        lab_space_host(&s->space, i, &host);
        judge_host(j, &host);
    }
    verdict(j, name);
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

    begin(&s);
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

    begin(&s);
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

    begin(&s);
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

    begin(&s);
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
    begin(&s);
    add_asids(&s, (const uint64_t(*)[LAB_AXIS_INPUTS])pairs, COUNT(pairs));
    add_axis(j, &s, POLICY_P_SEV, 0, 1);
    add_axis(j, &s, POLICY_P_SEV_ES, 0, 1);
    add_axis(j, &s, POLICY_P_MMIO_CACHING, 0, 1);
    run(j, &s, "asid", 0);
}

static void reload(struct judge *j)
{
    static const enum policy_input flags[] = { POLICY_SYSCFG_MEMENC,
                                               POLICY_P_MMIO_CACHING,
                                               POLICY_P_SEV, POLICY_P_SEV_ES };
    struct section s;

    begin(&s);
    add_axis(j, &s, POLICY_RAW_MAXPHYADDR, 36, 52);
    add_axis(j, &s, POLICY_PA_REDUCTION, 0, 6);
    add_axis(j, &s, POLICY_CBIT, 47, 51);
    add_flags(j, &s, flags, COUNT(flags));
    j->reload = true;
    run(j, &s, "reload", 0);
    j->reload = false;
}

/* ---- MMIO SPTEs
 * ---------------------------------------------------------------
 */

#define N_SPTES     200000
#define IN_PROGRESS BIT(63)

/* Vigna's splitmix64: the same hosts in every run. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
    return z ^ z >> 31;
}

static void random_host(uint64_t *state, struct policy_host *host)
{
    *host = policy_default_host();
    host->v[POLICY_RAW_MAXPHYADDR] = 36 + next_random(state) % 17;
    host->v[POLICY_PA_REDUCTION] = next_random(state) % 7;
    host->v[POLICY_CBIT] = 32 + next_random(state) % 32;
    host->v[POLICY_SYSCFG_MEMENC] = next_random(state) & 1;
    host->v[POLICY_P_MMIO_CACHING] = next_random(state) % 16 > 0;
    host->v[POLICY_P_NPT] = next_random(state) % 8 > 0;
    host->v[POLICY_BUG_L1TF] = next_random(state) % 8 == 0;
    host->v[POLICY_X86_CACHE_BITS] = 36 + next_random(state) % 17;
}

struct spte_question {
    uint64_t gfn, generation;
    unsigned access;
};

struct spte_answer {
    uint64_t max_gfn, spte, gfn, access, generation;
    uint64_t is_mmio, same, next, in_progress;
};

static uint64_t model_check(const struct kvm_module *m, uint64_t spte,
                            uint64_t generation)
{
    uint64_t now = kvm_make_mmio_spte(m, 0, 0, generation);

    return !(generation & IN_PROGRESS) && kvm_mmio_spte_generation(m, spte) ==
                                              kvm_mmio_spte_generation(m, now);
}

static struct spte_answer ask_model(const struct kvm_module *m,
                                    const struct spte_question *q)
{
    uint64_t spte = kvm_make_mmio_spte(m, q->gfn, q->access, q->generation);

    return (struct spte_answer) {
        .max_gfn = kvm_mmu_max_gfn(m),
        .spte = spte,
        .gfn = kvm_mmio_spte_gfn(m, spte),
        .access = kvm_mmio_spte_access(m, spte),
        .generation = kvm_mmio_spte_generation(m, spte),
        .is_mmio = kvm_is_mmio_spte(m, spte),
        .same = model_check(m, spte, q->generation),
        .next = model_check(m, spte, q->generation + 1),
        .in_progress = model_check(m, spte, q->generation | IN_PROGRESS),
    };
}

static struct spte_answer ask_text(const struct policy_text *t,
                                   const struct spte_question *q)
{
    uint64_t spte = t->make_mmio_spte(q->gfn, q->access, q->generation);

    return (struct spte_answer) {
        .max_gfn = t->max_gfn(),
        .spte = spte,
        .gfn = t->mmio_spte_gfn(spte),
        .access = t->mmio_spte_access(spte),
        .generation = t->mmio_spte_generation(spte),
        .is_mmio = t->is_mmio_spte(spte),
        .same = t->check_mmio_spte(spte, q->generation),
        .next = t->check_mmio_spte(spte, q->generation + 1),
        .in_progress = t->check_mmio_spte(spte, q->generation | IN_PROGRESS),
    };
}

static void tell_spte(const char *who, const struct spte_answer *a)
{
    printf("#     %s: max_gfn %" PRIx64 ", spte %" PRIx64 ", gfn %" PRIx64
           ", access %" PRIx64 ", generation %" PRIx64 ", is_mmio %" PRIu64
           ", match %" PRIu64 "%" PRIu64 "%" PRIu64 "\n",
           who, a->max_gfn, a->spte, a->gfn, a->access, a->generation,
           a->is_mmio, a->same, a->next, a->in_progress);
}

static void sptes(struct judge *j)
{
    uint64_t state = 6119;

    for (j->states = 0; j->states < N_SPTES; j->states++) {
        struct policy_result r;
        struct policy_host host;
        struct spte_question q;
        struct spte_answer model, text;

        random_host(&state, &host);
        q.gfn = next_random(&state) >> (12 + next_random(&state) % 40);
        q.generation = next_random(&state) >> next_random(&state) % 64;
        q.access = next_random(&state) & 0xf;
        j->text->load(&host, &r);
        model = ask_model(lab_load(j->bench, j->model, &host), &q);
        text = ask_text(j->text, &q);
        if (memcmp(&model, &text, sizeof(text)) == 0 ||
            j->differ++ >= MAX_SHOWN)
            continue;
        tell_host(&host);
        printf("#   gfn=%" PRIx64 ", access=%x, memslot_generation=%" PRIx64
               "\n",
               q.gfn, q.access, q.generation);
        tell_spte("model", &model);
        tell_spte("text", &text);
    }
    verdict(j, "spte");
}

/* ---- main
 * ---------------------------------------------------------------------
 */

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
    reload(&j);
    sptes(&j);
    pool_destroy(j.pool);
    return j.failed;
}
