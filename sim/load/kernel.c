/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load/kernel.c - models/kernels/NAME.yaml: what one kernel decided, and why.
 *
 * A file is a changelog to the one it extends. A decision that it keeps keeps
 * its reason; one that it changes without a word is as old as its source.
 */
#include "load/catalog.h"
#include "load/yaml.h"

#include <string.h>

enum kernel_list { LIST_SETUP, LIST_SEV, LIST_SEV_ES, LIST_SEV_SNP, N_LISTS };

static const char *const list_names[N_LISTS] = {
    [LIST_SETUP] = "setup_order",
    [LIST_SEV] = "sev_gates",
    [LIST_SEV_ES] = "sev_es_gates",
    [LIST_SEV_SNP] = "sev_snp_gates",
};

const char *const kernel_kind_names[N_KERNEL_KINDS] = {
    [KERNEL_MAINLINE] = "mainline",
    [KERNEL_STABLE] = "stable",
    [KERNEL_WHAT_IF] = "what-if",
};

struct kernel_doc {
    struct model_head head;
    enum kernel_kind kind;
    const struct node *slots, *lists[N_LISTS], *because;
};

static const char *const kernel_schema[] = { "nptsim/kernel/v1" };

#define PART(name, member)                                                     \
    {                                                                          \
        .key = name, .type = FIELD_NODE,                                       \
        .offset = offsetof(struct kernel_doc, member)                          \
    }

static const struct field doc_fields[] = {
    MODEL_HEAD_FIELDS(struct kernel_doc, kernel_schema),
    { .key = "kind",
      .type = FIELD_WORD,
      .required = true,
      MEMBER(struct kernel_doc, kind),
      .words = kernel_kind_names,
      .n = N_KERNEL_KINDS },
    PART("slots", slots),
    PART("setup_order", lists[LIST_SETUP]),
    PART("sev_gates", lists[LIST_SEV]),
    PART("sev_es_gates", lists[LIST_SEV_ES]),
    PART("sev_snp_gates", lists[LIST_SEV_SNP]),
    PART("because", because),
};

static const struct field_table doc_table = {
    .name = "a kernel file",
    .fields = doc_fields,
    .n = ARRAY_SIZE(doc_fields),
};

struct reading {
    struct pool *pool;
    struct kernel_entry *out;
    struct err *e;
};

/* The index of @n's text in @words, or -1 with the error set. */
static int index_of(const struct node *n, const char *what,
                    const char *const *words, unsigned n_words, struct err *e)
{
    if (node_expect(n, NODE_SCALAR, what, e))
        return -1;
    for (unsigned i = 0; i < n_words; i++)
        if (strcmp(words[i], n->text) == 0)
            return (int)i;
    return node_not_one_of(n, what, words, n_words, e);
}

/* ---- slots ---- */

static int slot_find(const char *name)
{
    for (unsigned i = 0; i < N_KVM_SLOTS; i++)
        if (strcmp(kvm_slot_table[i].name, name) == 0)
            return (int)i;
    return -1;
}

static int unknown_slot(const char *name, struct mark at, struct err *e)
{
    const char *names[N_KVM_SLOTS];

    for (unsigned i = 0; i < N_KVM_SLOTS; i++)
        names[i] = kvm_slot_table[i].name;
    err_at(e, at, "unknown slot '%.60s'", name);
    return err_suggest(e, name, names, N_KVM_SLOTS);
}

static int read_slots(struct reading *r, const struct node *slots)
{
    struct kernel_model *m = &r->out->file.model;

    if (node_expect(slots, NODE_MAP, "slots", r->e))
        return -1;
    for (unsigned i = 0; i < slots->n; i++) {
        const struct node_entry *entry = &slots->entry[i];
        int slot = slot_find(entry->key), row;

        if (slot < 0)
            return unknown_slot(entry->key, entry->key_at, r->e);
        row = index_of(entry->value, entry->key, kvm_slot_table[slot].rows,
                       kvm_slot_table[slot].n_rows, r->e);
        if (row < 0)
            return -1;
        m->slot[slot] = (uint8_t)row;
        m->slot_because[slot] = m->source;
        r->out->slots |= BIT(slot);
    }
    return 0;
}

