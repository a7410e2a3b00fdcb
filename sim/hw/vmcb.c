/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/vmcb.c - where everything lies in a VMCB and in a VMSA.
 *
 * VMRUN stands for the pair VMLOAD, VMRUN that hypervisors execute: FS, GS, TR
 * and LDTR come from the save area with the rest (APM vol. 2, appendix B).
 */
#include "hw/cpu.h"

#include <string.h>

#define VMSA_PKRU 0x2e8

/* A field of the save area and its member of struct guest_state; little-endian
 * on both sides. */
struct field {
    uint16_t at, size;
    size_t member;
};
#define FIELD(save_offset, bytes, name)                                        \
    {                                                                          \
        save_offset, bytes, offsetof(struct guest_state, name)                 \
    }

static const struct field fields[] = {
    FIELD(SAVE_CPL, 1, r.cpl),
    FIELD(SAVE_EFER, 8, r.efer),
    FIELD(SAVE_CR4, 8, r.cr4),
    FIELD(SAVE_CR3, 8, r.cr3),
    FIELD(SAVE_CR0, 8, r.cr0),
    FIELD(SAVE_DR7, 8, dr7),
    FIELD(SAVE_DR6, 8, dr6),
    FIELD(SAVE_RFLAGS, 8, r.rflags),
    FIELD(SAVE_RIP, 8, r.rip),
    FIELD(SAVE_RSP, 8, r.gpr[GPR_RSP]),
    FIELD(SAVE_RAX, 8, r.gpr[GPR_RAX]),
    FIELD(SAVE_CR2, 8, r.cr2),
    FIELD(SAVE_G_PAT, 8, pat),
};

/* Only a VMSA has these. */
static const struct field vmsa_fields[] = {
    FIELD(VMSA_PKRU, 4, pkru),
    FIELD(VMSA_RCX, 8, r.gpr[GPR_RCX]),
    FIELD(VMSA_RDX, 8, r.gpr[GPR_RDX]),
    FIELD(VMSA_RBX, 8, r.gpr[GPR_RBX]),
    FIELD(VMSA_RBP, 8, r.gpr[GPR_RBP]),
    FIELD(VMSA_RSI, 8, r.gpr[GPR_RSI]),
    FIELD(VMSA_RDI, 8, r.gpr[GPR_RDI]),
    FIELD(VMSA_R8, 64, r.gpr[GPR_R8]), /* R8 to R15 */
    FIELD(VMSA_SEV_FEATURES, 8, sev_features),
};

static uint64_t get(const uint8_t *area, unsigned at, unsigned size)
{
    uint64_t value = 0;

    memcpy(&value, area + at, size);
    return value;
}

static void load(struct guest_state *g, const uint8_t *area,
                 const struct field *f, size_t n)
{
    for (size_t i = 0; i < n; i++)
        memcpy((char *)g + f[i].member, area + f[i].at, f[i].size);
}

static void store(const struct guest_state *g, uint8_t *area,
                  const struct field *f, size_t n)
{
    for (size_t i = 0; i < n; i++)
        memcpy(area + f[i].at, (const char *)g + f[i].member, f[i].size);
}

void save_area_load(struct guest_state *g, const uint8_t *area, bool vmsa)
{
    *g = (struct guest_state) { .r.rflags = RFLAGS_FIXED };
    load(g, area, fields, ARRAY_SIZE(fields));
    if (vmsa)
        load(g, area, vmsa_fields, ARRAY_SIZE(vmsa_fields));
    for (unsigned i = 0; i < N_SEGS; i++)
        g->seg[i] = (struct segment) {
            .sel = (uint16_t)get(area, 16 * i, 2),
            .attr = (uint16_t)get(area, 16 * i + 2, 2),
            .limit = (uint32_t)get(area, 16 * i + 4, 4),
            .base = get(area, 16 * i + 8, 8),
        };
}

void save_area_store(const struct guest_state *g, uint8_t *area, bool vmsa)
{
    store(g, area, fields, ARRAY_SIZE(fields));
    if (vmsa)
        store(g, area, vmsa_fields, ARRAY_SIZE(vmsa_fields));
    for (unsigned i = 0; i < N_SEGS; i++) {
        memcpy(area + 16 * i, &g->seg[i].sel, 2);
        memcpy(area + 16 * i + 2, &g->seg[i].attr, 2);
        memcpy(area + 16 * i + 4, &g->seg[i].limit, 4);
        memcpy(area + 16 * i + 8, &g->seg[i].base, 8);
    }
}

/* A CPU that cannot encrypt, or was not told to, does not see the SEV bits
 * (APM vol. 2, 15.34.3). */
void vmcb_load_control(struct cpu *c, const uint8_t *vmcb)
{
    struct vmcb_control *v = &c->ctl;

    *v = (struct vmcb_control) {
        .exceptions = (uint32_t)get(vmcb, VMCB_INTERCEPT_EXC, 4),
        .word3 = (uint32_t)get(vmcb, VMCB_INTERCEPT_3, 4),
        .word4 = (uint32_t)get(vmcb, VMCB_INTERCEPT_4, 4),
        .iopm = get(vmcb, VMCB_IOPM_BASE, 8),
        .msrpm = get(vmcb, VMCB_MSRPM_BASE, 8),
        .asid = (uint32_t)get(vmcb, VMCB_ASID, 4),
        .tlb_control = (uint8_t)get(vmcb, VMCB_TLB_CONTROL, 1),
        .int_ctl = get(vmcb, VMCB_INT_CTL, 8),
        .int_state = get(vmcb, VMCB_INT_STATE, 8),
        .nested_ctl = get(vmcb, VMCB_NESTED_CTL, 8),
        .ghcb = get(vmcb, VMCB_GHCB_GPA, 8),
        .eventinj = get(vmcb, VMCB_EVENTINJ, 8),
        .ncr3 = get(vmcb, VMCB_NCR3, 8),
        .virt_ext = get(vmcb, VMCB_VIRT_EXT, 8),
        .nrip = get(vmcb, VMCB_NRIP, 8),
        .vmsa = get(vmcb, VMCB_VMSA_PA, 8),
    };
    v->sev = (v->nested_ctl & NESTED_CTL_SEV) && cpu_cbit(c) &&
             c->model.features[FEAT_SEV];
    v->sev_es = (v->nested_ctl & NESTED_CTL_SEV_ES) && cpu_cbit(c) &&
                c->model.features[FEAT_SEV_ES];
}
