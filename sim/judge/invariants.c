/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * judge/invariants.c - what must be true of every run.
 *
 * The only judge that looks at the machine itself, and only looks: KVM's
 * entries are shown to the CPU, the CPU's memory to the tables. Nothing is
 * computed anew; an invariant is violated by something that happened or that
 * stands there, and the first offender is told.
 */
#include "judge/parts.h"

#include "arch/svm.h"
#include "hw.h"
#include "kvm.h"

#include <string.h>

struct invariants {
    struct pool *pool; /* of the reports' texts */
    bool asked[N_INVARIANTS];
    struct invariant_report report[N_INVARIANTS];
    const struct cpu *cpu; /* NULL: nobody was met */
    const struct kvm_module *module;
    const struct kvm_vm *vm; /* NULL: refused */

    /* The last VMRUN, and where its guest stopped. */
    bool sev_es;
    uint32_t asid;
    spa_t ncr3, vmcb;
    uint64_t rip;
    /* KVM changed its tables or claimed a flush since the TLB was looked at. */
    bool changed;
    /* In this step: KVM took a page for a device; the guest was told so. */
    bool device, told;
    /* The last choice of bits. */
    bool caching;
    const char *mask_why;
};

struct invariants *invariants_create(struct pool *pool)
{
    struct invariants *v = pool_alloc(pool, sizeof(*v));

    *v = (struct invariants) { .pool = pool_child(pool) };
    memset(v->asked, true, sizeof(v->asked));
    return v;
}

void invariants_only(struct invariants *v, const bool asked[N_INVARIANTS])
{
    memcpy(v->asked, asked, sizeof(v->asked));
}

void invariants_reset(struct invariants *v)
{
    struct invariants fresh = { .pool = v->pool };

    pool_reset(v->pool);
    memcpy(fresh.asked, v->asked, sizeof(fresh.asked));
    *v = fresh;
}

void invariants_meet(void *invariants, const struct cpu *cpu,
                     const struct kvm_module *module, const struct kvm_vm *vm)
{
    struct invariants *v = invariants;

    v->cpu = cpu;
    v->module = module;
    v->vm = vm;
}

/* ---- verdicts --------------------------------------------------------------
 */

static void holds(struct invariants *v, enum invariant i)
{
    if (v->asked[i] && v->report[i].state == INVARIANT_UNTESTED)
        v->report[i].state = INVARIANT_HOLDS;
}

/* The first offence is told; @why is made only then. */
#define VIOLATED(v, i, ...)                                                    \
    do {                                                                       \
        if ((v)->asked[i] && (v)->report[i].state != INVARIANT_VIOLATED)       \
            (v)->report[i] = (struct invariant_report) {                       \
                INVARIANT_VIOLATED, pool_printf((v)->pool, __VA_ARGS__)        \
            };                                                                 \
    } while (0)

/* ---- entries and what the CPU makes of them --------------------------------
 */

static const char *outcome_text(const struct walk_result *r)
{
    return r->outcome == WALK_OK ? "it lets accesses through" : r->why;
}

static void check_mmio_spte(struct invariants *v, gpa_t gpa, uint64_t spte)
{
    struct walk_result r =
        cpu_look(v->cpu, kvm_vm_ncr3(v->vm), gpa, ACCESS_READ);

    if (r.outcome == WALK_NPF && (r.info1 & PFERR_RSVD))
        holds(v, MMIO_FAULTS);
    else
        VIOLATED(v, MMIO_FAULTS,
                 "MMIO SPTE 0x%llx at gpa 0x%llx raises no RSVD: %s",
                 (unsigned long long)spte, (unsigned long long)gpa,
                 outcome_text(&r));
}

