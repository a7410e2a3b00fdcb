/* SPDX-License-Identifier: GPL-2.0-only */
/* base/closest.c - "did you mean ...?": the nearest word by edit distance. */
#include "base.h"

#include <string.h>

#define MAX_WORD 64

/*
 * Insertions, deletions and replacements that turn @a into @b, or into a
 * beginning of @b for one more: "maxphyadr" is near "maxphyaddr_raw".
 */
static size_t distance(const char *a, const char *b)
{
    size_t la = strlen(a), lb = strlen(b);
    size_t row[MAX_WORD + 1], best_prefix;

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
    best_prefix = row[lb];
    for (size_t j = la > 3 ? 3 : lb; j < lb; j++)
        if (row[j] + 1 < best_prefix)
            best_prefix = row[j] + 1;
    return best_prefix;
}

const char *closest_word(const char *word, const char *const *candidates,
                         size_t n)
{
    size_t limit = strlen(word) / 3 + 1, best = SIZE_MAX;
    const char *found = NULL;

    for (size_t i = 0; i < n; i++) {
        size_t d = distance(word, candidates[i]);

        if (d <= limit && d < best) {
            best = d;
            found = candidates[i];
        }
    }
    return found;
}
