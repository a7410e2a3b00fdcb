/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/vmrun.c - into the guest, and out of it.
 *
 * APM vol. 2, 15.5 and 15.6; for SEV-ES 15.35.8: then the registers live in the
 * VMSA page, which only the guest's key opens, and the VMCB's save area is not
 * used at all.
 */
#include "hw/cpu.h"

#include <string.h>

/* Instructions and deliveries without an exit after which the host's timer
 * interrupt comes: what keeps every VMRUN finite. */
#define TICK 65536

static void write_field(struct cpu *c, unsigned at, uint64_t value)
{
    crypt_write64(c->mem, c->vmcb + at, value, c->vmcb_key);
}

/* What VMRUN and #VMEXIT switch. */
static unsigned sets(const struct cpu *c)
{
    unsigned all = SAVE_SET_A | SAVE_SET_B | SAVE_SET_PKRU | SAVE_SET_VMSA;

    return c->ctl.sev_es ? all : SAVE_SET_A;
}

static spa_t vmsa_of(const struct cpu *c)
{
    return c->ctl.vmsa & ~cpu_cbit(c);
}

/* Is the VMSA in memory what c->area holds? */
static bool vmsa_is_here(const struct cpu *c)
{
    const struct stored_vmsa *s = &c->stored;

    return s->at && s->at == vmsa_of(c) && s->key.k[0] == c->gkey->k[0] &&
           s->key.k[1] == c->gkey->k[1] &&
           s->changes == mem_changes(c->mem, s->at);
}

static bool load_vmsa(struct cpu *c)
{
    if (vmsa_is_here(c))
        return true;
    c->stored.at = 0;
    crypt_read(c->mem, vmsa_of(c), c->area, PAGE_SIZE_4K, c->gkey);
    c->vmsa_rest = vmsa_rest(c->area);
    return vmsa_intact(c->area, c->vmsa_rest);
}

static void store_vmsa(struct cpu *c)
{
    spa_t at = vmsa_of(c);
    bool here = vmsa_is_here(c);
    size_t len = here ? SAVE_AREA_SIZE : PAGE_SIZE_4K;

    vmsa_seal(c->area, c->vmsa_rest);
    crypt_write(c->mem, at, c->area, len, c->gkey);
    if (here) /* and the checksum, in the last block */
        crypt_write(c->mem, at + PAGE_SIZE_4K - CRYPT_BLOCK,
                    c->area + PAGE_SIZE_4K - CRYPT_BLOCK, CRYPT_BLOCK, c->gkey);
    c->stored = (struct stored_vmsa) { at, *c->gkey, mem_changes(c->mem, at) };
}

/* The guest's registers, from the VMSA or the save area. */
static struct refusal load_state(struct cpu *c, const uint64_t gpr[N_GPRS])
{
    bool es = c->ctl.sev_es;

    if (es && !load_vmsa(c))
        return (struct refusal) {
            "the VMSA's integrity value is wrong: it was changed, or never "
            "encrypted with this guest's key",
            "APM vol. 2, 15.35.8",
            EXIT_INVALID,
        };
    if (!es) {
        c->stored.at = 0;
        crypt_read(c->mem, c->vmcb + VMCB_SAVE, c->area, SAVE_AREA_SIZE,
                   c->vmcb_key);
        clean_apply(c, c->area, VMCB_SAVE, SAVE_AREA_SIZE);
    }
    save_area_load(&c->g, c->area, sets(c));
    if (!is_snp_guest(c))
        c->g.vmpl = 0; /* nobody reads the field */
    cpu_canonicalise(c);
    for (unsigned i = 0; !es && i < N_GPRS; i++)
        if (i != GPR_RAX && i != GPR_RSP)
            c->g.r.gpr[i] = gpr[i];
    c->g.ghcb = c->ctl.ghcb;
    c->g.shadow = c->ctl.int_state & BIT(0);
    return check_state(c);
}

static void save_state(struct cpu *c, uint64_t gpr[N_GPRS])
{
    bool es = c->ctl.sev_es;

    save_area_store(&c->g, c->area, sets(c));
    if (es) {
        store_vmsa(c);
        write_field(c, VMCB_GHCB_GPA, c->g.ghcb);
        host_load(c);
        return;
    }
    crypt_write(c->mem, c->vmcb + VMCB_SAVE, c->area, SAVE_VMCB_SIZE,
                c->vmcb_key);
    for (unsigned i = 0; i < N_GPRS; i++)
        if (i != GPR_RAX && i != GPR_RSP)
            gpr[i] = c->g.r.gpr[i];
}

/* INTERRUPT_SHADOW and, for SEV-ES, whose RFLAGS the host cannot see, the
 * interrupt flag. */
static uint64_t int_state(const struct cpu *c)
{
    bool open = c->ctl.sev_es && (c->g.r.rflags & RFLAGS_IF);

    return (c->g.shadow ? BIT(0) : 0) | (open ? BIT(1) : 0);
}

/* What every #VMEXIT tells, also the one of a VMRUN that was refused. */
static void write_exit(struct cpu *c)
{
    const struct cpu_exit *x = &c->exit;

    write_field(c, VMCB_EXITCODE, x->code);
    write_field(c, VMCB_EXITINFO1, x->info1);
    write_field(c, VMCB_EXITINFO2, x->info2);
    write_field(c, VMCB_EXITINTINFO, event_encode(&c->delivering));
    if (c->delivering.valid)
        TRACE(c->trace, delivery_interrupted, .vector = c->delivering.vector,
              .name = vector_name(c->delivering.vector),
              .intinfo = event_encode(&c->delivering));
    TRACE(c->trace, vmexit, .code = x->code, .info1 = x->info1,
          .info2 = x->info2, .rip = c->g.r.rip, .insn_len = x->insn_len);
}

