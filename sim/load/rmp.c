/* SPDX-License-Identifier: GPL-2.0-only */
/* load/rmp.c - pages that a bare hypervisor gives away or takes back, in
 * `bare:` or by a step. */
#include "load/bare.h"

#include <inttypes.h>

#define SIZE_2M (2ULL << 20)

static const uint64_t page_sizes[] = { PAGE_SIZE_4K, SIZE_2M };

static const struct field rmp_fields[] = {
    { .key = "spa",
      .type = FIELD_NUMBER,
      .required = true,
      MEMBER(struct rmp_doc, spa),
      .max = BIT(52) - PAGE_SIZE_4K,
      .align = PAGE_SIZE_4K,
      .doc = "system-physical address of the page" },
    { .key = "size",
      .type = FIELD_NUMBER,
      MEMBER(struct rmp_doc, size),
      .min = PAGE_SIZE_4K,
      .max = 1ULL << 30,
      .align = PAGE_SIZE_4K,
      .doc = "bytes (default: one page); an RMPUPDATE for each page" },
    { .key = "page_size",
      .type = FIELD_NUMBER,
      MEMBER(struct rmp_doc, page_size),
      .choice = page_sizes,
      .n = ARRAY_SIZE(page_sizes),
      .doc = "of the entries (default 4KiB)" },
    { .key = "assigned",
      .type = FIELD_BOOL,
      MEMBER(struct rmp_doc, assigned.on),
      .at = offsetof(struct rmp_doc, assigned.at),
      .doc = "to the guest or the firmware, else the host's (default true)" },
    { .key = "gpa",
      .type = FIELD_NUMBER,
      MEMBER(struct rmp_doc, gpa),
      .max = BIT(51) - PAGE_SIZE_4K,
      .align = PAGE_SIZE_4K,
      .at = offsetof(struct rmp_doc, gpa_at),
      .doc = "where the guest may use it (default: the same as spa)" },
    { .key = "asid",
      .type = FIELD_NUMBER,
      MEMBER(struct rmp_doc, asid),
      .max = UINT32_MAX,
      .at = offsetof(struct rmp_doc, asid_at),
      .doc = "whose it is (default: the guest's; 0 is the firmware)" },
    { .key = "immutable",
      .type = FIELD_BOOL,
      MEMBER(struct rmp_doc, immutable),
      .doc = "only the firmware may change it again (default false)" },
};

const struct field_table rmp_table = {
    .name = "rmpupdate",
    .fields = rmp_fields,
    .n = ARRAY_SIZE(rmp_fields),
    .size = sizeof(struct rmp_doc),
    .at = offsetof(struct rmp_doc, at),
};

/* A page that is the host's has neither address nor ASID. */
int rmp_convert(const struct rmp_doc *d, struct bare_rmp *out, struct err *e)
{
    bool assigned = !d->assigned.at.file || d->assigned.on;
    bool large = d->page_size == SIZE_2M;

    if (d->size % (large ? SIZE_2M : PAGE_SIZE_4K))
        return err_at(e, d->at, "rmp: size must be a multiple of page_size");
    if (!assigned && (d->gpa_at.file || d->asid_at.file || d->immutable)) {
        err_at(e, d->at, "rmp: a page of the host's has nothing else to say");
        return err_hint(e, "gpa, asid and immutable go with assigned: true");
    }
    *out = (struct bare_rmp) {
        .spa = d->spa,
        .size = d->size,
        .guests_asid = !d->asid_at.file,
        .state = { .gpa = d->gpa_at.file ? d->gpa
                          : assigned     ? d->spa
                                         : 0,
                   .asid = d->asid,
                   .assigned = assigned,
                   .large = large,
                   .immutable = d->immutable },
    };
    return 0;
}

const char *rmp_what(struct pool *pool, const struct bare_rmp *c)
{
    if (!c->state.assigned)
        return pool_printf(pool, "RMPUPDATE: take the page at 0x%" PRIx64,
                           c->spa);
    return pool_printf(
        pool, "RMPUPDATE: give the page at 0x%" PRIx64 " away, for 0x%" PRIx64,
        c->spa, c->state.gpa);
}
