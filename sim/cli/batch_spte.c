/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cli/batch_spte.c - `nptsim batch spte`: an MMIO page on some host as an SPTE,
 * and what is read back from it.
 *
 * The kernel loads on the row's machine first, so the bits are its own choice.
 * The encoder answers also where KVM would not plant an SPTE: filter on
 * enable_mmio_caching and on gfn <= max_gfn.
 */
#include "cli/batch.h"
#include "cli/batch_table.h"

enum { GFN, ACCESS, GENERATION, N_OWN };

static const struct policy_input_desc own[N_OWN] = {
    [GFN] = { .name = "gfn", .max = (1ULL << 52) - 1, .radix = 16 },
    [ACCESS] = { .name = "access", .value = 7, .max = 15, .radix = 16 },
    [GENERATION] = { .name = "memslot_generation",
                     .max = UINT64_MAX,
                     .radix = 16 },
};

/* What a kernel's text cannot be asked comes last. */
enum result {
    MMIO_VALUE,
    MMIO_CACHING,
    MAX_GFN,
    SPTE,
    IS_MMIO,
    DECODED_GFN,
    DECODED_ACCESS,
    DECODED_GEN,
    MATCH_SAME,
    MATCH_NEXT,
    MATCH_IN_PROGRESS,
    N_STANDARD,
    X86_PHYS_BITS = N_STANDARD,
    SHADOW_PHYS_BITS,
    MMIO_MASK,
    ROUNDTRIP,
    SETUP_WARNS,
    N_OF_TEXT,
    NONPRESENT_MASK = N_OF_TEXT,
    LOWER_GFN_MASK,
    MMIO_ACCESS_MASK,
    MAKE_WARNS,
    N_RESULTS,
};

static const char *const names[N_RESULTS] = {
    [MMIO_VALUE] = "shadow_mmio_value",
    [MMIO_CACHING] = "enable_mmio_caching",
    [MAX_GFN] = "max_gfn",
    [SPTE] = "spte",
    [IS_MMIO] = "is_mmio_spte",
    [DECODED_GFN] = "decoded_gfn",
    [DECODED_ACCESS] = "decoded_access",
    [DECODED_GEN] = "decoded_gen",
    [MATCH_SAME] = "gen_match_same",
    [MATCH_NEXT] = "gen_match_next",
    [MATCH_IN_PROGRESS] = "gen_match_in_progress",
    [X86_PHYS_BITS] = "x86_phys_bits",
    [SHADOW_PHYS_BITS] = "shadow_phys_bits",
    [NONPRESENT_MASK] = "nonpresent_or_rsvd_mask",
    [LOWER_GFN_MASK] = "lower_gfn_mask",
    [MMIO_MASK] = "shadow_mmio_mask",
    [MMIO_ACCESS_MASK] = "shadow_mmio_access_mask",
    [ROUNDTRIP] = "gfn_roundtrip",
    [SETUP_WARNS] = "setup_warns",
    [MAKE_WARNS] = "make_warns",
};

struct sptes {
    const struct batch_kernel *kernel;
    struct lab_bench *bench;
    const struct kvm_module *m; /* of a model */
    struct policy_result loaded;
    uint64_t gfn, max_gfn, spte, decoded_gfn, decoded_access, decoded_gen;
    bool is_mmio, match_same, match_next, match_in_progress;
};

static const char *result_name(unsigned r)
{
    return names[r];
}

static bool is_extra(unsigned r)
{
    return r >= N_STANDARD;
}

static void ask_model(struct sptes *s, unsigned access, uint64_t generation)
{
    const struct kvm_module *m = s->m;

    s->max_gfn = kvm_mmu_max_gfn(m);
    s->spte = kvm_make_mmio_spte(m, s->gfn, access, generation);
    s->is_mmio = kvm_is_mmio_spte(m, s->spte);
    s->decoded_gfn = kvm_mmio_spte_gfn(m, s->spte);
    s->decoded_access = kvm_mmio_spte_access(m, s->spte);
    s->decoded_gen = kvm_mmio_spte_generation(m, s->spte);
    s->match_same = kvm_mmio_spte_is_current(m, s->spte, generation);
    s->match_next = kvm_mmio_spte_is_current(m, s->spte, generation + 1);
    s->match_in_progress =
        kvm_mmio_spte_is_current(m, s->spte, generation | BIT(63));
}

