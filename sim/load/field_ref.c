/* SPDX-License-Identifier: GPL-2.0-only */
/* load/field_ref.c - single values by their path: "cpu.set.cbit". */
#include "load/field.h"

#include <string.h>

static bool resolve_flag(const struct field *f, const char *name,
                         struct field_ref *out)
{
    int flag = field_flag_find(f, name);

    out->field = f;
    out->flag = flag < 0 ? 0 : (unsigned)flag;
    out->offset += f->offset + out->flag * sizeof(bool);
    return flag >= 0;
}

static bool is_single(const struct field *f)
{
    return f->type == FIELD_NUMBER || f->type == FIELD_BOOL ||
           f->type == FIELD_WORD || f->type == FIELD_TEXT;
}

bool field_resolve(const struct field_table *t, const char *path,
                   struct field_ref *out)
{
    *out = (struct field_ref) { 0 };
    for (;;) {
        size_t len = strcspn(path, ".");
        const struct field *f = NULL;

        for (unsigned i = 0; i < t->n && !f; i++)
            if (strlen(t->fields[i].key) == len &&
                memcmp(t->fields[i].key, path, len) == 0)
                f = &t->fields[i];
        if (!f)
            return false;
        if (path[len] && f->type == FIELD_FLAGS)
            return resolve_flag(f, path + len + 1, out);
        out->field = f;
        out->offset += f->offset;
        if (!path[len])
            return is_single(f);
        if (f->type != FIELD_GROUP)
            return false;
        t = f->table;
        path += len + 1;
    }
}

enum value_kind field_ref_kind(const struct field_ref *ref)
{
    switch (ref->field->type) {
    case FIELD_NUMBER:
        return VALUE_NUMBER;
    case FIELD_BOOL:
    case FIELD_FLAGS:
        return VALUE_BOOL;
    case FIELD_WORD:
    case FIELD_TEXT:
    case FIELD_PROSE:
    case FIELD_TEXTS:
    case FIELD_GROUP:
    case FIELD_LIST:
    case FIELD_NODE:
        return VALUE_TEXT;
    }
    return VALUE_TEXT;
}

/* The table that the field belongs to begins at the field's own offset before
 * the member; the field's mark lies in it too. */
int field_ref_set(struct pool *pool, const struct field_ref *ref,
                  const struct node *value, void *base, struct err *e)
{
    const struct field *f = ref->field;
    char *member = (char *)base + ref->offset;

    if (f->type == FIELD_FLAGS)
        return node_bool(value, f->flag_name(ref->flag), (bool *)member, e);
    return field_set(pool, f, value, member - f->offset, e);
}

void field_ref_put(const struct field_ref *ref, uint64_t v, void *base)
{
    void *member = (char *)base + ref->offset;

    if (field_ref_kind(ref) == VALUE_BOOL)
        *(bool *)member = v;
    else
        field_store(member, ref->field->size, v);
}

struct value field_ref_value(const struct field_ref *ref, const void *base)
{
    const void *at = (const char *)base + ref->offset;
    struct value v = { .kind = field_ref_kind(ref) };

    switch (v.kind) {
    case VALUE_NUMBER:
        v.number = field_fetch(at, ref->field->size);
        break;
    case VALUE_BOOL:
        v.number = *(const bool *)at;
        break;
    case VALUE_TEXT:
        if (ref->field->type == FIELD_WORD)
            v.text = ref->field->words[field_fetch(at, ref->field->size)];
        else
            v.text = *(const char *const *)at;
        if (!v.text)
            v.text = ""; /* never written */
        break;
    }
    return v;
}
