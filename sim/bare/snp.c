/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bare/snp.c - a host with a reverse map table: the VM launched, pages given
 * away and taken back.
 *
 * All memory of the VM becomes private and validated, but for the pages that
 * its software wants shared. A page has the same size in the reverse map table
 * and in the nested tables, else no access passes (APM vol. 2, 15.36.10).
 */
#include "bare/machine.h"

#define SIZE_2M (2ULL << 20)

/* SNP_LAUNCH_START: bit 17 must be 1, and SMT is allowed. */
#define POLICY (BIT(17) | BIT(16))

const char *bare_snp_enable(struct bare *b)
{
    const struct wire *w = &b->wire;
    struct psp_request none = { 0 };
    uint64_t base = 0, syscfg = 0;

    if (!w->ops->rdmsr(w->hw, MSR_RMP_BASE, &base))
        return "this CPU has no SEV-SNP";
    if (!base)
        return "the BIOS set no memory aside for a reverse map table "
               "(cpu.set.rmp_table)";
    w->ops->rdmsr(w->hw, MSR_SYSCFG, &syscfg);
    if (!w->ops->wrmsr(w->hw, MSR_SYSCFG,
                       syscfg | SYSCFG_MFDM | SYSCFG_SNP_EN | SYSCFG_VMPL_EN))
        return "the CPU refuses SYSCFG with SNPE: #GP";
    return bare_psp(b, PSP_SNP_INIT, "SNP_INIT", &none);
}

/* ---- single pages ---- */

static const char *const results[] = {
    [RMP_FAIL_INPUT] = "FAIL_INPUT",
    [RMP_FAIL_PERMISSION] = "FAIL_PERMISSION",
    [RMP_FAIL_INUSE] = "FAIL_INUSE",
    [RMP_FAIL_OVERLAP] = "FAIL_OVERLAP",
    [RMP_FAIL_SIZEMISMATCH] = "FAIL_SIZEMISMATCH",
    [RMP_FAIL_BADADDR] = "FAIL_BADADDR",
};

static void tell(const struct bare *b, const char *insn, spa_t spa,
                 enum rmp_result result)
{
    const char *text = result == RMP_OK               ? "done"
                       : result < ARRAY_SIZE(results) ? results[result]
                                                      : "#UD";

    TRACE(b->trace, bare_rmp, .insn = insn, .spa = spa, .result = result,
          .text = text);
}

enum rmp_result bare_rmpupdate(struct bare *b, const struct bare_rmp *c)
{
    const uint64_t page = c->state.large ? SIZE_2M : PAGE_SIZE_4K;
    const uint64_t size = c->size ? c->size : page;
    struct rmp_state s = c->state;
    enum rmp_result result = RMP_OK;
    spa_t spa = c->spa;

    if (c->guests_asid)
        s.asid = s.assigned ? b->asid : 0;
    for (; spa - c->spa < size && result == RMP_OK; spa += page) {
        result = b->wire.ops->rmpupdate(b->wire.hw, spa, &s);
        s.gpa += page;
    }
    tell(b, "RMPUPDATE", result == RMP_OK ? c->spa : spa - page, result);
    return result;
}

enum rmp_result bare_psmash(struct bare *b, spa_t spa)
{
    enum rmp_result result = b->wire.ops->psmash(b->wire.hw, spa);

    tell(b, "PSMASH", spa, result);
    return result;
}

static const char *refused(struct bare *b, spa_t spa)
{
    return trace_text(b->trace,
                      "RMPUPDATE does not give the page at 0x%llx away",
                      (unsigned long long)spa);
}

/* To the firmware, or through it to the guest: immutable in the meantime. */
static const char *hand_over(struct bare *b, spa_t spa, uint32_t asid,
                             bool large)
{
    const struct rmp_state s = { .gpa = asid ? spa : 0,
                                 .asid = asid,
                                 .assigned = true,
                                 .large = large,
                                 .immutable = true };

    return b->wire.ops->rmpupdate(b->wire.hw, spa, &s) == RMP_OK
               ? NULL
               : refused(b, spa);
}

/* ---- the VM ---- */

static const char *command(struct bare *b, enum psp_cmd cmd, const char *name,
                           struct psp_request r)
{
    r.gctx = b->gctx;
    return bare_psp(b, cmd, name, &r);
}

