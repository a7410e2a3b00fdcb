/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * oracle/reverse.c - the reverse map table a second time (APM vol.
 * 2, 15.36.10).
 *
 * Entries are numbers in memory; which bit means what is Linux'
 * virt/svm/sev.c for Zen 3 and 4. No page is in use, no firmware holds any.
 */
#include "oracle/oracle.h"

#define TWO_MIB 0x200000ULL

static bool bit(uint64_t value, unsigned n)
{
    return (value >> n) & 1;
}

bool oracle_is_sev(const struct trial *v)
{
    return v->s.sev && v->encrypt;
}

bool oracle_is_snp(const struct trial *v)
{
    return oracle_is_sev(v) && v->s.snp;
}

gpa_t oracle_vtom(const struct trial *v)
{
    return oracle_is_snp(v) ? v->s.vtom : 0;
}

static spa_t place_of(const struct trial *v, spa_t spa)
{
    return v->s.rmp_base + 16384 + spa / 4096 * 16;
}

static bool covered(const struct trial *v, spa_t spa)
{
    return place_of(v, spa) + 15 <= v->s.rmp_end;
}

/* Is the 4K page part of a 2M page that has one entry for all? */
static bool is_large(const struct trial *v, const struct words *mem, spa_t spa)
{
    uint64_t first = words_get(mem, place_of(v, spa - spa % TWO_MIB));

    return bit(first, 0) && bit(first, 1);
}

/* 2M and more: no page of the 2M around it may be assigned. */
static bool host_has(const struct trial *v, const struct words *mem,
                     const struct reverse_access *a)
{
    spa_t first = a->spa - a->spa % TWO_MIB;

    if (!covered(v, a->spa) && !a->large)
        return true;
    if (covered(v, first) && is_large(v, mem, a->spa))
        return !covered(v, a->spa) && !a->large;
    if (!a->large)
        return !bit(words_get(mem, place_of(v, a->spa)), 0);
    for (unsigned i = 0; i < mem->n; i++) {
        spa_t at = mem->at[i].spa;

        if (at >= place_of(v, first) && at < place_of(v, first + TWO_MIB) &&
            (at - place_of(v, first)) % 16 == 0 && at + 15 <= v->s.rmp_end &&
            bit(mem->at[i].value, 0))
            return false;
    }
    return true;
}

static enum reverse private_page(const struct trial *v, const struct words *mem,
                                 const struct reverse_access *a)
{
    bool large = is_large(v, mem, a->spa);
    spa_t home = large ? a->spa - a->spa % TWO_MIB : a->spa;
    uint64_t low = words_get(mem, place_of(v, home));
    uint64_t high = words_get(mem, place_of(v, home) + 8);
    uint64_t gpa = 0, asid = 0;
    unsigned may;

    for (unsigned n = 12; n <= 50; n++)
        gpa |= bit(low, n) ? 1ULL << n : 0;
    for (unsigned n = 51; n <= 60; n++)
        asid |= bit(low, n) ? 1ULL << (n - 51) : 0;
    if (large)
        gpa += a->spa % TWO_MIB / 4096 * 4096;
    if (!covered(v, a->spa) || !bit(low, 0) || asid != v->s.asid)
        return REVERSE_NPF;
    if (gpa != a->gpa - a->gpa % 4096 || bit(low, 2) || large != a->large)
        return REVERSE_NPF;
    if (!bit(low, 62))
        return REVERSE_VC;
    may = v->s.vmple ? (high >> (8 * v->s.vmpl)) & 0xff : 0xff;
    if (a->fetch && !bit(may, v->s.cpl == 3 ? 2 : 3))
        return REVERSE_VMPL;
    if (!a->fetch && (!bit(may, 0) || (a->write && !bit(may, 1))))
        return REVERSE_VMPL;
    return REVERSE_OK;
}

enum reverse oracle_reverse(const struct trial *v, const struct words *mem,
                            const struct reverse_access *a)
{
    if (!v->s.snpe)
        return REVERSE_OK;
    if (oracle_is_snp(v) && a->private)
        return private_page(v, mem, a);
    return (a->write || a->table) && !host_has(v, mem, a) ? REVERSE_NPF
                                                          : REVERSE_OK;
}
