/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/psp_snp.c - the secure processor's SEV-SNP firmware (pub. 56860).
 *
 * What a hypervisor needs to start a guest. A guest is known by its context
 * page; pages that the firmware is to use or to give away must first be handed
 * over in the reverse map table, in the state that the command expects. No
 * measurement, no identity block: nothing here would check them.
 */
#include "hw/cpu.h"

#include <string.h>

#define POLICY_MUST_BE_ONE BIT(17)

/* States of a page as the firmware names them: of the low word of its entry,
 * these bits (assigned, ASID, immutable and what else tells them apart). */
#define STATE_BITS                                                             \
    (RMP_ASSIGNED | RMP_ASID | RMP_IMMUTABLE | RMP_VALIDATED | RMP_VMSA)
#define FIRMWARE (RMP_ASSIGNED | RMP_IMMUTABLE)
#define CONTEXT  (FIRMWARE | RMP_VMSA)
#define RECLAIM  RMP_ASSIGNED

static bool can_hide(const struct cpu *c, enum psp_cth part)
{
    return c->model.psp_cth == part || c->model.psp_cth == PSP_CTH_BOTH;
}

static bool snp_firmware(const struct cpu *c)
{
    return c->model.psp_snp != PSP_SNP_NONE;
}

/* The firmware initialises the RMP, so there must be one. That SNP is enabled
 * on every core (SYSCFG[24]) is not asked for: kernels of this simulator leave
 * the bit alone, as they run no such guest yet. */
static enum psp_status init(struct cpu *c, const struct psp_request *r)
{
    if (c->model.psp == PSP_FAILS)
        return PSP_HW_ERROR_PLATFORM;
    if (!snp_firmware(c))
        return PSP_UNSUPPORTED;
    if (c->psp.snp_initialized || c->psp.initialized)
        return PSP_INVALID_PLATFORM_STATE;
    if (!c->model.rmp_table)
        return PSP_INVALID_CONFIG;
    if (r->max_snp_asid && (c->model.psp_cth != PSP_CTH_BOTH ||
                            r->max_snp_asid >= c->model.min_sev_asid))
        return PSP_INVALID_PARAM;
    c->psp.snp_initialized = c->model.psp_snp != PSP_SNP_STUCK;
    return PSP_OK;
}

static uint64_t tcb_version(const struct cpu_model *m)
{
    bool turin = cpuid_family(m->signature) >= 0x1a;

    return (uint64_t)m->psp_svn
           << (turin ? PSP_TCB_SNP_SHIFT_TURIN : PSP_TCB_SNP_SHIFT);
}

static enum psp_status snp_platform_status(const struct cpu *c,
                                           struct psp_request *r)
{
    if (!snp_firmware(c))
        return PSP_UNSUPPORTED;
    r->snp = (struct psp_snp_status) {
        .initialized = c->psp.snp_initialized,
        .feature_info = can_hide(c, PSP_CTH_FIRMWARE),
        .ciphertext_hiding_cap = can_hide(c, PSP_CTH_BIOS),
        .current_tcb = tcb_version(&c->model),
    };
    return PSP_OK;
}

static enum psp_status snp_feature_info(const struct cpu *c,
                                        struct psp_request *r)
{
    if (!snp_firmware(c) || !can_hide(c, PSP_CTH_FIRMWARE))
        return PSP_UNSUPPORTED;
    r->feature_ecx = PSP_FEATURE_CIPHERTEXT_HIDING;
    return PSP_OK;
}

/* ---- pages ----
 */

static uint64_t state_of(const struct rmp_entry *e)
{
    return e->slot ? e->lo & STATE_BITS : 0;
}

/* Waiting to become a guest's. */
static uint64_t pre_guest(uint32_t asid)
{
    return FIRMWARE | (uint64_t)asid << RMP_ASID_SHIFT;
}

static void set_entry(struct cpu *c, spa_t spa, uint64_t lo, uint64_t hi)
{
    rmp_store(c, spa, lo, hi);
    cpu_flush_tlb(c, FLUSH_ALL, 0, "the secure processor changed a page");
}

static enum psp_status reclaim(struct cpu *c, const struct psp_request *r)
{
    struct rmp_entry e = rmp_find(c, r->spa);

    if (r->spa % PAGE_SIZE_4K || !e.slot)
        return PSP_INVALID_ADDRESS;
    if ((e.lo & FIRMWARE) != FIRMWARE || (e.lo & (RMP_VALIDATED | RMP_VMSA)))
        return PSP_INVALID_PAGE_STATE;
    if (e.large != r->large)
        return PSP_INVALID_PAGE_SIZE;
    set_entry(c, r->spa, RECLAIM | (e.lo & RMP_2M), 0);
    return PSP_OK;
}

/* ---- guests ----
 */

static struct psp_guest **find_context(struct cpu *c, spa_t gctx)
{
    struct psp_guest **g = &c->psp.guests;

    while (*g && !((*g)->snp && (*g)->gctx == gctx))
        g = &(*g)->next;
    return g;
}

static enum psp_status create(struct cpu *c, const struct psp_request *r)
{
    struct rmp_entry e = rmp_find(c, r->gctx);
    struct psp_guest *g;

