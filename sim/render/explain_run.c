/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/explain_run.c - what happened in the machine, link by link: the walk,
 * the fault, KVM's answer, #VC and the GHCB, the device; or the loop.
 */
#include "render/explain.h"

#include "arch/paging.h"
#include "arch/sev.h"
#include "arch/svm.h"

#include <string.h>

/* include/uapi/linux/kvm.h */
#define KVM_EXIT_MMIO 6

#define L(v) ((unsigned long long)(v))
#define U(v) ((unsigned)(v))

/* Did @id happen in the same lap? */
static bool lap_has(const struct telling *t, enum event_id id)
{
    for (const struct note *n = t->lap; n < t->lap_end; n++)
        if (n->id == id)
            return true;
    return false;
}

/* Did it happen before, in the same lap? */
static bool told_before(const struct telling *t, enum event_id id)
{
    for (const struct note *n = t->lap; n < t->note; n++)
        if (n->id == id)
            return true;
    return false;
}

/* ---- faults -------------------------------------------------------------- */

/* How many times the page was touched now; 0: too many pages to remember. */
static unsigned count_touch(struct telling *t, gpa_t gpa)
{
    gpa_t page = gpa & PAGE_MASK_4K;

    for (unsigned i = 0; i < t->n_touches; i++)
        if (t->touch[i].page == page)
            return ++t->touch[i].times;
    if (t->n_touches == MAX_TOUCHES)
        return 0;
    t->touch[t->n_touches++] = (struct touch) { page, 1 };
    return 1;
}

static const char *ordinal(unsigned n)
{
    static const char *const names[] = { "A", "First", "Second", "Third",
                                         "Fourth" };

    return n < ARRAY_SIZE(names) ? names[n] : "A later";
}

static const char *kind_of_access(uint64_t code)
{
    if (code & PFERR_FETCH)
        return "an instruction fetch";
    return code & PFERR_WRITE ? "a write" : "a read";
}

/* "entry present, reserved bit set, a read, of the address itself" */
static void tell_code(struct telling *t, uint64_t code)
{
    struct buf *b = &t->text;

    buf_printf(b, "0x%llx: entry %s, %s%s", L(code),
               code & PFERR_PRESENT ? "present" : "not present",
               code & PFERR_RSVD ? "reserved bit set, " : "",
               kind_of_access(code));
    if (code & PFERR_GUEST_FINAL)
        buf_adds(b, ", for the address itself");
    if (code & PFERR_GUEST_PAGE)
        buf_adds(b, ", for a page table of the guest");
    if (code & PFERR_GUEST_ENC)
        buf_adds(b, ", of private memory");
}

static void tell_npf(struct telling *t, const struct event *ev)
{
    const struct ev_npf *e = EV(npf, ev);
    struct buf *b = &t->text;

    buf_printf(b, "%s faulting touch of guest-physical address 0x%llx. ",
               ordinal(count_touch(t, e->info2)), L(e->info2));
    if (t->note->npt_refs || t->note->gpt_refs)
        buf_printf(b, "The walker has read %u guest and %u nested entries. ",
                   t->note->gpt_refs, t->note->npt_refs);
    if (e->level)
        buf_printf(b, "It stops at a nested %s, which is 0x%llx",
                   pt_level_name(U(e->level)), L(e->pte));
    else if (e->info1 & PFERR_GUEST_RMP)
        buf_printf(b,
                   "Paging permits it. The page's entry in the reverse map "
                   "table, at 0x%llx, is 0x%llx",
                   L(e->slot), L(e->pte));
    else
        buf_adds(b, "It asks no nested entry");
    tell_why(t, e->why);
    buf_adds(b, " This is a nested page fault, #NPF, with code ");
    tell_code(t, e->info1);
    buf_addc(b, '.');
}