/* Where the guest stopped, for the hypervisor's next step. */
static void write_progress(struct cpu *c)
{
    const struct cpu_exit *x = &c->exit;
    uint8_t assist[16] = { x->insn_len };

    memcpy(assist + 1, x->insn_bytes, sizeof(x->insn_bytes));
    write_field(c, VMCB_INT_CTL, c->ctl.int_ctl);
    write_field(c, VMCB_INT_STATE, int_state(c));
    write_field(c, VMCB_EVENTINJ, c->ctl.eventinj & ~EVENT_V);
    write_field(c, VMCB_NRIP, x->nrip);
    crypt_write(c->mem, c->vmcb + VMCB_INSN_LEN, assist, sizeof(assist),
                c->vmcb_key);
}

/* The key that the firmware bound to this ASID; no SEV guest, no key. */
static void select_key(struct cpu *c)
{
    c->gkey = NULL;
    if (!c->ctl.sev)
        return;
    c->asid_key = psp_key_of(&c->psp, c->ctl.asid);
    c->gkey = &c->asid_key;
}

static enum flow next_insn(struct cpu *c)
{
    enum flow f = take_interrupt(c);

    return f == FLOW_NEXT ? exec_insn(c) : f;
}

static void run(struct cpu *c)
{
    enum flow f = inject(c, c->ctl.eventinj, c->ctl.nrip);

    for (unsigned n = 0; f != FLOW_EXIT; n++) {
        if (f == FLOW_EVENT)
            f = deliver(c);
        else if (n >= TICK)
            f = intercepted(c, EXIT_INTR, 0, 0, 0);
        else
            f = next_insn(c);
    }
}

static struct refusal enter(struct cpu *c, const uint64_t gpr[N_GPRS])
{
    struct refusal r = check_control(c);

    c->g.r = (struct guest_regs) { 0 };
    c->g.sev_features = c->g.vintr_ctrl = c->g.u_cet = 0;
    c->g.vmpl = 0;
    c->g.vtom = 0;
    select_key(c);
    if (!r.why)
        r = load_state(c, gpr);
    TRACE(c->trace, vmrun, .vmcb = c->vmcb, .asid = c->ctl.asid,
          .rip = c->g.r.rip, .sev = c->ctl.sev, .sev_es = c->ctl.sev_es,
          .ncr3 = has_nested(c) ? c->ctl.ncr3 : 0);
    if (r.why)
        return r;
    if (has_nested(c))
        latch_nested(c, c->host_cr0, c->host_cr4, c->efer, c->ctl.ncr3);
    else
        latch_no_nested(c);
    latch_guest(c);
    return check_tables(c);
}

/* Nobody may take these pages away while the guest runs. */
static void hold_pages(struct cpu *c)
{
    c->rmp.in_use[0] = c->vmcb;
    c->rmp.in_use[1] = vmsa_of(c);
    c->rmp.n_in_use = c->ctl.sev_es ? 2 : 1;
}

static void vmrun(struct cpu *c, uint64_t gpr[N_GPRS])
{
    uint8_t control[VMCB_SAVE];
    struct refusal r;

    host_save(c);
    crypt_read(c->mem, c->vmcb, control, sizeof(control), c->vmcb_key);
    memcpy(&c->ctl.clean, control + VMCB_CLEAN, sizeof(c->ctl.clean));
    clean_apply(c, control, 0, sizeof(control));
    vmcb_load_control(c, control);
    c->event.valid = c->delivering.valid = false;
    r = enter(c, gpr);
    if (r.why) {
        TRACE(c->trace, vmrun_invalid, .why = r.why, .source = r.source);
        exit_with(c, r.code ? r.code : EXIT_INVALID, 0, 0);
        write_exit(c);
        clean_forget(c);
        return;
    }
    flush_at_vmrun(c);
    c->again.on = !snp_on(c); /* the table may change between walks */
    hold_pages(c);
    run(c);
    c->rmp.n_in_use = 0;
    c->again.on = false;
    save_state(c, gpr);
    write_progress(c);
    write_exit(c);
    clean_remember(c, control);
}

/* What VMRUN itself writes to must be the host's (APM vol. 2, 15.36.12). */
static bool owns_pages(const struct cpu *c)
{
    spa_t hsave = c->hsave_pa & ~cpu_cbit(c);

    return !snp_on(c) ||
           (host_page(c, c->vmcb) && hsave && host_page(c, hsave));
}

/*
 * The sequence that hypervisors execute: VMLOAD, VMRUN, VMSAVE. For an SEV-ES
 * guest there is nothing for VMSAVE to take home: its state is in the VMSA.
 */
bool cpu_vmrun(struct cpu *c, spa_t vmcb, uint64_t gpr[N_GPRS])
{
    /* A real host would get #UD or #GP in its own code. */
    BUG_ON(!(c->efer & EFER_SVME));
    c->vmcb = vmcb & ~cpu_cbit(c);
    c->vmcb_key = vmcb & cpu_cbit(c) ? c->host_key : NULL;
    BUG_ON(c->vmcb % PAGE_SIZE_4K || c->vmcb >> cpu_phys_bits(c));
    if (!owns_pages(c)) {
        TRACE(c->trace, host_gp, .spa = c->vmcb,
              .why = "VMRUN writes to the VMCB and to the page at VM_HSAVE_PA, "
                     "and one of them is not the host's",
              .source = "APM vol. 2, 15.36.12");
        return false;
    }
    cpu_vmload(c, c->vmcb, c->vmcb_key);
    vmrun(c, gpr);
    if (!c->ctl.sev_es)
        cpu_vmsave(c, c->vmcb, c->vmcb_key);
    return true;
}
