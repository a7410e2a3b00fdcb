/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A description of a set gives the set back: read by a naive reader, cell by
 * cell, it means the same points, no fewer and no more.
 */
#include "lab.h"
#include "unit/suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#define N_RAW  17 /* 36..52 */
#define N_RED  7  /* 0..6 */
#define N_CBIT 32 /* 32..63 */

static uint64_t raws[N_RAW][LAB_AXIS_INPUTS];
static uint64_t reds[N_RED][LAB_AXIS_INPUTS];
static uint64_t cbits[N_CBIT][LAB_AXIS_INPUTS];
static const uint64_t flags[][LAB_AXIS_INPUTS] = { { 0 }, { 1 } };
static const uint64_t asids[][LAB_AXIS_INPUTS] = { { 1, 15 },
                                                   { 100, 509 },
                                                   { 510, 509 } };
static const struct lab_axis axes[] = {
    { 1, N_RAW, { POLICY_RAW_MAXPHYADDR }, (const void *)raws },
    { 1, N_RED, { POLICY_PA_REDUCTION }, (const void *)reds },
    { 1, N_CBIT, { POLICY_CBIT }, (const void *)cbits },
    { 1, 2, { POLICY_SYSCFG_MEMENC }, flags },
    { 2, 3, { POLICY_MIN_ASID, POLICY_MAX_ASID }, asids },
};
static struct pool *pool;
static struct lab_space space;

static void set_up(void)
{
    for (unsigned i = 0; i < N_RAW; i++)
        raws[i][0] = 36 + i;
    for (unsigned i = 0; i < N_RED; i++)
        reds[i][0] = i;
    for (unsigned i = 0; i < N_CBIT; i++)
        cbits[i][0] = 32 + i;
    pool = pool_create();
    space =
        (struct lab_space) { ARRAY_SIZE(axes), axes, policy_default_host() };
}

static void tear_down(void)
{
    pool_destroy(pool);
}

/* ---- the naive reader ---- */

/* Is the value, or pair of values, @v in "a..b", "{a,b..c}", "a-b", "*"? */
static bool part_has(const char *s, const uint64_t *v)
{
    unsigned long long a, b;
    int used;

    for (;;) {
        s += strspn(s, "{,");
        if (*s == '*')
            return true;
        if (sscanf(s, "%llu..%llu%n", &a, &b, &used) == 2) {
            if (v[0] >= a && v[0] <= b)
                return true;
        } else if (sscanf(s, "%llu-%llu%n", &a, &b, &used) == 2) {
            if (v[0] == a && v[1] == b)
                return true;
        } else if (sscanf(s, "%llu%n", &a, &used) == 1) {
            if (v[0] == a)
                return true;
        } else {
            return false; /* ")", "}" or the next axis */
        }
        s += used;
    }
}

/* One axis' part begins at @s: copy it without what follows. */
static const char *next_part(const char *s, char *out)
{
    int depth = 0;

    for (; depth || (*s != ',' && *s != ')'); s++) {
        depth += (*s == '{') - (*s == '}');
        *out++ = *s;
    }
    *out = '\0';
    return s + 1;
}

/* Is @host in the product that begins at @s, a '('? *@end: behind it. */
static bool box_has(const char *s, const unsigned *which, unsigned n,
                    const struct policy_host *host, const char **end)
{
    bool in = true;
    char part[400];

    ck_assert(*s++ == '(');
    for (unsigned i = 0; i < n; i++) {
        const struct lab_axis *a = &axes[which[i]];
        uint64_t v[2] = { host->v[a->input[0]], host->v[a->input[1]] };

        s = next_part(s, part);
        in = in && part_has(part, v);
    }
    *end = s;
    return in;
}

static unsigned terms_with(const char *text, const unsigned *which, unsigned n,
                           const struct policy_host *host)
{
    unsigned found = 0;

    while (*text) {
        bool in = box_has(text, which, n, host, &text);

        while (strncmp(text, " minus ", 7) == 0)
            if (box_has(text + 7, which, n, host, &text))
                in = false;
        found += in;
        if (strncmp(text, ", ", 2) == 0)
            text += 2;
        else
            ck_assert_msg(!*text, "unread: %s", text);
    }
    return found;
}

/* Is @host the first of those that look the same along the axes @which? */
static bool is_first(const struct policy_host *host, const unsigned *which,
                     unsigned n)
{
    for (unsigned a = 0; a < ARRAY_SIZE(axes); a++) {
        bool seen = false;

        for (unsigned i = 0; i < n; i++)
            seen = seen || which[i] == a;
        if (!seen && host->v[axes[a].input[0]] != axes[a].values[0][0])
            return false;
    }
    return true;
}

