#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holds the ELF view against readelf, fact by fact, on the files of this machine.

  elf_oracle_test.py DUMP_PROGRAM [FILE…]
"""
import glob
import re
import subprocess
import sys

DEFAULT = ["/bin/sh", "/usr/bin/python3", "/lib64/ld-linux-x86-64.so.2", "/lib/x86_64-linux-gnu/libc.so.6",
           "/lib/x86_64-linux-gnu/libm.so.6", "/usr/lib/x86_64-linux-gnu/libstdc++.so.6",
           *sorted(glob.glob("/usr/lib/x86_64-linux-gnu/libcrypto.so.*"))[:1], *sorted(glob.glob("/usr/bin/*-static"))[:1]]
KINDS = {"R_X86_64_RELATIV": "relative", "R_X86_64_RELATIVE": "relative", "R_X86_64_64": "symbol",
         "R_X86_64_GLOB_DA": "symbol", "R_X86_64_GLOB_DAT": "symbol", "R_X86_64_JUMP_SL": "jump_slot",
         "R_X86_64_JUMP_SLOT": "jump_slot", "R_X86_64_IRELATI": "irelative", "R_X86_64_IRELATIV": "irelative", "R_X86_64_IRELATIVE": "irelative",
         "R_X86_64_COPY": "copy"}


def run(*argv):
    return subprocess.run(argv, capture_output=True, text=True, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}, check=False).stdout


def readelf(path):
    facts, packed = set(), set()
    text = run("readelf", "-W", "-h", "-l", "-d", "-n", path)
    facts.add("entry " + re.search(r"Entry point address:\s+0x([0-9a-f]+)", text)[1].lstrip("0").rjust(1, "0"))
    for key, label in (("NEEDED", "needed"), ("SONAME", "soname")):
        for found in re.finditer(rf"\({key}\).*\[(.*)\]", text):
            facts.add(f"{label} {found[1]}")
    if found := re.search(r"Requesting program interpreter: (.*)\]", text):
        facts.add(f"interpreter {found[1]}")
    if found := re.search(r"Build ID: ([0-9a-f]+)", text):
        facts.add(f"build-id {found[1]}")
    for line in run("readelf", "-W", "--dyn-syms", path).splitlines():
        words = line.split()
        if len(words) >= 8 and re.fullmatch(r"\d+:", words[0]) and words[7]:
            name = words[7].replace("@@", "@")
            if words[6] != "ABS":   # a version's own name
                facts.add(f"symbol {int(words[1], 16):x} {'undefined' if words[6] == 'UND' else 'defined'} {name}")
    for line in run("readelf", "-W", "-r", path).splitlines():
        words = line.split()
        if len(words) >= 4 and words[2] in KINDS:
            kind = KINDS[words[2]]
            last = f"{int(words[-1], 16):x}" if kind in ("relative", "irelative") else words[4].split("@")[0]
            facts.add(f"relocation {int(words[0], 16):x} {kind} {last}")
        if len(words) == 1 and re.fullmatch("[0-9a-f]{16}", words[0]):   # packed ones: only where
            packed.add(f"{int(words[0], 16):x}")
    for line in run("readelf", "-W", "--debug-dump=frames,no-follow-links", path).splitlines():
        if (found := re.search(r"FDE cie=.* pc=([0-9a-f]+)\.\.([0-9a-f]+)", line)) and int(found[1], 16) < int(found[2], 16):
            facts.add(f"range {int(found[1], 16):x} {int(found[2], 16):x}")
    return facts, packed


def main(argv):
    dump, *files = argv
    failed = 0
    for path in files or DEFAULT:
        wanted, packed = readelf(path)
        got = {line for line in run(dump, path).splitlines() if line.split(" ", 1)[1]}
        # A signal trampoline begins a byte later than its entry says; readelf cuts RELR short in old releases.
        shifted = {f"range {int(a, 16) + 1:x} {b}" for a, b in (fact.split()[1:] for fact in wanted if fact.startswith("range"))}
        missing = {fact for fact in wanted - got if not (fact.startswith("range") and f"range {int(fact.split()[1], 16) + 1:x} {fact.split()[2]}" in got)}
        extra = {fact for fact in got - wanted if fact not in shifted}
        extra = {fact for fact in extra if not (fact.startswith("symbol 0 defined ") and len(set(fact.split()[3].split("@"))) == 1)}
        relative = {fact.split()[1] for fact in extra if " relative " in fact}
        missing |= {f"relocation {slot} packed" for slot in packed - relative}
        extra = {fact for fact in extra if not (" relative " in fact and fact.split()[1] in packed)}
        print(f"{path}: {len(wanted)} facts, {len(missing)} missing, {len(extra)} beside them")
        for fact in sorted(missing)[:10] + sorted(extra)[:10]:
            print("   ", "missing" if fact in missing else "beside", fact)
        failed += bool(missing or extra)
    return 1 if failed else 0


sys.exit(main(sys.argv[1:]))
