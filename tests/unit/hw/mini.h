/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mini.h - the smallest hypervisor and guest that exercise VMRUN.
 *
 * Guest-virtual = guest-physical = system-physical for the guest's first
 * megabyte, in 4K pages at every level. Every handler is a HLT of its own, so
 * that RIP after an exit tells which vector arrived.
 */
#ifndef TEST_HW_MINI_H
#define TEST_HW_MINI_H

#include "trace.h"
#include "unit/hw/lab.h"

#include <check.h>
#include <string.h>

/* The guest's pages. */
#define PML4       0x1000ULL
#define PDPT       0x2000ULL
#define PD         0x3000ULL
#define PT         0x4000ULL
#define CODE       0x5000ULL
#define STACK      0x8000ULL /* top; grows into 7000 */
#define IDT        0x8000ULL
#define GDT        0x9000ULL
#define TSS        0xa000ULL
#define HANDLERS   0xb000ULL /* 16 bytes each */
#define DATA       0xc000ULL
#define MMIO       0xd000ULL
#define USER_STACK 0xf000ULL
#define RSP0       0x6ff0ULL
/* The host's. */
#define HOST_VMCB 0x200000ULL
#define HOST_VMSA 0x201000ULL
#define HOST_AREA 0x202000ULL /* VM_HSAVE_PA */
#define MAPS      0x203000ULL /* MSR permission map */
#define NPML4     0x210000ULL
#define NPDPT     0x211000ULL
#define NPD       0x212000ULL
#define NPT(gpa)  (0x213000ULL + 8 * ((gpa) >> 12))
#define GPT(gva)  (PT + 8 * ((gva) >> 12))

#define SEL_CODE0 0x08
#define SEL_DATA0 0x10
#define SEL_CODE3 0x18
#define SEL_DATA3 0x20
#define SEL_TSS   0x28

enum mini_type { PLAIN, SEV, SEV_ES };

struct mini {
    struct pool *pool;
    struct cpu *cpu;
    struct wire w;
    struct trace trace;
    enum mini_type type;
    uint32_t asid, handle;
    uint64_t gpr[N_GPRS];
    unsigned count[N_EVENTS]; /* of events spoken */
    uint64_t last[N_EVENTS][EVENT_MAX_FIELDS];
};

static inline void mini_sink(void *ctx, const struct event *ev)
{
    struct mini *m = ctx;

    m->count[ev->id]++;
    memcpy(m->last[ev->id], ev->fields,
           event_table[ev->id].n_fields * sizeof(uint64_t));
}

/* The last value that an event's field had. */
static inline uint64_t mini_field(const struct mini *m, enum event_id id,
                                  const char *field)
{
    int i = event_field_find(id, field);

    ck_assert_int_ge(i, 0);
    ck_assert_uint_gt(m->count[id], 0);
    return m->last[id][i];
}

static inline uint64_t mini_get(const struct mini *m, unsigned at)
{
    return m->w.ops->read64(m->w.hw, HOST_VMCB + at);
}

static inline void mini_set(struct mini *m, unsigned at, uint64_t v)
{
    m->w.ops->write(m->w.hw, HOST_VMCB + at, &v, sizeof(v));
}

static inline void mini_set32(struct mini *m, unsigned at, uint32_t v)
{
    m->w.ops->write(m->w.hw, HOST_VMCB + at, &v, sizeof(v));
}

/* The initial registers: in the save area, or in the VMSA before its launch. */
static inline spa_t mini_save(const struct mini *m)
{
    return m->type == SEV_ES ? HOST_VMSA : HOST_VMCB + VMCB_SAVE;
}

static inline void mini_reg(struct mini *m, unsigned save_at, uint64_t v)
{
    m->w.ops->write(m->w.hw, mini_save(m) + save_at, &v, sizeof(v));
}

static inline uint64_t mini_reg_of(const struct mini *m, unsigned save_at)
{
    uint64_t v;

    m->w.ops->read(m->w.hw, mini_save(m) + save_at, &v, sizeof(v));
    return v;
}

static inline void mini_seg(struct mini *m, unsigned at, uint16_t sel,
                            uint16_t attr, uint32_t limit, uint64_t base)
{
    mini_reg(m, at, sel | (uint64_t)attr << 16 | (uint64_t)limit << 32);
    mini_reg(m, at + 8, base);
}

static inline void mini_poke(struct mini *m, spa_t spa, uint64_t v)
{
    m->w.ops->write64(m->w.hw, spa, v);
}

