/* SPDX-License-Identifier: GPL-2.0-only */
/* load/guest.c - the part `guest:` of a scenario: what runs inside the VM. */
#include "load/scenario.h"

#include <string.h>

/* Of all modes; 4 MiB is for 32-bit paging. */
static const uint64_t guest_page_sizes[] = { PAGE_SIZE_4K, 2ULL << 20,
                                             4ULL << 20, 1ULL << 30 };

static const struct field map_fields[] = {
    { .key = "gva",
      .type = FIELD_NUMBER,
      .required = true,
      MEMBER(struct guest_map, gva),
      .max = UINT64_MAX,
      .align = PAGE_SIZE_4K,
      .doc = "guest-virtual address" },
    { .key = "gpa",
      .type = FIELD_NUMBER,
      MEMBER(struct guest_map, gpa),
      .max = BIT(52) - PAGE_SIZE_4K,
      .align = PAGE_SIZE_4K,
      .doc = "guest-physical address that it is mapped to" },
    { .key = "table",
      .type = FIELD_NUMBER,
      MEMBER(struct guest_map, table),
      .max = BIT(52) - PAGE_SIZE_4K,
      .align = PAGE_SIZE_4K,
      .doc = "instead of gpa: where a page table for these 2MiB is said to be "
             "(4MiB with 32-bit paging)" },
    { .key = "size",
      .type = FIELD_NUMBER,
      .required = true,
      MEMBER(struct guest_map, size),
      .min = PAGE_SIZE_4K,
      .max = BIT(47),
      .align = PAGE_SIZE_4K,
      .doc = "bytes" },
    { .key = "page_size",
      .type = FIELD_NUMBER,
      MEMBER(struct guest_map, page_size),
      .choice = guest_page_sizes,
      .n = ARRAY_SIZE(guest_page_sizes),
      .doc = "of its entries (default: the largest that fits)" },
    { .key = "present",
      .type = FIELD_BOOL,
      MEMBER(struct guest_map, present),
      .doc = "P (default true)" },
    { .key = "write",
      .type = FIELD_BOOL,
      MEMBER(struct guest_map, write),
      .doc = "R/W (default true)" },
    { .key = "user",
      .type = FIELD_BOOL,
      MEMBER(struct guest_map, user),
      .doc = "U/S (default true)" },
    { .key = "nx",
      .type = FIELD_BOOL,
      MEMBER(struct guest_map, nx),
      .doc = "NX (default false)" },
    { .key = "shared",
      .type = FIELD_BOOL,
      MEMBER(struct guest_map, shared),
      .doc = "C-bit clear in an encrypted guest (default false)" },
    { .key = "set_bits",
      .type = FIELD_NUMBER,
      MEMBER(struct guest_map, set_bits),
      .max = UINT64_MAX,
      .doc = "ORed into the leaf entries, to plant reserved bits" },
};

/* No page begins here: neither a gpa nor a table was written. */
#define NOT_GIVEN UINT64_MAX

static const struct guest_map map_init = {
    .gpa = NOT_GIVEN,
    .table = NOT_GIVEN,
    .present = true,
    .write = true,
    .user = true,
};

static const struct field_table map_table = {
    .name = "map",
    .fields = map_fields,
    .n = ARRAY_SIZE(map_fields),
    .size = sizeof(struct guest_map),
    .init = &map_init,
    .at = offsetof(struct guest_map, at),
};

static const uint64_t levels[] = { 0, 3 };
static const char *const handler_names[] = {
    [VC_HANDLER_LINUX] = "linux",
    [VC_HANDLER_NONE] = "none",
};

#define SWITCH(member, text)                                                   \
    {                                                                          \
        .key = #member, .type = FIELD_BOOL,                                    \
        MEMBER(struct scenario_doc, s.config.guest.member), .doc = text        \
    }

static const struct field guest_fields[] = {
    { .key = "paging",
      .type = FIELD_WORD,
      MEMBER(struct scenario_doc, s.config.guest.paging),
      .words = guest_paging_names,
      .n = PAGING_5LEVEL + 1,
      .at = offsetof(struct scenario_doc, paging_at),
      .doc = "of the guest (default 4-level); 64-bit code runs with 4 and 5 "
             "levels, else 32-bit code" },
    { .key = "cpl",
      .type = FIELD_NUMBER,
      MEMBER(struct scenario_doc, s.config.guest.cpl),
      .choice = levels,
      .n = ARRAY_SIZE(levels),
      .doc = "privilege of the steps (default 0)" },
    { .key = "vc_handler",
      .type = FIELD_WORD,
      MEMBER(struct scenario_doc, s.config.guest.vc_handler),
      .words = handler_names,
      .n = ARRAY_SIZE(handler_names),
      .doc = "what an SEV-ES guest does on #VC (default linux)" },
    { .key = "page_size",
      .type = FIELD_NUMBER,
      MEMBER(struct scenario_doc, s.config.guest.page_size),
      .choice = guest_page_sizes,
      .n = ARRAY_SIZE(guest_page_sizes),
      .doc = "largest page of the identity map (default 2MiB; 32-bit paging "
             "has 4KiB and 4MiB)" },
    SWITCH(wp, "CR0.WP (default true)"),
    SWITCH(nxe, "EFER.NXE (default true)"),
    SWITCH(smep, "CR4.SMEP (default false)"),
    SWITCH(smap, "CR4.SMAP (default false)"),
    { .key = "map",
      .type = FIELD_LIST,
      MEMBER(struct scenario_doc, s.config.guest.maps),
      .count = offsetof(struct scenario_doc, s.config.guest.n_maps),
      .n = 64,
      .table = &map_table,
      .doc = "exceptions to the identity map" },
};

