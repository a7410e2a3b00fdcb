/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cli/batch_gating.c - `nptsim batch gating`: one host per row in, what KVM
 * concludes about it out.
 *
 * For differential tests against tables that a real kernel's functions made:
 * the column names are theirs. Each row becomes a whole machine, on which the
 * kernel model boots and loads KVM; no shortcut around the CPU.
 */
#include "cli/batch.h"
#include "hw.h"
#include "kvm.h"
#include "load.h"

#include <errno.h>
#include <string.h>

/* ---- what a row says about the host ---------------------------------------
 */

enum input {
    IN_RAW,
    IN_REDUCTION,
    IN_CBIT,
    IN_MEMENC,
    IN_P_MMIO_CACHING,
    IN_P_NPT,
    IN_P_SEV,
    IN_P_SEV_ES,
    IN_P_SEV_SNP,
    IN_F_SME,
    IN_F_SEV,
    IN_F_SEV_ES,
    IN_F_SNP,
    IN_F_NPT,
    IN_F_NRIPS,
    IN_F_DECODEASSISTS,
    IN_F_FLUSHBYASID,
    IN_F_LBRV,
    IN_MIN_ASID,
    IN_MAX_ASID,
    IN_MAX_EXT_LEAF,
    IN_SMMLOCK,
    IN_SME_ACTIVE,
    IN_BUG_L1TF,
    IN_CACHE_BITS,
    IN_HOST_SNP_OK,
    IN_PSP_SNP_INIT,
    IN_CTH_HW,
    IN_P_CTH_ASIDS,
    IN_FW_ALLOWS_ES,
    N_INPUTS,
};

/* A column whose min is its max is known, but this version models no other
 * state of the machine. */
static const struct input_desc {
    const char *name;
    uint64_t value; /* without the column */
    uint64_t min, max;
    unsigned radix;
} inputs[N_INPUTS] = {
    [IN_RAW] = { "raw_maxphyaddr", 48, 32, 52, 10 },
    [IN_REDUCTION] = { "pa_reduction", 5, 0, 20, 10 },
    [IN_CBIT] = { "cbit", 51, 0, 63, 10 },
    [IN_MEMENC] = { "syscfg_memenc", 1, 0, 1, 10 },
    [IN_P_MMIO_CACHING] = { "p_mmio_caching", 1, 0, 1, 10 },
    [IN_P_NPT] = { "p_npt", 1, 0, 1, 10 },
    [IN_P_SEV] = { "p_sev", 1, 0, 1, 10 },
    [IN_P_SEV_ES] = { "p_sev_es", 1, 0, 1, 10 },
    [IN_P_SEV_SNP] = { "p_sev_snp", 1, 0, 1, 10 },
    [IN_F_SME] = { "f_sme", 1, 0, 1, 10 },
    [IN_F_SEV] = { "f_sev", 1, 0, 1, 10 },
    [IN_F_SEV_ES] = { "f_sev_es", 1, 0, 1, 10 },
    [IN_F_SNP] = { "f_snp", 0, 0, 1, 10 },
    [IN_F_NPT] = { "f_npt", 1, 0, 1, 10 },
    [IN_F_NRIPS] = { "f_nrips", 1, 0, 1, 10 },
    [IN_F_DECODEASSISTS] = { "f_decodeassists", 1, 0, 1, 10 },
    [IN_F_FLUSHBYASID] = { "f_flushbyasid", 1, 0, 1, 10 },
    [IN_F_LBRV] = { "f_lbrv", 1, 0, 1, 10 },
    [IN_MIN_ASID] = { "min_asid", 100, 0, UINT32_MAX, 10 },
    [IN_MAX_ASID] = { "max_asid", 509, 0, UINT32_MAX, 10 },
    [IN_MAX_EXT_LEAF] = { "max_ext_leaf", 0x80000021, 0x80000000, 0x8fffffff,
                          16 },
    [IN_SMMLOCK] = { "hwcr_smmlock", 1, 0, 1, 10 },
    [IN_SME_ACTIVE] = { "sme_active", 0, 0, 1, 10 },
    [IN_BUG_L1TF] = { "bug_l1tf", 0, 0, 1, 10 },
    [IN_CACHE_BITS] = { "x86_cache_bits", 0, 32, 63, 10 },
    [IN_HOST_SNP_OK] = { "host_snp_ok", 0, 0, 0, 10 },
    [IN_PSP_SNP_INIT] = { "psp_snp_init", 0, 0, 0, 10 },
    [IN_CTH_HW] = { "cth_hw", 0, 0, 0, 10 },
    [IN_P_CTH_ASIDS] = { "p_cth_asids", 0, 0, 0, 10 },
    [IN_FW_ALLOWS_ES] = { "fw_allows_es", 1, 1, 1, 10 },
};

