/* SPDX-License-Identifier: GPL-2.0-only */
/* load/axis.c - read the axes of a matrix, and name its points. */
#include "load/axis.h"
#include "load/catalog.h"

#include <inttypes.h>
#include <string.h>

/* ---- reading ---- */

/* "48..52"; 1 = it is a range, 0 = it is not, -1 = a bad one. */
static int read_range(struct axis *a, const struct node *n, struct err *e)
{
    const char *dots = strstr(n->text, "..");
    uint64_t last;

    if (n->quoted || !dots)
        return 0;
    if (num_parse(n->text, (size_t)(dots - n->text), &a->first) != NUM_OK ||
        num_parse(dots + 2, strlen(dots + 2), &last) != NUM_OK) {
        err_at(e, n->at, "%s: '%.60s' is not a range of numbers", a->path,
               n->text);
        return err_hint(e, "48..52 is 48, 49, 50, 51 and 52");
    }
    if (last < a->first)
        return err_at(e, n->at, "%s: the range '%.60s' is empty", a->path,
                      n->text);
    /* A range of all 64-bit numbers is refused as too many, not as none. */
    a->n = last - a->first == UINT64_MAX ? UINT64_MAX : last - a->first + 1;
    a->range = n;
    return 1;
}

static int read_list(struct pool *pool, struct axis *a, const struct node *list,
                     struct err *e)
{
    const struct node **values =
        pool_alloc(pool, (list->n + 1) * sizeof(*values));

    if (!list->n)
        return err_at(e, list->at, "%s: an axis without values", a->path);
    for (unsigned i = 0; i < list->n; i++) {
        values[i] = list->entry[i].value;
        if (node_expect(values[i], NODE_SCALAR, a->path, e))
            return -1;
    }
    a->values = values;
    a->n = list->n;
    return 0;
}

static int read_values(struct pool *pool, struct axis *a, const struct node *n,
                       struct err *e)
{
    int is_range = n->kind == NODE_SCALAR ? read_range(a, n, e) : 0;

    if (is_range)
        return is_range < 0 ? -1 : 0;
    if (n->kind == NODE_LIST)
        return read_list(pool, a, n, e);
    err_at(e, n->at, "%s: a range or a list is needed here, this is %s",
           a->path, node_kind_name(n));
    return err_hint(e, "48..52, or [48, 51]");
}

/* Single values below cpu, kernel, vm and guest can vary, steps cannot. */
static int find_field(struct pool *pool, struct axis *a,
                      const struct node_entry *entry, struct err *e)
{
    const struct field_doc *docs;
    const char **paths;
    struct field_ref ref;
    unsigned n_docs, n = 0;

    if (strchr(entry->key, '.') &&
        field_resolve(&scenario_table, entry->key, &a->field))
        return 0;
    n_docs = load_fields(pool, &docs);
    paths = pool_alloc(pool, n_docs * sizeof(*paths));
    for (unsigned i = 0; i < n_docs; i++)
        if (strchr(docs[i].path, '.') &&
            field_resolve(&scenario_table, docs[i].path, &ref))
            paths[n++] = docs[i].path;
    err_at(e, entry->key_at, "'%.60s' is nothing that an axis can vary",
           entry->key);
    err_suggest(e, entry->key, paths, n);
    return err_hint(e, "single values below cpu, kernel, vm and guest");
}

/* An axis that --set names keeps the value that is in @root by now. */
static int pin(struct pool *pool, struct axis *a, const struct node *root,
               struct err *e)
{
    const struct node *value = node_at(root, a->path);
    const struct node **values = pool_alloc(pool, sizeof(*values));

    if (!value)
        return 0;
    if (node_expect(value, NODE_SCALAR, a->path, e))
        return -1;
    values[0] = value;
    a->values = values;
    a->range = NULL;
    a->n = 1;
    return 0;
}

static bool is_set(const char *path, const struct setting *settings, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (strcmp(settings[i].key, path) == 0)
            return true;
    return false;
}