    if (r->gctx % PAGE_SIZE_4K || !e.slot)
        return PSP_INVALID_ADDRESS;
    if (state_of(&e) != FIRMWARE)
        return PSP_INVALID_PAGE_STATE;
    g = psp_new_guest(c);
    g->snp = g->es = true;
    g->gctx = r->gctx;
    g->state = PSP_CREATED;
    set_entry(c, r->gctx, CONTEXT, 0);
    return PSP_OK;
}

static enum psp_status start(struct psp_guest *g, const struct psp_request *r)
{
    if (g->state != PSP_CREATED)
        return PSP_INVALID_GUEST_STATE;
    if (!(r->policy & POLICY_MUST_BE_ONE))
        return PSP_POLICY_FAILURE;
    g->state = PSP_LAUNCHING;
    return PSP_OK;
}

/* The page as the guest will find it, encrypted with its key. */
static void fill(struct cpu *c, const struct psp_guest *g,
                 const struct psp_request *r)
{
    uint64_t size = r->large ? pt_size(2) : PAGE_SIZE_4K;
    uint8_t page[PAGE_SIZE_4K] = { 0 };

    for (spa_t at = r->spa; at < r->spa + size; at += sizeof(page)) {
        if (r->page_type != PSP_PAGE_ZERO)
            crypt_read(c->mem, at, page, sizeof(page), NULL);
        if (r->page_type == PSP_PAGE_VMSA)
            vmsa_seal(page, vmsa_rest(page));
        crypt_write(c->mem, at, page, sizeof(page), &g->key);
    }
}

static uint64_t permissions(const struct psp_request *r)
{
    uint64_t hi = VMPL_ALL;

    for (unsigned vmpl = 1; vmpl < MAX_VMPLS; vmpl++)
        hi |= (uint64_t)r->vmpl[vmpl - 1] << vmpl * RMP_VMPL_SHIFT;
    return hi;
}

static enum psp_status update(struct cpu *c, const struct psp_guest *g,
                              const struct psp_request *r)
{
    struct rmp_entry e = rmp_find(c, r->spa);
    bool vmsa = r->page_type == PSP_PAGE_VMSA;

    if (g->state != PSP_LAUNCHING || !g->asid)
        return PSP_INVALID_GUEST_STATE;
    if (r->page_type == PSP_PAGE_SECRETS || r->page_type == PSP_PAGE_CPUID)
        return PSP_UNSUPPORTED; /* nobody here would read what it writes */
    if (r->spa % (r->large ? pt_size(2) : PAGE_SIZE_4K) || !e.slot)
        return PSP_INVALID_ADDRESS;
    if ((e.lo & FIRMWARE) == FIRMWARE && rmp_asid(&e) != g->asid)
        return PSP_INVALID_PAGE_OWNER;
    if (state_of(&e) != pre_guest(g->asid))
        return PSP_INVALID_PAGE_STATE;
    if (e.large != r->large || (vmsa && r->large))
        return PSP_INVALID_PAGE_SIZE;
    fill(c, g, r);
    set_entry(c, r->spa,
              (e.lo & ~RMP_IMMUTABLE) | RMP_VALIDATED | (vmsa ? RMP_VMSA : 0),
              permissions(r));
    return PSP_OK;
}

static enum psp_status finish(struct psp_guest *g)
{
    if (g->state != PSP_LAUNCHING)
        return PSP_INVALID_GUEST_STATE;
    g->state = PSP_RUNNING;
    return PSP_OK;
}

/* Its context page is the firmware's own again. */
static enum psp_status decommission(struct cpu *c, struct psp_guest **at)
{
    struct psp_guest *g = *at;

    set_entry(c, g->gctx, FIRMWARE, 0);
    *at = g->next;
    g->next = c->psp.spare;
    c->psp.spare = g;
    return PSP_OK;
}

static enum psp_status of_guest(struct cpu *c, enum psp_cmd cmd,
                                const struct psp_request *r)
{
    struct psp_guest **at = find_context(c, r->gctx), *g = *at;

    if (!g)
        return PSP_INVALID_GUEST;
    switch (cmd) {
    case PSP_SNP_LAUNCH_START:
        return start(g, r);
    case PSP_SNP_ACTIVATE:
        return psp_activate(c, g, r->asid);
    case PSP_SNP_LAUNCH_UPDATE:
        return update(c, g, r);
    case PSP_SNP_LAUNCH_FINISH:
        return finish(g);
    case PSP_SNP_DECOMMISSION:
        return decommission(c, at);
    default:
        return PSP_UNSUPPORTED;
    }
}

enum psp_status psp_snp(struct cpu *c, enum psp_cmd cmd, struct psp_request *r)
{
    if (cmd == PSP_SNP_INIT)
        return init(c, r);
    if (cmd == PSP_SNP_PLATFORM_STATUS)
        return snp_platform_status(c, r);
    if (cmd == PSP_SNP_FEATURE_INFO)
        return snp_feature_info(c, r);
    if (!c->psp.snp_initialized || !snp_on(c))
        return PSP_INVALID_PLATFORM_STATE;
    if (cmd == PSP_SNP_GCTX_CREATE)
        return create(c, r);
    if (cmd == PSP_SNP_PAGE_RECLAIM)
        return reclaim(c, r);
    return of_guest(c, cmd, r);
}
