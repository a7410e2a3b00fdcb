/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * oracle/oracle.c - the two-dimensional walk, recursively.
 *
 * One function reads one entry and calls itself for the next. Accessed and
 * dirty bits are or-ed into memory as it is at that moment, because hostile
 * tables overlap. Rules: APM vol. 2, 5.4, 5.6, 15.25; kvm-unit-tests,
 * x86/svm_npt.c and x86/access.c, where the manual is silent.
 */
#include "oracle/oracle.h"

struct oracle {
    const struct trial *v;
    struct answer *a;
    struct regime guest, host;
    bool large; /* the last nested walk came to a page of 2M or more */
    /* Nested entries that it used, and what is to be set there. */
    struct {
        unsigned level;
        spa_t slot;
        bool dirty;
    } used[5];
    unsigned n_used;
    /* Accesses that the reverse map table is asked about at the end. */
    struct reverse_access seen[6];
    unsigned n_seen;
    bool held; /* it forbids an accessed or dirty bit: no more are set */
};

/* What the entries of a path allow together. */
struct rights {
    bool w, u, nx;
};

/* An access as the nested tables see it: as user, but for a fetch with GMET. */
struct nested_access {
    bool table, write, fetch, supervisor, private;
};

static bool bit(uint64_t value, unsigned n)
{
    return (value >> n) & 1;
}

/* ---- memory ---- */

static uint64_t read_entry(struct oracle *o, const struct regime *r, spa_t slot)
{
    o->a->refs++;
    return oracle_get(r, &o->a->mem, slot);
}

static void set_bit(struct oracle *o, const struct regime *r, spa_t slot,
                    unsigned n)
{
    oracle_put(r, &o->a->mem, slot, oracle_get(r, &o->a->mem, slot) | BIT(n));
}

/* A PAE PDPE: no permissions, no accessed bit. */
static bool is_pdpe(const struct regime *r, unsigned level)
{
    return r->mode == MODE_PAE && level == 3;
}

static void mark(struct oracle *o, const struct regime *r, unsigned level,
                 spa_t slot, bool dirty)
{
    if (is_pdpe(r, level))
        return;
    set_bit(o, r, slot, 5);
    if (dirty)
        set_bit(o, r, slot, 6);
}

static struct rights narrow(const struct regime *r, unsigned level,
                            struct rights so_far, uint64_t entry)
{
    if (is_pdpe(r, level))
        return so_far;
    return (struct rights) {
        .w = so_far.w && bit(entry, 1),
        .u = so_far.u && bit(entry, 2),
        .nx = so_far.nx || (r->mode != MODE_LEGACY && bit(entry, 63)),
    };
}

/* ---- faults ---- */

/* Sources disagree; kvm-unit-tests is the default. */
static bool npf_tells_fetch(const struct trial *v)
{
    bool nxe = bit(v->s.h_efer, 11), smep = bit(v->s.h_cr4, 20);

    switch (v->knobs.npf_id_policy) {
    case NPF_ID_NXE_SMEP:
        return nxe || smep;
    case NPF_ID_NXE:
        return nxe;
    case NPF_ID_ALWAYS:
        return true;
    }
    return true;
}

static bool npf(struct oracle *o, struct nested_access n, gpa_t gpa,
                bool present, bool reserved)
{
    const struct cpu_knobs *k = &o->v->knobs;
    bool reports_fetch = npf_tells_fetch(o->v);
    uint64_t code = n.table ? 1ULL << 33 : 1ULL << 32;

    if (k->err1218 && o->v->s.gmet && n.fetch)
        n.supervisor = !n.supervisor;
    if (k->ei2_table_page_aligned && n.table)
        gpa -= gpa % 4096;

    code |= present ? 1 : 0;
    code |= n.write ? 2 : 0;
    code |= n.supervisor ? 0 : 4;
    code |= reserved ? 8 : 0;
    code |= n.fetch && reports_fetch ? 16 : 0;
    code |= n.private && o->v->snp ? 1ULL << 34 : 0;
    o->a->outcome = WALK_NPF;
    o->a->code = code;
    o->a->addr = gpa;
    return false;
}

static bool is_write(const struct trial *v)
{
    return v->kind == ACCESS_WRITE || v->kind == ACCESS_RMW;
}

static bool pf(struct oracle *o, gva_t gva, bool present, bool reserved,
               bool key)
{
    const struct trial *v = o->v;
    bool pae = bit(v->s.g_cr4, 5);
    bool reports_fetch = (bit(v->s.g_efer, 11) && pae) || bit(v->s.g_cr4, 20);
    uint64_t code = 0;

    code |= present ? 1 : 0;
    code |= is_write(v) ? 2 : 0;
    code |= v->s.cpl == 3 ? 4 : 0;
    code |= reserved ? 8 : 0;
    code |= v->kind == ACCESS_FETCH && reports_fetch ? 16 : 0;
    code |= key ? 32 : 0;
    o->a->outcome = WALK_PF;
    o->a->code = code;
    o->a->addr = gva;
    return false;
}

