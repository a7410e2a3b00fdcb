/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/vmcb_clean.c - VMCB state that the CPU kept from the last VMRUN.
 *
 * With a clean bit set the hypervisor promises not to have changed a group of
 * fields, and the CPU may use what it remembers (APM vol. 2, 15.15). Most CPUs
 * of this model load everything, always, which is legal and hides broken
 * promises. With the knob vmcb_clean_strict a CPU remembers all it may: a
 * change without clearing the bit has no effect, and an event says so.
 */
#include "hw/cpu.h"

#include <string.h>

#define SAVE(x) (VMCB_SAVE + (x))

/* A range of a group; @bit in VMCB_CLEAN. Group 10 is state that this model
 * does not have (last branches), 11 it refuses to use (AVIC). */
static const struct clean_range {
    unsigned bit, at, len;
    const char *group;
} ranges[] = {
    { 0, VMCB_INTERCEPT_CR, 0x18, "I: intercepts" },
    { 0, VMCB_TSC_OFFSET, 8, "I: TSC offset" },
    { 1, VMCB_IOPM_BASE, 16, "IOPM: permission maps" },
    { 2, VMCB_ASID, 4, "ASID" },
    { 3, VMCB_INT_CTL, 8, "TPR: virtual interrupts" },
    { 4, VMCB_NCR3, 8, "NP: nCR3" },
    { 4, SAVE(SAVE_G_PAT), 8, "NP: G_PAT" },
    { 5, SAVE(SAVE_EFER), 8, "CRx: EFER" },
    { 5, SAVE(SAVE_CR4), 24, "CRx: CR4, CR3, CR0" },
    { 6, SAVE(SAVE_DR7), 16, "DRx: DR7, DR6" },
    { 7, SAVE(SAVE_GDTR), 16, "DT: GDTR" },
    { 7, SAVE(SAVE_IDTR), 16, "DT: IDTR" },
    { 8, SAVE(SAVE_ES), 64, "SEG: ES, CS, SS, DS" },
    { 8, SAVE(SAVE_CPL), 1, "SEG: CPL" },
    { 9, SAVE(SAVE_CR2), 8, "CR2" },
    { 12, SAVE(SAVE_S_CET), 8, "CET: S_CET" },
};

void clean_apply(struct cpu *c, uint8_t *bytes, unsigned from, unsigned len)
{
    const struct vmcb_cache *cache = &c->cache;

    if (cache->vmcb != c->vmcb)
        return;
    for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
        const struct clean_range *r = &ranges[i];

        if (!(c->ctl.clean & BIT(r->bit)) || r->at < from ||
            r->at >= from + len ||
            memcmp(bytes + r->at - from, cache->bytes + r->at, r->len) == 0)
            continue;
        TRACE(c->trace, vmcb_stale, .vmcb = c->vmcb, .bit = r->bit,
              .group = r->group,
              .why = "the hypervisor changed it and left the clean bit set");
        memcpy(bytes + r->at - from, cache->bytes + r->at, r->len);
    }
}

void clean_remember(struct cpu *c, const uint8_t *control)
{
    struct vmcb_cache *cache = &c->cache;

    cache->vmcb = NO_VMCB;
    if (!c->model.knobs.vmcb_clean_strict ||
        !c->model.features[FEAT_VMCB_CLEAN])
        return;
    cache->vmcb = c->vmcb;
    memcpy(cache->bytes, control, VMCB_SAVE);
    memcpy(cache->bytes + VMCB_INT_CTL, &c->ctl.int_ctl, 8);
    memcpy(cache->bytes + VMCB_SAVE, c->area, SAVE_AREA_SIZE);
}

void clean_forget(struct cpu *c)
{
    c->cache.vmcb = NO_VMCB;
}
