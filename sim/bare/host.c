/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bare/host.c - the core in the mode that the scenario wants.
 *
 * Registers are written in the order in which boot code writes them: paging
 * off, EFER, CR4, paging on (APM vol. 2, 14.6). The CPU may refuse each.
 */
#include "bare/machine.h"

#include <string.h>

#define HOST_CR0 (CR0_PE | CR0_MP | CR0_ET | CR0_NE)

/* Tables of every mode can say addresses below. */
#define FRAMES_END BIT(32)

const char *const bare_paging_names[] = {
    [BARE_PAGING_NONE] = "none",      [BARE_PAGING_32BIT] = "32-bit",
    [BARE_PAGING_PAE] = "pae",        [BARE_PAGING_4LEVEL] = "4-level",
    [BARE_PAGING_5LEVEL] = "5-level",
};

static uint64_t wanted_cr0(const struct bare_host *h)
{
    return HOST_CR0 | (h->wp ? CR0_WP : 0) |
           (h->paging == BARE_PAGING_NONE ? 0 : CR0_PG);
}

static uint64_t wanted_cr4(const struct bare_host *h)
{
    return (h->paging >= BARE_PAGING_PAE ? CR4_PAE : 0) |
           (h->paging == BARE_PAGING_5LEVEL ? CR4_LA57 : 0) |
           (h->pse ? CR4_PSE : 0) | (h->smep ? CR4_SMEP : 0) |
           (h->smap ? CR4_SMAP : 0);
}

static uint64_t wanted_efer(const struct bare_host *h)
{
    return EFER_SVME | (h->nxe ? EFER_NXE : 0) |
           (h->paging >= BARE_PAGING_4LEVEL ? EFER_LME : 0);
}

static const char *refused(struct bare *b, const char *reg, uint64_t value)
{
    return trace_text(b->trace, "the CPU refuses %s = 0x%llx: #GP", reg,
                      (unsigned long long)value);
}

/* NULL, or what the CPU refused. */
static const char *set_mode(struct bare *b)
{
    const struct bare_host *h = &b->config->host;
    const struct wire *w = &b->wire;
    uint64_t cr0 = wanted_cr0(h), cr4 = wanted_cr4(h), efer = wanted_efer(h);

    if (!w->ops->write_cr(w->hw, 0, cr0 & ~CR0_PG))
        return refused(b, "CR0", cr0 & ~CR0_PG);
    if (!w->ops->wrmsr(w->hw, MSR_EFER, efer))
        return refused(b, "EFER", efer);
    if (!w->ops->write_cr(w->hw, 4, cr4))
        return refused(b, "CR4", cr4);
    if (!w->ops->write_cr(w->hw, 0, cr0))
        return refused(b, "CR0", cr0);
    return NULL;
}

const char *bare_take_core(struct bare *b)
{
    const struct wire *w = &b->wire;
    const char *why = set_mode(b);
    uint64_t efer = 0;
    spa_t area;

    if (why)
        return why;
    w->ops->rdmsr(w->hw, MSR_EFER, &efer);
    TRACE(b->trace, bare_host,
          .paging = bare_paging_names[b->config->host.paging],
          .cr0 = w->ops->read_cr(w->hw, 0), .cr4 = w->ops->read_cr(w->hw, 4),
          .efer = efer);
    area = bare_frame(b);
    if (!area)
        return "there is no memory left for the hypervisor";
    return w->ops->wrmsr(w->hw, MSR_VM_HSAVE_PA, area)
               ? NULL
               : refused(b, "VM_HSAVE_PA", area);
}

/* ---- the hypervisor's own memory ----
 */

/* The start of the VM's memory that [@spa, @spa + 4K) is part of; or @spa. */
static spa_t owner(const struct bare *b, spa_t spa)
{
    for (unsigned i = 0; i < b->vm->n_memory; i++) {
        const struct bare_memory *m = &b->vm->memory[i];

        if (spa >= m->gpa && spa - m->gpa < m->size)
            return m->gpa;
    }
    return spa;
}

spa_t bare_frame(struct bare *b)
{
    static const uint8_t zeroes[PAGE_SIZE_4K];
    spa_t below = b->free_below ? b->free_below : FRAMES_END, spa;

    if (b->n_frames == BARE_MAX_FRAMES)
        return 0;
    do {
        if (below < 2 * PAGE_SIZE_4K)
            return 0;
        spa = below - PAGE_SIZE_4K;
        below = owner(b, spa);
    } while (below != spa);
    b->free_below = spa;
    b->n_frames++;
    b->wire.ops->write(b->wire.hw, spa, zeroes, sizeof(zeroes));
    return spa;
}
