/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load/image.c - physical memory out of a file of any size.
 *
 * Read by the page and on demand: a dump of many GiB costs as much as the
 * tables in it. pread(), not mmap(): a file that somebody cuts while it is
 * being read then ends the memory it holds, not this program.
 */
#include "load/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SPA_LIMIT BIT(52) /* no AMD64 entry can point further */
#define N_CACHED  64

/* Bytes from..to of a page, as one piece of the image has them. */
struct cached_page {
    const struct image_piece *piece; /* NULL = empty */
    spa_t from, to;
    uint8_t bytes[PAGE_SIZE_4K];
};

struct image {
    int fd;
    unsigned n;
    const struct image_piece *pieces; /* disjoint, ascending */
    const struct image_range *ranges;
    struct cached_page cached[N_CACHED];
};

int image_open_file(const char *path, uint64_t *size, struct err *e)
{
    /* A pipe that nobody writes to would block for ever in open(). */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;

    if (fd < 0)
        return err_plain(e, path, "cannot open: %s", strerror(errno));
    if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
        close(fd);
        return err_plain(e, path, "not a plain file");
    }
    *size = (uint64_t)st.st_size;
    return fd;
}

static int by_start(const void *a, const void *b)
{
    const struct image_piece *p = a, *q = b;

    return (p->at.start > q->at.start) - (p->at.start < q->at.start);
}

/*
 * Sort, and join what touches. A dump made through page tables names memory
 * that is mapped twice two times: the same bytes of the file, so the pieces
 * agree. Two answers for one address are a lie.
 */
static int join(const char *path, struct image_piece *p, unsigned *n,
                struct err *e)
{
    unsigned last = 0;

    qsort(p, *n, sizeof(*p), by_start);
    for (unsigned i = 1; i < *n; i++) {
        bool same =
            p[i].offset - p[last].offset == p[i].at.start - p[last].at.start;

        if (p[i].at.start > p[last].at.end ||
            (p[i].at.start == p[last].at.end && !same)) {
            p[++last] = p[i];
            continue;
        }
        if (!same)
            return err_plain(e, path,
                             "two segments both hold address 0x%llx, at file "
                             "offsets 0x%llx and 0x%llx",
                             (unsigned long long)p[i].at.start,
                             (unsigned long long)(p[last].offset +
                                                  p[i].at.start -
                                                  p[last].at.start),
                             (unsigned long long)p[i].offset);
        if (p[last].at.end < p[i].at.end)
            p[last].at.end = p[i].at.end;
    }
    *n = last + 1;
    return 0;
}

struct image *image_create(struct pool *pool, const char *path, int fd,
                           struct image_piece *pieces, unsigned n,
                           struct err *e)
{
    struct image_range *ranges;
    struct image *img;

    if (join(path, pieces, &n, e)) {
        close(fd);
        return NULL;
    }
    ranges = pool_alloc(pool, n * sizeof(*ranges));
    for (unsigned i = 0; i < n; i++)
        ranges[i] = pieces[i].at;
    img = pool_alloc(pool, sizeof(*img));
    img->fd = fd;
    img->n = n;
    img->pieces = pieces;
    img->ranges = ranges;
    return img;
}

struct image *image_open_raw(struct pool *pool, const char *path, spa_t base,
                             struct err *e)
{
    struct image_piece *piece = pool_alloc(pool, sizeof(*piece));
    uint64_t size;
    int fd = image_open_file(path, &size, e);

    if (fd < 0)
        return NULL;
    if (size == 0)
        err_plain(e, path, "the image is empty");
    else if (base % 8)
        err_plain(e, path, "base 0x%llx is not a multiple of 8",
                  (unsigned long long)base);
    else if (base >= SPA_LIMIT || size > SPA_LIMIT - base)
        err_plain(e, path,
                  "0x%llx bytes at 0x%llx reach beyond 2^52, where physical "
                  "memory ends",
                  (unsigned long long)size, (unsigned long long)base);
    if (e->set) {
        close(fd);
        return NULL;
    }
    *piece = (struct image_piece) { .at = { base, base + size } };
    return image_create(pool, path, fd, piece, 1, e);
}

void image_close(struct image *img)
{
    close(img->fd);
}

unsigned image_ranges(const struct image *img, const struct image_range **out)
{
    *out = img->ranges;
    return img->n;
}

/* The piece that holds @len bytes at @spa, or NULL. */
static const struct image_piece *find_piece(const struct image *img, spa_t spa,
                                            size_t len)
{
    unsigned low = 0, high = img->n;

    while (low < high) {
        unsigned mid = low + (high - low) / 2;
        const struct image_range *r = &img->ranges[mid];

        if (spa < r->start)
            high = mid;
        else if (spa >= r->end)
            low = mid + 1;
        else
            return r->end - spa >= len ? &img->pieces[mid] : NULL;
    }
    return NULL;
}

/* What @piece has of the page around @spa. */
static bool fill(const struct image *img, struct cached_page *c,
                 const struct image_piece *piece, spa_t spa)
{
    spa_t page = spa & PAGE_MASK_4K;
    size_t want;

    c->from = page > piece->at.start ? page : piece->at.start;
    c->to = page + PAGE_SIZE_4K < piece->at.end ? page + PAGE_SIZE_4K
                                                : piece->at.end;
    want = c->to - c->from;
    c->piece = pread(img->fd, c->bytes, want,
                     (off_t)(piece->offset + (c->from - piece->at.start))) ==
                       (ssize_t)want
                   ? piece
                   : NULL;
    return c->piece;
}

bool image_read64(struct image *img, spa_t spa, uint64_t *value)
{
    const struct image_piece *piece = find_piece(img, spa, 8);
    struct cached_page *c = &img->cached[(spa >> 12) % N_CACHED];

    if (!piece)
        return false;
    if (c->piece != piece || spa < c->from || spa + 8 > c->to)
        if (!fill(img, c, piece, spa))
            return false;
    memcpy(value, c->bytes + (spa - c->from), sizeof(*value));
    return true;
}
