/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cli/batch_walk_setup.c - from a line of `batch walk` to a CPU that is ready.
 */
#include "cli/batch_walk.h"

#include "arch/rmp.h"
#include "load.h"

#include <string.h>

/* A table for 4 GiB, right behind them. */
#define RMP_DEFAULT_BASE 0x100000000ULL
#define RMP_DEFAULT_END                                                        \
    (RMP_DEFAULT_BASE + RMP_BOOKKEEPING + RMP_ENTRY_SIZE * BIT(20) - 1)

/* "knobs":{"err1218":true,...}, as in models/cpus/. */
static int take_knobs(const struct record *r, struct cpu_knobs *k)
{
    json_t *cpu = json_object_get(r->root, "cpu"), *value;
    json_t *knobs = json_object_get(cpu, "knobs");
    struct pool *pool = pool_create();
    const char *key;
    int ret = 0;

    if (knobs && !json_is_object(knobs))
        ret = walk_bad(r, "cpu.knobs", "is not an object");
    json_object_foreach(knobs, key, value)
    {
        const char *text = json_is_boolean(value)
                               ? (json_is_true(value) ? "true" : "false")
                               : json_string_value(value);

        if (ret)
            break;
        if (!text)
            ret = walk_bad(r, key, "is neither a word nor a boolean");
        else
            ret = cpu_knob_set(pool, k, key, text, walk_place(r, key), r->e);
    }
    json_object_del(cpu, "knobs"); /* what is left is numbers */
    pool_destroy(pool);
    return ret;
}

int walk_take_cpu(const struct record *r, struct cpu_model *m)
{
    uint64_t raw = 48, red = 0, cbit = 47, enc = 0, gb = 1, snp = 0;
    const struct number_key keys[] = {
        { "maxphyaddr_raw", &raw, 32, 52 }, { "phys_reduction", &red, 0, 20 },
        { "cbit", &cbit, 0, 63 },           { "mem_encrypt", &enc, 0, 1 },
        { "gb_pages", &gb, 0, 1 },          { "snp", &snp, 0, 1 },
    };
    static const enum feature always[] = {
        FEAT_PSE,    FEAT_PAE,       FEAT_PGE,    FEAT_PAT,  FEAT_NX,
        FEAT_LM,     FEAT_SVM,       FEAT_NP,     FEAT_SME,  FEAT_SMEP,
        FEAT_SMAP,   FEAT_PKU,       FEAT_LA57,   FEAT_PCID, FEAT_GMET,
        FEAT_ROGPT,  FEAT_SSS_CHECK, FEAT_CET_SS, FEAT_UMIP, FEAT_SEV,
        FEAT_SEV_ES,
    };

    struct cpu_knobs knobs = { 0 };

    if (take_knobs(r, &knobs) || walk_numbers(r, "cpu", keys, ARRAY_SIZE(keys)))
        return -1;
    *m = (struct cpu_model) {
        .name = "batch",
        .maxphyaddr_raw = (unsigned)raw,
        .phys_reduction = (unsigned)red,
        .cbit = (unsigned)cbit,
        .linear_bits = 57,
        .n_asids = 32768,
        .max_ext_leaf = 0x80000021,
        .mem_encrypt = enc,
        .smmlock = true,
        .max_sev_asid = 1023,
        .knobs = knobs,
    };
    for (size_t i = 0; i < ARRAY_SIZE(always); i++)
        m->features[always[i]] = true;
    m->features[FEAT_PAGE1GB] = gb;
    m->features[FEAT_SEV_SNP] = snp;
    return 0;
}

static int take_host(const struct record *r, struct walk_setup *s)
{
    uint64_t np = 1, mtrr = 6, snpe = 0, vmple = 0;
    const struct number_key keys[] = {
        { "cr0", &s->h_cr0, ANY },   { "cr4", &s->h_cr4, ANY },
        { "efer", &s->h_efer, ANY }, { "np", &np, 0, 1 },
        { "ncr3", &s->ncr3, ANY },   { "pat", &s->h_pat, ANY },
        { "mtrr", &mtrr, 0, 6 },     { "snpe", &snpe, 0, 1 },
        { "vmple", &vmple, 0, 1 },
    };

    s->h_cr0 = CR0_PG | CR0_PE | CR0_WP;
    s->h_cr4 = CR4_PAE;
    s->h_efer = EFER_LMA | EFER_LME | EFER_NXE | EFER_SVME;
    s->h_pat = PAT_RESET;
    if (walk_numbers(r, "host", keys, ARRAY_SIZE(keys)))
        return -1;
    if (!pat_is_valid(s->h_pat))
        return walk_bad(r, "host.pat", "holds a reserved memory type");
    if (!memtype_decode(mtrr, &s->mtrr))
        return walk_bad(r, "host.mtrr",
                        "is not 0 (UC), 1 (WC), 4 (WT), 5 (WP) or "
                        "6 (WB)");
    s->np = np;
    s->snpe = snpe;
    s->vmple = vmple;
    return 0;
}