/* The one input that is a word: the secure processor always comes up here. */
#define PSP_COLUMN "psp"
#define PSP_STATE  "ok"

static void machine_of(const uint64_t v[N_INPUTS], struct cpu_model *c,
                       struct kvm_params *p)
{
    c->maxphyaddr_raw = (unsigned)v[IN_RAW];
    c->phys_reduction = (unsigned)v[IN_REDUCTION];
    c->cbit = (unsigned)v[IN_CBIT];
    c->max_sev_asid = (uint32_t)v[IN_MAX_ASID];
    c->min_sev_asid = (uint32_t)v[IN_MIN_ASID];
    c->max_ext_leaf = (uint32_t)v[IN_MAX_EXT_LEAF];
    c->mem_encrypt = v[IN_MEMENC];
    c->smmlock = v[IN_SMMLOCK];
    c->features[FEAT_SME] = v[IN_F_SME];
    c->features[FEAT_SEV] = v[IN_F_SEV];
    c->features[FEAT_SEV_ES] = v[IN_F_SEV_ES];
    c->features[FEAT_SEV_SNP] = v[IN_F_SNP];
    c->features[FEAT_NP] = v[IN_F_NPT];
    c->features[FEAT_NRIPS] = v[IN_F_NRIPS];
    c->features[FEAT_DECODE_ASSISTS] = v[IN_F_DECODEASSISTS];
    c->features[FEAT_FLUSH_BY_ASID] = v[IN_F_FLUSHBYASID];
    c->features[FEAT_LBRV] = v[IN_F_LBRV];

    p->mmio_caching = v[IN_P_MMIO_CACHING];
    p->npt = v[IN_P_NPT];
    p->sev = v[IN_P_SEV];
    p->sev_es = v[IN_P_SEV_ES];
    p->sev_snp = v[IN_P_SEV_SNP];
    p->sme = v[IN_SME_ACTIVE];
    p->bug_l1tf = v[IN_BUG_L1TF];
    p->x86_cache_bits = (unsigned)v[IN_CACHE_BITS];
}

/* ---- what comes out -------------------------------------------------------
 */

enum result {
    OUT_SHADOW_PHYS_BITS,
    OUT_X86_PHYS_BITS,
    OUT_VALUE_AT_RESET,
    OUT_CACHING_AT_RESET,
    OUT_MMIO_VALUE,
    OUT_MMIO_MASK,
    OUT_MMIO_CACHING,
    OUT_SEV,
    OUT_SEV_ES,
    OUT_SEV_SNP,
    OUT_CAP_SEV,
    OUT_CAP_SEV_ES,
    OUT_CAP_SNP,
    OUT_VM_TYPES,
    OUT_SEV_LOG,
    OUT_SEV_ES_LOG,
    OUT_SNP_LOG,
    OUT_WARN_COUNT,
    N_STANDARD_RESULTS,
    /* Printed where asked for, or where the input has the column. */
    OUT_CG_SEV = N_STANDARD_RESULTS,
    OUT_CG_SEV_ES,
    OUT_BOOT_SEV,
    OUT_BOOT_SEV_ES,
    N_RESULTS,
};

