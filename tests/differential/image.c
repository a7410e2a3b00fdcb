/* SPDX-License-Identifier: GPL-2.0-only */
/* differential/image.c - map the RAM file, and distrust it. */
#include "differential/image.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int map(struct image *m, const char *path, int fd, struct err *e)
{
    m->ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (m->ram == MAP_FAILED)
        return err_plain(e, path, "cannot map: %s", strerror(errno));
    m->control = (struct control *)((char *)m->ram + CONTROL_AT);
    m->question = (struct question *)((char *)m->ram + QUESTIONS_AT);
    return 0;
}

int image_create(struct image *m, const char *path, struct err *e)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0666), ret;

    if (fd < 0 || ftruncate(fd, (off_t)RAM_SIZE)) {
        ret = err_plain(e, path, "cannot create: %s", strerror(errno));
    } else {
        ret = map(m, path, fd, e);
    }
    if (fd >= 0)
        close(fd);
    return ret;
}

/* FNV-1a over the words from @group up to the answer. */
uint64_t question_sum(const struct question *q)
{
    const uint64_t *at = (const uint64_t *)&q->group;
    const uint64_t *end = (const uint64_t *)&q->answer;
    uint64_t sum = 0xcbf29ce484222325ULL;

    for (; at < end; at++)
        sum = (sum ^ *at) * 0x100000001b3ULL;
    return sum;
}

static int check(const struct image *m, const char *path, struct err *e)
{
    const struct control *c = m->control;

    if (c->magic != QUESTION_MAGIC)
        return err_plain(e, path, "holds no questions, or QEMU overwrote them");
    if (c->n_questions > MAX_QUESTIONS || c->n_done > c->n_questions)
        return err_plain(e, path, "counts %llu answers to %llu questions",
                         (unsigned long long)c->n_done,
                         (unsigned long long)c->n_questions);
    if (c->width < 32 || c->width > 52)
        return err_plain(e, path, "width %llu is not in 32..52",
                         (unsigned long long)c->width);
    if (c->host_levels < 3 || c->host_levels > 5)
        return err_plain(e, path, "nested tables of %llu levels",
                         (unsigned long long)c->host_levels);
    for (uint64_t i = 0; i < c->n_questions; i++) {
        const struct question *q = &m->question[i];

        if (q->id != i || q->n_words > MAX_WORDS || q->sum != question_sum(q))
            return err_plain(
                e, path,
                "question %llu is not what was asked: QEMU wrote there",
                (unsigned long long)i);
    }
    return 0;
}

int image_open(struct image *m, const char *path, struct err *e)
{
    int fd = open(path, O_RDWR), ret;
    struct stat st;

    if (fd < 0 || fstat(fd, &st))
        ret = err_plain(e, path, "cannot open: %s", strerror(errno));
    else if (st.st_size != (off_t)RAM_SIZE)
        ret = err_plain(e, path, "is %lld bytes long, not %lld",
                        (long long)st.st_size, (long long)RAM_SIZE);
    else
        ret = map(m, path, fd, e);
    if (fd >= 0)
        close(fd);
    if (!ret && check(m, path, e)) {
        image_close(m);
        ret = -1;
    }
    return ret;
}

void image_close(struct image *m)
{
    munmap(m->ram, RAM_SIZE);
}
