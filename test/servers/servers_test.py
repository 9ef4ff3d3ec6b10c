#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The shipped policies of real servers, in a guest, under their workloads: each is applied by `harden apply`, and
its workload passes; and without any one of its grants something is lost, which the policy's table names.

  servers_test.py --package DIR --release 12|13 [--server NAME…] [--table FILE]
"""
import argparse
import json
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "guests")]
sys.dont_write_bytecode = True
import machines  # noqa: E402
import workloads  # noqa: E402

SERVERS = ("nginx", "redis-server", "postgresql", "ssh")


def without_each(text):
    """(grant, the policy without it)"""
    for line_number, line in enumerate(lines := text.splitlines()):
        if not line.startswith("Allow="):
            continue
        words = line.removeprefix("Allow=").split()
        for word in words:
            left = [other for other in words if other != word]
            rest = [f"Allow={' '.join(left)}"] if left else []
            yield word, "\n".join(lines[:line_number] + rest + lines[line_number + 1:]) + "\n"


def why_ports_are_open(plan):
    """Where systemd cannot tell ports apart, one `listen:` opens them all, and the plan says so; else None."""
    for remark in plan["remarks"]:
        if remark["kind"] in ("void", "unavailable") and "SocketBindDeny=" in remark["message"]:
            return remark["message"]
    return None


def check(server, faults, rows):
    def fault(text):
        faults.append(f"{server.unit}: {text}")
    server.prepare()
    for lost in server.work():
        fault(f"its workload fails without any policy: {lost}")
    status, plan, said = server.apply()
    if status:
        return fault(f"apply ends with {status}: {said}")
    for lost in server.work():
        fault(f"with its policy it loses {lost}")
    exposure = plan["exposure"]
    row = {"unit": server.unit, "profile": plan["profile"], "before": exposure["before"],
           "after": exposure["after"], "grants": {}}
    for grant, text in without_each(server.policy()):
        server.rollback()
        status, _, said = server.apply(text)
        if status == 1:
            why = re.findall(r"^harden: [^:]*: (.*)", said, re.M)
            lost = f"it does not start: {why[-1] if why else ''}"
        elif status:
            return fault(f"apply without {grant} ends with {status}: {said}")
        else:
            steps = server.work(first_loss=True)
            lost = ", ".join(step.partition(":")[0] for step in steps)
            if not steps and (unshown := why_ports_are_open(plan)) and grant.startswith("listen:"):
                lost = f"nothing here: {unshown}"
            elif not steps:
                fault(f"nothing is lost without {grant}: the grant can go")
        row["grants"][grant] = lost
    server.rollback()
    for lost in server.work():
        fault(f"after a rollback it loses {lost}")
    rows.append(row)
    return None


def test(guest, _systemd, deb, faults, options):
    rows = []
    workloads.install(guest, deb)
    for name in options.server:
        server = workloads.Server(guest, name)
        check(server, faults, rows)
        server.stop()
    for row in rows:
        print(f"{row['unit']}: {row['profile']}, exposure {row['before']} -> {row['after']}")
        for grant, lost in row["grants"].items():
            print(f"  without {grant}: {lost}")
    if options.table:
        options.table.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    own_options = argparse.ArgumentParser()
    own_options.add_argument("--server", nargs="*", default=SERVERS, choices=SERVERS)
    own_options.add_argument("--table", type=Path, help="what was found, as JSON")
    sys.exit(machines.run_test(test, "daemons", own_options))
