/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/explain_words.c - the sentences of `explain`, one per kind of event.
 *
 * Written for a reader who never saw the topic: what happened, who could see
 * it, and the reason that the event carries. Nothing is computed again here.
 */
#include "render/explain.h"

#include "arch/paging.h"
#include "arch/sev.h"

#include <string.h>

#define U(x) ((unsigned long long)(x))

static const char *why_of(const char *why)
{
    return why && *why ? why : "no reason given";
}

/* ---- before the guest runs ---- */

static void say_cpu(struct buf *b, const struct event *ev)
{
    const struct ev_cpu *e = FIELDS(cpu, ev);

    buf_printf(b, "The CPU (%s) says it has %llu physical address bits. ",
               e->model, U(e->raw));
    if (!e->mem_encrypt)
        buf_printf(b,
                   "Memory encryption is off, so its page walker uses all "
                   "of them: bits %llu..51 of an entry are reserved.",
                   U(e->width));
    else
        buf_printf(b,
                   "Memory encryption is on and takes %llu of them: the walker "
                   "of host and nested tables accepts %llu. Bit %llu of an "
                   "entry is the C-bit, which selects encryption and never "
                   "faults.",
                   U(e->reduction), U(e->width), U(e->cbit));
    if (e->width >= 52)
        buf_adds(b, " No address bit is left over that could be reserved.");
}

static void say_boot(struct buf *b, const struct event *ev)
{
    const struct ev_kvm_boot_width *e = FIELDS(kvm_boot_width, ev);

    buf_printf(b, "Linux %s boots and believes in %llu physical bits: %s.",
               e->kernel, U(e->x86_phys_bits), why_of(e->why));
}

static void say_mask(struct buf *b, const struct event *ev)
{
    const struct ev_kvm_mmio_mask *e = FIELDS(kvm_mmio_mask, ev);

    if (strcmp(e->stage, "reset") == 0)
        buf_adds(b, "KVM needs a mark for pages of emulated devices: an entry "
                    "that always faults with RSVD. First choice, without "
                    "regard to encryption: ");
    else
        buf_adds(b, "Then kvm-amd looks at encryption and chooses again: ");
    buf_printf(b, "%s. ", why_of(e->why));
    if (e->value)
        buf_printf(b, "The mark is 0x%llx", U(e->value));
    else
        buf_adds(b, "There is no mark");
    buf_printf(b, "; MMIO caching is %s.", e->caching ? "on" : "off");
}

static void say_gate(struct buf *b, const struct event *ev)
{
    const struct ev_kvm_gate *e = FIELDS(kvm_gate, ev);

    buf_printf(b, "May KVM offer %s? Condition %s is %s: %s.",
               strcmp(e->feature, "sev") == 0      ? "SEV"
               : strcmp(e->feature, "sev_es") == 0 ? "SEV-ES"
                                                   : "SEV-SNP",
               e->gate, e->open ? "met" : "not met", why_of(e->why));
}

static void say_loaded(struct buf *b, const struct event *ev)
{
    const struct ev_kvm_loaded *e = FIELDS(kvm_loaded, ev);

    buf_printf(b,
               "The modules are loaded. sysfs shows mmio_caching=%c npt=%c "
               "sev=%c sev_es=%c sev_snp=%c.",
               e->mmio_caching ? 'Y' : 'N', e->npt ? 'Y' : 'N',
               e->sev ? 'Y' : 'N', e->sev_es ? 'Y' : 'N',
               e->sev_snp ? 'Y' : 'N');
}

static void say_vm_create(struct buf *b, const struct event *ev)
{
    const struct ev_vm_create *e = FIELDS(vm_create, ev);

    buf_printf(b, "Userspace asks for a VM of type %s (%s): %s.", e->type,
               e->path, strcmp(e->result, "ok") == 0 ? "granted" : e->result);
    if (strcmp(e->result, "ok") != 0 && e->why && *e->why)
        buf_printf(b, " %s.", e->why);
}

/* ---- the CPU ---- */

static void say_npf(struct buf *b, const struct event *ev)
{
    const struct ev_npf *e = FIELDS(npf, ev);

    buf_printf(b,
               "The CPU translates guest-physical 0x%llx through KVM's nested "
               "tables and stops at the %s: %s. That is a nested page fault, "
               "code 0x%llx (",
               U(e->info2), pt_level_name((unsigned)e->level), why_of(e->why),
               U(e->info1));
    pferr_words(b, e->info1);
    buf_adds(b, ").");
}

