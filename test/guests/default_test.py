#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""light@1 as the default of a machine with servers: after a boot nothing has failed, and each of them does what it
is there for, with no policy named. In a guest of its own.

  default_test.py --package DIR --release 12|13     DIR: where make-deb left the package
"""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True
import guests  # noqa: E402
import machines  # noqa: E402

# These want each other's ports, and a file system that takes a module of the kernel.
SET_UP = """
systemctl disable --quiet lighttpd dnsmasq unbound haproxy 2>/dev/null || :
systemctl mask --quiet run-rpc_pipefs.mount
systemctl enable --quiet nginx redis-server postgresql ssh cron rsyslog chrony
printf '[Harden]\\nDefault=light@1\\n' >/etc/harden/harden.conf
echo '@reboot root echo ran >/var/tmp/cron' >/etc/cron.d/once
printf '[Timer]\\nOnBootSec=1s\\nAccuracySec=1s\\n[Install]\\nWantedBy=timers.target\\n' >/etc/systemd/system/once.timer
printf '[Service]\\nType=oneshot\\nExecStart=/bin/sh -c "echo fired >/var/tmp/timer"\\n' >/etc/systemd/system/once.service
systemctl enable --quiet once.timer
install -d -m 700 /root/.ssh
ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519 </dev/null
cp /root/.ssh/id_ed25519.pub /root/.ssh/authorized_keys
"""

# What hardened services are asked for, until they answer: (what, command, what is in the answer).
REQUESTS = (
    ("nginx", "curl -sS http://127.0.0.1/", "nginx"),
    ("postgresql", "runuser -u postgres -- psql -tAc 'create table if not exists t(i int); select 6*7'", "42"),
    ("redis", "redis-cli set k works; redis-cli get k; redis-cli save", "works\nOK"),
    ("memcached", "printf 'set k 0 60 5\\r\\nworks\\r\\nget k\\r\\nquit\\r\\n' | nc -q 2 127.0.0.1 11211", "works"),
    ("mosquitto", "mosquitto_pub -h 127.0.0.1 -r -t t -m works && mosquitto_sub -h 127.0.0.1 -t t -C 1 -W 5", "works"),
    ("named", "dig +short @127.0.0.1 version.bind txt chaos", "9."),
    ("node exporter", "curl -sS http://127.0.0.1:9100/metrics | grep -c ^node_", ""),
    ("ssh", "ssh -o BatchMode=yes -o StrictHostKeyChecking=no root@127.0.0.1 echo logged in", "logged in"),
    ("cron", "cat /var/tmp/cron", "ran"),
    ("rsyslog", "logger -t harden-test heard; grep -c 'harden-test.*heard' /var/log/syslog", ""),
    ("a timer", "cat /var/tmp/timer", "fired"),
    ("chrony", "chronyc -n tracking", "Leap status"),
    ("dbus and logind", "loginctl list-sessions --no-legend && busctl --no-pager list | grep -c login1", ""),
    ("man-db", "systemctl start man-db.service && echo done", "done"),
    ("log rotation of nginx", "systemctl reload nginx && echo done", "done"),
)
HARDENED = {"nginx", "redis-server", "postgresql@15-main", "postgresql@17-main", "memcached", "mosquitto", "named",
            "chrony", "once"}
SPARED = {"ssh", "cron", "rsyslog", "dbus", "systemd-logind", "systemd-journald", "console-getty"}


def template_of(unit):
    return unit.partition("@")[0] + "@" if "@" in unit else unit


def test(guest, systemd, deb, faults):
    guest.install([deb])
    guest.shell(SET_UP)
    guests.reboot(guest)
    faults += [f"failed after a boot: {line}" for line in guest.run(
        "systemctl", "--failed", "--plain", "--no-legend").stdout.splitlines()]
    faults += [f"the log has: {line}" for line in guest.run("cat", "/run/harden/generator.log").stdout.splitlines()]
    for what, command, wanted in REQUESTS:
        def ask(command=command):
            return guest.run("/bin/sh", "-c", command, check=False, timeout_s=30)
        done = ask()
        if done.returncode or wanted not in done.stdout:  # what starts at boot may take a moment more
            answered = guests.wait_until(lambda: (again := ask()).returncode == 0 and wanted in again.stdout, 15, 1)
            if not answered:
                faults.append(f"{what}: exit {done.returncode}: {done.stdout.strip()} {done.stderr.strip()}")
    generated = {name.removesuffix(".service.d") for name in guest.shell("ls /run/systemd/generator").split()}
    units = {line.split()[0].removesuffix(".service") for line in guest.run(
        "systemctl", "list-units", "--all", "--type=service", "--plain", "--no-legend").stdout.splitlines()}
    faults += [f"{unit}: has nothing of the default" for unit in HARDENED & units if template_of(unit) not in generated]
    faults += [f"{unit}: is not passed by" for unit in SPARED & generated]
    count = sum(template_of(unit) in generated for unit in units)
    print(f"{count} loaded services with the default on {systemd}, {len(REQUESTS)} requests: {len(faults)} faults")


if __name__ == "__main__":
    sys.exit(machines.run_test(test, "reach"))  # the flavour with the most services
