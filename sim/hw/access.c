/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw/access.c - loads, stores and fetches of any length.
 *
 * What crosses a page is translated completely before anything moves, the lower
 * page first, so that a fault on the second page leaves nothing half done.
 */
#include "hw/again.h"
#include "hw/tlb_recent.h"

#include <string.h>

bool is_canonical(const struct cpu *c, gva_t gva)
{
    unsigned spare = 64 - c->guest.linear_bits;

    return !c->guest.long_mode ||
           (gva_t)((int64_t)(gva << spare) >> spare) == gva;
}

/* Outside of long mode addresses have 32 bits and wrap around. */
static gva_t linear(const struct cpu *c, gva_t gva)
{
    return c->guest.long_mode ? gva : (uint32_t)gva;
}

/* So do those of code in compatibility mode; not the CPU's own, of tables. */
static gva_t next_page(const struct cpu *c, gva_t gva, struct access a)
{
    return in_64bit(c) || (c->guest.long_mode && a.implicit) ? gva
                                                             : (uint32_t)gva;
}

static bool not_canonical(struct walk *w, struct access a)
{
    w->end = a.stack ? END_SS : END_GP;
    w->why = WHY_NONCANONICAL;
    return false;
}

/* A piece within a page. */
static bool translate(struct cpu *c, struct walk *w, gva_t gva, size_t len,
                      struct access a, struct piece *piece)
{
    if (!(c->tlb_on ? tlb_translate(c, w, gva, a) : guest_walk(c, w, gva, a)))
        return false;
    *piece = (struct piece) {
        .gpa = w->gpa,
        .spa = w->spa,
        .key = w->key,
        .len = len,
        .guest_pat = w->guest_pat,
        .nested_pat = w->nested_pat,
    };
    return true;
}

static __attribute__((noinline)) bool
translate_both(struct cpu *c, gva_t gva, size_t len, struct access a,
               struct piece piece[2], struct walk *w)
{
    size_t room = PAGE_SIZE_4K - gva % PAGE_SIZE_4K;

    BUG_ON(len > PAGE_SIZE_4K);
    if (!is_canonical(c, gva + len - 1))
        return not_canonical(w, a);
    return translate(c, w, linear(c, gva), room, a, &piece[0]) &&
           translate(c, w, next_page(c, gva + room, a), len - room, a,
                     &piece[1]);
}

/* Tables, and what lies behind the most recent entry of the TLB. */
static __attribute__((noinline)) bool
translate_slowly(struct cpu *c, gva_t gva, size_t len, struct access a,
                 struct piece piece[2], struct walk *w)
{
    BUG_ON(len == 0);
    w->recall = w->recalled = w->sss_page = w->unasked = false;
    if (!is_canonical(c, gva))
        return not_canonical(w, a);
    if (__builtin_expect(gva % PAGE_SIZE_4K + len > PAGE_SIZE_4K, 0))
        return translate_both(c, gva, len, a, piece, w);
    return translate(c, w, linear(c, gva), len, a, &piece[0]);
}

/* No TLB: walk, unless it is certain how that ends. */
static __attribute__((noinline)) bool
translate_by_walk(struct cpu *c, gva_t gva, size_t len, struct access a,
                  struct piece piece[2], struct walk *w)
{
    uint64_t tables = mem_tables(c->mem);

    if (again_knows(c, gva, len, a, &piece[0]))
        return true;
    if (!translate_slowly(c, gva, len, a, piece, w))
        return false;
    again_learn(c, gva, a, tables, &piece[0]);
    return true;
}

/* Does anybody want to hear of single references? */
static bool watched_by(const struct trace *t)
{
    return trace_hears(t, EV_npt_step) || trace_hears(t, EV_gpt_step) ||
           trace_hears(t, EV_tlb_hit);
}

bool access_translate(struct cpu *c, gva_t gva, size_t len, struct access a,
                      struct piece piece[2], struct walk *w)
{
    const struct tlb_entry *e;

    c->watched = c->log || watched_by(c->trace);
    w->end = END_OK;
    w->n_refs = 0;
    piece[1].len = 0;
    if (c->watched || gva % PAGE_SIZE_4K + len > PAGE_SIZE_4K ||
        !(c->tlb_on || c->again.on))
        return translate_slowly(c, gva, len, a, piece, w);
    if (!c->tlb_on)
        return translate_by_walk(c, gva, len, a, piece, w);
    e = tlb_recent(c, gva, a);
    if (!e)
        return translate_slowly(c, gva, len, a, piece, w);
    piece[0] = (struct piece) {
        .gpa = e->gpa + (gva & e->offset),
        .spa = e->spa + (gva & e->offset),
        .key = e->key,
        .len = len,
        .guest_pat = e->guest_pat,
        .nested_pat = e->nested_pat,
    };
    return true;
}

/* Alignment is checked for user mode, if it asked for it, and after paging (APM
 * vol. 2, 8.2.18). */
static bool is_misaligned(const struct cpu *c, gva_t gva, size_t len,
                          struct access a)
{
    return a.user && (c->g.r.cr0 & CR0_AM) && (c->g.r.rflags & RFLAGS_AC) &&
           gva % (len & -len);
}

