/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * timing/clock.c - the price of each event.
 *
 * Flat prices for what software and the world switch cost; for memory
 * references an age model: a 64-byte line last used N references ago is found
 * in the smallest cache that holds N lines, else in DRAM. That is an upper
 * bound of what a fully associative LRU cache would do; ways, sets and
 * prefetchers are not modelled. Walkers reach memory through the L2 port.
 */
#include "timing.h"

#include "arch/sev.h"
#include "arch/svm.h"

#include <string.h>

enum cost_kind {
    COST_NPT,
    COST_GPT,
    COST_DATA,
    COST_FETCH,
    COST_GHCB,
    COST_VMRUN,
    COST_VMEXIT,
    COST_VC,
    COST_VMGEXIT,
    COST_LIGHT,
    COST_NPF_FIX,
    COST_MMIO_KERNEL,
    COST_MMIO_USER,
    N_COSTS,
};

static const char *const cost_names[N_COSTS] = {
    [COST_NPT] = "nested table references",
    [COST_GPT] = "guest table references",
    [COST_DATA] = "data references",
    [COST_FETCH] = "instruction fetches",
    [COST_GHCB] = "GHCB references by KVM",
    [COST_VMRUN] = "VMRUN",
    [COST_VMEXIT] = "#VMEXIT",
    [COST_VC] = "#VC entry and decoding",
    [COST_VMGEXIT] = "VMGEXIT handling",
    [COST_LIGHT] = "light exits",
    [COST_NPF_FIX] = "KVM maps a page",
    [COST_MMIO_KERNEL] = "KVM emulates MMIO",
    [COST_MMIO_USER] = "to userspace and back",
};

/* Lines remembered; a machine that touches more forgets the coldest. */
#define LINE_SLOTS  16384
#define LINE_PROBES 8

struct line {
    uint64_t tag;  /* line number + 1, 0 = free */
    uint64_t tick; /* of its last use */
};

struct clock {
    struct cost_model m;
    uint64_t tick; /* memory references so far */
    struct line *lines;
    struct cost_row rows[N_COSTS];
};

struct clock *clock_create(struct pool *pool, const struct cost_model *m)
{
    struct clock *c = pool_alloc(pool, sizeof(*c));

    c->m = *m;
    c->lines = pool_alloc(pool, LINE_SLOTS * sizeof(*c->lines));
    for (unsigned i = 0; i < N_COSTS; i++)
        c->rows[i].name = cost_names[i];
    return c;
}

/* References since @spa's line was last used, UINT64_MAX if never. */
static uint64_t line_age(struct clock *c, uint64_t spa)
{
    uint64_t tag = (spa >> 6) + 1;
    size_t home = (size_t)((tag * 0x9e3779b97f4a7c15ULL) >> 50);
    struct line *victim = NULL;
    uint64_t age;

    c->tick++;
    for (size_t i = 0; i < LINE_PROBES; i++) {
        struct line *l = &c->lines[(home + i) % LINE_SLOTS];

        if (l->tag == tag) {
            age = c->tick - l->tick;
            l->tick = c->tick;
            return age;
        }
        if (!victim || l->tick < victim->tick)
            victim = l;
    }
    *victim = (struct line) { .tag = tag, .tick = c->tick };
    return UINT64_MAX;
}

static uint64_t reference(struct clock *c, uint64_t spa, bool walker)
{
    uint64_t age = line_age(c, spa);
    uint64_t step = walker ? c->m.walker_step : 0;

    if (!walker && age < c->m.l1_kib * 16ULL)
        return c->m.l1;
    if (age < c->m.l2_kib * 16ULL)
        return c->m.l2 + step;
    if (c->m.l3 && age < c->m.l3_kib * 16ULL)
        return c->m.l3 + step;
    return c->m.dram + step;
}

/* The field called @name of @ev; only for events that have it. */
#define FIELD(ev, type, name)                                                  \
    (((const struct ev_##type *)(const void *)(ev)->fields)->name)

/* What @ev costs, and under which heading; N_COSTS: nothing. */
static enum cost_kind price_of(struct clock *c, const struct event *ev,
                               uint64_t *cycles)
{
    switch ((int)ev->id) {
    case EV_npt_step:
        *cycles = reference(c, FIELD(ev, npt_step, slot), true);
        return COST_NPT;
    case EV_gpt_step:
        *cycles = reference(c, FIELD(ev, gpt_step, slot), true);
        return COST_GPT;
    case EV_data:
        *cycles = reference(c, FIELD(ev, data, spa), false);
        return COST_DATA;
    case EV_fetch:
        *cycles = reference(c, FIELD(ev, fetch, spa), false);
        return COST_FETCH;
    case EV_ghcb_ref:
        *cycles = reference(c, FIELD(ev, ghcb_ref, spa), false);
        return COST_GHCB;
    case EV_vmrun:
        *cycles = c->m.vmrun;
        return COST_VMRUN;
    case EV_vmexit:
        *cycles = c->m.vmexit;
        return COST_VMEXIT;
    case EV_vc:
        *cycles = c->m.vc_entry;
        return COST_VC;
    case EV_kvm_vmgexit_enter:
        *cycles = c->m.vmgexit;
        return COST_VMGEXIT;
    case EV_kvm_exit:
        *cycles = c->m.light_exit;
        return FIELD(ev, kvm_exit, reason) == EXIT_NPF ||
                       FIELD(ev, kvm_exit, reason) == EXIT_VMGEXIT
                   ? N_COSTS
                   : COST_LIGHT;
    case EV_kvm_page_fault:
        *cycles = c->m.light_exit;
        return COST_LIGHT;
    case EV_kvm_mmu_set_spte:
    case EV_mark_mmio_spte:
        *cycles = c->m.npf_fix;
        return COST_NPF_FIX;
    case EV_kvm_emulate_insn:
        *cycles = c->m.mmio_kernel;
        return COST_MMIO_KERNEL;
    case EV_kvm_userspace_exit:
        *cycles = c->m.mmio_user;
        return COST_MMIO_USER;
    default:
        return N_COSTS;
    }
}

uint64_t clock_price(void *clock, const struct event *ev)
{
    struct clock *c = clock;
    uint64_t cycles = 0;
    enum cost_kind kind = price_of(c, ev, &cycles);

    if (kind == N_COSTS)
        return 0;
    c->rows[kind].events++;
    c->rows[kind].cycles += cycles;
    return cycles;
}

unsigned clock_rows(const struct clock *c, const struct cost_row **out)
{
    *out = c->rows;
    return N_COSTS;
}
