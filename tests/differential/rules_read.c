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
    [EFFECT_KNOB] = "knob",
    [EFFECT_NCR3_UNCHECKED] = "ncr3_unchecked",
    [EFFECT_CR3_UNCHECKED] = "cr3_unchecked",
    [EFFECT_PSE36_40_BITS] = "pse36_40_bits",
    [EFFECT_PDPTE_UNCHECKED] = "pdpte_unchecked",
    [EFFECT_CLEAR_INFO1] = "clear_info1",
    [EFFECT_CUT_EXIT_CODE] = "cut_exit_code",
    [EFFECT_ACCESSED_ON_FAULT] = "accessed_on_fault",
    [EFFECT_ACCESSED_IN_PDPTE] = "accessed_in_pdpte",
};
static const char *const knob_words[] = {
    [RULE_BIT8_IGNORED] = "amd_bit8_ignored",
    [RULE_NPF_ID_NXE] = "npf_id_policy_nxe",
    [RULE_WIDE_ALIAS] = "nested_wide_gpa_alias",
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
      .at = offsetof(struct rule, effect_at),
      .words = effect_words,
      .n = ARRAY_SIZE(effect_words) },
    { .key = "mask",
      .type = FIELD_NUMBER,
      MEMBER(struct rule, mask),
      .at = offsetof(struct rule, mask_at),
      .max = UINT64_MAX },
    { .key = "knob",
      .type = FIELD_WORD,
      MEMBER(struct rule, knob),
      .at = offsetof(struct rule, knob_at),
      .words = knob_words,
      .n = ARRAY_SIZE(knob_words) },
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

/* Which of @knob and @mask an effect needs. */
static int check_rule(const struct rule *r, struct err *e)
{
    bool knob = r->effect == EFFECT_KNOB;
    bool mask = r->effect == EFFECT_CLEAR_INFO1 ||
                r->effect == EFFECT_CUT_EXIT_CODE ||
                r->effect == EFFECT_PDPTE_UNCHECKED;

    if (knob != (r->knob_at.line != 0))
        return err_at(e, r->effect_at, "effect %s %s a knob",
                      effect_words[r->effect],
                      knob ? "needs" : "does not take");
    if (mask != (r->mask_at.line != 0))
        return err_at(e, r->effect_at, "effect %s %s a mask",
                      effect_words[r->effect],
                      mask ? "needs" : "does not take");
    return 0;
}

int rules_read(struct pool *pool, const char *path, struct rules *out,
               struct err *e)
{
    const struct node *root = yaml_file(pool, path, e);
    struct document doc = { 0 };

    if (!root || fields_fill(pool, &document_table, root, &doc, e))
        return -1;
    for (unsigned i = 0; i < doc.n; i++)
        if (check_rule(&doc.rule[i], e))
            return -1;
    *out = (struct rules) { doc.rule, doc.n };
    return 0;
}
