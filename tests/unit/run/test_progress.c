/* SPDX-License-Identifier: GPL-2.0-only */
/* A state that comes back is found; one that does not, is not accused. */
#include "run/progress.h"
#include "unit/suite.h"

#include <check.h>

/* Laps until a verdict, over states 0, 1, .., then round and round through the
 * last @period of them; period 0: never the same twice. */
static uint64_t laps_until(struct progress *p, uint64_t tail, uint64_t period,
                           enum progress_verdict *verdict)
{
    uint64_t lap = 0;

    progress_begin(p);
    do {
        uint64_t state = lap;

        if (period && lap >= tail)
            state = tail + (lap - tail) % period;
        *verdict = progress_lap(p, &(struct lap) { .state = state });
        lap++;
    } while (*verdict == PROGRESS_GOES_ON);
    return lap;
}

START_TEST(the_same_state_eight_times_in_a_row_is_a_hang)
{
    enum progress_verdict verdict;
    struct progress p;

    ck_assert_uint_eq(laps_until(&p, 0, 1, &verdict), 8);
    ck_assert_int_eq(verdict, PROGRESS_REPEATS_FOR_EVER);
    ck_assert_uint_eq(p.period, 1);
}
END_TEST

START_TEST(the_same_state_seven_times_is_not)
{
    struct progress p;

    progress_begin(&p);
    for (unsigned i = 0; i < 7 * 100; i++)
        ck_assert_int_eq(progress_lap(&p, &(struct lap) { .state = i / 7 }),
                         PROGRESS_GOES_ON);
}
END_TEST

START_TEST(a_cycle_of_any_length_behind_any_start_is_found)
{
    static const uint64_t tails[] = { 0, 1, 2, 3, 10, 100, 1000 };

    for (unsigned t = 0; t < ARRAY_SIZE(tails); t++) {
        enum progress_verdict verdict;
        struct progress p;
        uint64_t period = (uint64_t)_i;
        uint64_t start = tails[t] > period ? tails[t] : period;
        uint64_t laps = laps_until(&p, tails[t], period, &verdict);

        ck_assert_int_eq(verdict, PROGRESS_REPEATS_FOR_EVER);
        ck_assert_uint_eq(p.period, period);
        /* Brent: an anchor inside the cycle within twice the start. */
        ck_assert_uint_le(laps, 4 * start + 8 * period + 8);
    }
}
END_TEST

START_TEST(a_guest_that_always_changes_is_stopped_at_the_bound)
{
    enum progress_verdict verdict;
    struct progress p;

    ck_assert_uint_eq(laps_until(&p, 0, 0, &verdict), PROGRESS_MAX_LAPS);
    ck_assert_int_eq(verdict, PROGRESS_NO_END);
}
END_TEST

START_TEST(another_exit_is_another_state)
{
    struct progress p;

    progress_begin(&p);
    for (unsigned i = 0; i < 100; i++) {
        struct lap lap = { .state = 1 };

        *(_i == 0 ? &lap.code : _i == 1 ? &lap.info1 : &lap.info2) = i;
        ck_assert_int_eq(progress_lap(&p, &lap), PROGRESS_GOES_ON);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("progress");
    TCase *t = tcase_create("progress");

    suite_add_tcase(s, t);
    tcase_add_test(t, the_same_state_eight_times_in_a_row_is_a_hang);
    tcase_add_test(t, the_same_state_seven_times_is_not);
    tcase_add_loop_test(t, a_cycle_of_any_length_behind_any_start_is_found, 1,
                        200);
    tcase_add_test(t, a_guest_that_always_changes_is_stopped_at_the_bound);
    tcase_add_loop_test(t, another_exit_is_another_state, 0, 3);
    return run_suite(s);
}
