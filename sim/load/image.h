/* SPDX-License-Identifier: GPL-2.0-only */
/* load/image.h - what a raw image and an ELF core share. */
#ifndef NPTSIM_LOAD_IMAGE_H
#define NPTSIM_LOAD_IMAGE_H

#include "load.h"

/* A piece of memory, and where in the file it lies. */
struct image_piece {
    struct image_range at;
    uint64_t offset;
};

/* Open a plain file for reading; its descriptor, or -1. *@size in bytes. */
int image_open_file(const char *path, uint64_t *size, struct err *e);
/* Take @fd over. @pieces: within the file, in any order; they live in @pool.
 * NULL with @e set, and @fd closed, if two of them contradict each other. */
struct image *image_create(struct pool *pool, const char *path, int fd,
                           struct image_piece *pieces, unsigned n,
                           struct err *e);

#endif
