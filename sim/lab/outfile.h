/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab/outfile.h - a file that appears whole or not at all.
 *
 * It grows under a name that ends in ".part" and gets its own name when all of
 * it is on the disk. Whoever finds a ".part" file may drop it.
 */
#ifndef NPTSIM_LAB_OUTFILE_H
#define NPTSIM_LAB_OUTFILE_H

#include "base.h"

#define OUTFILE_SUFFIX   ".part"
#define OUTFILE_MAX_NAME 4096

struct outfile {
    int dir, fd;
    const char *folder; /* for messages; NULL: the name says it all */
    char name[OUTFILE_MAX_NAME], part[OUTFILE_MAX_NAME + 8];
};

/* Open @name, relative to folder @dir (AT_FDCWD: the current one). */
int outfile_open(struct outfile *o, int dir, const char *folder,
                 const char *name, struct err *e);
int outfile_add(struct outfile *o, const void *data, size_t len, struct err *e);
int outfile_commit(struct outfile *o, struct err *e);
/* Leave nothing behind. */
void outfile_drop(struct outfile *o);

#endif
