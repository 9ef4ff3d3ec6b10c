# SPDX-License-Identifier: LGPL-2.1-or-later
"""Policies as harden compiles them, and guests for tests of them."""
import argparse
import json
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True
import guests  # noqa: E402

USERS = {"root": "", "user": "User=u\n", "dynamic": "DynamicUser=yes\n"}
UNITS_DIR = "/etc/systemd/system"


@dataclass
class Case:
    """A unit that says its user, and a policy beside it."""
    name: str  # of the unit, without .service
    profile: str
    user: str  # a key of USERS
    grants: tuple = ()
    service: str = "ExecStart=/bin/true\n"  # more lines of [Service]
    whole: bool = False  # compiled beside the unit, as its lines change the policy; else beside a bare one
    settings: dict = field(default_factory=dict)  # what harden says that it writes, by directive
    drop_in: str = ""

    def compile(self, harden, systemd):
        with tempfile.TemporaryDirectory() as folder:
            argv = [harden, "compile", f"--profile={self.profile}", f"--for-systemd={systemd}",
                    *(f"--allow={grant}" for grant in self.grants)]
            if self.whole:
                unit = Path(folder, f"{self.name}.service")
                unit.write_text(self.unit_text(), encoding="utf-8")
                argv.append(str(unit))
            else:
                argv.append(f"--user={'u' if self.user == 'user' else self.user}")
            self.run_harden(argv)

    def run_harden(self, argv):
        texts = []
        for form in ("json", "dropin"):
            done = subprocess.run([*argv, f"--format={form}"], stdin=subprocess.DEVNULL, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=False)
            if done.returncode:
                raise guests.Trouble(f"{' '.join(argv)}: exit {done.returncode}\n{done.stderr}")
            texts.append(done.stdout)
        self.settings = json.loads(texts[0])["settings"]
        self.drop_in = texts[1]

    def unit_text(self):
        return f"[Service]\nType=oneshot\n{USERS[self.user]}{self.service}"

    def files(self):
        unit = f"{UNITS_DIR}/{self.name}.service"
        files = {unit: self.unit_text()}
        if self.drop_in:
            files[f"{unit}.d/10-harden.conf"] = self.drop_in
        return files


def compile_all(cases, harden, systemd):
    with ThreadPoolExecutor(2) as pool:
        for _ in pool.map(lambda case: case.compile(harden, systemd), cases):
            pass


def lay_units(guest, cases):
    files = {}
    for case in cases:
        files |= case.files()
    guest.push_files(files)
    guest.run("systemctl", "daemon-reload")


def add_user(guest):
    """User u, whose home is /home/u. Tests that share the guest may get here at the same time."""
    guest.shell("exec 9>/run/lock/harden-user; flock 9; id u >/dev/null 2>&1 || useradd --create-home u")


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--harden", required=True)
    parser.add_argument("--guest", required=True, help="name of a guest that is up")
    parser.add_argument("--release", required=True, choices=sorted(guests.SYSTEMD))
    return parser.parse_args()


def run_test(test):
    """test(guest, options, systemd): the faults that it found, as lines; its exit status."""
    options = parse_arguments()
    try:
        guests.check_machine()
        if not guests.root_path(options.release, "base").is_dir():
            raise guests.Impossible("guests need a cached root, or what building one takes")
        guest = guests.find(options.guest)
        faults = test(guest, options, guests.SYSTEMD[options.release])
    except guests.Impossible as trouble:
        print(f"skipped: {trouble}")
        sys.exit(77)
    except guests.Trouble as trouble:
        faults = [str(trouble)]
    for fault in faults:
        print(fault)
    sys.exit(1 if faults else 0)
