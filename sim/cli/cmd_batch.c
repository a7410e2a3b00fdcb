/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/cmd_batch.c - nptsim batch: one record in, one record out. */
#include "cli/batch.h"

#include "cli/cli.h"
#include "lab.h"

#include <string.h>

struct batch_args {
    const char *what, *file, *kernel, *text, *columns;
    struct batch_walk_options walk;
};

static const struct argp_option options[] = {
    { "kernel", 'k', "NAME", 0, "all but walk: the kernel model", 0 },
    { "text", 't', "LIB.so", 0,
      "gating, spte: a real kernel's text instead (make kernel-policy)", 0 },
    { "columns", 'c', "A,B,...", 0, "all but walk: print just these columns",
      0 },
    { "refs", 'r', NULL, 0, "walk: list every reference", 0 },
    { "memtype", 'm', NULL, 0, "walk: tell the memory type", 0 },
    { "dirty", 'd', NULL, 0, "walk: list words that A/D updates changed", 0 },
    { 0 },
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct batch_args *a = state->input;

    switch (key) {
    case 'k':
        a->kernel = arg;
        return 0;
    case 't':
        a->text = arg;
        return 0;
    case 'c':
        a->columns = arg;
        return 0;
    case 'r':
        a->walk.refs = true;
        return 0;
    case 'm':
        a->walk.memtype = true;
        return 0;
    case 'd':
        a->walk.dirty = true;
        return 0;
    case ARGP_KEY_ARG:
        return cli_two_words(state, arg, &a->what, &a->file,
                             "too many arguments");
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "gating, spte, vmcreate or walk?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    options,
    parse_option,
    "gating|spte|vmcreate --kernel NAME [FILE]\n"
    "gating|spte --text LIB.so [FILE]\n"
    "walk [FILE]",
    "Read records from FILE or standard input, write one answer for each.\v"
    "gating: CSV, the decisions of a kernel about a CPU.\n"
    "spte: CSV, an MMIO page as that kernel's SPTE, and back (column gfn).\n"
    "vmcreate: CSV, the errno of asking for a VM (column path, such as "
    "SEV_VM+INIT2).\n"
    "walk: JSON Lines, one memory access on the bare hardware.\n\n"
    "A walk's record, every key but access.gva with a default; numbers as "
    "\"0x...\":\n"
    " {\"id\":..., \"access\":{gva, kind, size, stack},\n"
    "  \"mem\":{SPA:WORD, ...}, 8 bytes each, as their reader sees them\n"
    "  \"cpu\":{maxphyaddr_raw 48, phys_reduction 0, cbit 47, mem_encrypt 0,\n"
    "         gb_pages 1, snp 0, knobs {NAME:WORD}},\n"
    "  \"host\":{cr0, cr4, efer, pat, mtrr, np 1, ncr3, snpe 0, vmple 0},\n"
    "         as VMRUN found them\n"
    "  \"vmcb\":{gmet, sss, rogpt},\n"
    "  \"guest\":{cr0, cr3, cr4, efer, rflags, cpl 0, pkru, pat,\n"
    "         sev 0, snp 0, asid 1, vmpl 0, vtom 0},\n"
    "  \"rmp\":{base, end, entries {SPA:{assigned 1, asid 0, gpa 0, validated "
    "0,\n"
    "         immutable 0, large 0, vmsa 0, vmpl0 0x1f, vmpl1..3 0}, ...}}}\n"
    "kind is read, write, rmw, fetch, shadow-read or shadow-write; both sides "
    "are in 64-bit mode with WP and NXE if nothing else is said.\n\n"
    "CSV columns that say something of the host are those of the policy: "
    "absent "
    "ones have a default, unknown ones are copied. The published tables of "
    "real "
    "kernels' answers can be fed as they are: caching=0|1 stands for their two "
    "geometries, gate=npt0|nrips0|lbrv0 for a parameter that is off, and "
    "section=reload with note=second, or reloads=N, for kvm-amd.ko being "
    "loaded "
    "again.",
    NULL,
    NULL,
    NULL
};

static int find_kernel(const struct batch_args *a, struct pool *pool,
                       struct batch_kernel *k, struct err *e)
{
    const struct kernel_file *file;

    if (a->text) {
        k->text = lab_text_open(a->text, e);
        return k->text ? 0 : -1;
    }
    file = catalog_kernel(cli_catalog(pool), a->kernel,
                          (struct mark) { .file = "--kernel" }, e);
    if (!file)
        return -1;
    k->model = &file->model;
    return 0;
}

enum kind { GATING, SPTE, VMCREATE, WALK, N_KINDS };

static const char *const kinds[N_KINDS] = {
    [GATING] = "gating",
    [SPTE] = "spte",
    [VMCREATE] = "vmcreate",
    [WALK] = "walk",
};

static int kind_find(const char *name)
{
    for (int i = 0; i < N_KINDS; i++)
        if (strcmp(kinds[i], name) == 0)
            return i;
    return -1;
}

static int run(enum kind kind, const struct batch_args *a, FILE *in,
               const char *name, const struct batch_kernel *k, struct err *e)
{
    switch (kind) {
    case GATING:
        return batch_gating(in, name, stdout, k, a->columns, e);
    case SPTE:
        return batch_spte(in, name, stdout, k, a->columns, e);
    case VMCREATE:
        return batch_vmcreate(in, name, stdout, k->model, a->columns, e);
    case WALK:
        return batch_walk(in, name, stdout, &a->walk, e);
    case N_KINDS:
        break;
    }
    BUG_ON(true);
}

/* The pool holds the names that an error may speak of. */
static int dispatch(enum kind kind, const struct batch_args *a, FILE *in,
                    const char *name)
{
    struct pool *pool = pool_create();
    struct batch_kernel k = { 0 };
    struct err e = { 0 };
    int status = STATUS_OK;

    if ((kind != WALK && find_kernel(a, pool, &k, &e)) ||
        run(kind, a, in, name, &k, &e))
        status = -1;
    fflush(stdout);
    if (status)
        status = cli_input_error(&e);
    pool_destroy(pool);
    return status;
}

static int check_usage(int kind, const struct batch_args *a)
{
    if (kind < 0)
        return cli_usage_error("batch: '%s' is not gating, spte, vmcreate or "
                               "walk",
                               a->what);
    if (kind == WALK)
        return a->kernel || a->text || a->columns
                   ? cli_usage_error("batch walk asks no kernel and has no "
                                     "columns")
                   : STATUS_OK;
    if (a->text && kind == VMCREATE)
        return cli_usage_error("batch vmcreate: a --text has only what happens "
                               "before there are VMs");
    if (!a->kernel == !a->text)
        return cli_usage_error(a->kernel ? "batch %s: --kernel or --text?"
                                         : "batch %s: which --kernel?",
                               a->what);
    return STATUS_OK;
}

int cmd_batch(int argc, char **argv)
{
    struct batch_args a = { 0 };
    FILE *in = stdin;
    int status, kind;

    cli_parse(&argp, argc, argv, &a);
    kind = kind_find(a.what);
    status = check_usage(kind, &a);
    if (status)
        return status;
    if (a.file && strcmp(a.file, "-") != 0) {
        in = fopen(a.file, "rb");
        if (!in) {
            struct err e = { 0 };

            err_plain(&e, a.file, "cannot open");
            return cli_input_error(&e);
        }
    }
    status = dispatch(kind, &a, in, in == stdin ? "<stdin>" : a.file);
    if (in != stdin)
        fclose(in);
    return status;
}
