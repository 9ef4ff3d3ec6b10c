# SPDX-License-Identifier: LGPL-2.1-or-later
"""A server of the guest, and its workload: NAME.sh here."""
import json
import re
from pathlib import Path

HERE = Path(__file__).resolve().parent
POLICIES = HERE.parents[1] / "policies"
NAMES = sorted(path.stem for path in HERE.glob("*.sh") if path.stem != "lib")
# Without these a guest is none.
STAY = ("rsyslog", "ssh")


def install(guest, deb):
    """harden and the workloads; and no server runs that another may want the ports of."""
    guest.install([deb])
    guest.push(HERE, "/var/tmp/servers")
    for name in NAMES:
        if name not in STAY:
            Server(guest, name).stop()


class Server:
    def __init__(self, guest, name):
        self.guest = guest
        self.name = name
        self.unit = guest.shell(f"DIR=/var/tmp/servers; . $DIR/lib.sh; . $DIR/{name}.sh; echo $UNIT").strip()

    def variable(self, name):
        return self.guest.shell(f"DIR=/var/tmp/servers; . $DIR/lib.sh; . $DIR/{self.name}.sh; echo ${name}").strip()

    def policy(self):
        return (POLICIES / f"{re.sub('@.*[.]', '@.', self.unit)}.conf").read_text()

    def prepare(self):
        self.guest.run("/var/tmp/servers/run", "prepare", self.name, timeout_s=120)

    def stop(self):
        self.guest.run("systemctl", "stop", self.unit, check=False)

    def work(self, *steps, first_loss=False):
        """What is lost, step by step; or the first that is."""
        self.guest.run("systemctl", "reset-failed", self.unit, check=False)  # and no start limit is near
        words = ["env", "FIRST_LOSS=1"] if first_loss else []
        done = self.guest.run(*words, "/var/tmp/servers/run", "work", self.name, *steps, check=False, timeout_s=600)
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
