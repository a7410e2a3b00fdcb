/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/ftrace.c - the trace as a kernel's trace_pipe would show it.
 *
 * Only events that KVM itself has, with the words of its trace points (systems
 * "kvm" and "kvmmmu"; Linux v6.1 arch/x86/kvm/trace.h, mmu/mmutrace.h), so that
 * tools made for real traces read this one. What this model does not have is
 * printed as KVM prints it for an ordinary nested table: generation 0, role
 * "direct wux". Addresses of SPTEs are physical, where KVM shows a hashed
 * pointer. The time is the number of the event in microseconds: the same run
 * gives the same bytes.
 */
#include "render/parts.h"

#include "arch/paging.h"
#include "arch/svm.h"

#include <errno.h>
#include <string.h>

typedef void line_fn(struct buf *b, const struct event *ev);

#define U(v) ((unsigned)(v))
#define L(v) ((unsigned long long)(v))

static void entry(struct buf *b, const struct event *ev)
{
    buf_printf(b, "vcpu %u, rip 0x%llx", U(ev->vcpu),
               L(EV(kvm_entry, ev)->rip));
}

static void vm_exit(struct buf *b, const struct event *ev)
{
    const struct ev_kvm_exit *e = EV(kvm_exit, ev);
    const char *name = exit_code_name(e->reason);

    buf_printf(b, "vcpu %u reason ", U(ev->vcpu));
    if (name)
        buf_adds(b, name);
    else
        buf_printf(b, "0x%llx", L(e->reason));
    buf_printf(b,
               " rip 0x%llx info1 0x%016llx info2 0x%016llx intr_info 0x%08x"
               " error_code 0x%08x",
               L(e->rip), L(e->info1), L(e->info2), U(e->intr_info),
               U(e->error_code));
}

static void page_fault(struct buf *b, const struct event *ev)
{
    const struct ev_kvm_page_fault *e = EV(kvm_page_fault, ev);

    buf_printf(b, "vcpu %u rip 0x%llx address 0x%016llx error_code 0x%llx",
               U(ev->vcpu), L(e->rip), L(e->address), L(e->error_code));
}

static void get_page(struct buf *b, const struct event *ev)
{
    const struct ev_kvm_mmu_get_page *e = EV(kvm_mmu_get_page, ev);

    buf_printf(b,
               "sp gen 0 gfn %llx l%u 8-byte q0 direct wux nxe ad root 0 sync "
               "new",
               L(e->gfn), U(e->level));
}

static void spte_requested(struct buf *b, const struct event *ev)
{
    const struct ev_kvm_mmu_spte_requested *e = EV(kvm_mmu_spte_requested, ev);

    buf_printf(b, "gfn %llx pfn %llx level %u", L(e->gfn), L(e->pfn),
               U(e->level));
}

static void spte_changed(struct buf *b, const struct event *ev)
{
    const struct ev_kvm_tdp_mmu_spte_changed *e =
        EV(kvm_tdp_mmu_spte_changed, ev);

    buf_printf(b, "as id %u gfn %llx level %u old_spte %llx new_spte %llx",
               U(e->as_id), L(e->gfn), U(e->level), L(e->old_spte),
               L(e->new_spte));
}

static void set_spte(struct buf *b, const struct event *ev)
{
    const struct ev_kvm_mmu_set_spte *e = EV(kvm_mmu_set_spte, ev);

    buf_printf(b, "gfn %llx spte %llx (r%c%c%c) level %u at %llx", L(e->gfn),
               L(e->spte), e->spte & PTE_W ? 'w' : '-',
               e->spte & PTE_NX ? '-' : 'x', e->spte & PTE_U ? 'u' : '-',
               U(e->level), L(e->sptep));
}

static void mark_mmio(struct buf *b, const struct event *ev)
{
    const struct ev_mark_mmio_spte *e = EV(mark_mmio_spte, ev);

    buf_printf(b, "sptep:%016llx gfn %llx access %x gen %x", L(e->sptep),
               L(e->gfn), U(e->access), U(e->gen));
}

static void check_mmio(struct buf *b, const struct event *ev)
{
    const struct ev_check_mmio_spte *e = EV(check_mmio_spte, ev);

    buf_printf(b, "spte %llx kvm_gen %x spte-gen %x valid %d", L(e->spte),
               U(e->kvm_gen), U(e->spte_gen), e->valid != 0);
}

static void handle_mmio(struct buf *b, const struct event *ev)
{
    const struct ev_handle_mmio_page_fault *e = EV(handle_mmio_page_fault, ev);

    buf_printf(b, "addr:%llx gfn %llx access %x", L(e->addr), L(e->gfn),
               U(e->access));
}

static void match_mmio(struct buf *b, const struct event *ev)
{
    const struct ev_vcpu_match_mmio *e = EV(vcpu_match_mmio, ev);

    buf_printf(b, "gva %#llx gpa %#llx %s %s", L(e->gva), L(e->gpa),
               e->write ? "Write" : "Read", e->by_gpa ? "GPA" : "GVA");
}

static void emulate_insn(struct buf *b, const struct event *ev)
{
    const struct ev_kvm_emulate_insn *e = EV(kvm_emulate_insn, ev);

    buf_printf(b, "0:%llx:%s (prot64)%s", L(e->rip), e->bytes ? e->bytes : "",
               e->failed ? " failed" : "");
}

static void mmio(struct buf *b, const struct event *ev)
{
    const struct ev_kvm_mmio *e = EV(kvm_mmio, ev);

    buf_printf(b, "mmio %s len %u gpa 0x%llx val 0x%llx",
               e->kind ? e->kind : "", U(e->len), L(e->gpa), L(e->val));
}

