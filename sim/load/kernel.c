/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load/kernel.c - models/kernels/: what a kernel decides, and since when.
 *
 * A file names rows of kvm_slot_table, an order of setup steps and lists of
 * gates; what it leaves out is its parent's, reason included. A decision
 * without a reason of its own is as old as the file that takes it.
 */
#include "load/catalog.h"
#include "load/yaml.h"

#include <string.h>

static int find_word(const char *word, const char *const *words, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (strcmp(word, words[i]) == 0)
            return (int)i;
    return -1;
}

static int find_slot(const char *name)
{
    for (unsigned i = 0; i < N_KVM_SLOTS; i++)
        if (strcmp(name, kvm_slot_table[i].name) == 0)
            return (int)i;
    return -1;
}

static int unknown_slot(const struct reader *r, struct mark at,
                        const char *name)
{
    const char *names[N_KVM_SLOTS];

    for (unsigned i = 0; i < N_KVM_SLOTS; i++)
        names[i] = kvm_slot_table[i].name;
    return unknown_word(r, at, "slot", name, names, N_KVM_SLOTS);
}

/* ---- decisions ---- */

static int read_slots(const struct reader *r, const struct field *f,
                      const struct node *n, void *out)
{
    struct kernel_model *m = &((struct kernel_file *)out)->model;

    if (node_expect(n, NODE_MAP, f->key, r->e))
        return -1;
    for (unsigned i = 0; i < n->n; i++) {
        const struct node *row = n->entry[i].value;
        const char *name = n->entry[i].key;
        const struct kvm_slot_desc *d;
        int slot = find_slot(name), value;

        if (slot < 0)
            return unknown_slot(r, n->entry[i].key_at, name);
        if (node_expect(row, NODE_SCALAR, name, r->e))
            return -1;
        d = &kvm_slot_table[slot];
        value = find_word(row->text, d->rows, d->n_rows);
        if (value < 0)
            return node_not_one_of(row, name, d->rows, d->n_rows, r->e);
        m->slot[slot] = (uint8_t)value;
        m->slot_because[slot] = m->source;
    }
    return 0;
}

/* A list of different words, each as its index. */
static int read_list(const struct reader *r, const struct field *f,
                     const struct node *n, uint8_t *out, unsigned *n_out)
{
    uint64_t seen = 0;

    if (node_expect(n, NODE_LIST, f->key, r->e))
        return -1;
    *n_out = 0;
    for (unsigned i = 0; i < n->n; i++) {
        const struct node *word = n->entry[i].value;
        int id;

        if (node_expect(word, NODE_SCALAR, f->key, r->e))
            return -1;
        id = find_word(word->text, f->words, f->n_words);
        if (id < 0)
            return node_not_one_of(word, f->key, f->words, f->n_words, r->e);
        if (seen & BIT(id))
            return err_at(r->e, word->at, "%s: '%s' stands here twice", f->key,
                          word->text);
        seen |= BIT(id);
        out[(*n_out)++] = (uint8_t)id;
    }
    return 0;
}

static int read_setup_order(const struct reader *r, const struct field *f,
                            const struct node *n, void *out)
{
    struct kernel_model *m = &((struct kernel_file *)out)->model;

    m->setup_because = m->source;
    return read_list(r, f, n, m->setup, &m->n_setup);
}

static const char *gate_because(const struct kvm_gate_list *l, uint8_t gate)
{
    for (unsigned i = 0; i < l->n; i++)
        if (l->gate[i] == gate)
            return l->because[i];
    return NULL;
}

/* A gate that the parent has, too, keeps the parent's reason. */
static int read_gates(const struct reader *r, const struct field *f,
                      const struct node *n, void *out)
{
    const char *source = ((struct kernel_file *)out)->model.source;
    struct kvm_gate_list *list = (void *)((char *)out + f->offset);
    const struct kvm_gate_list parent = *list;

    list->list_because = NULL;
    if (read_list(r, f, n, list->gate, &list->n))
        return -1;
    for (unsigned i = 0; i < list->n; i++) {
        const char *because = gate_because(&parent, list->gate[i]);

        list->because[i] = because ? because : source;
    }
    return 0;
}

/* ---- reasons ---- */