static void tell_pf(struct telling *t, const struct event *ev)
{
    const struct ev_pf *e = EV(pf, ev);
    struct buf *b = &t->text;

    buf_printf(b,
               "The guest's own tables refuse the access to 0x%llx, at a %s "
               "that is 0x%llx",
               L(e->cr2), pt_level_name(U(e->level)), L(e->pte));
    tell_why(t, e->why);
    buf_printf(b, " That is the guest's affair: #PF, error code 0x%llx (",
               L(e->error_code));
    pferr_words(b, e->error_code);
    buf_printf(b, "). %s hears nothing.", t->bare ? "The hypervisor" : "KVM");
}

static void tell_vc(struct telling *t, const struct event *ev)
{
    const struct ev_vc *e = EV(vc, ev);

    if (e->error_code == VC_NOT_VALIDATED) {
        buf_adds(&t->text, "The host hears nothing of it: the guest itself "
                           "gets #VC with error code 0x404, and the address "
                           "in CR2.");
        return;
    }
    buf_printf(&t->text,
               "The guest is an SEV-ES guest: nobody outside may see its "
               "registers. So the CPU does not leave the guest, it raises #VC "
               "inside it, with error code 0x%llx",
               L(e->error_code));
    tell_why(t, e->why);
}

static void tell_interrupted(struct telling *t, const struct event *ev)
{
    const struct ev_delivery_interrupted *e = EV(delivery_interrupted, ev);

    buf_printf(&t->text,
               "The CPU was just delivering %s to the guest. The VMCB keeps it "
               "for whoever enters the guest again: EXITINTINFO is 0x%llx.",
               e->vector < 32 ? text_or(e->name, "?") : "an interrupt",
               L(e->intinfo));
}

static void tell_double_fault(struct telling *t, const struct event *ev)
{
    const struct ev_double_fault *e = EV(double_fault, ev);

    buf_printf(&t->text, "While the CPU delivers %s, %s happens: #DF",
               text_or(e->first, "an exception"),
               text_or(e->second, "another"));
    tell_why(t, e->why);
}

static void tell_shutdown(struct telling *t, const struct event *ev)
{
    buf_adds(&t->text, "The CPU can deliver nothing any more and shuts down");
    tell_why(t, EV(shutdown, ev)->why);
}

static void tell_unsupported(struct telling *t, const struct event *ev)
{
    buf_printf(&t->text,
               "The instruction \"%s\" is one that this simulator does not "
               "execute; it acts as an undefined one.",
               text_or(EV(insn_unsupported, ev)->text, "?"));
}

static void tell_vmrun_invalid(struct telling *t, const struct event *ev)
{
    buf_adds(&t->text, "VMRUN refuses to enter the guest");
    tell_why(t, EV(vmrun_invalid, ev)->why);
}

/* ---- KVM's answer -------------------------------------------------------- */

static void tell_marked(struct telling *t, const struct event *ev)
{
    const struct ev_mark_mmio_spte *e = EV(mark_mmio_spte, ev);

    buf_printf(&t->text,
               "The fault leaves the guest, and KVM finds no memslot at "
               "0x%llx: MMIO. It plants an MMIO SPTE, 0x%llx, and expects the "
               "next touch to fault on its reserved bits.",
               L(e->gfn << 12), L(e->spte));
}

static void tell_refused(struct telling *t, const struct event *ev)
{
    const struct ev_mmio_spte_refused *e = EV(mmio_spte_refused, ev);

    buf_printf(&t->text,
               "The fault leaves the guest, and KVM finds no memslot at "
               "0x%llx: MMIO. But it plants no MMIO SPTE",
               L(e->gfn << 12));
    tell_why(t, e->why);
    buf_adds(&t->text, " The entry stays empty.");
}

static void tell_set_spte(struct telling *t, const struct event *ev)
{
    const struct ev_kvm_mmu_set_spte *e = EV(kvm_mmu_set_spte, ev);

    buf_printf(&t->text,
               "The fault leaves the guest. KVM finds memory behind 0x%llx, "
               "maps a %s page (SPTE 0x%llx) and resumes the guest, which "
               "repeats its instruction.",
               L(e->gfn << 12), pt_size_name(U(e->level)), L(e->spte));
}

