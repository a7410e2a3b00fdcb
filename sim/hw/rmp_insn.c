/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/rmp_insn.c - the reverse map table and an SNP guest: PVALIDATE, RMPADJUST,
 * RMPQUERY.
 *
 * APM vol. 2, 15.36.6 and 15.36.7, and vol. 3. Their operand is a page, and the
 * access to it goes the way of all accesses as far as whose page it is; then a
 * status in EAX says what else may be wrong. The host's instructions mean
 * nothing in a guest.
 */
#include "hw/walk.h"

#include "arch/insn.h"

#define RFLAGS_CF     BIT(0)
#define RFLAGS_PF     BIT(2)
#define RFLAGS_ZF     BIT(6)
#define RFLAGS_STATUS (RFLAGS_CF | RFLAGS_PF | bits(7, 6) | BIT(4) | BIT(11))

#define ADJUST_PERMISSIONS_SHIFT 8
#define ADJUST_VMSA              BIT(16)
#define ADJUST_BITS              bits(16, 0)

/* The page that an instruction is about. */
struct operand {
    gva_t gva;
    bool large; /* as the instruction says */
    struct rmp_access access;
    struct rmp_entry entry;
    struct walk walk;
};

/* The flags are those of a comparison of EAX with 0. */
static enum flow finish(struct cpu *c, const struct insn *insn,
                        enum rmp_result result, bool carry)
{
    uint64_t parity = !(__builtin_popcount(result & 0xff) & 1);

    c->g.r.gpr[GPR_RAX] = result;
    c->g.r.rflags = (c->g.r.rflags & ~RFLAGS_STATUS) |
                    (result == RMP_OK ? RFLAGS_ZF : 0) |
                    (parity ? RFLAGS_PF : 0) | (carry ? RFLAGS_CF : 0);
    c->g.r.rip += insn->len;
    return FLOW_NEXT;
}

static bool is_page(const struct operand *o, uint64_t size)
{
    return size <= 1 && o->gva % pt_size(size ? 2 : 1) == 0;
}

static struct access read_access(const struct cpu *c)
{
    return data_access(c, false);
}

static enum flow refuse(struct cpu *c, struct operand *o, enum why why)
{
    rmp_fail(c, &o->walk, why, &o->access, read_access(c));
    return walk_failed(c, &o->walk, false);
}

/* Walk to the page. It must be mapped private: else #PF, as with a reserved bit
 * (hardware bring-up, reported; no manual says so). */
static enum flow find(struct cpu *c, struct operand *o)
{
    struct access a = read_access(c);
    struct walk *w = &o->walk;
    enum why why;

    *w = (struct walk) { .gva = o->gva, .unasked = true };
    if (!is_canonical(c, o->gva))
        return raise_error(c, VEC_GP, 0);
    if (!guest_walk(c, w, o->gva, a))
        return walk_failed(c, w, false);
    if (!walk_is_private(c, w)) {
        pf_fail(c, w, WHY_RSVD_SHARED, false, a);
        return walk_failed(c, w, false);
    }
    o->access = (struct rmp_access) { .gpa = w->gpa,
                                      .spa = w->spa,
                                      .offset = w->nested.offset,
                                      .private = true };
    o->entry = rmp_find(c, w->spa);
    why = rmp_owner(c, &o->access);
    return why == WHY_NONE ? FLOW_NEXT : refuse(c, o, why);
}

/*
 * 2M asked for, and 4K is what there is: the guest is told and asks for 4K. The
 * other way round the host must split the page (APM vol. 2, 15.36.11).
 */
static enum flow match_size(struct cpu *c, struct operand *o, bool *mismatch)
{
    uint64_t last = pt_size(2) - 1;
    bool mapped_large = o->walk.nested.offset >= last;

    *mismatch = o->large && !(mapped_large && o->walk.guest.offset >= last &&
                              o->entry.large);
    if (*mismatch)
        return FLOW_NEXT;
    if (!o->large && o->entry.large)
        return refuse(c, o, WHY_RMP_SIZEM);
    return mapped_large == o->entry.large ? FLOW_NEXT
                                          : refuse(c, o, WHY_RMP_SIZE);
}

static void store(struct cpu *c, const struct operand *o, uint64_t lo,
                  uint64_t hi, const char *insn)
{
    spa_t page = o->walk.spa & ~(pt_size(o->entry.large ? 2 : 1) - 1);

    rmp_store(c, page, lo, hi);
    cpu_flush_tlb(c, FLUSH_ASID, c->ctl.asid, insn);
    TRACE(c->trace, rmp_page, .insn = insn, .gva = o->gva, .gpa = o->access.gpa,
          .spa = page, .entry = lo, .permissions = hi);
}

static enum flow pvalidate(struct cpu *c, const struct insn *insn)
{
    const uint64_t *gpr = c->g.r.gpr;
    uint64_t want = gpr[GPR_RDX] & 1 ? RMP_VALIDATED : 0;
    struct operand o = { .gva = insn->addr32 ? (uint32_t)gpr[GPR_RAX]
                                             : gpr[GPR_RAX],
                         .large = (uint32_t)gpr[GPR_RCX] };
    bool mismatch, same;
    enum flow f;

