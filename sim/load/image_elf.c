/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load/image_elf.c - the headers of an ELF core, none of them believed.
 *
 * What QEMU's dump-guest-memory writes: ELF64, one PT_LOAD segment per block of
 * RAM with its physical address in p_paddr. A segment may name more memory than
 * it brings (p_filesz < p_memsz): the rest is not in the file. From 65535
 * segments on their number stands in sh_info of section 0 (System V ABI, gABI
 * chapter 4, "e_phnum").
 */
#include "load/image.h"

#include <elf.h>
#include <string.h>
#include <unistd.h>

#define MAX_SEGMENTS (1U << 20)
#define SPA_LIMIT    BIT(52)

struct core {
    const char *path;
    struct err *e;
    int fd;
    uint64_t size;
};

/* Read @len bytes of a header at @offset; @what is it, for the message. */
static int read_header(const struct core *c, uint64_t offset, void *to,
                       size_t len, const char *what)
{
    if (offset > c->size || c->size - offset < len ||
        pread(c->fd, to, len, (off_t)offset) != (ssize_t)len)
        return err_plain(c->e, c->path,
                         "cut short: %s needs %zu bytes at offset 0x%llx, the "
                         "file has 0x%llx",
                         what, len, (unsigned long long)offset,
                         (unsigned long long)c->size);
    return 0;
}

static int not_elf(const struct core *c, const unsigned char *ident)
{
    err_plain(c->e, c->path, "not an ELF file");
    if (memcmp(ident, "KDUMP", 5) == 0)
        return err_hint(c->e, "a kdump-compressed dump; leave -z, -l and -s "
                              "of dump-guest-memory out");
    return err_hint(c->e, "for a raw image of memory use --image");
}

static int check_ident(const struct core *c, const Elf64_Ehdr *h)
{
    if (memcmp(h->e_ident, ELFMAG, SELFMAG) != 0)
        return not_elf(c, h->e_ident);
    if (h->e_ident[EI_CLASS] != ELFCLASS64)
        return err_plain(c->e, c->path,
                         "ELF class %u: only 64-bit cores (class 2) are read",
                         h->e_ident[EI_CLASS]);
    if (h->e_ident[EI_DATA] != ELFDATA2LSB)
        return err_plain(c->e, c->path,
                         "ELF byte order %u: only little-endian (1) is read",
                         h->e_ident[EI_DATA]);
    if (h->e_type != ET_CORE)
        return err_plain(c->e, c->path, "ELF type %u is no core (type 4)",
                         h->e_type);
    if (h->e_machine != EM_X86_64)
        return err_plain(c->e, c->path, "ELF machine %u is not x86-64 (62)",
                         h->e_machine);
    if (h->e_phentsize != sizeof(Elf64_Phdr))
        return err_plain(c->e, c->path,
                         "program headers of %u bytes; they have %zu",
                         h->e_phentsize, sizeof(Elf64_Phdr));
    return 0;
}

static int count_segments(const struct core *c, const Elf64_Ehdr *h,
                          uint32_t *n)
{
    Elf64_Shdr section;

    *n = h->e_phnum;
    if (h->e_phnum == PN_XNUM) {
        if (read_header(c, h->e_shoff, &section, sizeof(section),
                        "section header 0"))
            return -1;
        *n = section.sh_info;
    }
    if (*n > MAX_SEGMENTS)
        return err_plain(c->e, c->path, "%u segments; at most %u are read", *n,
                         MAX_SEGMENTS);
    return 0;
}

static int check_segment(const struct core *c, uint32_t i, const Elf64_Phdr *p)
{
    if (p->p_filesz > p->p_memsz)
        return err_plain(c->e, c->path,
                         "segment %u: 0x%llx bytes in the file are more than "
                         "0x%llx in memory",
                         i, (unsigned long long)p->p_filesz,
                         (unsigned long long)p->p_memsz);
    if (p->p_offset > c->size || p->p_filesz > c->size - p->p_offset)
        return err_plain(c->e, c->path,
                         "cut short: segment %u has 0x%llx bytes at offset "
                         "0x%llx, the file has 0x%llx",
                         i, (unsigned long long)p->p_filesz,
                         (unsigned long long)p->p_offset,
                         (unsigned long long)c->size);
    if (p->p_paddr >= SPA_LIMIT || p->p_memsz > SPA_LIMIT - p->p_paddr)
        return err_plain(c->e, c->path,
                         "segment %u: 0x%llx bytes at physical address 0x%llx "
                         "reach beyond 2^52",
                         i, (unsigned long long)p->p_memsz,
                         (unsigned long long)p->p_paddr);
    return 0;
}

static int read_segments(const struct core *c, const Elf64_Ehdr *h, uint32_t n,
                         struct image_piece *pieces, unsigned *n_pieces)
{
    *n_pieces = 0;
    for (uint32_t i = 0; i < n; i++) {
        Elf64_Phdr p;

        if (read_header(c, h->e_phoff + (uint64_t)i * sizeof(p), &p, sizeof(p),
                        "a program header"))
            return -1;
        if (p.p_type != PT_LOAD)
            continue;
        if (check_segment(c, i, &p))
            return -1;
        if (p.p_filesz)
            pieces[(*n_pieces)++] = (struct image_piece) {
                .at = { p.p_paddr, p.p_paddr + p.p_filesz },
                .offset = p.p_offset,
            };
    }
    if (!*n_pieces)
        return err_plain(c->e, c->path, "no PT_LOAD segment with memory");
    return 0;
}

/* The pieces of memory, or NULL with the error set. */
static struct image_piece *read_core(struct pool *pool, const struct core *c,
                                     unsigned *n_pieces)
{
    struct image_piece *pieces;
    Elf64_Ehdr h = { 0 };
    uint32_t n;

    if (read_header(c, 0, &h, sizeof(h), "the ELF header") ||
        check_ident(c, &h) || count_segments(c, &h, &n))
        return NULL;
    /* Nothing is allocated for headers that the file cannot hold. */
    if (h.e_phoff > c->size || n > (c->size - h.e_phoff) / sizeof(Elf64_Phdr)) {
        err_plain(c->e, c->path,
                  "cut short: %u program headers at offset 0x%llx, the file "
                  "has 0x%llx",
                  n, (unsigned long long)h.e_phoff,
                  (unsigned long long)c->size);
        return NULL;
    }
    pieces = pool_alloc(pool, (n + 1ULL) * sizeof(*pieces));
    return read_segments(c, &h, n, pieces, n_pieces) ? NULL : pieces;
}

struct image *image_open_core(struct pool *pool, const char *path,
                              struct err *e)
{
    struct core c = { .path = path, .e = e };
    struct image_piece *pieces;
    unsigned n;

    c.fd = image_open_file(path, &c.size, e);
    if (c.fd < 0)
        return NULL;
    pieces = read_core(pool, &c, &n);
    if (!pieces) {
        close(c.fd);
        return NULL;
    }
    return image_create(pool, path, c.fd, pieces, n, e);
}
