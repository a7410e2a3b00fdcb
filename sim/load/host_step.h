/* SPDX-License-Identifier: GPL-2.0-only */
/* load/host_step.h - steps of the host: what userspace of KVM, or a bare
 * hypervisor, does between two of the guest. */
#ifndef NPTSIM_LOAD_HOST_STEP_H
#define NPTSIM_LOAD_HOST_STEP_H

#include "load/bare.h"

/* `vmcb:` of a step. */
struct vmcb_doc {
    struct npt_flag np, gmet, sss, rogpt;
    uint32_t asid;
};

/* `write:` and `read:` of a step. */
struct touch_doc {
    spa_t spa;
    uint64_t value, page_size;
    unsigned size;
};

/* `host:`, as it is written. */
struct host_doc {
    struct vmm_memory create, delete;
    struct npt_doc npt;
    struct vmcb_doc vmcb;
    unsigned flush; /* enum bare_flush */
    gva_t invlpga;
    struct rmp_doc rmp;
    spa_t psmash;
    struct touch_doc write, read;
    struct mark create_at, delete_at, npt_at, vmcb_at, flush_at, invlpga_at;
    struct mark rmp_at, psmash_at, write_at, read_at;
};

extern const struct field_table host_step_table;

/* @bare: on bare hardware, else with a kernel. */
int host_step_make(struct pool *pool, const struct host_doc *d,
                   struct mark host_at, bool bare, struct run_step *s,
                   struct err *e);

#endif
