/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/explain_bare.c - bare hardware, link by link: the host's mode, the VM,
 * its nested tables, and exits that stay unanswered.
 */
#include "render/explain.h"

#include "arch/paging.h"
#include "arch/svm.h"

#include <string.h>

#define L(v) ((unsigned long long)(v))

static void tell_host(struct telling *t, const struct event *ev)
{
    const struct ev_bare_host *e = EV(bare_host, ev);

    t->bare = true;
    buf_printf(&t->text,
               "There is no kernel here: a hypervisor that does only what the "
               "scenario says takes the CPU. It pages with the format \"%s\" "
               "(CR0 0x%llx, CR4 0x%llx, EFER 0x%llx, so NXE is %u). VMRUN "
               "walks the nested tables by these registers.",
               text_or(e->paging, "?"), L(e->cr0), L(e->cr4), L(e->efer),
               e->efer & EFER_NXE ? 1U : 0U);
}

/* @before "GMET, ROGPT", or nothing. */
static void tell_controls(struct buf *b, const char *before, uint64_t ctl)
{
    static const struct {
        uint64_t bit;
        const char *name;
    } names[] = {
        { NESTED_CTL_SEV, "SEV" },     { NESTED_CTL_SEV_ES, "SEV-ES" },
        { NESTED_CTL_GMET, "GMET" },   { NESTED_CTL_SSS, "SSS" },
        { NESTED_CTL_ROGPT, "ROGPT" },
    };
    const char *gap = before;

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (!(ctl & names[i].bit))
            continue;
        buf_printf(b, "%s%s", gap, names[i].name);
        gap = ", ";
    }
}

static void tell_vm(struct telling *t, const struct event *ev)
{
    const struct ev_bare_vm *e = EV(bare_vm, ev);
    struct buf *b = &t->text;

    t->bare = true;
    if (strcmp(text_or(e->result, ""), "ok") != 0) {
        buf_adds(b, "There will be no VM");
        tell_why(t, e->why);
        return;
    }
    buf_printf(b, "The VM of type %s has ASID %llu; its VMCB ",
               text_or(e->type, "?"), L(e->asid));
    if (e->nested_ctl & NESTED_CTL_NP_ENABLE)
        buf_printf(b, "points to nested tables at 0x%llx", L(e->ncr3));
    else
        buf_adds(b, "asks for no nested paging");
    tell_controls(b, " and turns on ", e->nested_ctl);
    buf_addc(b, '.');
}

static void tell_vmcb(struct telling *t, const struct event *ev)
{
    const struct ev_bare_vmcb *e = EV(bare_vmcb, ev);

    buf_printf(&t->text, "The VMCB says now: ASID %llu, nested paging %s",
               L(e->asid), e->nested_ctl & NESTED_CTL_NP_ENABLE ? "on" : "off");
    tell_controls(&t->text, ", with ", e->nested_ctl);
    buf_addc(&t->text, '.');
}

static void tell_stale(struct telling *t, const struct event *ev)
{
    const struct ev_vmcb_stale *e = EV(vmcb_stale, ev);

    buf_printf(&t->text, "VMRUN does not look at what the VMCB says of %s",
               text_or(e->group, "a group"));
    tell_why(t, e->why);
}

static void tell_map(struct telling *t, const struct event *ev)
{
    const struct ev_bare_map *e = EV(bare_map, ev);

    buf_printf(&t->text,
               "Memory of 0x%llx bytes at guest-physical 0x%llx lies at the "
               "same system-physical address%s; nested pages have up to 0x%llx "
               "bytes.",
               L(e->size), L(e->gpa),
               e->readonly ? ", and may only be read" : "", L(e->page));
}

/* "0x200007 (P W U)" */
static void tell_entry(struct buf *b, uint64_t entry)
{
    buf_printf(b, "0x%llx", L(entry));
    if (!entry)
        return;
    buf_adds(b, " (");
    pte_words(b, entry);
    buf_addc(b, ')');
}