static inline void mini_gate(struct mini *m, unsigned vector, unsigned ist,
                             unsigned dpl)
{
    uint64_t at = HANDLERS + 16 * vector;

    mini_poke(m, IDT + 16 * vector,
              (at & 0xffff) | (uint64_t)SEL_CODE0 << 16 | (uint64_t)ist << 32 |
                  0x8eULL << 40 | (uint64_t)dpl << 45 | (at >> 16) << 48);
    mini_poke(m, IDT + 16 * vector + 8, at >> 32);
}

static inline void mini_code(struct mini *m, const char *bytes, size_t len)
{
    m->w.ops->write(m->w.hw, CODE, bytes, len);
}
#define MINI_CODE(m, s) mini_code(m, s, sizeof(s) - 1)

static inline void mini_tables(struct mini *m)
{
    uint64_t c = m->type == PLAIN ? 0 : BIT(51);

    mini_poke(m, NPML4, NPDPT | RWUAD);
    mini_poke(m, NPDPT, NPD | RWUAD);
    mini_poke(m, NPD, NPT(0) | RWUAD);
    mini_poke(m, PML4, PDPT | RWUAD | c);
    mini_poke(m, PDPT, PD | RWUAD | c);
    mini_poke(m, PD, PT | RWUAD | c);
    for (uint64_t a = 0; a < 0x100000; a += PAGE_SIZE_4K) {
        mini_poke(m, NPT(a), a | RWUAD);
        mini_poke(m, GPT(a), a | RWUAD | c);
    }
    mini_poke(m, GPT(MMIO), MMIO | RWUAD);           /* C=0: shared */
    mini_poke(m, NPT(MMIO), MMIO | RWUAD | BIT(50)); /* reserved */
}

static inline void mini_kernel(struct mini *m)
{
    mini_poke(m, GDT + SEL_CODE0, 0x00af9b000000ffffULL);
    mini_poke(m, GDT + SEL_DATA0, 0x00cf93000000ffffULL);
    mini_poke(m, GDT + SEL_CODE3, 0x00affb000000ffffULL);
    mini_poke(m, GDT + SEL_DATA3, 0x00cff3000000ffffULL);
    m->w.ops->write(m->w.hw, TSS + 4, &(uint64_t) { RSP0 }, 8);
    for (unsigned v = 0; v < 256; v++)
        m->w.ops->write(m->w.hw, HANDLERS + 16 * v, "\xf4", 1);
    for (unsigned v = 0; v < 32; v++)
        mini_gate(m, v, 0, 0);
}

static inline void mini_registers(struct mini *m)
{
    mini_reg(m, SAVE_CR0, CR0_PG | CR0_PE | CR0_WP | CR0_ET);
    mini_reg(m, SAVE_CR3, PML4 | (m->type == PLAIN ? 0 : BIT(51)));
    mini_reg(m, SAVE_CR4, CR4_PAE);
    mini_reg(m, SAVE_EFER, EFER64);
    mini_reg(m, SAVE_RFLAGS, RFLAGS_FIXED);
    mini_reg(m, SAVE_RIP, CODE);
    mini_reg(m, SAVE_RSP, STACK);
    mini_reg(m, SAVE_CR2, 0xdead0000);
    mini_reg(m, SAVE_G_PAT, 0x0007040600070406ULL);
    mini_reg(m, SAVE_DR6, 0xffff0ff0);
    mini_reg(m, SAVE_DR7, 0x400);
    mini_seg(m, SAVE_CS, SEL_CODE0, 0xa9b, ~0U, 0);
    mini_seg(m, SAVE_SS, SEL_DATA0, 0xc93, ~0U, 0);
    mini_seg(m, SAVE_GDTR, 0, 0, 0x2f, GDT);
    mini_seg(m, SAVE_IDTR, 0, 0, 0xfff, IDT);
    mini_seg(m, SAVE_TR, SEL_TSS, 0x8b, 0x67, TSS);
}

/* Start at CPL 3: all pages are user pages, segments as IRETQ leaves them. */
static inline void mini_user(struct mini *m)
{
    mini_reg(m, SAVE_CPL & ~7U, 3ULL << 8 * (SAVE_CPL % 8));
    mini_seg(m, SAVE_CS, SEL_CODE3 | 3, 0xafb, ~0U, 0);
    mini_seg(m, SAVE_SS, SEL_DATA3 | 3, 0xcf3, ~0U, 0);
    mini_reg(m, SAVE_RSP, USER_STACK);
}