static const char *const result_names[N_RESULTS] = {
    [OUT_SHADOW_PHYS_BITS] = "shadow_phys_bits",
    [OUT_X86_PHYS_BITS] = "x86_phys_bits",
    [OUT_VALUE_AT_RESET] = "value_at_reset",
    [OUT_CACHING_AT_RESET] = "caching_at_reset",
    [OUT_MMIO_VALUE] = "shadow_mmio_value",
    [OUT_MMIO_MASK] = "shadow_mmio_mask",
    [OUT_MMIO_CACHING] = "enable_mmio_caching",
    [OUT_SEV] = "sev_enabled",
    [OUT_SEV_ES] = "sev_es_enabled",
    [OUT_SEV_SNP] = "sev_snp_enabled",
    [OUT_CAP_SEV] = "cap_sev",
    [OUT_CAP_SEV_ES] = "cap_sev_es",
    [OUT_CAP_SNP] = "cap_snp",
    [OUT_VM_TYPES] = "vm_types",
    [OUT_SEV_LOG] = "sev_log",
    [OUT_SEV_ES_LOG] = "sev_es_log",
    [OUT_SNP_LOG] = "snp_log",
    [OUT_WARN_COUNT] = "warn_count",
    [OUT_CG_SEV] = "cg_sev",
    [OUT_CG_SEV_ES] = "cg_sev_es",
    [OUT_BOOT_SEV] = "boot_sev",
    [OUT_BOOT_SEV_ES] = "boot_sev_es",
};

static void put_result(struct buf *b, enum result r, const struct kvm_module *m)
{
    switch (r) {
    case OUT_SHADOW_PHYS_BITS:
        return buf_dec(b, m->maxphyaddr);
    case OUT_X86_PHYS_BITS:
        return buf_dec(b, m->x86_phys_bits);
    case OUT_VALUE_AT_RESET:
        return buf_hex(b, m->value_at_reset);
    case OUT_CACHING_AT_RESET:
        return buf_dec(b, m->caching_at_reset);
    case OUT_MMIO_VALUE:
        return buf_hex(b, m->mmio_value);
    case OUT_MMIO_MASK:
        return buf_hex(b, m->mmio_mask);
    case OUT_MMIO_CACHING:
        return buf_dec(b, m->enable_mmio_caching);
    case OUT_SEV:
        return buf_dec(b, m->sev);
    case OUT_SEV_ES:
        return buf_dec(b, m->sev_es);
    case OUT_SEV_SNP:
        return buf_dec(b, m->sev_snp);
    case OUT_CAP_SEV:
        return buf_dec(b, m->cpu_cap_sev);
    case OUT_CAP_SEV_ES:
        return buf_dec(b, m->cpu_cap_sev_es);
    case OUT_CAP_SNP:
        return buf_dec(b, m->cpu_cap_snp);
    case OUT_VM_TYPES:
        return buf_hex(b, m->vm_types);
    case OUT_SEV_LOG:
        return buf_adds(b, m->sev_log);
    case OUT_SEV_ES_LOG:
        return buf_adds(b, m->sev_es_log);
    case OUT_SNP_LOG:
        return buf_adds(b, m->snp_log);
    case OUT_WARN_COUNT:
        return buf_dec(b, m->warn_count);
    case OUT_CG_SEV:
        return buf_dec(b, m->cg_sev);
    case OUT_CG_SEV_ES:
        return buf_dec(b, m->cg_sev_es);
    case OUT_BOOT_SEV:
        return buf_dec(b, m->cap_sev);
    case OUT_BOOT_SEV_ES:
        return buf_dec(b, m->cap_sev_es);
    case N_RESULTS:
        break;
    }
    BUG_ON(true);
}

/* ---- the plan: made once from the header ----------------------------------
 */

#define MAX_OUTPUTS 320

