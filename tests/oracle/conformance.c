/* SPDX-License-Identifier: GPL-2.0-only */
/* oracle/conformance.c - from a line of the table to a trial, and back. */
#include "oracle/conformance.h"

#include "arch/rmp.h"
#include "load.h"

#include <stdlib.h>
#include <string.h>

/* ---- where the bench has its entries ---- */

#define RWUAD 0x67
#define NCR3  0x100000ULL
#define GCR3  0x1000ULL

static const struct {
    const char *name;
    spa_t spa;
} places[] = {
    { "n4", 0x100000 }, { "n3", 0x101000 }, { "n2", 0x102000 },
    { "g4", 0x1000 },   { "g3", 0x2000 },   { "g2", 0x3010 },
    { "g1", 0x4008 },
};

static void bench(struct trial *v)
{
    trial_init(v);
    v->s.ncr3 = NCR3;
    v->s.g_cr3 = GCR3;
    v->gva = 0x401238;
    words_set(&v->mem, 0x100000, 0x101000 | RWUAD);
    words_set(&v->mem, 0x101000, 0x102000 | RWUAD);
    words_set(&v->mem, 0x102000, 0x103000 | RWUAD);
    for (gpa_t page = 1; page <= 6; page++)
        words_set(&v->mem, 0x103000 + 8 * page, page << 12 | RWUAD);
    words_set(&v->mem, 0x102008, 0x400000 | RWUAD);
    words_set(&v->mem, 0x400000, 0x200000 | RWUAD);
    words_set(&v->mem, 0x1000, 0x2000 | RWUAD);
    words_set(&v->mem, 0x2000, 0x3000 | RWUAD);
    words_set(&v->mem, 0x3010, 0x4000 | RWUAD);
    words_set(&v->mem, 0x4008, 0x5000 | RWUAD);
    words_set(&v->mem, 0x4010, 0x6000 | RWUAD);
}

/* A host with SEV-SNP: a table for 4 GiB, behind them; nobody owns a page. */
#define RMP_BASE 0x100000000ULL

static void snp_host(struct trial *v)
{
    v->snp = v->s.snpe = true;
    v->s.rmp_base = RMP_BASE;
    v->s.rmp_end = RMP_BASE + RMP_BOOKKEEPING + BIT(20) * RMP_ENTRY_SIZE - 1;
}

/* ASID 1 has, and has validated, all pages of the bench; as 4K pages. */
static void snp_guest(struct trial *v)
{
    static const gpa_t pages[] = { 0x1000, 0x2000, 0x3000,  0x4000,
                                   0x5000, 0x6000, 0x200000 };

    snp_host(v);
    v->encrypt = v->s.sev = v->s.snp = true;
    for (unsigned i = 0; i < ARRAY_SIZE(pages); i++) {
        words_set(&v->mem, rmp_slot(RMP_BASE, pages[i]),
                  pages[i] | BIT(0) | BIT(51) | BIT(62));
        words_set(&v->mem, rmp_slot(RMP_BASE, pages[i]) + 8, 0xf);
    }
}

/* ---- reading ---- */

static _Noreturn void bad(const struct conformance *c, const char *word)
{
    fprintf(stderr, "conformance.csv:%u: what is '%s'?\n", c->line, word);
    exit(EXIT_FAILURE);
}

unsigned conformance_load(struct pool *pool, const char *path,
                          struct conformance *lines, unsigned max)
{
    FILE *f = fopen(path, "r");
    struct err e = { 0 };
    struct csv *csv = f ? csv_open(pool, f, path, &e) : NULL;
    unsigned n = 0;