/* Every point of the space is in exactly as many terms as it should: one or
 * none. @in: by point. */
static void check_exact(const struct lab_cluster *c, const unsigned *which,
                        unsigned n, const bool *in)
{
    struct buf b = BUF_INIT;
    struct policy_host host;

    lab_cluster_describe(c, UINT32_MAX, &b);
    for (uint64_t i = 0; i < lab_space_points(&space); i++) {
        lab_space_host(&space, i, &host);
        if (!is_first(&host, which, n))
            continue;
        ck_assert_msg(
            terms_with(b.data ? b.data : "", which, n, &host) == in[i],
            "point %llu is in: %d\n%s", (unsigned long long)i, in[i], b.data);
    }
    buf_free(&b);
}

/* ---- claims ---- */

static uint64_t point(unsigned raw, unsigned red, unsigned cbit, unsigned flag,
                      unsigned asid)
{
    return (((raw - 36ULL) * N_RED + red) * N_CBIT + cbit - 32) * 6 + flag * 3 +
           asid;
}

static const unsigned geometry[] = { 0, 1, 2 };

static const char *described(const struct lab_cluster *c, unsigned max)
{
    struct buf b = BUF_INIT;
    const char *text;

    lab_cluster_describe(c, max, &b);
    text = pool_strdup(pool, b.data ? b.data : "");
    buf_free(&b);
    return text;
}

/* kvm-gating, section 5: SEV-ES refused although all else allows it. */
START_TEST(thirty_four_geometries)
{
    struct lab_cluster *c = lab_cluster_create(pool, &space, geometry, 3);

    lab_cluster_add(c, point(51, 0, 51, 1, 0));
    lab_cluster_add(c, point(52, 1, 51, 1, 2));
    for (unsigned cbit = 32; cbit < 64; cbit++)
        lab_cluster_add(c, point(52, 0, cbit, 1, 1));
    for (unsigned cbit = 32; cbit < 64; cbit++)
        lab_cluster_add(c, point(52, 0, cbit, 1, 2));
    ck_assert_uint_eq(lab_cluster_size(c), 34);
    ck_assert_str_eq(described(c, 10), "(51,0,51), (52,0,*), (52,1,51)");
}
END_TEST

/* Section 5: raw 52, reduction 1..6, minus (52,1,51). */
START_TEST(a_hole_is_said_as_a_hole)
{
    struct lab_cluster *c = lab_cluster_create(pool, &space, geometry, 3);

    for (unsigned red = 1; red <= 6; red++)
        for (unsigned cbit = 32; cbit < 64; cbit++)
            if (red != 1 || cbit != 51)
                lab_cluster_add(c, point(52, red, cbit, 1, 0));
    ck_assert_uint_eq(lab_cluster_size(c), 191);
    ck_assert_str_eq(described(c, 10), "(52,1..6,*) minus (52,1,51)");
}
END_TEST

START_TEST(pairs_and_flags_are_values_too)
{
    static const unsigned which[] = { 3, 4 };
    struct lab_cluster *c = lab_cluster_create(pool, &space, which, 2);

    lab_cluster_add(c, point(40, 0, 40, 1, 0));
    lab_cluster_add(c, point(41, 0, 40, 1, 2));
    ck_assert_str_eq(described(c, 10), "(1,{1-15,510-509})");
    lab_cluster_add(c, point(41, 0, 40, 1, 1));
    ck_assert_str_eq(described(c, 10), "(1,*)");
}
END_TEST

START_TEST(an_empty_set_has_no_words)
{
    struct lab_cluster *c = lab_cluster_create(pool, &space, geometry, 3);

    ck_assert_uint_eq(lab_cluster_size(c), 0);
    ck_assert_str_eq(described(c, 10), "");
}
END_TEST

START_TEST(a_long_description_ends_with_a_number)
{
    struct lab_cluster *c = lab_cluster_create(pool, &space, geometry, 3);

    lab_cluster_add(c, point(36, 0, 32, 0, 0));
    lab_cluster_add(c, point(40, 1, 36, 0, 0));
    for (unsigned cbit = 32; cbit < 64; cbit++)
        lab_cluster_add(c, point(52, 6, cbit, 1, 0));
    ck_assert_str_eq(described(c, 1), "(52,6,*), and 2 more");
    ck_assert_str_eq(described(c, 0), "and 34 more");
}
END_TEST

