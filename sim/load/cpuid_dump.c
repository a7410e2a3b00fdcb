/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cpuid_dump.c - CPUID dumps, from text to registers.
 *
 * Two forms are read: what `cpuid -r` prints,
 *
 *     CPU 0:
 *        0x80000008 0x00: eax=0x00003030 ebx=0x91bef75f ecx=... edx=...
 *
 * and the text files of the InstLatx64 collection, written by AIDA64,
 *
 *     ------[ Logical CPU #0 ]------
 *     CPUID 80000008: 00003030-91BEF75F-0000603F-00010007 [SL 00]
 *
 * The latter carry much other text; whatever does not start like a leaf is
 * skipped, whatever does must be complete. The first logical CPU counts; the
 * others only serve to find out whether they agree. What the registers mean is
 * not known here; see cpuid_import.c.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "load/cpuid_dump.h"

static const uint32_t needed[N_DUMP_LEAVES] = {
    0,          1,          7,          0x80000000, 0x80000001, 0x80000002,
    0x80000003, 0x80000004, 0x80000008, 0x8000000a, 0x8000001f, 0x80000021,
};

struct reader {
    struct cpuid_dump *d;
    struct mark at;         /* start of the line */
    const char *line, *pos; /* the line, and what is left of it */
    unsigned cpu;           /* logical CPUs whose heading has gone by */
    struct buf *warnings;
    struct err *e;
};

struct row {
    uint32_t leaf, subleaf;
    struct cpuid_regs regs;
};

void dump_warn(struct buf *warnings, struct mark at, const char *fmt, ...)
{
    char text[300];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (at.line)
        buf_printf(warnings, "%s:%u:%u: warning: %s\n", at.file, at.line,
                   at.col, text);
    else
        buf_printf(warnings, "%s: warning: %s\n", at.file, text);
}

/* Which slot keeps leaf @number; N_DUMP_LEAVES = none. */
static unsigned slot_of(uint32_t number)
{
    unsigned i = 0;

    while (i < N_DUMP_LEAVES && needed[i] != number)
        i++;
    return i;
}

const struct dump_leaf *cpuid_dump_leaf(const struct cpuid_dump *d,
                                        uint32_t number)
{
    unsigned i = slot_of(number);

    BUG_ON(i == N_DUMP_LEAVES);
    return &d->leaf[i];
}

/* ---- pieces of a line ---- */

static int expected(struct reader *r, const char *what)
{
    struct mark at = r->at;

    at.col = (unsigned)(r->pos - r->line) + 1;
    if (*r->pos)
        err_at(r->e, at, "expected %s", what);
    else
        err_at(r->e, at, "the line ends where %s should follow", what);
    return err_hint(r->e, "the dump may have been cut off or edited");
}

static void skip_blanks(struct reader *r)
{
    while (*r->pos == ' ' || *r->pos == '\t')
        r->pos++;
}

static int take(struct reader *r, const char *text)
{
    size_t len = strlen(text);

    if (strncmp(r->pos, text, len) != 0) {
        char quoted[16];

        snprintf(quoted, sizeof(quoted), "'%s'", text);
        return expected(r, quoted);
    }
    r->pos += len;
    return 0;
}

static int take_hex(struct reader *r, uint32_t *out)
{
    size_t len = strspn(r->pos, "0123456789abcdefABCDEF");
    uint64_t value;

    if (len > 8 || isalnum((unsigned char)r->pos[len]) ||
        num_parse_hex(r->pos, len, &value) != NUM_OK)
        return expected(r, "a register of up to 8 hexadecimal digits");
    *out = (uint32_t)value;
    r->pos += len;
    return 0;
}

/* ---- the two forms of a row ---- */

/* "eax=0x00003030 ebx=..." */
static int take_named_regs(struct reader *r, struct cpuid_regs *regs)
{
    static const char *const names[] = { "eax=0x", "ebx=0x", "ecx=0x",
                                         "edx=0x" };
    uint32_t *const out[] = { &regs->eax, &regs->ebx, &regs->ecx, &regs->edx };

    for (unsigned i = 0; i < 4; i++) {
        skip_blanks(r);
        if (take(r, names[i]) || take_hex(r, out[i]))
            return -1;
    }
    return 0;
}

/* "0x80000008 0x00: eax=0x..." */
static int cpuid_r_row(struct reader *r, struct row *row)
{
    if (take(r, "0x") || take_hex(r, &row->leaf))
        return -1;
    skip_blanks(r);
    if (take(r, "0x") || take_hex(r, &row->subleaf) || take(r, ":"))
        return -1;
    return take_named_regs(r, &row->regs);
}

/* "CPUID 80000008: 00003030-91BEF75F-0000603F-00010007 [SL 00] [words]" */
static int instlat_row(struct reader *r, struct row *row)
{
    if (take(r, "CPUID ") || take_hex(r, &row->leaf) || take(r, ":"))
        return -1;
    skip_blanks(r);
    if (take_hex(r, &row->regs.eax) || take(r, "-") ||
        take_hex(r, &row->regs.ebx) || take(r, "-") ||
        take_hex(r, &row->regs.ecx) || take(r, "-") ||
        take_hex(r, &row->regs.edx))
        return -1;
    skip_blanks(r);
    if (strncmp(r->pos, "[SL ", 4) != 0)
        return 0;
    r->pos += 4;
    return take_hex(r, &row->subleaf) || take(r, "]") ? -1 : 0;
}

/* InstLatx64 files also say "CPUID CPU Name   : ..." and the like. */
static bool is_instlat_row(const char *line)
{
    return strncmp(line, "CPUID ", 6) == 0 &&
           (isdigit((unsigned char)line[6]) ||
            strspn(line + 6, "0123456789abcdefABCDEF") == 8);
}

/* "CPU 0:", "CPU:" or "------[ CPUID Registers / Logical CPU #0 ]------" */
static bool is_heading(const char *line)
{
    size_t digits;

    if (strncmp(line, "---", 3) == 0)
        return strstr(line, "Logical CPU #") != NULL;
    if (strncmp(line, "CPU", 3) != 0)
        return false;
    line += 3;
    line += *line == ' ';
    digits = strspn(line, "0123456789");
    return line[digits] == ':' && line[digits + 1] == '\0';
}

/* ---- lines ---- */

static bool same_regs(const struct cpuid_regs *a, const struct cpuid_regs *b)
{
    return a->eax == b->eax && a->ebx == b->ebx && a->ecx == b->ecx &&
           a->edx == b->edx;
}

static void keep(struct reader *r, struct row *row)
{
    struct dump_leaf *l = &r->d->leaf[slot_of(row->leaf)];

    if (row->leaf == 1)
        row->regs.ebx = 0; /* APIC id: differs by nature, unused */
    if (r->cpu <= 1 && !l->seen) {
        l->seen = true;
        l->regs = row->regs;
        l->at = r->at;
    } else if (!same_regs(&l->regs, &row->regs) && !l->disagrees) {
        l->disagrees = true;
        dump_warn(r->warnings, r->at, "leaf 0x%08x %s; the first value counts",
                  row->leaf,
                  r->cpu <= 1 ? "comes twice for one CPU, and differs"
                              : "is not the same on all logical CPUs");
    }
}

static int read_line(struct reader *r)
{
    struct row row = { 0 };

    skip_blanks(r);
    if (is_heading(r->pos)) {
        r->cpu++;
        return 0;
    }
    if (strncmp(r->pos, "0x", 2) == 0) {
        if (cpuid_r_row(r, &row))
            return -1;
    } else if (is_instlat_row(r->pos)) {
        if (instlat_row(r, &row))
            return -1;
    } else {
        return 0;
    }
    if (row.subleaf == 0 && slot_of(row.leaf) < N_DUMP_LEAVES)
        keep(r, &row);
    return 0;
}

static int not_text(struct reader *r, const char *text, const char *nul)
{
    struct mark at = r->at;
    const char *line = text;

    for (const char *p = text; p < nul; p++)
        if (*p == '\n') {
            at.line++;
            line = p + 1;
        }
    at.col = (unsigned)(nul - line) + 1;
    err_at(r->e, at, "a zero byte: this is not a text file");
    return err_hint(r->e, "expected the output of `cpuid -r` or an InstLatx64 "
                          "text dump, in ASCII or UTF-8");
}

int cpuid_dump_read(struct cpuid_dump *d, const char *path, char *text,
                    size_t len, struct buf *warnings, struct err *e)
{
    struct reader r = { .d = d, .warnings = warnings, .e = e };
    char *end = text + len, *nul = memchr(text, '\0', len);

    memset(d, 0, sizeof(*d));
    d->path = path;
    for (unsigned i = 0; i < N_DUMP_LEAVES; i++)
        d->leaf[i].number = needed[i];
    r.at = (struct mark) { .file = path, .line = 1, .col = 1 };
    if (nul)
        return not_text(&r, text, nul);

    for (char *line = text, *next; line < end; line = next) {
        char *eol = memchr(line, '\n', (size_t)(end - line));

        eol = eol ? eol : end;
        next = eol + 1;
        if (eol > line && eol[-1] == '\r')
            eol--;
        *eol = '\0'; /* at @end there is one already */
        r.line = r.pos = line;
        if (read_line(&r))
            return -1;
        r.at.line++;
    }
    d->n_cpus = r.cpu ? r.cpu : 1;
    return 0;
}
