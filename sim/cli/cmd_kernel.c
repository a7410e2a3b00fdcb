/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/cmd_kernel.c - nptsim kernel: the decisions of a kernel, with sources. */
#include "cli/cli.h"

#include <string.h>

struct kernel_args {
    const char *verb, *what;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct kernel_args *a = state->input;

    switch (key) {
    case ARGP_KEY_ARG:
        if (state->arg_num == 0)
            a->verb = arg;
        else if (state->arg_num == 1)
            a->what = arg;
        else
            argp_error(state, "too many arguments");
        return 0;
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
    "List kernel models, or show every decision of one with its commit.",
    NULL,
    NULL,
    NULL
};

static int kernel_list(struct catalog *catalog)
{
    const char *const *names;
    unsigned n = catalog_kernel_names(catalog, &names);

    for (unsigned i = 0; i < n; i++) {
        struct err e = { 0 };
        const struct kernel_file *f =
            catalog_kernel(catalog, names[i], (struct mark) { 0 }, &e);

        if (!f)
            return cli_input_error(&e);
        printf("%-12s %-9s %-32s %s%s\n", names[i], kernel_kind_names[f->kind],
               f->title, f->extends ? "extends " : "",
               f->extends ? f->extends : "");
    }
    return STATUS_OK;
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

static int kernel_show(struct catalog *catalog, const char *name)
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
    printf("\nsetup order ");
    for (unsigned i = 0; i < m->n_setup; i++)
        printf("%s%s", i ? ", " : "", kvm_setup_step_names[m->setup[i]]);
    printf("   %s\n\ndecisions\n", m->setup_because ? m->setup_because : "");
    for (unsigned i = 0; i < N_KVM_SLOTS; i++)
        printf("  %-18s %-20s %s\n", kvm_slot_table[i].name,
               kvm_slot_table[i].rows[m->slot[i]],
               m->slot_because[i] ? m->slot_because[i] : "");
    show_gates("gates of SEV, in order", &m->sev);
    show_gates("gates of SEV-ES, in order, once SEV is supported", &m->sev_es);
    show_gates("gates of SEV-SNP, in order, once SEV-ES is supported",
               &m->sev_snp);
    return STATUS_OK;
}

int cmd_kernel(int argc, char **argv)
{
    struct kernel_args a = { 0 };
    struct pool *pool = pool_create();
    int status;

    cli_parse(&argp, argc, argv, &a);
    if (strcmp(a.verb, "list") == 0 && !a.what)
        status = kernel_list(cli_catalog(pool));
    else if (strcmp(a.verb, "show") == 0 && a.what)
        status = kernel_show(cli_catalog(pool), a.what);
    else
        status = cli_usage_error("kernel: list or show NAME");
    pool_destroy(pool);
    return status;
}