static int take_guest(const struct record *r, struct walk_setup *s)
{
    uint64_t cpl = 0, pkru = 0, sev = 0, snp = 0, asid = 1, vmpl = 0;
    uint64_t vtom = 0;
    const struct number_key keys[] = {
        { "cr0", &s->g_cr0, ANY },
        { "cr3", &s->g_cr3, ANY },
        { "cr4", &s->g_cr4, ANY },
        { "efer", &s->g_efer, ANY },
        { "rflags", &s->g_rflags, ANY },
        { "cpl", &cpl, 0, 3 },
        { "pkru", &pkru, 0, UINT32_MAX },
        { "pat", &s->g_pat, ANY },
        { "sev", &sev, 0, 1 },
        { "snp", &snp, 0, 1 },
        { "asid", &asid, 0, UINT32_MAX },
        { "vmpl", &vmpl, 0, MAX_VMPLS - 1 },
        { "vtom", &vtom, 0, bits(51, 21) },
    };

    s->g_cr0 = CR0_PG | CR0_PE | CR0_WP;
    s->g_cr4 = CR4_PAE;
    s->g_efer = EFER_LMA | EFER_LME | EFER_NXE | EFER_SVME;
    s->g_rflags = RFLAGS_FIXED;
    s->g_pat = PAT_RESET;
    if (walk_numbers(r, "guest", keys, ARRAY_SIZE(keys)))
        return -1;
    s->cpl = (unsigned)cpl;
    s->pkru = (uint32_t)pkru;
    s->sev = sev || snp;
    s->snp = snp;
    s->asid = (uint32_t)asid;
    s->vmpl = (unsigned)vmpl;
    s->vtom = vtom;
    return 0;
}

/* The bits besides NP_ENABLE that say how nested tables are read. */
static int take_vmcb(const struct record *r, struct walk_setup *s)
{
    uint64_t gmet = 0, sss = 0, rogpt = 0;
    const struct number_key keys[] = {
        { "gmet", &gmet, 0, 1 },
        { "sss", &sss, 0, 1 },
        { "rogpt", &rogpt, 0, 1 },
    };

    if (walk_numbers(r, "vmcb", keys, ARRAY_SIZE(keys)))
        return -1;
    s->gmet = gmet;
    s->sss = sss;
    s->rogpt = rogpt;
    return 0;
}

/* "rmp": {"base":..., "end":..., "entries":...}: where the table is. By default
 * it covers 4 GiB and lies behind them. */
static int take_table(const struct record *r, struct walk_setup *s)
{
    json_t *rmp = json_object_get(r->root, "rmp"), *value;
    const char *key;

    s->rmp_base = s->snpe ? RMP_DEFAULT_BASE : 0;
    s->rmp_end = s->snpe ? RMP_DEFAULT_END : 0;
    if (!rmp)
        return 0;
    if (!json_is_object(rmp))
        return walk_bad(r, "rmp", "is not an object");
    if (!s->snpe)
        return walk_bad(r, "rmp", "does not count: set host.snpe");
    json_object_foreach(rmp, key, value)
    {
        spa_t *to = strcmp(key, "base") == 0  ? &s->rmp_base
                    : strcmp(key, "end") == 0 ? &s->rmp_end
                                              : NULL;

        if (strcmp(key, "entries") == 0)
            continue;
        if (!to)
            return walk_bad(r, key, "unknown key in rmp");
        if (walk_number(r, key, value, to))
            return -1;
    }
    if (s->rmp_base % RMP_ALIGNMENT || (s->rmp_end + 1) % RMP_ALIGNMENT ||
        s->rmp_base > s->rmp_end || s->rmp_end >> 52)
        return walk_bad(r, "rmp",
                        "base and end + 1 are no multiples of 8 KiB, in order "
                        "and below 2^52");
    return 0;
}

int walk_take_setup(const struct record *r, struct walk_setup *s)
{
    *s = (struct walk_setup) { .in_clear = true };
    return take_host(r, s) || take_guest(r, s) || take_vmcb(r, s) ||
                   take_table(r, s)
               ? -1
               : 0;
}

static int take_words(const struct record *r, struct cpu *c)
{
    json_t *mem = json_object_get(r->root, "mem"), *value;
    const char *key;

    if (!mem)
        return 0;
    if (!json_is_object(mem))
        return walk_bad(r, "mem", "is not an object");
    json_object_foreach(mem, key, value)
    {
        uint64_t spa, word;

        if (num_parse(key, strlen(key), &spa) != NUM_OK || (spa & 7) ||
            spa >> 52)
            return walk_bad(r, key,
                            "is not an 8-byte-aligned address below 2^52");
        if (walk_number(r, key, value, &word))
            return -1;
        cpu_poke64(c, spa, word);
    }
    return 0;
}

