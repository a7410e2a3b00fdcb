/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab.h - the policy laboratory: one question, put to many machines.
 *
 * Stands above run, judge and load, which live through one machine each, and
 * below cli, which prints. A host is what policy.h says of a machine; a space
 * is a cross product of hosts, numbered and made when asked for.
 */
#ifndef NPTSIM_LAB_H
#define NPTSIM_LAB_H

#include "base.h"
#include "hw.h"
#include "judge.h"
#include "kvm.h"
#include "policy.h"
#include "report.h"

/* ---- the inputs and results of a policy, as tables ---- */

struct policy_input_desc {
    const char *name; /* the column of `batch gating`: "pa_reduction" */
    const char *path; /* the key of a scenario, NULL: none says it */
    uint64_t value;   /* where nothing is said */
    uint64_t min, max;
    unsigned radix;           /* of the column's numbers: 10 or 16 */
    const char *const *words; /* the column has words, not numbers: min..max */
    /* How a scenario spells 0..max where the column's numbers will not do. */
    const char *const *spelling;
};
extern const struct policy_input_desc policy_inputs[N_POLICY_INPUTS];
int policy_input_find(const char *name); /* or -1 */
struct policy_host policy_default_host(void);

enum policy_format { POLICY_DEC, POLICY_HEX, POLICY_TEXT };

/* One member of struct policy_result. */
struct policy_column {
    const char *name; /* the column of `batch gating` */
    enum policy_format format;
    uint16_t offset, size;
    /* Printed only where asked for, or where the input has the column. */
    bool extra;
};
extern const struct policy_column policy_columns[];
extern const unsigned n_policy_columns;
int policy_column_find(const char *name); /* or -1 */
/* A column that is no POLICY_TEXT. */
uint64_t policy_number(const struct policy_result *r, unsigned column);
void policy_put(struct buf *b, const struct policy_result *r, unsigned column);

/* ---- asking a kernel model ---- */

/* @host as a CPU and as the way its kernel is booted: @cpu and @params need no
 * other preparation than lab_plain_machine(). Whether such a CPU can be built
 * tells cpu_model_problem(). */
void lab_machine(const struct policy_host *host, struct cpu_model *cpu,
                 struct kvm_params *params);
void lab_plain_machine(struct cpu_model *cpu, struct kvm_params *params);
/* The other way round: @cpu as a host with a kernel of default parameters. */
struct policy_host lab_host_of(const struct cpu_model *cpu);

/* A CPU that becomes one host after the other, each a boot and a load of both
 * modules; one per thread. Lives in @pool. */
struct lab_bench;
struct lab_bench *lab_bench_create(struct pool *pool);
/* The kernel's state, until the next load. */
const struct kvm_module *lab_load(struct lab_bench *b,
                                  const struct kernel_model *kernel,
                                  const struct policy_host *host);
void lab_result(const struct kvm_module *m, struct policy_result *r);
/* Become the CPU of @host; no kernel is loaded. */
void lab_become(struct lab_bench *b, const struct policy_host *host);
/* The CPU that it is, to be looked at. */
const struct cpu *lab_cpu(const struct lab_bench *b);

/* What else the kernel holds by then, for those who ask by name: too much to be
 * read off each of millions of machines. */
extern const unsigned n_lab_details;
const char *lab_detail_name(unsigned detail);
void lab_detail_put(struct buf *b, const struct kvm_module *m, unsigned detail);

/* ---- asking a real kernel's text ---- */

/* The library at @path, which `make kernel-policy` built; policy.h says what it
 * can be asked, from any thread. It stays loaded until the program ends. NULL
 * with @e set: no such library, or one for another program. */
const struct policy_text *lab_text_open(const char *path, struct err *e);

/* ---- spaces ---- */

/* Inputs that vary together: one, or a pair such as the ASID range. */
#define LAB_AXIS_INPUTS 2
struct lab_axis {
    unsigned n_inputs, n_values;
    enum policy_input input[LAB_AXIS_INPUTS];
    const uint64_t (*values)[LAB_AXIS_INPUTS];
};

/* All combinations; the last axis runs fastest. Inputs without an axis keep
 * their value in @base. */
struct lab_space {
    unsigned n_axes;
    const struct lab_axis *axes;
    struct policy_host base;
};

/* Number of points; UINT64_MAX: that many or more. */
uint64_t lab_space_points(const struct lab_space *s);
/* The host at point @i, below lab_space_points(). */
void lab_space_host(const struct lab_space *s, uint64_t i,
                    struct policy_host *host);
