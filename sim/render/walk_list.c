/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/walk_list.c - what a whole page table maps, as ranges.
 *
 * The way page-table dumpers print it: neighbours with the same rights and page
 * size are one line. Rights are those of all levels together. Nothing is asked
 * of the CPU here, and nothing in the tables is believed: one that leads back
 * to itself is named, not followed, and the number of tables is bounded.
 */
#include "arch/paging.h"
#include "render.h"

#define N_WORDS   512
#define MAX_LINES (1U << 20) /* 4 GiB of small pages, no two of them alike */

enum range_kind {
    RANGE_PAGE,
    RANGE_RESERVED,  /* faults with RSVD, whatever is below */
    RANGE_MISSING,   /* the next table is not in the image */
    RANGE_RECURSIVE, /* the next table is one of those above */
};

/* Neighbours that print as one line. */
struct range {
    uint64_t start, end; /* inclusive, so that 2^64 fits */
    enum range_kind kind;
    unsigned level;
    uint64_t rights; /* PTE_W, PTE_U, PTE_NX */
};

struct lister {
    const struct walk_table *t;
    struct buf *out;
    bool any, stopped;
    struct range run;
    unsigned n_tables, n_lines;
    uint64_t path[WALK_MAX_LEVEL + 1]; /* tables above, by level */
};

static bool is_legacy(const struct walk_table *t)
{
    return t->levels == 2;
}

static unsigned shift_of(const struct walk_table *t, unsigned level)
{
    return is_legacy(t) ? 12 + 10 * (level - 1) : pt_shift(level);
}

static unsigned entries_of(const struct walk_table *t, unsigned level)
{
    if (is_legacy(t))
        return 1024;
    return t->levels == 3 && level == 3 ? 4 : N_WORDS;
}

/* A PAE root has 32 bytes and may lie anywhere in its page. */
static unsigned first_entry(const struct walk_table *t, unsigned level)
{
    return t->levels == 3 && level == 3 ? t->root % PAGE_SIZE_4K / 32 * 4 : 0;
}

static uint64_t entry_at(const struct walk_table *t, const uint64_t *words,
                         unsigned level, unsigned index)
{
    index += first_entry(t, level);
    if (is_legacy(t))
        return words[index / 2] >> (index % 2 ? 32 : 0) & UINT32_MAX;
    return words[index];
}

static uint64_t frame_of(const struct walk_table *t, uint64_t pte)
{
    return pte & PTE_ADDR_MASK & ~t->cbit;
}

/* A page of 4M has bits 39:32 of its address in 20:13 (PSE-36). */
static uint64_t page_of(const struct walk_table *t, unsigned level,
                        uint64_t pte)
{
    uint64_t offset = BIT(shift_of(t, level)) - 1;
    uint64_t high = is_legacy(t) && level == 2 ? (pte >> 13 & 0xff) << 32 : 0;

    return (frame_of(t, pte) & ~offset) | high;
}

static bool is_leaf(const struct walk_table *t, unsigned level, uint64_t pte)
{
    if (level == 1)
        return true;
    if (!(pte & PTE_PS))
        return false;
    return level == 2 ? t->large_pages : level == 3 && t->levels > 3;
}

static bool is_reserved(const struct walk_table *t, unsigned level,
                        uint64_t pte)
{
    return pte & t->reserved[level][!!(pte & PTE_PS)];
}

/* PDPTEs of PAE have no rights (APM vol. 2, 5.2.3); legacy entries no NX. */
static uint64_t narrow(const struct walk_table *t, unsigned level,
                       uint64_t rights, uint64_t pte)
{
    uint64_t allow = PTE_W | PTE_U;

    if (t->levels == 3 && level == 3)
        return rights;
    return (rights & pte & allow) | ((rights | pte) & PTE_NX);
}

/* ---- lines ---- */

static void add_size(struct buf *b, uint64_t bytes)
{
    static const char units[] = "KMGTPE";
    unsigned unit = 0;

    bytes >>= 10;
    while (bytes >= 1024 && bytes % 1024 == 0 && unit < 5) {
        bytes >>= 10;
        unit++;
    }
    buf_printf(b, "%7llu%c", (unsigned long long)bytes, units[unit]);
}

static void print_run(struct lister *l)
{
    const struct range *r = &l->run;
    struct buf *b = l->out;

    if (!l->any)
        return;
    buf_printf(b, "0x%016llx-0x%016llx ", (unsigned long long)r->start,
               (unsigned long long)r->end);
    add_size(b, r->end - r->start + 1);
    buf_printf(b, "  %-4s  ",
               is_legacy(l->t) && r->level == 2 ? "4M"
                                                : pt_size_name(r->level));
    switch (r->kind) {
    case RANGE_PAGE:
        buf_printf(b, "%s %s %s\n", r->rights & PTE_W ? "write" : "read-only",
                   r->rights & PTE_U ? "user" : "supervisor",
                   r->rights & PTE_NX ? "NX" : "exec");
        break;
    case RANGE_RESERVED:
        buf_adds(b, "reserved bits: every access faults\n");
        break;
    case RANGE_MISSING:
        buf_adds(b, "the next table is not in the image, or may not be read\n");
        break;
    case RANGE_RECURSIVE:
        buf_adds(b, "leads back to a table above: not followed\n");
        break;
    }
    l->n_lines++;
    l->stopped |= l->n_lines >= MAX_LINES;
}

