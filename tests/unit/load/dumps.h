/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CPUID dumps for the importer's tests: a plausible CPU, spelled by
 * dump_text(), with one thing changed. The registers are made up; the kinds of
 * junk are those seen in real dumps (InstLatX64@087af2c).
 */
#ifndef NPTSIM_TESTS_DUMPS_H
#define NPTSIM_TESTS_DUMPS_H

#include "load.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DUMPS "tests/data/dumps/"

/* What an import gave. */
static struct buf yaml, warnings;
static struct err error;

static inline void forget(void)
{
    buf_free(&yaml);
    buf_free(&warnings);
}

static inline int import_file(const char *path)
{
    forget();
    yaml = warnings = (struct buf)BUF_INIT;
    buf_adds(&yaml, "");
    buf_adds(&warnings, "");
    error = (struct err) { 0 };
    return cpuid_dump_import(path, "part", &yaml, &warnings, &error);
}

static inline int import_bytes(const char *text, size_t len)
{
    char path[] = "/tmp/nptsim-dump-XXXXXX";
    int fd = mkstemp(path), ret;

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, len), (ssize_t)len);
    close(fd);
    ret = import_file(path);
    unlink(path);
    return ret;
}

struct dump_row {
    uint32_t leaf;
    struct cpuid_regs regs;
};

/* A server with SEV-ES, nothing to warn of. */
static const struct dump_row plausible[] = {
    { 0, { 0x10, 0x68747541, 0x444d4163, 0x69746e65 } },
    { 1, { 0x00a00f11, 0, 0, 0 } },
    { 7, { 0, 0, 0, 0 } },
    { 0x80000000, { 0x80000021, 0x68747541, 0x444d4163, 0x69746e65 } },
    { 0x80000001, { 0x00a00f11, 0, 4, 1U << 29 } },
    { 0x80000008, { 0x3030, 0, 0, 0 } },
    { 0x8000000a, { 1, 0x8000, 0, 1 } },
    { 0x8000001f, { 0xb, 0x173, 509, 100 } },
    { 0x80000021, { 0, 0, 0, 0 } },
};

#define N_ROWS ARRAY_SIZE(plausible)

/* The plausible dump with the leaf of @change replaced; NULL = none. A change
 * whose registers are all 0xdeadbeef takes the leaf away. */
static inline void dump_text(struct buf *b, const struct dump_row *change)
{
    for (unsigned i = 0; i < N_ROWS; i++) {
        const struct dump_row *r = &plausible[i];

        if (change && change->leaf == r->leaf)
            r = change;
        if (r->regs.eax != 0xdeadbeef)
            buf_printf(b, "CPUID %08X: %08X-%08X-%08X-%08X\n", r->leaf,
                       r->regs.eax, r->regs.ebx, r->regs.ecx, r->regs.edx);
    }
}

static inline int import_changed(struct dump_row change)
{
    struct buf text = BUF_INIT;
    int ret;

    dump_text(&text, &change);
    ret = import_bytes(text.data, text.len);
    buf_free(&text);
    return ret;
}

#define CHANGED(...) import_changed((struct dump_row) { __VA_ARGS__ })
#define GONE                                                                   \
    {                                                                          \
        0xdeadbeef, 0, 0, 0                                                    \
    }

static inline void assert_has(const struct buf *b, const char *what)
{
    ck_assert_msg(strstr(b->data, what), "no '%s' in:\n%s", what, b->data);
}

static inline unsigned n_warnings(void)
{
    unsigned n = 0;

    for (const char *p = warnings.data; (p = strstr(p, "warning: ")); p++)
        n++;
    return n;
}

#endif
