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

static uint32_t feature_bits(const struct cpu_model *m,
                             const struct feature_group *g)
{
    uint32_t bits = 0;

    for (unsigned i = g->first; i <= g->last; i++)
        bits |= (uint32_t)m->features[i] << feature_table[i].bit;
    return bits;
}

static void add_features(const struct cpu_model *m, uint32_t leaf,
                         struct cpuid_regs *r)
{
    uint32_t *const reg[] = { [CPUID_EAX] = &r->eax,
                              [CPUID_EBX] = &r->ebx,
                              [CPUID_ECX] = &r->ecx,
                              [CPUID_EDX] = &r->edx };

    for (unsigned i = 0; i < N_FEATURE_GROUPS; i++)
        if (feature_groups[i].leaf == leaf)
            *reg[feature_groups[i].reg] |= feature_bits(m, &feature_groups[i]);
}

struct cpuid_regs cpu_cpuid(const struct cpu *c, uint32_t leaf, uint32_t sub)
{
    const struct cpu_model *m = &c->model;
    bool extended = leaf >= 0x80000000;
    struct cpuid_regs r;

    if (leaf > (extended ? m->max_ext_leaf : MAX_BASIC_LEAF) ||
        (leaf == 7 && sub))
        return (struct cpuid_regs) { 0 };
    r = numbers(m, leaf);
    add_features(m, leaf, &r);
    return r;
}