/* ---- nested tables ---- */

/* With GMET (15.25.13) a U of 0 denies nothing, and one of 1 denies fetches of
 * the guest's supervisor. */
static bool nested_denies(const struct oracle *o, struct rights r,
                          struct nested_access n)
{
    if (n.write && !r.w)
        return true;
    if (n.fetch && r.nx)
        return true;
    if (!o->v->s.gmet)
        return !r.u;
    if (n.fetch && !n.supervisor && !r.u)
        return o->v->knobs.gmet_user_u0 == GMET_U0_FAULTS;
    return n.supervisor && r.u;
}

static bool nested_level(struct oracle *o, struct nested_access n, gpa_t gpa,
                         unsigned level, spa_t table, struct rights so_far,
                         spa_t *spa)
{
    spa_t slot = oracle_slot(&o->host, level, table, gpa);
    uint64_t entry = read_entry(o, &o->host, slot);
    bool leaf = oracle_is_leaf(&o->host, level, entry);
    struct rights r;

    if (!bit(entry, 0))
        return npf(o, n, gpa, false, false);
    if (oracle_reserved(&o->host, level, entry))
        return npf(o, n, gpa, true, true);
    r = narrow(&o->host, level, so_far, entry);
    if (leaf && nested_denies(o, r, n))
        return npf(o, n, gpa, true, false);
    if (leaf) {
        *spa = oracle_leaf(&o->host, level, entry, gpa);
        o->large = oracle_shift(&o->host, level) >= 21;
    } else if (!nested_level(o, n, gpa, level - 1,
                             oracle_address(&o->host, entry, 12), r, spa))
        return false;
    o->used[o->n_used].level = level;
    o->used[o->n_used].slot = slot;
    o->used[o->n_used++].dirty = leaf && n.write;
    return true;
}

/* Set what is to be set; with a reverse map table, if all of it may be. */
static bool mark_used(struct oracle *o, struct nested_access n, gpa_t gpa)
{
    for (unsigned i = 0; i < o->n_used; i++) {
        spa_t slot = o->used[i].slot;
        const struct reverse_access a = { .spa = slot, .write = true };
        uint64_t entry = oracle_get(&o->host, &o->a->mem, slot);
        bool complete = bit(entry, 5) && (bit(entry, 6) || !o->used[i].dirty);

        if (complete || is_pdpe(&o->host, o->used[i].level) ||
            oracle_reverse(o->v, &o->a->mem, &a) == REVERSE_OK)
            continue;
        npf(o, n, gpa, true, false);
        o->a->code |= 1ULL << 31;
        return false;
    }
    for (unsigned i = 0; i < o->n_used; i++)
        mark(o, &o->host, o->used[i].level, o->used[i].slot, o->used[i].dirty);
    return true;
}

/* Are there address bits that this kind of nested tables cannot index? */
static bool beyond_root(enum oracle_mode mode, gpa_t gpa)
{
    if (mode == MODE_LONG5)
        return false;
    return gpa >> (mode == MODE_LONG4 ? 48 : 32) != 0;
}

static bool nested(struct oracle *o, struct nested_access n, gpa_t gpa,
                   spa_t *spa)
{
    struct rights all = { .w = true, .u = true };

    if (!o->v->s.np) {
        *spa = gpa;
        o->large = false;
        return true;
    }
    if (beyond_root(o->host.mode, gpa)) {
        switch (o->v->knobs.nested_wide_gpa) {
        case WIDE_NOT_PRESENT:
            return npf(o, n, gpa, false, false);
        case WIDE_RSVD:
            return npf(o, n, gpa, true, true);
        case WIDE_ALIAS:
            break; /* no index has a place for those bits */
        }
    }
    o->n_used = 0;
    return nested_level(o, n, gpa, oracle_levels(o->host.mode),
                        oracle_root(&o->host, o->v->s.ncr3), all, spa) &&
           mark_used(o, n, gpa);
}

/* ---- guest tables ---- */

static bool key_denies(const struct trial *v, struct rights r, uint64_t leaf)
{
    bool on = bit(v->s.g_cr4, 22) && bit(v->s.g_efer, 10);
    unsigned key = (leaf >> 59) & 15;
    bool ad = bit(v->s.pkru, 2 * key), wd = bit(v->s.pkru, 2 * key + 1);
    bool wd_counts = v->s.cpl == 3 || bit(v->s.g_cr0, 16);

    if (!on || v->kind == ACCESS_FETCH || !r.u)
        return false;
    return ad || (is_write(v) && wd && wd_counts);
}

