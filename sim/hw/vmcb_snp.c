/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/vmcb_snp.c - what VMRUN asks of a guest's SEV_FEATURES and of the page
 * that its VMSA lies in (APM vol. 2, 15.36.12 and 15.36.16).
 */
#include "hw/cpu.h"

#define PAGES     "APM vol. 2, 15.36.12"
#define INJECTION "APM vol. 2, 15.36.16"
#define MODEL     "nptsim: legal on real CPUs, not modelled in this version"

/* Keep the first refusal: the order of calls is the order of checks. */
static void refuse(struct refusal *r, bool bad, const char *why,
                   const char *source)
{
    if (bad && !r->why)
        *r = (struct refusal) { why, source, 0 };
}

/* Features that this CPU has and the model lives up to. SMT protection wants
 * the core's other thread to be idle; a core of this model has no other. */
static uint64_t known(const struct cpu *c)
{
    static const struct {
        enum feature f;
        uint64_t bit;
    } bits[] = {
        { FEAT_SEV_SNP, SEV_FEATURE_SNP },
        { FEAT_VIRTUAL_TOM, SEV_FEATURE_VTOM },
        { FEAT_RESTRICTED_INJECTION, SEV_FEATURE_RESTRICTED },
        { FEAT_SMT_PROTECTION, SEV_FEATURE_SMT_PROTECTION },
    };
    uint64_t all = 0;

    for (size_t i = 0; i < ARRAY_SIZE(bits); i++)
        all |= c->model.features[bits[i].f] ? bits[i].bit : 0;
    return all;
}

/* The one event that may be injected is #HV, the rest the guest asks for. */
static bool is_hv(uint64_t eventinj)
{
    return (eventinj & EVENT_VECTOR_MASK) == VEC_HV &&
           (eventinj >> EVENT_TYPE_SHIFT & 7) == EVENT_TYPE_EXC;
}

static void check_injection(const struct cpu *c, struct refusal *r)
{
    const struct vmcb_control *v = &c->ctl;
    uint64_t features = c->g.sev_features;
    bool restricted = features & SEV_FEATURE_RESTRICTED;

    refuse(r, restricted && (features & SEV_FEATURE_ALTERNATE),
           "restricted and alternate injection at once", INJECTION);
    refuse(r, restricted && (v->int_ctl & INT_CTL_AVIC),
           "restricted injection with AVIC", INJECTION);
    refuse(r, restricted && (v->eventinj & EVENT_V) && !is_hv(v->eventinj),
           "restricted injection: EVENTINJ may bring #HV and nothing else",
           INJECTION);
    refuse(r, restricted && (v->int_ctl & (INT_CTL_V_IRQ | INT_CTL_V_NMI)),
           "virtual interrupts with restricted injection", MODEL);
}

static void check_features(const struct cpu *c, struct refusal *r)
{
    uint64_t features = c->g.sev_features;
    bool enforced = c->model.features[FEAT_ALLOWED_SEV_FEATURES] &&
                    (c->ctl.allowed_sev & ALLOWED_SEV_ENFORCE);

    refuse(r, enforced && (features & ~c->ctl.allowed_sev),
           "SEV_FEATURES has a bit that the VMCB's mask does not allow",
           "APM vol. 2, 15.36.20");
    check_injection(c, r);
    refuse(r, features & ~known(c), "a feature in the VMSA's SEV_FEATURES",
           MODEL);
}

/* Its own, and made to be one. Where it lies in the guest does not matter. */
static bool is_vmsa(const struct cpu *c, const struct rmp_entry *e)
{
    return (e->lo & RMP_ASSIGNED) && rmp_asid(e) == c->ctl.asid &&
           !(e->lo & RMP_IMMUTABLE) && (e->lo & RMP_VALIDATED) &&
           (e->lo & RMP_VMSA);
}

static void check_page(const struct cpu *c, struct refusal *r)
{
    spa_t vmsa = c->ctl.vmsa & ~cpu_cbit(c);
    struct rmp_entry e;

    if (!is_snp_guest(c)) {
        refuse(r, !host_page(c, vmsa),
               "the VMSA of an SEV-ES guest lies in a page that is not the "
               "host's",
               PAGES);
        return;
    }
    refuse(r, !snp_on(c), "an SNP guest while SYSCFG.SNPE is 0", PAGES);
    refuse(r, c->g.vmpl >= c->model.n_vmpls,
           "the VMSA's VMPL is none of this CPU's", "APM vol. 2, 15.36.7");
    e = rmp_find(c, vmsa);
    refuse(r, !is_vmsa(c, &e),
           "the VMSA's page is not this guest's, or not marked as a VMSA",
           PAGES);
}

struct refusal check_snp(const struct cpu *c)
{
    struct refusal r = { 0 };

    if (!c->ctl.sev_es)
        return r;
    check_features(c, &r);
    check_page(c, &r);
    return r;
}