const char *bare_snp_open(struct bare *b)
{
    const char *why;

    b->gctx = bare_frame(b);
    why = hand_over(b, b->gctx, 0, false);
    if (!why)
        why = command(b, PSP_SNP_GCTX_CREATE, "SNP_GCTX_CREATE",
                      (struct psp_request) { 0 });
    if (!why)
        why = command(b, PSP_SNP_LAUNCH_START, "SNP_LAUNCH_START",
                      (struct psp_request) { .policy = POLICY });
    if (!why)
        why = command(b, PSP_SNP_ACTIVATE, "SNP_ACTIVATE",
                      (struct psp_request) { .asid = b->asid });
    return why;
}

static const char *give(struct bare *b, spa_t spa, enum psp_page_type type,
                        bool large)
{
    const char *why = hand_over(b, spa, b->asid, large);

    return why ? why
               : command(b, PSP_SNP_LAUNCH_UPDATE, "SNP_LAUNCH_UPDATE",
                         (struct psp_request) {
                             .spa = spa, .large = large, .page_type = type });
}

/* Is one of the @pages among the @size bytes at @gpa? */
static bool meets(const struct bare_pages *pages, gpa_t gpa, uint64_t size)
{
    for (unsigned i = 0; i < pages->n; i++)
        if (pages->page[i] - gpa < size)
            return true;
    return false;
}

static bool fits_2m(const struct bare *b, gpa_t gpa, gpa_t end)
{
    struct bare_place p = bare_lowest(b, gpa);

    return is_aligned(gpa, SIZE_2M) && end - gpa >= SIZE_2M && p.level > 1 &&
           !meets(&b->private, gpa, SIZE_2M) &&
           !meets(&b->shared, gpa, SIZE_2M);
}

/* The page at @gpa; *@size: its bytes. */
static const char *launch_page(struct bare *b, gpa_t gpa, gpa_t end,
                               uint64_t *size)
{
    bool large = fits_2m(b, gpa, end);
    struct bare_place p;

    *size = large ? SIZE_2M : PAGE_SIZE_4K;
    if (large)
        return give(b, gpa, PSP_PAGE_ZERO, true);
    if (!bare_reach(b, gpa, 1, &p))
        return "the hypervisor has no page left for nested tables";
    if (meets(&b->shared, gpa, PAGE_SIZE_4K))
        return NULL;
    return give(b, gpa,
                meets(&b->private, gpa, PAGE_SIZE_4K) ? PSP_PAGE_NORMAL
                                                      : PSP_PAGE_ZERO,
                false);
}

static const char *launch_memory(struct bare *b, const struct bare_memory *m)
{
    const char *why = NULL;
    uint64_t size;

    for (gpa_t gpa = m->gpa; gpa - m->gpa < m->size && !why; gpa += size)
        why = launch_page(b, gpa, m->gpa + m->size, &size);
    return why;
}

const char *bare_snp_launch(struct bare *b)
{
    const char *why = NULL;

    for (unsigned i = 0; i < b->vm->n_memory && !why; i++)
        why = launch_memory(b, &b->vm->memory[i]);
    for (unsigned i = 0; i < b->vm->n_vcpus && !why; i++)
        why = give(b, b->vcpu[i].vmsa, PSP_PAGE_VMSA, false);
    return why ? why
               : command(b, PSP_SNP_LAUNCH_FINISH, "SNP_LAUNCH_FINISH",
                         (struct psp_request) { 0 });
}

/* ---- memory, touched by the host itself ---- */

bool bare_write(struct bare *b, spa_t spa, uint64_t value, unsigned size,
                uint64_t page)
{
    bool ok = b->wire.ops->write_large(b->wire.hw, spa, &value, size, page);

    TRACE(b->trace, bare_memory, .spa = spa, .size = size, .write = true,
          .value = value, .ok = ok);
    return ok;
}

uint64_t bare_read(struct bare *b, spa_t spa, unsigned size)
{
    uint64_t value = 0;

    b->wire.ops->read(b->wire.hw, spa, &value, size);
    TRACE(b->trace, bare_memory, .spa = spa, .size = size, .write = false,
          .value = value, .ok = true);
    return value;
}
