/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cpuid_import.c - a CPUID dump becomes a CPU model file.
 *
 * Registers are decoded through feature_table and doubtful ones are warned of;
 * which junk firmware, hypervisors and tools are known to leave in them stands
 * in models/README.md. Reading the text is cpuid_dump.c's work, writing the
 * file cpuid_yaml.c's.
 */
#include <string.h>

#include "hw.h"
#include "load.h"
#include "load/cpuid_dump.h"

/* A server with 4096 logical CPUs stays below it. */
#define DUMP_LIMIT (32U << 20)

struct import {
    struct cpuid_dump dump;
    struct cpu_model m;
    const char *parent;    /* whose timing the file takes */
    bool min_asid_is_junk; /* and min_sev_asid a value in its place */
    struct buf *warnings;
    struct err *e;
};

static const struct cpuid_regs *regs(const struct import *im, uint32_t leaf)
{
    return &cpuid_dump_leaf(&im->dump, leaf)->regs;
}

static struct mark place(const struct import *im, uint32_t leaf)
{
    const struct dump_leaf *l = cpuid_dump_leaf(&im->dump, leaf);

    return l->seen ? l->at : (struct mark) { .file = im->dump.path };
}

/* ---- whose CPU is it? ---- */

/* Sorted; a part belongs to the last row that is not above it. */
static const struct generation {
    unsigned family, model;
    const char *parent;
} generations[] = {
    { 0x10, 0x00, "k10" },        { 0x15, 0x00, "bulldozer" },
    { 0x15, 0x02, "piledriver" }, { 0x15, 0x30, "kaveri" },
    { 0x15, 0x60, "carrizo" },    { 0x16, 0x00, "kabini" },
    { 0x17, 0x00, "zen1" },       { 0x17, 0x30, "zen2" },
    { 0x18, 0x00, "zen1" },       { 0x19, 0x00, "zen3" },
    { 0x19, 0x10, "zen4" },       { 0x19, 0x20, "zen3" },
    { 0x19, 0x60, "zen4" },       { 0x1a, 0x00, "zen5" },
};

static int find_generation(struct import *im)
{
    unsigned f = cpuid_family(im->m.signature);
    unsigned m = cpuid_model(im->m.signature);
    const struct generation *best = NULL;

    for (size_t i = 0; i < ARRAY_SIZE(generations); i++)
        if (generations[i].family < f ||
            (generations[i].family == f && generations[i].model <= m))
            best = &generations[i];
    if (!best) {
        err_at(im->e, place(im, 1),
               "family %02Xh is older than nested paging, which came with "
               "family 10h",
               f);
        return -1;
    }
    im->parent = best->parent;
    if (best->family != f)
        dump_warn(im->warnings, place(im, 1),
                  "family %02Xh is not known here; its timing is taken from "
                  "%s",
                  f, best->parent);
    return 0;
}

static int check_vendor(struct import *im)
{
    uint32_t leaf = cpuid_dump_leaf(&im->dump, 0)->seen ? 0 : 0x80000000;
    const struct cpuid_regs *r = regs(im, leaf);
    char vendor[13] = "";

    if (!cpuid_dump_leaf(&im->dump, leaf)->seen)
        return err_plain(im->e, im->dump.path,
                         "leaf 0x00000000, which names the vendor, is missing");
    memcpy(vendor, &r->ebx, 4);
    memcpy(vendor + 4, &r->edx, 4);
    memcpy(vendor + 8, &r->ecx, 4);
    if (strcmp(vendor, "AuthenticAMD") == 0)
        return 0;
    if (strcmp(vendor, "HygonGenuine") == 0) {
        dump_warn(im->warnings, place(im, leaf),
                  "a Hygon part: the model will call itself AuthenticAMD");
        return 0;
    }
    for (char *p = vendor; *p; p++)
        if (*p < ' ' || *p > '~')
            *p = '?';
    err_at(im->e, place(im, leaf), "the vendor is '%s', not AuthenticAMD",
           vendor);
    return err_hint(im->e, "only AMD's nested paging is modelled");
}

static int check_leaves(struct import *im)
{
    static const uint32_t required[] = { 1, 0x80000001, 0x80000008 };
    bool any = false;

    for (unsigned i = 0; i < N_DUMP_LEAVES; i++)
        any |= im->dump.leaf[i].seen;
    if (!any) {
        err_plain(im->e, im->dump.path, "no CPUID leaves found");
        return err_hint(im->e, "expected the output of `cpuid -r` or an "
                               "InstLatx64 text dump");
    }
    if (check_vendor(im))
        return -1;
    for (unsigned i = 0; i < ARRAY_SIZE(required); i++)
        if (!cpuid_dump_leaf(&im->dump, required[i])->seen) {
            err_plain(im->e, im->dump.path, "leaf 0x%08x is missing",
                      required[i]);
            return err_hint(im->e, "a model needs at least leaves 1, "
                                   "0x80000001 and 0x80000008");
        }
    return 0;
}