static void tell_stale(struct telling *t, const struct event *ev)
{
    const struct ev_check_mmio_spte *e = EV(check_mmio_spte, ev);

    buf_printf(&t->text,
               "KVM sees its MMIO SPTE, but it is from memslot generation "
               "0x%llx and this is 0x%llx: it must look again.",
               L(e->spte_gen), L(e->kvm_gen));
}

static void tell_recognised(struct telling *t, const struct event *ev)
{
    buf_printf(&t->text,
               "The fault leaves the guest. The reserved bit in its code tells "
               "KVM at once that frame 0x%llx is emulated MMIO.",
               L(EV(handle_mmio_page_fault, ev)->gfn));
}

/* Only if nothing above has told it better. */
static void tell_result(struct telling *t, const struct event *ev)
{
    const struct ev_kvm_fault_result *e = EV(kvm_fault_result, ev);

    if (lap_has(t, EV_mark_mmio_spte) || lap_has(t, EV_mmio_spte_refused) ||
        lap_has(t, EV_kvm_mmu_set_spte) ||
        lap_has(t, EV_handle_mmio_page_fault))
        return;
    buf_printf(&t->text, "KVM's fault handling ends with %s",
               text_or(e->result, "?"));
    tell_why(t, e->why);
}

/* Asked again when userspace has answered: not worth a second link. */
static void tell_verdict(struct telling *t, const struct event *ev)
{
    const struct ev_kvm_emulate_verdict *e = EV(kvm_emulate_verdict, ev);

    if (told_before(t, EV_kvm_emulate_verdict))
        return;
    buf_printf(&t->text, "May KVM emulate the instruction? The answer is %s",
               text_or(e->verdict, "?"));
    tell_why(t, e->why);
}

static void tell_emulated(struct telling *t, const struct event *ev)
{
    const struct ev_kvm_emulate_insn *e = EV(kvm_emulate_insn, ev);

    buf_printf(&t->text, "KVM decodes the guest's instruction (%s) and %s.",
               text_or(e->text, text_or(e->bytes, "?")),
               e->failed ? "cannot emulate it" : "emulates it");
}

static void tell_mmio(struct telling *t, const struct event *ev)
{
    const struct ev_kvm_mmio *e = EV(kvm_mmio, ev);

    if (told_before(t, EV_vmm_device))
        return;
    if (strcmp(text_or(e->kind, ""), "read") == 0)
        buf_printf(&t->text, "The read of %llu bytes at 0x%llx gives 0x%llx.",
                   L(e->len), L(e->gpa), L(e->val));
    else
        buf_printf(&t->text, "It is a write of 0x%llx, %llu bytes, at 0x%llx.",
                   L(e->val), L(e->len), L(e->gpa));
}

static void tell_injected(struct telling *t, const struct event *ev)
{
    buf_printf(&t->text, "KVM injects %s into the guest.",
               text_or(EV(kvm_inj_exception, ev)->name, "an exception"));
}

static void tell_zap(struct telling *t, const struct event *ev)
{
    buf_adds(&t->text, "KVM drops all its nested tables");
    tell_why(t, EV(kvm_mmu_zap_all_fast, ev)->why);
}

/* ---- #VC, GHCB, userspace ------------------------------------------------ */

static void tell_guest_vc(struct telling *t, const struct event *ev)
{
    const struct ev_guest_vc *e = EV(guest_vc, ev);

    buf_printf(&t->text,
               "The guest's #VC handler decodes the instruction (%s): a %s of "
               "%llu bytes at guest-physical 0x%llx. It writes just this into "
               "the GHCB, a page that it shares with KVM, and executes "
               "VMGEXIT.",
               text_or(e->text, "?"), e->write ? "write" : "read", L(e->size),
               L(e->gpa));
}

