# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the real `systemd-analyze security` says of units, and what of `harden score` differs from it."""
import json
import os
import re
import sys

NO_VALUE = 2**64 - 1

REFUSED = re.compile(
    r"^(?:Unit (\S+?) (?:is masked|not found|has a bad unit file setting|failed to load properly|not loaded properly)"
    r"|Failed to prepare filename (\S+?):|(?:Failed to load unit (?:file )?)(\S+?):)")
LEVEL = re.compile(r"Overall exposure level for (\S+?): (\d+)\.(\d+) (\S+)")


def oracle(run):
    """{unit id: (tenths, {json_field: row})} of the real tool, the refusals it named, and how many it scored.
    run(json_mode) gives its two outputs, as JSON with SYSTEMD_ANALYZE_DEBUG=1 or as tables."""
    json_text, errors = run(True)
    table_text, _ = run(False)
    lines = [json.loads(line) for line in json_text.splitlines() if line]
    lines = [line for line in lines if "json_field" in line[0]]  # asked of a manager it ends with a table of all units
    levels = [(m[1], int(m[2]) * 10 + int(m[3])) for m in LEVEL.finditer(table_text)]
    if len(lines) != len(levels):
        sys.exit(f"systemd-analyze printed {len(lines)} tables as JSON and {len(levels)} as text:\n{errors[-2000:]}")
    units = {}
    for (unit, tenths), rows in zip(levels, lines):
        units[unit] = (tenths, {row["json_field"]: row for row in rows})
    refused = [os.path.basename(next(group for group in match.groups() if group))
               for line in errors.splitlines() if (match := REFUSED.match(line))]
    return units, refused, len(lines)


def compare(asked, real, record, report, instance=lambda name: name):
    """Reports each difference as a line. How many units were compared, how many rows, how many harden refused.

    asked: the names that both were given. real: what oracle() gave. record: of `harden score --json`. instance: the
    name under which a template was scored."""
    units, refused, scored = real
    mine = {instance(unit["unit"]): unit for unit in record["units"]}
    failed = {instance(entry["unit"]) for entry in record["failed"]}

    for unit in sorted(set(units) - set(mine)):
        reason = [entry["message"] for entry in record["failed"] if entry["unit"] == unit]
        report(f"{unit}: only systemd-analyze scores it {reason}")
    for unit in sorted(set(mine) - set(units)):
        report(f"{unit}: only harden scores it")
    rows = 0
    for unit in sorted(set(mine) & set(units)):
        tenths, table = units[unit]
        if tenths != mine[unit]["exposure_tenths"]:
            report(f"{unit}: level {tenths} there, {mine[unit]['exposure_tenths']} here")
        fields = {row["json_field"]: row for row in mine[unit]["rows"]}
        for field in sorted(set(table) ^ set(fields)):
            report(f"{unit}: row {field} on one side only")
        for field in set(table) & set(fields):
            rows += 1
            there, here = table[field], fields[field]
            badness = None if there["badness"] in (NO_VALUE, None) else there["badness"]
            for key, value in (("badness", badness), ("weight", there["weight"]), ("range", there["range"]),
                               ("set", there["set"])):
                if here[key] != value:
                    report(f"{unit}: {field}: {key} {value!r} there, {here[key]!r} here")
    # An alias is scored or refused under another name, so the counts are what can be compared.
    if len(asked) != scored + len(refused):
        report(f"{len(asked)} asked, {scored} scored there, {len(refused)} named as refused")
    if not failed.issubset(map(instance, asked)):
        report(f"failed here, but not asked for: {sorted(failed - set(map(instance, asked)))}")
    return len(mine), rows, len(failed)
