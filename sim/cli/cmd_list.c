/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/cmd_list.c - nptsim list: what can be traced, expected and written. */
#include "cli/cli.h"

#include <string.h>

static const char *const kinds[] = { "number", "boolean", "text" };

static void list_events(struct buf *b)
{
    for (unsigned i = 0; i < N_EVENTS; i++) {
        const struct event_desc *d = &event_table[i];

        buf_printf(b, "%-30s %-5s %s\n", d->name, actor_name(d->actor),
                   d->sentence);
        buf_adds(b, "   ");
        for (unsigned f = 0; f < d->n_fields; f++)
            buf_printf(b, " %s", d->fields[f].name);
        buf_addc(b, '\n');
    }
}

static void list_facts(struct buf *b)
{
    for (unsigned i = 0; i < n_facts; i++)
        buf_printf(b, "%-22s %-8s %s\n", fact_table[i].name,
                   kinds[fact_table[i].kind], fact_table[i].doc);
    buf_adds(b, "\nOf a step:\n");
    for (unsigned i = 0; i < n_step_properties; i++)
        buf_printf(b, "%-22s %-8s %s\n", step_property_table[i].name,
                   kinds[step_property_table[i].kind],
                   step_property_table[i].doc);
    buf_adds(b, "\nOutcomes of a step:\n");
    for (unsigned i = 0; step_outcome_names[i]; i++)
        buf_printf(b, "%s\n", step_outcome_names[i]);
}

static void list_fields(struct buf *b)
{
    struct pool *pool = pool_create();
    const struct field_doc *docs;
    unsigned n = load_fields(pool, &docs);

    for (unsigned i = 0; i < n; i++)
        buf_printf(b, "%-32s %-28s %s%s\n", docs[i].path, docs[i].type,
                   docs[i].doc, docs[i].required ? " (required)" : "");
    pool_destroy(pool);
}

static void list_invariants(struct buf *b)
{
    for (unsigned i = 0; i < N_INVARIANTS; i++)
        buf_printf(b, "%-20s %s%s\n", invariant_table[i].name,
                   invariant_table[i].claim,
                   invariant_table[i].advice ? " (reported, no failure)" : "");
}

static const struct {
    const char *name;
    void (*fill)(struct buf *b);
} lists[] = {
    { "events", list_events }, { "facts", list_facts },
    { "fields", list_fields }, { "invariants", list_invariants },
    { "schema", load_schema },
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    const char **what = state->input;

    switch (key) {
    case ARGP_KEY_ARG:
        return cli_one_word(state, arg, what, "one list at a time");
    case ARGP_KEY_NO_ARGS:
        argp_error(state,
                   "which list: events, facts, fields, invariants or schema?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    NULL,
    parse_option,
    "events|facts|fields|invariants|schema",
    "List the events of a trace, the facts and outcomes that may be expected, "
    "the keys of a scenario, the invariants of every run, or print the JSON "
    "schema.",
    NULL,
    NULL,
    NULL
};

int cmd_list(int argc, char **argv)
{
    const char *what = NULL;

    cli_parse(&argp, argc, argv, &what);
    for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
        struct buf b = BUF_INIT;

        if (strcmp(lists[i].name, what) != 0)
            continue;
        lists[i].fill(&b);
        cli_print(&b);
        buf_free(&b);
        return STATUS_OK;
    }
    return cli_usage_error("list: '%s' is not events, facts, fields, "
                           "invariants, schema",
                           what);
}
