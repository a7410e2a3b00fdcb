#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Is the judge awake? Plant one mistake after the other in a copy of sim/hw and
# see the random walks find it. Each is a literal piece of a line and what it
# becomes; a piece that is no longer there fails too: plant another one.
cd "$(dirname "$0")/../.." || exit 2
tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT
vectors=${1:-100000}
status=0

make -s -j2 build/asan/oracle || exit 2
mkdir -p "$tmp/build"
cp -a Makefile sim include tests "$tmp"
cp -a build/asan "$tmp/build"

plant() { # FILE PIECE REPLACEMENT
    local file=$tmp/sim/hw/$1 name="$1: $2 -> ${3:-nothing}"

    if ! grep -qF -- "$2" "$file"; then
        echo "not ok - nothing to plant in $1: $2"
        status=1
        return
    fi
    FROM=$2 TO=$3 perl -0pi -e 's/\Q$ENV{FROM}\E/$ENV{TO}/' "$file"
    if ! make -s -C "$tmp" build/asan/oracle >"$tmp/log" 2>&1; then
        cat "$tmp/log"
        echo "not ok - does not compile: $name"
        status=1
    elif "$tmp/build/asan/oracle" check "$vectors" >"$tmp/log" 2>&1; then
        echo "not ok - not found: $name"
        status=1
    else
        echo "ok - found: $name"
    fi
    cp "sim/hw/$1" "$file" # now newer than its object
}

plant perm.c '!a.shadow && (a.user || (r->cr0 & CR0_WP))' '!a.shadow'
plant perm.c '!(r->rflags & RFLAGS_AC)' 'true'
plant perm.c 'if (a.fetch && !a.user && (r->cr4 & CR4_SMEP))' \
    'if (a.fetch && (r->cr4 & CR4_SMEP))'
plant perm.c 'bool wp = a.user || (c->g.r.cr0 & CR0_WP);' 'bool wp = true;'
plant perm.c 'a.fetch || !(all & PTE_U)' 'a.fetch || !all'
plant perm.c 'if (a.fetch && a.supervisor)' 'if (a.fetch)'
plant rsvd.c 'bits(29, 13)' 'bits(29, 14)'
plant rsvd.c 'set(p, 5, PTE_PS | bit8);' ''
plant rsvd.c 'gb_pages ? MISALIGNED_1G : PTE_PS' \
    'gb_pages ? MISALIGNED_1G : MISALIGNED_2M'
plant rsvd.c 'p->width - 19' 'p->width - 18'
plant rsvd.c 'PTE_NX | bits(8, 5)' 'PTE_NX | bits(7, 5)'
plant rsvd.c 'bits(51, width)' 'bits(51, width + 1)'
plant npt_walk.c 'level == leaf && write ? PTE_D' 'level >= leaf && write ? PTE_D'
plant npt_walk.c 'pte = raw & ~p->cbit;' 'pte = raw;'
plant npt_walk.c 'gpa & c->rules.beyond' '0'
plant npt_walk.c '(a.write && !(raw & PTE_D))' 'false'
plant npt_walk.c '(raw & (p->rsvd[level][raw / PTE_PS % 2] | p->cbit)) ||' ''
plant npf.c ' && why != WHY_BEYOND_ROOT' ''
plant npf.c 'a.supervisor == c->model.knobs.err1218' 'a.supervisor == 0'
plant latch.c 'return efer & EFER_NXE;' 'return true;'
plant latch.c 'shadow ? host_width(c)' 'shadow ? cpu_phys_bits(c)'
plant rsvd.c 'bits(21, 17)' 'bits(21, 18)'
plant guest_walk.c 'set = PTE_A | (a.write ? PTE_D : 0)' 'set = PTE_A | PTE_D'
plant guest_walk.c '.write = !c->rules.rogpt' '.write = true'
plant rmp.c '(a->write || a->table) &&' 'a->write &&'
plant rmp.c 'rmp_asid(e) != c->ctl.asid' 'rmp_asid(e) > c->ctl.asid'
plant rmp.c 'rmp_gpa(e, a->spa) != (a->gpa & PAGE_MASK_4K)' \
    'rmp_gpa(e, a->spa) < (a->gpa & PAGE_MASK_4K)'
plant rmp.c 'return e->lo & RMP_IMMUTABLE ? WHY_RMP_IMMUTABLE : WHY_NONE' \
    'return WHY_NONE'
plant rmp.c 'large != e->large' 'large && !e->large'
plant rmp.c 'if (why == WHY_NONE && (needs(a)' 'if ((needs(a)'
plant rmp.c 'offset < pt_size(2) - 1 ? PAGE_SIZE_4K : pt_size(2)' \
    'offset < 2 ? pt_size(2) : PAGE_SIZE_4K'
plant rmp.h 'return a.user ? VMPL_UX : VMPL_SX' 'return VMPL_UX'
plant guest_walk.c 'trail.at[trail.n - 1].write = true;' ''
plant guest_walk.c 'if (snp_on(c) && !may_set(c, q))' \
    'if (snp_on(c) && !may_set(c, q) && q->n > 9)'
plant guest_walk.c 'gpa < p->private_below' 'gpa / 2 < p->private_below'
plant npt_walk.c 'if (snp_on(c) && !may_set_ad(c, w, leaf, path, gpa, a))' \
    'if (snp_on(c) && !may_set_ad(c, w, leaf, path, gpa, a) && gpa == 1)'
plant npf.c 'why == WHY_RMP_VMPL ? PFERR_GUEST_VMPL : 0' '0'
exit $status
