/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cli/cli.h - what the commands share: exit codes, the catalogue, one run.
 */
#ifndef NPTSIM_CLI_CLI_H
#define NPTSIM_CLI_CLI_H

#include "load.h"
#include "render.h"
#include "trace.h"

#include <argp.h>
#include <stdio.h>

enum exit_status {
    STATUS_OK = 0,
    STATUS_FAILED = 1, /* an expectation failed, a difference was found */
    STATUS_USAGE = 2,
    STATUS_SKIPPED = 4,   /* everything was skipped */
    STATUS_INPUT = 65,    /* bad input file */
    STATUS_BUG = 70,      /* a bug in nptsim */
    STATUS_AGAIN = 75,    /* interrupted; run again to resume */
    STATUS_STOPPED = 130, /* interrupted */
};

/* One command: argv[0] is its name. */
int cmd_run(int argc, char **argv);
int cmd_test(int argc, char **argv);
int cmd_lint(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_walk(int argc, char **argv);
int cmd_decode(int argc, char **argv);
int cmd_cpu(int argc, char **argv);
int cmd_kernel(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_batch(int argc, char **argv);
int cmd_diff(int argc, char **argv);
int cmd_bisect(int argc, char **argv);
int cmd_whynot(int argc, char **argv);
int cmd_sweep(int argc, char **argv);
int cmd_prove(int argc, char **argv);

/* argp_parse() for one command; usage errors end with STATUS_USAGE. */
void cli_parse(const struct argp *argp, int argc, char **argv, void *input);

/* models/ beside the program: ../models or ../share/nptsim/models. */
struct catalog *cli_catalog(struct pool *pool);

/* Print an error of the user's input; returns STATUS_INPUT. */
int cli_input_error(const struct err *e);
/* Print a usage error; returns STATUS_USAGE. */
int cli_usage_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* A usage error about a @word that is none of @words, and which was probably
 * meant. @what: "unknown command". Returns STATUS_USAGE. */
int cli_unknown(const char *what, const char *word, const char *const *words,
                size_t n);
/* Write a buffer to stdout; a failing write (full disk) ends the program. */
void cli_print(const struct buf *b);

/* An argument that is no option, when there may be one or two of them; another
 * is a usage error, in the words of @too_many. */
error_t cli_one_word(struct argp_state *state, const char *arg,
                     const char **word, const char *too_many);
error_t cli_two_words(struct argp_state *state, const char *arg,
                      const char **first, const char **second,
                      const char *too_many);

/* "a,b,c" as words; at least one. */
const char *const *cli_split(struct pool *pool, const char *list, unsigned *n);

/* "key=value" from --set; the strings point into @arg, which is cut. */
#define CLI_MAX_SETTINGS 64
struct cli_settings {
    unsigned n;
    struct setting s[CLI_MAX_SETTINGS];
};
bool cli_add_setting(struct cli_settings *s, struct pool *pool,
                     const char *arg);
/* The value of --set; a usage error if it is none. */
void cli_take_setting(struct argp_state *state, struct cli_settings *s,
                      struct pool *pool, const char *arg);

/* Is standard output a person's, who has not said NO_COLOR? */
bool cli_colour(void);

/* The value of --jobs, 1..256; anything else is a usage error. */
unsigned cli_jobs(struct argp_state *state, const char *arg);

/* Scenario files: @path itself, or all *.yaml below it, by name; "-" is one
 * from a pipe. Returns a status; what is wrong has been said. */
struct cli_files {
    unsigned n, room;
    const char **path;
};
int cli_find_scenarios(struct pool *pool, const char *path,
                       struct cli_files *out);

/* All machines that a file describes: one, or those of its matrix. */
struct cli_points {
    struct pool *pool; /* what @e speaks of lives in it */
    struct catalog *catalog;
    const char *path;
    const struct cli_settings *settings; /* NULL: none */
    /* NULL: just check them. What it builds in @pool is gone by the next point;
     * -1 with @e ends it. */
    int (*visit)(void *ctx, struct pool *pool, const struct scenario *s,
                 struct err *e);
    void *ctx;
    uint64_t n, excluded; /* how many there were */
};
int cli_each_point(struct cli_points *p, struct err *e);

/* "FILE#STEP" in two; no step: NULL. */
struct cli_target {
    const char *path, *step;
};
struct cli_target cli_target(struct pool *pool, const char *text);
/* -1 with @e: @s has no such step; NULL is always there. */
int cli_check_step(const struct scenario *s, const char *step, struct err *e);

/* The one machine that @path is about. A matrix has more of them, unless its
 * axes are pinned; that of @free_key, which may be NULL, does not count.
 * Returns a status; what is wrong has been said. */
int cli_one_scenario(struct pool *pool, struct catalog *catalog,
                     const char *path, const struct cli_settings *settings,
                     const char *free_key, struct scenario_file **file,
                     struct scenario *out);

/* ---- progress (progress.c) ---- */

/* After a second, and on a terminal only, a line on stderr. */
struct cli_progress {
    const char *what;
    uint64_t total;      /* 0: nobody knows */
    double began, stage; /* when the whole, and what it is at now, did */
    uint64_t from;       /* what was done when this stage began */
    bool is_tty, shown;
};
struct cli_progress cli_progress_begin(const char *what, uint64_t total);
/* As a struct lab_loop wants it: always true. */
bool cli_progress_tick(void *progress, uint64_t done);
/* Some of it is of another kind, and has a rate of its own. */
void cli_progress_stage(struct cli_progress *p, const char *what, uint64_t done,
                        uint64_t total);
void cli_progress_end(struct cli_progress *p);

/* Signals that ask for an end are held back, to be looked for: no handler, no
 * global state. Before the first thread starts. */
void cli_stop_hold(void);
/* Has one come? */
bool cli_stop_asked(void);

/* ---- one scenario, lived and judged (execute.c) ---- */

struct execution {
    struct pool *pool; /* everything below lives in it */
    struct judge *judge;
    struct explainer *explainer; /* if asked for */
    struct clock *clock;
    const struct verdict *verdicts;
    unsigned n_verdicts;
    struct verdict_counts counts;
};

struct execute_options {
    enum trace_format trace;
    struct buf *trace_out;
    bool explain;
};

/* Run one point. -1: the machine cannot be built from it, @e says why. */
int execute(struct pool *pool, const struct scenario *s,
            const struct execute_options *o, struct execution *x,
            struct err *e);

/* A one-line title: name, CPU, kernel, VM. */
void execute_title(struct buf *b, const struct scenario *s);

#endif
