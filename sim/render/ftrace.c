/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/ftrace.c - KVM's events the way trace_pipe prints them.
 *
 * Formats are those of Linux v6.1, arch/x86/kvm/trace.h and mmu/mmutrace.h, so
 * that scripts for real traces work on simulated ones. Events that KVM has no
 * tracepoint for are left out: the kernel could not have seen them.
 */
#include "render/renderer.h"

#include "arch/svm.h"

#include <string.h>

#define U(x) ((unsigned long long)(x))

void ftrace_header(struct buf *b)
{
    buf_adds(b, "# tracer: nop\n"
                "# simulated by nptsim; the timestamp is the event's number, "
                "one microsecond each\n");
}

static void exit_name(struct buf *b, uint64_t code)
{
    const char *name = exit_code_name(code);

    if (name)
        buf_adds(b, name);
    else
        buf_printf(b, "0x%llx", U(code));
}

static void kvm_exit_line(struct buf *b, const struct event *ev)
{
    const struct ev_kvm_exit *e = FIELDS(kvm_exit, ev);

    buf_printf(b, "vcpu %llu reason ", U(ev->vcpu));
    exit_name(b, e->reason);
    buf_printf(b,
               " rip 0x%llx info1 0x%016llx info2 0x%016llx intr_info 0x%08llx "
               "error_code 0x%08llx",
               U(e->rip), U(e->info1), U(e->info2), U(e->intr_info),
               U(e->error_code));
}

static void set_spte_line(struct buf *b, const struct event *ev)
{
    const struct ev_kvm_mmu_set_spte *e = FIELDS(kvm_mmu_set_spte, ev);

    buf_printf(b, "gfn %llx spte %llx (r%s%s%s) level %llu at %llx", U(e->gfn),
               U(e->spte), e->spte & BIT(1) ? "w" : "-",
               e->spte & BIT(63) ? "-" : "x", e->spte & BIT(2) ? "u" : "-",
               U(e->level), U(e->sptep));
}

static void mmu_lines(struct buf *b, const struct event *ev)
{
    const struct ev_kvm_mmu_spte_requested *req =
        FIELDS(kvm_mmu_spte_requested, ev);
    const struct ev_kvm_tdp_mmu_spte_changed *chg =
        FIELDS(kvm_tdp_mmu_spte_changed, ev);
    const struct ev_mark_mmio_spte *mark = FIELDS(mark_mmio_spte, ev);
    const struct ev_check_mmio_spte *check = FIELDS(check_mmio_spte, ev);
    const struct ev_handle_mmio_page_fault *mmio =
        FIELDS(handle_mmio_page_fault, ev);

    if (ev->id == EV_kvm_mmu_spte_requested)
        buf_printf(b, "gfn %llx pfn %llx level %llu", U(req->gfn), U(req->pfn),
                   U(req->level));
    else if (ev->id == EV_kvm_tdp_mmu_spte_changed)
        buf_printf(b,
                   "as id %llu gfn %llx level %llu old_spte %llx new_spte %llx",
                   U(chg->as_id), U(chg->gfn), U(chg->level), U(chg->old_spte),
                   U(chg->new_spte));
    else if (ev->id == EV_mark_mmio_spte)
        buf_printf(b, "sptep:%016llx gfn %llx access %llx gen %llx",
                   U(mark->sptep), U(mark->gfn), U(mark->access), U(mark->gen));
    else if (ev->id == EV_check_mmio_spte)
        buf_printf(b, "spte %llx kvm_gen %llx spte-gen %llx valid %llu",
                   U(check->spte), U(check->kvm_gen), U(check->spte_gen),
                   U(check->valid));
    else if (ev->id == EV_handle_mmio_page_fault)
        buf_printf(b, "addr:%llx gfn %llx access %llx", U(mmio->addr),
                   U(mmio->gfn), U(mmio->access));
    else
        set_spte_line(b, ev);
}

static void emulate_lines(struct buf *b, const struct event *ev)
{
    const struct ev_kvm_emulate_insn *insn = FIELDS(kvm_emulate_insn, ev);
    const struct ev_vcpu_match_mmio *match = FIELDS(vcpu_match_mmio, ev);
    const struct ev_kvm_mmio *mmio = FIELDS(kvm_mmio, ev);
    const struct ev_kvm_inj_exception *inj = FIELDS(kvm_inj_exception, ev);

    if (ev->id == EV_kvm_emulate_insn)
        buf_printf(b, "0:%llx:%s (prot64)%s", U(insn->rip),
                   insn->bytes ? insn->bytes : "",
                   insn->failed ? " failed" : "");
    else if (ev->id == EV_vcpu_match_mmio)
        buf_printf(b, "gva %#llx gpa %#llx %s %s", U(match->gva), U(match->gpa),
                   match->write ? "Write" : "Read",
                   match->by_gpa ? "GPA" : "GVA");
    else if (ev->id == EV_kvm_mmio)
        buf_printf(b, "mmio %s len %llu gpa 0x%llx val 0x%llx", mmio->kind,
                   U(mmio->len), U(mmio->gpa), U(mmio->val));
    else if (ev->id == EV_kvm_fast_mmio)
        buf_printf(b, "fast mmio at gpa 0x%llx",
                   U(FIELDS(kvm_fast_mmio, ev)->gpa));
    else
        buf_printf(b, "%s (0x%llx)", inj->name, U(inj->error_code));
}