/* Go from the host at point @i - 1 to the one at @i: cheaper, for loops. */
void lab_space_next(const struct lab_space *s, uint64_t i,
                    struct policy_host *host);
/* The grid of tests/data/golden/: 2,437,120 hosts. Lives in @pool. */
struct lab_space lab_grid(struct pool *pool);

/* ---- the configuration space ---- */

/* Kernels are loaded, or machines built around them, with guests. */
enum lab_depth { LAB_POLICY, LAB_MACHINE };

/* A geometry is what the first axes say: raw width, reduction, C-bit, SYSCFG.
 * The others are settings. */
#define LAB_GEOMETRY 4
struct lab_axes {
    unsigned n;
    struct lab_axis axis[N_POLICY_INPUTS];
};
/* What is searched unless somebody says otherwise. */
void lab_axes_init(struct pool *pool, struct lab_axes *a, enum lab_depth depth);
/* "pa_reduction=0..6", "cbit=47,51", "asids=1-15,100-509": put such an axis in
 * the place of the one that says the same, or behind the last. */
int lab_axes_set(struct pool *pool, struct lab_axes *a, const char *text,
                 struct err *e);

/* ---- a loop on all cores ---- */

/* Points 0 .. points-1 in chunks of @chunk, on @jobs threads (0: one for each
 * core). What a thread finds it keeps in a state of its own. */
struct lab_loop {
    uint64_t points, chunk;
    unsigned jobs;
    /* On a thread: its state, before its first chunk. */
    void *(*begin)(void *ctx);
    /* Points @from .. @to-1. */
    void (*work)(void *ctx, void *own, uint64_t from, uint64_t to);
    /* On the caller's thread, when all have finished, one state after the
     * other: collect and free it. Which chunks are in which state is chance. */
    void (*end)(void *ctx, void *own);
    void *ctx;
    /* On the caller's thread, a few times a second; false: stop. May be NULL.
     */
    bool (*tick)(void *ctx, uint64_t done);
    void *tick_ctx;
};
/* Points that were worked on: all of them, or fewer if stopped. */
uint64_t lab_parallel(const struct lab_loop *l);

/* ---- clusters: a set of points in few words ---- */

#define LAB_CLUSTER_AXES  5
#define LAB_CLUSTER_CELLS (1U << 22)

/* A set of points of @space, seen along the @n axes that @axes numbers: "34
 * geometries", whatever the parameters are. NULL: they have more than
 * LAB_CLUSTER_CELLS combinations. */
struct lab_cluster;
struct lab_cluster *lab_cluster_create(struct pool *pool,
                                       const struct lab_space *space,
                                       const unsigned *axes, unsigned n);
/* Twice is once. */
void lab_cluster_add(struct lab_cluster *c, uint64_t point);
uint32_t lab_cluster_size(const struct lab_cluster *c);
/* Exactly the set, as products of values: "(51,0,51), (52,1..6,*) minus
 * (52,1,51)". A range holds the axis' values only; "*" is all of them. Beyond
 * @max_terms products: "and 17 more". */
void lab_cluster_describe(const struct lab_cluster *c, unsigned max_terms,
                          struct buf *b);

/* ---- hybrids: decisions of one kernel, taken over by another ---------------
 *
 * Which decision is it that makes two kernels differ? Asked by experiment: the
 * first kernel takes over few decisions of the second and is asked again.
 */

struct catalog;

enum lab_turn_kind { TURN_SLOT, TURN_SETUP, TURN_GATE, TURN_GATE_ORDER };

/* What is taken over, from which kernel. */
struct lab_turn {
    enum lab_turn_kind kind;
    unsigned which; /* the slot, or the list: 0 SEV, 1 SEV-ES, 2 SEV-SNP */
    unsigned gate;
    const struct kernel_model *as;
};

/* One decision on the way from a kernel to another. Where kernels on the way
 * took it in turn, each turn is one of its own, the oldest first. */
struct lab_decision {
    const char *key;     /* "slots.mmio_flag", "sev_es_gates.mmio_caching" */
    const char *change;  /* "sticky -> snapshot", "added" */
    const char *kernel;  /* whose file decided it so */
    const char *because; /* the commit or tag that the file names */
    bool undone;         /* the way leads to before that file */
    bool last;           /* the decision as the second kernel has it */
    struct lab_turn turn;
};

struct lab_decisions {
    struct kernel_model from, to;
    unsigned n;
    struct lab_decision *d;
};

/* What lies between the kernels called @from and @to: along the files that
 * extend each other. -1 with @e set: no such kernel. */
