/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab/prove_policy.c - what can be said of a state without a guest.
 *
 * The kernel is loaded on the CPU and its choice is shown to that CPU: an MMIO
 * SPTE of the chosen value either raises RSVD or it does not. Nobody computes
 * which bits are reserved; the CPU is asked, again whenever it is another one
 * or the entry is.
 */
#include "lab/proof.h"

/* Access bits of an MMIO SPTE that KVM plants (ACC_WRITE_MASK and
 * ACC_USER_MASK); P is part of the value. */
#define MMIO_ACCESS (PTE_W | PTE_U)

/* Inputs on which depends what kind of CPU it is; its walks follow from them,
 * and whether it can be built. */
static const enum policy_input kind[] = {
    POLICY_RAW_MAXPHYADDR, POLICY_PA_REDUCTION, POLICY_CBIT,
    POLICY_SYSCFG_MEMENC,  POLICY_F_SME,
};

struct policy_asker {
    const struct lab_question *q;
    struct pool *texts;
    struct lab_bench *bench;
    /* The CPU of the moment. */
    uint64_t kind[ARRAY_SIZE(kind)];
    bool known, possible;
    bool has_spare, spare; /* asked already; has a bit that faults */
    bool has_value, faults;
    uint64_t value; /* about which it was asked last */
};

/* What a kernel made of the host, as far as it matters here. */
struct choice {
    uint64_t value;
    bool sev_es;
};

struct policy_asker *policy_asker_create(struct pool *pool,
                                         const struct lab_question *q)
{
    struct policy_asker *a = pool_alloc(pool, sizeof(*a));

    *a = (struct policy_asker) {
        .q = q,
        .texts = pool_child(pool),
        .bench = lab_bench_create(pool),
    };
    return a;
}

static bool same_kind(const struct policy_asker *a,
                      const struct policy_host *host)
{
    if (!a->known)
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(kind); i++)
        if (a->kind[i] != host->v[kind[i]])
            return false;
    return true;
}

static void meet_cpu(struct policy_asker *a, const struct policy_host *host)
{
    struct cpu_model model;
    struct kvm_params params;

    lab_plain_machine(&model, &params);
    lab_machine(host, &model, &params);
    a->possible = !cpu_model_problem(&model, a->texts);
    pool_reset(a->texts);
    a->known = true;
    a->has_spare = a->has_value = false;
    for (size_t i = 0; i < ARRAY_SIZE(kind); i++)
        a->kind[i] = host->v[kind[i]];
}

static struct choice choose(struct policy_asker *a,
                            const struct policy_host *host)
{
    const struct kvm_module *m;
    struct policy_result r;

    if (a->q->text) {
        lab_become(a->bench, host);
        a->q->text->load(host, &r);
        return (struct choice) { r.shadow_mmio_value, r.sev_es_enabled };
    }
    m = lab_load(a->bench, a->q->kernel, host);
    return (struct choice) { m->mmio_value, m->sev_es };
}

static bool faults(struct policy_asker *a, const struct cpu *cpu,
                   uint64_t value)
{
    if (a->has_value && a->value == value)
        return a->faults;
    a->has_value = true;
    a->value = value;
    a->faults = cpu_look_entry(cpu, value | MMIO_ACCESS, ACCESS_READ).info1 &
                PFERR_RSVD;
    return a->faults;
}

static bool has_spare_bit(struct policy_asker *a, const struct cpu *cpu)
{
    if (!a->has_spare)
        a->spare = cpu_faulting_bits(cpu);
    a->has_spare = true;
    return a->spare;
}

struct state_verdict policy_ask(struct policy_asker *a,
                                const struct policy_host *host)
{
    struct state_verdict v = { 0 };
    const struct cpu *cpu = lab_cpu(a->bench);
    struct choice c;
    bool rsvd;

    if (!same_kind(a, host))
        meet_cpu(a, host);
    if (!a->possible) {
        v.skipped = true;
        return v;
    }
    c = choose(a, host);
    rsvd = faults(a, cpu, c.value);
    if (c.value)
        v.tested |= 1U << MMIO_FAULTS;
    if (c.value && !rsvd)
        v.violated |= 1U << MMIO_FAULTS;
    v.tested |= 1U << SEV_ES_CAN_MMIO;
    if (c.sev_es && !rsvd)
        v.violated |= 1U << SEV_ES_CAN_MMIO;
    if (host->v[POLICY_P_MMIO_CACHING]) {
        v.tested |= 1U << CACHING_NOT_WASTED;
        if (!c.value && has_spare_bit(a, cpu))
            v.violated |= 1U << CACHING_NOT_WASTED;
    }
    return v;
}