static void check_present_spte(struct invariants *v, const struct kvm_spte *s)
{
    struct walk_result r =
        cpu_look(v->cpu, kvm_vm_ncr3(v->vm), s->gpa, ACCESS_READ);

    if (r.outcome != WALK_NPF || !(r.info1 & PFERR_RSVD))
        holds(v, ONLY_MMIO_FAULTS);
    else
        VIOLATED(v, ONLY_MMIO_FAULTS,
                 "SPTE 0x%llx maps gpa 0x%llx and raises RSVD: %s",
                 (unsigned long long)s->spte, (unsigned long long)s->gpa,
                 r.why);
}

static void check_spte(void *ctx, const struct kvm_spte *s)
{
    struct invariants *v = ctx;

    if (s->present)
        check_present_spte(v, s);
    else if (s->mmio)
        check_mmio_spte(v, s->gpa, s->spte);
}

static void check_caching(struct invariants *v)
{
    uint64_t bits_left;

    if (!v->module->params.mmio_caching) {
        v->report[CACHING_NOT_WASTED].why = "nobody asked for MMIO caching";
        return;
    }
    bits_left = v->caching ? 0 : cpu_faulting_bits(v->cpu);
    if (bits_left)
        VIOLATED(v, CACHING_NOT_WASTED,
                 "MMIO caching is off (%s), though bit %d of an entry faults",
                 v->mask_why ? v->mask_why : "no reason given",
                 __builtin_ctzll(bits_left));
    else
        holds(v, CACHING_NOT_WASTED);
}

/* ---- the TLB against the tables --------------------------------------------
 */

static const char *denied(const struct invariants *v, const struct tlb_grant *g,
                          enum access_kind kind)
{
    struct walk_result r = cpu_look(v->cpu, v->ncr3, g->gpa, kind);

    if (r.outcome != WALK_OK)
        return r.why;
    return r.spa == g->spa ? NULL : "the page lies elsewhere";
}

static void check_grant(void *ctx, const struct tlb_grant *g)
{
    struct invariants *v = ctx;
    const char *why = denied(v, g, ACCESS_READ);

    if (!why && g->write)
        why = denied(v, g, ACCESS_WRITE);
    if (!why && g->fetch)
        why = denied(v, g, ACCESS_FETCH);
    if (why)
        VIOLATED(v, NO_STALE_TLB,
                 "the TLB still leads gpa 0x%llx to 0x%llx under ASID %u; the "
                 "tables: %s",
                 (unsigned long long)g->gpa, (unsigned long long)g->spa,
                 v->asid, why);
}

static void check_tlb(struct invariants *v)
{
    v->changed = false;
    if (cpu_each_grant(v->cpu, v->asid, check_grant, v))
        holds(v, NO_STALE_TLB);
}

/* ---- secrets ---------------------------------------------------------------
 */

/* @n bytes of DRAM from @spa on, 1..8, as a number. */
static uint64_t dram(const struct cpu *c, spa_t spa, unsigned n)
{
    unsigned shift = 8 * (spa % 8);
    uint64_t value = cpu_peek64(c, spa & ~7ULL) >> shift;

    if (shift && n > 8 - spa % 8)
        value |= cpu_peek64(c, (spa & ~7ULL) + 8) << (64 - shift);
    return n < 8 ? value & (BIT(8 * n) - 1) : value;
}

/* Fewer bytes may be equal by chance. */
#define TELLING_BYTES 4

static void check_data(struct invariants *v, const struct ev_data *e)
{
    unsigned n = e->size < 8 ? (unsigned)e->size : 8;

    if (!v->cpu || !v->asked[NO_LEAK] || !e->write || !e->key ||
        e->key > UINT16_MAX || n < TELLING_BYTES)
        return;
    if (dram(v->cpu, e->spa, n) != e->value)
        holds(v, NO_LEAK);
    else
        VIOLATED(v, NO_LEAK,
                 "0x%llx, written with the key of ASID %llu, stands in memory "
                 "in the clear at 0x%llx",
                 (unsigned long long)e->value, (unsigned long long)e->key,
                 (unsigned long long)e->spa);
}

