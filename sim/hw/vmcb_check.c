/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/vmcb_check.c - what VMRUN refuses with VMEXIT_INVALID.
 *
 * APM vol. 2, 15.5.1 and, for encrypted guests, 15.34.3 and 15.35.2; where the
 * manual leaves a mask open, kvm-unit-tests, x86/svm_tests.c. State that is
 * legal and not modelled is refused, too, with a reason that says so, because
 * running on and being wrong is worse.
 */
#include "hw/cpu.h"

#define MANUAL "APM vol. 2, 15.5.1"
#define SEV    "APM vol. 2, 15.34.3"
#define SEV_ES "APM vol. 2, 15.35.2"
#define NPT    "APM vol. 2, 15.25.3"
#define AVIC   "APM vol. 2, 15.29.9"
#define MODEL  "nptsim: legal on real CPUs, not modelled in this version"

/* 17 MCOMMIT, 18 INTWB and 21 AIBRSE exist on CPUs whose CPUID says so; no CPU
 * of this model reports them. */
#define EFER_RESERVED (bits(63, 21) | bits(19, 16) | BIT(9))
#define EFER_UAIE     BIT(20)
#define CR4_RESERVED  (bits(63, 24) | BIT(19) | bits(15, 13))
#define CR4_UMIP      BIT(11)

#define CET_SHSTK    BIT(0)
#define CET_RESERVED bits(63, 2) /* of S_CET and U_CET */
#define VMPL_SSS     BIT(8)      /* of SEV_FEATURES */

#define AVIC_MAX_INDEX 255U

#define MSRPM_SIZE 0x2000
#define IOPM_SIZE  0x3000

/* Keep the first refusal: the order of calls is the order of checks. */
static void refuse(struct refusal *r, bool bad, const char *why,
                   const char *source)
{
    if (bad && !r->why)
        *r = (struct refusal) { why, source, 0 };
}

/* A control bit that only CPUs with @f look at, and that we do not model. */
static void refuse_feature(const struct cpu *c, struct refusal *r, bool set,
                           enum feature f, const char *why)
{
    refuse(r, set && c->model.features[f], why, MODEL);
}

/* Addresses that software gives in a VMCB may carry the host's C-bit. */
static uint64_t beyond_width(const struct cpu *c, uint64_t addr)
{
    return addr & bits(63, cpu_phys_bits(c)) & ~cpu_cbit(c);
}

static bool ends_beyond(const struct cpu *c, uint64_t base, uint64_t size)
{
    uint64_t at = base & PAGE_MASK_4K & ~cpu_cbit(c);

    return at > BIT(c->model.maxphyaddr_raw) - size;
}

/* A map that ends exactly at the limit does not reach beyond it (APM vol. 2,
 * 15.5.1); kvm-unit-tests, x86/svm_tests.c, wants it refused. */
static uint64_t msrpm_size(const struct cpu *c)
{
    return MSRPM_SIZE + (c->model.knobs.msrpm_at_limit == MSRPM_LIMIT_REFUSED);
}

static void check_eventinj(const struct cpu *c, struct refusal *r)
{
    uint64_t e = c->ctl.eventinj;
    unsigned type = e >> EVENT_TYPE_SHIFT & 7;
    unsigned vector = e & EVENT_VECTOR_MASK;

    if (!(e & EVENT_V))
        return;
    refuse(r,
           type != EVENT_TYPE_INTR && type != EVENT_TYPE_NMI &&
               type != EVENT_TYPE_EXC && type != EVENT_TYPE_SOFT,
           "EVENTINJ has a reserved type", "APM vol. 2, 15.20");
    refuse(r, type == EVENT_TYPE_EXC && (vector == VEC_NMI || vector > 31),
           "EVENTINJ injects an exception with the vector of none",
           "APM vol. 2, 15.20");
    refuse(r,
           c->ctl.sev_es &&
               (type == EVENT_TYPE_SOFT ||
                (type == EVENT_TYPE_EXC && (vector == 3 || vector == 4))),
           "EVENTINJ: an SEV-ES guest takes no software interrupts, #BP or #OF",
           "APM vol. 2, 15.35.8");
}

