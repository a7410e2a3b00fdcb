/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load/step.c - steps: what a line of the story makes the guest execute.
 *
 * read, write and fetch are sugar: they become machine code as `code` is.
 */
#include "load/host_step.h"

#include "arch/insn.h"

#include <inttypes.h>
#include <string.h>

#define MAX_STEPS 1024
#define MAX_CODE  256

/* ---- as it is written ---- */

struct step_doc {
    const char *id, *code;
    uint64_t read, write, fetch, value;
    unsigned size, vcpu;
    bool resume;
    struct host_doc host;
    struct mark at, id_at, read_at, write_at, fetch_at, code_at, host_at;
    struct mark resume_at, size_at, value_at, vcpu_at;
};

static const uint64_t access_sizes[] = { 1, 2, 4, 8 };

#define ADDRESS(member, text)                                                  \
    {                                                                          \
        .key = #member, .type = FIELD_NUMBER, MEMBER(struct step_doc, member), \
        .max = UINT64_MAX, .at = offsetof(struct step_doc, member##_at),       \
        .doc = text                                                            \
    }

static const struct field step_fields[] = {
    { .key = "id",
      .type = FIELD_TEXT,
      .required = true,
      MEMBER(struct step_doc, id),
      .at = offsetof(struct step_doc, id_at),
      .doc = "name of the step, unique in the scenario" },
    ADDRESS(read, "load `size` bytes from this guest-virtual address"),
    ADDRESS(write, "store `value` there"),
    ADDRESS(fetch, "jump there"),
    { .key = "code",
      .type = FIELD_TEXT,
      MEMBER(struct step_doc, code),
      .at = offsetof(struct step_doc, code_at),
      .doc = "machine code in hexadecimal: \"8b 04 25 f0 00 d0 fe\"" },
    { .key = "host",
      .type = FIELD_GROUP,
      .offset = offsetof(struct step_doc, host),
      .table = &host_step_table,
      .at = offsetof(struct step_doc, host_at),
      .doc = "something that the host does" },
    { .key = "resume",
      .type = FIELD_BOOL,
      MEMBER(struct step_doc, resume),
      .at = offsetof(struct step_doc, resume_at),
      .doc =
          "true: the vCPU that stands at an exit goes on there (bare only)" },
    { .key = "size",
      .type = FIELD_NUMBER,
      MEMBER(struct step_doc, size),
      .choice = access_sizes,
      .n = ARRAY_SIZE(access_sizes),
      .at = offsetof(struct step_doc, size_at),
      .doc = "bytes of a read or write" },
    ADDRESS(value, "what a write stores"),
    { .key = "vcpu",
      .type = FIELD_NUMBER,
      MEMBER(struct step_doc, vcpu),
      .max = VM_MAX_VCPUS - 1,
      .at = offsetof(struct step_doc, vcpu_at),
      .doc = "the vCPU that takes the step (default 0)" },
};

static const struct step_doc step_init = {
    .host = { .create = { .host_page = PAGE_SIZE_4K } },
};

const struct field_table step_table = {
    .name = "a step",
    .fields = step_fields,
    .n = ARRAY_SIZE(step_fields),
    .size = sizeof(struct step_doc),
    .init = &step_init,
    .at = offsetof(struct step_doc, at),
};

struct steps_doc {
    struct step_doc *steps;
    unsigned n_steps;
};

static const struct field steps_field = {
    .key = "steps",
    .type = FIELD_LIST,
    MEMBER(struct steps_doc, steps),
    .count = offsetof(struct steps_doc, n_steps),
    .n = MAX_STEPS,
    .table = &step_table,
};

/* ---- what belongs together ---- */

/* A mark of a key that was not written has no file. */
static bool is_given(const struct mark *at)
{
    return at->file != NULL;
}

static int check_kind(const struct step_doc *d, struct err *e)
{
    unsigned kinds = is_given(&d->read_at) + is_given(&d->write_at) +
                     is_given(&d->fetch_at) + is_given(&d->code_at) +
                     is_given(&d->host_at) + is_given(&d->resume_at);

    if (kinds == 1 && is_given(&d->resume_at) && !d->resume) {
        err_at(e, d->resume_at, "resume: false is no step");
        return err_hint(e, "leave the step out");
    }
    if (kinds == 1 && is_given(&d->host_at) && is_given(&d->vcpu_at))
        return err_at(e, d->vcpu_at, "the host takes this step, not a vCPU");
    if (kinds == 1)
        return 0;
    err_at(e, d->at, "step '%.60s' %s", d->id,
           kinds ? "does more than one thing" : "does nothing");
    return err_hint(e,
                    "a step has one of read, write, fetch, code, host, resume");
}

static int check_size_and_value(const struct step_doc *d, struct err *e)
{
    bool sized = is_given(&d->read_at) || is_given(&d->write_at);

    if (sized && !is_given(&d->size_at)) {
        err_at(e, d->at, "step '%.60s': 'size' is missing", d->id);
        return err_hint(e, "1, 2, 4 or 8 bytes");
    }
    if (!sized && is_given(&d->size_at))
        return err_at(e, d->size_at, "only a read or a write has a size");
    if (!is_given(&d->write_at) && is_given(&d->value_at)) {
        err_at(e, d->value_at, "only a write has a value");
        return err_hint(e, "what a read returns stands in expect: steps:");
    }
    if (is_given(&d->write_at) && !is_given(&d->value_at))
        return err_at(e, d->at, "step '%.60s': 'value' is missing", d->id);
    if (is_given(&d->write_at) && d->value & ~bits(8 * d->size - 1, 0))
        return err_at(e, d->value_at,
                      "value: 0x%" PRIx64 " does not fit %u byte%s", d->value,
                      d->size, d->size == 1 ? "" : "s");
    return 0;
}

/* Names end up in tables and as `--step NAME`. */
static int check_id(const struct step_doc *d, struct err *e)
{
    size_t good = strspn(d->id, "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");

    if (!d->id[good])
        return 0;
    err_at(e, d->id_at, "id: '%.60s' is not a name", d->id);
    return err_hint(e, "letters, digits, '-', '_' and '.'");
}

/* ---- sugar ---- */

/* Instructions, one after the other; @len 0 when one of them does not exist in
 * this mode. */
struct assembly {
    enum insn_mode mode;
    uint8_t *bytes;
    size_t len;
    bool impossible;
};

static struct assembly begin(struct pool *pool, enum insn_mode mode)
{
    return (struct assembly) { mode, pool_alloc(pool, 3 * INSN_MAX_LEN), 0,
                               false };
}

static void put(struct assembly *a, size_t len)
{
    a->len += len;
    a->impossible = a->impossible || !len;
}

static uint8_t *end_of(const struct assembly *a)
{
    return a->bytes + a->len;
}

static struct guest_code finish(const struct assembly *a)
{
    BUG_ON(a->impossible && a->mode == INSN_MODE_64);
    return (struct guest_code) { .bytes = a->bytes,
                                 .len = a->impossible ? 0 : a->len };
}

static struct guest_code code_of(struct pool *pool, const struct step_doc *d,
                                 enum insn_mode mode)
{
    struct assembly a = begin(pool, mode);
    uint64_t address = is_given(&d->read_at)    ? d->read
                       : is_given(&d->write_at) ? d->write
                                                : d->fetch;

    put(&a, insn_encode_mov_imm(mode, GPR_RBX, address, end_of(&a)));
    if (is_given(&d->read_at)) {
        put(&a, insn_encode_load(mode, GPR_RAX, GPR_RBX, d->size, end_of(&a)));
    } else if (is_given(&d->write_at)) {
        put(&a, insn_encode_mov_imm(mode, GPR_RAX, d->value, end_of(&a)));
        put(&a, insn_encode_store(mode, GPR_RBX, GPR_RAX, d->size, end_of(&a)));
    } else {
        put(&a, insn_encode_jmp(mode, GPR_RBX, end_of(&a)));
    }
    return finish(&a);
}

static void make_read(struct pool *pool, const struct step_doc *d,
                      struct run_step *s)
{
    s->size = d->size;
    s->what = pool_printf(pool, "read %u byte%s at 0x%" PRIx64, d->size,
                          d->size == 1 ? "" : "s", d->read);
}

static void make_write(struct pool *pool, const struct step_doc *d,
                       struct run_step *s)
{
    s->size = d->size;
    s->what = pool_printf(pool, "write 0x%" PRIx64 ", %u byte%s, at 0x%" PRIx64,
                          d->value, d->size, d->size == 1 ? "" : "s", d->write);
}

static void make_fetch(struct pool *pool, const struct step_doc *d,
                       struct run_step *s)
{
    s->code.has_target = s->code32.has_target = true;
    s->code.target = s->code32.target = d->fetch;
    s->what = pool_printf(pool, "fetch at 0x%" PRIx64, d->fetch);
}

/* ---- code ---- */

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef", *at;

    at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c | 32 : c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* The place of one character of a scalar, as far as it can be known. */
static struct mark char_place(const struct step_doc *d, const char *c)
{
    struct mark at = d->code_at;
    size_t len = strlen(d->code);

    if (at.line && at.span == len + 2) /* in quotes, nothing escaped */
        at.col++;
    if (at.line && (at.span == len || at.span == len + 2)) {
        at.col += (unsigned)(c - d->code);
        at.span = 1;
    }
    return at;
}

/* Digits in pairs, blanks between them. */
static int parse_hex(const struct step_doc *d, uint8_t *code, size_t *len,
                     struct err *e)
{
    const char *c = d->code;

    *len = 0;
    while (*(c += strspn(c, " "))) {
        int high = hex_digit(c[0]), low;

        if (high < 0)
            return err_at(e, char_place(d, c),
                          "code: '%.1s' is not a hexadecimal digit", c);
        low = hex_digit(c[1]);
        if (low < 0) {
            err_at(e, char_place(d, c), "code: '%.1s' is half a byte", c);
            return err_hint(e, "write two digits for each byte");
        }
        if (*len == MAX_CODE)
            return err_at(e, char_place(d, c), "code: more than %d bytes",
                          MAX_CODE);
        code[(*len)++] = (uint8_t)(high << 4 | low);
        c += 2;
    }
    return *len ? 0 : err_at(e, d->code_at, "code is empty");
}

/* The last instruction must be there to its end. What is no instruction ends
 * the look: it will be #UD, and that may be the point of the step. */
static int check_insns(const struct guest_code *c, enum insn_mode mode,
                       struct err *e)
{
    for (size_t at = 0; at < c->len;) {
        struct insn insn;
        struct buf bytes = BUF_INIT;

        switch (insn_decode(mode, c->bytes + at, c->len - at, &insn)) {
        case INSN_OK:
            at += insn.len;
            continue;
        case INSN_INVALID:
            return 0;
        case INSN_TRUNCATED:
            break;
        }
        for (; at < c->len; at++)
            buf_printf(&bytes, " %02x", c->bytes[at]);
        err_at(e, c->at,
               "code: the bytes end inside the instruction that begins with%s",
               bytes.data);
        buf_free(&bytes);
        return -1;
    }
    return 0;
}

static int make_code(struct pool *pool, const struct step_doc *d,
                     struct run_step *s, struct err *e)
{
    uint8_t *code = pool_alloc(pool, MAX_CODE);
    struct buf what = BUF_INIT;

    if (parse_hex(d, code, &s->code.len, e))
        return -1;
    s->code.bytes = code;
    s->code.at = d->code_at;
    s->code32 = s->code;
    buf_adds(&what, "execute");
    for (size_t i = 0; i < s->code.len && i < 16; i++)
        buf_printf(&what, " %02x", code[i]);
    s->what =
        pool_printf(pool, "%s%s", what.data, s->code.len > 16 ? " ..." : "");
    buf_free(&what);
    return 0;
}

/* ---- all steps ---- */

/* What takes no code of its own. */
static int make_other(struct pool *pool, const struct step_doc *d, bool bare,
                      struct run_step *s, struct err *e)
{
    if (is_given(&d->host_at))
        return host_step_make(pool, &d->host, d->host_at, bare, s, e);
    if (!bare) {
        err_at(e, d->resume_at, "resume: KVM resumes its guests by itself");
        return err_hint(e, "it goes with bare:, not with kernel:");
    }
    s->kind = STEP_RESUME;
    s->what = pool_printf(pool, "resume vCPU %u", d->vcpu);
    return 0;
}

static int make_step(struct pool *pool, const struct step_doc *d, bool bare,
                     struct run_step *s, struct err *e)
{
    if (check_id(d, e) || check_kind(d, e) || check_size_and_value(d, e))
        return -1;
    s->id = d->id;
    s->at = d->at;
    s->vcpu = d->vcpu;
    if (is_given(&d->code_at))
        return make_code(pool, d, s, e);
    if (is_given(&d->host_at) || is_given(&d->resume_at))
        return make_other(pool, d, bare, s, e);
    s->code = code_of(pool, d, INSN_MODE_64);
    s->code32 = code_of(pool, d, INSN_MODE_32);
    if (is_given(&d->read_at))
        make_read(pool, d, s);
    else if (is_given(&d->write_at))
        make_write(pool, d, s);
    else
        make_fetch(pool, d, s);
    return 0;
}

static int check_unique(const struct steps_doc *doc, unsigned i, struct err *e)
{
    const struct step_doc *d = &doc->steps[i];

    for (unsigned j = 0; j < i; j++) {
        if (strcmp(doc->steps[j].id, d->id) != 0)
            continue;
        err_at(e, d->id_at, "two steps are called '%.60s'", d->id);
        return err_hint(e, "the first one is in line %u",
                        doc->steps[j].id_at.line);
    }
    return 0;
}

/* The value of a step that goes on is that of the step that it goes on with. */
static int find_resumed(struct run_config *config, unsigned i, struct err *e)
{
    struct run_step *s = &config->steps[i];

    if (s->kind != STEP_RESUME)
        return 0;
    while (i-- > 0)
        if (config->steps[i].kind == STEP_GUEST &&
            config->steps[i].vcpu == s->vcpu) {
            s->size = config->steps[i].size;
            return 0;
        }
    return err_at(e, s->at, "step '%.60s': nothing was begun that could go on",
                  s->id);
}

int steps_read(struct pool *pool, const struct node *list,
               struct run_config *config, struct err *e)
{
    struct steps_doc doc = { 0 };

    if (list && field_set(pool, &steps_field, list, &doc, e))
        return -1;
    config->n_steps = doc.n_steps;
    config->steps =
        pool_alloc(pool, (doc.n_steps + 1) * sizeof(*config->steps));
    for (unsigned i = 0; i < doc.n_steps; i++)
        if (check_unique(&doc, i, e) ||
            make_step(pool, &doc.steps[i], config->is_bare, &config->steps[i],
                      e) ||
            find_resumed(config, i, e))
            return -1;
    return 0;
}

/* A guest of 32-bit code has smaller registers. */
static int check_mode(const struct run_config *config, const struct run_step *s,
                      struct err *e)
{
    bool wide = guest_is_64bit(config->guest.paging);

    if (s->kind != STEP_GUEST)
        return 0;
    if (!wide && !s->code32.len) {
        err_at(e, s->at, "step '%.60s': 32-bit code has no such access", s->id);
        return err_hint(e,
                        "with guest.paging '%s' addresses and values have 32 "
                        "bits, accesses at most 4 bytes",
                        guest_paging_names[config->guest.paging]);
    }
    if (!s->code.at.file)
        return 0;
    return check_insns(&s->code, wide ? INSN_MODE_64 : INSN_MODE_32, e);
}

int steps_check(const struct run_config *config, struct err *e)
{
    for (unsigned i = 0; i < config->n_steps; i++) {
        const struct run_step *s = &config->steps[i];

        if (s->vcpu >= config->vm.n_vcpus) {
            err_at(e, s->at, "step '%.60s': there is no vCPU %u", s->id,
                   s->vcpu);
            return err_hint(e, "vm.vcpus is %u, the first one is 0",
                            config->vm.n_vcpus);
        }
        if (check_mode(config, s, e))
            return -1;
        if (s->kind == STEP_MEMSLOT_CREATE &&
            memory_check(&s->memory, config->cpu.maxphyaddr_raw, e))
            return -1;
        if (s->kind == STEP_NPT && npt_check(config, &s->npt, e))
            return -1;
    }
    return 0;
}
