/* SPDX-License-Identifier: GPL-2.0-only */
/* A small ELF core in memory, and files in memory to be opened by path. */
#ifndef NPTSIM_TESTS_CORES_H
#define NPTSIM_TESTS_CORES_H

#include "load.h"

#include <check.h>
#include <elf.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Two segments of memory behind a note, as QEMU writes them: 64 bytes at
 * 0x1000, and at 0x100000 32 bytes of a segment that is twice as long. Word i
 * of segment s reads 0x1111 * (s + 1) + i. */
struct small_core {
    Elf64_Ehdr h;
    Elf64_Phdr p[3];
    uint8_t odd[3]; /* so that no segment lies aligned in the file */
    uint8_t low[64], high[32];
} __attribute__((packed));

static inline struct small_core small_core(void)
{
    struct small_core c = {
        .h = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, 1 },
               .e_type = ET_CORE,
               .e_machine = EM_X86_64,
               .e_version = 1,
               .e_phoff = sizeof(Elf64_Ehdr),
               .e_ehsize = sizeof(Elf64_Ehdr),
               .e_phentsize = sizeof(Elf64_Phdr),
               .e_phnum = 3 },
        .p = { { .p_type = PT_NOTE, .p_filesz = ~0ULL },
               { .p_type = PT_LOAD,
                 .p_offset = offsetof(struct small_core, high),
                 .p_paddr = 0x100000,
                 .p_filesz = 32,
                 .p_memsz = 64 },
               { .p_type = PT_LOAD,
                 .p_offset = offsetof(struct small_core, low),
                 .p_paddr = 0x1000,
                 .p_filesz = 64,
                 .p_memsz = 64 } },
    };

    for (unsigned i = 0; i < 8; i++)
        memcpy(c.low + 8 * i, &(uint64_t) { 0x1111 + i }, 8);
    for (unsigned i = 0; i < 4; i++)
        memcpy(c.high + 8 * i, &(uint64_t) { 0x2222 + i }, 8);
    return c;
}

/* A file that lives as long as its descriptor, and a path to it. */
struct memory_file {
    int fd;
    char path[40];
};

static inline struct memory_file memory_file(const void *data, size_t len)
{
    struct memory_file f = { .fd = memfd_create("image", 0) };

    ck_assert_int_ge(f.fd, 0);
    ck_assert_int_eq(write(f.fd, data, len), (ssize_t)len);
    snprintf(f.path, sizeof(f.path), "/proc/self/fd/%d", f.fd);
    return f;
}

#endif