/* ---- from registers to the model ---- */

/* Leaves that the CPU says it has, but that the dump does not show. */
static void warn_missing(struct import *im)
{
    static const struct {
        uint32_t leaf;
        const char *what;
    } wanted[] = {
        { 7, "SMEP, SMAP, 5-level paging and the like" },
        { 0x8000000a, "all SVM features" },
        { 0x8000001f, "SME, SEV and the C-bit" },
        { 0x80000021, "upper address ignore" },
    };

    for (unsigned i = 0; i < ARRAY_SIZE(wanted); i++) {
        uint32_t leaf = wanted[i].leaf;
        uint32_t max =
            leaf & 0x80000000 ? im->m.max_ext_leaf : regs(im, 0)->eax;

        if (leaf <= max && !cpuid_dump_leaf(&im->dump, leaf)->seen)
            dump_warn(im->warnings, place(im, leaf),
                      "leaf 0x%08x is missing; without it %s count as absent",
                      leaf, wanted[i].what);
    }
}

/* Leaf 8000_0008 is there, so a maximum below it is none. */
static uint32_t max_ext_leaf(struct import *im)
{
    uint32_t max = regs(im, 0x80000000)->eax;

    if (max >= 0x80000008 && max <= 0x8000ffff)
        return max;
    max = 0;
    for (unsigned i = 0; i < N_DUMP_LEAVES; i++)
        if (im->dump.leaf[i].seen && im->dump.leaf[i].number > max)
            max = im->dump.leaf[i].number;
    dump_warn(im->warnings, place(im, 0x80000000),
              "leaf 0x80000000 does not tell the largest extended leaf; "
              "0x%08x, the largest that was found and is of use, takes its "
              "place",
              max);
    return max;
}

static uint32_t reg_of(const struct cpuid_regs *r, uint8_t which)
{
    switch ((enum cpuid_reg)which) {
    case CPUID_EAX:
        return r->eax;
    case CPUID_EBX:
        return r->ebx;
    case CPUID_ECX:
        return r->ecx;
    case CPUID_EDX:
        return r->edx;
    }
    return 0;
}

static void decode_features(struct import *im)
{
    for (unsigned i = 0; i < N_FEATURES; i++) {
        const struct feature_desc *f = &feature_table[i];

        im->m.features[i] = reg_of(regs(im, f->leaf), f->reg) & BIT(f->bit);
    }
    if (im->m.features[FEAT_HYPERVISOR])
        dump_warn(im->warnings, place(im, 1),
                  "taken inside a VM (hypervisor bit): width, features and "
                  "ASIDs may be the hypervisor's, not the CPU's");
    im->m.features[FEAT_HYPERVISOR] = false; /* not a property of silicon */
}

/* Bits of the SVM and SEV leaves that feature_table has no name for. */
static void warn_nameless(struct import *im, uint32_t leaf, uint8_t reg)
{
    uint32_t rest = reg_of(regs(im, leaf), reg);

    for (unsigned i = 0; i < N_FEATURES; i++)
        if (feature_table[i].leaf == leaf && feature_table[i].reg == reg)
            rest &= ~(uint32_t)BIT(feature_table[i].bit);
    for (unsigned bit = 0; bit < 32; bit++)
        if (rest & BIT(bit))
            dump_warn(im->warnings, place(im, leaf),
                      "leaf 0x%08x has bit %u of E%cX set, which has no name "
                      "here; the model leaves it out",
                      leaf, bit, "ABCD"[reg]);
}

static int decode_geometry(struct import *im)
{
    const struct cpuid_regs *size = regs(im, 0x80000008);
    const struct cpuid_regs *sev = regs(im, 0x8000001f);
    struct cpu_model *m = &im->m;

    m->maxphyaddr_raw = size->eax & 0xff;
    m->linear_bits = size->eax >> 8 & 0xff;
    m->invlpgb_max = size->edx & 0xffff;
    m->cbit = sev->ebx & 0x3f;
    m->phys_reduction = sev->ebx >> 6 & 0x3f;
    m->n_vmpls = sev->ebx >> 12 & 0xf;
    if (m->maxphyaddr_raw < 32 || m->maxphyaddr_raw > 52)
        return err_at(im->e, place(im, 0x80000008),
                      "%u physical address bits are not in 32..52",
                      m->maxphyaddr_raw);
    if (m->linear_bits != 48 && m->linear_bits != 57)
        return err_at(im->e, place(im, 0x80000008),
                      "%u linear address bits are neither 48 nor 57",
                      m->linear_bits);
    if (m->cbit != 0 && (m->cbit < 32 || m->cbit > 62))
        return err_at(im->e, place(im, 0x8000001f),
                      "the C-bit, %u, is not in 32..62", m->cbit);
    if (m->phys_reduction > 20 || m->maxphyaddr_raw < 32 + m->phys_reduction)
        return err_at(im->e, place(im, 0x8000001f),
                      "a reduction of %u physical bits by %u leaves too few",
                      m->maxphyaddr_raw, m->phys_reduction);
    if (size->eax >> 16 & 0xff)
        dump_warn(im->warnings, place(im, 0x80000008),
                  "guest-physical size %u: AMD parts report 0, so a hypervisor "
                  "answered; the model leaves it out",
                  size->eax >> 16 & 0xff);
    return 0;
}

