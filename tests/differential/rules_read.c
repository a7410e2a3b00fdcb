/* SPDX-License-Identifier: GPL-2.0-only */
/* differential/rules_read.c - known.yaml by the field tables of sim/load. */
#include "differential/rules.h"

#include "load/field.h"
#include "load/yaml.h"

struct document {
    const char *schema, *peer;
    struct rule *rule;
    unsigned n;
};

static const char *const schema_words[] = { "nptsim/differential/v1" };
static const char *const exit_words[] = { "ok", "npf", "pf", "gp", "invalid" };
static const char *const effect_words[] = {
    [EFFECT_IGNORE_ENTRY_BITS] = "ignore_entry_bits",
    [EFFECT_NCR3_UNCHECKED] = "ncr3_unchecked",
    [EFFECT_GPA_ALIASED] = "gpa_aliased",
    [EFFECT_CLEAR_INFO1] = "clear_info1",
    [EFFECT_CUT_EXIT_CODE] = "cut_exit_code",
    [EFFECT_ACCESSED_ON_FAULT] = "accessed_on_fault",
};

static const struct field when_fields[] = {
    { .key = "exits",
      .type = FIELD_TEXTS,
      MEMBER(struct rule, exits),
      .count = offsetof(struct rule, n_exits),
      .words = exit_words,
      .n = ARRAY_SIZE(exit_words) },
    { .key = "info1_has",
      .type = FIELD_NUMBER,
      MEMBER(struct rule, info1_has),
      .max = UINT64_MAX },
    { .key = "h_efer_lacks",
      .type = FIELD_NUMBER,
      MEMBER(struct rule, h_efer_lacks),
      .max = UINT64_MAX },
};
static const struct field_table when_table = { .name = "when",
                                               .fields = when_fields,
                                               .n = ARRAY_SIZE(when_fields) };

static const struct field rule_fields[] = {
    { .key = "name",
      .type = FIELD_TEXT,
      .required = true,
      MEMBER(struct rule, name) },
    { .key = "qemu",
      .type = FIELD_PROSE,
      .required = true,
      MEMBER(struct rule, qemu) },
    { .key = "source",
      .type = FIELD_PROSE,
      .required = true,
      MEMBER(struct rule, source) },
    { .key = "when", .type = FIELD_GROUP, .table = &when_table },
    { .key = "effect",
      .type = FIELD_WORD,
      .required = true,
      MEMBER(struct rule, effect),
      .words = effect_words,
      .n = ARRAY_SIZE(effect_words) },
    { .key = "mask",
      .type = FIELD_NUMBER,
      MEMBER(struct rule, mask),
      .max = UINT64_MAX },
    { .key = "level",
      .type = FIELD_NUMBER,
      MEMBER(struct rule, level),
      .min = 1,
      .max = 5 },
};
static const struct field_table rule_table = {
    .name = "a rule",
    .fields = rule_fields,
    .n = ARRAY_SIZE(rule_fields),
    .size = sizeof(struct rule),
};

static const struct field document_fields[] = {
    { .key = "schema",
      .type = FIELD_TEXT,
      .required = true,
      MEMBER(struct document, schema),
      .words = schema_words,
      .n = 1 },
    { .key = "peer",
      .type = FIELD_TEXT,
      .required = true,
      MEMBER(struct document, peer) },
    { .key = "rules",
      .type = FIELD_LIST,
      .required = true,
      MEMBER(struct document, rule),
      .count = offsetof(struct document, n),
      .n = MAX_RULES,
      .table = &rule_table },
};
static const struct field_table document_table = {
    .name = "the list of known differences",
    .fields = document_fields,
    .n = ARRAY_SIZE(document_fields),
};

int rules_read(struct pool *pool, const char *path, struct rules *out,
               struct err *e)
{
    const struct node *root = yaml_file(pool, path, e);
    struct document doc = { 0 };

    if (!root || fields_fill(pool, &document_table, root, &doc, e))
        return -1;
    *out = (struct rules) { doc.rule, doc.n };
    return 0;
}
