/* SPDX-License-Identifier: GPL-2.0-only */
/* lab/outfile.c - write aside, sync, rename. */
#include "lab/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int failed(const struct outfile *o, struct err *e)
{
    return err_plain(e, o->folder, "cannot write %.200s: %s", o->name,
                     strerror(errno));
}

int outfile_open(struct outfile *o, int dir, const char *folder,
                 const char *name, struct err *e)
{
    o->dir = dir;
    o->fd = -1;
    o->folder = folder;
    if (strlen(name) >= sizeof(o->name)) {
        errno = ENAMETOOLONG;
        strcpy(o->name, "");
        return failed(o, e);
    }
    strcpy(o->name, name);
    snprintf(o->part, sizeof(o->part), "%s" OUTFILE_SUFFIX, name);
    o->fd =
        openat(dir, o->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    return o->fd < 0 ? failed(o, e) : 0;
}

int outfile_add(struct outfile *o, const void *data, size_t len, struct err *e)
{
    const char *at = data;

    while (len) {
        ssize_t n = write(o->fd, at, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return failed(o, e);
        at += n;
        len -= (size_t)n;
    }
    return 0;
}

int outfile_commit(struct outfile *o, struct err *e)
{
    int fd = o->fd;

    if (fsync(fd))
        return failed(o, e);
    o->fd = -1;
    if (close(fd) || renameat(o->dir, o->part, o->dir, o->name))
        return failed(o, e);
    return 0;
}

void outfile_drop(struct outfile *o)
{
    int error = errno;

    if (o->fd >= 0)
        close(o->fd);
    o->fd = -1;
    unlinkat(o->dir, o->part, 0);
    errno = error;
}
