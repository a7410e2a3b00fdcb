/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load/scenario.h - the parts of a scenario file, and who reads which.
 *
 * The root's table fills CPU, kernel, VM and guest, once per point of a matrix.
 * Steps and expectations mean the same in every point; they are read once.
 */
#ifndef NPTSIM_LOAD_SCENARIO_H
#define NPTSIM_LOAD_SCENARIO_H

#include "load.h"
#include "load/field.h"
#include "load/schema.h"

struct npt_doc;
struct rmp_doc;

/* What scenario_table fills. */
struct scenario_doc {
    struct scenario s;
    const char *schema;
    struct mark name_at, kernel_at, kernel_model_at, bare_at, paging_at;
    unsigned n_npt;
    struct npt_doc *npt; /* bare.npt */
    unsigned n_rmp;
    struct rmp_doc *rmp; /* bare.rmp */
    const struct node *steps, *expect, *matrix;
};

/* One value of @doc (keys.c). */
void config_set(struct scenario_doc *doc, const struct config_change *change);

/* ---- the VM (vm.c) ---- */

#define VM_MAX_VCPUS 8

/* Filled over a struct scenario_doc and a struct vmm_memory. */
extern const struct field_table vm_table, memory_table;
/* The part of memory_table that a memslot's deletion needs. */
extern const struct field_table memslot_gpa_table;

void vm_set_defaults(struct pool *pool, struct vmm_config *vm);
int vm_check(const struct vmm_config *vm, unsigned maxphyaddr_raw,
             struct err *e);
/* Memory of the VM or of a memslot step: its pages, the width of the CPU. */
int memory_check(const struct vmm_memory *m, unsigned maxphyaddr_raw,
                 struct err *e);

/* ---- the guest (guest.c) ---- */

extern const struct field_table guest_table;

void guest_set_defaults(struct guest_config *g);
/* Give @g maps of its own, in @pool: guest_check() writes to them. */
void guest_copy_maps(struct pool *pool, struct guest_config *g);
/* Also settles the pages of maps that leave them open. */
int guest_check(struct run_config *config, struct mark paging_at,
                struct err *e);

/* ---- steps (step.c) ---- */

extern const struct field_table step_table;

/* Read the list at `steps:`; NULL: there are none. */
int steps_read(struct pool *pool, const struct node *list,
               struct run_config *config, struct err *e);
/* What depends on the VM: its vCPUs, the CPU's width, the guest's mode. */
int steps_check(const struct run_config *config, struct err *e);

/* ---- expectations (expect.c) ---- */

/* `expect:`, or an entry of `matrix: expect:`. */
struct expect_doc {
    const struct node *condition; /* `if:`, in a matrix only */
    const struct node *facts, *steps, *events, *invariants;
};
extern const struct field_table expect_table, matrix_expect_table;

/* Check against the vocabulary of the judge and the steps of @config. */
int expect_read(struct pool *pool, const struct expect_doc *doc,
                const struct run_config *config, struct expectations *out,
                struct err *e);
/* Append @more to @to. */
void expect_add(struct pool *pool, struct expectations *to,
                const struct expectations *more);

/* ---- the matrix (matrix.c) ---- */

extern const struct field_table matrix_table;

/* What a matrix is read against. An axis that a setting names keeps that value,
 * which @root has by then. */
struct matrix_context {
    struct catalog *catalog;
    const struct node *root;
    const struct run_config *steps;
    const struct setting *settings;
    unsigned n_settings;
    uint64_t shards; /* each may have SCENARIO_MAX_POINTS */
};

struct axes;
struct matrix;
/* Read the mapping at `matrix:`; NULL on error. */
struct matrix *matrix_read(struct pool *pool, const struct node *n,
                           const struct matrix_context *x, struct err *e);
const struct axes *matrix_axes(const struct matrix *m);
bool matrix_excludes(const struct matrix *m, const struct scenario_doc *doc);
/* The expectations whose condition holds take the place of the file's own, if
 * the matrix has any. */
void matrix_expect(const struct matrix *m, struct pool *pool,
                   const struct scenario_doc *doc, struct expectations *x);

#endif
