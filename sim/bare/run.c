/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bare/run.c - the VM made, entered, left.
 *
 * Two exits are the hypervisor's own: the host's interrupts, after which it
 * enters again, and HLT, which it steps over. What else happens it leaves as it
 * is, for whoever tells it what to do next.
 */
#include "bare/machine.h"

const char *const bare_flush_names[] = {
    [BARE_FLUSH_ASID] = "asid",
    [BARE_FLUSH_ALL] = "all",
};

static const char *const type_names[] = {
    [BARE_PLAIN] = "plain",
    [BARE_SEV] = "sev",
    [BARE_SEV_ES] = "sev-es",
    [BARE_SNP] = "snp",
};

/* ---- made ---- */

static const char *make(struct bare *b)
{
    const char *why = bare_take_core(b);

    if (!why && b->config->host.snp)
        why = bare_snp_enable(b);
    if (!why)
        why = bare_sev_open(b);
    if (!why)
        why = bare_map_all(b);
    for (unsigned i = 0; i < b->vm->n_vcpus && !why; i++)
        why = bare_vmcb_init(b, &b->vcpu[i]);
    return why;
}

struct bare *bare_open(struct pool *pool, const struct wire *wire,
                       const struct bare_config *config,
                       const struct bare_vm *vm, struct trace *trace,
                       const char **why)
{
    struct bare *b = pool_alloc(pool, sizeof(*b));

    BUG_ON(vm->n_vcpus > BARE_MAX_VCPUS);
    b->pool = pool;
    b->wire = *wire;
    b->config = config;
    b->vm = vm;
    b->trace = trace;
    b->nested_ctl = bare_nested_ctl(b);
    *why = make(b);
    TRACE(trace, bare_vm, .type = type_names[vm->type], .asid = b->asid,
          .nested_ctl = b->nested_ctl, .ncr3 = bare_ncr3(b),
          .result = *why ? "refused" : "ok", .why = *why);
    return *why ? NULL : b;
}

void bare_load(struct bare *b, gpa_t gpa, const void *data, size_t len,
               bool is_private)
{
    b->wire.ops->write(b->wire.hw, gpa, data, len);
    if (b->vm->type != BARE_PLAIN)
        bare_add_pages(b, is_private ? &b->private : &b->shared, gpa, len);
}

/* ---- flushes ---- */

void bare_flush(struct bare *b, enum bare_flush what)
{
    if (b->tlb_control != TLB_CTL_ALL)
        b->tlb_control = what == BARE_FLUSH_ALL ? TLB_CTL_ALL : TLB_CTL_ASID;
}

void bare_invlpga(struct bare *b, gva_t gva)
{
    b->wire.ops->invlpga(b->wire.hw, gva, b->asid);
}

/* ---- entered ---- */

/*
 * The event whose delivery an exit interrupted, for the next entry: else it
 * would be lost. Not one of an instruction, which the guest executes anew (APM
 * vol. 2, 15.7.2 and 15.20).
 */
static uint64_t interrupted_event(uint64_t info)
{
    unsigned vector = info & EVENT_VECTOR_MASK;
    unsigned type = info >> EVENT_TYPE_SHIFT & 7;
    bool soft = type == EVENT_TYPE_SOFT ||
                (type == EVENT_TYPE_EXC && (vector == VEC_BP || vector == 4));

    return (info & EVENT_V) && !soft ? info : 0;
}

/* false: VMRUN raised #GP. */
static bool enter(struct bare *b, struct bare_vcpu *v)
{
    bool hidden = bare_is_es(b);
    bool clean = b->config->vmcb.clean && v->entered;

    bare_vmcb_write(b, v, VMCB_EVENTINJ, v->again);
    bare_vmcb_write(b, v, VMCB_CLEAN, clean ? VMCB_CLEAN_ALL : 0);
    bare_vmcb_write(b, v, VMCB_ASID, b->asid | (uint64_t)b->tlb_control << 32);
    b->tlb_control = TLB_CTL_NOTHING;
    v->entered = true;
    if (!b->wire.ops->vmrun(b->wire.hw, v->vmcb, v->gpr))
        return false;
    v->again = interrupted_event(bare_vmcb_read(b, v, VMCB_EXITINTINFO));
    if (hidden || bare_vmcb_read(b, v, VMCB_EXITCODE) != EXIT_HLT)
        return true;
    /* HLT has one byte. */
    bare_vmcb_write(b, v, VMCB_SAVE + SAVE_RIP,
                    bare_vmcb_read(b, v, VMCB_SAVE + SAVE_RIP) + 1);
    bare_vmcb_write(b, v, VMCB_INT_STATE, 0);
    return true;
}

struct bare_exit bare_last_exit(const struct bare *b, unsigned vcpu)
{
    const struct bare_vcpu *v = &b->vcpu[vcpu];
    bool hidden = bare_is_es(b);

    return (struct bare_exit) {
        .code = bare_vmcb_read(b, v, VMCB_EXITCODE),
        .info1 = bare_vmcb_read(b, v, VMCB_EXITINFO1),
        .info2 = bare_vmcb_read(b, v, VMCB_EXITINFO2),
        .rip = hidden ? 0 : bare_vmcb_read(b, v, VMCB_SAVE + SAVE_RIP),
    };
}

enum bare_stop bare_run(struct bare *b, unsigned vcpu,
                        const struct bare_alarm *alarm)
{
    struct bare_vcpu *v = &b->vcpu[vcpu];

    for (uint64_t laps = 1;; laps++) {
        struct bare_exit x;

        if (!enter(b, v))
            return BARE_GP;
        x = bare_last_exit(b, vcpu);
        if (x.code == EXIT_HLT)
            return BARE_HALTED;
        if (x.code != EXIT_INTR) {
            TRACE(b->trace, bare_exit, .code = x.code, .info1 = x.info1,
                  .info2 = x.info2, .rip = x.rip);
            return BARE_EXITED;
        }
        if (alarm->rings(alarm->ctx, laps))
            return BARE_ALARM;
    }
}
