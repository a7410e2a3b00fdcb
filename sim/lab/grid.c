/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab/grid.c - the space that tables of real kernel answers cover whole.
 *
 * Every geometry from 36 raw bits on, every request and every flag that decides
 * about SEV, five ASID ranges: 2,437,120 hosts, of which the published counts
 * of differences speak (tests/data/golden/).
 */
#include "lab.h"

#define N_RAW       (52 - 36 + 1)
#define N_REDUCTION (6 - 0 + 1)
#define N_CBIT      (63 - 32 + 1)

/* Usual, few, a board's, none left for SEV, and none at all. */
static const uint64_t asids[][LAB_AXIS_INPUTS] = {
    { 1, 15 }, { 5, 15 }, { 100, 509 }, { 510, 509 }, { 1, 0 },
};
static const uint64_t flag[][LAB_AXIS_INPUTS] = { { 0 }, { 1 } };

static struct lab_axis numbers(struct pool *pool, enum policy_input input,
                               uint64_t first, unsigned n)
{
    uint64_t(*values)[LAB_AXIS_INPUTS] = pool_alloc(pool, n * sizeof(*values));

    for (unsigned i = 0; i < n; i++)
        values[i][0] = first + i;
    return (struct lab_axis) { 1, n, { input }, (const void *)values };
}

static struct lab_axis boolean(enum policy_input input)
{
    return (struct lab_axis) { 1, ARRAY_SIZE(flag), { input }, flag };
}

struct lab_space lab_grid(struct pool *pool)
{
    static const enum policy_input flags[] = {
        POLICY_SYSCFG_MEMENC,  POLICY_F_SEV, POLICY_F_SEV_ES,
        POLICY_P_MMIO_CACHING, POLICY_P_NPT, POLICY_P_SEV,
        POLICY_P_SEV_ES,
    };
    unsigned n = 0;
    struct lab_axis *axes =
        pool_alloc(pool, (4 + ARRAY_SIZE(flags)) * sizeof(*axes));

    axes[n++] = numbers(pool, POLICY_RAW_MAXPHYADDR, 36, N_RAW);
    axes[n++] = numbers(pool, POLICY_PA_REDUCTION, 0, N_REDUCTION);
    axes[n++] = numbers(pool, POLICY_CBIT, 32, N_CBIT);
    axes[n++] = (struct lab_axis) {
        2, ARRAY_SIZE(asids), { POLICY_MIN_ASID, POLICY_MAX_ASID }, asids
    };
    for (unsigned i = 0; i < ARRAY_SIZE(flags); i++)
        axes[n++] = boolean(flags[i]);
    return (struct lab_space) { n, axes, policy_default_host() };
}
