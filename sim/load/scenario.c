/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load/scenario.c - a scenario file: the root's table, and its points.
 *
 * Settings are laid over the tree before anything is filled, so a --set, an
 * axis and the file itself pass the same checks and give the same messages.
 */
#include "load/axis.h"
#include "load/bare.h"
#include "load/catalog.h"
#include "load/scenario_file.h"
#include "load/yaml.h"

#include <string.h>

/* More dots than any key has. */
#define MAX_PATH_DEPTH 16

/* ---- the tables ---- */

#define PARAM(member, text)                                                    \
    {                                                                          \
        .key = #member, .type = FIELD_BOOL,                                    \
        MEMBER(struct scenario_doc, s.config.params.member), .doc = text       \
    }

static const struct field param_fields[] = {
    PARAM(mmio_caching, "kvm.mmio_caching (default true)"),
    PARAM(npt, "kvm_amd.npt (default true)"),
    PARAM(sev, "kvm_amd.sev (default true)"),
    PARAM(sev_es, "kvm_amd.sev_es (default true)"),
    PARAM(sev_snp, "kvm_amd.sev_snp (default true)"),
    PARAM(nrips, "kvm_amd.nrips (default true)"),
    PARAM(lbrv, "kvm_amd.lbrv (default true)"),
    { .key = "ciphertext_hiding_asids",
      .type = FIELD_NUMBER,
      MEMBER(struct scenario_doc, s.config.params.ciphertext_hiding_asids),
      .max = UINT32_MAX,
      .doc = "kvm_amd.ciphertext_hiding_asids (default 0)" },
};

static const struct field_table param_table = {
    .name = "kernel.params",
    .fields = param_fields,
    .n = ARRAY_SIZE(param_fields),
};

static const struct field kernel_fields[] = {
    { .key = "model",
      .type = FIELD_TEXT,
      .required = true,
      MEMBER(struct scenario_doc, s.kernel_name),
      .at = offsetof(struct scenario_doc, kernel_model_at),
      .doc = "a file of models/kernels" },
    { .key = "params",
      .type = FIELD_GROUP,
      .table = &param_table,
      .doc = "module parameters" },
    { .key = "sme",
      .type = FIELD_BOOL,
      MEMBER(struct scenario_doc, s.config.params.sme),
      .doc = "booted with memory encryption (default false)" },
    { .key = "la57",
      .type = FIELD_BOOL,
      MEMBER(struct scenario_doc, s.config.params.la57),
      .doc = "booted with five-level paging, where the CPU has it (default "
             "false)" },
    { .key = "reloads",
      .type = FIELD_NUMBER,
      MEMBER(struct scenario_doc, s.config.reloads),
      .max = 9,
      .doc = "how often kvm-amd.ko is loaded again, while kvm.ko stays "
             "(default 0)" },
};

static const struct field_table kernel_table = {
    .name = "kernel",
    .fields = kernel_fields,
    .n = ARRAY_SIZE(kernel_fields),
};

static const struct field cpu_fields[] = {
    { .key = "model",
      .type = FIELD_TEXT,
      .required = true,
      MEMBER(struct scenario_doc, s.cpu_name),
      .doc = "a file of models/cpus" },
    { .key = "set",
      .type = FIELD_GROUP,
      .offset = offsetof(struct scenario_doc, s.config.cpu),
      .table = &cpu_set_table,
      .doc = "what is different from the model" },
};

static const struct field_table cpu_table = {
    .name = "cpu",
    .fields = cpu_fields,
    .n = ARRAY_SIZE(cpu_fields),
};

static const char *const schema_words[] = { "nptsim/scenario/v1" };