/* ---- the ordered lists ---- */

/* Items of a list as indices of @words, each at most once. -1 on error. */
static int read_order(const struct node *list, const char *what,
                      const char *const *words, unsigned n_words, uint8_t *out,
                      struct err *e)
{
    uint64_t seen = 0;

    if (node_expect(list, NODE_LIST, what, e))
        return -1;
    for (unsigned i = 0; i < list->n; i++) {
        const struct node *item = list->entry[i].value;
        int word = index_of(item, what, words, n_words, e);

        if (word < 0)
            return -1;
        if (seen & BIT(word))
            return err_at(e, item->at, "%s: '%s' stands here twice", what,
                          words[word]);
        seen |= BIT(word);
        out[i] = (uint8_t)word;
    }
    return (int)list->n;
}

static int read_setup(struct reading *r, const struct node *list)
{
    struct kernel_model *m = &r->out->file.model;
    int n = read_order(list, list_names[LIST_SETUP], kvm_setup_step_names,
                       N_SETUP_STEPS, m->setup, r->e);

    if (n < 0)
        return -1;
    m->n_setup = (unsigned)n;
    m->setup_because = m->source;
    return 0;
}

static struct kvm_gate_list *gates_of(struct kernel_model *m,
                                      enum kernel_list which)
{
    switch (which) {
    case LIST_SEV:
        return &m->sev;
    case LIST_SEV_ES:
        return &m->sev_es;
    case LIST_SEV_SNP:
        return &m->sev_snp;
    case LIST_SETUP:
    case N_LISTS:
        break;
    }
    BUG_ON(true);
    return NULL;
}

/* A gate that the old list had too keeps its reason, a new one has the file's
 * source until the file says more. */
static int read_gates(struct reading *r, enum kernel_list which,
                      const struct node *list)
{
    struct kvm_gate_list *gates = gates_of(&r->out->file.model, which);
    struct kvm_gate_list old = *gates;
    int n;

    *gates = (struct kvm_gate_list) { 0 };
    n = read_order(list, list_names[which], kvm_gate_names, N_KVM_GATES,
                   gates->gate, r->e);
    if (n < 0)
        return -1;
    gates->n = (unsigned)n;
    for (unsigned i = 0; i < gates->n; i++) {
        gates->because[i] = r->out->file.model.source;
        for (unsigned j = 0; j < old.n; j++)
            if (gates->gate[i] == old.gate[j])
                gates->because[i] = old.because[j];
    }
    return 0;
}

static int read_lists(struct reading *r, const struct kernel_doc *doc)
{
    for (unsigned which = 0; which < N_LISTS; which++) {
        const struct node *list = doc->lists[which];

        if (!list)
            continue;
        if (which == LIST_SETUP ? read_setup(r, list)
                                : read_gates(r, which, list))
            return -1;
        r->out->lists |= 1U << which;
    }
    return 0;
}

/* ---- because ---- */

/* "sev_es_gates.asids": the reason of one gate. */
static int gate_because(struct reading *r, enum kernel_list which,
                        const struct node_entry *entry, const char *gate)
{
    struct kvm_gate_list *gates = gates_of(&r->out->file.model, which);

    for (unsigned i = 0; i < gates->n; i++)
        if (strcmp(kvm_gate_names[gates->gate[i]], gate) == 0)
            return node_text(entry->value, entry->key, &gates->because[i],
                             r->e);
    return err_at(r->e, entry->key_at, "because: '%.60s' is not in %s", gate,
                  list_names[which]);
}

