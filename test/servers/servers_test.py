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
sys.path.insert(0, str(HERE.parent / "guests"))
sys.dont_write_bytecode = True
import machines  # noqa: E402

SERVERS = ("nginx", "redis-server", "postgresql", "ssh")
POLICIES = HERE.parents[1] / "policies"
# What else the root has, that wants the same ports.
OTHERS = "lighttpd apache2 haproxy unbound dnsmasq pdns-recursor exim4 dovecot vsftpd mosquitto named chrony"


class Server:
    def __init__(self, guest, name):
        self.guest = guest
        self.name = name
        self.unit = guest.shell(f". /var/tmp/servers/lib.sh; . /var/tmp/servers/{name}.sh; echo $UNIT").strip()

    def policy(self):
        return (POLICIES / f"{re.sub('@.*[.]', '@.', self.unit)}.conf").read_text()

    def prepare(self):
        self.guest.run("/var/tmp/servers/run", "prepare", self.name, timeout_s=120)

    def work(self, first_loss=False):
        """What is lost, step by step; or the first that is."""
        words = ["env", "FIRST_LOSS=1"] if first_loss else []
        done = self.guest.run(*words, "/var/tmp/servers/run", "work", self.name, check=False, timeout_s=600)
        lines = done.stdout.splitlines()
        if not any(line.startswith("ok ") for line in lines) and not any(line.startswith("lost ") for line in lines):
            return [f"(it did not run: {done.stderr.strip()[-200:]})"]
        return [line.removeprefix("lost ") for line in lines if line.startswith("lost ")]

    def apply(self, text=None):
        """(exit status, plan, what it said); of `text`, or of the policy that is shipped."""
        words = ["harden", "apply", self.unit, "--settle=2s", "--json"]
        if text is not None:
            self.guest.push_files({"/var/tmp/policy.conf": text})
            words.append("--from=/var/tmp/policy.conf")
        done = self.guest.run(*words, check=False, timeout_s=300)
        return done.returncode, json.loads(done.stdout) if done.stdout.startswith("{") else None, done.stderr

    def rollback(self):
        self.guest.run("harden", "rollback", "--all", check=False)


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
    guest.run("sh", "-c", f"systemctl disable --now {OTHERS} 2>/dev/null; true")
    guest.install([deb])
    guest.push(HERE, "/var/tmp/servers")
    for name in options.server:
        check(Server(guest, name), faults, rows)
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
    sys.exit(machines.run_test(test, "reach", own_options))