static void check_sev(const struct cpu *c, struct refusal *r)
{
    const struct vmcb_control *v = &c->ctl;

    refuse(r, v->sev && !has_nested(c), "SEV without nested paging", SEV);
    refuse(r, v->sev && !(c->hwcr & HWCR_SMMLOCK),
           "SEV while HWCR.SmmLock is 0: firmware left SMM unlocked", SEV);
    refuse(r,
           v->sev && c->model.features[FEAT_SEV_64BIT_HOST] &&
               pt_mode(c->host_cr0, c->host_cr4, c->efer) < PT_4LEVEL,
           "SEV from a host outside of long mode, which this CPU does not "
           "offer (64BitHost)",
           SEV);
    refuse(r, v->sev && v->asid > c->model.max_sev_asid,
           "SEV with an ASID above CPUID 8000_001F ECX: no key belongs to it",
           SEV);
    refuse(r, v->sev_es && !v->sev, "SEV-ES without SEV", SEV_ES);
    refuse(r, v->sev_es && !(v->virt_ext & VIRT_EXT_LBR),
           "SEV-ES without LBR virtualization", SEV_ES);
    refuse(r, v->sev_es && (beyond_width(c, v->vmsa) || v->vmsa % PAGE_SIZE_4K),
           "the VMSA pointer is no page address", SEV_ES);
}

static void check_avic(const struct cpu *c, struct refusal *r)
{
    const struct vmcb_control *v = &c->ctl;
    bool avic = c->model.features[FEAT_AVIC] && (v->int_ctl & INT_CTL_AVIC);
    bool x2avic =
        c->model.features[FEAT_X2AVIC] && (v->int_ctl & INT_CTL_X2AVIC);

    refuse(r, x2avic && !avic, "x2AVIC without AVIC", AVIC);
    for (unsigned i = 0; i < ARRAY_SIZE(v->avic); i++)
        refuse(r, avic && beyond_width(c, v->avic[i]),
               "an AVIC pointer has address bits that this CPU does not have",
               AVIC);
    refuse(r, avic && ((v->avic[0] | v->avic[1]) % PAGE_SIZE_4K),
           "an AVIC pointer is no page address", AVIC);
    refuse(r, avic && v->avic[2] % PAGE_SIZE_4K > AVIC_MAX_INDEX,
           "AVIC_PHYSICAL_MAX_INDEX is above 255", AVIC);
}

static void check_features(const struct cpu *c, struct refusal *r)
{
    const struct vmcb_control *v = &c->ctl;
    const bool *f = c->model.features;

    refuse(r,
           f[FEAT_VNMI] && (v->int_ctl & INT_CTL_V_NMI_ENABLE) &&
               !(v->word3 & INTERCEPT3_NMI),
           "virtual NMIs while physical ones are not intercepted",
           "APM vol. 2, 15.21.10");
    refuse(r,
           f[FEAT_SSS_CHECK] && (v->nested_ctl & NESTED_CTL_SSS) &&
               !has_nested(c),
           "supervisor shadow-stack checks without nested paging",
           "APM vol. 2, 15.25.14");
}

static void check_modelled(const struct cpu *c, struct refusal *r)
{
    const struct vmcb_control *v = &c->ctl;
    uint64_t n = v->nested_ctl;

    refuse(r, !(v->word3 & INTERCEPT3_INTR),
           "physical interrupts are not intercepted, so the guest would get "
           "the host's",
           MODEL);
    refuse(r, !(v->word3 & INTERCEPT3_SHUTDOWN),
           "shutdown is not intercepted, so a triple fault of the guest would "
           "take the host down",
           MODEL);
    refuse_feature(c, r, v->int_ctl & INT_CTL_AVIC, FEAT_AVIC,
                   "the interrupt controller in hardware (AVIC)");
    refuse_feature(c, r, n & NESTED_CTL_VTE, FEAT_VTE,
                   "virtual transparent encryption (VTE)");
}

