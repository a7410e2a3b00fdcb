/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab/axes.c - the configuration space that is searched unless somebody says
 * otherwise, and what they may say: "pa_reduction=0..6", "cbit=47,51",
 * "asids=1-15,100-509".
 */
#include "lab.h"

#include <inttypes.h>
#include <string.h>

/* Values of one axis, the product of all of them aside. */
#define MAX_VALUES 4096

typedef const uint64_t (*values_t)[LAB_AXIS_INPUTS];

static struct lab_axis range(struct pool *pool, enum policy_input input,
                             uint64_t first, uint64_t last)
{
    unsigned n = (unsigned)(last - first + 1);
    uint64_t(*v)[LAB_AXIS_INPUTS] = pool_alloc(pool, n * sizeof(*v));

    for (unsigned i = 0; i < n; i++)
        v[i][0] = first + i;
    return (struct lab_axis) { 1, n, { input }, (values_t)v };
}

/* The usual ranges; all for SEV-ES; none for it; none for SEV; no ASIDs. */
static const uint64_t asid_pairs[][LAB_AXIS_INPUTS] = {
    { 100, 509 }, { 0, 509 }, { 1, 15 }, { 510, 509 }, { 1, 0 },
};

void lab_axes_init(struct pool *pool, struct lab_axes *a, enum lab_depth depth)
{
    static const enum policy_input settings[] = {
        POLICY_P_MMIO_CACHING, POLICY_P_NPT,        POLICY_P_SEV,
        POLICY_P_SEV_ES,       POLICY_F_SEV,        POLICY_F_SEV_ES,
        POLICY_SME_ACTIVE,     POLICY_HWCR_SMMLOCK,
    };
    unsigned n = 0;

    a->axis[n++] = range(pool, POLICY_RAW_MAXPHYADDR, 36, 52);
    a->axis[n++] =
        range(pool, POLICY_PA_REDUCTION, 0, depth == LAB_POLICY ? 16 : 6);
    a->axis[n++] = range(pool, POLICY_CBIT, 32, 63);
    a->axis[n++] = range(pool, POLICY_SYSCFG_MEMENC, 0, 1);
    BUG_ON(n != LAB_GEOMETRY);
    if (depth == LAB_POLICY) {
        for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
            a->axis[n++] = range(pool, settings[i], 0, 1);
        a->axis[n++] = (struct lab_axis) { 2,
                                           ARRAY_SIZE(asid_pairs),
                                           { POLICY_MIN_ASID, POLICY_MAX_ASID },
                                           asid_pairs };
    }
    a->n = n;
}

/* ---- what a user says ---- */

struct reading {
    struct pool *pool;
    const char *text; /* the whole of it, for messages */
    const char *at;
    unsigned n_inputs;
    enum policy_input input[LAB_AXIS_INPUTS];
    struct err *e;
};

static int complain(struct reading *r, const char *what)
{
    return err_plain(r->e, NULL, "--axis %.80s: %s", r->text, what);
}

static int unknown_input(struct reading *r, const char *name)
{
    const char *names[N_POLICY_INPUTS + 1];

    for (unsigned i = 0; i < N_POLICY_INPUTS; i++)
        names[i] = policy_inputs[i].name;
    names[N_POLICY_INPUTS] = "asids";
    err_plain(r->e, NULL, "--axis %.80s: there is no input '%.40s'", r->text,
              name);
    err_suggest(r->e, name, names, ARRAY_SIZE(names));
    return err_hint(r->e,
                    "the inputs are the columns of `nptsim batch gating`");
}

static int read_name(struct reading *r)
{
    const char *eq = strchr(r->text, '=');
    const char *name;
    int input;

    if (!eq || eq == r->text)
        return complain(r, "an axis is NAME=VALUES, for instance cbit=47..51");
    name = pool_strndup(r->pool, r->text, (size_t)(eq - r->text));
    r->at = eq + 1;
    if (strcmp(name, "asids") == 0) {
        r->n_inputs = 2;
        r->input[0] = POLICY_MIN_ASID;
        r->input[1] = POLICY_MAX_ASID;
        return 0;
    }
    input = policy_input_find(name);
    if (input < 0)
        return unknown_input(r, name);
    r->n_inputs = 1;
    r->input[0] = (enum policy_input)input;
    return 0;
}

static int read_word(struct reading *r, const struct policy_input_desc *d,
                     const char *text, size_t len, uint64_t *out)
{
    for (uint64_t i = d->min; i <= d->max; i++)
        if (strlen(d->words[i]) == len && !memcmp(d->words[i], text, len)) {
            *out = i;
            return 0;
        }
    return err_plain(r->e, NULL, "--axis %.80s: '%.*s' is none of its words",
                     r->text, (int)len, text);
}