START_TEST(too_many_cells_are_refused)
{
    struct lab_axis huge = axes[0];
    struct lab_space s = { 1, &huge, policy_default_host() };
    unsigned first = 0;

    huge.n_values = LAB_CLUSTER_CELLS + 1;
    ck_assert_ptr_null(lab_cluster_create(pool, &s, &first, 1));
}
END_TEST

static uint64_t next_random(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x;
}

/* A set like those of policies: boxes, laid over and cut out of each other,
 * seen along @n axes; or noise. */
static void random_set(uint64_t *seed, const unsigned *which, unsigned n,
                       bool noise, bool *in)
{
    uint64_t points = lab_space_points(&space);

    memset(in, 0, points);
    for (unsigned boxes = 2 + next_random(seed) % 5; boxes > 0; boxes--) {
        unsigned lo[5], hi[5];
        bool add = boxes != 2;

        for (unsigned i = 0; i < n; i++) {
            unsigned n_values = axes[which[i]].n_values;

            lo[i] = (unsigned)(next_random(seed) % n_values);
            hi[i] = (unsigned)(next_random(seed) % n_values);
            if (lo[i] > hi[i]) {
                unsigned t = lo[i];

                lo[i] = hi[i];
                hi[i] = t;
            }
        }
        for (uint64_t p = 0; p < points; p++) {
            uint64_t rest = p;
            unsigned at[5];
            bool inside = true;

            for (unsigned a = 5; a-- > 0;) {
                at[a] = (unsigned)(rest % axes[a].n_values);
                rest /= axes[a].n_values;
            }
            for (unsigned i = 0; i < n; i++)
                inside =
                    inside && at[which[i]] >= lo[i] && at[which[i]] <= hi[i];
            if (inside)
                in[p] = add && (!noise || at[0] * 7 % 5 < 3);
        }
    }
}

/* One set per run of the loop, on two, three or four axes. */
START_TEST(a_description_is_exact)
{
    static const unsigned choices[][4] = {
        { 0, 1, 2, 3 }, { 1, 3, 4, 0 }, { 3, 4, 1, 0 }, { 1, 4, 3, 0 }
    };
    const unsigned *which = choices[_i % 4];
    unsigned n = 2 + (unsigned)_i % 3;
    uint64_t seed = 0x9e3779b97f4a7c15ULL * (unsigned)(_i + 1);
    uint64_t points = lab_space_points(&space);
    struct lab_cluster *c = lab_cluster_create(pool, &space, which, n);
    bool *in = pool_alloc(pool, points);

    random_set(&seed, which, n, _i % 3 == 2, in);
    for (uint64_t p = 0; p < points; p++)
        if (in[p])
            lab_cluster_add(c, p);
    check_exact(c, which, n, in);
}
END_TEST

/* Noise of single cells has no short description; it still has an exact one. */
START_TEST(noise_is_exact_too)
{
    static const unsigned which[] = { 1, 3, 4 };
    uint64_t seed = 0x12345 + (unsigned)_i, points = lab_space_points(&space);
    struct lab_cluster *c = lab_cluster_create(pool, &space, which, 3);
    bool *in = pool_alloc(pool, points), cell[N_RED][2][3];

    for (unsigned i = 0; i < N_RED * 6; i++)
        (&cell[0][0][0])[i] = next_random(&seed) % 100 < 10 * (unsigned)_i;
    for (uint64_t p = 0; p < points; p++) {
        in[p] = cell[p / 6 / N_CBIT % N_RED][p / 3 % 2][p % 3];
        if (in[p])
            lab_cluster_add(c, p);
    }
    check_exact(c, which, 3, in);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("lab/cluster");
    TCase *t = tcase_create("cluster");

    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, thirty_four_geometries);
    tcase_add_test(t, a_hole_is_said_as_a_hole);
    tcase_add_test(t, pairs_and_flags_are_values_too);
    tcase_add_test(t, an_empty_set_has_no_words);
    tcase_add_test(t, a_long_description_ends_with_a_number);
    tcase_add_test(t, too_many_cells_are_refused);
    tcase_add_loop_test(t, a_description_is_exact, 0, 24);
    tcase_add_loop_test(t, noise_is_exact_too, 1, 10);
    tcase_set_timeout(t, 60);
    suite_add_tcase(s, t);
    return run_suite(s);
}
