/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load/cpu.c - models/cpus/: what a CPU is, and what says so.
 *
 * A file's groups are laid over its parent's. A file without a parent states
 * every field, so every model is complete. Each number has a source: its own,
 * its group's or the file's; a number that is given a form of its own, as
 * {value: X}, must say where it comes from or that it is assumed.
 */
#include "load/catalog.h"
#include "load/yaml.h"

#include <string.h>

#define CPU(member)  FIELD_AT(struct cpu_model, member)
#define ANY_UNSIGNED .max = UINT32_MAX

enum {
    IDENTITY,
    GEOMETRY,
    SVM = GEOMETRY + 4,
    SEV = SVM + 3,
    FIRMWARE = SEV + 3,
    FEATURES = FIRMWARE + 2,
    N_CPU_FIELDS,
};

/* In the order of the groups of a CPU file, so that a group is a slice. */
static const struct field cpu_fields[N_CPU_FIELDS] = {
    { "signature", FIELD_NUMBER, "CPUID 1 EAX: family, model, stepping",
      CPU(signature), ANY_UNSIGNED },

    { "maxphyaddr_raw", FIELD_NUMBER,
      "CPUID 8000_0008 EAX[7:0]: physical bits, nothing subtracted",
      CPU(maxphyaddr_raw), .min = 32, .max = 52 },
    { "phys_reduction", FIELD_NUMBER,
      "CPUID 8000_001F EBX[11:6]: bits given up while encryption is on",
      CPU(phys_reduction), .max = 20 },
    { "cbit", FIELD_NUMBER, "CPUID 8000_001F EBX[5:0]: the C-bit, 0 = none",
      CPU(cbit), .min = 32, .max = 63, .or_zero = true },
    { "linear_bits", FIELD_NUMBER, "CPUID 8000_0008 EAX[15:8]",
      CPU(linear_bits), .min = 48, .max = 57 },

    { "n_asids", FIELD_NUMBER, "CPUID 8000_000A EBX", CPU(n_asids), .min = 2,
      ANY_UNSIGNED },
    { "invlpgb_max", FIELD_NUMBER, "CPUID 8000_0008 EDX[15:0]",
      CPU(invlpgb_max), .max = UINT16_MAX },
    { "max_ext_leaf", FIELD_NUMBER, "CPUID 8000_0000 EAX", CPU(max_ext_leaf),
      .min = 0x80000000, .max = 0x8000ffff },

    { "max_sev_asid", FIELD_NUMBER, "CPUID 8000_001F ECX", CPU(max_sev_asid),
      ANY_UNSIGNED },
    { "min_sev_asid", FIELD_NUMBER,
      "CPUID 8000_001F EDX: SEV-ES guests get the ASIDs below it",
      CPU(min_sev_asid), ANY_UNSIGNED },
    { "n_vmpls", FIELD_NUMBER, "CPUID 8000_001F EBX[15:12]", CPU(n_vmpls),
      .max = 15 },

    { "mem_encrypt", FIELD_BOOL, "SYSCFG[23] as the firmware left it",
      CPU(mem_encrypt) },
    { "smmlock", FIELD_BOOL, "HWCR[0] as the firmware left it", CPU(smmlock) },

    { "features", FIELD_FEATURES, "CPUID feature bits", CPU(features) },
};

const struct field_table cpu_set_table = { .name = "cpu.set",
                                           .field = cpu_fields,
                                           .n = N_CPU_FIELDS };

#define SLICE(name_, from, to)                                                 \
    {                                                                          \
        .name = (name_), .field = &cpu_fields[from], .n = (to) - (from)        \
    }
static const struct field_table identity_table =
    SLICE("identity", IDENTITY, GEOMETRY);
static const struct field_table geometry_table =
    SLICE("geometry", GEOMETRY, SVM);