/* One number of @input, up to one of the characters of @stop. */
static int read_number(struct reading *r, enum policy_input input,
                       const char *stop, uint64_t *out)
{
    const struct policy_input_desc *d = &policy_inputs[input];
    size_t len = strcspn(r->at, stop);
    const char *text = r->at;
    enum num_result ret;

    r->at += len;
    if (d->words)
        return read_word(r, d, text, len, out);
    ret = d->radix == 16 && strncmp(text, "0x", 2) != 0
              ? num_parse_hex(text, len, out)
              : num_parse(text, len, out);
    if (ret != NUM_OK)
        return err_plain(r->e, NULL, "--axis %.80s: '%.*s': %s", r->text,
                         (int)(len < 40 ? len : 40), text, num_problem(ret));
    if (*out >= d->min && *out <= d->max)
        return 0;
    return err_plain(
        r->e, NULL, "--axis %.80s: %" PRIu64 " is not in %" PRIu64 "..%" PRIu64,
        r->text, *out, d->min, d->max);
}

struct list {
    unsigned n;
    uint64_t (*v)[LAB_AXIS_INPUTS];
};

static int add_value(struct reading *r, struct list *l,
                     const uint64_t v[LAB_AXIS_INPUTS])
{
    for (unsigned i = 0; i < l->n; i++)
        if (memcmp(l->v[i], v, r->n_inputs * sizeof(*v)) == 0)
            return complain(r, "a value is given twice");
    if (l->n == MAX_VALUES)
        return complain(r, "more than 4096 values");
    memcpy(l->v[l->n++], v, sizeof(l->v[0]));
    return 0;
}

static int read_pair(struct reading *r, struct list *l)
{
    uint64_t v[LAB_AXIS_INPUTS] = { 0 };

    if (read_number(r, r->input[0], "-,", &v[0]))
        return -1;
    if (*r->at != '-')
        return complain(r, "a pair is MIN-MAX, for instance 100-509");
    r->at++;
    if (read_number(r, r->input[1], ",", &v[1]))
        return -1;
    return add_value(r, l, v);
}

/* "47" or "47..51". */
static int read_range(struct reading *r, struct list *l)
{
    uint64_t v[LAB_AXIS_INPUTS] = { 0 }, last;

    if (read_number(r, r->input[0], ".,", &v[0]))
        return -1;
    last = v[0];
    if (strncmp(r->at, "..", 2) == 0) {
        r->at += 2;
        if (read_number(r, r->input[0], ".,", &last))
            return -1;
    }
    if (last < v[0])
        return complain(r, "the range is empty: it ends before it begins");
    if (last - v[0] >= MAX_VALUES)
        return complain(r, "more than 4096 values");
    for (uint64_t n = last - v[0];; v[0]++) {
        if (add_value(r, l, v))
            return -1;
        if (!n--)
            return 0;
    }
}

static int read_values(struct reading *r, struct list *l)
{
    if (!*r->at)
        return complain(r, "the axis is empty");
    l->v = pool_alloc(r->pool, MAX_VALUES * sizeof(*l->v));
    for (;;) {
        if (r->n_inputs == 2 ? read_pair(r, l) : read_range(r, l))
            return -1;
        if (!*r->at)
            return 0;
        if (*r->at != ',')
            return complain(r, "values are numbers, A..B, and commas between");
        r->at++;
    }
}

static bool concerns(const struct lab_axis *a, const struct reading *r)
{
    for (unsigned i = 0; i < a->n_inputs; i++)
        for (unsigned k = 0; k < r->n_inputs; k++)
            if (a->input[i] == r->input[k])
                return true;
    return false;
}

/* In the place of the axis that it replaces, or behind the last. */
static void put(struct lab_axes *a, const struct reading *r,
                const struct lab_axis *axis)
{
    unsigned n = 0;
    bool placed = false;

    for (unsigned i = 0; i < a->n; i++) {
        if (!concerns(&a->axis[i], r)) {
            a->axis[n++] = a->axis[i];
        } else if (!placed) {
            a->axis[n++] = *axis;
            placed = true;
        }
    }
    if (!placed)
        a->axis[n++] = *axis;
    a->n = n;
}

int lab_axes_set(struct pool *pool, struct lab_axes *a, const char *text,
                 struct err *e)
{
    struct reading r = { .pool = pool, .text = text, .e = e };
    struct list l = { 0 };
    struct lab_axis axis;

    if (read_name(&r) || read_values(&r, &l))
        return -1;
    axis = (struct lab_axis) {
        r.n_inputs, l.n, { r.input[0], r.input[1] }, (values_t)l.v
    };
    put(a, &r, &axis);
    return 0;
}