static void say_pf(struct buf *b, const struct event *ev)
{
    const struct ev_pf *e = FIELDS(pf, ev);

    buf_printf(b,
               "The guest's own page tables do not allow the access to 0x%llx: "
               "%s. That is the guest's business: #PF, error code 0x%llx.",
               U(e->cr2), why_of(e->why), U(e->error_code));
}

static void say_vc(struct buf *b, const struct event *ev)
{
    const struct ev_vc *e = FIELDS(vc, ev);

    buf_printf(b,
               "The CPU does not leave the guest. It raises #VC (error code "
               "0x%llx) inside: %s. KVM is not told.",
               U(e->error_code), why_of(e->why));
}

static void say_exception(struct buf *b, const struct event *ev)
{
    const struct ev_exception *e = FIELDS(exception, ev);

    buf_printf(b, "%s is delivered: the guest's handler at 0x%llx starts.",
               e->name, U(e->handler));
}

static void say_double_fault(struct buf *b, const struct event *ev)
{
    const struct ev_double_fault *e = FIELDS(double_fault, ev);

    buf_printf(b, "Delivering %s fails with %s: %s. Two such faults make #DF.",
               e->first, e->second, why_of(e->why));
}

static void say_shutdown(struct buf *b, const struct event *ev)
{
    buf_printf(b, "The guest shuts down: %s.",
               why_of(FIELDS(shutdown, ev)->why));
}

static void say_vmgexit(struct buf *b, const struct event *ev)
{
    (void)ev;
    buf_adds(b, "The handler executes VMGEXIT: the exit that a guest chooses "
                "itself, after writing what KVM may know into the GHCB page.");
}

static void say_invalid(struct buf *b, const struct event *ev)
{
    buf_printf(b, "VMRUN refuses the VMCB: %s.",
               why_of(FIELDS(vmrun_invalid, ev)->why));
}

static void say_unsupported(struct buf *b, const struct event *ev)
{
    const struct ev_insn_unsupported *e = FIELDS(insn_unsupported, ev);

    buf_printf(b, "This simulator does not execute '%s' (%s); it answers #UD.",
               e->text, e->bytes);
}

/* ---- KVM ---- */

static void say_page_fault(struct buf *b, const struct event *ev)
{
    const struct ev_kvm_page_fault *e = FIELDS(kvm_page_fault, ev);

    buf_printf(b,
               "The CPU leaves the guest. All that KVM gets is the address "
               "0x%llx and the code 0x%llx (",
               U(e->address), U(e->error_code));
    pferr_words(b, e->error_code);
    buf_adds(b, ").");
}

static void say_mark(struct buf *b, const struct event *ev)
{
    const struct ev_mark_mmio_spte *e = FIELDS(mark_mmio_spte, ev);

    buf_printf(b,
               "No memslot covers gfn 0x%llx, so it is a device. KVM plants "
               "the MMIO SPTE 0x%llx (memslot generation 0x%llx): from now on "
               "the walk will meet a reserved bit there.",
               U(e->gfn), U(e->spte), U(e->gen));
}

static void say_refused(struct buf *b, const struct event *ev)
{
    const struct ev_mmio_spte_refused *e = FIELDS(mmio_spte_refused, ev);

    buf_printf(b,
               "No memslot covers gfn 0x%llx, so it is a device, but KVM "
               "plants no MMIO SPTE: %s. The entry stays not present.",
               U(e->gfn), why_of(e->why));
}

static void say_set_spte(struct buf *b, const struct event *ev)
{
    const struct ev_kvm_mmu_set_spte *e = FIELDS(kvm_mmu_set_spte, ev);

    buf_printf(b, "A memslot covers gfn 0x%llx: KVM maps a %s page of memory.",
               U(e->gfn), pt_size_name((unsigned)e->level));
}

static void say_handle_mmio(struct buf *b, const struct event *ev)
{
    buf_printf(b, "KVM finds its own MMIO SPTE for gfn 0x%llx: a device.",
               U(FIELDS(handle_mmio_page_fault, ev)->gfn));
}

static void say_check_mmio(struct buf *b, const struct event *ev)
{
    const struct ev_check_mmio_spte *e = FIELDS(check_mmio_spte, ev);

    if (!e->valid)
        buf_printf(b,
                   "The MMIO SPTE is of memslot generation 0x%llx, now it is "
                   "0x%llx: KVM does not trust it and takes the slow path.",
                   U(e->spte_gen), U(e->kvm_gen));
}