static const struct field root_fields[] = {
    { .key = "schema",
      .type = FIELD_TEXT,
      .required = true,
      MEMBER(struct scenario_doc, schema),
      .words = schema_words,
      .n = ARRAY_SIZE(schema_words),
      .doc = "the version of this grammar" },
    { .key = "name",
      .type = FIELD_TEXT,
      .required = true,
      MEMBER(struct scenario_doc, s.name),
      .at = offsetof(struct scenario_doc, name_at),
      .doc = "same as the file name without .yaml" },
    { .key = "why",
      .type = FIELD_PROSE,
      .required = true,
      MEMBER(struct scenario_doc, s.why),
      .doc = "the moral of the story, one paragraph" },
    { .key = "tags",
      .type = FIELD_TEXTS,
      MEMBER(struct scenario_doc, s.tags),
      .count = offsetof(struct scenario_doc, s.n_tags),
      .doc = "words to select scenarios by" },
    { .key = "cpu",
      .type = FIELD_GROUP,
      .required = true,
      .table = &cpu_table,
      .doc = "the silicon" },
    { .key = "kernel",
      .type = FIELD_GROUP,
      .at = offsetof(struct scenario_doc, kernel_at),
      .table = &kernel_table,
      .doc = "the host's kernel" },
    { .key = "bare",
      .type = FIELD_GROUP,
      .at = offsetof(struct scenario_doc, bare_at),
      .table = &bare_table,
      .doc = "instead of kernel: a host with a hypervisor that does what is "
             "said here, and no more" },
    { .key = "vm", .type = FIELD_GROUP, .table = &vm_table, .doc = "the VM" },
    { .key = "guest",
      .type = FIELD_GROUP,
      .table = &guest_table,
      .doc = "the software inside" },
    { .key = "steps",
      .type = FIELD_LIST,
      .later = true,
      .offset = offsetof(struct scenario_doc, steps),
      .table = &step_table,
      .doc = "what happens, in order" },
    { .key = "expect",
      .type = FIELD_GROUP,
      .later = true,
      .offset = offsetof(struct scenario_doc, expect),
      .table = &expect_table,
      .doc = "what must have happened, in every run" },
    { .key = "matrix",
      .type = FIELD_GROUP,
      .later = true,
      .offset = offsetof(struct scenario_doc, matrix),
      .table = &matrix_table,
      .doc = "run once for every combination of values" },
};

const struct field_table scenario_table = {
    .name = "the scenario",
    .fields = root_fields,
    .n = ARRAY_SIZE(root_fields),
};

/* ---- one configuration ---- */

/* The model comes first: cpu.set is filled over it. */
static int start_with_model(struct catalog *c, const struct node *root,
                            struct scenario_doc *doc, struct err *e)
{
    const struct node *name = node_at(root, "cpu.model");
    const struct cpu_file *cpu;

    if (!name || name->kind != NODE_SCALAR)
        return 0; /* filling the root says so */
    cpu = catalog_cpu(c, name->text, name->at, e);
    if (!cpu)
        return -1;
    doc->s.config.cpu = cpu->model;
    doc->s.cost = cpu->cost;
    return 0;
}

static bool is_given(const struct mark *at)
{
    return at->file != NULL;
}

static int two_hosts(struct mark at, struct err *e)
{
    err_at(e, at, "kernel and bare at once");
    return err_hint(e, "either a kernel runs the VM, or there is none");
}

/* Who runs the VM: a kernel, or nobody with a will of his own. */
static int fill_host(struct catalog *c, struct pool *pool,
                     const struct node *root, struct scenario_doc *doc,
                     struct err *e)
{
    struct run_config *config = &doc->s.config;
    const struct kernel_file *kernel;

    config->is_bare = is_given(&doc->bare_at);
    if (config->is_bare && is_given(&doc->kernel_at)) /* by an axis */
        return two_hosts(doc->bare_at, e);
    if (config->is_bare)
        return bare_convert(pool, doc, e);
    if (!is_given(&doc->kernel_at)) {
        err_at(e, root->at, "%s: 'kernel' is missing", scenario_table.name);
        return err_hint(e, "or 'bare', for hardware without a kernel");
    }
    kernel = catalog_kernel(c, doc->s.kernel_name, doc->kernel_model_at, e);
    if (!kernel)
        return -1;
    config->kernel = kernel->model;
    return 0;
}

int scenario_fill(struct catalog *c, struct pool *pool, const struct node *root,
                  struct scenario_doc *doc, struct err *e)
{
    struct run_config *config = &doc->s.config;

    *doc = (struct scenario_doc) { 0 };
    config->params = kvm_default_params();
    vm_set_defaults(pool, &config->vm);
    guest_set_defaults(&config->guest);
    bare_set_defaults(&config->bare);
    if (start_with_model(c, root, doc, e) ||
        fields_fill(pool, &scenario_table, root, doc, e))
        return -1;
    return fill_host(c, pool, root, doc, e);
}

/* Where to point at when the CPU as a whole is wrong. */
static struct mark cpu_place(const struct node *root)
{
    const struct node_entry *set = node_entry(node_get(root, "cpu"), "set");

