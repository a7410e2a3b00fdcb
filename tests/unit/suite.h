/* SPDX-License-Identifier: GPL-2.0-only */
/* unit/suite.h - the end of every program of unit tests. */
#ifndef NPTSIM_TESTS_UNIT_SUITE_H
#define NPTSIM_TESTS_UNIT_SUITE_H

#include <check.h>
#include <stdlib.h>

/* What main() returns: did all tests pass? */
static inline int run_suite(Suite *s)
{
    SRunner *r = srunner_create(s);
    int failed;

    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
