/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/cmd_batch.c - nptsim batch: one record in, one record out. */
#include "cli/batch.h"

#include "cli/cli.h"
#include "lab.h"

#include <stdlib.h>
#include <string.h>

struct batch_args {
    const char *what, *file, *kernel, *text, *columns;
    struct batch_walk_options walk;
};

static const struct argp_option options[] = {
    { "kernel", 'k', "NAME", 0, "gating: the kernel model", 0 },
    { "text", 't', "LIB.so", 0,
      "gating: a real kernel's text instead (make kernel-policy)", 0 },
    { "columns", 'c', "A,B,...", 0, "gating: print just these columns", 0 },
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
        if (state->arg_num == 0)
            a->what = arg;
        else if (state->arg_num == 1)
            a->file = arg;
        else
            argp_error(state, "too many arguments");
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "gating or walk?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    options,
    parse_option,
    "gating --kernel NAME [FILE]\ngating --text LIB.so [FILE]\nwalk [FILE]",
    "Read records from FILE or standard input, write one answer for each.\v"
    "gating: CSV, the decisions of a kernel about a CPU.\n"
    "walk: JSON Lines, one memory access on the bare hardware.",
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

static int gating(const struct batch_args *a, FILE *in, const char *name,
                  struct err *e)
{
    struct pool *pool = pool_create();
    struct batch_kernel k = { 0 };
    int ret = -1;

    if (!find_kernel(a, pool, &k, e))
        ret = batch_gating(in, name, stdout, &k, a->columns, e);
    pool_destroy(pool);
    return ret;
}

static int dispatch(const struct batch_args *a, FILE *in, const char *name)
{
    struct err e = { 0 };
    int ret;

    if (strcmp(a->what, "gating") == 0)
        ret = gating(a, in, name, &e);
    else
        ret = batch_walk(in, name, stdout, &a->walk, &e);
    fflush(stdout);
    return ret ? cli_input_error(&e) : STATUS_OK;
}

int cmd_batch(int argc, char **argv)
{
    struct batch_args a = { 0 };
    FILE *in = stdin;
    int status;

    cli_parse(&argp, argc, argv, &a);
    if (strcmp(a.what, "gating") != 0 && strcmp(a.what, "walk") != 0)
        return cli_usage_error("batch: '%s' is not gating or walk", a.what);
    if (strcmp(a.what, "gating") == 0 && !a.kernel == !a.text)
        return cli_usage_error(a.kernel ? "batch gating: --kernel or --text?"
                                        : "batch gating: which --kernel?");
    if (a.file && strcmp(a.file, "-") != 0) {
        in = fopen(a.file, "rb");
        if (!in) {
            struct err e = { 0 };

            err_plain(&e, a.file, "cannot open");
            return cli_input_error(&e);
        }
    }
    status = dispatch(&a, in, in == stdin ? "<stdin>" : a.file);
    if (in != stdin)
        fclose(in);
    return status;
}
