/* SPDX-License-Identifier: GPL-2.0-only */
/* base/closest.c - "did you mean ...?": the nearest word by edit distance. */
#include "base.h"

#include <string.h>

#define MAX_WORD 64

/* Insertions, deletions and replacements that turn @a into @b. */
static size_t distance(const char *a, const char *b)
{
    size_t la = strlen(a), lb = strlen(b);
    size_t row[MAX_WORD + 1];

    if (la > MAX_WORD || lb > MAX_WORD)
        return SIZE_MAX;
    for (size_t j = 0; j <= lb; j++)
        row[j] = j;
    for (size_t i = 1; i <= la; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= lb; j++) {
            size_t replace = diagonal + (a[i - 1] != b[j - 1]);
            size_t best = row[j] + 1;

            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            if (replace < best)
                best = replace;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[lb];
}

const char *closest_word(const char *word, const char *const *candidates,
                         size_t n)
{
    size_t limit = strlen(word) / 3 + 1, best = SIZE_MAX;
    const char *found = NULL;

    for (size_t i = 0; i < n; i++) {
        size_t d = distance(word, candidates[i]);
        bool prefix = strlen(word) >= 3 &&
                      strncmp(candidates[i], word, strlen(word)) == 0;

        if (prefix && d > limit)
            d = limit;
        if (d <= limit && d < best) {
            best = d;
            found = candidates[i];
        }
    }
    return found;
}
