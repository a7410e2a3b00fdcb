/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/test.h - the results of `nptsim test`, and how they are told. */
#ifndef NPTSIM_CLI_TEST_H
#define NPTSIM_CLI_TEST_H

#include "cli/cli.h"

enum test_format { FORMAT_PRETTY, FORMAT_KTAP };

struct test_result {
    const char *path;
    unsigned passed, failed, skipped; /* expectations */
    bool violated[N_INVARIANTS]; /* at some point, and nobody expected it */
    bool bad_input;
    struct buf details; /* failing verdicts, or the error */
};

struct test_set {
    struct pool *pool;
    enum test_format format;
    const char *junit;
    unsigned jobs;
    char **paths;
    unsigned n_paths;
    unsigned n;
    struct test_result *result;
};

/* Print all results; returns a status. */
int test_report(const struct test_set *t);
/* A JUnit report to t->junit; returns a status. */
int test_write_junit(const struct test_set *t);

#endif
