/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cli/walk_dump.c - `nptsim walk` on a dump of real memory.
 *
 * The CPU walks; this file only brings the pages. Which ones is not known
 * beforehand: a walk is tried, the first page that it read and that was not
 * there is fetched from the file, and it is tried again from the start, so that
 * the last try is a walk like any other. A page that the file does not have
 * ends the story there: nobody knows how it would have gone on.
 */
#include "cli/walk.h"

#include "trace.h"

#define N_WORDS (PAGE_SIZE_4K / 8)

struct dump {
    const struct walk_args *a;
    const char *path;
    struct image *img;
    struct cpu_model model;
    uint64_t cbit; /* as a mask, 0: encryption is off */
    struct cpu *cpu;
    struct trace trace;
    struct walk_recorder *recorder;
    unsigned n_pages;
    spa_t pages[WALK_MAX_ENTRIES];
};

/* ---- bringing pages ---- */

/* Words that the file does not have read as 0; nobody will look at them. */
static void load_page(struct dump *d, spa_t page)
{
    for (spa_t spa = page; spa < page + PAGE_SIZE_4K; spa += 8) {
        uint64_t word;

        if (image_read64(d->img, spa, &word))
            cpu_poke64(d->cpu, spa, word);
    }
}

static bool is_loaded(const struct dump *d, spa_t slot)
{
    for (unsigned i = 0; i < d->n_pages; i++)
        if (d->pages[i] == (slot & PAGE_MASK_4K))
            return true;
    return false;
}

static bool file_has(struct dump *d, spa_t slot)
{
    uint64_t ignored;

    return image_read64(d->img, slot & ~7ULL, &ignored);
}

/* The first entry of @s that the file must still bring; s->n: none. */
static unsigned first_unread(struct dump *d, const struct walk_story *s)
{
    for (unsigned i = 0; i < s->n; i++)
        if (!is_loaded(d, s->entry[i].slot) || !file_has(d, s->entry[i].slot))
            return i;
    return s->n;
}

/* ---- the walk ---- */

/* One try with the pages that are there. */
static int try_walk(struct dump *d, struct walk_story *s, struct err *e)
{
    const struct walk_args *a = d->a;
    const struct walk_story *kept;
    struct walk_result res;
    const char *why;

    cpu_reset(d->cpu, &d->model);
    walk_recorder_clear(d->recorder);
    for (unsigned i = 0; i < d->n_pages; i++)
        load_page(d, d->pages[i]);
    if (!walk_load(d->cpu, &a->setup, &why))
        return err_plain(e, "registers", "%s", why);
    res = walk_access(d->cpu, a->gva, a->kind, 1, false, NULL);
    if (res.outcome == WALK_OK)
        walk_recorder_reached(d->recorder, res.spa);
    kept = walk_recorder_story(d->recorder, 0);
    *s = kept ? *kept
              : (struct walk_story) { .gva = a->gva,
                                      .end = STORY_GP,
                                      .why = res.why };
    s->cbit = d->cbit;
    s->memtype = memtype_name(res.memtype);
    return 0;
}

static int not_in_file(struct dump *d, const struct walk_entry *e,
                       struct err *err)
{
    const struct image_range *r;
    unsigned n = image_ranges(d->img, &r);

    err_plain(err, d->path,
              "the walk goes on with a %s %s at 0x%llx, which "
              "the file does not hold",
              e->nested ? "nested" : "guest", pt_level_name(e->level),
              (unsigned long long)e->slot);
    return err_hint(
        err, "it holds 0x%llx to 0x%llx%s", (unsigned long long)r[0].start,
        (unsigned long long)r[n - 1].end - 1, n > 1 ? ", with gaps" : "");
}

static int walk_one(struct dump *d, struct err *e)
{
    struct buf out = BUF_INIT;
    struct walk_story s;
    unsigned i;

    for (;;) {
        if (try_walk(d, &s, e))
            return -1;
        i = first_unread(d, &s);
        if (i == s.n || !file_has(d, s.entry[i].slot) ||
            d->n_pages == ARRAY_SIZE(d->pages))
            break;
        d->pages[d->n_pages++] = s.entry[i].slot & PAGE_MASK_4K;
    }
    if (i < s.n) {
        not_in_file(d, &s.entry[i], e);
        s.n = i;
        s.end = STORY_OPEN;
    }
    walk_print(&out, &s, d->a->form);
    cli_print(&out);
    buf_free(&out);
    return e->set ? -1 : 0;
}

/* ---- the listing ---- */

static bool read_physical(void *ctx, uint64_t page, uint64_t words[N_WORDS])
{
    struct dump *d = ctx;

    for (unsigned i = 0; i < N_WORDS; i++)
        if (!image_read64(d->img, page + 8 * i, &words[i]))
            return false;
    return true;
}

/* Guest-physical pages, found through the nested tables. */
struct guest_memory {
    struct dump *d;
    const struct walk_table *nested;
};

static bool read_guest(void *ctx, uint64_t page, uint64_t words[N_WORDS])
{
    struct guest_memory *g = ctx;
    uint64_t spa;

    return walk_table_find(g->nested, page, &spa) &&
           read_physical(g->d, spa, words);
}

