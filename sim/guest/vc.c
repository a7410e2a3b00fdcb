/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * guest/vc.c - the #VC handler: ask the hypervisor for what the CPU would not
 * let it do by itself (APM vol. 2, 15.35.5; GHCB specification, pub. 56421).
 *
 * It does what Linux' handler does (arch/x86/coco/sev, vc_handle_mmio and its
 * siblings), refusals included. #VC carries neither an address nor a size, so
 * the handler decodes its own instruction and walks its own page tables. What
 * the second half needs lies in guest memory, at the foot of the #VC stack: a
 * restart must find it, another vCPU must not.
 */
#include "guest/vc.h"

#include "arch/sev.h"
#include "trace.h"

#include <string.h>

/* ---- giving up ---- */

/* Kernel code cannot live without the answer; Linux prints, asks for the end
 * and halts. A program only loses its step. */
static enum port_result vc_fail(struct vc *c, const char *why)
{
    const uint64_t set = 0, code = 0; /* SEV_ES_GEN_REQ */

    if (c->user)
        return give_up_step(c->v, c->p, &c->f, VEC_VC, why);
    if (!port_wrmsr(c->p, MSR_GHCB, GHCB_MSR_TERM_REQ | set << 12 | code << 16))
        return panic(c->v, c->p, &c->f, VEC_VC, why);
    TRACE(c->v->guest->trace, guest_terminate, .set = set, .code = code,
          .why = why);
    c->v->panicked = true;
    port_regs(c->p)->rip = c->v->guest->code.terminate;
    return PORT_OK;
}

/* ---- the GHCB ---- */

/* Fields on their way into the GHCB; after the first fault nothing is written.
 */
struct ghcb_writer {
    struct guest_port *p;
    gva_t ghcb;
    uint8_t valid[16];
    enum port_result result;
};

static void ghcb_raw(struct ghcb_writer *w, unsigned offset, const void *data,
                     size_t len)
{
    if (w->result == PORT_OK)
        w->result = port_write(w->p, w->ghcb + offset, data, len);
}

static void ghcb_put(struct ghcb_writer *w, unsigned offset, uint64_t value)
{
    unsigned bit = offset / 8;

    ghcb_raw(w, offset, &value, sizeof(value));
    w->valid[bit / 8] |= (uint8_t)(1 << bit % 8);
}

static struct ghcb_writer ghcb_begin(struct vc *c, uint64_t code,
                                     uint64_t info1, uint64_t info2)
{
    struct ghcb_writer w = { .p = c->p, .ghcb = c->v->ghcb };

    ghcb_put(&w, GHCB_SW_EXITCODE, code);
    ghcb_put(&w, GHCB_SW_EXITINFO1, info1);
    ghcb_put(&w, GHCB_SW_EXITINFO2, info2);
    return w;
}

/* The request is complete: keep the instruction for the second half. The stub
 * executes VMGEXIT next. */
static enum port_result ghcb_send(struct vc *c, struct ghcb_writer *w)
{
    const uint16_t version = 1;
    const uint32_t usage = 0;

    ghcb_raw(w, GHCB_VERSION, &version, sizeof(version));
    ghcb_raw(w, GHCB_USAGE, &usage, sizeof(usage));
    ghcb_raw(w, GHCB_VALID_BITMAP, w->valid, sizeof(w->valid));
    if (w->result != PORT_OK)
        return PORT_FAULT;
    return port_write(c->p, c->v->vc_stack, &c->saved, sizeof(c->saved));
}

static const char *text(const struct vc *c)
{
    char line[96];

    insn_text(INSN_MODE_64, c->saved.bytes, c->saved.len, c->f.rip, line,
              sizeof(line));
    return trace_text(c->v->guest->trace, "%s", line);
}

/* ---- first half ---- */

static bool mmio_is_write(const struct insn *i)
{
    return i->d.kind == OPND_MEM;
}

static unsigned mmio_size(const struct insn *i)
{
    return mmio_is_write(i) ? i->d.size : i->s.size;
}

static enum port_result mmio_request(struct vc *c, gva_t gva, gpa_t gpa)
{
    const struct insn *i = &c->insn;
    bool write = mmio_is_write(i);
    gpa_t buffer = c->v->ghcb + GHCB_SHARED_BUFFER;
    uint64_t value = i->s.kind == OPND_IMM ? i->imm : 0;
    struct ghcb_writer w = ghcb_begin(c, write ? NAE_MMIO_WRITE : NAE_MMIO_READ,
                                      gpa, mmio_size(i));

