/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * differential/question.h - one question to two CPUs, and its answer.
 *
 * Registers, memory words and one access make a question; an answer is the exit
 * and the words afterwards. The judge and the small hypervisor that runs under
 * QEMU share these structs through a file that is the virtual machine's RAM, so
 * this header needs nothing but <stdint.h>.
 *
 * The guest first fetches one instruction at @rip, which makes the access at
 * @gva, then VMMCALL right behind it: exit 0x81 says that all went well. For a
 * fetch @rip is @gva, and VMMCALL lies there.
 */
#ifndef NPTSIM_DIFFERENTIAL_QUESTION_H
#define NPTSIM_DIFFERENTIAL_QUESTION_H

#include <stdint.h>

#define MAX_WORDS 80

/* System-physical memory: what questions may use, then the file's own part. */
#define ARENA_START  0x01000000ULL
#define ARENA_END    0x05000000ULL
#define CONTROL_AT   0x06000000ULL /* struct control */
#define QUESTIONS_AT 0x06001000ULL /* struct question[] */
#define RAM_SIZE     0x10000000ULL
#define FIRST_ABSENT 0x100000000ULL /* nothing answers there: reads 0 */

#define QUESTION_MAGIC 0x6e6f697473657551ULL
#define NO_QUESTION    (~0ULL)

enum question_kind { KIND_READ, KIND_WRITE, KIND_RMW, KIND_FETCH, N_KINDS };

/* The guest's paging. */
enum question_mode {
    MODE_4LEVEL,
    MODE_5LEVEL,
    MODE_PAE,
    MODE_32BIT,
    MODE_OFF,
    N_MODES,
};

/* What a word is for. */
enum word_role { ROLE_GUEST, ROLE_NESTED, ROLE_DATA };

struct word {
    uint64_t spa, value;
    uint32_t role, level;     /* level of a table entry, 1..5; of data 0 */
    uint32_t shift, reserved; /* 32: a 4-byte entry in the upper half */
};

struct answer {
    uint64_t exit_code, info1, info2;
    uint64_t rax; /* at VMMCALL; 0 after any other exit */
    uint64_t word[MAX_WORDS];
};

struct question {
    uint64_t id;
    uint64_t sum; /* of all that is asked: QEMU must not have written it */
    uint32_t group, kind, mode, cpl;
    uint64_t n_words;
    uint64_t g_cr0, g_cr3, g_cr4, g_efer, g_rflags;
    uint64_t h_cr0, h_cr4, h_efer, ncr3;
    uint64_t gva, rip, pkru;
    struct word word[MAX_WORDS];
    struct answer answer; /* QEMU's, written in place */
};

struct control {
    uint64_t magic, width, n_questions;
    uint64_t host_levels; /* of the nested tables: 4, 5, or 3, a PAE host */
    uint64_t n_done;      /* answers that are complete */
    uint64_t running;     /* id of the question under way, NO_QUESTION = none */
};

/* RAX at VMRUN, which is what a write stores. */
#define START_RAX 0x5a5a5a5a5a5a5a5aULL
/* Page attribute table and ASID of every question. */
#define START_PAT  0x0007040600070406ULL
#define START_ASID 1U

#endif