static void say_match(struct buf *b, const struct event *ev)
{
    (void)ev;
    buf_adds(b, "The vCPU's one-entry MMIO cache knows the page: a device, "
                "without a look at the tables.");
}

static void say_verdict(struct buf *b, const struct event *ev)
{
    const struct ev_kvm_emulate_verdict *e = FIELDS(kvm_emulate_verdict, ev);

    buf_printf(b, "May KVM emulate the instruction of this %s guest? %s: %s.",
               e->vm, e->verdict, why_of(e->why));
}

static void say_emulate(struct buf *b, const struct event *ev)
{
    const struct ev_kvm_emulate_insn *e = FIELDS(kvm_emulate_insn, ev);

    if (e->failed)
        buf_printf(b, "KVM cannot emulate the bytes %s.", e->bytes);
    else
        buf_printf(b, "KVM emulates the instruction '%s' in software.",
                   e->text);
}

static void say_inject(struct buf *b, const struct event *ev)
{
    buf_printf(b, "KVM injects %s into the guest.",
               FIELDS(kvm_inj_exception, ev)->name);
}

static void say_ghcb(struct buf *b, const struct event *ev)
{
    const struct ev_kvm_vmgexit_enter *e = FIELDS(kvm_vmgexit_enter, ev);

    if (e->exit_reason == NAE_MMIO_READ || e->exit_reason == NAE_MMIO_WRITE)
        buf_printf(b,
                   "KVM reads the GHCB: the guest asks for an MMIO %s of %llu "
                   "bytes at 0x%llx. Registers and code stay hidden.",
                   e->exit_reason == NAE_MMIO_READ ? "read" : "write",
                   U(e->info2), U(e->info1));
    else
        buf_printf(b, "KVM reads the GHCB: request 0x%llx.", U(e->exit_reason));
}

static void say_ghcb_bad(struct buf *b, const struct event *ev)
{
    buf_printf(b, "KVM refuses the GHCB's content: %s.",
               why_of(FIELDS(ghcb_malformed, ev)->why));
}

static void say_zap(struct buf *b, const struct event *ev)
{
    buf_printf(b, "KVM drops its nested tables: %s.",
               why_of(FIELDS(kvm_mmu_zap_all_fast, ev)->why));
}

static void say_memslot(struct buf *b, const struct event *ev)
{
    const struct ev_kvm_memslot *e = FIELDS(kvm_memslot, ev);

    buf_printf(b,
               "Memslot %llu (0x%llx bytes at 0x%llx): %s; generation "
               "0x%llx.",
               U(e->slot), U(e->size), U(e->gpa), e->change, U(e->generation));
}

static void say_user_exit(struct buf *b, const struct event *ev)
{
    const struct ev_kvm_userspace_exit *e = FIELDS(kvm_userspace_exit, ev);

    if (strcmp(e->name, "KVM_EXIT_HLT") == 0 ||
        strcmp(e->name, "KVM_EXIT_MMIO") == 0)
        return;
    buf_printf(b, "KVM_RUN returns to userspace: %s", e->name);
    if (e->ret && *e->ret && strcmp(e->ret, "0") != 0)
        buf_printf(b, " (%s)", e->ret);
    buf_addc(b, '.');
}

/* ---- guest, userspace, run ---- */

static void say_guest_vc(struct buf *b, const struct event *ev)
{
    const struct ev_guest_vc *e = FIELDS(guest_vc, ev);

    buf_printf(b,
               "The #VC handler decodes its own instruction '%s' and finds the "
               "guest-physical address 0x%llx in its own page tables.",
               e->text, U(e->gpa));
}

static void say_vc_done(struct buf *b, const struct event *ev)
{
    const struct ev_guest_vc_done *e = FIELDS(guest_vc_done, ev);

    if (e->write)
        buf_adds(b, "The handler steps over the instruction and returns.");
    else
        buf_printf(b,
                   "The handler puts 0x%llx into the register, steps over the "
                   "instruction and returns.",
                   U(e->value));
}

static void say_fixup(struct buf *b, const struct event *ev)
{
    const struct ev_guest_fixup *e = FIELDS(guest_fixup, ev);

    buf_printf(b, "The guest's %s handler gives the instruction up: %s.",
               e->name, why_of(e->why));
}

static void say_terminate(struct buf *b, const struct event *ev)
{
    buf_printf(b, "The guest asks to be terminated: %s.",
               why_of(FIELDS(guest_terminate, ev)->why));
}

