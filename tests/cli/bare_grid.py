# SPDX-License-Identifier: GPL-2.0-only
"""Machines on bare hardware, each with what must come of one access.

The guest's page and its nested one get random rights, under random control
registers of both sides, in all paging modes; a guest executes a real instruction.
What follows is told here a second time, from the manual, without tables: there is
one page, so a walk is two questions.

usage: bare_grid.py DIR COUNT SEED     (writes scenarios)
"""
import random
import sys

PAGE = 0x800000
SCENARIO = """schema: nptsim/scenario/v1
name: {name}
why: One access, one page.
cpu: {{model: turin, set: {{maxphyaddr_raw: {width}, phys_reduction: 0, mem_encrypt: false}}}}
bare:
  host: {{paging: {host}, nxe: {h_nxe}, smep: {h_smep}, wp: {h_wp}, smap: {h_smap}}}
  vmcb: {{gmet: {gmet}}}
  npt:
    - {{gpa: {page:#x}, size: 4KiB, page_size: 4KiB{nested}}}{supervisor}
vm: {{type: plain, memory: [{{gpa: 0, size: 64MiB}}]}}
guest:
  paging: {guest}
  cpl: {cpl}
  wp: {wp}
  nxe: {nxe}
  smep: {smep}
  smap: {smap}{mapped}
steps:
  - {{id: access, {access}}}
expect:
  steps: {{access: {{{expect}}}}}
"""
# GMET tells a kernel's code by U = 0.
SUPERVISOR = """
    - {guest: kernel, user: false}
    - {guest: program, user: false}"""
MAP = """
  map:
    - {{gva: {page:#x}, gpa: {page:#x}, size: 4KiB, page_size: 4KiB{rights}}}"""


def rights(dice, has_nx):
    r = dict(present=dice.random() < .9, write=dice.random() < .75,
             user=dice.random() < .75, nx=has_nx and dice.random() < .2,
             reserved=has_nx and dice.random() < .1)
    return r


def as_yaml(r, has_nx, width):
    text = "".join(f", {k}: {str(r[k]).lower()}" for k in ("present", "write", "user"))
    if has_nx:
        text += f", nx: {str(r['nx']).lower()}"
    return text + (f", set_bits: {1 << width:#x}" if r["reserved"] else "")


def machine(dice):
    return dict(
        guest=dice.choice(("none", "32-bit", "pae", "4-level", "5-level")),
        host=dice.choice(("32-bit", "pae", "4-level", "5-level")),
        width=dice.choice((40, 44, 48, 51)), cpl=dice.choice((0, 3)),
        kind=dice.choice(("read", "write", "fetch")),
        **{k: dice.random() < .75 for k in ("wp", "nxe", "h_wp", "h_nxe")},
        **{k: dice.random() < .3 for k in ("smep", "smap", "h_smep", "h_smap", "gmet")})


def guest_fault(m, r):
    """APM vol. 2, 5.4.1, 5.6, 8.4.2: the error code of #PF, or None."""
    user, write, fetch = m["cpl"] == 3, m["kind"] == "write", m["kind"] == "fetch"
    nxe = m["nxe"] and m["guest"] != "32-bit"
    code = 2 * write + 4 * user + 16 * (fetch and (nxe or m["smep"]))
    if m["guest"] == "none":
        return None
    if not r["present"]:
        return code
    if r["reserved"] or (r["nx"] and not nxe):
        return code | 9
    denied = ((user and not r["user"]) or
              (write and not r["write"] and (user or m["wp"])) or
              (fetch and r["nx"]) or
              (not user and r["user"] and (m["smep"] if fetch else m["smap"])))
    return code | 1 if denied else None


def nested_fault(m, r):
    """APM vol. 2, 15.25.5 to 15.25.7, 15.25.13: EXITINFO1 of #NPF, or None."""
    write, fetch = m["kind"] == "write", m["kind"] == "fetch"
    kernel = m["gmet"] and fetch and m["cpl"] < 3
    code = 1 << 32 | 2 * write | 4 * (not kernel)
    code |= 16 * (fetch and (m["h_nxe"] or m["h_smep"]))
    if not r["present"]:
        return code
    if r["reserved"] or (r["nx"] and not m["h_nxe"]):
        return code | 9
    denied = ((r["user"] and kernel) or (not r["user"] and not m["gmet"]) or
              (write and not r["write"]) or (fetch and r["nx"]))
    return code | 1 if denied else None


def expectation(m, mapped, nested):
    fault = guest_fault(m, mapped)
    if fault is not None:
        return f"outcome: pf, error_code: {fault:#x}, npf: []"
    fault = nested_fault(m, nested)
    if fault is not None:
        return f"outcome: npf, npf: [{fault:#x}]"
    return "npf: []" if m["kind"] == "fetch" else "outcome: ram, npf: []"


def scenario(name, dice):
    m = machine(dice)
    guest_nx, host_nx = m["guest"] not in ("none", "32-bit"), m["host"] != "32-bit"
    mapped, nested = rights(dice, guest_nx), rights(dice, host_nx)
    access = f"{m['kind']}: {PAGE:#x}"
    access += {"read": ", size: 4", "write": ", size: 4, value: 1", "fetch": ""}[m["kind"]]
    text = as_yaml(mapped, guest_nx, m["width"])
    words = {k: str(v).lower() if isinstance(v, bool) else v for k, v in m.items()}
    return SCENARIO.format(
        name=name, page=PAGE, access=access, expect=expectation(m, mapped, nested),
        nested=as_yaml(nested, host_nx, m["width"]),
        supervisor=SUPERVISOR if m["gmet"] else "",
        mapped=MAP.format(page=PAGE, rights=text) if m["guest"] != "none" else "", **words)


def main():
    folder, count, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    dice = random.Random(seed)
    for i in range(count):
        with open(f"{folder}/m{i}.yaml", "w", encoding="ascii") as out:
            out.write(scenario(f"m{i}", dice))


main()
