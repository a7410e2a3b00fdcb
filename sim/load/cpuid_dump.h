/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load/cpuid_dump.h - the leaves that a CPU model needs, as a dump gave them.
 *
 * Between cpuid_dump.c, which reads text, cpuid_import.c, which knows what the
 * bits mean, and cpuid_yaml.c, which writes them down.
 */
#ifndef NPTSIM_LOAD_CPUID_DUMP_H
#define NPTSIM_LOAD_CPUID_DUMP_H

#include "arch/cpuid.h"
#include "base.h"
#include "hw.h"

#define N_DUMP_LEAVES 12

/* Sub-leaf 0 of one leaf on the first logical CPU; zeroes unless seen. */
struct dump_leaf {
    uint32_t number;
    bool seen;
    bool disagrees; /* another logical CPU was seen to differ */
    struct cpuid_regs regs;
    struct mark at;
};

struct cpuid_dump {
    const char *path;
    unsigned n_cpus;
    struct dump_leaf leaf[N_DUMP_LEAVES];
};

/* Read @text, a NUL-terminated dump of @len bytes that is cut into lines in
 * place. Leaves that CPUs disagree on or that come twice are warned of. */
int cpuid_dump_read(struct cpuid_dump *d, const char *path, char *text,
                    size_t len, struct buf *warnings, struct err *e);

/* The slot of leaf @number, which must be one that a model needs. */
const struct dump_leaf *cpuid_dump_leaf(const struct cpuid_dump *d,
                                        uint32_t number);

/* "file:line:col: warning: ..." */
void dump_warn(struct buf *warnings, struct mark at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The file of @m, which extends @parent for its TLBs and
 * timing. */
void cpuid_model_write(struct buf *b, const struct cpuid_dump *d,
                       const struct cpu_model *m, const char *parent,
                       bool min_asid_assumed);

#endif