    while (csv && n < max && csv_next(csv, &e) > 0) {
        struct conformance *c = &lines[n++];
        const struct {
            const char *name, **to;
        } columns[] = {
            { "row", &c->row },       { "source", &c->source },
            { "needs", &c->needs },   { "setup", &c->setup },
            { "change", &c->change }, { "access", &c->access },
            { "expect", &c->expect }, { "after", &c->after },
        };

        c->line = csv_mark(csv, 0).line;
        for (unsigned i = 0; i < ARRAY_SIZE(columns); i++) {
            int at = csv_column(csv, columns[i].name);
            struct csv_cell cell;

            if (at < 0)
                bad(c, columns[i].name);
            cell = csv_cell(csv, (unsigned)at);
            *columns[i].to = pool_strndup(pool, cell.text, cell.len);
        }
    }
    if (!csv || e.set || n == max) {
        fprintf(stderr, "%s: %s\n", path, e.set ? e.msg : "unreadable");
        exit(EXIT_FAILURE);
    }
    fclose(f);
    return n;
}

static void flag(uint64_t *reg, uint64_t bit, uint64_t on)
{
    *reg = on ? *reg | bit : *reg & ~bit;
}

static void legacy_guest(struct trial *v, uint64_t cr4)
{
    v->s.g_efer &= ~(EFER_LMA | EFER_LME);
    v->s.g_cr4 = (v->s.g_cr4 & ~CR4_PAE) | cr4;
}

/* The PDPE of a PAE guest lies where the PDPE was; it has P alone. */
static void pae_guest(struct trial *v)
{
    legacy_guest(v, CR4_PAE);
    v->s.g_cr3 = 0x2000;
    words_set(&v->mem, 0x2000, 0x3001);
}

/* "hnxe=0": a bit of a register. */
static bool set_bit(struct trial *v, const char *key, uint64_t on)
{
    const struct {
        const char *name;
        uint64_t *reg, bit;
    } bits[] = {
        { "hnxe", &v->s.h_efer, EFER_NXE },  { "hsmep", &v->s.h_cr4, CR4_SMEP },
        { "hsmap", &v->s.h_cr4, CR4_SMAP },  { "hpke", &v->s.h_cr4, CR4_PKE },
        { "hwp", &v->s.h_cr0, CR0_WP },      { "hpg", &v->s.h_cr0, CR0_PG },
        { "gnxe", &v->s.g_efer, EFER_NXE },  { "gsmep", &v->s.g_cr4, CR4_SMEP },
        { "gsmap", &v->s.g_cr4, CR4_SMAP },  { "gpke", &v->s.g_cr4, CR4_PKE },
        { "gwp", &v->s.g_cr0, CR0_WP },      { "gpg", &v->s.g_cr0, CR0_PG },
        { "ac", &v->s.g_rflags, RFLAGS_AC },
    };

    for (unsigned i = 0; i < ARRAY_SIZE(bits); i++) {
        if (strcmp(bits[i].name, key) == 0) {
            flag(bits[i].reg, bits[i].bit, on);
            return true;
        }
    }
    return false;
}

/* "cpl=3", "enc=1": a field of the trial. */
static bool set_field(struct trial *v, const char *key, uint64_t value)
{
    const struct {
        const char *name;
        unsigned *number;
        bool *yes;
    } fields[] = {
        { "M", &v->width, NULL },       { "red", &v->reduction, NULL },
        { "cbit", &v->cbit, NULL },     { "cpl", &v->s.cpl, NULL },
        { "pkru", &v->s.pkru, NULL },   { "enc", NULL, &v->encrypt },
        { "gb", NULL, &v->gb_pages },   { "np", NULL, &v->s.np },
        { "gmet", NULL, &v->s.gmet },   { "sss", NULL, &v->s.sss },
        { "rogpt", NULL, &v->s.rogpt }, { "asid", &v->s.asid, NULL },
        { "vmpl", &v->s.vmpl, NULL },   { "vmple", NULL, &v->s.vmple },
        { "sev", NULL, &v->s.sev },
    };

    for (unsigned i = 0; i < ARRAY_SIZE(fields); i++) {
        if (strcmp(fields[i].name, key) != 0)
            continue;
        if (fields[i].number)
            *fields[i].number = (unsigned)value;
        else
            *fields[i].yes = value;
        return true;
    }
    return false;
}