static const struct field_table svm_table = SLICE("svm", SVM, SEV);
static const struct field_table sev_table = SLICE("sev", SEV, FIRMWARE);
static const struct field_table firmware_table =
    SLICE("firmware", FIRMWARE, FEATURES);

#define COST(member, doc_)                                                     \
    {                                                                          \
#member, FIELD_NUMBER, doc_, FIELD_AT(struct cost_model, member),      \
            .max = 1000000000                                                  \
    }
static const struct field cost_fields[] = {
    COST(l1, "cycles, load to use"),
    COST(l2, "cycles, load to use"),
    COST(l3, "cycles, load to use"),
    COST(dram, "cycles, load to use"),
    COST(l1_kib, "size in KiB"),
    COST(l2_kib, "size in KiB"),
    COST(l3_kib, "size in KiB"),
    COST(walker_step, "cycles added to each page-table reference"),
    COST(vmrun, "cycles of VMRUN"),
    COST(vmexit, "cycles of #VMEXIT"),
    COST(light_exit, "cycles of a light exit's handler"),
    COST(npf_fix, "cycles until KVM has mapped a resident page"),
    COST(mmio_kernel, "cycles of a device in the kernel"),
    COST(mmio_user, "cycles to userspace and back"),
    COST(vc_entry, "cycles of #VC entry and decoding"),
    COST(vmgexit, "cycles of VMGEXIT in KVM"),
};
static const struct field_table timing_table = { .name = "timing",
                                                 .field = cost_fields,
                                                 .n = ARRAY_SIZE(cost_fields) };

/* ---- sources ---- */

struct wrapped {
    const char *source;
    bool assumed;
};
static const struct field wrapped_fields[] = {
    { "value", FIELD_OWN, "", .required = true },
    { "source", FIELD_TEXT, "", FIELD_AT(struct wrapped, source) },
    { "assumed", FIELD_BOOL, "", FIELD_AT(struct wrapped, assumed) },
};

/* {value: X, source: ...} or {value: X, assumed: true}: the X, or NULL. */
static const struct node *unwrap(const struct reader *r,
                                 const struct node_entry *entry)
{
    const struct field_table t = { .name = entry->key,
                                   .field = wrapped_fields,
                                   .n = ARRAY_SIZE(wrapped_fields) };
    struct wrapped from = { 0 };

    if (entry->value->kind == NODE_SCALAR)
        return entry->value;
    if (fields_read(r, &t, entry->value, &from))
        return NULL;
    if (!from.source && !from.assumed) {
        err_at(r->e, entry->value->at, "%s: nothing says where it comes from",
               entry->key);
        err_hint(r->e, "add 'source: \"...\"' or 'assumed: true'");
        return NULL;
    }
    return node_get(entry->value, "value");
}

/* A group's own `source:` or `assumed: true`, checked; then it is dropped. */
static int check_group_source(const struct reader *r,
                              const struct node_entry *entry, bool *is_source)
{
    const char *text;
    bool assumed;

    *is_source = true;
    if (strcmp(entry->key, "source") == 0)
        return node_text(entry->value, entry->key, &text, r->e);
    if (strcmp(entry->key, "assumed") == 0)
        return node_bool(entry->value, entry->key, &assumed, r->e);
    *is_source = false;
    return 0;
}

static int read_group(const struct reader *r, const struct field *f,
                      const struct node *n, void *out)
{
    struct node plain = { .kind = NODE_MAP, .at = n->at };

    if (node_expect(n, NODE_MAP, f->key, r->e))
        return -1;
    plain.entry = pool_alloc(r->pool, (n->n + 1) * sizeof(*plain.entry));
    for (unsigned i = 0; i < n->n; i++) {
        struct node_entry *to = &plain.entry[plain.n];
        bool is_source;

        if (check_group_source(r, &n->entry[i], &is_source))
            return -1;
        if (is_source)
            continue;
        *to = n->entry[i];
        to->value = unwrap(r, to);
        if (!to->value)
            return -1;
        plain.n++;
    }
    return fields_read(r, f->table, &plain, (char *)out + f->offset);
}