static void decode_svm(struct import *im)
{
    const struct cpuid_regs *svm = regs(im, 0x8000000a);

    im->m.n_asids = svm->ebx;
    if (svm->ebx < 2)
        dump_warn(im->warnings, place(im, 0x8000000a),
                  "leaf 0x8000000a tells of no ASIDs: SVM was hidden or "
                  "switched off when the dump was taken; their number is that "
                  "of %s",
                  im->parent);
    warn_nameless(im, 0x8000000a, CPUID_EDX);
}

/* ASIDs 1..EDX-1 are SEV-ES', EDX..ECX are for guests without it. */
static void warn_asids(struct import *im, struct mark at)
{
    struct cpu_model *m = &im->m;
    uint64_t end = m->max_sev_asid + 1ULL;

    if (m->max_sev_asid == 0) {
        dump_warn(im->warnings, at,
                  "SEV is offered, but without ASIDs: it is unusable");
    } else if (m->min_sev_asid == 0 || m->min_sev_asid > end) {
        dump_warn(im->warnings, at,
                  "0x%x as first ASID without SEV-ES is not in 1..%llu, junk "
                  "of the firmware; 1 takes its place",
                  m->min_sev_asid, (unsigned long long)end);
        m->min_sev_asid = 1;
        im->min_asid_is_junk = true;
    }
    if (m->max_sev_asid && m->min_sev_asid == 1 && m->features[FEAT_SEV_ES])
        dump_warn(im->warnings, at,
                  "the first ASID without SEV-ES is 1, so none is left for "
                  "SEV-ES; firmware set-up decides");
}

static void decode_sev(struct import *im)
{
    const struct cpuid_regs *sev = regs(im, 0x8000001f);
    struct mark at = place(im, 0x8000001f);
    struct cpu_model *m = &im->m;

    m->max_sev_asid = sev->ecx;
    m->min_sev_asid = sev->edx;
    m->mem_encrypt = m->features[FEAT_SME] && m->cbit != 0;
    m->smmlock = true;
    if (m->features[FEAT_SME] && m->cbit == 0)
        dump_warn(im->warnings, at,
                  "SME is offered, but the C-bit is 0: memory encryption is "
                  "unusable");
    if (m->features[FEAT_SEV])
        warn_asids(im, at);
    warn_nameless(im, 0x8000001f, CPUID_EAX);
}

static int decode(struct import *im)
{
    if (check_leaves(im))
        return -1;
    im->m.signature = regs(im, 1)->eax;
    im->m.max_ext_leaf = max_ext_leaf(im);
    if (find_generation(im))
        return -1;
    warn_missing(im);
    decode_features(im);
    if (decode_geometry(im))
        return -1;
    decode_svm(im);
    decode_sev(im);
    dump_warn(im->warnings, (struct mark) { .file = im->dump.path },
              "a dump has no MSRs and no timing: mem_encrypt and smmlock are "
              "assumed, the timing is that of %s",
              im->parent);
    return 0;
}

/* ---- the whole way ---- */

/* A name is a file name and stands unquoted in YAML. */
static int check_name(const char *name, const char *path, struct err *e)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

    if (len && !name[len] && name[0] >= 'a' && len <= 60)
        return 0;
    err_plain(e, path, "'%.60s' cannot be the name of a model", name);
    return err_hint(e, "up to 60 of a-z, 0-9 and '-', a letter first");
}

int cpuid_dump_import(const char *path, const char *name, struct buf *yaml,
                      struct buf *warnings, struct err *e)
{
    struct import im = { .m.name = name, .warnings = warnings, .e = e };
    const char *shown = strcmp(path, "-") == 0 ? "<stdin>" : path;
    struct buf text = BUF_INIT;
    int ret = -1;

    if (check_name(name, shown, e) == 0 &&
        read_file(&text, path, DUMP_LIMIT, e) == 0 &&
        cpuid_dump_read(&im.dump, shown, text.data, text.len, warnings, e) ==
            0 &&
        decode(&im) == 0) {
        cpuid_model_write(yaml, &im.dump, &im.m, im.parent,
                          im.min_asid_is_junk);
        ret = 0;
    }
    buf_free(&text);
    return ret;
}