/* "knob.err1218=true": says whether it was one. */
static bool set_knob(const struct conformance *c, struct trial *v,
                     const char *key, const char *value)
{
    struct pool *pool;
    struct err e = { 0 };

    if (strncmp(key, "knob.", 5) != 0)
        return false;
    pool = pool_create();
    if (cpu_knob_set(pool, &v->knobs, key + 5, value, (struct mark) { 0 }, &e))
        bad(c, e.msg);
    pool_destroy(pool);
    return true;
}

static void set_key(const struct conformance *c, struct trial *v,
                    const char *key, uint64_t value)
{
    if (strcmp(key, "gmodes") == 0) {
        flag(&v->s.g_efer, EFER_NXE, value & 1);
        flag(&v->s.g_cr4, CR4_SMEP, value & 2);
    } else if (strcmp(key, "gpae") == 0) {
        pae_guest(v);
    } else if (strcmp(key, "gpse") == 0) {
        legacy_guest(v, CR4_PSE);
    } else if (strcmp(key, "snpe") == 0) {
        snp_host(v);
    } else if (strcmp(key, "vtom") == 0) {
        v->s.vtom = value;
    } else if (strcmp(key, "snp") == 0) {
        snp_guest(v);
    } else if (!set_bit(v, key, value) && !set_field(v, key, value)) {
        bad(c, key);
    }
}

static void apply_setup(const struct conformance *c, struct trial *v,
                        unsigned variant)
{
    char *copy = strdup(c->setup), *save;

    for (char *w = strtok_r(copy, " ", &save); w;
         w = strtok_r(NULL, " ", &save)) {
        char *equals = strchr(w, '=');

        if (!equals)
            bad(c, w);
        *equals = '\0';
        if (!set_knob(c, v, w, equals + 1))
            set_key(c, v, w,
                    strcmp(w, "gmodes") ? strtoull(equals + 1, NULL, 10)
                                        : variant % 4);
    }
    free(copy);
}

/* The word that a name stands for; @spa 0: it is a register, @reg. */
static void find_place(const struct conformance *c, struct trial *v,
                       const char *name, spa_t *spa, uint64_t **reg)
{
    *reg = NULL;
    for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
        if (strncmp(name, places[i].name, 2) == 0) {
            *spa = places[i].spa;
            return;
        }
    }
    if (strncmp(name, "n(", 2) == 0)
        *spa = 0x103000 + 8 * (strtoull(name + 2, NULL, 16) >> 12);
    else if (strncmp(name, "w(", 2) == 0)
        *spa = strtoull(name + 2, NULL, 16);
    else if (strncmp(name, "r(", 2) == 0)
        *spa = rmp_slot(RMP_BASE, strtoull(name + 2, NULL, 16));
    else if (strncmp(name, "R(", 2) == 0)
        *spa = rmp_slot(RMP_BASE, strtoull(name + 2, NULL, 16)) + 8;
    else if (strncmp(name, "ncr3", 4) == 0)
        *reg = &v->s.ncr3;
    else if (strncmp(name, "cr3", 3) == 0)
        *reg = &v->s.g_cr3;
    else
        bad(c, name);
}

/* "1+50" or "48..51", of which @pick chooses one. */
static uint64_t parse_bits(const char *text, unsigned pick)
{
    uint64_t bits = 0;
    char *end;

    for (;;) {
        unsigned long n = strtoul(text, &end, 10);

        if (*end == '.')
            return BIT(n + pick);
        bits |= BIT(n);
        if (*end != '+')
            return bits;
        text = end + 1;
    }
}