static void vmgexit_lines(struct buf *b, const struct event *ev)
{
    const struct ev_kvm_vmgexit_enter *e = FIELDS(kvm_vmgexit_enter, ev);
    const struct ev_kvm_vmgexit_msr_protocol_exit *m =
        FIELDS(kvm_vmgexit_msr_protocol_exit, ev);

    if (ev->id == EV_kvm_vmgexit_enter || ev->id == EV_kvm_vmgexit_exit) {
        buf_printf(
            b, "vcpu %llu, exit_reason %llx, exit_info1 %llx, exit_info2 %llx",
            U(ev->vcpu), U(e->exit_reason), U(e->info1), U(e->info2));
        return;
    }
    buf_printf(b, "vcpu %llu, ghcb_gpa %016llx", U(ev->vcpu), U(m->ghcb_gpa));
    if (ev->id == EV_kvm_vmgexit_msr_protocol_exit)
        buf_printf(b, ", result %lld", (long long)m->result);
}

static void simple_lines(struct buf *b, const struct event *ev)
{
    const struct ev_kvm_page_fault *pf = FIELDS(kvm_page_fault, ev);
    const struct ev_kvm_userspace_exit *user = FIELDS(kvm_userspace_exit, ev);

    if (ev->id == EV_kvm_entry)
        buf_printf(b, "vcpu %llu, rip 0x%llx", U(ev->vcpu),
                   U(FIELDS(kvm_entry, ev)->rip));
    else if (ev->id == EV_kvm_page_fault)
        buf_printf(b,
                   "vcpu %llu rip 0x%llx address 0x%016llx error_code 0x%llx",
                   U(ev->vcpu), U(pf->rip), U(pf->address), U(pf->error_code));
    else if (ev->id == EV_kvm_userspace_exit)
        buf_printf(b, "reason %s (%llu)", user->name, U(user->reason));
    else
        buf_printf(b, "kvm-mmu-valid-gen %llu used_pages 0",
                   U(FIELDS(kvm_mmu_zap_all_fast, ev)->valid_gen));
}

static const struct {
    enum event_id id;
    void (*line)(struct buf *b, const struct event *ev);
} templates[] = {
    { EV_kvm_entry, simple_lines },
    { EV_kvm_exit, kvm_exit_line },
    { EV_kvm_page_fault, simple_lines },
    { EV_kvm_mmu_spte_requested, mmu_lines },
    { EV_kvm_tdp_mmu_spte_changed, mmu_lines },
    { EV_kvm_mmu_set_spte, mmu_lines },
    { EV_mark_mmio_spte, mmu_lines },
    { EV_check_mmio_spte, mmu_lines },
    { EV_handle_mmio_page_fault, mmu_lines },
    { EV_vcpu_match_mmio, emulate_lines },
    { EV_kvm_emulate_insn, emulate_lines },
    { EV_kvm_mmio, emulate_lines },
    { EV_kvm_fast_mmio, emulate_lines },
    { EV_kvm_inj_exception, emulate_lines },
    { EV_kvm_vmgexit_enter, vmgexit_lines },
    { EV_kvm_vmgexit_exit, vmgexit_lines },
    { EV_kvm_vmgexit_msr_protocol_enter, vmgexit_lines },
    { EV_kvm_vmgexit_msr_protocol_exit, vmgexit_lines },
    { EV_kvm_mmu_zap_all_fast, simple_lines },
    { EV_kvm_userspace_exit, simple_lines },
};

void ftrace_line(struct buf *b, const struct event *ev)
{
    for (size_t i = 0; i < ARRAY_SIZE(templates); i++) {
        if (templates[i].id != ev->id)
            continue;
        buf_printf(b,
                   "          nptsim-%-7llu [%03llu] ..... %5llu.%06llu: %s: ",
                   1000 + U(ev->vcpu), U(ev->vcpu), U(ev->seq / 1000000),
                   U(ev->seq % 1000000), event_table[ev->id].name);
        templates[i].line(b, ev);
        buf_addc(b, '\n');
        return;
    }
}
