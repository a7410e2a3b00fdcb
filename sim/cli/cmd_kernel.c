/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/cmd_kernel.c - nptsim kernel: the decisions of a kernel, with sources. */
#include "cli/cli.h"
#include "lab.h"

#include <string.h>

struct kernel_args {
    const char *verb, *what;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct kernel_args *a = state->input;

    switch (key) {
    case ARGP_KEY_ARG:
        return cli_two_words(state, arg, &a->verb, &a->what,
                             "too many arguments");
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "list or show NAME?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    NULL,
    parse_option,
    "list\nshow NAME",
    "List kernel models in the order of the releases, or show what one changed "
    "and all that it decided, each with its commit.",
    NULL,
    NULL,
    NULL
};

/* ---- list ---- */

static int print_line(struct pool *pool, struct catalog *catalog,
                      const struct kernel_file *f, struct err *e)
{
    struct lab_decisions d;

    printf("%-20s %-8s  %-56s", f->model.name, kernel_kind_names[f->kind],
           f->title);
    if (!f->extends) {
        printf("  states every decision\n");
        return 0;
    }
    if (lab_decisions(pool, catalog, f->extends, f->model.name, &d, e))
        return -1;
    if (d.n)
        printf("  %2u %s since %s\n", d.n, d.n == 1 ? "decision" : "decisions",
               f->extends);
    else
        printf("  as %s\n", f->extends);
    return 0;
}

/* @f, then whatever extends it and is no release, then what extends that. */
static int print_family(struct pool *pool, struct catalog *catalog,
                        const struct kernel_file *f, struct err *e)
{
    const char *const *names;
    unsigned n = catalog_kernel_names(catalog, &names);

    if (print_line(pool, catalog, f, e))
        return -1;
    for (unsigned i = 0; i < n; i++) {
        const struct kernel_file *child =
            catalog_kernel(catalog, names[i], (struct mark) { 0 }, e);

        if (!child)
            return -1;
        if (child->kind != KERNEL_MAINLINE && child->extends &&
            strcmp(child->extends, f->model.name) == 0 &&
            print_family(pool, catalog, child, e))
            return -1;
    }
    return 0;
}

/* In the order of the releases, stable trees and what-ifs behind theirs. */
static int kernel_list(struct pool *pool, struct catalog *catalog)
{
    const struct kernel_file *const *chain;
    struct err e = { 0 };
    unsigned n;

    if (lab_generations(pool, catalog, &chain, &n, &e))
        return cli_input_error(&e);
    for (unsigned i = 0; i < n; i++)
        if (print_family(pool, catalog, chain[i], &e))
            return cli_input_error(&e);
    return STATUS_OK;
}

/* ---- show ---- */

/* What the file itself decided: the part that a reader came for. */
static int show_changes(struct pool *pool, struct catalog *catalog,
                        const struct kernel_file *f, struct err *e)
{
    struct lab_decisions d;

    if (!f->extends)
        return 0;
    if (lab_decisions(pool, catalog, f->extends, f->model.name, &d, e))
        return -1;
    printf("\nwhat changed since %s\n", f->extends);
    for (unsigned i = 0; i < d.n; i++)
        printf("  %-26s %-34s %s\n", d.d[i].key, d.d[i].change,
               d.d[i].because ? d.d[i].because : "");
    if (!d.n)
        printf("  nothing\n");
    return 0;
}

static void show_slots(const struct kernel_model *m)
{
    printf("\nall decisions\n");
    for (unsigned i = 0; i < N_KVM_SLOTS; i++) {
        const struct kvm_slot_desc *d = &kvm_slot_table[i];

        printf("  %s\n    %-16s %-20s %s\n", d->question, d->name,
               d->rows[m->slot[i]],
               m->slot_because[i] ? m->slot_because[i] : "");
    }
}

static void show_gates(const char *name, const struct kvm_gate_list *l)
{
    printf("\n%s\n", name);
    if (l->list_because)
        printf("  (%s)\n", l->list_because);
    for (unsigned i = 0; i < l->n; i++)
        printf("  %2u. %-16s %s\n", i + 1, kvm_gate_names[l->gate[i]],
               l->because[i] ? l->because[i] : "");
    if (!l->n)
        printf("  none\n");
}

static int kernel_show(struct pool *pool, struct catalog *catalog,
                       const char *name)
{
    struct err e = { 0 };
    const struct kernel_file *f =
        catalog_kernel(catalog, name, (struct mark) { 0 }, &e);
    const struct kernel_model *m;

    if (!f)
        return cli_input_error(&e);
    m = &f->model;
    printf("%s   %s\nkind        %s\nfile        %s\nsource      %s\n", m->name,
           f->title, kernel_kind_names[f->kind], f->path, m->source);
    if (f->extends)
        printf("extends     %s\n", f->extends);
    if (show_changes(pool, catalog, f, &e))
        return cli_input_error(&e);
    printf("\nsetup order ");
    for (unsigned i = 0; i < m->n_setup; i++)
        printf("%s%s", i ? ", " : "", kvm_setup_step_names[m->setup[i]]);
    printf("   %s\n", m->setup_because ? m->setup_because : "");
    show_gates("gates of SEV, in order", &m->sev);
    show_gates("gates of SEV-ES, in order, once SEV is supported", &m->sev_es);
    show_gates("gates of SEV-SNP, in order, once SEV-ES is supported",
               &m->sev_snp);
    show_slots(m);
    return STATUS_OK;
}

int cmd_kernel(int argc, char **argv)
{
    struct kernel_args a = { 0 };
    struct pool *pool = pool_create();
    int status;

    cli_parse(&argp, argc, argv, &a);
    if (strcmp(a.verb, "list") == 0 && !a.what)
        status = kernel_list(pool, cli_catalog(pool));
    else if (strcmp(a.verb, "show") == 0 && a.what)
        status = kernel_show(pool, cli_catalog(pool), a.what);
    else
        status = cli_usage_error("kernel: list or show NAME");
    pool_destroy(pool);
    return status;
}