static void tell_vmgexit(struct telling *t, const struct event *ev)
{
    const struct ev_kvm_vmgexit_enter *e = EV(kvm_vmgexit_enter, ev);
    const char *name = exit_code_name(e->exit_reason);

    buf_printf(&t->text,
               "KVM reads the request from the GHCB: %s (0x%llx), with 0x%llx "
               "and 0x%llx. It needs neither registers nor code of the guest.",
               name ? name : "exit code", L(e->exit_reason), L(e->info1),
               L(e->info2));
}

static void tell_msr_protocol(struct telling *t, const struct event *ev)
{
    buf_printf(&t->text, "The guest asks KVM through the GHCB MSR: 0x%llx.",
               L(EV(kvm_vmgexit_msr_protocol_enter, ev)->ghcb_gpa));
}

static void tell_malformed(struct telling *t, const struct event *ev)
{
    buf_adds(&t->text, "KVM refuses what stands in the GHCB");
    tell_why(t, EV(ghcb_malformed, ev)->why);
}

static void tell_userspace(struct telling *t, const struct event *ev)
{
    buf_printf(&t->text, "KVM_RUN returns to userspace with %s.",
               text_or(EV(kvm_userspace_exit, ev)->name, "KVM_EXIT_MMIO"));
}

static void tell_device(struct telling *t, const struct event *ev)
{
    const struct ev_vmm_device *e = EV(vmm_device, ev);
    const char *name = text_or(e->name, "none");

    if (e->write)
        buf_printf(&t->text, "The device there (%s) takes 0x%llx.", name,
                   L(e->value));
    else
        buf_printf(&t->text, "The device there (%s) answers 0x%llx.", name,
                   L(e->value));
}

static void tell_vc_done(struct telling *t, const struct event *ev)
{
    const struct ev_guest_vc_done *e = EV(guest_vc_done, ev);

    if (e->write)
        buf_adds(&t->text, "Back in the guest, the #VC handler");
    else
        buf_printf(&t->text,
                   "Back in the guest, the #VC handler puts 0x%llx into the "
                   "register that the instruction names,",
                   L(e->value));
    buf_adds(&t->text, " steps over the instruction and returns. The access is "
                       "complete.");
}

static void tell_fixup(struct telling *t, const struct event *ev)
{
    const struct ev_guest_fixup *e = EV(guest_fixup, ev);

    buf_printf(&t->text,
               "The guest's handler for %s gives the instruction up and goes "
               "on behind the step",
               text_or(e->name, "the exception"));
    tell_why(t, e->why);
}

static void tell_terminate(struct telling *t, const struct event *ev)
{
    buf_adds(&t->text, "The guest asks to be terminated");
    tell_why(t, EV(guest_terminate, ev)->why);
}

/* ---- the run ------------------------------------------------------------- */

static void tell_hang(struct telling *t, const struct event *ev)
{
    const struct ev_hang *e = EV(hang, ev);
    const char *name = exit_code_name(e->exit);

    buf_printf(&t->text, "This is a loop, noticed in lap %llu (%s", L(e->laps),
               name ? name : "exit");
    if (e->exit == EXIT_NPF) {
        buf_adds(&t->text, ", code ");
        tell_code(t, e->info1);
    }
    buf_adds(&t->text, ")");
    tell_why(t, e->why);
    if (t->bare)
        buf_adds(&t->text, " The guest gets no fault, and no exit but those of "
                           "the host's timer.");
    else
        buf_adds(
            &t->text,
            " The guest gets no fault and userspace no exit: only a signal "
            "ends KVM_RUN.");
}

static void tell_host_action(struct telling *t, const struct event *ev)
{
    const struct ev_host_action *e = EV(host_action, ev);

    if (told_before(t, EV_bare_npt) || told_before(t, EV_bare_vmcb) ||
        told_before(t, EV_bare_rmp) || told_before(t, EV_bare_memory))
        return;
    if (t->bare && strcmp(text_or(e->ret, "0"), "0") == 0)
        buf_printf(&t->text, "The hypervisor acts: %s.", text_or(e->what, "?"));
    else
        buf_printf(&t->text, "%s acts: %s. The answer is %s.",
                   t->bare ? "The hypervisor" : "Userspace",
                   text_or(e->what, "?"), text_or(e->ret, "0"));
}

