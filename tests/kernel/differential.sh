#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# differential.sh BUILD [STATES]: the policy in the text of Debian's own kernel
# and our model of that kernel, state by state; then the text against the tables
# that other hands filled with it. The files that are needed go from the package
# linux-source-6.1 to BUILD/kernel/, and nowhere else. TAP on stdout.
build=$1 states=$2
here=${0%/*}
package=linux-source-6.1
archive=${LINUX_SOURCE:-/usr/src/$package.tar.xz}
tree=$build/kernel/$package
library=$build/kernel/$package.so

if ! [ -e "$archive" ] || ! command -v xz >/dev/null; then
    echo "ok kernel text # SKIP no $archive (Debian: $package, xz-utils)"
    exit 0
fi

# Not all of the files are in every kernel.
extract() {
    local new=$tree.new
    rm -rf "$new" && mkdir -p "$new" || return
    (cd "$here" && python3 -Bc 'import pieces
print("\n".join(["Makefile"] + pieces.ALL_FILES))') |
        sed "s|^|$package/|" >"$new/wanted"
    xz -dc -T2 "$archive" | tar -x -C "$new" --strip-components=1 \
        -T "$new/wanted" 2>"$new/missing"
    [ -s "$new/Makefile" ] || { cat "$new/missing" >&2; return 1; }
    rm -rf "$tree"
    mv "$new" "$tree"
}
if ! [ "$tree/wanted" -nt "$archive" ] || [ "$here/pieces.py" -nt "$tree/wanted" ]; then
    extract || { echo "not ok kernel text: cannot read $archive"; exit 1; }
fi

"$here/build.py" "$tree" "$library" "$build/kernel/$package.text" >/dev/null ||
    { echo "not ok kernel text: build.py ended with status $?"; exit 1; }

# Only of the very kernel that a model is of can be said that they agree.
version=$(sed -nE 's/^(VERSION|PATCHLEVEL|SUBLEVEL) *= *([0-9]+)$/\2/p' \
    "$tree/Makefile" | paste -sd.)
model=v$version
[ -e "models/kernels/$model.yaml" ] ||
    model=$(cd models/kernels && printf '%s\n' v"${version%.*}".*.yaml |
        sort -V | sed -n '$s/\.yaml$//p')
judge() {
    local status=0
    "$build/kernel/compare" "$model" "$library" ${states:+"$states"} || status=1
    tests/cli/golden.sh tests/data/golden "6.1=$library" 2>&1 || status=1
    return $status
}
if [ "$model" = "v$version" ]; then
    judge
    exit
fi
judge | sed 's/^/# /'
echo "ok kernel text # SKIP no model of Linux $version itself, compared with $model"
