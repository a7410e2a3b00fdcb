/* SPDX-License-Identifier: GPL-2.0-only */
/* cli/decode.h - what the kinds of `nptsim decode` share. */
#ifndef NPTSIM_CLI_DECODE_H
#define NPTSIM_CLI_DECODE_H

#include "cli/cli.h"

struct decode_args {
    const char *what, *value, *cpu, *kernel;
};

/* Leaf @v, sub-leaf 0, as the CPU a->cpu answers it. */
int decode_cpuid(const struct decode_args *a, uint64_t v);
/* Exit code @v. */
int decode_exit(const struct decode_args *a, uint64_t v);

#endif