    if (!is_page(&o, (uint32_t)gpr[GPR_RCX]))
        return finish(c, insn, RMP_FAIL_INPUT, false);
    f = find(c, &o);
    if (f == FLOW_NEXT)
        f = match_size(c, &o, &mismatch);
    if (f != FLOW_NEXT)
        return f;
    if (mismatch)
        return finish(c, insn, RMP_FAIL_SIZEMISMATCH, false);
    same = (o.entry.lo & RMP_VALIDATED) == want;
    if (!same)
        store(c, &o, o.entry.lo ^ RMP_VALIDATED, o.entry.hi, "PVALIDATE");
    return finish(c, insn, RMP_OK, same);
}

/* Writing without reading makes no sense to this table. */
static bool is_legal(unsigned permissions)
{
    return !(permissions & ~VMPL_ALL) &&
           (!(permissions & VMPL_W) || (permissions & VMPL_R));
}

static uint64_t with_permissions(uint64_t hi, unsigned vmpl, unsigned p)
{
    unsigned shift = vmpl * RMP_VMPL_SHIFT;

    return (hi & ~(0xffULL << shift)) | (uint64_t)p << shift;
}

/* The operand of RMPADJUST and RMPQUERY, which must be in use. */
static enum flow find_validated(struct cpu *c, struct operand *o)
{
    enum flow f = find(c, o);

    if (f == FLOW_NEXT && !(o->entry.lo & RMP_VALIDATED))
        return refuse(c, o, WHY_RMP_VALIDATED);
    return f;
}

static enum flow rmpadjust(struct cpu *c, const struct insn *insn)
{
    const uint64_t *gpr = c->g.r.gpr;
    uint64_t rdx = gpr[GPR_RDX], lo;
    unsigned target = rdx & 0xff;
    unsigned permissions = rdx >> ADJUST_PERMISSIONS_SHIFT & 0xff;
    struct operand o = { .gva = gpr[GPR_RAX], .large = gpr[GPR_RCX] };
    bool mismatch;
    enum flow f;

    if (!is_page(&o, gpr[GPR_RCX]) || (rdx & ~ADJUST_BITS) ||
        target >= c->model.n_vmpls || !is_legal(permissions))
        return finish(c, insn, RMP_FAIL_INPUT, false);
    if (target <= c->g.vmpl)
        return finish(c, insn, RMP_FAIL_PERMISSION, false);
    f = find_validated(c, &o);
    if (f == FLOW_NEXT)
        f = match_size(c, &o, &mismatch);
    if (f != FLOW_NEXT)
        return f;
    if (mismatch)
        return finish(c, insn, RMP_FAIL_SIZEMISMATCH, false);
    if (permissions & ~rmp_vmpl(&o.entry, c->g.vmpl))
        return finish(c, insn, RMP_FAIL_PERMISSION, false);
    lo = o.entry.lo;
    if (c->g.vmpl == 0)
        lo = rdx & ADJUST_VMSA ? lo | RMP_VMSA : lo & ~RMP_VMSA;
    store(c, &o, lo, with_permissions(o.entry.hi, target, permissions),
          "RMPADJUST");
    return finish(c, insn, RMP_OK, false);
}

static enum flow rmpquery(struct cpu *c, const struct insn *insn)
{
    uint64_t *gpr = c->g.r.gpr;
    unsigned target = gpr[GPR_RDX] & 0xff;
    struct operand o = { .gva = gpr[GPR_RAX] & PAGE_MASK_4K };
    enum flow f;

    if (target >= c->model.n_vmpls)
        return finish(c, insn, RMP_FAIL_INPUT, false);
    if (target < c->g.vmpl)
        return finish(c, insn, RMP_FAIL_PERMISSION, false);
    f = find_validated(c, &o);
    if (f != FLOW_NEXT)
        return f;
    gpr[GPR_RDX] = target |
                   (uint64_t)rmp_vmpl(&o.entry, target)
                       << ADJUST_PERMISSIONS_SHIFT |
                   (o.entry.lo & RMP_VMSA ? ADJUST_VMSA : 0);
    gpr[GPR_RCX] = o.entry.large;
    return finish(c, insn, RMP_OK, false);
}

/* PVALIDATE is for VMPL 0 alone. What it raises elsewhere no source says for
 * certain; #GP here. */
static enum flow execute(struct cpu *c, const struct insn *insn)
{
    switch (insn->op) {
    case INSN_PVALIDATE:
        return c->g.vmpl ? raise_error(c, VEC_GP, 0) : pvalidate(c, insn);
    case INSN_RMPADJUST:
        return rmpadjust(c, insn);
    case INSN_RMPQUERY:
        return rmpquery(c, insn);
    default:
        return finish(c, insn, RMP_FAIL_PERMISSION, false);
    }
}

/* The host's instructions exist in any guest of an SNP host. */
static bool exists(const struct cpu *c, enum insn_op op)
{
    const bool *f = c->model.features;

    if (!snp_on(c) || (op != INSN_PVALIDATE && !in_64bit(c)))
        return false;
    switch (op) {
    case INSN_PVALIDATE:
    case INSN_RMPADJUST:
        return is_snp_guest(c);
    case INSN_RMPQUERY:
        return is_snp_guest(c) && f[FEAT_RMPQUERY];
    case INSN_RMPREAD:
        return f[FEAT_RMPREAD];
    default:
        return true;
    }
}

enum flow exec_rmp(struct cpu *c, const struct insn *insn)
{
    if (!exists(c, insn->op))
        return raise_event(c, VEC_UD);
    if (c->g.r.cpl != 0)
        return raise_error(c, VEC_GP, 0);
    return execute(c, insn);
}