static void apply_changes(const struct conformance *c, struct trial *v,
                          unsigned pick)
{
    char *copy = strdup(c->change), *save;

    for (char *w = strtok_r(copy, ";", &save); w;
         w = strtok_r(NULL, ";", &save)) {
        char *hat = strchr(w, '^');
        uint64_t bits, *reg;
        spa_t spa;

        if (!hat)
            bad(c, w);
        bits = parse_bits(hat + 1, pick);
        find_place(c, v, w, &spa, &reg);
        if (reg)
            *reg ^= bits;
        else
            words_set(&v->mem, spa, words_get(&v->mem, spa) ^ bits);
    }
    free(copy);
}

static void apply_access(const struct conformance *c, struct trial *v)
{
    const char *at = strchr(c->access, '@'), *size = strchr(c->access, '/');

    v->stack = strncmp(c->access, "stack", 5) == 0;
    if (strncmp(c->access, "read", 4) == 0 || v->stack)
        v->kind = ACCESS_READ;
    else if (strncmp(c->access, "rmw", 3) == 0)
        v->kind = ACCESS_RMW;
    else if (strncmp(c->access, "write", 5) == 0)
        v->kind = ACCESS_WRITE;
    else if (strncmp(c->access, "shadow-write", 12) == 0)
        v->kind = ACCESS_SHADOW_WRITE;
    else if (strncmp(c->access, "fetch", 5) == 0)
        v->kind = ACCESS_FETCH;
    else
        bad(c, c->access);
    if (at)
        v->gva = strtoull(at + 1, NULL, 16);
    if (size)
        v->size = (unsigned)strtoul(size + 1, NULL, 10);
}

/* ---- trials and answers ---- */

static unsigned range_of(const struct conformance *c)
{
    const char *dots = strstr(c->change, ".."), *first = dots;

    if (!dots)
        return 1;
    while (first[-1] >= '0' && first[-1] <= '9')
        first--;
    return (unsigned)(strtoul(dots + 2, NULL, 10) - strtoul(first, NULL, 10)) +
           1;
}

unsigned conformance_variants(const struct conformance *c)
{
    return range_of(c) * (strstr(c->setup, "gmodes") ? 4 : 1);
}

void conformance_trial(const struct conformance *c, unsigned variant,
                       struct trial *v)
{
    unsigned range = range_of(c);

    bench(v);
    apply_setup(c, v, variant / range);
    apply_changes(c, v, variant % range);
    apply_access(c, v);
}

static const char *after_problem(const struct conformance *c,
                                 const struct answer *a)
{
    char *copy = strdup(c->after), *save;
    const char *problem = NULL;
    struct trial unused;

    for (char *w = strtok_r(copy, " ", &save); w;
         w = strtok_r(NULL, " ", &save)) {
        char *sign = w + strcspn(w, "+-");
        unsigned long n = strtoul(sign + 1, NULL, 10);
        uint64_t *reg;
        spa_t spa = 0;

        find_place(c, &unused, w, &spa, &reg);
        if (((words_get(&a->mem, spa) >> n) & 1) != (*sign == '+'))
            problem = "accessed or dirty bit";
    }
    free(copy);
    return problem;
}

const char *conformance_problem(const struct conformance *c,
                                const struct answer *a)
{
    const char *space = strchr(c->expect, ' ');
    size_t len = space ? (size_t)(space - c->expect) : strlen(c->expect);
    const char *got = outcome_name(a->outcome);
    char *rest = NULL;
    uint64_t first, open = 0;

    if (strlen(got) != len || strncmp(got, c->expect, len) != 0)
        return "outcome";
    if (space) {
        first = strtoull(space, &rest, 16);
        if (*rest == '~')
            open = strtoull(rest + 1, &rest, 16);
        if (a->outcome == WALK_OK && a->spa != first)
            return "system-physical address";
        if (a->outcome != WALK_OK && (a->code | open) != (first | open))
            return "code";
        if (a->outcome != WALK_OK && a->addr != strtoull(rest, NULL, 16))
            return "address";
    }
    return after_problem(c, a);
}
