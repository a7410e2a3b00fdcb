/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bare/sev.c - launching an encrypted VM through the secure processor (SEV API,
 * pub. 55766).
 *
 * The ASID decides whose key the memory has. Those below CPUID 8000_001F EDX
 * are for SEV-ES guests, the others for SEV guests without it.
 */
#include "bare/machine.h"

const char *bare_psp(struct bare *b, enum psp_cmd cmd, const char *name,
                     struct psp_request *r)
{
    enum psp_status status;

    r->handle = b->handle;
    status = b->wire.ops->psp(b->wire.hw, cmd, r);
    if (status == PSP_OK)
        return NULL;
    if (status == PSP_NO_DEVICE)
        return "there is no secure processor";
    return trace_text(b->trace, "the secure processor refuses %s: status 0x%x",
                      name, status);
}

static uint32_t first_asid(const struct bare *b)
{
    struct cpuid_regs r = b->wire.ops->cpuid(b->wire.hw, 0x8000001f, 0);

    return b->vm->type == BARE_SEV ? r.edx : 1;
}

static const char *open_session(struct bare *b)
{
    struct psp_request none = { 0 }, r = { .es = b->vm->type == BARE_SEV_ES };
    const char *why = bare_psp(b, PSP_INIT, "INIT", &none);

    if (!why)
        why = bare_psp(b, PSP_LAUNCH_START, "LAUNCH_START", &r);
    if (why)
        return why;
    b->handle = r.handle;
    r = (struct psp_request) { .asid = b->asid };
    return bare_psp(b, PSP_ACTIVATE, "ACTIVATE", &r);
}

const char *bare_sev_open(struct bare *b)
{
    b->asid = b->config->vmcb.asid ? b->config->vmcb.asid : first_asid(b);
    if (b->vm->type == BARE_SNP)
        return bare_snp_open(b);
    return b->vm->type == BARE_PLAIN ? NULL : open_session(b);
}

/* ---- what the guest expects to be encrypted ---- */

static void add_page(struct bare *b, struct bare_pages *p, gpa_t page)
{
    for (unsigned i = 0; i < p->n; i++)
        if (p->page[i] == page)
            return;
    p->page = pool_more(b->pool, p->page, p->n, &p->room, sizeof(*p->page));
    p->page[p->n++] = page;
}

void bare_add_pages(struct bare *b, struct bare_pages *p, gpa_t gpa, size_t len)
{
    for (gpa_t page = gpa & PAGE_MASK_4K; page < gpa + len;
         page += PAGE_SIZE_4K)
        add_page(b, p, page);
}

static const char *encrypt_memory(struct bare *b)
{
    const char *why = NULL;

    for (unsigned i = 0; i < b->private.n && !why; i++) {
        struct psp_request r = { .spa = b->private.page[i],
                                 .len = PAGE_SIZE_4K };

        why = bare_psp(b, PSP_LAUNCH_UPDATE_DATA, "LAUNCH_UPDATE_DATA", &r);
    }
    return why;
}

static const char *encrypt_registers(struct bare *b)
{
    const char *why = NULL;

    for (unsigned i = 0; i < b->vm->n_vcpus && !why; i++) {
        struct psp_request r = { .spa = b->vcpu[i].vmsa, .len = PAGE_SIZE_4K };

        why = bare_psp(b, PSP_LAUNCH_UPDATE_VMSA, "LAUNCH_UPDATE_VMSA", &r);
    }
    return why;
}

const char *bare_launch(struct bare *b)
{
    struct psp_request r = { 0 };
    const char *why;

    if (b->vm->type == BARE_PLAIN)
        return NULL;
    if (b->vm->type == BARE_SNP)
        return bare_snp_launch(b);
    why = encrypt_memory(b);
    if (!why && b->vm->type == BARE_SEV_ES)
        why = encrypt_registers(b);
    return why ? why : bare_psp(b, PSP_LAUNCH_FINISH, "LAUNCH_FINISH", &r);
}