static bool guest_denies(const struct trial *v, struct rights r)
{
    bool user = v->s.cpl == 3, fetch = v->kind == ACCESS_FETCH;
    bool wp = bit(v->s.g_cr0, 16), smep = bit(v->s.g_cr4, 20);
    bool smap = bit(v->s.g_cr4, 21), ac = bit(v->s.g_rflags, 18);

    if (user && !r.u)
        return true;
    if (is_write(v) && !r.w && (user || wp))
        return true;
    if (fetch && r.nx)
        return true;
    if (fetch && !user && r.u && smep)
        return true;
    return !fetch && !user && r.u && smap && !ac;
}

/*
 * Set accessed and dirty in a guest entry. Without ROGPT its page is known to
 * be writable: reading it counted as a write. With ROGPT only this does, if
 * there is something to set: a nested walk of its own (15.25.5).
 */
static bool update(struct oracle *o, unsigned level, gpa_t entry_gpa,
                   spa_t slot, bool dirty)
{
    struct nested_access write_table = { .table = true,
                                         .write = true,
                                         .private = oracle_is_sev(o->v) };
    struct reverse_access *table = &o->seen[o->n_seen - 1];
    uint64_t entry = oracle_get(&o->guest, &o->a->mem, slot);
    bool complete = bit(entry, 5) && (bit(entry, 6) || !dirty);

    if (is_pdpe(&o->guest, level))
        return true;
    if (!complete)
        table->write = true;
    if (!complete && oracle_reverse(o->v, &o->a->mem, table) != REVERSE_OK)
        o->held = true;
    if (o->held)
        return true;
    if (o->v->s.rogpt && !complete && !nested(o, write_table, entry_gpa, &slot))
        return false;
    mark(o, &o->guest, level, slot, dirty);
    return true;
}

static bool guest_level(struct oracle *o, gva_t gva, unsigned level,
                        gpa_t table, struct rights so_far, gpa_t *gpa,
                        bool *private)
{
    struct nested_access read_table = { .table = true,
                                        .write = !o->v->s.rogpt,
                                        .private = oracle_is_sev(o->v) };
    gpa_t entry_gpa = oracle_slot(&o->guest, level, table, gva);
    uint64_t entry;
    struct rights r;
    bool key;
    spa_t slot;

    if (!nested(o, read_table, entry_gpa, &slot))
        return false;
    o->seen[o->n_seen++] = (struct reverse_access) {
        .gpa = entry_gpa,
        .spa = slot,
        .large = o->large,
        .table = true,
        .private = oracle_is_sev(o->v),
    };
    entry = read_entry(o, &o->guest, slot);
    if (!bit(entry, 0))
        return pf(o, gva, false, false, false);
    if (oracle_reserved(&o->guest, level, entry))
        return pf(o, gva, true, true, false);
    r = narrow(&o->guest, level, so_far, entry);
    if (!oracle_is_leaf(&o->guest, level, entry)) {
        if (!update(o, level, entry_gpa, slot, false))
            return false;
        return guest_level(o, gva, level - 1,
                           oracle_address(&o->guest, entry, 12), r, gpa,
                           private);
    }
    key = key_denies(o->v, r, entry);
    if (key || guest_denies(o->v, r))
        return pf(o, gva, true, false, key);
    if (!update(o, level, entry_gpa, slot, is_write(o->v)))
        return false;
    *gpa = oracle_leaf(&o->guest, level, entry, gva);
    if (o->guest.cbit && bit(entry, o->guest.cbit))
        *private = true;
    o->large = oracle_shift(&o->guest, level) >= 21;
    return true;
}

/* After all paging: the reverse map table, table by table, then the page. */
static bool reverse(struct oracle *o, gva_t gva, struct nested_access final)
{
    for (unsigned i = 0; i < o->n_seen; i++) {
        const struct reverse_access *a = &o->seen[i];
        enum reverse r = oracle_reverse(o->v, &o->a->mem, a);
        struct nested_access n = final;

        if (r == REVERSE_OK)
            continue;
        if (a->table)
            n = (struct nested_access) {
                .table = true,
                .write = a->write || !o->v->s.rogpt,
                .private = a->private,
            };
        if (r == REVERSE_VC) {
            o->a->outcome = WALK_VC;
            o->a->code = 0x404;
            o->a->addr = gva;
            return false;
        }
        if (o->v->s.np)
            npf(o, n, a->gpa, true, false);
        else
            pf(o, gva, true, false, false);
        o->a->code |= 1ULL << 31;
        o->a->code |= r == REVERSE_VMPL ? 1ULL << 36 : 0;
        return false;
    }
    return true;
}

