/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/psp.c - the secure processor's mailbox.
 *
 * The commands that KVM needs to launch a SEV or SEV-ES guest, with the status
 * codes and the order rules of the SEV API (pub. 55766). No certificates, no
 * measurement: nothing in this simulator would check them. Of SEV-SNP (pub.
 * 56860) only what a host asks before it offers such guests: there is no
 * command that launches one.
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

static struct psp_guest *new_guest(struct cpu *c)
{
    struct psp_guest *g = c->psp.spare;

    if (!g)
        return pool_alloc(c->pool, sizeof(*g));
    c->psp.spare = g->next;
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

/* ---- SEV-SNP ----
 */

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
static enum psp_status snp_init(struct cpu *c, const struct psp_request *r)
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

/* ---- SEV, SEV-ES ----
 */

static enum psp_status launch_start(struct cpu *c, struct psp_request *r)
{
    struct psp_guest *g;

    if (r->es && !c->model.features[FEAT_SEV_ES])
        return PSP_UNSUPPORTED;
    g = new_guest(c);
    *g = (struct psp_guest) {
        .next = c->psp.guests,
        .handle = ++c->psp.last_handle,
        .es = r->es,
        .state = PSP_LAUNCHING,
        .key = key_make(c->psp.last_handle, 0),
    };
    c->psp.guests = g;
    r->handle = g->handle;
    return PSP_OK;
}

/* ASIDs below CPUID 8000_001F EDX are for SEV-ES guests, the others for SEV
 * guests without it. */
static enum psp_status activate(struct cpu *c, struct psp_guest *g,
                                const struct psp_request *r)
{
    bool es_asid = r->asid < c->model.min_sev_asid;

    if (r->asid == 0 || r->asid > c->model.max_sev_asid || es_asid != g->es)
        return PSP_INVALID_ASID;
    if (find_asid(&c->psp, r->asid))
        return PSP_ASID_OWNED;
    if (g->asid)
        return PSP_INVALID_GUEST_STATE;
    g->asid = r->asid;
    g->key.id = r->asid;
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
    if (cmd == PSP_SNP_INIT)
        return snp_init(c, r);
    if (cmd == PSP_SNP_PLATFORM_STATUS)
        return snp_platform_status(c, r);
    if (cmd == PSP_SNP_FEATURE_INFO)
        return snp_feature_info(c, r);
    if (!c->psp.initialized)
        return PSP_INVALID_PLATFORM_STATE;
    if (cmd == PSP_LAUNCH_START)
        return launch_start(c, r);
    if (!g)
        return PSP_INVALID_GUEST;
    switch (cmd) {
    case PSP_ACTIVATE:
        return activate(c, g, r);
    case PSP_LAUNCH_UPDATE_DATA:
        return encrypt(c, g, r, false);
    case PSP_LAUNCH_UPDATE_VMSA:
        return encrypt(c, g, r, true);
    case PSP_LAUNCH_FINISH:
        return finish(g);
    case PSP_DEACTIVATE:
        g->asid = 0;
        return PSP_OK;
    case PSP_INIT:
    case PSP_LAUNCH_START:
    case PSP_SNP_INIT:
    case PSP_SNP_PLATFORM_STATUS:
    case PSP_SNP_FEATURE_INFO:
        break;
    }
    return PSP_UNSUPPORTED;
}

enum psp_status cpu_psp(struct cpu *c, enum psp_cmd cmd, struct psp_request *r)
{
    enum psp_status status = execute(c, cmd, r);

    TRACE(c->trace, psp, .cmd = cmd_name(cmd), .handle = r->handle,
          .asid = r->asid, .spa = r->spa, .len = r->len, .status = status);
    return status;
}