int lab_decisions(struct pool *pool, struct catalog *c, const char *from,
                  const char *to, struct lab_decisions *out, struct err *e);

#define LAB_SET_MAX 8

/* Decisions by number, ascending; no two of the same key. */
struct lab_set {
    unsigned n;
    unsigned d[LAB_SET_MAX];
};
/* The first kernel with the decisions of @set. */
void lab_hybrid(const struct lab_decisions *d, const struct lab_set *set,
                struct kernel_model *out);

struct lab_sets {
    unsigned n;
    struct lab_set *set;
};
/* All smallest sets of decisions with which the first kernel does as the second
 * one does, which @holds tells of a kernel; of the turns of one decision the
 * oldest that is enough. Where more than three are needed: one set that can
 * spare none. No set: it does so anyway, or it takes more than LAB_SET_MAX. */
struct lab_sets
lab_explain(struct pool *pool, const struct lab_decisions *d,
            bool (*holds)(void *ctx, const struct kernel_model *k), void *ctx);

/* ---- two kernels over a space ---- */

struct lab_diff {
    const struct lab_space *space;
    /* The first kernel, and what makes it the second; */
    const struct kernel_model *from;
    const struct lab_decisions *between;
    /* or, if not NULL, the second is a library, and nothing explains it. */
    const struct policy_text *text;
    /* Columns by bit: a difference in an outcome hides those in log text. */
    uint64_t outcomes, logs;
    unsigned jobs; /* 0: all cores */
    /* As in struct lab_loop; NULL: nobody watches. */
    bool (*tick)(void *ctx, uint64_t done);
    /* How many of the differences found have been explained by now; or NULL. */
    void (*explaining)(void *ctx, uint64_t explained, uint64_t all);
    void *tick_ctx;
};
/* Every host for which the kernels differ, in groups of equal change, each with
 * the decisions that explain it. -1: stopped by the tick. */
int lab_diff(struct pool *pool, const struct lab_diff *q,
             struct report_diff *out);

/* ---- two kernels over scenarios ---- */

struct lab_over {
    const struct lab_decisions *between;
    struct catalog *catalog;
    unsigned n_files;
    const char *const *files;
    /* What to compare: "kvm.sev_es", "hpet.outcome", "outcome" of every step;
     * none: all facts, and how steps ended. */
    unsigned n_names;
    const char *const *names;
    unsigned jobs; /* 0: all cores */
    /* How far it is; NULL: nobody watches. */
    void (*comparing)(void *ctx, uint64_t runs, uint64_t all);
    void (*explaining)(void *ctx, uint64_t explained, uint64_t all);
    void *tick_ctx;
};
/* Every run, whatever kernel its file names, under both. -1 with @e set. */
int lab_diff_over(struct pool *pool, const struct lab_over *q,
                  struct report_diff *out, struct err *e);

/* ---- one outcome, every release ---- */

struct scenario;
/* All outcomes that a run of @s has; the one called @name, NULL with @e set. */
unsigned lab_outcomes(struct pool *pool, const struct scenario *s,
                      const struct outcome **out);
const struct outcome *lab_outcome(struct pool *pool, const struct scenario *s,
                                  const char *name, struct err *e);

/* The releases, each behind the one that it comes from; -1 with @e set: files
 * that do not make one chain. */
struct kernel_file;
int lab_generations(struct pool *pool, struct catalog *c,
                    const struct kernel_file *const **out, unsigned *n,
                    struct err *e);
/* @outcome of @s under every kernel; each change from release to release with
 * the decisions that explain it. -1 with @e set: no such outcome, or a machine
 * that cannot be built. */
int lab_bisect(struct pool *pool, struct catalog *c, const struct scenario *s,
               const char *outcome, struct report_bisect *out, struct err *e);

/* ---- what would flip an outcome ---- */

struct scenario_file;
struct lab_whynot {
    struct catalog *catalog;
    const struct scenario_file *file;
    const struct scenario *base; /* its point 0 */
    const struct outcome *outcome;
    struct value wanted;
    const char *wanted_text;
    unsigned n_kernels; /* that may take the place of the scenario's */
    const char *const *kernels;
    unsigned n_fixed; /* keys that stay, with all below them */
    const char *const *fixed;
    unsigned max_changes; /* 1..3 */
    unsigned jobs;
    bool (*tick)(void *ctx, uint64_t done); /* false: stop */
    void *tick_ctx;
};
/* All ways with the fewest changes. */
void lab_whynot(struct pool *pool, const struct lab_whynot *q,
                struct report_whynot *out);

#endif
