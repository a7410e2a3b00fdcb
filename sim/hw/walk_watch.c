/* SPDX-License-Identifier: GPL-2.0-only */
/* hw/walk_watch.c - tell who listens about single references of a walk. */
#include "hw/walk.h"

void walk_watch(struct cpu *c, bool npt, unsigned level, uint64_t addr,
                spa_t slot, uint64_t pte)
{
    struct walk_log *log = c->log;

    if (npt)
        TRACE(c->trace, npt_step, .level = level, .of = c->nested.levels,
              .gpa = addr, .slot = slot, .pte = pte);
    else
        TRACE(c->trace, gpt_step, .level = level, .of = c->guest.levels,
              .gva = addr, .slot = slot, .pte = pte);
    if (!log)
        return;
    if (c->n_logged < log->max_refs)
        log->refs[c->n_logged] = (struct walk_ref) { npt, level, slot, pte };
    c->n_logged++;
}

void ad_set(struct cpu *c, bool npt, spa_t slot, uint64_t old, uint64_t set,
            const struct key *key)
{
    struct walk_log *log = c->log;

    if (c->looking)
        return;
    if ((npt ? &c->nested : &c->guest)->format->entry_size == 4)
        crypt_write(c->mem, slot, &(uint32_t) { (uint32_t)(old | set) }, 4,
                    key);
    else
        crypt_write64(c->mem, slot, old | set, key);
    TRACE(c->trace, ad_update, .table = npt ? "nested" : "guest", .slot = slot,
          .old = old, .new = old | set);
    if (!log)
        return;
    if (log->n_dirty < log->max_dirty)
        log->dirty[log->n_dirty] = slot & ~7ULL;
    log->n_dirty++;
}