/* Up to 8 bytes as a number, for the event. */
static uint64_t first_bytes(const void *buf, size_t len)
{
    uint64_t value = 0;

    memcpy(&value, buf, len < sizeof(value) ? len : sizeof(value));
    return value;
}

static void tell_data(struct cpu *c, gva_t gva, const struct piece *p,
                      const void *buf, bool write)
{
    TRACE(c->trace, data, .gva = gva, .gpa = p->gpa, .spa = p->spa,
          .size = p->len, .write = write, .value = first_bytes(buf, p->len),
          .key = p->key ? p->key->id : 0);
}

enum flow access_read(struct cpu *c, gva_t gva, void *buf, size_t len,
                      struct access a)
{
    struct piece piece[2];
    char *to = buf;
    struct walk w;

    if (!access_translate(c, gva, len, a, piece, &w))
        return walk_failed(c, &w, !a.implicit);
    if (is_misaligned(c, gva, len, a))
        return raise_error(c, VEC_AC, 0);
    for (unsigned i = 0; i < 2 && piece[i].len; i++) {
        crypt_read(c->mem, piece[i].spa, to, piece[i].len, piece[i].key);
        tell_data(c, gva, &piece[i], to, false);
        to += piece[i].len;
        gva += piece[i].len;
    }
    return FLOW_NEXT;
}

enum flow access_write(struct cpu *c, gva_t gva, const void *buf, size_t len,
                       struct access a)
{
    const char *from = buf;
    struct piece piece[2];
    struct walk w;

    if (!access_translate(c, gva, len, a, piece, &w))
        return walk_failed(c, &w, !a.implicit);
    if (is_misaligned(c, gva, len, a))
        return raise_error(c, VEC_AC, 0);
    for (unsigned i = 0; i < 2 && piece[i].len; i++) {
        crypt_write(c->mem, piece[i].spa, from, piece[i].len, piece[i].key);
        tell_data(c, gva, &piece[i], from, true);
        from += piece[i].len;
        gva += piece[i].len;
    }
    return FLOW_NEXT;
}

struct access data_access(const struct cpu *c, bool write)
{
    return (struct access) { .write = write, .user = c->g.r.cpl == 3 };
}

/* Where the code lies that follows what c->code holds, and how much of it CS
 * and the page have: 0 if CS ends here. */
static size_t code_room(const struct cpu *c, gva_t *at)
{
    const struct segment *cs = &c->g.seg[SEG(SAVE_CS)];
    uint64_t rip = c->g.r.rip + c->code_len;
    uint64_t room = in_64bit(c) ? ~0ULL : segment_room(cs, (uint32_t)rip);
    size_t page, want = sizeof(c->code) - c->code_len;

    *at = segment_linear(c, SAVE_CS, rip);
    page = PAGE_SIZE_4K - *at % PAGE_SIZE_4K;
    want = want < page ? want : page;
    return want < room ? want : room;
}

static bool find_code(struct cpu *c, gva_t at, size_t len,
                      struct piece piece[2], struct walk *w)
{
    struct access a = { .fetch = true, .user = c->g.r.cpl == 3 };

    return access_translate(c, at, len, a, piece, w);
}

enum flow access_fetch(struct cpu *c, spa_t *spa)
{
    struct piece piece[2];
    struct walk w;
    gva_t at;
    size_t len = code_room(c, &at);

    if (!len)
        return raise_error(c, VEC_GP, 0);
    if (!find_code(c, at, len, piece, &w))
        return walk_failed(c, &w, false);
    crypt_read(c->mem, piece[0].spa, c->code + c->code_len, piece[0].len,
               piece[0].key);
    c->code_len += (uint8_t)piece[0].len;
    *spa = piece[0].spa;
    return FLOW_NEXT;
}

/* Erratum 1096: the CPU reads the bytes as if they were the kernel's data,
 * which SMAP forbids for user pages (Linux, svm_can_emulate_instruction()). */
static bool cannot_read_code(const struct cpu *c)
{
    uint64_t cr4 = c->g.r.cr4;

    return c->model.knobs.err1096 && (cr4 & CR4_SMAP) &&
           (!(cr4 & CR4_SMEP) || c->g.r.cpl == 3);
}

/*
 * 15 bytes, fewer only where fetching more would fault (APM vol. 2, 15.8.4).
 * Not for SEV-ES guests, nor while an event is being delivered: there is no
 * instruction then.
 */
void access_assist(struct cpu *c)
{
    struct trace *trace = c->trace;
    struct piece piece[2];
    struct walk w;
    gva_t at;
    size_t len;

    if (!c->model.features[FEAT_DECODE_ASSISTS] || c->ctl.sev_es ||
        c->delivering.valid || cannot_read_code(c))
        return;
    c->trace = NULL; /* a peek: no fault comes of it, nothing to tell */
    len = code_room(c, &at);
    if (len && find_code(c, at, len, piece, &w)) {
        crypt_read(c->mem, piece[0].spa, c->code + c->code_len, piece[0].len,
                   piece[0].key);
        c->code_len += (uint8_t)piece[0].len;
    }
    c->trace = trace;
    c->exit.insn_len = c->code_len;
    memcpy(c->exit.insn_bytes, c->code, c->code_len);
}

uint64_t decode_assist(const struct cpu *c, uint64_t info1)
{
    return c->model.features[FEAT_DECODE_ASSISTS] ? info1 : 0;
}