static const struct link links[N_EVENTS] = {
    [EV_npf] = { tell_npf, "APM vol. 2, 15.25.6" },
    [EV_pf] = { tell_pf, "APM vol. 2, 8.4.2" },
    [EV_vc] = { tell_vc, "APM vol. 2, 15.35.5" },
    [EV_delivery_interrupted] = { tell_interrupted, "APM vol. 2, 15.7.2" },
    [EV_double_fault] = { tell_double_fault, "APM vol. 2, 8.2.9" },
    [EV_shutdown] = { tell_shutdown, "APM vol. 2, 8.2.9" },
    [EV_insn_unsupported] = { tell_unsupported, NULL },
    [EV_vmrun_invalid] = { tell_vmrun_invalid, "APM vol. 2, 15.5.1" },
    [EV_mark_mmio_spte] = { tell_marked, "Linux, mark_mmio_spte()" },
    [EV_mmio_spte_refused] = { tell_refused, NULL },
    [EV_kvm_mmu_set_spte] = { tell_set_spte, "Linux, kvm_tdp_mmu_map()" },
    [EV_check_mmio_spte] = { tell_stale, "Linux, check_mmio_spte()" },
    [EV_handle_mmio_page_fault] = { tell_recognised,
                                    "Linux, handle_mmio_page_fault()" },
    [EV_kvm_fault_result] = { tell_result, "Linux, kvm_mmu_page_fault()" },
    [EV_kvm_emulate_verdict] = { tell_verdict,
                                 "Linux, svm_can_emulate_instruction()" },
    [EV_kvm_emulate_insn] = { tell_emulated,
                              "Linux, x86_emulate_instruction()" },
    [EV_kvm_mmio] = { tell_mmio, NULL },
    [EV_kvm_inj_exception] = { tell_injected, NULL },
    [EV_kvm_mmu_zap_all_fast] = { tell_zap, "Linux, kvm_mmu_zap_all_fast()" },
    [EV_guest_vc] = { tell_guest_vc, "GHCB specification, MMIO access; Linux, "
                                     "vc_handle_mmio()" },
    [EV_kvm_vmgexit_enter] = { tell_vmgexit, "Linux, sev_handle_vmgexit()" },
    [EV_kvm_vmgexit_msr_protocol_enter] = { tell_msr_protocol,
                                            "GHCB specification, MSR "
                                            "protocol" },
    [EV_ghcb_malformed] = { tell_malformed,
                            "Linux, sev_es_validate_vmgexit()" },
    [EV_kvm_userspace_exit] = { tell_userspace, NULL },
    [EV_vmm_device] = { tell_device, NULL },
    [EV_guest_vc_done] = { tell_vc_done, "Linux, vc_finish_insn()" },
    [EV_guest_fixup] = { tell_fixup, NULL },
    [EV_guest_terminate] = { tell_terminate,
                             "GHCB specification, termination" },
    [EV_hang] = { tell_hang, NULL },
    [EV_host_action] = { tell_host_action, NULL },
};

bool explain_run_silent(const struct event *ev)
{
    if (ev->id == EV_kvm_userspace_exit)
        return EV(kvm_userspace_exit, ev)->reason != KVM_EXIT_MMIO;
    if (ev->id == EV_check_mmio_spte)
        return EV(check_mmio_spte, ev)->valid;
    if (ev->id == EV_kvm_mmio)
        return strcmp(text_or(EV(kvm_mmio, ev)->kind, ""), "read") != 0 &&
               strcmp(text_or(EV(kvm_mmio, ev)->kind, ""), "write") != 0;
    return false;
}

const struct link *explain_run_link(enum event_id id)
{
    return &links[id];
}
