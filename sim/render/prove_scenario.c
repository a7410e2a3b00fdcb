/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/prove_scenario.c - a counterexample as a file that `nptsim run` lives
 * through.
 */
#include "render/parts.h"

#include <inttypes.h>
#include <string.h>

#define DEVICE_REGISTER 0xf0

/* Settings whose key begins with @prefix, but for those that begin with @but,
 * as a flow mapping of what follows. false: there are none. */
static bool put_map(struct buf *b, const struct report_example *x,
                    const char *prefix, const char *but)
{
    size_t len = strlen(prefix);
    bool any = false;

    for (unsigned i = 0; i < x->n_settings; i++) {
        const struct report_setting *s = &x->setting[i];

        if (strncmp(s->key, prefix, len) != 0 ||
            (but && strncmp(s->key, but, strlen(but)) == 0))
            continue;
        buf_printf(b, "%s%s: %s", any ? ", " : "{", s->key + len, s->value);
        any = true;
    }
    if (any)
        buf_addc(b, '}');
    return any;
}

static void put_cpu(struct buf *b, const struct report_example *x)
{
    struct buf plain = BUF_INIT, features = BUF_INIT;
    bool some = put_map(&plain, x, "cpu.set.", "cpu.set.features.");
    bool more = put_map(&features, x, "cpu.set.features.", NULL);

    buf_printf(b, "cpu:\n  model: %s\n", x->cpu);
    if (some && more) /* one mapping in the other */
        buf_printf(b, "  set: %.*s, features: %s}\n", (int)plain.len - 1,
                   plain.data, features.data);
    else if (some)
        buf_printf(b, "  set: %s\n", plain.data);
    else if (more)
        buf_printf(b, "  set: {features: %s}\n", features.data);
    buf_free(&plain);
    buf_free(&features);
}

static void put_kernel(struct buf *b, const char *kernel,
                       const struct report_example *x)
{
    struct buf params = BUF_INIT;

    buf_printf(b, "kernel:\n  model: %s\n", kernel);
    if (put_map(&params, x, "kernel.params.", NULL))
        buf_printf(b, "  params: %s\n", params.data);
    for (unsigned i = 0; i < x->n_settings; i++)
        if (strcmp(x->setting[i].key, "kernel.sme") == 0)
            buf_printf(b, "  sme: %s\n", x->setting[i].value);
    buf_free(&params);
}

static void put_why(struct buf *b, const struct report_proof *r,
                    const struct report_finding *f)
{
    struct buf text = BUF_INIT;

    buf_printf(&text,
               "%s. Kernel %s does not keep this (%s) in %" PRIu64
               " of %" PRIu64
               " states; this is the one that is closest to a CPU that ships.",
               f->claim, r->kernel, f->invariant, f->violated, f->tested);
    if (text.data[0] >= 'a' && text.data[0] <= 'z')
        text.data[0] = (char)(text.data[0] - 'a' + 'A');
    buf_adds(b, "why: |\n");
    wrap_text(b, "  ", text.data, 98);
    buf_free(&text);
}

void render_proof_scenario(struct buf *b, const struct report_proof *r,
                           const struct report_finding *f, const char *name)
{
    const struct report_example *x = &f->example;

    buf_adds(b, "# SPDX-License-Identifier: CC0-1.0\n");
    buf_adds(b, RENDER_PROOF_MARK "\n");
    buf_printf(b, "schema: nptsim/scenario/v1\nname: %s\n", name);
    put_why(b, r, f);
    buf_printf(b, "tags: [prove, %s]\n", f->invariant);
    put_cpu(b, x);
    put_kernel(b, r->kernel, x);
    buf_printf(b,
               "vm:\n  type: %s\n  memory:\n    - {gpa: 0x0, size: %" PRIu64
               "MiB}\n",
               x->vm, x->memory >> 20);
    buf_printf(b,
               "  mmio:\n    - {gpa: 0x%" PRIx64
               ", size: 4KiB, name: device, reads: 0x5a}\n",
               x->device);
    buf_printf(b,
               "steps:\n  - {id: first, read: 0x%" PRIx64
               ", size: 4}\n  - {id: again, read: 0x%" PRIx64 ", size: 4}\n",
               x->device + DEVICE_REGISTER, x->device + DEVICE_REGISTER);
    buf_printf(b, "expect:\n  invariants: {%s: violated}\n", f->invariant);
}
