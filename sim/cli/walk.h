/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/walk.h - the two sources of `nptsim walk`: a scenario, or a dump. */
#ifndef NPTSIM_CLI_WALK_H
#define NPTSIM_CLI_WALK_H

#include "cli/cli.h"

enum walk_form { WALK_FORM_PICTURE, WALK_FORM_REFS, WALK_FORM_JSON };

struct walk_args {
    struct pool *pool;
    enum walk_form form;
    const char *cpu; /* NULL: the scenario's, or milan */
    /* A scenario. */
    const char *target;
    struct cli_settings settings;
    /* A dump. */
    const char *image, *core;
    uint64_t base;
    struct walk_setup setup;
    bool has_base, has_cr3, has_ncr3, has_host, has_gva, has_access;
    gva_t gva;
    enum access_kind kind;
    bool list;
    unsigned max_tables;
};

/* walk_print.c */
void walk_print(struct buf *b, const struct walk_story *s, enum walk_form form);

/* walk_scenario.c: all walks of a scenario, or of one step. */
int walk_scenario(const struct walk_args *a);
/* walk_dump.c: one access, or the listing, out of a dump. */
int walk_dump(const struct walk_args *a);

#endif
