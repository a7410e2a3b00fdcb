/* SPDX-License-Identifier: GPL-2.0-only */
/* load/npt.c - changes of nested entries, in `bare:` or by a step. */
#include "load/bare.h"

#include <inttypes.h>

/* Of all modes; 4 MiB is for 32-bit paging. */
const uint64_t npt_page_sizes[N_NPT_PAGE_SIZES] = { PAGE_SIZE_4K, 2ULL << 20,
                                                    4ULL << 20, 1ULL << 30 };

/* A bit of an entry: what is not written stays as it is. */
#define FLAG(member, text)                                                     \
    {                                                                          \
        .key = #member, .type = FIELD_BOOL, MEMBER(struct npt_doc, member.on), \
        .at = offsetof(struct npt_doc, member.at), .doc = text                 \
    }

static const uint64_t levels[] = { 2, 3, 4, 5 };

static const struct field npt_fields[] = {
    { .key = "gpa",
      .type = FIELD_NUMBER,
      MEMBER(struct npt_doc, gpa),
      .max = BIT(57) - PAGE_SIZE_4K,
      .align = PAGE_SIZE_4K,
      .at = offsetof(struct npt_doc, gpa_at),
      .doc = "guest-physical address" },
    { .key = "guest",
      .type = FIELD_WORD,
      MEMBER(struct npt_doc, part),
      .words = npt_part_names + NPT_KERNEL,
      .n = NPT_PROGRAM - NPT_KERNEL + 1,
      .at = offsetof(struct npt_doc, part_at),
      .doc = "instead of gpa: all pages of the guest's kernel, or those of the "
             "program that its steps are" },
    { .key = "size",
      .type = FIELD_NUMBER,
      MEMBER(struct npt_doc, size),
      .min = PAGE_SIZE_4K,
      .max = BIT(57),
      .align = PAGE_SIZE_4K,
      .at = offsetof(struct npt_doc, size_at),
      .doc = "bytes (default: the page at gpa, as large as it is); a page that "
             "is only partly meant is split" },
    { .key = "page_size",
      .type = FIELD_NUMBER,
      MEMBER(struct npt_doc, page_size),
      .choice = npt_page_sizes,
      .n = N_NPT_PAGE_SIZES,
      .doc = "of the entries (default: as they are)" },
    { .key = "level",
      .type = FIELD_NUMBER,
      MEMBER(struct npt_doc, level),
      .choice = levels,
      .n = ARRAY_SIZE(levels),
      .doc = "not the page's entry, but that of this level, which points to a "
             "table" },
    { .key = "spa",
      .type = FIELD_NUMBER,
      MEMBER(struct npt_doc, spa),
      .max = BIT(52) - PAGE_SIZE_4K,
      .align = PAGE_SIZE_4K,
      .at = offsetof(struct npt_doc, spa_at),
      .doc = "system-physical address (default: as it is; at first, the same "
             "as gpa)" },
    FLAG(present, "P"),
    FLAG(write, "R/W"),
    FLAG(user, "U/S"),
    FLAG(nx, "NX"),
    FLAG(accessed, "A"),
    FLAG(dirty, "D"),
    { .key = "set_bits",
      .type = FIELD_NUMBER,
      MEMBER(struct npt_doc, set_bits),
      .max = UINT64_MAX,
      .doc = "ORed into the entries, to plant reserved bits" },
};

const struct field_table npt_table = {
    .name = "npt",
    .fields = npt_fields,
    .n = ARRAY_SIZE(npt_fields),
    .size = sizeof(struct npt_doc),
    .at = offsetof(struct npt_doc, at),
};

/* ---- from document to change ---- */

/* A mark of a key that was not written has no file. */
static bool is_given(const struct mark *at)
{
    return at->file != NULL;
}

static int add_flags(const struct npt_doc *d, struct bare_npt *c, struct err *e)
{
    const struct {
        const struct npt_flag *flag;
        uint64_t bit;
    } flags[] = {
        { &d->present, PTE_P }, { &d->write, PTE_W },    { &d->user, PTE_U },
        { &d->nx, PTE_NX },     { &d->accessed, PTE_A }, { &d->dirty, PTE_D },
    };

    c->set = d->set_bits;
    for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
        if (!is_given(&flags[i].flag->at))
            continue;
        c->set |= flags[i].flag->on ? flags[i].bit : 0;
        c->clear |= flags[i].flag->on ? 0 : flags[i].bit;
    }
    if (!(c->set & c->clear))
        return 0;
    err_at(e, d->at, "npt: set_bits sets what another key clears: 0x%" PRIx64,
           c->set & c->clear);
    return err_hint(e, "set_bits is for the bits that have no key");
}

