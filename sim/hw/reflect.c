/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/reflect.c - does an exit leave the guest, or does the guest get #VC?
 *
 * The hypervisor of an SEV-ES guest can read neither registers nor code, so it
 * could not emulate anything. Exits that would need that ("non-automatic") stay
 * inside as #VC, and the guest decides what to tell (APM vol. 2, 15.35.4 and
 * 15.35.5). This is the one place where that is decided.
 */
#include "hw/cpu.h"

/* Exits that an SEV-ES guest takes without being asked; of these, some find RIP
 * behind the instruction. Rest of table 15-35: #VC. */
static const struct automatic {
    uint64_t first, last;
    bool advances;
} automatic_exits[] = {
    { EXIT_EXC + 18, EXIT_EXC + 18, false }, /* #MC */
    { EXIT_INTR, EXIT_VINTR, false },        /* NMI, SMI, INIT between */
    { EXIT_HLT, EXIT_HLT, true },
    { EXIT_SHUTDOWN, EXIT_SHUTDOWN, false },
    { EXIT_EFER_TRAP, EXIT_CR_TRAP + 15, true }, /* traps */
    { EXIT_NPF, EXIT_NPF, false }, /* unless RSVD: reflects_npf() */
    { EXIT_VMGEXIT, EXIT_VMGEXIT, true },
};

static const struct automatic *find_automatic(uint64_t code)
{
    for (size_t i = 0; i < ARRAY_SIZE(automatic_exits); i++)
        if (code >= automatic_exits[i].first && code <= automatic_exits[i].last)
            return &automatic_exits[i];
    return NULL;
}

/*
 * A reserved bit in a nested entry is how a hypervisor marks emulated MMIO, so
 * that is the fault which the guest must hear about.
 */
bool reflects_npf(const struct cpu *c, uint64_t info1)
{
    return c->ctl.sev_es && (info1 & PFERR_RSVD);
}

enum flow raise_vc(struct cpu *c, uint64_t code, uint64_t info1,
                   const char *why, const char *source)
{
    TRACE(c->trace, vc, .error_code = code, .rip = c->g.r.rip, .info1 = info1,
          .why = why, .source = source);
    return raise_error(c, VEC_VC, (uint32_t)code);
}

enum flow exit_with(struct cpu *c, uint64_t code, uint64_t info1,
                    uint64_t info2)
{
    c->exit = (struct cpu_exit) {
        .code = code,
        .info1 = info1,
        .info2 = info2,
    };
    return FLOW_EXIT;
}

enum flow intercepted(struct cpu *c, uint64_t code, uint64_t info1,
                      uint64_t info2, unsigned len)
{
    const struct automatic *a = find_automatic(code);

    if (c->ctl.sev_es && !a)
        return raise_vc(c, code, 0,
                        "the hypervisor intercepts this, but it could not "
                        "emulate it for an SEV-ES guest: the guest gets #VC "
                        "and must ask",
                        "APM vol. 2, 15.35.4");
    exit_with(c, code, info1, info2);
    if (c->ctl.sev_es && a->advances) {
        c->g.r.rip = next_rip(c, len);
        c->g.shadow = false;
    } else if (len && c->model.features[FEAT_NRIPS]) {
        c->exit.nrip = next_rip(c, len);
    }
    return FLOW_EXIT;
}
