/* SPDX-License-Identifier: GPL-2.0-only */
/* oracle/peers.c - from a row of the peers' table to trials, and back. */
#include "oracle/peers.h"

#include "load.h"
#include "oracle/oracle.h"

#include <stdlib.h>
#include <string.h>

#define MAX_ROWS 10000

struct row {
    const struct csv *csv;
    struct pool *pool;
    const char *path;
};

static _Noreturn void bad(const struct row *r, const char *what)
{
    fprintf(stderr, "%s:%u: %s\n", r->path, csv_mark(r->csv, 0).line, what);
    exit(EXIT_FAILURE);
}

static const char *cell(const struct row *r, const char *column)
{
    int at = csv_column(r->csv, column);
    struct csv_cell c;

    if (at < 0)
        bad(r, column);
    c = csv_cell(r->csv, (unsigned)at);
    return pool_strndup(r->pool, c.text, c.len);
}

static uint64_t hex(const struct row *r, const char *column)
{
    return strtoull(cell(r, column), NULL, 16);
}

static enum peer_role role_of(const struct row *r, char letter)
{
    switch (letter) {
    case 'g':
        return ROLE_GUEST;
    case 'n':
        return ROLE_NESTED;
    case 'h':
        return ROLE_HELPER;
    case 's':
        return ROLE_CODE;
    case 'd':
        return ROLE_DATA;
    }
    bad(r, "role");
}

/* "role:level:index:spa:value;..." */
static void take_entries(const struct row *r, struct peer_vector *p)
{
    const char *at = cell(r, "entries");
    unsigned n = 0;

    while (*at) {
        unsigned level, index;
        unsigned long long spa, value;
        char letter;
        int len;

        if (n == TRIAL_WORDS || sscanf(at, "%c:%u:%u:%llx:%llx%n", &letter,
                                       &level, &index, &spa, &value, &len) != 5)
            bad(r, "entries");
        p->role[n] = role_of(r, letter);
        p->level[n] = level;
        if (letter == 'd')
            p->data = spa;
        p->access.mem.at[n].spa = spa;
        p->access.mem.at[n].value = value;
        p->after[n++] = value;
        at += len;
        at += *at == ';';
    }
    p->access.mem.n = n;
}

/* "k=value;...": the k-th entry has that value afterwards. A PDPE of a PAE
 * guest has no accessed bit (APM vol. 2, 5.2); QEMU sets bit 5 there. */
static void take_changes(const struct row *r, struct peer_vector *p)
{
    bool pae = strcmp(cell(r, "g_mode"), "pae") == 0;
    const char *at = cell(r, "changed");

    while (*at) {
        unsigned long long value;
        unsigned k;
        int len;

        if (sscanf(at, "%u=%llx%n", &k, &value, &len) != 2 ||
            k >= p->access.mem.n)
            bad(r, "changed");
        at += len;
        at += *at == ';';
        if (pae && p->level[k] == 3 &&
            (p->role[k] == ROLE_GUEST || p->role[k] == ROLE_CODE))
            continue;
        p->after[k] = value;
    }
}

static void take_registers(const struct row *r, struct trial *v)
{
    trial_init(v);
    v->width = (unsigned)strtoul(cell(r, "maxphyaddr"), NULL, 10);
    v->s = (struct walk_setup) {
        .np = true,
        .h_cr0 = hex(r, "h_cr0"),
        .h_cr4 = hex(r, "h_cr4"),
        .h_efer = hex(r, "h_efer"),
        .ncr3 = hex(r, "ncr3"),
        .g_cr0 = hex(r, "g_cr0"),
        .g_cr3 = hex(r, "g_cr3"),
        .g_cr4 = hex(r, "g_cr4"),
        .g_efer = hex(r, "g_efer"),
        .g_rflags = hex(r, "g_rflags"),
        .cpl = (unsigned)hex(r, "cpl"),
    };
    v->gva = hex(r, "gva");
}

static void take_access(const struct row *r, struct peer_vector *p)
{
    struct trial *v = &p->access;
    bool wide = strncmp(cell(r, "g_mode"), "long", 4) == 0;

    switch (*cell(r, "access")) {
    case 'R':
        v->kind = ACCESS_READ;
        v->size = wide ? 8 : 4;
        break;
    case 'W':
        v->kind = ACCESS_WRITE;
        break;
    case 'M':
        v->kind = ACCESS_RMW;
        break;
    case 'X':
        v->kind = ACCESS_FETCH;
        break;
    default:
        bad(r, "access");
    }
    p->has_fetch = v->kind != ACCESS_FETCH;
    p->fetch = *v;
    p->fetch.kind = ACCESS_FETCH;
    p->fetch.size = 1;
    p->fetch.gva = hex(r, "rip");
}

