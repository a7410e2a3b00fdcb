/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/why.c - the reason of a failed walk in words, for people who never saw the
 * topic.
 *
 * The walker that failed knows; this file only phrases. why_detail() names the
 * bit and the numbers of this CPU and is made only when somebody listens.
 */
#include "hw/cpu.h"

#define CH5  "APM vol. 2, 5.4.1"
#define PERM "APM vol. 2, 5.6"
#define RMP  "APM vol. 2, 15.36.10"

static const struct {
    const char *text, *source;
} reasons[] = {
    [WHY_NONE] = { NULL, NULL },
    [WHY_NONCANONICAL] = { "the address is not canonical: its upper bits are "
                           "no copy of its sign bit",
                           "APM vol. 2, 5.3.1" },
    [WHY_BEYOND_ROOT] = { "the guest-physical address has more bits than the "
                          "nested tables can map",
                          "APM vol. 2, 15.25.3" },
    [WHY_RSVD_BEYOND_ROOT] = { "the guest-physical address has more bits than "
                               "the nested tables can map, which this CPU "
                               "treats as reserved",
                               "APM vol. 2, 15.25.3" },
    [WHY_NOT_PRESENT] = { "the entry is not present (P=0): nothing is mapped",
                          CH5 },
    [WHY_RSVD_ADDR] = { "an address bit that this CPU does not have is set",
                        "APM vol. 2, 5.3.3, 7.10.1" },
    [WHY_RSVD_NX] = { "bit 63 (NX) is reserved while EFER.NXE is 0",
                      "APM vol. 2, 5.6.1" },
    [WHY_RSVD_PS] = { "bit 7 is reserved in an entry of this level",
                      "APM vol. 2, 5.3.3" },
    [WHY_RSVD_BIT8] = { "bit 8 is reserved in an entry of this level",
                        "APM vol. 2, 5.3.3" },
    [WHY_RSVD_1G] = { "bit 7 asks for a 1G page, which this CPU does not have",
                      "APM vol. 2, 5.3.5" },
    [WHY_RSVD_PAE] = { "a bit that is reserved in PAE tables is set",
                       "APM vol. 2, 5.2.3" },
    [WHY_RSVD_PSE36] = { "an address bit of a 4M page that this CPU does not "
                         "have is set",
                         "APM vol. 2, 5.2.2" },
    [WHY_RSVD_SHARED] = { "PVALIDATE, RMPADJUST and RMPQUERY want a page that "
                          "is "
                          "mapped private (C=1)",
                          "hardware bring-up, reported; the manual is silent" },
    [WHY_RSVD_LARGE] = { "the address of a large page is not aligned",
                         "APM vol. 2, 5.3.4" },
    [WHY_USER] = { "a user access to a supervisor page (U=0)", PERM },
    [WHY_WRITE] = { "a write to a read-only page (W=0)", PERM },
    [WHY_NX] = { "an instruction fetch from a no-execute page (NX=1)", PERM },
    [WHY_SMEP] = { "SMEP: the kernel may not execute user pages",
                   "APM vol. 2, 5.6.5" },
    [WHY_SMAP] = { "SMAP: the kernel may not touch user pages while "
                   "RFLAGS.AC is 0",
                   "APM vol. 2, 5.6.6" },
    [WHY_PKEY] = { "PKRU forbids this protection key", "APM vol. 2, 5.6.7" },
    [WHY_SHADOW] = { "no shadow-stack page of this privilege: it has W=0 and "
                     "D=1 below writable tables",
                     "APM vol. 2, 18.7" },
    [WHY_GMET] = { "GMET: the guest's kernel may not execute pages whose "
                   "nested entries all have U=1",
                   "APM vol. 2, 15.25.13" },
    [WHY_SSS] = { "a supervisor shadow stack outside of the pages that nested "
                  "tables mark for it (NX=1, U=0)",
                  "APM vol. 2, 15.25.14" },
    [WHY_RMP_UNCOVERED] = { "the reverse map table does not cover the page, so "
                            "it cannot be this guest's",
                            RMP },
    [WHY_RMP_HOST] = { "the page is the host's: the reverse map table has it "
                       "assigned to nobody, and this access is private",
                       RMP },
    [WHY_RMP_ASID] = { "the reverse map table has the page assigned to another "
                       "guest",
                       RMP },
    [WHY_RMP_GPA] = { "the page is this guest's, but belongs to another guest-"
                      "physical address: the host has mapped it elsewhere",
                      RMP },
    [WHY_RMP_IMMUTABLE] = { "the page is immutable: the secure processor has "
                            "it",
                            RMP },
    [WHY_RMP_SIZE] = { "the page has another size in the nested tables than in "
                       "the reverse map table",
                       RMP },
    [WHY_RMP_VALIDATED] = { "the guest has not validated this page: the host "
                            "has assigned it anew",
                            RMP },
    [WHY_RMP_VMPL] = { "the page does not permit this to the VMPL that runs",
                       "APM vol. 2, 15.36.7" },
    [WHY_RMP_ASSIGNED] = { "the page is assigned to a guest or to the secure "
                           "processor: only the owner may write to it",
                           RMP },
    [WHY_RMP_TABLE] = { "accessed or dirty must be set in a nested table that "
                        "lies in a page which is not the host's",
                        RMP },
    [WHY_RMP_SIZEM] = { "a 4K page was asked for, and the reverse map table "
                        "has one of 2M: the host must split it (PSMASH)",
                        "APM vol. 2, 15.36.11" },
};

