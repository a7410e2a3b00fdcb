#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Run Check programs; print each one's summary, fail if one fails.
status=0
for t in "$@"; do
    if ! out=$(CK_VERBOSITY=minimal CK_DEFAULT_TIMEOUT=60 "$t" 2>&1); then
        status=1
        printf '%s\n' "$out"
    fi
    printf '%-40s %s\n' "${t#*/unit/}" "$(grep -E '^[0-9]+%' <<<"$out" | tail -1)"
done
exit $status