struct refusal check_control(const struct cpu *c)
{
    const struct vmcb_control *v = &c->ctl;
    struct refusal r = { 0 };

    refuse(&r, !(v->word4 & INTERCEPT4_VMRUN), "VMRUN is not intercepted",
           MANUAL);
    refuse(&r, v->asid == 0, "ASID 0 belongs to the host", MANUAL);
    refuse(&r, ends_beyond(c, v->msrpm, msrpm_size(c)),
           "the MSR permission map reaches beyond physical memory", MANUAL);
    refuse(&r, ends_beyond(c, v->iopm, IOPM_SIZE),
           "the I/O permission map reaches beyond physical memory", MANUAL);
    check_eventinj(c, &r);
    check_sev(c, &r);
    check_avic(c, &r);
    check_features(c, &r);
    check_modelled(c, &r);
    return r;
}

/* CR4 bits that exist only with a feature. */
uint64_t cr4_reserved(const struct cpu *c)
{
    static const struct {
        uint64_t bit;
        enum feature f;
    } optional[] = {
        { CR4_UMIP, FEAT_UMIP },  { CR4_LA57, FEAT_LA57 },
        { CR4_PCIDE, FEAT_PCID }, { CR4_SMEP, FEAT_SMEP },
        { CR4_SMAP, FEAT_SMAP },  { CR4_PKE, FEAT_PKU },
        { CR4_CET, FEAT_CET_SS },
    };
    uint64_t mask = CR4_RESERVED;

    for (size_t i = 0; i < ARRAY_SIZE(optional); i++)
        if (!c->model.features[optional[i].f])
            mask |= optional[i].bit;
    return mask;
}

static uint64_t efer_reserved(const struct cpu *c)
{
    const bool *f = c->model.features;

    return EFER_RESERVED | (f[FEAT_LM] ? 0 : EFER_LME | EFER_LMA) |
           (f[FEAT_NX] ? 0 : EFER_NXE) |
           (f[FEAT_UPPER_ADDRESS_IGNORE] ? 0 : EFER_UAIE);
}

/* Without nested paging the guest's tables are the host's. */
uint64_t cr3_reserved(const struct cpu *c)
{
    bool np = has_nested(c);
    uint64_t cbit = (c->ctl.sev && !has_vtom(c)) || !np ? cpu_cbit(c) : 0;

    return bits(63, np ? c->model.maxphyaddr_raw : cpu_phys_bits(c)) & ~cbit;
}

struct refusal check_paging(const struct cpu *c, uint64_t h_cr0)
{
    const struct guest_regs *g = &c->g.r;
    bool np = has_nested(c);
    bool long_mode = (g->efer & EFER_LME) && (g->cr0 & CR0_PG);
    struct refusal r = { 0 };

    refuse(&r, (g->cr0 & (CR0_CD | CR0_NW)) == CR0_NW, "CR0 has NW without CD",
           MANUAL);
    refuse(&r, g->cr0 >> 32, "CR0 has bits above 31", MANUAL);
    refuse(&r, g->cr3 & cr3_reserved(c),
           "CR3 has address bits that this CPU does not have", MANUAL);
    refuse(&r, g->cr4 & cr4_reserved(c),
           "CR4 has a bit that this CPU does not have", MANUAL);
    refuse(&r, g->efer & efer_reserved(c),
           "EFER has a bit that this CPU does not have", MANUAL);
    refuse(&r, long_mode && !(g->cr4 & CR4_PAE), "long mode without CR4.PAE",
           MANUAL);
    refuse(&r, long_mode && !(g->cr0 & CR0_PE), "long mode without CR0.PE",
           MANUAL);
    refuse(&r, (g->cr4 & CR4_CET) && !(g->cr0 & CR0_WP),
           "CR4.CET without CR0.WP", MANUAL);
    refuse(&r, np && !(h_cr0 & CR0_PG),
           "nested paging while the host's paging is off", NPT);
    refuse(&r, np && beyond_width(c, c->ctl.ncr3),
           "nCR3 has address bits that this CPU does not have", NPT);
    return r;
}