struct plan {
    unsigned n_inputs; /* known input columns that the table has */
    struct {
        enum input input;
        unsigned column;
    } in[N_INPUTS];
    int psp; /* its column, or -1 */
    unsigned n_outputs;
    struct {
        bool is_result;
        unsigned index; /* enum result, or a column of the table */
    } out[MAX_OUTPUTS];
};

static int result_find(const char *name)
{
    for (unsigned r = 0; r < N_RESULTS; r++)
        if (strcmp(result_names[r], name) == 0)
            return (int)r;
    return -1;
}

static void add_output(struct plan *p, bool is_result, unsigned index)
{
    p->out[p->n_outputs].is_result = is_result;
    p->out[p->n_outputs].index = index;
    p->n_outputs++;
}

static void plan_inputs(struct plan *p, const struct csv *c)
{
    for (unsigned i = 0; i < N_INPUTS; i++) {
        int column = csv_column(c, inputs[i].name);

        if (column < 0)
            continue;
        p->in[p->n_inputs].input = i;
        p->in[p->n_inputs].column = (unsigned)column;
        p->n_inputs++;
    }
    p->psp = csv_column(c, PSP_COLUMN);
}

/* Every column of the input, then the results. A column that carries the name
 * of a result is computed anew, not copied. */
static void plan_all(struct plan *p, const struct csv *c)
{
    for (unsigned i = 0; i < csv_n_columns(c); i++)
        if (result_find(csv_column_name(c, i)) < 0)
            add_output(p, false, i);
    for (unsigned r = 0; r < N_RESULTS; r++)
        if (r < N_STANDARD_RESULTS || csv_column(c, result_names[r]) >= 0)
            add_output(p, true, r);
}

static int unknown_column(const struct csv *c, const char *name, struct err *e)
{
    const char *candidates[MAX_OUTPUTS];
    const char *near;
    unsigned n = 0;

    for (unsigned r = 0; r < N_RESULTS; r++)
        candidates[n++] = result_names[r];
    for (unsigned i = 0; i < csv_n_columns(c) && n < MAX_OUTPUTS; i++)
        candidates[n++] = csv_column_name(c, i);
    err_plain(e, "--columns", "no column '%s' in the input or the results",
              name);
    near = closest_word(name, candidates, n);
    return near ? err_hint(e, "did you mean '%s'?", near) : -1;
}

/* @columns: names between commas. */
static int plan_named(struct plan *p, const struct csv *c, struct pool *pool,
                      const char *columns, struct err *e)
{
    while (columns) {
        const char *comma = strchr(columns, ',');
        size_t len = comma ? (size_t)(comma - columns) : strlen(columns);
        const char *name = pool_strndup(pool, columns, len);
        int result = result_find(name), column = csv_column(c, name);

        if (result < 0 && column < 0)
            return unknown_column(c, name, e);
        if (p->n_outputs == MAX_OUTPUTS)
            return err_plain(e, "--columns", "more than %d columns",
                             MAX_OUTPUTS);
        if (result >= 0)
            add_output(p, true, (unsigned)result);
        else
            add_output(p, false, (unsigned)column);
        columns = comma ? comma + 1 : NULL;
    }
    return 0;
}

static int make_plan(struct plan *p, const struct csv *c, struct pool *pool,
                     const char *columns, struct err *e)
{
    plan_inputs(p, c);
    if (columns)
        return plan_named(p, c, pool, columns, e);
    plan_all(p, c);
    return 0;
}

/* ---- rows -----------------------------------------------------------------
 */