static void check_save_area(struct invariants *v)
{
    if (!v->sev_es || !v->rip)
        return;
    if (dram(v->cpu, v->vmcb + VMCB_SAVE + SAVE_RIP, 8) != v->rip)
        holds(v, NO_LEAK);
    else
        VIOLATED(v, NO_LEAK, "the VMCB shows RIP 0x%llx of an SEV-ES guest",
                 (unsigned long long)v->rip);
}

/* KVM speaks of an RIP: it must not be the true one of an SEV-ES guest. */
static void check_rip(struct invariants *v, const char *when, uint64_t rip)
{
    if (v->sev_es && rip && rip == v->rip)
        VIOLATED(v, NO_LEAK, "%s KVM knows RIP 0x%llx of an SEV-ES guest", when,
                 (unsigned long long)rip);
}

/* ---- listening -------------------------------------------------------------
 */

static void hear_vmrun(struct invariants *v, const struct ev_vmrun *e)
{
    v->sev_es = e->sev_es;
    v->asid = (uint32_t)e->asid;
    v->ncr3 = e->ncr3;
    v->vmcb = e->vmcb;
}

static void hear_vmexit(struct invariants *v, const struct ev_vmexit *e)
{
    v->rip = e->rip;
    holds(v, NO_HANG);
    if (!v->cpu)
        return;
    if (v->changed && v->asked[NO_STALE_TLB])
        check_tlb(v);
    if (v->asked[NO_LEAK])
        check_save_area(v);
}

static void hear_hang(struct invariants *v, const struct ev_hang *e)
{
    VIOLATED(v, NO_HANG, "%s", e->why);
    if (v->sev_es && v->device && !v->told)
        VIOLATED(v, SEV_ES_CAN_MMIO,
                 "the guest touched a device and was never told: %s", e->why);
}

/* The access came through without the guest having asked: not by KVM, which
 * emulates nothing for such a guest, so it reached whatever lies there. */
static void hear_step_done(struct invariants *v, const struct ev_step_done *e)
{
    if (v->sev_es && v->device && !v->told && strcmp(e->how, "completed") == 0)
        VIOLATED(v, SEV_ES_CAN_MMIO,
                 "the guest touched a device, was never told, and reached "
                 "something else");
}

/* What was not there was not remembered. */
static void hear_change(struct invariants *v,
                        const struct ev_kvm_tdp_mmu_spte_changed *e)
{
    if (e->old_spte & PTE_P)
        v->changed = true;
}

static void hear_vm_create(struct invariants *v, const struct ev_vm_create *e)
{
    if (strcmp(e->type, "sev-es") != 0 || strcmp(e->result, "ok") == 0)
        return;
    holds(v, SEV_ES_CAN_MMIO);
    v->report[SEV_ES_CAN_MMIO].why = "SEV-ES is not offered";
}

static void hear_mmio_spte(struct invariants *v,
                           const struct ev_mark_mmio_spte *e)
{
    v->device = true;
    if (v->vm && v->asked[MMIO_FAULTS])
        check_mmio_spte(v, e->gfn << 12, e->spte);
}

/* Which invariants need to hear of an event. */
static const struct {
    enum event_id event;
    unsigned invariants;
} needs[] = {
#define FOR(i) (1U << (i))
    { EV_step, FOR(SEV_ES_CAN_MMIO) },
    { EV_step_done, FOR(SEV_ES_CAN_MMIO) },
    { EV_vm_create, FOR(SEV_ES_CAN_MMIO) },
    { EV_vc, FOR(SEV_ES_CAN_MMIO) },
    { EV_guest_vc_done, FOR(SEV_ES_CAN_MMIO) },
    { EV_mmio_spte_refused, FOR(SEV_ES_CAN_MMIO) },
    { EV_mark_mmio_spte, FOR(SEV_ES_CAN_MMIO) | FOR(MMIO_FAULTS) },
    { EV_hang, FOR(SEV_ES_CAN_MMIO) | FOR(NO_HANG) },
    { EV_vmrun, FOR(SEV_ES_CAN_MMIO) | FOR(NO_STALE_TLB) | FOR(NO_LEAK) },
    { EV_vmexit, FOR(NO_HANG) | FOR(NO_STALE_TLB) | FOR(NO_LEAK) },
    { EV_kvm_mmio_mask, FOR(CACHING_NOT_WASTED) },
    { EV_kvm_tdp_mmu_spte_changed, FOR(NO_STALE_TLB) },
    { EV_kvm_tlb_flush, FOR(NO_STALE_TLB) },
    { EV_kvm_mmu_zap_all_fast, FOR(NO_STALE_TLB) },
    { EV_data, FOR(NO_LEAK) },
    { EV_kvm_entry, FOR(NO_LEAK) },
    { EV_kvm_exit, FOR(NO_LEAK) },
    { EV_kvm_emulate_insn, FOR(NO_LEAK) },
#undef FOR
};

