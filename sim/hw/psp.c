/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/psp.c - the secure processor's mailbox.
 *
 * The commands that KVM needs to launch a SEV or SEV-ES guest, with the status
 * codes and the order rules of the SEV API (pub. 55766). No certificates, no
 * measurement: nothing in this simulator would check them. SEV-SNP has commands
 * of its own: psp_snp.c.
 */
#include "hw/cpu.h"

/* Key numbers of key_make(): the host's, then guests by handle, then what an
 * ASID has before any ACTIVATE. */
#define KEY_N_UNBOUND 0x100000000ULL

#define BLOCK CRYPT_BLOCK

static const char *cmd_name(enum psp_cmd cmd)
{
    switch (cmd) {
    case PSP_INIT:
        return "INIT";
    case PSP_LAUNCH_START:
        return "LAUNCH_START";
    case PSP_ACTIVATE:
        return "ACTIVATE";
    case PSP_LAUNCH_UPDATE_DATA:
        return "LAUNCH_UPDATE_DATA";
    case PSP_LAUNCH_UPDATE_VMSA:
        return "LAUNCH_UPDATE_VMSA";
    case PSP_LAUNCH_FINISH:
        return "LAUNCH_FINISH";
    case PSP_DEACTIVATE:
        return "DEACTIVATE";
    case PSP_SNP_INIT:
        return "SNP_INIT_EX";
    case PSP_SNP_PLATFORM_STATUS:
        return "SNP_PLATFORM_STATUS";
    case PSP_SNP_FEATURE_INFO:
        return "SNP_FEATURE_INFO";
    case PSP_SNP_GCTX_CREATE:
        return "SNP_GCTX_CREATE";
    case PSP_SNP_LAUNCH_START:
        return "SNP_LAUNCH_START";
    case PSP_SNP_ACTIVATE:
        return "SNP_ACTIVATE";
    case PSP_SNP_LAUNCH_UPDATE:
        return "SNP_LAUNCH_UPDATE";
    case PSP_SNP_LAUNCH_FINISH:
        return "SNP_LAUNCH_FINISH";
    case PSP_SNP_DECOMMISSION:
        return "SNP_DECOMMISSION";
    case PSP_SNP_PAGE_RECLAIM:
        return "SNP_PAGE_RECLAIM";
    }
    return "?";
}

static struct psp_guest *find_handle(const struct psp *psp, uint32_t handle)
{
    struct psp_guest *g = psp->guests;

    while (g && g->handle != handle)
        g = g->next;
    return g;
}

static struct psp_guest *find_asid(const struct psp *psp, uint32_t asid)
{
    struct psp_guest *g = psp->guests;

    while (g && g->asid != asid)
        g = g->next;
    return g;
}

struct key psp_key_of(const struct psp *psp, uint32_t asid)
{
    const struct psp_guest *g = find_asid(psp, asid);

    return g ? g->key : key_make(KEY_N_UNBOUND + asid, asid);
}

void psp_reset(struct psp *psp)
{
    struct psp_guest **end = &psp->guests;

    while (*end)
        end = &(*end)->next;
    *end = psp->spare;
    *psp = (struct psp) { .spare = psp->guests };
}

struct psp_guest *psp_new_guest(struct cpu *c)
{
    struct psp_guest *g = c->psp.spare;

    if (g)
        c->psp.spare = g->next;
    else
        g = pool_alloc(c->pool, sizeof(*g));
    *g = (struct psp_guest) {
        .next = c->psp.guests,
        .handle = ++c->psp.last_handle,
        .key = key_make(c->psp.last_handle, 0),
    };
    c->psp.guests = g;
    return g;
}

static enum psp_status init(struct cpu *c)
{
    if (c->model.psp == PSP_FAILS)
        return PSP_HW_ERROR_PLATFORM;
    if (!c->model.features[FEAT_SEV])
        return PSP_UNSUPPORTED;
    if (!cpu_cbit(c) || c->psp.initialized)
        return PSP_INVALID_PLATFORM_STATE;
    c->psp.initialized = true;
    return PSP_OK;
}

/* ---- SEV, SEV-ES ----
 */

static enum psp_status launch_start(struct cpu *c, struct psp_request *r)
{
    struct psp_guest *g;

