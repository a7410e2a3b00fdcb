/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/walk_draw.c - the picture of a two-dimensional walk.
 *
 * A row for each guest-physical address that had to be translated: those of the
 * guest's tables, then that of the access. A column for each nested level. The
 * numbers are the order in which the CPU read; below stands what it read.
 */
#include "arch/paging.h"
#include "arch/sev.h"
#include "render/parts.h"

#define LABEL_WIDTH 15
#define CELL_WIDTH  12
#define TEXT_WIDTH  96

/* Entries first..last-1 of a story: nested ones, then the guest's if it was
 * reached. */
struct row {
    unsigned first, last;
    unsigned guest_level; /* 0: the access itself */
    bool reached;         /* the nested walk got through */
};

static unsigned next_row(const struct walk_story *s, unsigned first,
                         struct row *r)
{
    unsigned i = first;

    *r = (struct row) { .first = first,
                        .guest_level = s->entry[first].guest_level };
    while (i < s->n && s->entry[i].nested &&
           s->entry[i].guest_level == r->guest_level)
        i++;
    r->reached = i < s->n || s->end == STORY_OK || s->end == STORY_PF;
    if (i < s->n && !s->entry[i].nested)
        i++;
    r->last = i;
    return i;
}

/* How many levels the nested tables have, or the guest's; 0: none was read. A
 * walk that page-walk caches help along does not begin at the top. */
static unsigned levels_of(const struct walk_story *s, bool nested)
{
    for (unsigned i = 0; i < s->n; i++)
        if (s->entry[i].nested == nested)
            return s->entry[i].levels;
    return 0;
}

/* Two levels are legacy 32-bit paging, where a table has 1024 entries. */
static unsigned index_of(unsigned levels, uint64_t addr, unsigned level)
{
    if (levels == 2)
        return (unsigned)(addr >> (level == 2 ? 22 : 12)) & 1023;
    return pt_index(addr, level);
}

static uint64_t page_size(unsigned levels, unsigned level)
{
    return levels == 2 && level == 2 ? BIT(22) : pt_size(level);
}

static const char *size_name(const struct walk_entry *e)
{
    return e->levels == 2 && e->level == 2 ? "4M" : pt_size_name(e->level);
}

/* Does entry @i map a page? Bit 7 alone does not say so: 32-bit paging has it
 * ignored without CR4.PSE. */
static bool maps_a_page(const struct walk_story *s, unsigned i)
{
    const struct walk_entry *e = &s->entry[i];
    unsigned next = i + 1;

    if (e->level == 1)
        return true;
    while (!e->nested && next < s->n && s->entry[next].nested)
        next++;
    return (e->pte & PTE_PS) && e->level <= 3 &&
           (next == s->n || s->entry[next].nested != e->nested ||
            s->entry[next].guest_level !=
                (e->nested ? e->guest_level : e->level - 1));
}

static const char *guest_name(unsigned level)
{
    return level == WALK_TOP_LEVEL ? "root" : pt_level_name(level);
}

/* ---- the picture ---- */

/* Fill up to @column, counted from @start, with @c. */
static void fill_to(struct buf *b, size_t start, size_t column, char c)
{
    while (b->len - start < column)
        buf_addc(b, c);
}

static void arrow_to(struct buf *b, size_t start, size_t column, char c)
{
    buf_addc(b, ' ');
    fill_to(b, start, column - 2, c);
    buf_adds(b, "> ");
}

static void add_cell(struct buf *b, const struct walk_story *s, unsigned i,
                     bool leaf)
{
    const struct walk_entry *e = &s->entry[i];

    buf_printf(b, "%2u", i + 1);
    if (i == s->blamed)
        buf_addc(b, '!');
    if (e->set)
        buf_addc(b, '*');
    if (leaf && e->level > 1)
        buf_printf(b, " %s", size_name(e));
}

static size_t column_of(unsigned levels, unsigned level)
{
    return LABEL_WIDTH + CELL_WIDTH * (levels - level);
}

static const char *fault_name(const struct walk_story *s)
{
    return s->end == STORY_NPF  ? " #NPF"
           : s->end == STORY_PF ? " #PF"
           : s->end == STORY_VC ? " #VC"
                                : "";
}

