/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/cpuid.c - CPUID from the model: numbers here, feature bits from the table.
 *
 * Only bits with a meaning in this simulator are reported. 8000_0008 EAX keeps
 * telling the raw width, whatever encryption takes (APM vol. 2, 7.10.1).
 */
#include "hw/cpu.h"

#include <string.h>

#define MAX_BASIC_LEAF 7
#define SVM_REVISION   1

static struct cpuid_regs vendor(uint32_t max_leaf)
{
    struct cpuid_regs r = { .eax = max_leaf };

    memcpy(&r.ebx, "Auth", 4);
    memcpy(&r.edx, "enti", 4);
    memcpy(&r.ecx, "cAMD", 4);
    return r;
}

/* Everything in a leaf that is no feature bit. */
static struct cpuid_regs numbers(const struct cpu_model *m, uint32_t leaf)
{
    struct cpuid_regs r = { 0 };

    switch (leaf) {
    case 0:
        return vendor(MAX_BASIC_LEAF);
    case 1:
        r.eax = m->signature;
        break;
    case 0x80000000:
        return vendor(m->max_ext_leaf);
    case 0x80000001:
        r.eax = m->signature;
        break;
    case 0x80000008:
        r.eax = m->maxphyaddr_raw | m->linear_bits << 8;
        r.edx = m->invlpgb_max;
        break;
    case 0x8000000a:
        if (m->features[FEAT_SVM])
            r = (struct cpuid_regs) { .eax = SVM_REVISION, .ebx = m->n_asids };
        break;
    case 0x8000001f:
        r.ebx = m->cbit | m->phys_reduction << 6 | m->n_vmpls << 12;
        r.ecx = m->max_sev_asid;
        r.edx = m->min_sev_asid;
        break;
    }
    return r;
}

/* ---- feature bits, put together when a leaf is first asked for ---- */

/* Eight bools as eight bits: the product moves each to its place in the top
 * byte, and no two meet on the way. */
static uint32_t pack(const bool eight[8])
{
    uint64_t bytes;

    _Static_assert(sizeof(bool) == 1, "bools are bytes");
    memcpy(&bytes, eight, sizeof(bytes));
    return (uint32_t)(bytes * 0x0102040810204080ULL >> 56);
}

/* Eight at a time, what follows the run masked out; one at a time where the
 * table ends. */
static uint32_t run_bits(const struct cpu_model *m,
                         const struct feature_run *run)
{
    uint32_t all = 0;

    for (unsigned i = 0; i < run->n; i += 8) {
        unsigned at = run->first + i;

        if (at + 8 <= N_FEATURES)
            all |= pack(&m->features[at]) << i;
        else
            for (unsigned k = at; k < run->first + run->n; k++)
                all |= (uint32_t)m->features[k] << (k - run->first);
    }
    return all & (uint32_t)bits(run->n - 1U, 0);
}

static struct cpuid_regs leaf_bits(const struct cpu_model *m,
                                   const struct feature_leaf *leaf)
{
    struct cpuid_regs r = { 0 };
    uint32_t *const reg[] = { [CPUID_EAX] = &r.eax,
                              [CPUID_EBX] = &r.ebx,
                              [CPUID_ECX] = &r.ecx,
                              [CPUID_EDX] = &r.edx };

    for (unsigned i = leaf->first; i < leaf->end; i++) {
        const struct feature_run *run = &feature_runs[i];

        *reg[run->reg] |= run_bits(m, run) << run->bit;
    }
    return r;
}

static void add_features(struct cpu *c, uint32_t leaf, struct cpuid_regs *r)
{
    struct cpuid_regs *bits;
    unsigned i = 0;

    while (feature_leaves[i].leaf != leaf)
        if (++i == N_FEATURE_LEAVES)
            return;
    bits = &c->feature_bits[i];
    if (!(c->leaves_known & BIT(i)))
        *bits = leaf_bits(&c->model, &feature_leaves[i]);
    c->leaves_known |= (uint32_t)BIT(i);
    r->eax |= bits->eax;
    r->ebx |= bits->ebx;
    r->ecx |= bits->ecx;
    r->edx |= bits->edx;
}

struct cpuid_regs cpu_cpuid(struct cpu *c, uint32_t leaf, uint32_t sub)
{
    const struct cpu_model *m = &c->model;
    bool extended = leaf >= 0x80000000;
    struct cpuid_regs r;

    if (leaf > (extended ? m->max_ext_leaf : MAX_BASIC_LEAF) ||
        (leaf == 7 && sub))
        return (struct cpuid_regs) { 0 };
    r = numbers(m, leaf);
    add_features(c, leaf, &r);
    return r;
}