    ghcb_put(&w, GHCB_SW_SCRATCH, buffer);
    if (i->s.kind == OPND_REG)
        value = gpr_read(c->gpr, &i->s);
    if (write)
        ghcb_raw(&w, GHCB_SHARED_BUFFER, &value, i->d.size);
    if (ghcb_send(c, &w) != PORT_OK)
        return PORT_FAULT;
    TRACE(c->v->guest->trace, guest_vc, .text = text(c), .gva = gva, .gpa = gpa,
          .size = mmio_size(i), .write = write);
    return PORT_OK;
}

static enum port_result mmio_enter(struct vc *c)
{
    const struct insn *i = &c->insn;
    uint64_t leaf;
    gva_t gva;
    gpa_t gpa;

    if (c->user)
        return vc_fail(c, "Linux emulates no MMIO of user programs");
    if (!vc_is_mmio(c))
        return vc_fail(c, "Linux' #VC handler does not know this instruction "
                          "as an MMIO access");
    gva = insn_address(i, c->gpr, c->f.rip); /* FS and GS bases are 0 here */
    if (vc_walk(c, gva, &gpa, &leaf) != PORT_OK)
        return PORT_FAULT;
    if (!(leaf & PTE_P))
        return give_up_step(c->v, c->p, &c->f, VEC_VC,
                            "the address is no longer mapped");
    if (leaf & c->v->guest->cbit)
        return vc_fail(c, "MMIO in a page mapped as private (C=1): the "
                          "hypervisor may be lying, Linux refuses");
    return mmio_request(c, gva, gpa);
}

static enum port_result registers_enter(struct vc *c, uint64_t code)
{
    struct ghcb_writer w = ghcb_begin(c, code, 0, 0);
    uint8_t cpl = c->user ? 3 : 0;

    ghcb_put(&w, GHCB_RAX, c->gpr[GPR_RAX]);
    ghcb_put(&w, GHCB_RCX, c->gpr[GPR_RCX]);
    if (code == EXIT_CPUID)
        ghcb_put(&w, GHCB_XCR0, 1);
    if (code == EXIT_VMMCALL) {
        ghcb_put(&w, GHCB_CPL & ~7U, (uint64_t)cpl << 8 * (GHCB_CPL & 7));
        ghcb_put(&w, GHCB_RBX, c->gpr[GPR_RBX]);
        ghcb_put(&w, GHCB_RDX, c->gpr[GPR_RDX]);
        ghcb_put(&w, VMSA_RSI, c->gpr[GPR_RSI]);
    }
    if (ghcb_send(c, &w) != PORT_OK)
        return PORT_FAULT;
    TRACE(c->v->guest->trace, guest_vc, .text = text(c));
    return PORT_OK;
}

static void set_interrupted_registers(struct vc *c)
{
    memcpy(c->gpr, port_regs(c->p)->gpr, sizeof(c->gpr));
    c->gpr[GPR_RSP] = c->f.rsp;
    c->user = (c->f.cs & 3) == 3;
}

static void tell_entered(const struct vc *c)
{
    TRACE(c->v->guest->trace, guest_handler, .vector = VEC_VC,
          .name = vector_name(VEC_VC), .error_code = c->f.error,
          .rip = c->f.rip);
}

enum port_result vc_enter(struct guest_vcpu *v, struct guest_port *p)
{
    struct vc c = { .v = v, .p = p };
    enum insn_result decoded;

    if (frame_read(p, true, &c.f) != PORT_OK)
        return PORT_FAULT;
    set_interrupted_registers(&c);
    if (vc_fetch(&c, &decoded) != PORT_OK)
        return PORT_FAULT;
    tell_entered(&c);
    if (!c.user && (c.f.rip & PAGE_MASK_4K) == v->guest->code.page)
        return vc_fail(&c, "a #VC inside the kernel's own handlers");
    if (decoded != INSN_OK)
        return vc_fail(&c, "the interrupted instruction cannot be decoded");
    /* A hypervisor can inject any #VC: the instruction must fit it. */
    if (c.f.error == VC_NPF)
        return mmio_enter(&c);
    if (c.f.error == EXIT_CPUID && vc_is_cpuid(&c))
        return registers_enter(&c, EXIT_CPUID);
    if (c.f.error == EXIT_VMMCALL && c.insn.op == INSN_VMMCALL)
        return registers_enter(&c, EXIT_VMMCALL);
    return vc_fail(&c, "this #VC is not one that Linux answers for this "
                       "instruction");
}

/* ---- second half ---- */

static enum port_result ghcb_get(struct vc *c, unsigned offset, void *out,
                                 size_t len)
{
    return port_read(c->p, c->v->ghcb + offset, out, len);
}

/* SW_EXITINFO1 = 1: the hypervisor asks for an exception, and may only ask for
 * #GP or #UD (GHCB specification, "SW_EXITINFO1"). */
static enum port_result refused(struct vc *c, uint32_t info1)
{
    uint64_t event;
    unsigned vector;

