/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * world.h - a guest and the little that its tests need around it.
 *
 * The walker here is the naive one: it knows the manual's tables (APM vol. 2,
 * figures 5-18 ff.) and reads the bytes that guest_build() hands out.
 */
#ifndef TESTS_GUEST_WORLD_H
#define TESTS_GUEST_WORLD_H

#include "guest.h"
#include "unit/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define MIB 0x100000ULL
#define GIB 0x40000000ULL
#define TIB (1024 * GIB)

struct world {
    struct pool *pool;
    struct guest_config config;
    struct guest_platform platform;
    struct guest_code steps[4];
    unsigned n_steps;
    struct guest *guest;
    struct err err;
};

static inline void add_ram(struct world *w, gpa_t gpa, uint64_t size)
{
    unsigned i = w->platform.n_ram++;

    w->platform.ram[i].gpa = gpa;
    w->platform.ram[i].size = size;
}

static inline void add_mmio(struct world *w, gpa_t gpa, uint64_t size)
{
    unsigned i = w->platform.n_mmio++;

    w->platform.mmio[i].gpa = gpa;
    w->platform.mmio[i].size = size;
}

static inline void add_step(struct world *w, const char *bytes, size_t len)
{
    w->steps[w->n_steps++] =
        (struct guest_code) { .bytes = (const uint8_t *)bytes, .len = len };
}

static inline void add_fetch(struct world *w, gva_t target)
{
    add_step(w, "\xff\xe3", 2); /* jmp rbx */
    w->steps[w->n_steps - 1].has_target = true;
    w->steps[w->n_steps - 1].target = target;
}

static inline struct world plain_world(void)
{
    return (struct world) {
        .pool = pool_create(),
        .config = { .paging = PAGING_4LEVEL,
                    .page_size = 2 * MIB,
                    .wp = true,
                    .nxe = true },
        .platform = { .n_vcpus = 1, .gb_pages = true },
    };
}

static inline struct world sev_es_world(void)
{
    struct world w = plain_world();

    w.platform.sev = w.platform.sev_es = true;
    w.platform.cbit = 51;
    return w;
}

static inline bool try_build(struct world *w)
{
    w->guest = guest_build(w->pool, &w->config, &w->platform, w->steps,
                           w->n_steps, NULL, &w->err);
    ck_assert_int_eq(w->guest == NULL, w->err.set);
    return w->guest;
}

static inline void build(struct world *w)
{
    ck_assert_msg(try_build(w), "%s", w->err.msg);
}

static inline void drop(struct world *w)
{
    pool_destroy(w->pool);
}

/* The byte that guest_build() wants at @gpa; memory is zero elsewhere. */
static inline uint8_t byte_at(const struct world *w, gpa_t gpa)
{
    for (unsigned i = 0; i < guest_n_chunks(w->guest); i++) {
        struct guest_chunk c = guest_chunk(w->guest, i);

        if (gpa >= c.gpa && gpa - c.gpa < c.len)
            return c.data[gpa - c.gpa];
    }
    return 0;
}

static inline uint64_t word_at(const struct world *w, gpa_t gpa)
{
    uint64_t v = 0;

    for (unsigned i = 8; i-- > 0;)
        v = v << 8 | byte_at(w, gpa + i);
    return v;
}

struct found {
    bool present;
    unsigned level;
    uint64_t leaf;
    gpa_t gpa;
};

static inline struct found walk(const struct world *w, gva_t gva)
{
    uint64_t cbit = w->platform.sev ? 1ULL << w->platform.cbit : 0;
    uint64_t entry = guest_entry(w->guest, 0).cr3;
    struct found f = { .present = true };
    unsigned shift = 48;

    for (f.level = 4; f.level >= 1; f.level--) {
        gpa_t table = entry & 0xffffffffff000ULL & ~cbit;

        shift -= 9;
        entry = word_at(w, table + 8 * (gva >> shift & 0x1ff));
        if (!(entry & 1)) {
            f.present = false;
            f.leaf = entry;
            return f;
        }
        if (f.level == 1 || entry & 0x80)
            break;
    }
    f.leaf = entry;
    f.gpa = (entry & 0xffffffffff000ULL & ~cbit) >> shift << shift;
    f.gpa |= gva & ((1ULL << shift) - 1);
    return f;
}

static inline int run_tests(const char *name, TCase *t)
{
    Suite *s = suite_create(name);

    suite_add_tcase(s, t);
    return run_suite(s);
}

#endif