static uint64_t extend(const struct walk_table *t, uint64_t addr)
{
    unsigned spare = 64 - shift_of(t, t->levels + 1);

    if (!t->sign_extend || t->levels < 4)
        return addr;
    return (uint64_t)((int64_t)(addr << spare) >> spare);
}

static void add_range(struct lister *l, uint64_t addr, unsigned level,
                      enum range_kind kind, uint64_t rights)
{
    uint64_t start = extend(l->t, addr);
    uint64_t end = start + (BIT(shift_of(l->t, level)) - 1);

    if (kind != RANGE_PAGE)
        rights = 0;
    if (l->any && l->run.end + 1 == start && l->run.kind == kind &&
        l->run.level == level && l->run.rights == rights) {
        l->run.end = end;
        return;
    }
    print_run(l);
    l->any = true;
    l->run = (struct range) { start, end, kind, level, rights };
}

/* ---- the tables ---- */

static bool is_above(const struct lister *l, unsigned level, uint64_t table)
{
    for (; level <= l->t->levels; level++)
        if (l->path[level] == table)
            return true;
    return false;
}

static void list_table(struct lister *l, uint64_t table, uint64_t addr,
                       unsigned level, uint64_t rights);

static void list_entry(struct lister *l, uint64_t pte, uint64_t addr,
                       unsigned level, uint64_t rights)
{
    uint64_t below = narrow(l->t, level, rights, pte);

    if (!(pte & PTE_P))
        return;
    if (is_reserved(l->t, level, pte))
        add_range(l, addr, level, RANGE_RESERVED, 0);
    else if (is_leaf(l->t, level, pte))
        add_range(l, addr, level, RANGE_PAGE, below);
    else if (is_above(l, level, frame_of(l->t, pte)))
        add_range(l, addr, level, RANGE_RECURSIVE, 0);
    else
        list_table(l, frame_of(l->t, pte), addr, level - 1, below);
}

static void list_table(struct lister *l, uint64_t table, uint64_t addr,
                       unsigned level, uint64_t rights)
{
    uint64_t words[N_WORDS];

    if (l->n_tables++ >= l->t->max_tables) {
        l->stopped = true;
        return;
    }
    if (!l->t->read_page(l->t->ctx, table & PAGE_MASK_4K, words)) {
        /* The range is that of the entry above, or all there is. */
        add_range(l, addr, level + 1, RANGE_MISSING, 0);
        return;
    }
    l->path[level] = table;
    for (unsigned i = 0; i < entries_of(l->t, level) && !l->stopped; i++)
        list_entry(l, entry_at(l->t, words, level, i),
                   addr | (uint64_t)i << shift_of(l->t, level), level, rights);
}

bool walk_list(struct buf *b, const struct walk_table *t)
{
    struct lister l = { .t = t, .out = b };

    BUG_ON(t->levels < 2 || t->levels > WALK_MAX_LEVEL);
    list_table(&l, frame_of(t, t->root), 0, t->levels, PTE_W | PTE_U);
    print_run(&l);
    if (l.stopped)
        buf_printf(b,
                   "stopped after %u tables and %u lines: the tables are too "
                   "many, or lead into each other\n",
                   l.n_tables, l.n_lines);
    else if (!l.any)
        buf_adds(b, "nothing is mapped\n");
    return !l.stopped;
}

bool walk_table_find(const struct walk_table *t, uint64_t addr, uint64_t *to)
{
    uint64_t words[N_WORDS], table = frame_of(t, t->root);
    uint64_t rights = PTE_W | PTE_U;

    for (unsigned level = t->levels; level; level--) {
        uint64_t offset = BIT(shift_of(t, level)) - 1, pte;
        unsigned index =
            (unsigned)(addr >> shift_of(t, level)) % entries_of(t, level);

        if (!t->read_page(t->ctx, table & PAGE_MASK_4K, words))
            return false;
        pte = entry_at(t, words, level, index);
        if (!(pte & PTE_P) || is_reserved(t, level, pte))
            return false;
        table = frame_of(t, pte);
        rights = narrow(t, level, rights, pte);
        if (is_leaf(t, level, pte)) {
            *to = page_of(t, level, pte) | (addr & offset);
            return (rights & PTE_W) && (rights & PTE_U);
        }
    }
    return false;
}