/* "sev_es_gates": why the list changed, and the reason of its new gates. */
static int list_because(struct reading *r, enum kernel_list which,
                        const struct node_entry *entry)
{
    struct kernel_model *m = &r->out->file.model;
    struct kvm_gate_list *gates;
    const char *why;

    if (node_text(entry->value, entry->key, &why, r->e))
        return -1;
    if (which == LIST_SETUP) {
        m->setup_because = why;
        return 0;
    }
    gates = gates_of(m, which);
    gates->list_because = why;
    for (unsigned i = 0; i < gates->n; i++)
        if (gates->because[i] == m->source)
            gates->because[i] = why;
    return 0;
}

/* Is @key "LIST" or "LIST.gate"? *@gate: behind the dot, or NULL. */
static bool names_list(const char *key, enum kernel_list which,
                       const char **gate)
{
    size_t len = strlen(list_names[which]);

    if (strncmp(key, list_names[which], len) != 0)
        return false;
    *gate = key[len] == '.' && which != LIST_SETUP ? key + len + 1 : NULL;
    return !key[len] || *gate;
}

static int read_reason(struct reading *r, const struct node_entry *entry,
                       bool of_lists)
{
    const char *key = entry->key, *gate;

    if (strncmp(key, "slots.", 6) == 0) {
        int slot = slot_find(key + 6);

        if (slot < 0)
            return unknown_slot(key + 6, entry->key_at, r->e);
        return node_text(entry->value, key,
                         &r->out->file.model.slot_because[slot], r->e);
    }
    for (unsigned which = 0; which < N_LISTS; which++) {
        if (!names_list(key, which, &gate))
            continue;
        if (of_lists != !gate)
            return 0;
        return gate ? gate_because(r, which, entry, gate)
                    : list_because(r, which, entry);
    }
    err_at(r->e, entry->key_at, "because: '%.60s' is no decision", key);
    return err_hint(r->e, "slots.NAME, setup_order, sev_gates, "
                          "sev_es_gates.NAME, ...");
}

/* Reasons of single gates first: those of whole lists fill what is left. */
static int read_because(struct reading *r, const struct node *because)
{
    if (node_expect(because, NODE_MAP, "because", r->e))
        return -1;
    for (int of_lists = 0; of_lists < 2; of_lists++)
        for (unsigned i = 0; i < because->n; i++)
            if (read_reason(r, &because->entry[i], of_lists))
                return -1;
    return 0;
}

/* ---- the file ---- */

static int check_complete(const struct reading *r, const struct node *root)
{
    const char *missing = NULL;

    for (unsigned i = N_KVM_SLOTS; i-- > 0;)
        if (!(r->out->slots & BIT(i)))
            missing = pool_printf(r->pool, "slots.%s", kvm_slot_table[i].name);
    for (unsigned i = N_LISTS; i-- > 0;)
        if (!(r->out->lists & 1U << i))
            missing = list_names[i];
    if (!missing)
        return 0;
    err_at(r->e, root->at, "%s is nowhere decided", missing);
    return err_hint(r->e, "say it here or in a model to extend");
}

int kernel_read(struct pool *pool, struct catalog *c, const char *path,
                const char *name, struct kernel_entry *out, struct err *e)
{
    struct reading r = { .pool = pool, .out = out, .e = e };
    const struct node *root = yaml_file(pool, path, e);
    const struct kernel_entry *parent;
    struct kernel_doc doc = { 0 };

    if (!root || fields_fill(pool, &doc_table, root, &doc, e) ||
        model_check_name(&doc.head, name, e))
        return -1;
    if (doc.head.extends) {
        parent =
            catalog_kernel_entry(c, doc.head.extends, doc.head.extends_at, e);
        if (!parent)
            return -1;
        *out = *parent;
    }
    out->file.model.name = name;
    out->file.model.source = doc.head.source;
    out->file.title = doc.head.title;
    out->file.kind = doc.kind;
    out->file.extends = doc.head.extends;
    out->file.path = path;
    if ((doc.slots && read_slots(&r, doc.slots)) || read_lists(&r, &doc) ||
        (doc.because && read_because(&r, doc.because)))
        return -1;
    return check_complete(&r, root);
}