const char *why_text(enum why why)
{
    return reasons[why].text;
}

const char *why_source(enum why why)
{
    return reasons[why].source;
}

static const char *rsvd_addr_detail(struct cpu *c, const struct walk *w)
{
    unsigned raw = c->model.maxphyaddr_raw;
    unsigned width = w->end == END_NPF ? c->nested.width : c->guest.width;

    if (w->end == END_PF && BIT(w->bit) == cpu_cbit(c) && has_vtom(c))
        return trace_text(c->trace,
                          "bit %u is the C-bit, and with a virtual top of "
                          "memory the address says what is private",
                          w->bit);
    if (w->end == END_PF && BIT(w->bit) == cpu_cbit(c))
        return trace_text(c->trace,
                          "bit %u is the host's C-bit, which this CPU reserves "
                          "in the tables of a guest without one",
                          w->bit);
    if (width == raw)
        return trace_text(c->trace,
                          "bit %u is reserved: this CPU has %u physical bits",
                          w->bit, raw);
    return trace_text(c->trace,
                      "bit %u is reserved: this CPU has %u physical bits, and "
                      "memory encryption takes %u of them, which leaves %u",
                      w->bit, raw, raw - width, width);
}

/* Of an entry of the reverse map table. */
static unsigned asid_of(uint64_t entry)
{
    return (unsigned)((entry & RMP_ASID) >> RMP_ASID_SHIFT);
}

const char *why_detail(struct cpu *c, const struct walk *w)
{
    struct trace *t = c->trace;
    const char *entry = pt_level_name(w->level);
    const char *who = w->end == END_NPF ? "nested" : "guest";

    switch (w->why) {
    case WHY_NOT_PRESENT:
        return trace_text(t,
                          "the %s %s is not present (P=0): nothing is "
                          "mapped at this address",
                          who, entry);
    case WHY_RSVD_ADDR:
        return rsvd_addr_detail(c, w);
    case WHY_RSVD_PS:
    case WHY_RSVD_BIT8:
        return trace_text(t, "bit %u is reserved in a %s", w->bit, entry);
    case WHY_RSVD_PAE:
        return trace_text(t, "bit %u is reserved in a %s of PAE tables", w->bit,
                          entry);
    case WHY_RSVD_PSE36:
        return trace_text(t, "bit %u is reserved in the entry of a 4M page",
                          w->bit);
    case WHY_RSVD_LARGE:
        return trace_text(t,
                          "bit %u is reserved: the address of a %s page is "
                          "a multiple of %s",
                          w->bit, pt_size_name(w->level),
                          pt_size_name(w->level));
    case WHY_USER:
        if (w->end == END_NPF)
            return trace_text(t,
                              "the nested %s has U=0, and to nested tables "
                              "every guest access is a user access",
                              entry);
        break;
    case WHY_WRITE:
        if (w->end == END_NPF && (w->code & PFERR_GUEST_PAGE))
            return trace_text(t,
                              "the nested %s is read-only (W=0), and reading "
                              "a guest page table counts as a write, because "
                              "it may set accessed and dirty bits",
                              entry);
        return trace_text(t, "the %s %s is read-only (W=0)", who, entry);
    case WHY_NX:
        return trace_text(t, "the %s %s is no-execute (NX=1)", who, entry);
    case WHY_RMP_ASID:
        return trace_text(t, "%s: ASID %u, and ASID %u is running",
                          why_text(w->why), asid_of(w->pte), c->ctl.asid);
    case WHY_RMP_GPA:
        return trace_text(t,
                          "%s: the entry says 0x%llx, the access is to "
                          "0x%llx",
                          why_text(w->why),
                          (unsigned long long)(w->pte & RMP_GPA),
                          (unsigned long long)w->gpa);
    case WHY_RMP_VMPL:
        return trace_text(t, "%s (VMPL%u)", why_text(w->why), c->g.vmpl);
    case WHY_RMP_ASSIGNED:
        return trace_text(t, "%s (the entry says ASID %u)", why_text(w->why),
                          asid_of(w->pte));
    case WHY_RMP_SIZE:
        return trace_text(t, "%s, where it has %s", why_text(w->why),
                          w->pte & RMP_2M ? "2M" : "4K");
    case WHY_NONE:
    case WHY_NONCANONICAL:
    case WHY_BEYOND_ROOT:
    case WHY_RSVD_BEYOND_ROOT:
    case WHY_RSVD_NX:
    case WHY_RSVD_1G:
    case WHY_RSVD_SHARED:
    case WHY_SMEP:
    case WHY_SMAP:
    case WHY_PKEY:
    case WHY_SHADOW:
    case WHY_GMET:
    case WHY_SSS:
    case WHY_RMP_UNCOVERED:
    case WHY_RMP_HOST:
    case WHY_RMP_IMMUTABLE:
    case WHY_RMP_VALIDATED:
    case WHY_RMP_SIZEM:
    case WHY_RMP_TABLE:
        break;
    }
    return why_text(w->why);
}
