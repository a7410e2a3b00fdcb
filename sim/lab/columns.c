/* SPDX-License-Identifier: GPL-2.0-only */
/* lab/columns.c - what a kernel concluded, member by member. */
#include "lab.h"

#include <string.h>

#define COLUMN(name, format)                                                   \
    {                                                                          \
#name, format, offsetof(struct policy_result, name),                   \
            sizeof(((struct policy_result *)0)->name), false                   \
    }
#define EXTRA(name)                                                            \
    {                                                                          \
#name, POLICY_DEC, offsetof(struct policy_result, name),               \
            sizeof(((struct policy_result *)0)->name), true                    \
    }

/* In the order in which `batch gating` prints them. */
const struct policy_column policy_columns[] = {
    COLUMN(shadow_phys_bits, POLICY_DEC),
    COLUMN(x86_phys_bits, POLICY_DEC),
    COLUMN(value_at_reset, POLICY_HEX),
    COLUMN(caching_at_reset, POLICY_DEC),
    COLUMN(shadow_mmio_value, POLICY_HEX),
    COLUMN(shadow_mmio_mask, POLICY_HEX),
    COLUMN(enable_mmio_caching, POLICY_DEC),
    COLUMN(sev_enabled, POLICY_DEC),
    COLUMN(sev_es_enabled, POLICY_DEC),
    COLUMN(sev_snp_enabled, POLICY_DEC),
    COLUMN(cap_sev, POLICY_DEC),
    COLUMN(cap_sev_es, POLICY_DEC),
    COLUMN(cap_snp, POLICY_DEC),
    COLUMN(vm_types, POLICY_HEX),
    COLUMN(sev_log, POLICY_TEXT),
    COLUMN(sev_es_log, POLICY_TEXT),
    COLUMN(snp_log, POLICY_TEXT),
    COLUMN(warn_count, POLICY_DEC),
    EXTRA(cg_sev),
    EXTRA(cg_sev_es),
    EXTRA(boot_sev),
    EXTRA(boot_sev_es),
};
const unsigned n_policy_columns = ARRAY_SIZE(policy_columns);

int policy_column_find(const char *name)
{
    for (unsigned i = 0; i < n_policy_columns; i++)
        if (strcmp(policy_columns[i].name, name) == 0)
            return (int)i;
    return -1;
}

uint64_t policy_number(const struct policy_result *r, unsigned column)
{
    const struct policy_column *c = &policy_columns[column];
    const void *at = (const char *)r + c->offset;
    uint64_t v64;
    uint32_t v32;

    switch (c->size) {
    case sizeof(uint8_t):
        return *(const uint8_t *)at;
    case sizeof(v32):
        memcpy(&v32, at, sizeof(v32));
        return v32;
    case sizeof(v64):
        memcpy(&v64, at, sizeof(v64));
        return v64;
    }
    BUG_ON(true);
}

void policy_put(struct buf *b, const struct policy_result *r, unsigned column)
{
    const struct policy_column *c = &policy_columns[column];

    switch (c->format) {
    case POLICY_DEC:
        return buf_dec(b, policy_number(r, column));
    case POLICY_HEX:
        return buf_hex(b, policy_number(r, column));
    case POLICY_TEXT:
        return buf_adds(b, (const char *)r + c->offset);
    }
    BUG_ON(true);
}