    if (r->es && !c->model.features[FEAT_SEV_ES])
        return PSP_UNSUPPORTED;
    g = psp_new_guest(c);
    g->es = r->es;
    g->state = PSP_LAUNCHING;
    r->handle = g->handle;
    return PSP_OK;
}

/* ASIDs below CPUID 8000_001F EDX are for SEV-ES and SEV-SNP guests, the others
 * for SEV guests without either. */
enum psp_status psp_activate(struct cpu *c, struct psp_guest *g, uint32_t asid)
{
    bool es_asid = asid < c->model.min_sev_asid;

    if (asid == 0 || asid > c->model.max_sev_asid || es_asid != g->es)
        return PSP_INVALID_ASID;
    if (find_asid(&c->psp, asid))
        return PSP_ASID_OWNED;
    if (g->asid)
        return PSP_INVALID_GUEST_STATE;
    g->asid = asid;
    g->key.id = asid;
    return PSP_OK;
}

/* Encrypt in place. The host hands over plaintext: raw, or behind its own key
 * when the address carries the C-bit. */
static enum psp_status encrypt(struct cpu *c, const struct psp_guest *g,
                               const struct psp_request *r, bool vmsa)
{
    const struct key *from = r->spa & cpu_cbit(c) ? c->host_key : NULL;
    spa_t spa = r->spa & ~cpu_cbit(c), end = spa + r->len;
    uint8_t page[PAGE_SIZE_4K];

    if (g->state != PSP_LAUNCHING || !g->asid || (vmsa && !g->es))
        return PSP_INVALID_GUEST_STATE;
    if (spa % (vmsa ? PAGE_SIZE_4K : BLOCK) || spa >> cpu_phys_bits(c))
        return PSP_INVALID_ADDRESS;
    if (!r->len || r->len % BLOCK || (vmsa && r->len != PAGE_SIZE_4K) ||
        r->len > BIT(cpu_phys_bits(c)) - spa)
        return PSP_INVALID_LEN;
    while (spa < end) {
        size_t n = end - spa < sizeof(page) ? end - spa : sizeof(page);

        crypt_read(c->mem, spa, page, n, from);
        if (vmsa)
            vmsa_seal(page, vmsa_rest(page));
        crypt_write(c->mem, spa, page, n, &g->key);
        spa += n;
    }
    return PSP_OK;
}

static enum psp_status finish(struct psp_guest *g)
{
    if (g->state != PSP_LAUNCHING)
        return PSP_INVALID_GUEST_STATE;
    g->state = PSP_RUNNING;
    return PSP_OK;
}

static enum psp_status execute(struct cpu *c, enum psp_cmd cmd,
                               struct psp_request *r)
{
    struct psp_guest *g = find_handle(&c->psp, r->handle);

    if (c->model.psp == PSP_ABSENT)
        return PSP_NO_DEVICE;
    if (cmd == PSP_INIT)
        return init(c);
    if (cmd >= PSP_SNP_INIT)
        return psp_snp(c, cmd, r);
    if (!c->psp.initialized)
        return PSP_INVALID_PLATFORM_STATE;
    if (cmd == PSP_LAUNCH_START)
        return launch_start(c, r);
    if (!g || g->snp)
        return PSP_INVALID_GUEST;
    switch (cmd) {
    case PSP_ACTIVATE:
        return psp_activate(c, g, r->asid);
    case PSP_LAUNCH_UPDATE_DATA:
        return encrypt(c, g, r, false);
    case PSP_LAUNCH_UPDATE_VMSA:
        return encrypt(c, g, r, true);
    case PSP_LAUNCH_FINISH:
        return finish(g);
    case PSP_DEACTIVATE:
        g->asid = 0;
        return PSP_OK;
    default:
        return PSP_UNSUPPORTED;
    }
}

enum psp_status cpu_psp(struct cpu *c, enum psp_cmd cmd, struct psp_request *r)
{
    enum psp_status status = execute(c, cmd, r);

    TRACE(c->trace, psp, .cmd = cmd_name(cmd), .handle = r->handle,
          .asid = r->asid, .spa = r->spa, .len = r->len, .status = status);
    return status;
}