static void check_cet(const struct cpu *c, struct refusal *r)
{
    const struct guest_state *g = &c->g;
    const bool *f = c->model.features;

    refuse(r, f[FEAT_CET_SS] && ((g->s_cet | g->u_cet) & CET_RESERVED),
           "S_CET or U_CET has a reserved bit", MANUAL);
    refuse(r,
           (g->r.cr4 & CR4_CET) && (g->u_cet & CET_SHSTK) &&
               (g->r.rflags & RFLAGS_VM),
           "shadow stacks in virtual-8086 mode", MANUAL);
    refuse(r,
           f[FEAT_SSS_CHECK] && (c->ctl.nested_ctl & NESTED_CTL_SSS) &&
               (g->sev_features & VMPL_SSS),
           "supervisor shadow-stack checks by VMCB and by VMPL at once",
           "APM vol. 2, 15.25.14");
}

/* The last VMRUN of this VMSA has not come back yet, or software says so. */
static void check_busy(const struct cpu *c, struct refusal *r)
{
    if (r->why || !c->ctl.sev_es || !c->model.features[FEAT_SECURE_AVIC] ||
        !(c->g.vintr_ctrl & VINTR_CTRL_BUSY))
        return;
    *r = (struct refusal) { "the VMSA is marked busy (VINTR_CTRL)",
                            "APM vol. 2, 15.36.16 and 15.36.21", EXIT_BUSY };
}

struct refusal check_state(const struct cpu *c)
{
    const struct guest_state *g = &c->g;
    const struct segment *cs = &g->seg[SEG(SAVE_CS)];
    struct refusal r = check_paging(c, c->host_cr0);

    refuse(&r, !(g->r.efer & EFER_SVME), "EFER.SVME is 0 in the guest's EFER",
           MANUAL);
    refuse(&r, (g->dr6 | g->dr7) >> 32, "DR6 or DR7 has bits above 31", MANUAL);
    refuse(&r,
           (g->r.efer & EFER_LME) && (g->r.cr0 & CR0_PG) &&
               (cs->attr & SEG_ATTR_L) && (cs->attr & SEG_ATTR_DB),
           "CS has both L and D set", MANUAL);
    refuse(&r, has_nested(c) && !pat_is_valid(g->pat),
           "G_PAT holds a reserved memory type", "APM vol. 2, 15.25.4");
    check_cet(c, &r);
    check_busy(c, &r);
    if (!r.why)
        r = check_snp(c);
    refuse(&r, !(g->r.cr0 & CR0_PE), "real mode (CR0.PE = 0)", MODEL);
    refuse(&r, g->r.rflags & RFLAGS_VM, "virtual-8086 mode", MODEL);
    refuse(&r, g->r.cr4 & CR4_CET, "shadow stacks (CR4.CET)", MODEL);
    refuse(&r, g->r.efer & EFER_UAIE, "upper address ignore (EFER.UAIE)",
           MODEL);
    refuse(&r, g->r.cpl > 3, "a CPL above 3", MODEL);
    return r;
}

/* Without nested paging the four entries of a PAE guest are looked at when they
 * come into use; with it they are met like any other, in a walk. */
struct refusal check_tables(struct cpu *c)
{
    const struct paging *p = &c->guest;
    const struct key *key = c->g.r.cr3 & p->cbit ? c->host_key : NULL;
    struct refusal r = { 0 };

    if (has_nested(c) || p->mode != PT_PAE)
        return r;
    for (unsigned i = 0; i < 4; i++) {
        uint64_t pdpte = crypt_read64(c->mem, p->root + 8 * i, key) & ~p->cbit;

        refuse(&r, (pdpte & PTE_P) && (pdpte & p->rsvd[3][!!(pdpte & PTE_PS)]),
               "a page-directory-pointer entry has a reserved bit",
               "kvm-unit-tests, x86/svm_tests.c, svm_pae_test");
    }
    return r;
}
