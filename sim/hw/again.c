/* SPDX-License-Identifier: GPL-2.0-only */
/* hw/again.c - which walks would be the same. */
#include "hw/again.h"

#include <string.h>

/* All that the two walkers look at, besides memory, the model and what each
 * entry has of its own. */
static struct again_inputs inputs_of(const struct cpu *c)
{
    const struct guest_regs *r = &c->g.r;

    return (struct again_inputs) {
        .word = { r->cr0, r->cr3, r->cr4, r->efer, c->nested.root,
                  c->nested.levels, c->nested.key != NULL, c->host_cr0,
                  c->host_cr4, c->efer, c->syscfg, c->ctl.nested_ctl,
                  c->gkey != NULL, c->gkey ? c->gkey->k[0] : 0,
                  c->gkey ? c->gkey->k[1] : 0 },
    };
}

void again_latch(struct cpu *c)
{
    struct again_inputs now = inputs_of(c);

    if (memcmp(&now, &c->again.inputs, sizeof(now)) == 0)
        return;
    c->again.inputs = now;
    c->again.context++;
}

/* @tables: as they were before the walk, which may have set accessed bits. */
void again_learn(struct cpu *c, gva_t gva, struct access a, uint64_t tables,
                 const struct piece *p)
{
    unsigned kind = again_kind(c, a);

    if (a.shadow || mem_tables(c->mem) != tables)
        return;
    *again_entry(c, gva, kind) = (struct again_entry) {
        .page = gva >> 12,
        .context = c->again.context,
        .tables = tables,
        .kind = kind,
        .pkru = c->g.pkru,
        .piece = { .gpa = p->gpa & PAGE_MASK_4K,
                   .spa = p->spa & PAGE_MASK_4K,
                   .key = p->key,
                   .guest_pat = p->guest_pat,
                   .nested_pat = p->nested_pat },
    };
}
