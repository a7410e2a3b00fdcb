/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/cmd_walk.c - nptsim walk: its options, and whether they make sense. */
#include "cli/walk.h"

#include <stdlib.h>
#include <string.h>

enum {
    OPT_BASE = 0x100,
    OPT_CR0,
    OPT_CR3,
    OPT_CR4,
    OPT_EFER,
    OPT_PKRU,
    OPT_CPL,
    OPT_RFLAGS,
    OPT_PAT,
    OPT_NCR3,
    OPT_HOST_CR0,
    OPT_HOST_CR4,
    OPT_HOST_EFER,
    OPT_HOST_PAT,
    OPT_MTRR,
    OPT_GVA,
    OPT_WRITE,
    OPT_FETCH,
    OPT_LIST,
    OPT_LIMIT,
};

static const struct argp_option options[] = {
    { "refs", 'r', NULL, 0, "One reference per line", 0 },
    { "json", 'j', NULL, 0, "One JSON object per walk", 0 },
    { "cpu", 'c', "NAME", 0, "The CPU that walks (a dump: default milan)", 0 },
    { NULL, 0, NULL, 0, "A scenario:", 1 },
    { "set", 's', "KEY=VALUE", 0, "Lay a value over the scenario", 1 },
    { NULL, 0, NULL, 0, "A dump of physical memory:", 2 },
    { "image", 'i', "FILE", 0, "Raw, as QEMU's pmemsave writes it", 2 },
    { "base", OPT_BASE, "SPA", 0, "Where --image starts (default 0)", 2 },
    { "core", 'e', "FILE", 0, "ELF, as QEMU's dump-guest-memory writes it", 2 },
    { "list", OPT_LIST, NULL, 0,
      "What the guest's tables map, or without --cr3 the nested ones", 2 },
    { "limit", OPT_LIMIT, "N", 0, "--list: give up after N tables", 2 },
    { "gva", OPT_GVA, "ADDR", 0, "The access: guest-virtual address", 2 },
    { "write", OPT_WRITE, NULL, 0, "a write (default: a read)", 2 },
    { "fetch", OPT_FETCH, NULL, 0, "an instruction fetch", 2 },
    { "cr3", OPT_CR3, "VALUE", 0, "Guest registers", 3 },
    { "cr0", OPT_CR0, "VALUE", 0, "default 0x80010001: PG, WP, PE", 3 },
    { "cr4", OPT_CR4, "VALUE", 0, "default 0x20: PAE", 3 },
    { "efer", OPT_EFER, "VALUE", 0, "default 0x1d00: SVME, NXE, LMA, LME", 3 },
    { "rflags", OPT_RFLAGS, "VALUE", 0, "default 0x2", 3 },
    { "pkru", OPT_PKRU, "VALUE", 0, "default 0", 3 },
    { "cpl", OPT_CPL, "N", 0, "default 0", 3 },
    { "pat", OPT_PAT, "VALUE", 0, "default 0x7040600070406, as after reset",
      3 },
    { "ncr3", OPT_NCR3, "VALUE", 0, "Nested tables; without: none", 4 },
    { "host-cr0", OPT_HOST_CR0, "VALUE", 0, "the host's, as at VMRUN", 4 },
    { "host-cr4", OPT_HOST_CR4, "VALUE", 0, NULL, 4 },
    { "host-efer", OPT_HOST_EFER, "VALUE", 0, NULL, 4 },
    { "host-pat", OPT_HOST_PAT, "VALUE", 0, NULL, 4 },
    { "mtrr", OPT_MTRR, "TYPE", 0,
      "of all memory: 0 UC, 1 WC, 4 WT, 5 WP, 6 WB (default)", 4 },
    { 0 },
};

/* The number that option @name takes, at most @max. */
static uint64_t number(struct argp_state *state, const char *name,
                       const char *arg, uint64_t max)
{
    uint64_t v = 0;
    enum num_result n = num_parse(arg, strlen(arg), &v);

    if (n != NUM_OK)
        argp_error(state, "--%s: '%s' %s", name, arg, num_problem(n));
    else if (v > max)
        argp_error(state, "--%s: %s is more than 0x%llx", name, arg,
                   (unsigned long long)max);
    return v;
}

static uint64_t pat(struct argp_state *state, const char *name, const char *arg)
{
    uint64_t v = number(state, name, arg, UINT64_MAX);

    if (!pat_is_valid(v))
        argp_error(state, "--%s: %s holds a reserved memory type", name, arg);
    return v;
}

static void take_access(struct walk_args *a, struct argp_state *state,
                        enum access_kind kind)
{
    if (a->has_access)
        argp_error(state, "one of --write and --fetch");
    a->has_access = true;
    a->kind = kind;
}

