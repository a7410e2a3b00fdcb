/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load/point.c - one run of a file: a form, filled in with the values of its
 * axes.
 *
 * What turns out to be wrong is read once more from the whole tree, for the
 * place in its message.
 */
#include "load/axis.h"
#include "load/catalog.h"
#include "load/scenario_file.h"

#include <string.h>

/* ---- looking from outside ---- */

const char *scenario_file_name(const struct scenario_file *f)
{
    return f->forms[0].s.name;
}

bool scenario_file_is_bare(const struct scenario_file *f)
{
    return f->forms[0].s.config.is_bare;
}

uint64_t scenario_file_points(const struct scenario_file *f)
{
    return f->axes->points;
}

unsigned scenario_file_axes(const struct scenario_file *f)
{
    return f->axes->n;
}

struct axis_desc scenario_file_axis(const struct scenario_file *f, unsigned i)
{
    const struct axis *a = &f->axes->axis[i];
    const struct field *field = a->field.field;

    BUG_ON(i >= f->axes->n);
    return (struct axis_desc) {
        .path = a->path,
        .kind = field_ref_kind(&a->field),
        .wide = field->type == FIELD_NUMBER && field->max > UINT32_MAX,
        .n = a->n,
    };
}

struct value scenario_file_axis_value(const struct scenario_file *f, unsigned i,
                                      uint64_t point)
{
    const struct axis *a = &f->axes->axis[i];

    BUG_ON(i >= f->axes->n || point >= f->axes->points);
    return axis_value(a, axis_at(a, point));
}

/* ---- forms ---- */

/* "dir/name.yaml": the name; a scenario from a pipe has none to compare. */
static int check_name(const char *path, const struct scenario_doc *doc,
                      struct err *e)
{
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    const char *dot = strrchr(base, '.');
    size_t len =
        dot && strcmp(dot, ".yaml") == 0 ? (size_t)(dot - base) : strlen(base);

    if (strcmp(path, "-") == 0 ||
        (strlen(doc->s.name) == len && memcmp(doc->s.name, base, len) == 0))
        return 0;
    err_at(e, doc->name_at, "name: '%.60s' stands in a file called '%.60s'",
           doc->s.name, base);
    return err_hint(e, "name and file name must be the same");
}

/* What point @i looks like when the whole tree is read for it alone: *@root,
 * and *@doc, filled from it. */
static int fill_alone(struct scenario_file *f, struct pool *pool, uint64_t i,
                      const struct node **root, struct scenario_doc *doc,
                      struct err *e)
{
    *root = axes_lay(f->axes, pool, f->root, i, e);
    if (*root && scenario_fill(f->catalog, pool, *root, doc, e) == 0 &&
        check_name(f->path, doc, e) == 0)
        return 0;
    if (f->axes->n)
        err_hint(e, "at the point %.150s", axes_text(f->axes, pool, i));
    return -1;
}

int scenario_make_forms(struct scenario_file *f, struct err *e)
{
    uint64_t n = 1;

    for (unsigned i = 0; i < f->axes->n; i++)
        if (strcmp(f->axes->axis[i].path, "cpu.model") == 0)
            f->cpus = &f->axes->axis[i];
    if (f->cpus)
        n = f->cpus->n;
    f->forms = pool_alloc(f->pool, n * sizeof(*f->forms));
    for (uint64_t i = 0; i < n; i++) {
        const struct node *root;

        if (fill_alone(f, f->pool, f->cpus ? i * f->cpus->stride : 0, &root,
                       &f->forms[i], e))
            return -1;
    }
    return 0;
}

/* ---- points ---- */

/* The form of point @i with its values; what cannot be set will be said by
 * fill_alone(). */
static bool fill_form(const struct scenario_file *f, struct pool *pool,
                      uint64_t i, struct scenario_doc *doc)
{
    struct run_config *config = &doc->s.config;
    const char *kernel;
    struct err e = { 0 };

    *doc = f->forms[f->cpus ? axis_at(f->cpus, i) : 0];
    kernel = doc->s.kernel_name;
    for (unsigned k = 0; k < f->axes->n; k++) {
        const struct axis *a = &f->axes->axis[k];

        if (a != f->cpus && axis_set(a, pool, axis_at(a, i), doc, &e))
            return false;
    }
    if (kernel != doc->s.kernel_name) {
        const struct kernel_file *k = catalog_kernel(
            f->catalog, doc->s.kernel_name, doc->kernel_model_at, &e);

        if (!k)
            return false;
        config->kernel = k->model;
    }
    guest_copy_maps(pool, &config->guest);
    return true;
}

/* What follows from a filled @doc; 1 = excluded. */
static int finish_point(const struct scenario_file *f, struct pool *pool,
                        const struct node *root, struct scenario_doc *doc,
                        struct err *e)
{
    if (f->matrix && matrix_excludes(f->matrix, doc))
        return 1;
    doc->s.config.n_steps = f->steps.n_steps;
    doc->s.config.steps = f->steps.steps;
    if (scenario_check(pool, root, doc, e))
        return -1;
    doc->s.path = f->path;
    doc->s.expect = f->expect;
    if (f->matrix)
        matrix_expect(f->matrix, pool, doc, &doc->s.expect);
    return 0;
}

/* Without the form: with every place where something may be wrong. */
static int point_alone(struct scenario_file *f, struct pool *pool, uint64_t i,
                       struct scenario_doc *doc, struct err *e)
{
    const struct node *root;
    int ret;

    if (fill_alone(f, pool, i, &root, doc, e))
        return -1;
    ret = finish_point(f, pool, root, doc, e);
    if (ret < 0 && f->axes->n)
        err_hint(e, "at the point %.150s", axes_text(f->axes, pool, i));
    return ret;
}

int scenario_file_point(struct scenario_file *f, struct pool *pool, uint64_t i,
                        struct scenario *out, struct err *e)
{
    struct scenario_doc doc;
    struct err quiet = { 0 };
    int ret = -1;

    BUG_ON(i >= scenario_file_points(f));
    if (fill_form(f, pool, i, &doc))
        ret = finish_point(f, pool, f->root, &doc, &quiet);
    if (ret < 0)
        ret = point_alone(f, pool, i, &doc, e);
    if (ret == 0)
        *out = doc.s;
    out->point = axes_text(f->axes, pool, i);
    return ret;
}

bool scenario_file_change(const struct scenario_file *f, struct pool *pool,
                          const struct config_change *changes, unsigned n,
                          struct scenario *out)
{
    struct scenario_doc doc;
    struct err e = { 0 };
    const char *kernel;

    if (!fill_form(f, pool, 0, &doc))
        return false;
    kernel = doc.s.kernel_name;
    for (unsigned i = 0; i < n; i++)
        config_set(&doc, &changes[i]);
    if (doc.s.kernel_name != kernel) {
        const struct kernel_file *k = catalog_kernel(
            f->catalog, doc.s.kernel_name, doc.kernel_model_at, &e);

        if (!k)
            return false;
        doc.s.config.kernel = k->model;
    }
    doc.s.config.n_steps = f->steps.n_steps;
    doc.s.config.steps = f->steps.steps;
    if (scenario_check(pool, f->root, &doc, &e))
        return false;
    doc.s.path = f->path;
    doc.s.expect = (struct expectations) { 0 };
    doc.s.point = "";
    *out = doc.s;
    return true;
}