static int read_axis(struct pool *pool, struct axis *a,
                     const struct node_entry *entry,
                     const struct matrix_context *x, struct err *e)
{
    a->path = entry->key;
    a->at = entry->key_at;
    if (find_field(pool, a, entry, e) || read_values(pool, a, entry->value, e))
        return -1;
    return is_set(a->path, x->settings, x->n_settings)
               ? pin(pool, a, x->root, e)
               : 0;
}

/* ---- trying ---- */

static bool is_model(const struct axis *a, size_t name)
{
    return a->field.offset == name;
}

/* A model's file is read here, so that points find it read. */
static int try_model(const struct axis *a, struct catalog *c,
                     const struct node *n, struct err *e)
{
    if (is_model(a, offsetof(struct scenario_doc, s.cpu_name)))
        return catalog_cpu(c, n->text, n->at, e) ? 0 : -1;
    if (is_model(a, offsetof(struct scenario_doc, s.kernel_name)))
        return catalog_kernel(c, n->text, n->at, e) ? 0 : -1;
    return 0;
}

static int try_value(struct pool *pool, const struct axis *a,
                     const struct node *n, struct value *out, struct err *e)
{
    struct scenario_doc *doc = pool_alloc(pool, sizeof(*doc));

    if (field_ref_set(pool, &a->field, n, doc, e))
        return -1;
    *out = field_ref_value(&a->field, doc);
    return 0;
}

static int try_list(struct pool *pool, struct axis *a, struct catalog *c,
                    struct err *e)
{
    a->value = pool_alloc(pool, a->n * sizeof(*a->value));
    for (uint64_t i = 0; i < a->n; i++)
        if (try_value(pool, a, a->values[i], &a->value[i], e) ||
            try_model(a, c, a->values[i], e))
            return -1;
    return 0;
}

/* The @i-th value, as written. */
static const struct node *axis_node(const struct axis *a, struct pool *pool,
                                    uint64_t i)
{
    struct node *n;

    if (a->values)
        return a->values[i];
    n = pool_alloc(pool, sizeof(*n));
    *n = *a->range;
    n->text = pool_printf(pool, "%" PRIu64, a->first + i);
    return n;
}

/* What is good at both ends is good between them, unless numbers are few. */
static int try_range(struct pool *pool, struct axis *a, struct err *e)
{
    const struct field *f = a->field.field;
    bool few = f->type == FIELD_NUMBER && (f->choice || f->align);
    uint64_t step = few || a->n == 1 ? 1 : a->n - 1;
    struct pool *scratch = pool_create();
    struct value v;
    int ret = 0;

    if (f->type != FIELD_NUMBER) {
        err_at(e, a->range->at, "%s: a range of numbers, but this is no number",
               a->path);
        ret = err_hint(e, "list its values: [...]");
    }
    for (uint64_t i = 0; i < a->n && !ret; i += step) {
        ret = try_value(scratch, a, axis_node(a, pool, i), &v, e);
        pool_reset(scratch);
    }
    pool_destroy(scratch);
    return ret;
}

static int try_axes(struct pool *pool, struct axes *axes, struct catalog *c,
                    struct err *e)
{
    for (unsigned i = 0; i < axes->n; i++) {
        struct axis *a = &axes->axis[i];

        if (a->values ? try_list(pool, a, c, e) : try_range(pool, a, e))
            return -1;
    }
    return 0;
}

/* ---- counting ---- */