static void take_row(const struct row *r, struct peer_vector *p)
{
    p->id = (unsigned)strtoul(cell(r, "id"), NULL, 10);
    p->group = cell(r, "group");
    p->note = cell(r, "note");
    p->exit_code = hex(r, "apm_exit_code");
    p->info1 = hex(r, "apm_exitinfo1");
    p->info2 = hex(r, "apm_exitinfo2");
    take_registers(r, &p->access);
    take_entries(r, p);
    take_changes(r, p);
    take_access(r, p);
}

unsigned peers_load(struct pool *pool, const char *path,
                    struct peer_vector **out)
{
    char *command = pool_printf(pool, "gzip -dc %s", path);
    FILE *f = popen(command, "r");
    struct err e = { 0 };
    struct row r = { .pool = pool, .path = path };
    struct csv *csv = f ? csv_open(pool, f, path, &e) : NULL;
    unsigned n = 0, max = 0;

    r.csv = csv;
    *out = NULL;
    while (csv && n < MAX_ROWS && csv_next(csv, &e) > 0) {
        if (n == max) {
            struct peer_vector *more;

            max = max ? 2 * max : 64;
            more = pool_alloc(pool, max * sizeof(*more));
            if (n)
                memcpy(more, *out, n * sizeof(*more));
            *out = more;
        }
        take_row(&r, &(*out)[n++]);
    }
    if (!csv || e.set || !n) {
        fprintf(stderr, "%s: %s\n", path, e.set ? e.msg : "unreadable");
        exit(EXIT_FAILURE);
    }
    pclose(f);
    return n;
}

static const char *ask(struct cpu *c, const struct trial *v, struct answer *out)
{
    if (c)
        return trial_run(c, v, out);
    *out = oracle_walk(v);
    return NULL;
}

const char *peer_run(struct cpu *c, const struct peer_vector *p,
                     struct answer *out)
{
    struct trial then = p->access;
    const char *why;

    if (!p->has_fetch)
        return ask(c, &p->access, out);
    why = ask(c, &p->fetch, out);
    if (why || out->outcome != WALK_OK)
        return why;
    then.mem = out->mem;
    return ask(c, &then, out);
}

static bool same_exit(const struct peer_vector *p, const struct answer *a)
{
    switch (a->outcome) {
    case WALK_OK:
        return p->exit_code == 0x81; /* VMMCALL, behind the access */
    case WALK_NPF:
        return p->exit_code == 0x400;
    case WALK_PF:
        return p->exit_code == 0x4e;
    case WALK_GP:
        return p->exit_code == 0x4d;
    case WALK_SS:
        return p->exit_code == 0x4c;
    case WALK_INVALID:
        return p->exit_code == UINT64_MAX;
    case WALK_VC:
        break;
    }
    return false;
}

/*
 * Entries afterwards. QEMU sets A in upper entries on the way down, in nested
 * tables too; the APM leaves that open, so after a fault an entry may also be
 * as it was. An access that succeeds leaves no choice.
 */
static bool same_tables(const struct peer_vector *p, const struct answer *a)
{
    for (unsigned i = 0; i < p->access.mem.n; i++) {
        uint64_t before = p->access.mem.at[i].value;
        uint64_t got = words_get(&a->mem, p->access.mem.at[i].spa);

        if (p->role[i] == ROLE_DATA || got == p->after[i])
            continue;
        if (a->outcome == WALK_OK || got != before)
            return false;
    }
    return true;
}

const char *peer_problem(const struct peer_vector *p, const struct answer *a)
{
    if (!same_exit(p, a))
        return "exit_code";
    if ((a->outcome == WALK_NPF || a->outcome == WALK_PF) &&
        a->code != p->info1)
        return "exitinfo1";
    if ((a->outcome == WALK_NPF || a->outcome == WALK_PF) &&
        a->addr != p->info2)
        return "exitinfo2";
    if (a->outcome == WALK_OK && p->data && a->spa != p->data)
        return "place of the data";
    return same_tables(p, a) ? NULL : "tables";
}
