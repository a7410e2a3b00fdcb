/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * run/shelf.h - guests that were built before.
 *
 * Machines in a row differ in their CPU more often than in their guest: page
 * tables, handlers and program are the same bytes again. What a guest is built
 * from is compared by content; of what a guest lived through nothing is kept.
 */
#ifndef NPTSIM_RUN_SHELF_H
#define NPTSIM_RUN_SHELF_H

#include "guest.h"

struct guest_order {
    const struct guest_config *config;
    const struct guest_platform *platform;
    unsigned n_steps;
    const struct guest_code *steps;
};

struct shelf;
struct shelf *shelf_create(struct pool *pool, struct trace *trace);
/* The guest, as guest_build() made it. NULL with @e set, as guest_build(). */
struct guest *shelf_guest(struct shelf *s, const struct guest_order *o,
                          struct err *e);

#endif