static int count_points(struct axes *axes, const struct node *n,
                        uint64_t shards, struct err *e)
{
    uint64_t most = shards * SCENARIO_MAX_POINTS;

    axes->points = 1;
    for (unsigned i = axes->n; i-- > 0;) {
        axes->axis[i].stride = axes->points;
        if (__builtin_mul_overflow(axes->points, axes->axis[i].n,
                                   &axes->points))
            axes->points = UINT64_MAX;
    }
    if (axes->points <= most)
        return 0;
    err_at(e, n->at,
           "the matrix has %s%" PRIu64 " points, at most %" PRIu64 " can run%s",
           axes->points == UINT64_MAX ? "at least " : "", axes->points,
           SCENARIO_MAX_POINTS, shards > 1 ? " in each shard" : "");
    if (axes->points > SCENARIO_MAX_SHARDS * SCENARIO_MAX_POINTS)
        return err_hint(e, "shorten an axis: not even shards help");
    return err_hint(e,
                    "shorten an axis, or sweep it in shards: nptsim sweep "
                    "--shard 1/%" PRIu64,
                    (axes->points - 1) / SCENARIO_MAX_POINTS + 1);
}

static size_t longest_value(const struct axis *a)
{
    size_t longest = 20; /* digits of a 64-bit number */

    for (uint64_t i = 0; a->values && i < a->n; i++)
        if (strlen(a->values[i]->text) > longest)
            longest = strlen(a->values[i]->text);
    return longest;
}

int axes_read(struct pool *pool, struct axes *axes, const struct node *n,
              const struct matrix_context *x, struct err *e)
{
    if (node_expect(n, NODE_MAP, "axes", e))
        return -1;
    if (n->n > SCENARIO_MAX_AXES)
        return err_at(e, n->entry[SCENARIO_MAX_AXES].key_at,
                      "more than %d axes", SCENARIO_MAX_AXES);
    axes->axis = pool_alloc(pool, (n->n + 1) * sizeof(*axes->axis));
    axes->n = n->n;
    axes->text_size = 1;
    for (unsigned i = 0; i < n->n; i++)
        if (read_axis(pool, &axes->axis[i], &n->entry[i], x, e))
            return -1;
    if (count_points(axes, n, x->shards, e) ||
        try_axes(pool, axes, x->catalog, e))
        return -1;
    for (unsigned i = 0; i < axes->n; i++)
        axes->text_size += strlen(axes->axis[i].path) + strlen(" =") +
                           longest_value(&axes->axis[i]);
    return 0;
}

/* ---- points ---- */

struct value axis_value(const struct axis *a, uint64_t i)
{
    if (a->values)
        return a->value[i];
    return (struct value) { .kind = VALUE_NUMBER, .number = a->first + i };
}

/* Numbers, which are the many, need no text. */
int axis_set(const struct axis *a, struct pool *pool, uint64_t i,
             struct scenario_doc *doc, struct err *e)
{
    if (field_ref_kind(&a->field) == VALUE_TEXT)
        return field_ref_set(pool, &a->field, a->values[i], doc, e);
    field_ref_put(&a->field, axis_value(a, i).number, doc);
    return 0;
}

const struct node *axes_lay(const struct axes *axes, struct pool *pool,
                            const struct node *root, uint64_t point,
                            struct err *e)
{
    for (unsigned i = 0; i < axes->n && root; i++) {
        const struct axis *a = &axes->axis[i];

        root = node_with(pool, root, a->path, a->at,
                         axis_node(a, pool, axis_at(a, point)), e);
    }
    return root;
}

static char *put(char *at, const char *text)
{
    size_t len = strlen(text);

    memcpy(at, text, len);
    return at + len;
}

static char *put_number(char *at, uint64_t v)
{
    char digits[20];
    unsigned from = sizeof(digits);

    do {
        digits[--from] = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    memcpy(at, digits + from, sizeof(digits) - from);
    return at + sizeof(digits) - from;
}

const char *axes_text(const struct axes *axes, struct pool *pool,
                      uint64_t point)
{
    char *text = pool_alloc(pool, axes->text_size), *at = text;

    for (unsigned i = 0; i < axes->n; i++) {
        const struct axis *a = &axes->axis[i];
        uint64_t value = axis_at(a, point);

        at = put(at, i ? " " : "");
        at = put(at, a->path);
        at = put(at, "=");
        at = a->values ? put(at, a->values[value]->text)
                       : put_number(at, a->first + value);
    }
    return text;
}
