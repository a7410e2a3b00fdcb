#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What a reader must be able to rely on in every file.
cd "$(dirname "$0")/.." || exit 1
status=0

claim() { # text, offenders
    if [ -n "$2" ]; then
        printf '%s\nnot ok %s\n' "$2" "$1"
        status=1
    else
        printf 'ok %s\n' "$1"
    fi
}

files() {
    find sim include tests models scenarios schema Makefile .ci \
        -type f "$@" 2>/dev/null | sort
}
mapfile -t c_files < <(find sim include tests -name '*.[ch]' | sort)

format=$(command -v clang-format-14 || command -v clang-format)
claim "every C file is formatted (make fmt)" \
    "$("$format" --dry-run -Werror "${c_files[@]}" 2>&1 | grep -E 'error:' | head -5)"
claim "no file is longer than 600 lines" \
    "$(wc -l "${c_files[@]}" | awk '$2 != "total" && $1 > 600')"
claim "every source names its licence" \
    "$(files \( -name '*.[ch]' -o -name '*.def' -o -name '*.sh' -o -name '*.bats' -o -name '*.yaml' \
        -o -name Makefile \) | xargs grep -L SPDX-License-Identifier)"
claim "every function of the public headers is used or defined" \
    "$(bash tests/undefined.sh)"
exit $status