/* APM vol. 2, table 5-1. 0: paging is off. */
static unsigned levels_of(uint64_t cr0, uint64_t cr4, uint64_t efer)
{
    if (!(cr0 & CR0_PG))
        return 0;
    if (!(cr4 & CR4_PAE))
        return 2;
    if (!(efer & EFER_LMA))
        return 3;
    return cr4 & CR4_LA57 ? 5 : 4;
}

/* CR3 without what is no address (APM vol. 2, 5.2.1, 5.2.2, 5.3.2). */
static uint64_t root_of(unsigned levels, uint64_t cr3)
{
    return levels == 3 ? cr3 & bits(31, 5) : cr3 & PTE_ADDR_MASK;
}

static struct walk_table nested_table(struct dump *d)
{
    const struct walk_setup *s = &d->a->setup;
    unsigned levels = levels_of(s->h_cr0, s->h_cr4, s->h_efer);

    return (struct walk_table) {
        .levels = levels,
        .root = root_of(levels, s->ncr3),
        .large_pages = levels != 2 || (s->h_cr4 & CR4_PSE),
        .cbit = levels > 2 ? d->cbit : 0,
        .read_page = read_physical,
        .ctx = d,
        .max_tables = d->a->max_tables,
    };
}

static struct walk_table guest_table(struct dump *d, struct guest_memory *g)
{
    const struct walk_setup *s = &d->a->setup;
    unsigned levels = levels_of(s->g_cr0, s->g_cr4, s->g_efer);

    return (struct walk_table) {
        .levels = levels,
        .root = root_of(levels, s->g_cr3),
        .large_pages = levels != 2 || (s->g_cr4 & CR4_PSE),
        .sign_extend = true,
        /* Without nested tables these are the host's own. */
        .cbit = levels > 2 && !d->a->has_ncr3 ? d->cbit : 0,
        .read_page = d->a->has_ncr3 ? read_guest : read_physical,
        .ctx = d->a->has_ncr3 ? (void *)g : (void *)d,
        .max_tables = d->a->max_tables,
    };
}

static void take_reserved(struct walk_table *t, const struct cpu *c,
                          bool nested)
{
    for (unsigned level = 1; level <= t->levels; level++)
        for (unsigned bit7 = 0; bit7 < 2; bit7++)
            t->reserved[level][bit7] = walk_reserved(c, nested, level, bit7);
}

static int list(struct dump *d, struct err *e)
{
    struct walk_table nested = nested_table(d), guest, *t = &nested;
    struct guest_memory g = { d, &nested };
    uint64_t words[N_WORDS];
    struct buf out = BUF_INIT;
    const char *why;
    bool complete;

    cpu_reset(d->cpu, &d->model);
    if (d->a->has_cr3) {
        guest = guest_table(d, &g);
        t = &guest;
    }
    if (!t->levels || (d->a->has_ncr3 && !nested.levels))
        return err_plain(e, "registers",
                         "paging is off (CR0.PG = 0): there is no table");
    if (!walk_load(d->cpu, &d->a->setup, &why))
        return err_plain(e, "registers", "%s", why);
    take_reserved(&nested, d->cpu, true);
    take_reserved(t, d->cpu, t == &nested);
    if (!t->read_page(t->ctx, t->root & ~t->cbit & PAGE_MASK_4K, words))
        return err_plain(e, d->path,
                         "the first table, at 0x%llx, is not in the file, or "
                         "may not be read",
                         (unsigned long long)(t->root & ~t->cbit));
    complete = walk_list(&out, t);
    cli_print(&out);
    buf_free(&out);
    if (!complete)
        return err_plain(e, d->path, "these tables could not be listed whole");
    return 0;
}

/* ---- opening ---- */

static struct image *open_image(const struct walk_args *a, struct err *e)
{
    if (a->core)
        return image_open_core(a->pool, a->core, e);
    return image_open_raw(a->pool, a->image, a->base, e);
}

int walk_dump(const struct walk_args *a)
{
    struct dump d = { .a = a, .path = a->core ? a->core : a->image };
    const struct cpu_file *cpu;
    struct err e = { 0 };

    cpu = catalog_cpu(cli_catalog(a->pool), a->cpu ? a->cpu : "milan",
                      (struct mark) { .file = "--cpu" }, &e);
    if (cpu)
        d.img = open_image(a, &e);
    if (!d.img)
        return cli_input_error(&e);
    d.model = cpu->model;
    d.cbit = d.model.mem_encrypt ? BIT(d.model.cbit) : 0;
    trace_init(&d.trace, a->pool);
    d.recorder = walk_recorder_create(a->pool);
    trace_add_sink(&d.trace, walk_recorder_sink, d.recorder);
    d.cpu = cpu_create(a->pool, &d.model, &d.trace);
    if (a->list)
        list(&d, &e);
    else
        walk_one(&d, &e);
    image_close(d.img);
    return e.set ? cli_input_error(&e) : STATUS_OK;
}
