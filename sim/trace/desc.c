/* SPDX-License-Identifier: GPL-2.0-only */
/* trace/desc.c - events.def as descriptors, and finding them by name. */
#include "trace.h"

#include <string.h>

#define F(field, kind) { #field, KIND_##kind },
#define EVENT(ev_name, ev_actor, ev_phase, ev_sentence, ev_fields)             \
    [EV_##ev_name] = {                                                         \
        .name = #ev_name,                                                      \
        .actor = ev_actor,                                                     \
        .phase = ev_phase,                                                     \
        .sentence = ev_sentence,                                               \
        .n_fields = sizeof(struct ev_##ev_name) / sizeof(uint64_t),            \
        .fields = { ev_fields },                                               \
    },

const struct event_desc event_table[N_EVENTS] = {
#include "events.def"
};

#undef EVENT
#undef F

_Static_assert(sizeof(const char *) == sizeof(uint64_t),
               "STR fields travel as 64-bit words");

int event_find(const char *name)
{
    for (unsigned i = 0; i < N_EVENTS; i++)
        if (strcmp(event_table[i].name, name) == 0)
            return (int)i;
    return -1;
}

int event_field_find(enum event_id id, const char *name)
{
    const struct event_desc *d = &event_table[id];

    for (unsigned i = 0; i < d->n_fields; i++)
        if (strcmp(d->fields[i].name, name) == 0)
            return (int)i;
    return -1;
}

const char *actor_name(enum trace_actor a)
{
    switch (a) {
    case ACTOR_HW:
        return "hw";
    case ACTOR_KVM:
        return "kvm";
    case ACTOR_GUEST:
        return "guest";
    case ACTOR_VMM:
        return "vmm";
    case ACTOR_BARE:
        return "bare";
    case ACTOR_RUN:
        return "run";
    }
    return "?";
}
