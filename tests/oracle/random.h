/* SPDX-License-Identifier: GPL-2.0-only */
/* oracle/random.h - random vectors; the same number makes the same vector. */
#ifndef ORACLE_RANDOM_H
#define ORACLE_RANDOM_H

#include "oracle/trial.h"

void trial_random(struct trial *v, uint64_t seed, uint64_t number);

#endif
