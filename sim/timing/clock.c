/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * timing/clock.c - what an event costs, and where the cycles went.
 *
 * The bus asks for the price of every event before anyone hears it. Which
 * events cost anything, and which price of the CPU model applies, is one table.
 * Chosen so that sums agree with round trips measured on Zen 3 and Zen 4: an
 * exit with a light handler is VMRUN + #VMEXIT + light_exit (about 3.3k
 * cycles), an MMIO access through #VC is vc_entry + vmgexit (9.6k) + mmio_user.
 */
#include "timing/cost.h"

enum cost_kind {
    FREE, /* most events: part of something else that is priced */
    NPT_REF,
    GPT_REF,
    FETCH_REF,
    DATA_REF,
    GHCB_REF,
    WORLD_IN,
    WORLD_OUT,
    EXIT_PATH,
    NPF_FIX,
    IN_KERNEL_DEVICE,
    USERSPACE_DEVICE,
    VC_ENTRY,
    GHCB_EXIT,
    N_COST_KINDS
};

static const char *const kind_names[N_COST_KINDS] = {
    [FREE] = "free",
    [NPT_REF] = "nested page table reads",
    [GPT_REF] = "guest page table reads",
    [FETCH_REF] = "instruction fetches",
    [DATA_REF] = "data accesses",
    [GHCB_REF] = "GHCB accesses of KVM",
    [WORLD_IN] = "VMRUN",
    [WORLD_OUT] = "#VMEXIT",
    [EXIT_PATH] = "KVM's exit path",
    [NPF_FIX] = "KVM maps a page",
    [IN_KERNEL_DEVICE] = "device in the kernel",
    [USERSPACE_DEVICE] = "device in userspace",
    [VC_ENTRY] = "#VC entry and decoding",
    [GHCB_EXIT] = "KVM serves VMGEXIT",
};

static const uint8_t kind_of[N_EVENTS] = {
    [EV_npt_step] = NPT_REF,
    [EV_gpt_step] = GPT_REF,
    [EV_fetch] = FETCH_REF,
    [EV_data] = DATA_REF,
    [EV_ghcb_ref] = GHCB_REF,
    [EV_vmrun] = WORLD_IN,
    [EV_vmexit] = WORLD_OUT,
    [EV_kvm_exit] = EXIT_PATH,
    [EV_kvm_mmu_set_spte] = NPF_FIX,
    [EV_kvm_fast_mmio] = IN_KERNEL_DEVICE,
    [EV_kvm_userspace_exit] = USERSPACE_DEVICE,
    [EV_vc] = VC_ENTRY,
    [EV_kvm_vmgexit_enter] = GHCB_EXIT,
    [EV_kvm_vmgexit_msr_protocol_enter] = GHCB_EXIT,
};

struct clock {
    struct cost_model m;
    struct line_ages *lines;
    struct cost_row row[N_COST_KINDS];
};

struct clock *clock_create(struct pool *pool, const struct cost_model *m)
{
    struct clock *c = pool_alloc(pool, sizeof(*c));

    c->m = *m;
    c->lines = line_ages_create(pool, m);
    for (unsigned i = 0; i < N_COST_KINDS; i++)
        c->row[i].name = kind_names[i];
    return c;
}

/* vmgexit is the whole round trip in KVM; its world switches have their own
 * price. */
static uint64_t ghcb_exit(const struct cost_model *m)
{
    uint64_t switches = (uint64_t)m->vmrun + m->vmexit;

    return m->vmgexit > switches ? m->vmgexit - switches : 0;
}

static uint64_t price(struct clock *c, enum cost_kind kind,
                      const struct event *ev)
{
    const struct cost_model *m = &c->m;

    switch (kind) {
    case NPT_REF:
        return line_walk(c->lines, EV(npt_step, ev)->slot) + m->walker_step;
    case GPT_REF:
        return line_walk(c->lines, EV(gpt_step, ev)->slot) + m->walker_step;
    case FETCH_REF:
        return line_load(c->lines, EV(fetch, ev)->spa, EV(fetch, ev)->len);
    case DATA_REF:
        return line_load(c->lines, EV(data, ev)->spa, EV(data, ev)->size);
    case GHCB_REF:
        return line_load(c->lines, EV(ghcb_ref, ev)->spa,
                         EV(ghcb_ref, ev)->len);
    case WORLD_IN:
        return m->vmrun;
    case WORLD_OUT:
        return m->vmexit;
    case EXIT_PATH: /* that of a VMGEXIT is part of GHCB_EXIT */
        return EV(kvm_exit, ev)->reason == EXIT_VMGEXIT ? 0 : m->light_exit;
    case NPF_FIX:
        return m->npf_fix;
    case IN_KERNEL_DEVICE:
        return m->mmio_kernel;
    case USERSPACE_DEVICE: /* other exits to userspace end the story */
        return EV(kvm_userspace_exit, ev)->reason == KVM_EXIT_MMIO
                   ? m->mmio_user
                   : 0;
    case VC_ENTRY:
        return m->vc_entry;
    case GHCB_EXIT:
        return ghcb_exit(m);
    case FREE:
    case N_COST_KINDS:
        break;
    }
    return 0;
}

uint64_t clock_price(void *clock, const struct event *ev)
{
    struct clock *c = clock;
    enum cost_kind kind = kind_of[ev->id];
    uint64_t cycles;

    if (kind == FREE)
        return 0;
    cycles = price(c, kind, ev);
    if (cycles) {
        c->row[kind].events++;
        c->row[kind].cycles += cycles;
    }
    return cycles;
}

unsigned clock_rows(const struct clock *c, const struct cost_row **out)
{
    *out = &c->row[FREE + 1];
    return N_COST_KINDS - 1;
}