static int read_row(const struct plan *p, const struct csv *c,
                    uint64_t v[N_INPUTS], struct err *e)
{
    for (unsigned i = 0; i < p->n_inputs; i++) {
        const struct input_desc *d = &inputs[p->in[i].input];

        if (!csv_number(c, p->in[i].column, d->radix, d->min, d->max,
                        &v[p->in[i].input], e))
            continue;
        if (d->min == d->max)
            err_hint(e, "this version models no other state of the machine");
        return -1;
    }
    if (p->psp >= 0) {
        struct csv_cell cell = csv_cell(c, (unsigned)p->psp);

        if (cell.len != strlen(PSP_STATE) ||
            memcmp(cell.text, PSP_STATE, cell.len) != 0)
            return err_at(e, csv_mark(c, (unsigned)p->psp),
                          "psp: this version models '" PSP_STATE "' only");
    }
    return 0;
}

static void put_row(struct buf *b, const struct plan *p, const struct csv *c,
                    const struct kvm_module *m)
{
    for (unsigned i = 0; i < p->n_outputs; i++) {
        if (i)
            buf_addc(b, ',');
        if (p->out[i].is_result) {
            put_result(b, p->out[i].index, m);
        } else {
            struct csv_cell cell = csv_cell(c, p->out[i].index);

            buf_add(b, cell.text, cell.len);
        }
    }
    buf_addc(b, '\n');
}

static void put_header(struct buf *b, const struct plan *p, const struct csv *c)
{
    for (unsigned i = 0; i < p->n_outputs; i++) {
        if (i)
            buf_addc(b, ',');
        buf_adds(b, p->out[i].is_result ? result_names[p->out[i].index]
                                        : csv_column_name(c, p->out[i].index));
    }
    buf_addc(b, '\n');
}

static int flush(struct buf *b, FILE *out, struct err *e)
{
    size_t written = fwrite(b->data, 1, b->len, out);

    if (written != b->len)
        return err_plain(e, "<output>", "cannot write: %s", strerror(errno));
    buf_clear(b);
    return 0;
}

/* What the columns do not say: a 64-bit AMD CPU with SVM. */
static const struct cpu_model plain_cpu = {
    .name = "batch",
    .signature = 0x00a00f11, /* family 19h, as Milan */
    .linear_bits = 48,
    .n_asids = 32768,
    .features = { [FEAT_SVM] = true,
                  [FEAT_NX] = true,
                  [FEAT_PAE] = true,
                  [FEAT_PAGE1GB] = true,
                  [FEAT_LM] = true },
};

#define FLUSH_AT 65536

static int run_rows(struct csv *c, const struct plan *p, struct pool *pool,
                    const struct kernel_model *k, FILE *out, struct buf *b,
                    struct err *e)
{
    struct cpu_model model = plain_cpu;
    struct kvm_params params = kvm_default_params();
    struct cpu *cpu = NULL;
    struct kvm_module m;
    struct wire wire;
    uint64_t v[N_INPUTS];
    int got;

    for (unsigned i = 0; i < N_INPUTS; i++)
        v[i] = inputs[i].value;
    while ((got = csv_next(c, e)) > 0) {
        if (read_row(p, c, v, e))
            return -1;
        machine_of(v, &model, &params);
        if (cpu)
            cpu_reset(cpu, &model);
        else
            cpu = cpu_create(pool, &model, NULL);
        wire = cpu_wire(cpu);
        kvm_module_load(&m, &wire, k, &params, NULL);
        put_row(b, p, c, &m);
        if (b->len >= FLUSH_AT && flush(b, out, e))
            return -1;
    }
    return got;
}

int batch_gating(FILE *in, const char *in_name, FILE *out,
                 const struct kernel_model *k, const char *columns,
                 struct err *e)
{
    struct pool *pool = pool_create();
    struct csv *c = csv_open(pool, in, in_name, e);
    struct plan p = { 0 };
    struct buf b = BUF_INIT;
    int ret = c ? make_plan(&p, c, pool, columns, e) : -1;

    if (!ret) {
        put_header(&b, &p, c);
        ret = run_rows(c, &p, pool, k, out, &b, e);
        /* The rows before a bad one are good: they still go out. */
        if (flush(&b, out, e))
            ret = -1;
    }
    buf_free(&b);
    pool_destroy(pool);
    return ret;
}
