/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/vmcb.c - where everything lies in a VMCB and in a VMSA.
 *
 * APM vol. 2, appendix B. A field belongs to the instruction that moves it: see
 * SAVE_SET_A and its neighbours.
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

static const struct field set_a[] = {
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
    FIELD(SAVE_S_CET, 8, s_cet),
};

static const struct field set_b[] = {
    FIELD(SAVE_STAR, 8, star),
    FIELD(SAVE_LSTAR, 8, lstar),
    FIELD(SAVE_CSTAR, 8, cstar),
    FIELD(SAVE_SFMASK, 8, sfmask),
    FIELD(SAVE_KGS, 8, kernel_gs),
    FIELD(SAVE_SYSENTER_CS, 8, sysenter_cs),
    FIELD(SAVE_SYSENTER_ESP, 8, sysenter_esp),
    FIELD(SAVE_SYSENTER_EIP, 8, sysenter_eip),
};

static const struct field set_pkru[] = { FIELD(VMSA_PKRU, 4, pkru) };

static const struct field set_vmsa[] = {
    FIELD(VMSA_RCX, 8, r.gpr[GPR_RCX]),
    FIELD(VMSA_RDX, 8, r.gpr[GPR_RDX]),
    FIELD(VMSA_RBX, 8, r.gpr[GPR_RBX]),
    FIELD(VMSA_RBP, 8, r.gpr[GPR_RBP]),
    FIELD(VMSA_RSI, 8, r.gpr[GPR_RSI]),
    FIELD(VMSA_RDI, 8, r.gpr[GPR_RDI]),
    FIELD(VMSA_R8, 64, r.gpr[GPR_R8]), /* R8 to R15 */
    FIELD(VMSA_SEV_FEATURES, 8, sev_features),
    FIELD(VMSA_VINTR_CTRL, 8, vintr_ctrl),
    FIELD(SAVE_U_CET, 8, u_cet),
    FIELD(SAVE_VMPL, 1, vmpl),
    FIELD(VMSA_VIRTUAL_TOM, 8, vtom),
};

/* With its fields each set has segments, one bit for each place. */
#define SEGMENT(save_offset) BIT(SEG(save_offset))
static const struct set {
    uint64_t set;
    const struct field *fields;
    size_t n_fields;
    uint64_t segments;
} sets_of_area[] = {
    { SAVE_SET_A, set_a, ARRAY_SIZE(set_a),
      SEGMENT(SAVE_ES) | SEGMENT(SAVE_CS) | SEGMENT(SAVE_SS) |
          SEGMENT(SAVE_DS) | SEGMENT(SAVE_GDTR) | SEGMENT(SAVE_IDTR) },
    { SAVE_SET_B, set_b, ARRAY_SIZE(set_b),
      SEGMENT(SAVE_FS) | SEGMENT(SAVE_GS) | SEGMENT(SAVE_LDTR) |
          SEGMENT(SAVE_TR) },
    { SAVE_SET_PKRU, set_pkru, ARRAY_SIZE(set_pkru), 0 },
    { SAVE_SET_VMSA, set_vmsa, ARRAY_SIZE(set_vmsa), 0 },
};

/* Most fields have 8 bytes, and those are copied without a call. */
static inline void move(void *to, const void *from, unsigned size)
{
    if (__builtin_expect(size == 8, 1))
        memcpy(to, from, 8);
    else
        memcpy(to, from, size);
}

static uint64_t get(const uint8_t *area, unsigned at, unsigned size)
{
    uint64_t value = 0;

    memcpy(&value, area + at, size);
    return value;
}

/* A segment lies there as it does in struct segment. */
_Static_assert(offsetof(struct segment, attr) == 2 &&
                   offsetof(struct segment, limit) == 4 &&
                   offsetof(struct segment, base) == 8 &&
                   sizeof(struct segment) == 16,
               "APM vol. 2, table B-2");

static void load_set(struct guest_state *g, const uint8_t *area,
                     const struct set *s)
{
    for (size_t i = 0; i < s->n_fields; i++)
        move((char *)g + s->fields[i].member, area + s->fields[i].at,
             s->fields[i].size);
    for (uint64_t left = s->segments; left; left &= left - 1) {
        unsigned i = (unsigned)__builtin_ctzll(left);

        memcpy(&g->seg[i], area + 16 * i, sizeof(g->seg[i]));
    }
}

static void store_set(const struct guest_state *g, uint8_t *area,
                      const struct set *s)
{
    for (size_t i = 0; i < s->n_fields; i++)
        move(area + s->fields[i].at, (const char *)g + s->fields[i].member,
             s->fields[i].size);
    for (uint64_t left = s->segments; left; left &= left - 1) {
        unsigned i = (unsigned)__builtin_ctzll(left);

        memcpy(area + 16 * i, &g->seg[i], sizeof(g->seg[i]));
    }
}

void save_area_load(struct guest_state *g, const uint8_t *area, unsigned sets)
{
    for (size_t i = 0; i < ARRAY_SIZE(sets_of_area); i++)
        if (sets & sets_of_area[i].set)
            load_set(g, area, &sets_of_area[i]);
}

void save_area_store(const struct guest_state *g, uint8_t *area, unsigned sets)
{
    for (size_t i = 0; i < ARRAY_SIZE(sets_of_area); i++)
        if (sets & sets_of_area[i].set)
            store_set(g, area, &sets_of_area[i]);
}

/* A CPU that cannot encrypt, or was not told to, does not see the SEV bits
 * (APM vol. 2, 15.34.3). */
void vmcb_load_control(struct cpu *c, const uint8_t *vmcb)
{
    struct vmcb_control *v = &c->ctl;

    *v = (struct vmcb_control) {
        .cr = (uint32_t)get(vmcb, VMCB_INTERCEPT_CR, 4),
        .exceptions = (uint32_t)get(vmcb, VMCB_INTERCEPT_EXC, 4),
        .word3 = (uint32_t)get(vmcb, VMCB_INTERCEPT_3, 4),
        .word4 = (uint32_t)get(vmcb, VMCB_INTERCEPT_4, 4),
        .word5 = (uint32_t)get(vmcb, VMCB_INTERCEPT_5, 4),
        .iopm = get(vmcb, VMCB_IOPM_BASE, 8),
        .msrpm = get(vmcb, VMCB_MSRPM_BASE, 8),
        .clean = (uint32_t)get(vmcb, VMCB_CLEAN, 4),
        .avic = { get(vmcb, VMCB_AVIC_BACKING, 8),
                  get(vmcb, VMCB_AVIC_LOGICAL, 8),
                  get(vmcb, VMCB_AVIC_PHYSICAL, 8) },
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
        .allowed_sev = get(vmcb, VMCB_ALLOWED_SEV, 8),
    };
    v->sev = (v->nested_ctl & NESTED_CTL_SEV) && cpu_cbit(c) &&
             c->model.features[FEAT_SEV];
    v->sev_es = (v->nested_ctl & NESTED_CTL_SEV_ES) && cpu_cbit(c) &&
                c->model.features[FEAT_SEV_ES];
}