/* {"0x5000": {"asid": 1, "gpa": "0x5000", "validated": 1}, ...}: entries of the
 * reverse map table, assigned unless they say otherwise. */
static int take_entry(const struct record *r, const char *where, json_t *object,
                      struct cpu *c, spa_t slot)
{
    uint64_t assigned = 1, large = 0, immutable = 0, validated = 0, vmsa = 0;
    uint64_t gpa = 0, asid = 0, vmpl[MAX_VMPLS] = { VMPL_ALL };
    const struct number_key keys[] = {
        { "assigned", &assigned, 0, 1 },
        { "large", &large, 0, 1 },
        { "immutable", &immutable, 0, 1 },
        { "validated", &validated, 0, 1 },
        { "vmsa", &vmsa, 0, 1 },
        { "gpa", &gpa, 0, RMP_GPA },
        { "asid", &asid, 0, RMP_ASID >> RMP_ASID_SHIFT },
        { "vmpl0", &vmpl[0], 0, VMPL_ALL },
        { "vmpl1", &vmpl[1], 0, VMPL_ALL },
        { "vmpl2", &vmpl[2], 0, VMPL_ALL },
        { "vmpl3", &vmpl[3], 0, VMPL_ALL },
    };
    uint64_t hi = 0;

    if (walk_numbers_in(r, where, object, keys, ARRAY_SIZE(keys)))
        return -1;
    for (unsigned i = 0; i < MAX_VMPLS; i++)
        hi |= vmpl[i] << i * RMP_VMPL_SHIFT;
    cpu_poke64(c, slot,
               (assigned ? RMP_ASSIGNED : 0) | (large ? RMP_2M : 0) |
                   (immutable ? RMP_IMMUTABLE : 0) |
                   (validated ? RMP_VALIDATED : 0) | (vmsa ? RMP_VMSA : 0) |
                   (gpa & RMP_GPA) | asid << RMP_ASID_SHIFT);
    cpu_poke64(c, slot + 8, hi);
    return 0;
}

static int take_entries(const struct record *r, const struct walk_setup *s,
                        struct cpu *c)
{
    json_t *entries =
        json_object_get(json_object_get(r->root, "rmp"), "entries");
    json_t *value;
    const char *key;

    if (entries && !json_is_object(entries))
        return walk_bad(r, "rmp.entries", "is not an object");
    json_object_foreach(entries, key, value)
    {
        uint64_t spa;

        if (num_parse(key, strlen(key), &spa) != NUM_OK || spa % PAGE_SIZE_4K ||
            spa >> 52)
            return walk_bad(r, key, "is not the address of a page below 2^52");
        if (rmp_slot(s->rmp_base, spa) + RMP_ENTRY_SIZE - 1 > s->rmp_end)
            return walk_bad(r, key, "is not covered by the table");
        if (take_entry(r, key, value, c, rmp_slot(s->rmp_base, spa)))
            return -1;
    }
    return 0;
}

int walk_take_memory(const struct record *r, const struct walk_setup *s,
                     struct cpu *c)
{
    return take_words(r, c) || take_entries(r, s, c) ? -1 : 0;
}

int walk_take_access(const struct record *r, struct request *q)
{
    static const char *const kinds[] = {
        "read", "write", "rmw", "fetch", "shadow-read", "shadow-write",
    };
    json_t *access = json_object_get(r->root, "access"), *value;
    const char *key;

    *q = (struct request) { .kind = ACCESS_READ, .size = 8 };
    if (!json_is_object(access) || !json_object_get(access, "gva"))
        return walk_bad(r, "access", "is missing, or has no gva");
    json_object_foreach(access, key, value)
    {
        uint64_t v = 0;

        if (strcmp(key, "kind") == 0) {
            const char *name = json_string_value(value);
            size_t i = 0;

            while (i < ARRAY_SIZE(kinds) && name && strcmp(kinds[i], name))
                i++;
            if (!name || i == ARRAY_SIZE(kinds))
                return walk_bad(
                    r, "access.kind",
                    "is not read, write, rmw, fetch, shadow-read or "
                    "shadow-write");
            q->kind = (enum access_kind)i;
            continue;
        }
        if (strcmp(key, "gva") && strcmp(key, "size") && strcmp(key, "stack"))
            return walk_bad(r, key, "unknown key in access");
        if (walk_number(r, key, value, &v))
            return -1;
        if (strcmp(key, "gva") == 0)
            q->gva = v;
        else if (strcmp(key, "stack") == 0)
            q->stack = v;
        else if (v < 1 || v > 64)
            return walk_bad(r, "access.size", "is not in 1..64");
        else
            q->size = (unsigned)v;
    }
    return 0;
}