static void say_device(struct buf *b, const struct event *ev)
{
    const struct ev_vmm_device *e = FIELDS(vmm_device, ev);

    buf_printf(b, "Userspace's device %s %s 0x%llx.",
               e->name && *e->name ? e->name : "(none)",
               e->write ? "takes" : "answers", U(e->value));
}

static void say_hang(struct buf *b, const struct event *ev)
{
    const struct ev_hang *e = FIELDS(hang, ev);

    buf_printf(b, "This is a hang, found after %llu laps: %s.", U(e->laps),
               why_of(e->why));
}

static void say_host_action(struct buf *b, const struct event *ev)
{
    const struct ev_host_action *e = FIELDS(host_action, ev);

    buf_printf(b, "Userspace: %s: %s.", e->what, e->ret);
}

static const struct {
    void (*say)(struct buf *b, const struct event *ev);
    const char *source; /* where the event itself carries none */
} words[N_EVENTS] = {
    [EV_cpu] = { say_cpu,
                 "CPUID 8000_0008 EAX, 8000_001F EBX; APM vol. 2, 7.10.1" },
    [EV_kvm_boot_width] = { say_boot, NULL },
    [EV_kvm_mmio_mask] = { say_mask, NULL },
    [EV_kvm_gate] = { say_gate, NULL },
    [EV_kvm_loaded] = { say_loaded, NULL },
    [EV_vm_create] = { say_vm_create, NULL },
    [EV_npf] = { say_npf, NULL },
    [EV_pf] = { say_pf, NULL },
    [EV_vc] = { say_vc, NULL },
    [EV_exception] = { say_exception, "APM vol. 2, 8.9" },
    [EV_double_fault] = { say_double_fault, "APM vol. 2, 8.2.9" },
    [EV_shutdown] = { say_shutdown, "APM vol. 2, 14.1.3" },
    [EV_vmgexit] = { say_vmgexit, "APM vol. 2, 15.35.6" },
    [EV_vmrun_invalid] = { say_invalid, NULL },
    [EV_insn_unsupported] = { say_unsupported, NULL },
    [EV_kvm_page_fault] = { say_page_fault, "APM vol. 2, 15.25.6" },
    [EV_mark_mmio_spte] = { say_mark, "Linux, make_mmio_spte()" },
    [EV_mmio_spte_refused] = { say_refused, NULL },
    [EV_kvm_mmu_set_spte] = { say_set_spte, "Linux, make_spte()" },
    [EV_handle_mmio_page_fault] = { say_handle_mmio,
                                    "Linux, handle_mmio_page_fault()" },
    [EV_check_mmio_spte] = { say_check_mmio, "Linux, check_mmio_spte()" },
    [EV_vcpu_match_mmio] = { say_match, "Linux, mmio_info_in_cache()" },
    [EV_kvm_emulate_verdict] = { say_verdict, NULL },
    [EV_kvm_emulate_insn] = { say_emulate, NULL },
    [EV_kvm_inj_exception] = { say_inject, NULL },
    [EV_kvm_vmgexit_enter] = { say_ghcb, "GHCB standard, MMIO access events" },
    [EV_ghcb_malformed] = { say_ghcb_bad, "Linux, sev_es_validate_vmgexit()" },
    [EV_kvm_mmu_zap_all_fast] = { say_zap, "Linux, kvm_mmu_zap_all_fast()" },
    [EV_kvm_memslot] = { say_memslot, NULL },
    [EV_kvm_userspace_exit] = { say_user_exit, NULL },
    [EV_guest_vc] = { say_guest_vc, "Linux, vc_handle_mmio()" },
    [EV_guest_vc_done] = { say_vc_done, "Linux, vc_handle_mmio()" },
    [EV_guest_fixup] = { say_fixup, NULL },
    [EV_guest_terminate] = { say_terminate, "GHCB standard, termination" },
    [EV_vmm_device] = { say_device, NULL },
    [EV_hang] = { say_hang, NULL },
    [EV_host_action] = { say_host_action, NULL },
};

void explain_sentence(struct buf *b, const struct event *ev)
{
    if (words[ev->id].say)
        words[ev->id].say(b, ev);
}

const char *explain_source(const struct event *ev)
{
    int field = event_field_find(ev->id, "source");

    if (field >= 0 && *event_str(ev, (unsigned)field))
        return event_str(ev, (unsigned)field);
    return words[ev->id].source ? words[ev->id].source : "";
}