static void fast_mmio(struct buf *b, const struct event *ev)
{
    buf_printf(b, "fast mmio at gpa 0x%llx", L(EV(kvm_fast_mmio, ev)->gpa));
}

static void inj_exception(struct buf *b, const struct event *ev)
{
    const struct ev_kvm_inj_exception *e = EV(kvm_inj_exception, ev);

    buf_printf(b, "%s (0x%x)", e->name ? e->name : "", U(e->error_code));
}

static void vmgexit(struct buf *b, unsigned vcpu, uint64_t reason,
                    uint64_t info1, uint64_t info2)
{
    buf_printf(b, "vcpu %u, exit_reason %llx, exit_info1 %llx, exit_info2 %llx",
               vcpu, L(reason), L(info1), L(info2));
}

static void vmgexit_enter(struct buf *b, const struct event *ev)
{
    const struct ev_kvm_vmgexit_enter *e = EV(kvm_vmgexit_enter, ev);

    vmgexit(b, U(ev->vcpu), e->exit_reason, e->info1, e->info2);
}

static void vmgexit_exit(struct buf *b, const struct event *ev)
{
    const struct ev_kvm_vmgexit_exit *e = EV(kvm_vmgexit_exit, ev);

    vmgexit(b, U(ev->vcpu), e->exit_reason, e->info1, e->info2);
}

static void msr_protocol_enter(struct buf *b, const struct event *ev)
{
    buf_printf(b, "vcpu %u, ghcb_gpa %016llx", U(ev->vcpu),
               L(EV(kvm_vmgexit_msr_protocol_enter, ev)->ghcb_gpa));
}

static void msr_protocol_exit(struct buf *b, const struct event *ev)
{
    const struct ev_kvm_vmgexit_msr_protocol_exit *e =
        EV(kvm_vmgexit_msr_protocol_exit, ev);

    buf_printf(b, "vcpu %u, ghcb_gpa %016llx, result %d", U(ev->vcpu),
               L(e->ghcb_gpa), (int)e->result);
}

static void zap_all_fast(struct buf *b, const struct event *ev)
{
    buf_printf(b, "kvm-mmu-valid-gen %u used_pages 0",
               U(EV(kvm_mmu_zap_all_fast, ev)->valid_gen));
}

/* Of the errnos that KVM_RUN returns here; 0 = it returned none. */
static int errno_of(const char *name)
{
    static const struct {
        const char *name;
        int number;
    } names[] = {
        { "EPERM", EPERM },   { "EINTR", EINTR },   { "EIO", EIO },
        { "ENXIO", ENXIO },   { "EAGAIN", EAGAIN }, { "ENOMEM", ENOMEM },
        { "EFAULT", EFAULT }, { "EBUSY", EBUSY },   { "EEXIST", EEXIST },
        { "ENODEV", ENODEV }, { "EINVAL", EINVAL }, { "ENOTTY", ENOTTY },
    };

    for (size_t i = 0; name && i < ARRAY_SIZE(names); i++)
        if (strcmp(name, names[i].name) == 0)
            return names[i].number;
    return 0;
}

static void userspace_exit(struct buf *b, const struct event *ev)
{
    const struct ev_kvm_userspace_exit *e = EV(kvm_userspace_exit, ev);
    int error = errno_of(e->ret);

    if (error)
        buf_printf(b, "reason %s (%d)", error == EINTR ? "restart" : "error",
                   error);
    else
        buf_printf(b, "reason %s (%u)", e->name ? e->name : "", U(e->reason));
}

static line_fn *const lines[N_EVENTS] = {
    [EV_kvm_entry] = entry,
    [EV_kvm_exit] = vm_exit,
    [EV_kvm_page_fault] = page_fault,
    [EV_kvm_mmu_get_page] = get_page,
    [EV_kvm_mmu_spte_requested] = spte_requested,
    [EV_kvm_tdp_mmu_spte_changed] = spte_changed,
    [EV_kvm_mmu_set_spte] = set_spte,
    [EV_mark_mmio_spte] = mark_mmio,
    [EV_check_mmio_spte] = check_mmio,
    [EV_handle_mmio_page_fault] = handle_mmio,
    [EV_vcpu_match_mmio] = match_mmio,
    [EV_kvm_emulate_insn] = emulate_insn,
    [EV_kvm_mmio] = mmio,
    [EV_kvm_fast_mmio] = fast_mmio,
    [EV_kvm_inj_exception] = inj_exception,
    [EV_kvm_vmgexit_enter] = vmgexit_enter,
    [EV_kvm_vmgexit_exit] = vmgexit_exit,
    [EV_kvm_vmgexit_msr_protocol_enter] = msr_protocol_enter,
    [EV_kvm_vmgexit_msr_protocol_exit] = msr_protocol_exit,
    [EV_kvm_mmu_zap_all_fast] = zap_all_fast,
    [EV_kvm_userspace_exit] = userspace_exit,
};

void render_ftrace_header(struct buf *b)
{
    buf_adds(b, "# tracer: nop\n"
                "# simulated by nptsim; TIMESTAMP is the number of the event "
                "in microseconds\n"
                "#\n"
                "#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION\n");
}

void render_ftrace_line(struct buf *b, const struct event *ev)
{
    if (!lines[ev->id])
        return;
    buf_printf(b, "          nptsim-%-7u [%03u] ..... %5llu.%06u: %s: ",
               U(ev->vcpu) + 1, U(ev->vcpu), L(ev->seq / 1000000),
               U(ev->seq % 1000000), event_table[ev->id].name);
    lines[ev->id](b, ev);
    buf_addc(b, '\n');
}