const struct field_table guest_table = {
    .name = "guest",
    .fields = guest_fields,
    .n = ARRAY_SIZE(guest_fields),
};

void guest_set_defaults(struct guest_config *g)
{
    *g = (struct guest_config) {
        .paging = PAGING_4LEVEL,
        .vc_handler = VC_HANDLER_LINUX,
        .page_size = 2ULL << 20,
        .wp = true,
        .nxe = true,
    };
}

void guest_copy_maps(struct pool *pool, struct guest_config *g)
{
    struct guest_map *maps;

    if (!g->n_maps)
        return;
    maps = pool_alloc(pool, g->n_maps * sizeof(*maps));
    memcpy(maps, g->maps, g->n_maps * sizeof(*maps));
    g->maps = maps;
}

/* Has this mode pages of @size? */
static bool has_page(enum guest_paging paging, uint64_t size)
{
    if (size == PAGE_SIZE_4K)
        return true;
    if (paging == PAGING_32BIT)
        return size == 4ULL << 20;
    return size == 2ULL << 20 || (size == 1ULL << 30 && guest_is_64bit(paging));
}

/* The largest page, up to that of the identity map, that gva, gpa and size are
 * multiples of. */
static uint64_t fitting_page(const struct guest_config *g,
                             const struct guest_map *m)
{
    uint64_t fits = PAGE_SIZE_4K;

    for (unsigned i = 0; i < ARRAY_SIZE(guest_page_sizes); i++)
        if (guest_page_sizes[i] <= g->page_size &&
            has_page(g->paging, guest_page_sizes[i]) &&
            is_aligned(m->gva | m->gpa | m->size, guest_page_sizes[i]))
            fits = guest_page_sizes[i];
    return fits;
}

static int check_page(const struct guest_config *g, struct guest_map *m,
                      struct err *e)
{
    struct buf page = BUF_INIT;

    if (!m->page_size)
        m->page_size = fitting_page(g, m);
    if (m->gva + (m->size - 1) < m->gva)
        return err_at(e, m->at, "map: gva and size pass the end of memory");
    if (m->gpa + m->size > BIT(52))
        return err_at(e, m->at, "map: gpa and size pass 52 bits");
    if (is_aligned(m->gva | m->gpa | m->size, m->page_size))
        return 0;
    field_add_size(&page, m->page_size);
    err_at(e, m->at, "gva, gpa and size must be multiples of page_size, %s",
           page.data);
    buf_free(&page);
    return -1;
}

/* The entry above a table has no page, and lets everything pass. */
static int check_table(struct guest_map *m, struct err *e)
{
    if (m->page_size || !m->present || !m->write || !m->user || m->nx)
        return err_at(e, m->at,
                      "map: beside table stand gva, size, shared and "
                      "set_bits only");
    m->has_table = true;
    m->gpa = 0;
    m->page_size = PAGE_SIZE_4K;
    return 0;
}

static int check_map(const struct guest_config *g, struct guest_map *m,
                     struct err *e)
{
    bool page = m->gpa != NOT_GIVEN, table = m->table != NOT_GIVEN;

    if (page == table) {
        err_at(e, m->at,
               page ? "map: gpa and table at once" : "map: 'gpa' is missing");
        return err_hint(e, "gpa: of memory; table: of a page table");
    }
    if (table)
        return check_table(m, e);
    m->table = 0;
    return check_page(g, m, e);
}

/* What the CPU, or the kind of VM, cannot do. */
static int check_paging(const struct run_config *config, struct mark at,
                        struct err *e)
{
    enum guest_paging paging = config->guest.paging;
    bool es = config->vm.type == VM_SEV_ES || config->vm.type == VM_SNP;

    if (es && !guest_is_64bit(paging)) {
        err_at(e, at,
               "guest.paging: '%s' in a VM of type '%s', whose #VC handler is "
               "64-bit code",
               guest_paging_names[paging], vm_type_names[config->vm.type]);
        return err_hint(e, "4-level or 5-level; or vm.type plain or sev");
    }
    if (paging == PAGING_5LEVEL && !config->cpu.features[FEAT_LA57]) {
        err_at(e, at, "guest.paging: 5-level, and CPU '%.60s' has no la57",
               config->cpu.name);
        return err_hint(e, "genoa and later have it");
    }
    return 0;
}

int guest_check(struct run_config *config, struct mark paging_at, struct err *e)
{
    struct guest_config *g = &config->guest;

    if (check_paging(config, paging_at, e))
        return -1;
    for (unsigned i = 0; i < g->n_maps; i++)
        if (check_map(g, &g->maps[i], e))
            return -1;
    return 0;
}
