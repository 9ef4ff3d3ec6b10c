#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""harden apply, confirm, rollback and status on a running machine, and the way back from everything that goes wrong
on it. In a guest of its own.

  apply_test.py --package DIR --release 12|13     DIR: where make-deb left the package
"""
import json
import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True
import guests  # noqa: E402
import machines  # noqa: E402

# As real daemons, these end when they are told to: under strict@1 a service is the first process of its namespace, and
# the kernel spares such a one the signals that it has no handler for.
STAY = "trap 'exit 0' TERM; sleep infinity & wait"
UNITS = {
    # What it writes is refused by strict@1 unless it is granted.
    "archive.service": f'[Service]\nExecStart=/bin/sh -c "echo started >/srv/written && {{ {STAY}; }}"\n',
    "quiet.service": f'[Service]\nExecStart=/bin/sh -c "{STAY}"\n',
    "loose.service": f'[Service]\nExecStart=/bin/sh -c "{STAY}"\nProtectHome=no\n',
    "each@.service": f'[Service]\nExecStart=/bin/sh -c "{STAY}"\n',
    # Up, and of no use.
    "silent.service": f'[Service]\nExecStart=/bin/sh -c "echo up >/srv/silent; {STAY}"\n',
}
APPLY = "harden apply --settle=500ms"


class Machine:
    def __init__(self, guest, faults):
        self.guest = guest
        self.faults = faults

    def run(self, script, timeout_s=120):
        return self.guest.run("/bin/sh", "-c", script, check=False, timeout_s=timeout_s)

    def expect(self, what, wanted, got):
        if wanted != got:
            self.faults.append(f"{what}: wanted {wanted!r}, got {got!r}")

    def ends(self, script, status, *said):
        done = self.run(script)
        self.expect(f"{script}: exit status ({done.stderr.strip()[-300:]})", status, done.returncode)
        for text in said:
            if text not in done.stdout + done.stderr:
                self.faults.append(f"{script}: does not say {text!r}: {done.stdout.strip()[-200:]} {done.stderr.strip()[-300:]}")
        return done

    def show(self, unit, name):
        return self.run(f"systemctl show -P {name} {unit}").stdout.strip()

    def status(self):
        return {row["unit"]: row for row in json.loads(self.run("harden status --json").stdout)["units"]}

    def etc(self):
        return self.run("cd /etc/systemd/system && find . -type f -print0 | sort -z | xargs -0 md5sum").stdout


def apply_and_take_back(machine):
    machine.run("mkdir -p /etc/systemd/system/archive.service.d; printf '[Service]\\nNice=3\\n' >/etc/systemd/system/archive.service.d/mine.conf")
    machine.run("systemctl daemon-reload; systemctl start archive quiet loose silent each@1")
    before = machine.etc()
    machine.ends(f"{APPLY} archive --profile=strict@1", 1, "as it was before", "write:/srv")
    machine.expect("/etc after a policy that does not work", before, machine.etc())
    machine.expect("the unit after it", "active", machine.show("archive", "ActiveState"))
    machine.ends(f"{APPLY} archive --profile=strict@1 --allow write:/srv", 0, "done")
    machine.expect("a setting of the policy", "strict", machine.show("archive", "ProtectSystem"))
    machine.expect("status", [], machine.status()["archive.service"]["drift"])
    machine.ends(f"{APPLY} archive", 0, "nothing to change")
    machine.ends(f"{APPLY} archive --allow connect", 0)
    machine.expect("generations", [1, 2], machine.status()["archive.service"]["generations"])
    machine.run("echo '# mine' >>/etc/systemd/system/archive.service.d/50-harden.conf")
    machine.ends("harden status", 1, "was edited")
    machine.ends("harden rollback archive --to 0", 0, "a copy is kept")
    machine.expect("/etc after a rollback", before, machine.etc())
    machine.expect("a setting after it", "no", machine.show("archive", "ProtectSystem"))
    machine.expect("status after it", {}, machine.status())
    machine.ends("harden rollback archive", 2, "has changed nothing")
    machine.ends(f"{APPLY} no-such-unit --profile=strict@1", 2, "no such unit")
    machine.ends(f"{APPLY} quiet", 2, "there is no policy")


def checks(machine):
    machine.ends(f"{APPLY} silent --profile=strict@1 --check='test -e /srv/silent && rm /srv/silent && systemctl restart silent && "
                 "sleep 1 && test -e /srv/silent'", 1, "as it was before")
    machine.expect("the unit after a check that fails", "no", machine.show("silent", "ProtectSystem"))
    machine.ends(f"{APPLY} quiet --profile=strict@1 --check=true --dry-run", 0, "exposure")
    machine.expect("status after a dry run", {}, machine.status())


def static_and_override(machine):
    machine.ends(f"{APPLY} loose --profile=strict@1 --static", 0)
    machine.expect("a setting of a static policy", "strict", machine.show("loose", "ProtectSystem"))
    machine.expect("the unit's own setting", "no", machine.show("loose", "ProtectHome"))
    machine.run("printf '[X-Harden]\\nProfile=strict@1\\nOverride=ProtectHome\\n' >/tmp/policy")
    machine.ends(f"{APPLY} loose --from=/tmp/policy", 0)
    machine.expect("a setting that is overridden", "yes", machine.show("loose", "ProtectHome"))
    machine.ends(f"{APPLY} loose --static", 0)
    machine.run("touch /etc/harden/disabled; systemctl daemon-reload")
    machine.expect("an overridden setting without the generator", "yes", machine.show("loose", "ProtectHome"))
    machine.ends(f"{APPLY} quiet --profile=strict@1", 2, "no policy is in force on this machine")
    machine.run("rm /etc/harden/disabled")
    machine.ends("harden rollback loose --to 0", 0)
    machine.ends(f"{APPLY} each@ --profile=strict@1", 0, "when they start")
    machine.run("systemctl start each@2")
    machine.expect("an instance of a template", "strict", machine.show("each@2", "ProtectSystem"))
    machine.ends("harden rollback each@", 0)


def edited(machine):
    machine.ends(f"EDITOR='sed -i s/strict@1/baseline@1/' {APPLY} quiet --edit", 0, "done")
    machine.expect("settings of an edited policy", ("no", "yes"),
                   (machine.show("quiet", "ProtectSystem"), machine.show("quiet", "ProtectHome")))
    machine.ends(f"EDITOR='sed -i \"s/^Allow=/# why\\nAllow=connect/\"' {APPLY} quiet --edit", 0)
    machine.ends(f"EDITOR='grep -q why' {APPLY} quiet --edit", 0, "nothing to change")
    before = machine.etc()
    machine.ends(f"EDITOR='sed -i s/baseline@1/basline@1/' {APPLY} quiet --edit", 2, "what was edited is kept: /tmp/")
    machine.ends(f"EDITOR=false {APPLY} quiet --edit", 2, "the editor failed")
    machine.expect("/etc after an edit in vain", before, machine.etc())
    machine.ends("harden rollback quiet --to 0", 0)


def trials(machine):
    before = machine.etc()
    machine.ends(f"{APPLY} quiet --profile=strict@1 --trial=1h", 0, "on trial until")
    machine.expect("a setting on trial", "strict", machine.show("quiet", "ProtectSystem"))
    machine.expect("/etc during a trial", before, machine.etc())
    machine.ends(f"{APPLY} quiet --profile=light@1", 2, "on trial")
    machine.ends("harden confirm quiet", 0, "done")
    machine.expect("a setting that was confirmed", "strict", machine.show("quiet", "ProtectSystem"))
    machine.expect("the timer of a trial that was confirmed", "inactive", machine.show("harden-trial-quiet.service.timer", "ActiveState"))
    machine.ends("harden rollback quiet", 0)
    machine.expect("/etc after it", before, machine.etc())
    machine.ends(f"{APPLY} quiet --profile=strict@1 --trial=2s", 0, "on trial until")
    if not guests.wait_until(lambda: machine.show("quiet", "ProtectSystem") == "no", 30, 0.5):
        machine.faults.append("a trial that nobody confirmed goes on")
    guests.wait_until(lambda: machine.status() == {}, 10, 0.5)
    machine.expect("status after it", {}, machine.status())
    # Whoever applied it has lost the connection.
    machine.run(f"{APPLY} quiet --profile=strict@1 --trial=2s & sleep 1; kill -9 $!")
    if not guests.wait_until(lambda: machine.show("quiet", "ProtectSystem") == "no", 30, 0.5):
        machine.faults.append("a trial goes on whose command was killed")
    machine.ends(f"{APPLY} quiet --profile=strict@1 --trial=1h", 0, "on trial until")
    guests.reboot(machine.guest)
    machine.expect("a setting on trial after a reboot", "no", machine.show("quiet", "ProtectSystem"))
    machine.ends("harden rollback quiet", 0, "as it was before")
    machine.expect("status after it", {}, machine.status())
    machine.run("systemctl start archive quiet loose silent")


def killed(machine):
    """At moments all over an apply and a rollback; then the next command."""
    before = machine.etc()
    moments = random.Random(1)
    for command, wanted in ((f"{APPLY} quiet --profile=strict@1", "strict"), ("harden rollback quiet", "no")):
        for _ in range(5):
            machine.run(f"{command} >/dev/null 2>&1 & sleep {moments.uniform(0, 1.5):.3f}; kill -9 $! 2>/dev/null; wait")
            done = machine.run(command)
            if done.returncode and "has changed nothing" not in done.stderr:
                machine.faults.append(f"after a kill: {command}: {done.stderr}")
            machine.expect(f"a setting after a kill and the same command again: {command}", wanted, machine.show("quiet", "ProtectSystem"))
            machine.expect("the unit after it", "active", machine.show("quiet", "ActiveState"))
            if wanted == "no":
                machine.expect("/etc after a rollback that was killed", before, machine.etc())
                machine.run(f"{APPLY} quiet --profile=strict@1")
            else:
                machine.run("harden rollback quiet")
    machine.run("harden rollback --all")
    machine.expect("/etc after all that", before, machine.etc())


def bad_places(machine):
    before = machine.etc()
    for what, make, undo in (
            ("a read-only /etc", "mount --bind /etc /etc && mount -o remount,ro,bind /etc", "umount /etc"),
            ("a full disk for the records", "mount -t tmpfs -o size=4k,nr_inodes=6 none /var/lib/harden", "umount /var/lib/harden"),
            ("a full disk for the trial", "mkdir -p /run/systemd/system.control && mount -t tmpfs -o nr_inodes=1 none /run/systemd/system.control",
             "umount /run/systemd/system.control")):
        machine.run(make)
        done = machine.run(f"{APPLY} quiet --profile=strict@1")
        machine.expect(f"{what}: exit status", 2, done.returncode)
        machine.run(undo)
        machine.run("harden rollback quiet; systemctl daemon-reload")
        machine.expect(f"{what}: /etc", before, machine.etc())
        machine.expect(f"{what}: the unit", "active", machine.show("quiet", "ActiveState"))
        machine.expect(f"{what}: status", {}, machine.status())
    both = machine.run(f"{APPLY} quiet --profile=strict@1 & {APPLY} archive --profile=light@1; echo $?; wait $!; echo $?").stdout.split()
    machine.expect("of two at once, those that are told to wait", True, "0" in both)
    machine.run("harden rollback --all")
    machine.expect("/etc after two at once", before, machine.etc())


def all_units(machine):
    machine.run("printf '[Harden]\\nExempt=loose.service\\n' >/etc/harden/harden.conf")
    machine.ends(f"{APPLY} --all --profile=strict@1", 1, "left as they are")
    machine.ends(f"{APPLY} --all --profile=strict@1 --keep-going", 1)
    rows = machine.status()
    machine.expect("--all: quiet", True, "quiet.service" in rows)
    machine.expect("--all: one that is exempt", False, "loose.service" in rows)
    machine.expect("--all: the manager's own", False, any(unit.startswith("systemd-") for unit in rows))
    machine.ends(f"{APPLY} silent --profile=strict@1 --allow=write:/srv --trial=1h", 0)
    machine.guest.run("dpkg", "--remove", "harden")
    machine.expect("a removal: a setting", "no", machine.show("quiet", "ProtectSystem"))
    machine.expect("a removal: a trial", "no", machine.show("silent", "ProtectSystem"))


def test(guest, systemd, deb, faults):
    guest.install([deb])
    guest.push_files({f"/usr/lib/systemd/system/{name}": text for name, text in UNITS.items()})
    machine = Machine(guest, faults)
    before = machine.etc()
    for part in (apply_and_take_back, checks, static_and_override, edited, trials, killed, bad_places, all_units):
        count, started = len(faults), time.monotonic()
        part(machine)
        print(f"{part.__name__} on {systemd}: {len(faults) - count} faults, {time.monotonic() - started:.0f} s", flush=True)
    machine.run("rm -r /etc/systemd/system/archive.service.d")
    machine.expect("/etc after the package has gone", before, machine.etc())


if __name__ == "__main__":
    sys.exit(machines.run_test(test))