static const char *after(const char *text, const char *prefix)
{
    size_t len = strlen(prefix);

    return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

/* "sev_es_gates" says why the list changed, and stands for its new gates (those
 * that have only the file's @source yet); "sev_es_gates.asids" for one gate. */
static int set_gate_because(const struct reader *r, struct mark at,
                            struct kvm_gate_list *l, const char *source,
                            const char *gate, const char *why)
{
    if (!gate[0]) {
        l->list_because = why;
        for (unsigned i = 0; i < l->n; i++)
            if (l->because[i] == source)
                l->because[i] = why;
        return 0;
    }
    for (unsigned i = 0; i < l->n; i++) {
        if (strcmp(gate + 1, kvm_gate_names[l->gate[i]]) == 0) {
            l->because[i] = why;
            return 0;
        }
    }
    return err_at(r->e, at, "because: the list has no gate '%.60s'", gate + 1);
}

static int set_because(const struct reader *r, const struct node_entry *entry,
                       struct kernel_model *m, const char *why)
{
    struct {
        const char *name;
        struct kvm_gate_list *list;
    } lists[] = {
        { "sev_gates", &m->sev },
        { "sev_es_gates", &m->sev_es },
        { "sev_snp_gates", &m->sev_snp },
    };
    const char *rest = after(entry->key, "slots.");
    int slot;

    if (rest) {
        slot = find_slot(rest);
        if (slot < 0)
            return unknown_slot(r, entry->key_at, rest);
        m->slot_because[slot] = why;
        return 0;
    }
    if (strcmp(entry->key, "setup_order") == 0) {
        m->setup_because = why;
        return 0;
    }
    for (unsigned i = 0; i < ARRAY_SIZE(lists); i++) {
        rest = after(entry->key, lists[i].name);
        if (rest && (!rest[0] || rest[0] == '.'))
            return set_gate_because(r, entry->key_at, lists[i].list, m->source,
                                    rest, why);
    }
    err_at(r->e, entry->key_at, "because: '%.60s' is no decision", entry->key);
    return err_hint(r->e, "decisions are slots.NAME, setup_order, sev_gates, "
                          "sev_es_gates.GATE, ...");
}

static int read_because(const struct reader *r, const struct field *f,
                        const struct node *n, void *out)
{
    if (node_expect(n, NODE_MAP, f->key, r->e))
        return -1;
    for (unsigned i = 0; i < n->n; i++) {
        const struct node_entry *entry = &n->entry[i];
        const char *why;

        if (node_text(entry->value, entry->key, &why, r->e) ||
            set_because(r, entry, &((struct kernel_file *)out)->model, why))
            return -1;
    }
    return 0;
}

/* ---- the file ---- */

static int read_extends(const struct reader *r, const struct field *f,
                        const struct node *n, void *out)
{
    struct kernel_file *file = out;
    struct kernel_model child = file->model;
    const struct kernel_file *parent;

    if (node_text(n, f->key, &file->extends, r->e))
        return -1;
    parent = catalog_kernel(r->ctx, file->extends, n->at, r->e);
    if (!parent)
        return -1;
    file->model = parent->model;
    file->model.name = child.name;
    file->model.source = child.source;
    return 0;
}

#define GATES(key_, list)                                                      \
    {                                                                          \
        key_, FIELD_OWN, "", FIELD_AT(struct kernel_file, model.list),         \
            FIELD_WORDS(kvm_gate_names), .read = read_gates                    \
    }
/* `extends` first, then what is laid over the parent; reasons last. */
static const struct field file_fields[] = {
    { "schema", FIELD_OWN, "", .required = true },
    { "name", FIELD_TEXT, "", FIELD_AT(struct kernel_file, model.name),
      .required = true },
    { "title", FIELD_TEXT, "", FIELD_AT(struct kernel_file, title),
      .required = true },
    { "source", FIELD_TEXT, "", FIELD_AT(struct kernel_file, model.source),
      .required = true },
    { "extends", FIELD_OWN, "", .read = read_extends },
    { "slots", FIELD_OWN, "", .read = read_slots },
    { "setup_order", FIELD_OWN, "", FIELD_WORDS(kvm_setup_step_names),
      .read = read_setup_order },
    GATES("sev_gates", sev),
    GATES("sev_es_gates", sev_es),
    GATES("sev_snp_gates", sev_snp),
    { "because", FIELD_OWN, "", .read = read_because },
};
static const struct field_table file_table = { .name = "",
                                               .field = file_fields,
                                               .n = ARRAY_SIZE(file_fields) };

/* A file without a parent leaves no decision open. */
static int check_complete(const struct node *root, struct err *e)
{
    static const char *const lists[] = { "setup_order", "sev_gates",
                                         "sev_es_gates", "sev_snp_gates" };
    const struct node *slots = node_get(root, "slots");
    const char *missing = NULL;

    for (unsigned i = 0; !missing && i < ARRAY_SIZE(lists); i++)
        if (!node_get(root, lists[i]))
            missing = lists[i];
    if (missing) {
        err_at(e, root->at, "%s is not set", missing);
        return err_hint(e, "a file without 'extends' states every decision");
    }
    for (unsigned i = 0; i < N_KVM_SLOTS; i++) {
        if (node_get(slots, kvm_slot_table[i].name))
            continue;
        err_at(e, slots ? slots->at : root->at, "slots.%s is not set",
               kvm_slot_table[i].name);
        return err_hint(e, "%s", kvm_slot_table[i].question);
    }
    return 0;
}

const struct kernel_file *kernel_file_read(struct catalog *c, struct pool *pool,
                                           const char *path, const char *name,
                                           struct err *e)
{
    const struct reader r = { .pool = pool, .e = e, .ctx = c };
    struct kernel_file *file = pool_alloc(pool, sizeof(*file));
    const struct node *root = yaml_file(pool, path, e);

    if (!root || check_header(root, "nptsim/kernel/v1", name, e) ||
        fields_read(&r, &file_table, root, file))
        return NULL;
    if (!file->extends && check_complete(root, e))
        return NULL;
    file->path = path;
    return file;
}
