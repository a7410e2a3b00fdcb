#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Print functions that a public header declares but nobody defines.
cd "$(dirname "$0")/.." || exit 1
defined=$(nm -A --defined-only build/opt/libnptsim.a 2>/dev/null |
    awk '$2 ~ /^[TDRVBW]$/ || $3 ~ /^[TDRVBW]$/ { print $NF }' | sort -u)
sed -nE 's/^[a-z][a-z0-9_ \*]*[ \*]([a-z][a-z0-9_]+)\(.*/\1/p' include/*.h include/arch/*.h |
    grep -vxFf <(sed -nE "s/^static inline .*[ *]([a-z_0-9]+)\(.*/\1/p" include/*.h include/arch/*.h; echo __attribute__) |
    sort -u | while read -r f; do
    grep -qx "$f" <<<"$defined" || echo "$f is declared but not defined"
done
