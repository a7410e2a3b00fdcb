/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * timing.h - the clock: what events cost, never what they do.
 *
 * A clock listens on the bus and prices events: world switches, #VC, kernel
 * paths flat; memory references by how long ago their line was last used.
 * Known limit: time never feeds back into function.
 */
#ifndef NPTSIM_TIMING_H
#define NPTSIM_TIMING_H

#include "base.h"
#include "trace.h"

/* Core cycles; from the `timing:` part of models/cpus/<name>.yaml. */
struct cost_model {
    unsigned l1, l2, l3, dram; /* load-to-use */
    unsigned l1_kib, l2_kib, l3_kib;
    unsigned walker_step; /* added to each page-table reference */
    unsigned vmrun, vmexit;
    unsigned light_exit;  /* CPUID/MSR/VMMCALL-class handler */
    unsigned npf_fix;     /* KVM installs a 4K mapping, page resident */
    unsigned mmio_kernel; /* in-kernel device */
    unsigned mmio_user;   /* to userspace and back, without the device */
    unsigned vc_entry;    /* #VC entry and decoding in the guest */
    unsigned vmgexit;     /* VMGEXIT round trip in KVM, without #VC */
};

struct clock;
struct clock *clock_create(struct pool *pool, const struct cost_model *m);
/* Use as trace_set_clock(t, clock_price, clock). */
uint64_t clock_price(void *clock, const struct event *ev);

/* Where the cycles went: one row per kind of cost, for `run --cost`. */
struct cost_row {
    const char *name; /* "npt references", "VMRUN", ... */
    uint64_t events, cycles;
};
unsigned clock_rows(const struct clock *c, const struct cost_row **out);

#endif