/* ---- the file ---- */

static int read_extends(const struct reader *r, const struct field *f,
                        const struct node *n, void *out)
{
    struct cpu_file *file = out;
    const struct cpu_file *parent;
    struct cpu_file child = *file;

    (void)f;
    if (node_expect(n, NODE_SCALAR, "extends", r->e))
        return -1;
    parent = catalog_cpu(r->ctx, n->text, n->at, r->e);
    if (!parent)
        return -1;
    file->model = parent->model;
    file->model.name = child.model.name;
    file->cost = parent->cost;
    return 0;
}

#define GROUP(key_, part, table_, doc_)                                        \
    {                                                                          \
        key_, FIELD_OWN, doc_, FIELD_AT(struct cpu_file, part),                \
            .table = &(table_), .read = read_group                             \
    }
/* `extends` comes before the groups that are laid over the parent's. */
static const struct field file_fields[] = {
    { "schema", FIELD_OWN, "", .required = true },
    { "name", FIELD_TEXT, "", FIELD_AT(struct cpu_file, model.name),
      .required = true },
    { "title", FIELD_TEXT, "", FIELD_AT(struct cpu_file, title),
      .required = true },
    { "source", FIELD_TEXT, "", FIELD_AT(struct cpu_file, source),
      .required = true },
    { "extends", FIELD_OWN, "", .read = read_extends },
    GROUP("identity", model, identity_table, ""),
    GROUP("geometry", model, geometry_table, ""),
    GROUP("svm", model, svm_table, ""),
    GROUP("sev", model, sev_table, ""),
    GROUP("firmware", model, firmware_table, ""),
    { "features", FIELD_FEATURES, "",
      FIELD_AT(struct cpu_file, model.features) },
    GROUP("timing", cost, timing_table, ""),
};
static const struct field_table file_table = { .name = "",
                                               .field = file_fields,
                                               .n = ARRAY_SIZE(file_fields) };

/* A file without a parent leaves nothing open. */
static int check_complete(const struct node *root, struct err *e)
{
    for (unsigned g = 0; g < ARRAY_SIZE(file_fields); g++) {
        const struct field *group = &file_fields[g];
        const struct node *n = node_get(root, group->key);

        for (unsigned i = 0; group->table && i < group->table->n; i++) {
            const char *key = group->table->field[i].key;

            if (node_get(n, key))
                continue;
            err_at(e, n ? n->at : root->at, "%s.%s is not set", group->key,
                   key);
            return err_hint(e, "a file without 'extends' states every number");
        }
    }
    return 0;
}

static int check_model(const struct cpu_file *file, const struct node *root,
                       struct pool *pool, struct err *e)
{
    const struct node *bits = node_at(root, "geometry.linear_bits");
    const char *problem;

    if (file->model.linear_bits != 48 && file->model.linear_bits != 57)
        return err_at(e, bits ? bits->at : root->at,
                      "linear_bits: %u is not 48 or 57",
                      file->model.linear_bits);
    problem = cpu_model_problem(&file->model, pool);
    return problem ? err_at(e, root->at, "%s", problem) : 0;
}

const struct cpu_file *cpu_file_read(struct catalog *c, struct pool *pool,
                                     const char *path, const char *name,
                                     struct err *e)
{
    const struct reader r = { .pool = pool, .e = e, .ctx = c };
    struct cpu_file *file = pool_alloc(pool, sizeof(*file));
    const struct node *root = yaml_file(pool, path, e);

    if (!root || check_header(root, "nptsim/cpu/v1", name, e) ||
        fields_read(&r, &file_table, root, file))
        return NULL;
    if (!node_get(root, "extends") && check_complete(root, e))
        return NULL;
    if (check_model(file, root, pool, e))
        return NULL;
    file->path = path;
    return file;
}