static inline void mini_vmcb(struct mini *m)
{
    uint64_t nested = NESTED_CTL_NP_ENABLE;

    mini_set32(m, VMCB_INTERCEPT_3,
               INTERCEPT3_INTR | INTERCEPT3_HLT | INTERCEPT3_SHUTDOWN);
    mini_set32(m, VMCB_INTERCEPT_4, INTERCEPT4_VMRUN | INTERCEPT4_VMMCALL);
    mini_set32(m, VMCB_ASID, m->asid);
    mini_set(m, VMCB_NCR3, NPML4);
    mini_set(m, VMCB_MSRPM_BASE, MAPS);
    if (m->type != PLAIN)
        nested |= NESTED_CTL_SEV;
    if (m->type == SEV_ES) {
        nested |= NESTED_CTL_SEV_ES;
        mini_set(m, VMCB_VIRT_EXT, VIRT_EXT_LBR);
        mini_set(m, VMCB_VMSA_PA, HOST_VMSA);
    }
    mini_set(m, VMCB_NESTED_CTL, nested);
}

static inline enum psp_status mini_psp(struct mini *m, enum psp_cmd cmd,
                                       spa_t spa, uint64_t len)
{
    struct psp_request r = {
        .handle = m->handle,
        .asid = m->asid,
        .es = m->type == SEV_ES,
        .spa = spa,
        .len = len,
    };
    enum psp_status status = m->w.ops->psp(m->w.hw, cmd, &r);

    m->handle = r.handle;
    return status;
}

/* A machine with a guest in plaintext; change it, then mini_launch() it. */
static inline void mini_create_on(struct mini *m, enum mini_type type,
                                  const struct cpu_model *model)
{
    *m = (struct mini) { .type = type, .asid = type == SEV ? 7 : 3 };
    m->pool = pool_create();
    trace_init(&m->trace, m->pool);
    trace_add_sink(&m->trace, mini_sink, m);
    m->cpu = cpu_create(m->pool, model, &m->trace);
    m->w = cpu_wire(m->cpu);
    ck_assert(m->w.ops->wrmsr(m->w.hw, MSR_EFER, EFER_SCE | EFER64));
    ck_assert(m->w.ops->wrmsr(m->w.hw, MSR_VM_HSAVE_PA, HOST_AREA));
    mini_tables(m);
    mini_kernel(m);
    mini_vmcb(m);
    mini_registers(m);
}

/* The encrypting ones are like Milan: 48 bits, 43 left, C-bit 51, no SEV-SNP.
 */
static inline void mini_create(struct mini *m, enum mini_type type)
{
    struct cpu_model model =
        type == PLAIN ? lab_model() : lab_model_sev(48, 5, 51);

    mini_create_on(m, type, &model);
}

/* One more feature than the plain machine has. */
static inline void mini_create_with(struct mini *m, enum feature f)
{
    struct cpu_model model = lab_model();

    model.features[f] = true;
    mini_create_on(m, PLAIN, &model);
}

/* Encrypt what must be: all guest memory but MMIO, and the VMSA. */
static inline void mini_launch(struct mini *m)
{
    if (m->type == PLAIN)
        return;
    ck_assert_int_eq(mini_psp(m, PSP_INIT, 0, 0), PSP_OK);
    ck_assert_int_eq(mini_psp(m, PSP_LAUNCH_START, 0, 0), PSP_OK);
    ck_assert_int_eq(mini_psp(m, PSP_ACTIVATE, 0, 0), PSP_OK);
    ck_assert_int_eq(mini_psp(m, PSP_LAUNCH_UPDATE_DATA, 0, MMIO), PSP_OK);
    ck_assert_int_eq(mini_psp(m, PSP_LAUNCH_UPDATE_DATA, MMIO + PAGE_SIZE_4K,
                              0x100000 - MMIO - PAGE_SIZE_4K),
                     PSP_OK);
    if (m->type == SEV_ES)
        ck_assert_int_eq(
            mini_psp(m, PSP_LAUNCH_UPDATE_VMSA, HOST_VMSA, PAGE_SIZE_4K),
            PSP_OK);
    ck_assert_int_eq(mini_psp(m, PSP_LAUNCH_FINISH, 0, 0), PSP_OK);
}

static inline uint64_t mini_run(struct mini *m)
{
    m->w.ops->vmrun(m->w.hw, HOST_VMCB, m->gpr);
    return mini_get(m, VMCB_EXITCODE);
}

static inline void mini_destroy(struct mini *m)
{
    pool_destroy(m->pool);
}

#endif