/* What can be said of each alone. */
static int check_parts(const struct npt_doc *d, struct err *e)
{
    bool guest = is_given(&d->part_at), gpa = is_given(&d->gpa_at);
    bool spa = is_given(&d->spa_at);

    if (guest == gpa) {
        err_at(e, d->at,
               guest ? "npt: gpa and guest at once" : "npt: 'gpa' is missing");
        return err_hint(e, "gpa: an address; guest: kernel or program");
    }
    if (guest && (is_given(&d->size_at) || spa || d->level || d->page_size)) {
        err_at(e, d->at, "npt: with guest stand bits of the entries only");
        return err_hint(e, "use gpa for the rest");
    }
    if (d->level && (spa || d->page_size)) {
        err_at(e, d->at, "npt: with level stand bits of the entries only");
        return err_hint(e, "spa and page_size are about pages");
    }
    if (gpa && d->size && d->gpa + d->size > BIT(57))
        return err_at(e, d->at, "npt: gpa and size pass 57 bits");
    return 0;
}

int npt_convert(const struct npt_doc *d, struct run_npt *out, struct err *e)
{
    if (check_parts(d, e))
        return -1;
    *out = (struct run_npt) {
        .part = is_given(&d->part_at) ? d->part + NPT_KERNEL : NPT_ADDRESS,
        .change = { .gpa = d->gpa,
                    .size = d->size,
                    .page_size = d->page_size,
                    .level = d->level,
                    .has_spa = is_given(&d->spa_at),
                    .spa = d->spa },
        .at = d->at,
    };
    return add_flags(d, &out->change, e);
}

static void describe_place(const struct npt_doc *d, struct buf *b)
{
    if (is_given(&d->part_at))
        buf_printf(b, "change the nested entries of the guest's %s:",
                   npt_part_names[d->part + NPT_KERNEL]);
    else if (d->level)
        buf_printf(b,
                   "change the nested entry of level %u above 0x%" PRIx64 ":",
                   d->level, d->gpa);
    else
        buf_printf(b, "change the nested entry of 0x%" PRIx64 ":", d->gpa);
    if (is_given(&d->size_at))
        buf_printf(b, " size=0x%" PRIx64, d->size);
    if (d->page_size)
        buf_printf(b, " page_size=0x%" PRIx64, d->page_size);
}

void npt_describe(const struct npt_doc *d, struct buf *b)
{
    const struct {
        const struct npt_flag *flag;
        const char *name;
    } flags[] = {
        { &d->present, "present" },   { &d->write, "write" },
        { &d->user, "user" },         { &d->nx, "nx" },
        { &d->accessed, "accessed" }, { &d->dirty, "dirty" },
    };

    describe_place(d, b);
    for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
        if (is_given(&flags[i].flag->at))
            buf_printf(b, " %s=%s", flags[i].name,
                       flags[i].flag->on ? "true" : "false");
    if (is_given(&d->spa_at))
        buf_printf(b, " spa=0x%" PRIx64, d->spa);
    if (d->set_bits)
        buf_printf(b, " set_bits=0x%" PRIx64, d->set_bits);
}

/* ---- what goes with the host ---- */

/* From the first one on. */
static uint64_t last_byte(const struct bare_npt *c)
{
    return c->size ? c->size - 1 : 0;
}

static int check_narrow(const struct run_npt *n, struct err *e)
{
    const struct bare_npt *c = &n->change;

    if ((c->set | c->clear) >> 32)
        return err_at(e, n->at,
                      "npt: an entry of a 32-bit host has 32 bits, and no NX");
    if ((c->spa + last_byte(c)) >> 32)
        return err_at(e, n->at, "npt: spa is beyond a 32-bit host's entries");
    return 0;
}

int npt_check(const struct run_config *config, const struct run_npt *n,
              struct err *e)
{
    enum bare_paging paging = config->bare.host.paging;
    const struct bare_npt *c = &n->change;
    unsigned width = bare_linear_bits(paging);
    uint64_t page = c->page_size ? c->page_size : 1;

    if (!width)
        return 0; /* no tables: said when the hypervisor finds none */
    if ((c->gpa + last_byte(c)) >> width)
        return err_at(e, n->at, "npt: nested tables of a '%s' host map %u bits",
                      bare_paging_names[paging], width);
    if (c->page_size && !bare_has_page(paging, c->page_size))
        return err_at(e, n->at, "npt: a '%s' host has no pages of this size",
                      bare_paging_names[paging]);
    if (!is_aligned(c->gpa | c->size | c->spa, page))
        return err_at(e, n->at,
                      "npt: gpa, size and spa must be multiples of page_size");
    if (c->level > bare_levels(paging))
        return err_at(e, n->at,
                      "npt: nested tables of a '%s' host have %u "
                      "levels",
                      bare_paging_names[paging], bare_levels(paging));
    return paging == BARE_PAGING_32BIT ? check_narrow(n, e) : 0;
}
