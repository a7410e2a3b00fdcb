#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The main job: the seed's question under three kernels, then the reason.
cd "$(dirname "$0")/.." || exit 1
nptsim=build/nptsim

cat <<'EOF'
An SEV-ES guest touches an emulated device on a CPU whose effective MAXPHYADDR
is 51 with the C-bit at 51: no address bit is left that could be reserved.

EOF
for kernel in -v5.18 -v5.19 ""; do
    $nptsim run scenarios/seed/cbit-51-at-width-51$kernel.yaml || exit
    echo
done
echo "Why the guest hangs under v5.19:"
echo
$nptsim explain scenarios/seed/cbit-51-at-width-51-v5.19.yaml || exit
cat <<'EOF'

All scenarios of the seed:
EOF
$nptsim test scenarios/seed