void invariants_interest(const struct invariants *v, struct trace_interest *out)
{
    for (size_t k = 0; k < ARRAY_SIZE(needs); k++)
        for (unsigned i = 0; i < N_INVARIANTS; i++)
            out->event[needs[k].event] |=
                v->asked[i] && (needs[k].invariants >> i & 1);
}

static void hear_kvm(struct invariants *v, const struct event *ev)
{
    if (ev->id == EV_mark_mmio_spte) {
        hear_mmio_spte(v, EV(mark_mmio_spte, ev));
    } else if (ev->id == EV_mmio_spte_refused) {
        v->device = true;
    } else if (ev->id == EV_kvm_tdp_mmu_spte_changed) {
        hear_change(v, EV(kvm_tdp_mmu_spte_changed, ev));
    } else if (ev->id == EV_kvm_mmu_zap_all_fast ||
               ev->id == EV_kvm_tlb_flush) {
        v->changed = true;
    } else if (ev->id == EV_kvm_mmio_mask) {
        v->caching = EV(kvm_mmio_mask, ev)->caching;
        v->mask_why = EV(kvm_mmio_mask, ev)->why;
    } else if (ev->id == EV_kvm_entry) {
        check_rip(v, "before VMRUN", EV(kvm_entry, ev)->rip);
    } else if (ev->id == EV_kvm_exit) {
        check_rip(v, "after #VMEXIT", EV(kvm_exit, ev)->rip);
    } else if (ev->id == EV_kvm_emulate_insn) {
        check_rip(v, "emulating", EV(kvm_emulate_insn, ev)->rip);
    }
}

static void hear_others(struct invariants *v, const struct event *ev)
{
    if (ev->id == EV_data)
        check_data(v, EV(data, ev));
    else if (ev->id == EV_vmrun)
        hear_vmrun(v, EV(vmrun, ev));
    else if (ev->id == EV_vmexit)
        hear_vmexit(v, EV(vmexit, ev));
    else if (ev->id == EV_step)
        v->device = v->told = false;
    else if (ev->id == EV_step_done)
        hear_step_done(v, EV(step_done, ev));
    else if (ev->id == EV_vc && EV(vc, ev)->error_code == VC_NPF)
        v->told = true;
    else if (ev->id == EV_guest_vc_done && v->told)
        holds(v, SEV_ES_CAN_MMIO);
    else if (ev->id == EV_hang)
        hear_hang(v, EV(hang, ev));
    else if (ev->id == EV_vm_create)
        hear_vm_create(v, EV(vm_create, ev));
}

void invariants_sink(void *invariants, const struct event *ev)
{
    if (event_table[ev->id].actor == ACTOR_KVM)
        hear_kvm(invariants, ev);
    else
        hear_others(invariants, ev);
}

const struct invariant_report *invariants_finish(struct invariants *v)
{
    if (v->module && v->asked[CACHING_NOT_WASTED])
        check_caching(v);
    if (v->vm && (v->asked[MMIO_FAULTS] || v->asked[ONLY_MMIO_FAULTS]))
        kvm_each_spte(v->vm, check_spte, v);
    return v->report;
}