static void ask_text(struct sptes *s, unsigned access, uint64_t generation)
{
    const struct policy_text *t = s->kernel->text;

    s->max_gfn = t->max_gfn();
    s->spte = t->make_mmio_spte(s->gfn, access, generation);
    s->is_mmio = t->is_mmio_spte(s->spte);
    s->decoded_gfn = t->mmio_spte_gfn(s->spte);
    s->decoded_access = t->mmio_spte_access(s->spte);
    s->decoded_gen = t->mmio_spte_generation(s->spte);
    s->match_same = t->check_mmio_spte(s->spte, generation);
    s->match_next = t->check_mmio_spte(s->spte, generation + 1);
    s->match_in_progress = t->check_mmio_spte(s->spte, generation | BIT(63));
}

static void ask(void *ctx, const struct batch_row *row)
{
    struct sptes *s = ctx;
    unsigned access = (unsigned)row->own[ACCESS];

    s->gfn = row->own[GFN];
    if (s->kernel->text) {
        s->kernel->text->load(&row->host, &s->loaded);
        return ask_text(s, access, row->own[GENERATION]);
    }
    s->m = lab_load(s->bench, s->kernel->model, &row->host);
    lab_result(s->m, &s->loaded);
    ask_model(s, access, row->own[GENERATION]);
}

static void put(void *ctx, struct buf *b, unsigned r)
{
    const struct sptes *s = ctx;

    switch ((enum result)r) {
    case MMIO_VALUE:
        return buf_hex(b, s->loaded.shadow_mmio_value);
    case MMIO_CACHING:
        return buf_dec(b, s->loaded.enable_mmio_caching);
    case MAX_GFN:
        return buf_hex(b, s->max_gfn);
    case SPTE:
        return buf_hex(b, s->spte);
    case IS_MMIO:
        return buf_dec(b, s->is_mmio);
    case DECODED_GFN:
        return buf_hex(b, s->decoded_gfn);
    case DECODED_ACCESS:
        return buf_hex(b, s->decoded_access);
    case DECODED_GEN:
        return buf_hex(b, s->decoded_gen);
    case MATCH_SAME:
        return buf_dec(b, s->match_same);
    case MATCH_NEXT:
        return buf_dec(b, s->match_next);
    case MATCH_IN_PROGRESS:
        return buf_dec(b, s->match_in_progress);
    case X86_PHYS_BITS:
        return buf_dec(b, s->loaded.x86_phys_bits);
    case SHADOW_PHYS_BITS:
        return buf_dec(b, s->loaded.shadow_phys_bits);
    case MMIO_MASK:
        return buf_hex(b, s->loaded.shadow_mmio_mask);
    case ROUNDTRIP:
        return buf_dec(b, s->decoded_gfn == s->gfn);
    case SETUP_WARNS:
        return buf_dec(b, s->loaded.warn_count);
    case NONPRESENT_MASK:
        return buf_hex(b, s->m->nonpresent_or_rsvd_mask);
    case LOWER_GFN_MASK:
        return buf_hex(b, s->m->lower_gfn_mask);
    case MMIO_ACCESS_MASK:
        return buf_hex(b, s->m->mmio_access_mask);
    case MAKE_WARNS:
        return buf_dec(b, kvm_mmio_spte_warns(s->m));
    case N_RESULTS:
        break;
    }
    BUG_ON(true);
}

int batch_spte(FILE *in, const char *in_name, FILE *out,
               const struct batch_kernel *k, const char *columns, struct err *e)
{
    struct pool *pool = pool_create();
    struct sptes s = { .kernel = k, .bench = lab_bench_create(pool) };
    const struct batch_kind kind = {
        .host = policy_default_host(),
        .n_own = N_OWN,
        .own = own,
        .required = "gfn",
        .n_results = k->text ? N_OF_TEXT : N_RESULTS,
        .result_name = result_name,
        .is_extra = is_extra,
        .ask = ask,
        .put = put,
        .ctx = &s,
    };
    int ret = batch_table(&kind, in, in_name, out, columns, e);

    pool_destroy(pool);
    return ret;
}