static error_t parse_host(int key, char *arg, struct argp_state *state)
{
    struct walk_args *a = state->input;
    struct walk_setup *s = &a->setup;

    switch (key) {
    case OPT_HOST_CR0:
        s->h_cr0 = number(state, "host-cr0", arg, UINT64_MAX);
        break;
    case OPT_HOST_CR4:
        s->h_cr4 = number(state, "host-cr4", arg, UINT64_MAX);
        break;
    case OPT_HOST_EFER:
        s->h_efer = number(state, "host-efer", arg, UINT64_MAX);
        break;
    case OPT_HOST_PAT:
        s->h_pat = pat(state, "host-pat", arg);
        break;
    case OPT_MTRR:
        if (!memtype_decode(number(state, "mtrr", arg, 6), &s->mtrr))
            argp_error(state, "--mtrr: %s is reserved", arg);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    a->has_host = true;
    return 0;
}

static error_t parse_register(int key, char *arg, struct argp_state *state)
{
    struct walk_args *a = state->input;
    struct walk_setup *s = &a->setup;

    switch (key) {
    case OPT_CR0:
        s->g_cr0 = number(state, "cr0", arg, UINT64_MAX);
        return 0;
    case OPT_CR3:
        s->g_cr3 = number(state, "cr3", arg, UINT64_MAX);
        a->has_cr3 = true;
        return 0;
    case OPT_CR4:
        s->g_cr4 = number(state, "cr4", arg, UINT64_MAX);
        return 0;
    case OPT_EFER:
        s->g_efer = number(state, "efer", arg, UINT64_MAX);
        return 0;
    case OPT_RFLAGS:
        s->g_rflags = number(state, "rflags", arg, UINT64_MAX);
        return 0;
    case OPT_PKRU:
        s->pkru = (uint32_t)number(state, "pkru", arg, UINT32_MAX);
        return 0;
    case OPT_CPL:
        s->cpl = (unsigned)number(state, "cpl", arg, 3);
        return 0;
    case OPT_PAT:
        s->g_pat = pat(state, "pat", arg);
        return 0;
    case OPT_NCR3:
        s->ncr3 = number(state, "ncr3", arg, UINT64_MAX);
        a->has_ncr3 = s->np = true;
        return 0;
    default:
        return parse_host(key, arg, state);
    }
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct walk_args *a = state->input;

    switch (key) {
    case 'r':
        a->form = WALK_FORM_REFS;
        return 0;
    case 'j':
        a->form = WALK_FORM_JSON;
        return 0;
    case 'c':
        a->cpu = arg;
        return 0;
    case 's':
        cli_take_setting(state, &a->settings, a->pool, arg);
        return 0;
    case 'i':
        a->image = arg;
        return 0;
    case 'e':
        a->core = arg;
        return 0;
    case OPT_BASE:
        a->base = number(state, "base", arg, UINT64_MAX);
        a->has_base = true;
        return 0;
    case OPT_LIST:
        a->list = true;
        return 0;
    case OPT_LIMIT:
        a->max_tables = (unsigned)number(state, "limit", arg, UINT32_MAX);
        return 0;
    case OPT_GVA:
        a->gva = number(state, "gva", arg, UINT64_MAX);
        a->has_gva = true;
        return 0;
    case OPT_WRITE:
        take_access(a, state, ACCESS_WRITE);
        return 0;
    case OPT_FETCH:
        take_access(a, state, ACCESS_FETCH);
        return 0;
    case ARGP_KEY_ARG:
        return cli_one_word(state, arg, &a->target, "one scenario at a time");
    default:
        return parse_register(key, arg, state);
    }
}

static const struct argp argp = {
    options,
    parse_option,
    "FILE[#STEP]\n--image|--core FILE --cr3 X [--ncr3 Y] --gva Z\n"
    "--image|--core FILE --list [--cr3 X] [--ncr3 Y]",
    "Draw the two-dimensional walk of an access: every table entry in the "
    "order in which the CPU reads it, and who refused. Of a scenario's steps: "
    "each fault, and the first data access that got through.",
    NULL,
    NULL,
    NULL
};

/* ---- which of the two ---- */

static const char *misuse(const struct walk_args *a)
{
    bool dump = a->image || a->core;

    if (!dump && !a->target)
        return "which scenario, --image or --core?";
    if (dump && a->target)
        return "a scenario, or a dump?";
    if (!dump && (a->has_cr3 || a->has_ncr3 || a->has_gva || a->list ||
                  a->has_access || a->has_base))
        return "a scenario brings registers, access and memory itself";
    if (!dump)
        return NULL;
    if (a->image && a->core)
        return "--image or --core?";
    if (a->core && a->has_base)
        return "an ELF core says itself where its memory lies";
    if (a->settings.n)
        return "--set is for scenarios";
    if (a->has_host && !a->has_ncr3)
        return "the host's registers are about nested tables: where is --ncr3?";
    if (a->list)
        return a->has_cr3 || a->has_ncr3 ? NULL : "--list: --ncr3 or --cr3?";
    if (!a->has_gva || (!a->has_cr3 && (a->setup.g_cr0 & CR0_PG)))
        return "a dump needs --cr3 and --gva";
    return NULL;
}

int cmd_walk(int argc, char **argv)
{
    struct walk_args a = {
        .pool = pool_create(),
        .max_tables = 1U << 20,
        .setup = {
            .h_cr0 = CR0_PG | CR0_PE | CR0_WP,
            .h_cr4 = CR4_PAE,
            .h_efer = EFER_LMA | EFER_LME | EFER_NXE | EFER_SVME,
            .g_cr0 = CR0_PG | CR0_PE | CR0_WP,
            .g_cr4 = CR4_PAE,
            .g_efer = EFER_LMA | EFER_LME | EFER_NXE | EFER_SVME,
            .g_rflags = RFLAGS_FIXED,
            .h_pat = PAT_RESET,
            .g_pat = PAT_RESET,
            .in_clear = true,
        },
    };
    const char *problem;
    int status;

    cli_parse(&argp, argc, argv, &a);
    if (!a.has_ncr3)
        a.setup.h_pat = a.setup.g_pat; /* one system, one PAT */
    problem = misuse(&a);
    if (!problem && a.target && a.cpu &&
        !cli_add_setting(&a.settings, a.pool,
                         pool_printf(a.pool, "cpu.model=%s", a.cpu)))
        problem = "too many --set";
    if (problem)
        status = cli_usage_error("walk: %s", problem);
    else if (a.target)
        status = walk_scenario(&a);
    else
        status = walk_dump(&a);
    pool_destroy(a.pool);
    return status;
}