static void draw_row(struct buf *b, const struct walk_story *s,
                     const struct row *r, unsigned levels)
{
    size_t start = b->len, end = column_of(levels, 0);
    unsigned i = r->first;

    if (r->guest_level)
        buf_printf(b, " guest %s", guest_name(r->guest_level));
    else
        buf_adds(b, " the access");
    fill_to(b, start, column_of(levels, levels), ' ');
    for (; i < r->last && s->entry[i].nested; i++) {
        bool more = i + 1 < r->last && s->entry[i + 1].nested;

        fill_to(b, start, column_of(levels, s->entry[i].level), ' ');
        add_cell(b, s, i, !more && r->reached);
        if (more)
            arrow_to(b, start, column_of(levels, s->entry[i + 1].level), '-');
        else if (r->reached)
            arrow_to(b, start, end, '=');
    }
    if (i < r->last)
        add_cell(b, s, i, false);
    else if (r->reached && s->end == STORY_OK)
        buf_adds(b, "memory");
    if (r->last == s->n)
        buf_adds(b, fault_name(s));
    buf_addc(b, '\n');
}

static void draw_head(struct buf *b, unsigned levels)
{
    size_t start = b->len;

    fill_to(b, start, LABEL_WIDTH, ' ');
    if (levels) {
        buf_adds(b, "nested tables");
        fill_to(b, start, column_of(levels, 0), ' ');
    }
    buf_adds(b, "guest table\n");
    if (!levels)
        return;
    start = b->len;
    for (unsigned level = levels; level; level--) {
        fill_to(b, start, column_of(levels, level), ' ');
        buf_adds(b, pt_level_name(level));
    }
    buf_addc(b, '\n');
}

/* Did a TLB or a page-walk cache spare the walk some entries? */
static bool is_abridged(const struct walk_story *s)
{
    unsigned nested = levels_of(s, true), guest = levels_of(s, false);
    const struct walk_entry *before = NULL;

    for (unsigned i = 0; i < s->n; before = &s->entry[i++]) {
        const struct walk_entry *e = &s->entry[i];
        bool follows = before && before->nested;

        if (e->nested ? !follows && e->level < nested : nested && !follows)
            return true;
        if (guest && !e->nested) {
            if (e->level != guest)
                return true;
            guest--;
        }
    }
    return false;
}

static void draw_legend(struct buf *b, const struct walk_story *s)
{
    bool updates = false;

    for (unsigned i = 0; i < s->n; i++)
        updates |= s->entry[i].set != 0;
    if (is_abridged(s))
        buf_adds(b,
                 "  What is missing was remembered: TLB, page-walk caches\n");
    if (s->blamed < s->n)
        buf_adds(b, "  ! refused the access\n");
    if (updates)
        buf_adds(b, "  * accessed or dirty was set here; below is the entry as "
                    "it was read\n");
}

static void draw_picture(struct buf *b, const struct walk_story *s)
{
    unsigned levels = levels_of(s, true);
    struct row r;

    draw_head(b, levels);
    for (unsigned i = 0; i < s->n;) {
        i = next_row(s, i, &r);
        draw_row(b, s, &r, levels);
    }
    draw_legend(b, s);
}

/* ---- the list ---- */

/* The flags of entry @i in words. */
static void add_flags(struct buf *b, const struct walk_story *s, unsigned i)
{
    static const struct {
        uint64_t bit;
        bool of_pages; /* ignored in an entry that leads to a table */
        const char *set, *clear;
    } words[] = {
        { PTE_W, false, "write", "read-only" },
        { PTE_U, false, "user", "supervisor" },
        { PTE_A, false, "accessed", NULL },
        { PTE_D, true, "dirty", NULL },
        { PTE_G, true, "global", NULL },
        { PTE_NX, false, "NX", NULL },
    };
    const struct walk_entry *e = &s->entry[i];
    bool page = maps_a_page(s, i);
    const char *gap = "";

    if (!(e->pte & PTE_P)) {
        buf_adds(b, "not present");
        return;
    }
    /* A pointer at the top of PAE's tables has no rights of its own. */
    if (e->level == 3 && e->levels == 3) {
        buf_adds(b, "present");
        return;
    }
    if (page && e->level > 1) {
        buf_adds(b, size_name(e));
        gap = " ";
    }
    for (size_t k = 0; k < ARRAY_SIZE(words); k++) {
        const char *word =
            e->pte & words[k].bit ? words[k].set : words[k].clear;

        if (!word || (words[k].of_pages && !page))
            continue;
        buf_adds(b, gap);
        buf_adds(b, word);
        gap = " ";
    }
    if (e->pte & s->cbit)
        buf_adds(b, " C");
}

