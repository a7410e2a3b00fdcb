/* SPDX-License-Identifier: GPL-2.0-only */
/* load/bare.h - `bare:` and the steps of its hypervisor, as they are written.
 */
#ifndef NPTSIM_LOAD_BARE_H
#define NPTSIM_LOAD_BARE_H

#include "load/scenario.h"

struct npt_flag {
    bool on;
    struct mark at; /* no file: not written */
};

/* An entry of `npt:`, in `bare:` or of a step. */
struct npt_doc {
    gpa_t gpa;
    unsigned part; /* from NPT_KERNEL on */
    uint64_t size, page_size;
    unsigned level;
    spa_t spa;
    struct npt_flag present, write, user, nx, accessed, dirty;
    uint64_t set_bits;
    struct mark at, gpa_at, part_at, size_at, spa_at;
};

/* An entry of `rmp:`, or `rmpupdate:` of a step. */
struct rmp_doc {
    spa_t spa;
    uint64_t size, page_size;
    gpa_t gpa;
    uint32_t asid;
    struct npt_flag assigned;
    bool immutable;
    struct mark at, gpa_at, asid_at;
};

/* ---- bare.c ---- */

extern const struct field_table bare_table;

void bare_set_defaults(struct run_bare *b);
/* What @doc says of nested entries, for its configuration. */
int bare_convert(struct pool *pool, struct scenario_doc *doc, struct err *e);
/* Does it go with the VM? */
int bare_check(const struct run_config *config, struct mark bare_at,
               struct err *e);

/* ---- rmp.c ---- */

extern const struct field_table rmp_table;

int rmp_convert(const struct rmp_doc *d, struct bare_rmp *out, struct err *e);
/* "RMPUPDATE: give ..." */
const char *rmp_what(struct pool *pool, const struct bare_rmp *c);

/* ---- npt.c ---- */

extern const struct field_table npt_table;
/* Of all paging modes. */
#define N_NPT_PAGE_SIZES 4
extern const uint64_t npt_page_sizes[N_NPT_PAGE_SIZES];

int npt_convert(const struct npt_doc *d, struct run_npt *out, struct err *e);
/* Does it go with the host's paging? */
int npt_check(const struct run_config *config, const struct run_npt *n,
              struct err *e);
/* "change the nested entry of 0x1000: user=true" */
void npt_describe(const struct npt_doc *d, struct buf *b);

#endif