static void tell_npt(struct telling *t, const struct event *ev)
{
    const struct ev_bare_npt *e = EV(bare_npt, ev);
    struct buf *b = &t->text;

    buf_printf(b, "The nested %s of 0x%llx goes from ",
               pt_level_name((unsigned)e->level), L(e->gpa));
    tell_entry(b, e->old);
    buf_adds(b, " to ");
    tell_entry(b, e->new);
    if (e->entries > 1)
        buf_printf(b, ", and so do %llu more behind it", L(e->entries - 1));
    buf_addc(b, '.');
}

static void tell_exit(struct telling *t, const struct event *ev)
{
    const struct ev_bare_exit *e = EV(bare_exit, ev);
    const char *name = exit_code_name(e->code);

    buf_printf(&t->text,
               "The guest is left (%s, 0x%llx), and nobody does anything about "
               "it.",
               name ? name : "exit code", L(e->code));
}

/* ---- the reverse map table ---- */

static void tell_rmp(struct telling *t, const struct event *ev)
{
    const struct ev_bare_rmp *e = EV(bare_rmp, ev);

    buf_printf(&t->text, "The hypervisor executes %s on the page at 0x%llx: %s",
               text_or(e->insn, "?"), L(e->spa), text_or(e->text, "?"));
    if (e->result)
        buf_printf(&t->text, " (%llu)", L(e->result));
    buf_addc(&t->text, '.');
}

static void tell_memory(struct telling *t, const struct event *ev)
{
    const struct ev_bare_memory *e = EV(bare_memory, ev);

    if (!e->ok)
        return; /* the CPU has said why */
    buf_printf(&t->text, "The hypervisor itself %s 0x%llx %s 0x%llx.",
               e->write ? "writes" : "reads", L(e->value),
               e->write ? "to" : "from", L(e->spa));
}

static void tell_host_pf(struct telling *t, const struct event *ev)
{
    const struct ev_host_pf *e = EV(host_pf, ev);

    buf_printf(&t->text,
               "The hypervisor's write to 0x%llx raises #PF in the host, code "
               "0x%llx, and writes nothing",
               L(e->spa), L(e->error_code));
    tell_why(t, e->why);
}

static void tell_unvalidated(struct telling *t, const struct event *ev)
{
    const struct ev_rmp_fault *e = EV(rmp_fault, ev);

    buf_printf(&t->text,
               "The access to 0x%llx (guest-physical 0x%llx) meets a page "
               "whose entry in the reverse map table, at 0x%llx, is 0x%llx",
               L(e->gva), L(e->gpa), L(e->slot), L(e->entry));
    tell_why(t, e->why);
}

static void tell_page(struct telling *t, const struct event *ev)
{
    const struct ev_rmp_page *e = EV(rmp_page, ev);

    buf_printf(&t->text,
               "The guest executes %s on 0x%llx: the page's entry in the "
               "reverse map table is 0x%llx now.",
               text_or(e->insn, "?"), L(e->gva), L(e->entry));
}

static const struct link links[N_EVENTS] = {
    [EV_bare_rmp] = { tell_rmp, "APM vol. 2, 15.36.5" },
    [EV_bare_memory] = { tell_memory, "the scenario" },
    [EV_host_pf] = { tell_host_pf, "APM vol. 2, 15.36.10" },
    [EV_rmp_fault] = { tell_unvalidated, "APM vol. 2, 15.36.10" },
    [EV_rmp_page] = { tell_page, "APM vol. 2, 15.36.6" },
    [EV_bare_host] = { tell_host, "APM vol. 2, 15.25.3" },
    [EV_bare_vm] = { tell_vm, "APM vol. 2, 15.25.4" },
    [EV_bare_vmcb] = { tell_vmcb, "the scenario" },
    [EV_vmcb_stale] = { tell_stale, "APM vol. 2, 15.15" },
    [EV_bare_map] = { tell_map, "the scenario" },
    [EV_bare_npt] = { tell_npt, "the scenario" },
    [EV_bare_exit] = { tell_exit, NULL },
};

const struct link *explain_bare_link(enum event_id id)
{
    return &links[id];
}
