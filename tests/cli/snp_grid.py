# SPDX-License-Identifier: GPL-2.0-only
"""Which SEV features Linux 7.2 and 7.3 offer on an SNP host, told a second time.

Written from the commits that models/kernels/ names, without a look at sim/kvm:
860,160 hosts, the cross product of which tests/data/golden/snp-7.3 is a sample.

usage: snp_grid.py INPUTS RESULTS     (CSV files to write)
"""
import itertools
import sys

INPUTS = ("caching gate p_sev p_sev_es p_sev_snp f_sev f_sev_es f_snp min_asid "
          "max_asid host_snp_ok psp psp_snp_init cth_hw p_cth_asids fw_allows_es").split()
RESULTS = ("enable_mmio_caching sev_enabled sev_es_enabled sev_snp_enabled cap_sev "
           "cap_sev_es cap_snp vm_types r_cth_asids init_max_snp_asid sev_range "
           "es_range snp_range sev_log es_log snp_log cth_log cg_sev cg_sev_es "
           "warn_count").split()
BOTH = (0, 1)
RANGES = ((1, 15), (5, 15), (2, 15), (100, 509), (510, 509), (600, 509), (1, 0))
AXES = (BOTH, ("ok", "npt0", "nrips0", "lbrv0"), BOTH, BOTH, BOTH, BOTH, BOTH, BOTH,
        RANGES, BOTH, ("absent", "fail", "ok"), BOTH, BOTH, (0, 1, 4, 99, 1000), BOTH)
SEV, ES, SNP = 4, 8, 16  # bits of KVM_CAP_VM_TYPES


def u32(number):
    return number & 0xffffffff


def gates(h):
    """sev_hardware_setup() up to "out:": what is granted, ranges, capacities."""
    g = dict(on=0, sev=(0, 0), es=(0, 0), snp=(0, 0), cg_sev=0, cg_es=0)
    if not (h["p_sev"] and h["gate"] not in ("npt0", "nrips0") and h["f_sev"]):
        return g
    low, high = h["asids"]
    g["sev"] = (low if high else 0, high)
    if not high:
        return g
    g["on"] = SEV
    g["cg_sev"] = high - low + 1 if low <= high else 0
    if not (h["p_sev_es"] and h["caching"] and h["f_sev_es"] and
            h["gate"] != "lbrv0" and low != 1):
        return g
    g["on"] |= ES
    g["es"] = g["snp"] = (1, u32(low - 1))
    g["cg_es"] = u32(low - 1)
    if h["p_sev_snp"] and h["f_snp"] and h["host_snp_ok"]:
        g["on"] |= SNP
    return g


def tail(h, g):
    """From "out:" to the log lines: the secure processor and the split."""
    param, told, split = h["p_cth_asids"], -1, 0
    if h["p_sev"]:
        can_hide = h["cth_hw"] and h["psp"] != "absent"
        told = min(param, u32(g["sev"][0] - 1)) if can_hide else 0
        if h["psp"] != "ok":
            g["on"] = 0
        elif not h["psp_snp_init"]:
            g["on"] &= ~SNP
        if g["on"] & SNP:
            param = told
        if param:
            g["snp"] = (g["snp"][0], param)
            g["es"] = (param + 1, g["es"][1])
            split = 1
    return param, told, split


def vm_types(h, g):
    usable = (SEV if g["sev"][0] <= g["sev"][1] else 0) | SNP
    usable |= ES if g["es"][0] <= g["es"][1] else 0
    firmware = 0
    if h["psp"] != "absent":
        firmware = SEV | ES
        if h["psp_snp_init"]:
            firmware = SEV | SNP | (ES if h["fw_allows_es"] else 0)
    return g["on"] & usable & firmware


def line(shown, on, offered, asids):
    if not shown:
        return ""
    state = "disabled" if not on else "enabled" if offered else "unusable"
    return "%s:%d-%d" % ((state,) + asids)


def decide(h):
    # Without the SEV flag nothing tells the kernel of the reduced width.
    h["caching"] = int(h["caching"] and h["f_sev"])
    g = gates(h)
    param, told, split = tail(h, g)
    types = vm_types(h, g)
    on = [int(bool(g["on"] & bit)) for bit in (SEV, ES, SNP)]
    ranges = ["%d-%d" % g[name] for name in ("sev", "es", "snp")]
    logs = [line(h["f_sev"], on[0], types & SEV, g["sev"]),
            line(h["f_sev_es"], on[1], types & ES, g["es"]),
            line(h["f_snp"] and h["host_snp_ok"], on[2], types & SNP, g["snp"])]
    return ([h["caching"]] + on + on + ["%x" % (types | 1), param, told] + ranges +
            logs + [split, g["cg_sev"], g["cg_es"], 0])


def main():
    names = [n for n in INPUTS if n != "max_asid"]
    names[names.index("min_asid")] = "asids"
    with open(sys.argv[1], "w") as inputs, open(sys.argv[2], "w") as results:
        inputs.write(",".join(INPUTS) + "\n")
        results.write(",".join(RESULTS) + "\n")
        for values in itertools.product(*AXES):
            low, high = values[8]
            row = values[:8] + (low, high) + values[9:]
            inputs.write(",".join(map(str, row)) + "\n")
            answer = decide(dict(zip(names, values)))
            results.write(",".join(map(str, answer)) + "\n")


main()