    return set ? set->key_at : node_entry(root, "cpu")->key_at;
}

int scenario_check(struct pool *pool, const struct node *root,
                   struct scenario_doc *doc, struct err *e)
{
    struct run_config *config = &doc->s.config;
    const char *problem = cpu_model_problem(&config->cpu, pool);

    if (problem)
        return err_at(e, cpu_place(root), "%s", problem);
    if (vm_check(&config->vm, config->cpu.maxphyaddr_raw, e) ||
        guest_check(config, doc->paging_at, e) ||
        (config->is_bare && bare_check(config, doc->bare_at, e)))
        return -1;
    return steps_check(config, e);
}

/* ---- the file ---- */

static const struct node *lay_setting(struct pool *pool,
                                      const struct node *root,
                                      const struct setting *s, struct err *e)
{
    struct mark at = { .file =
                           pool_printf(pool, "--set %s=%s", s->key, s->value) };
    const struct node *value = yaml_value(pool, s->value, at, e);
    unsigned dots = 0;

    for (const char *c = s->key; *c; c++)
        dots += *c == '.';
    if (dots > MAX_PATH_DEPTH) {
        err_at(e, at, "there is no key with %u dots", dots);
        return NULL;
    }
    return value ? node_with(pool, root, s->key, at, value, e) : NULL;
}

/* What may stand in steps and expectations depends on it. */
static int read_host(struct scenario_file *f, struct err *e)
{
    const struct node_entry *bare = node_entry(f->root, "bare");

    f->steps.is_bare = bare;
    return bare && node_get(f->root, "kernel") ? two_hosts(bare->key_at, e) : 0;
}

static int read_expect(struct scenario_file *f, struct err *e)
{
    const struct node *n = node_get(f->root, "expect");
    struct expect_doc doc = { 0 };

    if (!n)
        return 0;
    if (fields_fill(f->pool, &expect_table, n, &doc, e))
        return -1;
    return expect_read(f->pool, &doc, &f->steps, &f->expect, e);
}

static int read_matrix(struct scenario_file *f, struct matrix_context *x,
                       struct err *e)
{
    static const struct axes none = { .points = 1, .text_size = 1 };
    const struct node *n = node_get(f->root, "matrix");

    f->axes = &none;
    if (!n)
        return 0;
    x->catalog = f->catalog;
    x->root = f->root;
    x->steps = &f->steps;
    f->matrix = matrix_read(f->pool, n, x, e);
    if (!f->matrix)
        return -1;
    f->axes = matrix_axes(f->matrix);
    return 0;
}

/* The first point stands for all that does not depend on the point. */
static int try_first(struct scenario_file *f, struct err *e)
{
    struct pool *scratch = pool_create();
    struct scenario s;
    int ret = scenario_file_point(f, scratch, 0, &s, e);

    pool_destroy(scratch);
    return ret < 0 ? -1 : 0;
}

int scenario_file_load_shards(struct pool *pool, struct catalog *c,
                              const char *path, const struct setting *settings,
                              unsigned n_settings, uint64_t shards,
                              struct scenario_file **out, struct err *e)
{
    struct scenario_file *f = pool_alloc(pool, sizeof(*f));
    struct matrix_context x = { .settings = settings,
                                .n_settings = n_settings,
                                .shards = shards };

    BUG_ON(shards == 0 || shards > SCENARIO_MAX_SHARDS);
    f->pool = pool;
    f->catalog = c;
    f->path = path;
    f->root = yaml_file(pool, path, e);
    for (unsigned i = 0; i < n_settings && f->root; i++)
        f->root = lay_setting(pool, f->root, &settings[i], e);
    if (!f->root || node_expect(f->root, NODE_MAP, scenario_table.name, e))
        return -1;
    if (read_host(f, e) ||
        steps_read(pool, node_get(f->root, "steps"), &f->steps, e) ||
        read_expect(f, e) || read_matrix(f, &x, e) ||
        scenario_make_forms(f, e) || try_first(f, e))
        return -1;
    *out = f;
    return 0;
}

int scenario_file_load(struct pool *pool, struct catalog *c, const char *path,
                       const struct setting *settings, unsigned n_settings,
                       struct scenario_file **out, struct err *e)
{
    return scenario_file_load_shards(pool, c, path, settings, n_settings, 1,
                                     out, e);
}
