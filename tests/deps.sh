#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Install what packages.txt, or the list named, has and this machine lacks: as
# root, or through sudo. On another system, or without the right to, print the
# list and stop.
cd "$(dirname "$0")/.." || exit 1
list=${1:-packages.txt}
mapfile -t wanted < <(grep -vE '^ *(#|$)' "$list")

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    # Not Debian: fine if the tools and headers are there anyway.
    for header in Zydis/Zydis.h yaml.h jansson.h sqlite3.h uthash.h check.h; do
        [ -e "/usr/include/$header" ] && continue
        echo "This is not a Debian system. nptsim needs the equivalents of:" >&2
        printf '  %s\n' "${wanted[@]}" >&2
        exit 1
    done
    exit 0
fi

missing=()
for p in "${wanted[@]}"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] ||
        missing+=("$p")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "Please install these packages, then run make again:" >&2
        echo "  apt-get install ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi
echo "installing: ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq >&2 &&
    "${as_root[@]}" apt-get install -y -qq --no-install-recommends \
        "${missing[@]}" >/dev/null