static void list_row(struct buf *b, const struct walk_story *s,
                     const struct row *r)
{
    const struct walk_entry *first = &s->entry[r->first];

    if (r->guest_level)
        buf_printf(b, "The guest's %s", guest_name(r->guest_level));
    else
        buf_adds(b, "The access");
    if (first->nested)
        buf_printf(b, ", at guest-physical 0x%llx",
                   (unsigned long long)first->addr);
    buf_adds(b, ":\n");
    for (unsigned i = r->first; i < r->last; i++) {
        const struct walk_entry *e = &s->entry[i];

        buf_printf(b, "%4u  %-6s %-5s  0x%-13llx 0x%016llx  ", i + 1,
                   e->nested ? "nested" : "guest", pt_level_name(e->level),
                   (unsigned long long)e->slot, (unsigned long long)e->pte);
        add_flags(b, s, i);
        buf_addc(b, '\n');
    }
}

static void list_entries(struct buf *b, const struct walk_story *s)
{
    struct row r;

    for (unsigned i = 0; i < s->n;) {
        i = next_row(s, i, &r);
        list_row(b, s, &r);
    }
}

/* ---- the end ---- */

static void add_code(struct buf *b, const char *name, uint64_t code)
{
    buf_printf(b, "%s 0x%llx", name, (unsigned long long)code);
    if (!code || code == VC_NOT_VALIDATED)
        return;
    buf_adds(b, " (");
    pferr_words(b, code);
    buf_addc(b, ')');
}

static void tell_fault(struct buf *b, const struct walk_story *s)
{
    bool npf = s->end == STORY_NPF;
    struct buf text = BUF_INIT;

    add_code(&text, npf ? "EXITINFO1" : "error code", s->code);
    buf_printf(&text, ", %s 0x%llx. ", npf ? "EXITINFO2" : "CR2",
               (unsigned long long)s->addr);
    if (s->blamed < s->n)
        buf_printf(&text, "Entry %u refused: ", s->blamed + 1);
    buf_adds(&text, s->why ? s->why : "");
    if (s->source)
        buf_printf(&text, " [%s]", s->source);
    wrap_text(b,
              npf                  ? "=> #NPF: "
              : s->end == STORY_VC ? "=> #VC: "
                                   : "=> #PF: ",
              text.data, TEXT_WIDTH);
    buf_free(&text);
}

static void tell_end(struct buf *b, const struct walk_story *s)
{
    switch (s->end) {
    case STORY_OPEN:
        break;
    case STORY_OK:
        buf_printf(b, "=> system-physical 0x%llx", (unsigned long long)s->spa);
        if (s->memtype)
            buf_printf(b, ", memory type %s", s->memtype);
        buf_printf(b, ", after %u references\n", s->n);
        break;
    case STORY_NPF:
    case STORY_PF:
    case STORY_VC:
        tell_fault(b, s);
        break;
    case STORY_GP:
        wrap_text(b, "=> #GP: ", s->why, TEXT_WIDTH);
        break;
    }
    if (s->repeats)
        buf_printf(b, "   and %u more time%s exactly alike\n", s->repeats,
                   s->repeats > 1 ? "s" : "");
}

/* The index that each guest table used, and what is left as offset. */
static void draw_title(struct buf *b, const struct walk_story *s)
{
    unsigned top = levels_of(s, false), low = top;
    bool final =
        s->end == STORY_OK || (s->n && s->entry[s->n - 1].guest_level == 0);

    for (unsigned i = 0; i < s->n; i++)
        if (!s->entry[i].nested && s->entry[i].level < low)
            low = s->entry[i].level;
    buf_printf(b, "Guest-virtual 0x%llx", (unsigned long long)s->gva);
    for (unsigned level = top; top && level >= low; level--)
        buf_printf(b, "%s %s[%u]", level == top ? " =" : ",",
                   pt_level_name(level), index_of(top, s->gva, level));
    if (top && final)
        buf_printf(b, ", offset 0x%llx",
                   (unsigned long long)(s->gva & (page_size(top, low) - 1)));
    buf_adds(b, "\n\n");
}

void walk_draw(struct buf *b, const struct walk_story *s)
{
    draw_title(b, s);
    if (s->n) {
        draw_picture(b, s);
        buf_addc(b, '\n');
        list_entries(b, s);
    }
    tell_end(b, s);
}
