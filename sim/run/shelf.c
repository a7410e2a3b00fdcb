/* SPDX-License-Identifier: GPL-2.0-only */
/* run/shelf.c - a few guests, the least recently used one gives way. */
#include "run/shelf.h"

#include <string.h>

/* A guest with encrypted memory depends on the C-bit, so that a sweep over all
 * of them comes back to each of 65 guests: two types for each of 32 C-bits, and
 * a plain one. */
#define PLACES 72

struct place {
    struct pool *pool; /* of guest and order, NULL before the first */
    struct guest_order order;
    struct guest *guest; /* NULL: empty */
    uint64_t used;       /* larger is later */
};

struct shelf {
    struct pool *pool;
    struct trace *trace;
    uint64_t clock;
    struct place place[PLACES];
};

struct shelf *shelf_create(struct pool *pool, struct trace *trace)
{
    struct shelf *s = pool_alloc(pool, sizeof(*s));

    s->pool = pool;
    s->trace = trace;
    return s;
}

/* ---- the same order? Where it was written (mark) does not matter. ---- */

/* Whoever adds a member has a comparison to add below. */
_Static_assert(sizeof(struct guest_map) == 80, "same_map() knows them all");
_Static_assert(sizeof(struct guest_config) == 40, "so does same_config()");
_Static_assert(sizeof(struct guest_platform) == 6176, "and same_platform()");
_Static_assert(sizeof(struct guest_code) == 56, "and same_code()");

static bool same_map(const struct guest_map *a, const struct guest_map *b)
{
    return a->gva == b->gva && a->gpa == b->gpa && a->size == b->size &&
           a->page_size == b->page_size && a->present == b->present &&
           a->write == b->write && a->user == b->user && a->nx == b->nx &&
           a->shared == b->shared && a->has_table == b->has_table &&
           a->table == b->table && a->set_bits == b->set_bits;
}

static bool same_config(const struct guest_config *a,
                        const struct guest_config *b)
{
    bool same = a->paging == b->paging && a->cpl == b->cpl &&
                a->vc_handler == b->vc_handler &&
                a->page_size == b->page_size && a->wp == b->wp &&
                a->nxe == b->nxe && a->smep == b->smep && a->smap == b->smap &&
                a->n_maps == b->n_maps;

    for (unsigned i = 0; same && i < a->n_maps; i++)
        same = same_map(&a->maps[i], &b->maps[i]);
    return same;
}

static bool same_platform(const struct guest_platform *a,
                          const struct guest_platform *b)
{
    bool same = a->n_vcpus == b->n_vcpus && a->n_ram == b->n_ram &&
                a->n_mmio == b->n_mmio && a->sev == b->sev &&
                a->sev_es == b->sev_es && a->gb_pages == b->gb_pages &&
                (!a->sev || a->cbit == b->cbit);

    for (unsigned i = 0; same && i < a->n_ram; i++)
        same = a->ram[i].gpa == b->ram[i].gpa &&
               a->ram[i].size == b->ram[i].size &&
               a->ram[i].readonly == b->ram[i].readonly;
    for (unsigned i = 0; same && i < a->n_mmio; i++)
        same = a->mmio[i].gpa == b->mmio[i].gpa &&
               a->mmio[i].size == b->mmio[i].size;
    return same;
}

static bool same_code(const struct guest_code *a, const struct guest_code *b)
{
    return a->len == b->len && a->vcpu == b->vcpu &&
           a->has_target == b->has_target && a->target == b->target &&
           (!a->len || memcmp(a->bytes, b->bytes, a->len) == 0);
}

static bool same_order(const struct guest_order *a, const struct guest_order *b)
{
    bool same = a->n_steps == b->n_steps &&
                same_platform(a->platform, b->platform) &&
                same_config(a->config, b->config);

    for (unsigned i = 0; same && i < a->n_steps; i++)
        same = same_code(&a->steps[i], &b->steps[i]);
    return same;
}

/* ---- building ---- */

static void *copy(struct pool *pool, const void *data, size_t len)
{
    return len ? memcpy(pool_alloc(pool, len), data, len) : NULL;
}

/* The guest keeps pointers to its order, and the caller's goes away. */
static struct guest_order keep_order(struct pool *pool,
                                     const struct guest_order *o)
{
    struct guest_config *config = copy(pool, o->config, sizeof(*config));
    struct guest_code *steps =
        copy(pool, o->steps, o->n_steps * sizeof(*steps));

    config->maps =
        copy(pool, config->maps, config->n_maps * sizeof(*config->maps));
    for (unsigned i = 0; i < o->n_steps; i++)
        steps[i].bytes = copy(pool, steps[i].bytes, steps[i].len);
    return (struct guest_order) {
        .config = config,
        .platform = copy(pool, o->platform, sizeof(*o->platform)),
        .n_steps = o->n_steps,
        .steps = steps,
    };
}

static struct guest *build(struct shelf *s, struct place *p,
                           const struct guest_order *o, struct err *e)
{
    if (!p->pool)
        p->pool = pool_child(s->pool);
    pool_reset(p->pool);
    p->order = keep_order(p->pool, o);
    p->guest = guest_build(p->pool, p->order.config, p->order.platform,
                           p->order.steps, p->order.n_steps, s->trace, e);
    return p->guest;
}

struct guest *shelf_guest(struct shelf *s, const struct guest_order *o,
                          struct err *e)
{
    struct place *oldest = &s->place[0];

    s->clock++;
    for (unsigned i = 0; i < PLACES; i++) {
        struct place *p = &s->place[i];

        if (p->guest && same_order(&p->order, o)) {
            p->used = s->clock;
            guest_restart(p->guest);
            return p->guest;
        }
        if (p->used < oldest->used)
            oldest = p;
    }
    oldest->used = s->clock;
    return build(s, oldest, o, e);
}
