/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cpuid_yaml.c - writes the CPU model file of an imported dump.
 *
 * The file says all that it knows itself: every feature is listed, on or off,
 * and only the timing comes from the generation that it extends. What a
 * dump cannot know (SYSCFG, HWCR) is marked as assumed. Text out of the dump is
 * stripped of whatever could end a quoted YAML scalar.
 */
#include <string.h>

#include "load/cpuid_dump.h"

/* What may stand between double quotes; anything else becomes '?'. */
static void add_plain(struct buf *b, const char *text)
{
    for (const char *p = text; *p; p++)
        buf_addc(b, *p < ' ' || *p > '~' || *p == '"' || *p == '\\' ? '?' : *p);
}

/* The brand string of leaves 8000_0002 to 8000_0004, or family and model. */
static void add_title(struct buf *b, const struct cpuid_dump *d,
                      uint32_t signature)
{
    char brand[49] = "";
    size_t len, start;

    for (unsigned i = 0; i < 3; i++)
        memcpy(brand + 16 * i, &cpuid_dump_leaf(d, 0x80000002 + i)->regs, 16);
    for (len = strlen(brand); len && brand[len - 1] == ' '; len--)
        brand[len - 1] = '\0';
    start = strspn(brand, " ");

    buf_adds(b, "title: \"");
    if (brand[start])
        add_plain(b, brand + start);
    else
        buf_printf(b, "AMD family %02Xh, model %02Xh", cpuid_family(signature),
                   cpuid_model(signature));
    buf_adds(b, "\"\n");
}

static void add_source(struct buf *b, const char *path)
{
    const char *slash = strrchr(path, '/');

    buf_adds(b, "source: \"CPUID dump ");
    add_plain(b, slash ? slash + 1 : path);
    buf_adds(b, ", first logical CPU\"\n");
}

static void add_groups(struct buf *b, const struct cpu_model *m,
                       bool min_asid_assumed)
{
    buf_printf(b, "identity: { signature: 0x%08x }\n", m->signature);
    buf_printf(b,
               "geometry: { maxphyaddr_raw: %u, phys_reduction: %u, cbit: %u, "
               "linear_bits: %u }\n",
               m->maxphyaddr_raw, m->phys_reduction, m->cbit, m->linear_bits);
    buf_adds(b, "svm: { ");
    if (m->n_asids >= 2) /* else SVM was hidden: the parent's */
        buf_printf(b, "n_asids: %u, ", m->n_asids);
    buf_printf(b, "invlpgb_max: %u, max_ext_leaf: 0x%08x }\n", m->invlpgb_max,
               m->max_ext_leaf);
    buf_printf(b, "sev: { max_sev_asid: %u, min_sev_asid: ", m->max_sev_asid);
    buf_printf(b, min_asid_assumed ? "{ value: %u, assumed: true }" : "%u",
               m->min_sev_asid);
    buf_printf(b, ", n_vmpls: %u }\n", m->n_vmpls);
    buf_printf(b, "firmware: { assumed: true, mem_encrypt: %s, smmlock: %s }\n",
               m->mem_encrypt ? "true" : "false",
               m->smmlock ? "true" : "false");
}

/* All features whose state is @on, in lines of at most 80 columns. */
static void add_features(struct buf *b, const struct cpu_model *m, bool on)
{
    size_t column = 0;

    for (unsigned i = 0; i < N_FEATURES; i++) {
        const char *name = feature_table[i].name;
        size_t width = strlen(name) + (on ? 8 : 9);

        if (m->features[i] != on)
            continue;
        if (column == 0 || column + width > 80) {
            buf_adds(b, column ? "\n " : " ");
            column = 1;
        }
        buf_printf(b, " %s: %s,", name, on ? "true" : "false");
        column += width;
    }
    if (column)
        buf_addc(b, '\n');
}

void cpuid_model_write(struct buf *b, const struct cpuid_dump *d,
                       const struct cpu_model *m, const char *parent,
                       bool min_asid_assumed)
{
    buf_adds(b, "# SPDX-License-Identifier: CC0-1.0\n"
                "# Made from a CPUID dump: check whatever is marked assumed.\n"
                "schema: nptsim/cpu/v1\n");
    buf_printf(b, "name: %s\n", m->name);
    add_title(b, d, m->signature);
    buf_printf(b, "extends: %s # for its TLBs and timing\n", parent);
    add_source(b, d->path);
    add_groups(b, m, min_asid_assumed);
    buf_adds(b, "features: {\n");
    add_features(b, m, true);
    add_features(b, m, false);
    buf_adds(b, "}\n");
}
