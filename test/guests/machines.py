# SPDX-License-Identifier: LGPL-2.1-or-later
"""For tests of the package: a guest of their own, which goes with them."""
import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True
import guests  # noqa: E402


def run_test(test, flavour="base", parser=None):
    """test(guest, systemd, deb, faults) adds what it finds to faults, as lines. The exit status. A parser is for options
    of the test's own: it gets what was read as a fifth."""
    has_own = parser is not None
    parser = parser or argparse.ArgumentParser()
    parser.add_argument("--package", required=True, type=Path, help="where make-deb left the package")
    parser.add_argument("--release", required=True, choices=sorted(guests.SYSTEMD))
    options = parser.parse_args()
    faults = []
    try:
        [deb] = options.package.glob("harden_*.deb")
        name = f"{Path(sys.argv[0]).stem.replace('_', '-')}-{options.release}-{os.getpid()}"
        guest = guests.up(options.release, name, flavour, owner=os.getpid())
        try:
            test(guest, guests.SYSTEMD[options.release], deb, faults, *([options] if has_own else []))
        finally:
            guests.down(guest)
    except guests.Impossible as trouble:
        print(f"skipped: {trouble}")
        return 77
    except guests.Trouble as trouble:
        faults.append(str(trouble))
    for fault in faults:
        print(fault)
    return 1 if faults else 0