    if (ghcb_get(c, GHCB_SW_EXITINFO2, &event, sizeof(event)) != PORT_OK)
        return PORT_FAULT;
    vector = event & EVENT_VECTOR_MASK;
    if (info1 != 1 || !(event & EVENT_V) ||
        (event >> EVENT_TYPE_SHIFT & 7) != EVENT_TYPE_EXC ||
        (vector != VEC_GP && vector != VEC_UD))
        return vc_fail(c, "the hypervisor refused the request in the GHCB");
    c->f.error = event & EVENT_EV ? event >> 32 : 0;
    return give_up_step(c->v, c->p, &c->f, vector,
                        "the hypervisor asked for this exception");
}

static enum port_result mmio_finish(struct vc *c, uint64_t *value)
{
    const struct insn *i = &c->insn;
    unsigned shift = 64 - 8 * i->s.size;

    *value = 0;
    if (ghcb_get(c, GHCB_SHARED_BUFFER, value, mmio_size(i)) != PORT_OK)
        return PORT_FAULT;
    if (mmio_is_write(i))
        return PORT_OK;
    if (i->op == INSN_MOVSX)
        gpr_write(c->gpr, &i->d,
                  (uint64_t)((int64_t)(*value << shift) >> shift));
    else
        gpr_write(c->gpr, &i->d, *value);
    return PORT_OK;
}

/* Registers that the hypervisor returns count only if it marked them valid. */
static enum port_result registers_finish(struct vc *c, bool *complete)
{
    static const struct {
        unsigned offset;
        enum gpr gpr;
    } returned[] = { { GHCB_RAX, GPR_RAX },
                     { GHCB_RBX, GPR_RBX },
                     { GHCB_RCX, GPR_RCX },
                     { GHCB_RDX, GPR_RDX } };
    size_t n = c->f.error == EXIT_CPUID ? ARRAY_SIZE(returned) : 1;
    uint8_t valid[16];

    *complete = true;
    if (ghcb_get(c, GHCB_VALID_BITMAP, valid, sizeof(valid)) != PORT_OK)
        return PORT_FAULT;
    for (size_t i = 0; i < n; i++) {
        unsigned bit = returned[i].offset / 8;

        if (!(valid[bit / 8] >> bit % 8 & 1))
            *complete = false;
        if (ghcb_get(c, returned[i].offset, &c->gpr[returned[i].gpr], 8) !=
            PORT_OK)
            return PORT_FAULT;
    }
    return PORT_OK;
}

/* Take the answer over: registers, then on behind the instruction. */
static enum port_result resume(struct vc *c, uint64_t value)
{
    struct guest_regs *r = port_regs(c->p);
    gva_t rip = c->f.rip;
    uint64_t rsp = r->gpr[GPR_RSP];

    memcpy(r->gpr, c->gpr, sizeof(r->gpr));
    r->gpr[GPR_RSP] = rsp;
    c->f.rsp = c->gpr[GPR_RSP];
    c->f.rip += c->insn.len;
    if (frame_return(c->p, &c->f) != PORT_OK)
        return PORT_FAULT;
    TRACE(c->v->guest->trace, guest_vc_done, .rip = rip, .value = value,
          .write = c->f.error == VC_NPF && mmio_is_write(&c->insn));
    return PORT_OK;
}

/* The instruction of the first half. Guest memory can be overwritten, so it is
 * checked again. */
static enum port_result load_saved(struct vc *c, bool *intact)
{
    struct saved_insn *s = &c->saved;

    if (port_read(c->p, c->v->vc_stack, s, sizeof(*s)) != PORT_OK)
        return PORT_FAULT;
    *intact =
        s->len <= INSN_MAX_LEN &&
        insn_decode(INSN_MODE_64, s->bytes, s->len, &c->insn) == INSN_OK &&
        (c->f.error != VC_NPF || vc_is_mmio(c));
    return PORT_OK;
}

enum port_result vc_done(struct guest_vcpu *v, struct guest_port *p)
{
    struct vc c = { .v = v, .p = p };
    bool intact, complete = true;
    uint64_t info1, value = 0;

    if (frame_read(p, true, &c.f) != PORT_OK ||
        load_saved(&c, &intact) != PORT_OK)
        return PORT_FAULT;
    set_interrupted_registers(&c);
    if (!intact)
        return vc_fail(&c, "the instruction that the first half kept is gone");
    if (ghcb_get(&c, GHCB_SW_EXITINFO1, &info1, sizeof(info1)) != PORT_OK)
        return PORT_FAULT;
    if ((uint32_t)info1)
        return refused(&c, (uint32_t)info1);
    if ((c.f.error == VC_NPF ? mmio_finish(&c, &value)
                             : registers_finish(&c, &complete)) != PORT_OK)
        return PORT_FAULT;
    if (!complete)
        return vc_fail(&c, "the hypervisor left registers out of its answer");
    return resume(&c, value);
}