/* Code is always private, and so is all that no entry has a C-bit for (APM vol.
 * 2, 15.34.5). */
static bool always_private(const struct oracle *o)
{
    return o->v->kind == ACCESS_FETCH || o->guest.mode == MODE_OFF ||
           o->guest.mode == MODE_LEGACY;
}

/* One part of an access, within a page. */
static bool translate(struct oracle *o, gva_t gva, spa_t *spa)
{
    struct rights all = { .w = true, .u = true };
    bool fetch = o->v->kind == ACCESS_FETCH, private = always_private(o);
    struct nested_access data = { .write = is_write(o->v),
                                  .fetch = fetch,
                                  .supervisor = fetch && o->v->s.gmet &&
                                                o->v->s.cpl != 3 };
    bool guest_large = true;
    gpa_t gpa = gva;

    o->n_seen = 0;
    o->held = false;
    if (o->guest.mode != MODE_OFF &&
        !guest_level(o, gva, oracle_levels(o->guest.mode),
                     oracle_root(&o->guest, o->v->s.g_cr3), all, &gpa,
                     &private))
        return false;
    if (o->guest.mode != MODE_OFF)
        guest_large = o->large;
    if (oracle_vtom(o->v) && !fetch)
    private = gpa < oracle_vtom(o->v);
    data.private = private && oracle_is_sev(o->v);
    if (!nested(o, data, gpa, spa))
        return false;
    o->seen[o->n_seen++] = (struct reverse_access) {
        .gpa = gpa,
        .spa = *spa,
        .large = o->v->s.np ? o->large : guest_large,
        .write = data.write,
        .fetch = fetch,
        .private = data.private,
    };
    return reverse(o, gva, data);
}

/* ---- the whole access ---- */

static bool canonical(enum oracle_mode mode, gva_t gva)
{
    unsigned top = mode == MODE_LONG5 ? 56 : 47;

    if (mode != MODE_LONG4 && mode != MODE_LONG5)
        return true;
    for (unsigned n = top; n < 64; n++) {
        if (bit(gva, n) != bit(gva, top))
            return false;
    }
    return true;
}

/* CR3 and nCR3: no bit at or above the width, but the C-bit may be. */
static bool root_refused(const struct regime *r, uint64_t cr3)
{
    for (unsigned n = r->root; n < 64; n++) {
        if (bit(cr3, n) && !(r->cbit && n == r->cbit))
            return true;
    }
    return false;
}

/* Without nested paging VMRUN looks at the four PDPEs of a PAE guest. */
static bool pdpes_refused(const struct oracle *o)
{
    uint64_t root = oracle_root(&o->guest, o->v->s.g_cr3);

    for (unsigned i = 0; o->guest.mode == MODE_PAE && i < 4; i++) {
        uint64_t entry = oracle_get(&o->guest, &o->a->mem, root + 8 * i);

        if (bit(entry, 0) && oracle_reserved(&o->guest, 3, entry))
            return true;
    }
    return false;
}

static bool vmrun_refused(const struct oracle *o)
{
    const struct walk_setup *s = &o->v->s;

    if (root_refused(&o->guest, s->g_cr3))
        return true;
    if (oracle_is_sev(o->v) && (!s->np || !s->asid || s->asid > 1023))
        return true;
    if (oracle_is_snp(o->v) && !s->snpe)
        return true;
    if (!s->np)
        return pdpes_refused(o);
    return o->host.mode == MODE_OFF || root_refused(&o->host, s->ncr3);
}

struct answer oracle_walk(const struct trial *v)
{
    struct answer a = { .outcome = WALK_OK, .mem = v->mem };
    struct oracle o = { .v = v, .a = &a };
    gva_t last = v->gva + v->size - 1;
    spa_t second_spa;

    a.unknown = v->s.sss || v->kind >= ACCESS_SHADOW_READ;
    oracle_regimes(v, &o.guest, &o.host);
    if (vmrun_refused(&o)) {
        a.outcome = WALK_INVALID;
        return a;
    }
    if (!bit(v->s.g_efer, 10))
        last &= 0xffffffff;
    for (unsigned i = 0; i < v->size; i++) {
        if (!canonical(o.guest.mode, v->gva + i))
            a.outcome = v->stack ? WALK_SS : WALK_GP;
    }
    if (a.outcome != WALK_OK || !translate(&o, v->gva, &a.spa))
        return a;
    if (last / 4096 != v->gva / 4096)
        translate(&o, last - last % 4096, &second_spa);
    return a;
}
