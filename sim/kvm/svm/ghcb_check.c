/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/svm/ghcb_check.c - is the request of an SEV-ES guest well-formed?
 *
 * The guest may be hostile or broken: nothing of the page is used before it
 * went through here. Order and rules are those of sev_es_validate_vmgexit() and
 * setup_vmgexit_scratch().
 */
#include "kvm/svm/ghcb.h"

/* Fields that a request must mark valid, besides exit code, INFO1, INFO2. */
#define NEED_RAX     BIT(0)
#define NEED_RBX     BIT(1)
#define NEED_RCX     BIT(2)
#define NEED_RDX     BIT(3)
#define NEED_CPL     BIT(4)
#define NEED_XCR0    BIT(5)
#define NEED_SCRATCH BIT(6)
#define NEED_UNKNOWN BIT(31) /* no such request */

#define IOIO_IN     BIT(0)
#define IOIO_STRING BIT(2)

static uint64_t ioio_needs(uint64_t info1)
{
    if (info1 & IOIO_STRING)
        return NEED_SCRATCH;
    return info1 & IOIO_IN ? 0 : NEED_RAX;
}

bool ghcb_knows_version2(const struct kvm_vm *vm)
{
    return kvm_wants_typed_vm(vm->kvm);
}

static uint64_t request_needs(const struct kvm_vcpu *v)
{
    switch (v->ghcb.exit_code) {
    case 0x27: /* DR7 read */
    case 0x6e: /* RDTSC */
    case 0x76: /* INVD */
    case 0x87: /* RDTSCP */
    case 0x89: /* WBINVD */
    case NAE_NMI_COMPLETE:
    case NAE_AP_HLT_LOOP:
    case NAE_AP_JUMP_TABLE:
    case NAE_UNSUPPORTED:
        return 0;
    case 0x37: /* DR7 write */
        return NEED_RAX;
    case 0x6f: /* RDPMC */
        return NEED_RCX;
    case EXIT_CPUID:
        return NEED_RAX | NEED_RCX | (v->gpr[GPR_RAX] == 0xd ? NEED_XCR0 : 0);
    case EXIT_IOIO:
        return ioio_needs(v->ghcb.info1);
    case EXIT_MSR:
        return NEED_RCX | (v->ghcb.info1 ? NEED_RAX | NEED_RDX : 0);
    case EXIT_VMMCALL:
        return NEED_RAX | NEED_CPL;
    case 0x8a: /* MONITOR */
        return NEED_RAX | NEED_RCX | NEED_RDX;
    case 0x8b: /* MWAIT */
        return NEED_RAX | NEED_RCX;
    case NAE_MMIO_READ:
    case NAE_MMIO_WRITE:
        return NEED_SCRATCH;
    case NAE_HV_FEATURES:
    case NAE_TERMINATE:
        return ghcb_knows_version2(v->vm) ? 0 : NEED_UNKNOWN;
    }
    return NEED_UNKNOWN;
}

static bool has_needed(const struct ghcb_copy *g, uint64_t needs)
{
    static const unsigned offset[] = { GHCB_RAX,       GHCB_RBX, GHCB_RCX,
                                       GHCB_RDX,       GHCB_CPL, GHCB_XCR0,
                                       GHCB_SW_SCRATCH };

    for (unsigned i = 0; i < ARRAY_SIZE(offset); i++) {
        if ((needs & BIT(i)) && !ghcb_valid(g, offset[i]))
            return false;
    }
    return true;
}

struct ghcb_complaint ghcb_validate(const struct kvm_vcpu *v,
                                    const struct ghcb_copy *g)
{
    uint64_t needs = request_needs(v);

    if (g->usage)
        return (struct ghcb_complaint) {
            GHCB_ERR_INVALID_USAGE, "the page is laid out for some other use"
        };
    if (!ghcb_valid(g, GHCB_SW_EXITCODE) || !ghcb_valid(g, GHCB_SW_EXITINFO1) ||
        !ghcb_valid(g, GHCB_SW_EXITINFO2))
        return (struct ghcb_complaint) {
            GHCB_ERR_MISSING_INPUT, "exit code, INFO1 or INFO2 is not marked "
                                    "valid"
        };
    if (needs & NEED_UNKNOWN)
        return (struct ghcb_complaint) { GHCB_ERR_INVALID_EVENT,
                                         "no such request in this kernel" };
    if (!has_needed(g, needs))
        return (struct ghcb_complaint) {
            GHCB_ERR_MISSING_INPUT, "a register that the request needs is not "
                                    "marked valid"
        };
    return (struct ghcb_complaint) { 0, NULL };
}

const char *ghcb_scratch_problem(const struct ghcb_state *g, uint64_t len)
{
    gpa_t start = g->scratch_gpa, end = start + len;

    if (!start)
        return "the scratch area has no address";
    if (end < start)
        return "the scratch area wraps";
    if ((start & PAGE_MASK_4K) == g->gpa) {
        if (start < g->gpa + GHCB_SHARED_BUFFER ||
            end > g->gpa + GHCB_SHARED_BUFFER + GHCB_SHARED_BUFFER_SIZE)
            return "the scratch area leaves the shared buffer of the GHCB";
        return NULL;
    }
    return len > GHCB_SCRATCH_LIMIT ? "the scratch area is too large" : NULL;
}
