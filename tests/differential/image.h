/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * differential/image.h - the file that is the virtual machine's RAM.
 *
 * generate writes questions into it, QEMU answers there, judge reads. The file
 * comes from another program's hands, so its numbers are checked when opened.
 */
#ifndef NPTSIM_DIFFERENTIAL_IMAGE_H
#define NPTSIM_DIFFERENTIAL_IMAGE_H

#include "base.h"
#include "differential/question.h"

#define MAX_QUESTIONS ((RAM_SIZE - QUESTIONS_AT) / sizeof(struct question))

struct image {
    struct control *control;
    struct question *question;
    void *ram;
};

/* A new, empty image at @path, which is overwritten. -1 with @e set. */
int image_create(struct image *m, const char *path, struct err *e);
/* An image that was filled before; -1 with @e set if it is none. */
int image_open(struct image *m, const char *path, struct err *e);
/* What q->sum must be: a hash of all that is asked. */
uint64_t question_sum(const struct question *q);
void image_close(struct image *m);

#endif
