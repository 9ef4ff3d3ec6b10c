#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The package on a machine: what harden-generator makes of units from install to purge, in a guest of its own.

  package_test.py --package DIR --release 12|13     DIR: where make-deb left the package
"""
import difflib
import os
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True
import guests  # noqa: E402
import machines  # noqa: E402

GENERATOR = "/usr/lib/systemd/system-generators/harden-generator"
UNITS = "/etc/systemd/system"
OUT = "/run/systemd/generator"
SERVICE = "[Service]\nExecStart=/bin/sleep 1000\n"
POLICY = "[X-Harden]\nProfile=strict@1\n"

FILES = {
    "web.service": SERVICE + "ProtectHome=no\n" + POLICY + "Allow=listen:8080\n",
    "admin.service": SERVICE + POLICY,
    "admin.service.d/50-local.conf": "[Service]\nPrivateTmp=no\n",
    "service.d/50-all.conf": "[Service]\nProtectHostname=no\n",
    "t@.service": SERVICE + POLICY + "Allow=write:/srv/%i\n",
    "t@red.service.d/x.conf": "[X-Harden]\nAllow=jit\n",
    "named.service": SERVICE + POLICY,
    "nick.service.d/x.conf": "[X-Harden]\nAllow=jit\n",
    "over.service": SERVICE + "ProtectHome=no\n" + POLICY + "Override=ProtectHome\n",
    "off.service": SERVICE + POLICY + "Enable=no\n",
    "plain.service": SERVICE,
}
# What a manager makes of them: (unit, property, value with the package and by a default of light@1, without it).
SHOWN = (
    ("web", "ProtectSystem", "strict", "no"), ("web", "ProtectHome", "no", "no"),
    ("web", "CapabilityBoundingSet", "", None), ("web", "ProtectHostname", "no", "no"),
    ("admin", "PrivateTmp", "no", "no"), ("admin", "PrivateDevices", "yes", "no"),
    ("admin", "ProtectHostname", "no", "no"),
    ("t@blue", "ReadWritePaths", "/srv/blue", ""), ("t@blue", "MemoryDenyWriteExecute", "yes", "no"),
    ("t@red", "ReadWritePaths", "/srv/red", ""), ("t@red", "MemoryDenyWriteExecute", "no", "no"),
    ("named", "MemoryDenyWriteExecute", "no", "no"), ("nick", "ProtectSystem", "strict", "no"),
    ("over", "ProtectHome", "yes", "no"), ("off", "ProtectSystem", "no", "no"),
    ("plain", "ProtectSystem", "no", "no"),
)
DEFAULT = (  # with Default=light@1
    ("plain", "ProtectKernelModules", "yes", "no"), ("off", "ProtectKernelModules", "no", "no"),
    ("mine", "ProtectKernelModules", "no", "no"), ("cron", "ProtectKernelModules", "no", "no"),
    ("dbus", "ProtectKernelModules", "no", "no"), ("console-getty", "ProtectKernelModules", "no", "no"),
)
# Of `systemctl show`, what differs from one moment to the next.
VOLATILE = re.compile(r"Timestamp|^Main|^Exec|^Memory|^IO|^IP.*(Bytes|Packets)|^Tasks|^Effective|CPU|InvocationID|"
                      r"^StateChange|^NFileDescriptor|^(Active|Sub)State|^ControlGroup|^Job|^StatusText")
# Sets, in whatever order their hash table has.
UNORDERED = re.compile(r"^(After|Before|Requires|Requisite|Wants|Conflicts|.*By|.*Of|Names|.*MountsFor)$")
UNITS_SHOWN = ("web", "admin", "t@blue", "t@red", "named", "over", "off", "plain", "cron", "rsyslog", "dbus")


class Test:
    def __init__(self, guest, systemd, faults):
        self.guest, self.systemd, self.faults = guest, systemd, faults

    def expect(self, holds, text):
        if not holds:
            self.faults.append(f"on {self.systemd}: {text}")

    def reload(self):
        self.guest.run("systemctl", "daemon-reload")

    def snapshot(self):
        """The units as the manager and their files have them, less what only time changes."""
        shown = self.guest.run("systemctl", "show", "--all", *UNITS_SHOWN).stdout
        lines = []
        for line in shown.splitlines():
            name, _, value = line.partition("=")
            if UNORDERED.search(name):
                value = " ".join(sorted(value.split()))
            if not VOLATILE.search(name):
                lines.append(f"{name}={value}")
        return "\n".join(lines) + self.guest.run("systemctl", "cat", *UNITS_SHOWN).stdout

    def expect_same(self, before, when):
        after = self.snapshot()
        changes = [line for line in difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")]
        self.expect(after == before, f"{when}: units are not as they were: {changes[2:12]}")

    def check_shown(self, rows, installed, when):
        names = ",".join(sorted({name for _, name, _, _ in rows}))
        shown = self.guest.run("systemctl", "show", f"--property={names}", *(f"{row[0]}.service" for row in rows)).stdout
        blocks = [dict(line.split("=", 1) for line in block.splitlines()) for block in shown.strip("\n").split("\n\n")]
        for (unit, name, with_it, without), values in zip(rows, blocks, strict=True):
            wanted, value = with_it if installed else without, values.get(name)
            self.expect(wanted is None or value == wanted, f"{when}: {unit}: {name}={value}, wanted {wanted}")

    def generated(self):
        text = self.guest.shell(f"cd {OUT}; find . -name '*harden*.conf' | sort")
        return [line[2:] for line in text.splitlines()]

    def log(self):
        return self.guest.run("cat", "/run/harden/generator.log", check=False).stdout.splitlines()

    def generate(self, out="/tmp/out", before=""):
        """The generator by hand, into a folder of its own. Its status."""
        done = self.guest.run("/bin/sh", "-eu", "-s", check=False, text_in=(
            f"mkdir -p {out}; rm -rf {out}/*\n{before}\nset +e\n{GENERATOR} {out} {out} {out} 2>/tmp/err\necho $?\n"))
        return done.stdout.strip()

    # -- install, upgrade, remove, purge

    def install(self, deb):
        self.guest.push_files({f"{UNITS}/{name}": text for name, text in FILES.items()})
        self.guest.shell(f"ln -s named.service {UNITS}/nick.service; mkdir -p /srv/blue /srv/red")
        self.reload()
        before = self.snapshot()
        self.check_shown(SHOWN, False, "before")
        self.guest.install([deb])
        self.check_shown(SHOWN, True, "installed")
        self.expect(self.log() == [], f"installed: the log has {self.log()}")
        mode = self.guest.run("stat", "-c", "%a %U", "/var/lib/harden").stdout.strip()
        self.expect(mode == "700 root", f"/var/lib/harden is {mode}")
        for unit in ("web", "admin", "t@", "named"):  # what harden says is what is in force
            said = self.guest.run("harden", "compile", f"{unit}.service", check=False).stdout
            there = self.guest.run("cat", f"{OUT}/{unit}.service.d/10-harden.conf", check=False).stdout
            self.expect(said and said == there, f"harden compile {unit} is not what was generated")
        self.guest.run("systemctl", "start", "web", "t@blue")
        state = self.guest.run("systemctl", "is-active", "web", "t@blue", check=False).stdout.split()
        self.expect(state == ["active", "active"], f"started under their policies: {state}")
        # The first process of a PID namespace, as strict@1 has it on 257, takes no notice of SIGTERM.
        self.guest.run("systemctl", "kill", "--signal=KILL", "web", "t@blue")
        return before

    def upgrade(self):
        self.guest.shell("""
            cd /var/tmp; rm -rf next; dpkg-deb -R harden.deb next
            sed -i 's/^Version: .*/&+next/' next/DEBIAN/control; dpkg-deb -Znone -b next next.deb
            echo '[Harden]' >/etc/harden/harden.conf; echo x >/var/lib/harden/kept
            dpkg -i next.deb; dpkg -i next.deb; cat /etc/harden/harden.conf /var/lib/harden/kept""")
        self.check_shown(SHOWN, True, "upgraded")

    def remove(self, before):
        self.guest.run("systemctl", "reset-failed", "web", "t@blue", check=False)
        self.guest.shell("touch /etc/harden/theirs; mkdir -p /etc/harden/policies /etc/harden/harden.conf.d; "
                         "touch /etc/harden/policies/a.service.conf /etc/harden/harden.conf.d/a.conf; dpkg -r harden")
        self.expect_same(before, "removed")
        self.expect(self.generated() == [], f"removed: there is {self.generated()}")
        left = self.guest.shell("ls -d /etc/harden/harden.conf /var/lib/harden/kept /usr/bin/harden /run/harden 2>/dev/null || :")
        self.expect(left.split() == ["/etc/harden/harden.conf", "/var/lib/harden/kept"], f"removed: left is {left.split()}")
        self.guest.shell("dpkg -P harden")
        left = self.guest.shell("find /etc/harden /var/lib/harden /usr/share/harden /usr/lib/harden 2>/dev/null || :").split()
        self.expect(left == ["/etc/harden", "/etc/harden/theirs"], f"purged: left is {left}")
        self.expect_same(before, "purged")

    # -- the machine-wide default, and the ways to switch all of it off

    def machine_default(self):
        self.guest.push_files({
            f"{UNITS}/mine.service": SERVICE,
            "/etc/harden/harden.conf": "[Harden]\nDefault=light@1\n",
            "/etc/harden/harden.conf.d/50-mine.conf": "[Exempt]\nmine.service=ours\n"})
        self.reload()
        self.check_shown(DEFAULT, True, "by default")
        self.guest.shell("touch /etc/harden/disabled")
        self.reload()
        self.check_shown((*SHOWN, *DEFAULT), False, "with /etc/harden/disabled")
        self.expect(len(self.log()) == 1 and "/etc/harden/disabled" in self.log()[0], f"disabled: the log has {self.log()}")
        self.guest.shell("rm /etc/harden/disabled")

    def switched_off(self):
        guests.reboot(self.guest, ["harden=off"])
        self.check_shown((*SHOWN, *DEFAULT), False, "with harden=off")
        self.expect(len(self.log()) == 1 and "harden=off" in self.log()[0], f"harden=off: the log has {self.log()}")
        guests.reboot(self.guest, [])
        self.check_shown((*SHOWN, *DEFAULT), True, "booted")
        failed = self.guest.run("systemctl", "--failed", "--plain", "--no-legend").stdout
        self.expect(failed == "", f"booted: failed: {failed}")
        self.guest.shell("rm -r /etc/harden/harden.conf /etc/harden/harden.conf.d")
        self.reload()

    # -- what is wrong with a machine costs one unit its policy, and nobody a boot

    def bad_units(self):
        whole = self.generated()
        head = SERVICE + POLICY
        self.guest.push_files({
            f"{UNITS}/big.service": head, f"{UNITS}/odd.service": head,
            f"{UNITS}/nul.service": head + "Allow=\033[31m\001x\n" + 100000 * "\0",
            f"{UNITS}/lines.service": SERVICE + "".join(f"Environment=A{i}=1\n" for i in range(100000)) + POLICY})
        # The clock is the host's, which no guest can set; the times of files are the guest's own.
        self.guest.shell(f"""
            cd {UNITS}
            mkfifo fifo.service; mkdir dir.service; ln -s /nowhere dangling.service; ln -s loop.service loop.service
            head -c 100000000 /dev/zero | tr '\\0' '#' >>big.service
            mkdir fifo.service.d odd.service.d; mkfifo fifo.service.d/a.conf odd.service.d/a.conf
            find . -exec touch -h -d @0 {{}} +""")
        self.reload()
        now, log = self.generated(), self.log()
        self.expect(set(whole) <= set(now), f"bad units cost others their policy: {sorted(set(whole) - set(now))}")
        self.expect("lines.service.d/10-harden.conf" in now, "a unit of 100,000 lines has no policy")
        self.expect("odd.service.d/10-harden.conf" in now, "a fifo among the drop-ins costs the unit its policy")
        named = sorted(line.partition(":")[0] for line in log)
        self.expect(named == ["big.service", "nul.service"], f"bad units: the log has {log}")
        self.expect(all(line.isprintable() for line in log), f"the log is not escaped: {log}")
        self.expect(self.generate() == "0", "bad units: the status is not 0")
        self.guest.shell(f"cd {UNITS}; rm -rf fifo.* dir.service dangling.service loop.service big.service nul.service "
                         "lines.service odd.*")

    def bad_places(self):
        self.reload()
        whole = self.generated()

        def same(when, log_lines):
            self.reload()
            self.expect(self.generated() == whole, f"{when}: {sorted(set(whole) ^ set(self.generated()))} differ")
            self.expect(len(self.log()) == log_lines, f"{when}: the log has {self.log()}")

        self.guest.shell("mv /etc/harden /etc/harden.away")
        same("no /etc/harden", 0)
        self.guest.shell("mv /etc/harden.away /etc/harden; mkdir /etc/harden/harden.conf")
        same("harden.conf is a folder", 1)
        self.guest.shell("rmdir /etc/harden/harden.conf; printf '[Harden]\\nDefault=light@9\\n' >/etc/harden/harden.conf")
        same("harden.conf is wrong", 1)
        self.guest.shell("rm /etc/harden/harden.conf; mkfifo /etc/harden/harden.conf")
        same("harden.conf is a fifo", 1)
        self.guest.shell("rm /etc/harden/harden.conf; rm -rf /run/harden; ln -s /nowhere /run/harden")
        self.reload()
        self.expect(self.generated() == whole, "without a place for its log it does nothing")
        self.guest.shell("rm /run/harden")
        self.expect(self.generate("/nowhere/at-all/x", before="rmdir /nowhere/at-all/x") == "0", "no output folder: status")

    def full(self):
        """Whole files or none, in a tmpfs that has room for some. Root's files are under no quota."""
        status = self.generate("/tmp/full", before="mount -t tmpfs -o size=20k none /tmp/full")
        self.expect(status == "0", f"full: status {status}")
        listing = self.guest.shell(f"""
            cd /tmp/full; for file in $(find . -name '*.conf'); do cmp -s $file {OUT}/$file && echo same || echo half $file; done
            cd /; umount /tmp/full""").splitlines()
        self.expect(0 < listing.count("same") < len(self.generated()), f"full: {listing}")
        self.expect(listing.count("same") == len(listing), f"full: {listing}")
        lines = self.guest.run("cat", "/tmp/err").stdout.splitlines()
        self.expect(lines and all(": No space left" in line for line in lines), f"full: it said {lines}")
        self.guest.shell("used=$(df --output=used /run | tail -1 | tr -d ' '); mount -o remount,size=${used}k /run")
        self.guest.run("systemctl", "daemon-reload", check=False)
        self.guest.shell("mount -o remount,size=20% /run")
        self.reload()

    def without_capabilities(self):
        whole = self.generated()
        command = self.guest.command(["/bin/sh", "-c", f"rm -rf /tmp/bare; mkdir /tmp/bare; {GENERATOR} /tmp/bare; echo $?; "
                                      "cd /tmp/bare; find . -name '*.conf' | sort"],
                                     ["CapabilityBoundingSet=~CAP_SYS_ADMIN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH"])
        lines = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False).stdout.splitlines()
        self.expect(lines == ["0", *(f"./{name}" for name in whole)], f"without capabilities: {lines}")

    def killed(self):
        """Whatever is left is whole or empty: an empty drop-in says nothing."""
        listing = self.guest.shell(f"""
            mkdir -p /tmp/killed
            for after in 0.0005 0.001 0.0015 0.002 0.0025 0.003 0.0035 0.004 0.005 0.006 0.008; do
              rm -rf /tmp/killed/*
              timeout -s KILL $after {GENERATOR} /tmp/killed || :
              cd /tmp/killed; for file in $(find . -name '*.conf'); do
                [ -s $file ] || {{ echo empty; continue; }}
                cmp -s $file {OUT}/$file && echo same || echo half $file; done
            done 2>/dev/null""").splitlines()
        self.expect(not [line for line in listing if line.startswith("half")], f"killed: {sorted(set(listing))}")


def check_without_admin(release, deb, systemd, faults):
    """A whole guest without CAP_SYS_ADMIN, where systemd runs no generator in a sandbox."""
    guest = guests.up(release, f"package-bare-{release}-{os.getpid()}", owner=os.getpid(), dropped=["CAP_SYS_ADMIN"])
    try:
        test = Test(guest, systemd, faults)
        guest.push_files({f"{UNITS}/web.service": FILES["web.service"]})
        guest.install([deb])
        test.expect(test.generated() == ["web.service.d/10-harden.conf"] and not test.log(),
                    f"without CAP_SYS_ADMIN: {test.generated()}, {test.log()}")
    finally:
        guests.down(guest)


def run_all(guest, systemd, deb, faults):
    test = Test(guest, systemd, faults)
    guest.push(deb, "/var/tmp/harden.deb")
    before = test.install(deb)
    test.machine_default()
    test.switched_off()
    test.bad_units()
    test.bad_places()
    test.full()
    test.killed()
    test.without_capabilities()
    test.upgrade()
    test.remove(before)
    if systemd >= 257:  # 252 does not boot so under nspawn
        check_without_admin(guest.release, deb, systemd, faults)


if __name__ == "__main__":
    sys.exit(machines.run_test(run_all))
