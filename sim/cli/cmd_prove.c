/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/cmd_prove.c - nptsim prove: every state against the invariants. */
#include "cli/proving.h"

#include <string.h>

enum { KEY_TEXT = 1000, KEY_OUT, KEY_SAVE };

static const struct argp_option options[] = {
    { "kernel", 'k', "NAME", 0,
      "Kernel model; may be repeated (default: all of them)", 0 },
    { "depth", 'd', "DEPTH", 0,
      "machine (default): a VM of each type is created and its guest touches a "
      "device; policy: kernels are loaded only, over a much larger space",
      0 },
    { "axis", 'a', "NAME=VALUES", 0,
      "Narrow or widen the space: pa_reduction=0..6, cbit=47,51, "
      "asids=1-15,100-509; the names are the columns of 'batch gating'",
      0 },
    { "text", KEY_TEXT, "LIB.so", 0,
      "Ask a real kernel's functions (make kernel-policy) instead of a model",
      0 },
    { "out", KEY_OUT, "DIR", 0,
      "Folder for counterexamples (default: this one)", 0 },
    { "save", KEY_SAVE, "FILE", 0,
      "File for the counterexample; needs one invariant and one kernel", 0 },
    { "json", 'j', NULL, 0, "JSON Lines: one for each invariant", 0 },
    { "jobs", 'J', "N", 0, "Threads, 1..256 (default: all cores)", 0 },
    { 0 },
};

static void choose_invariant(struct argp_state *state, struct prove_args *a,
                             const char *name)
{
    const char *names[N_INVARIANTS], *near;
    int i = invariant_find(name);

    if (i >= 0) {
        a->n_invariants += !a->q.asked[i];
        a->q.asked[i] = true;
        return;
    }
    for (unsigned k = 0; k < N_INVARIANTS; k++)
        names[k] = invariant_table[k].name;
    near = closest_word(name, names, N_INVARIANTS);
    if (near)
        argp_error(state, "unknown invariant '%s', did you mean '%s'?", name,
                   near);
    else
        argp_error(state,
                   "unknown invariant '%s'; 'nptsim list invariants' shows "
                   "them all",
                   name);
}

static void choose_depth(struct argp_state *state, struct prove_args *a,
                         const char *name)
{
    a->has_depth = true;
    if (strcmp(name, "policy") == 0)
        a->q.depth = LAB_POLICY;
    else if (strcmp(name, "machine") == 0)
        a->q.depth = LAB_MACHINE;
    else
        argp_error(state, "--depth: '%s' is not policy or machine", name);
}

static void check_args(struct argp_state *state, struct prove_args *a)
{
    size_t len = a->save.file ? strlen(a->save.file) : 0;

    if (a->text && a->has_depth && a->q.depth == LAB_MACHINE)
        argp_error(state, "--text: a library has no machine around it; only "
                          "--depth policy can ask it");
    if (a->text && a->n_kernels)
        argp_error(state, "--kernel or --text, one of them");
    if (a->save.file && (a->n_invariants != 1 || a->n_kernels != 1))
        argp_error(state, "--save needs one invariant and one --kernel; --out "
                          "takes any number of files");
    if (a->save.file &&
        (len < 6 || strcmp(a->save.file + len - 5, ".yaml") != 0))
        argp_error(state, "--save: a scenario's name ends in .yaml");
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct prove_args *a = state->input;

    switch (key) {
    case 'k':
        if (a->n_kernels == PROVE_MAX_KERNELS)
            argp_error(state, "too many kernels");
        a->kernels[a->n_kernels++] = arg;
        return 0;
    case 'd':
        choose_depth(state, a, arg);
        return 0;
    case 'a':
        if (a->n_sets == PROVE_MAX_AXES)
            argp_error(state, "too many axes");
        a->set[a->n_sets++] = arg;
        return 0;
    case KEY_TEXT:
        a->text = arg;
        return 0;
    case KEY_OUT:
        a->save.dir = arg;
        return 0;
    case KEY_SAVE:
        a->save.file = arg;
        return 0;
    case 'j':
        a->json = true;
        return 0;
    case 'J':
        a->q.jobs = cli_jobs(state, arg);
        return 0;
    case ARGP_KEY_ARG:
        choose_invariant(state, a, arg);
        return 0;
    case ARGP_KEY_END:
        check_args(state, a);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    options,
    parse_option,
    "[INVARIANT...]",
    "Hold every state of the configuration space against the invariants "
    "('nptsim list invariants'), and save the counterexample that is closest "
    "to a CPU that ships as a scenario that 'nptsim run' lives through.\v"
    "Exit status 1 if an invariant is violated that is more than advice.",
    NULL,
    NULL,
    NULL
};

int cmd_prove(int argc, char **argv)
{
    struct prove_args a = { .pool = pool_create(),
                            .q = { .depth = LAB_MACHINE },
                            .save = { .dir = "." } };
    int status;

    cli_parse(&argp, argc, argv, &a);
    status = prove_run(&a);
    pool_destroy(a.pool);
    return status;
}
