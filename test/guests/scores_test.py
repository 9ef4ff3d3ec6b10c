#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`harden score` beside `systemd-analyze security`, both asking of a running machine, row by row: the services of the
distribution and of some servers, and random units. In a guest of its own.

  scores_test.py --package DIR --release 12|13     DIR: where make-deb left the package
"""
import json
import shlex
import shutil
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "differential")]
sys.dont_write_bytecode = True
import machines  # noqa: E402
from generate_units import write_tree  # noqa: E402
from rows import compare, oracle  # noqa: E402

COUNT, SEED = 400, 20261129
TEST_INSTANCE = {252: "test-instance", 257: "test_instance"}  # that the tool makes up


def random_units(guest):
    with tempfile.TemporaryDirectory(prefix="harden-units-") as folder:
        names = write_tree(folder, SEED, COUNT)
        for type_level in Path(folder).glob("*/**/service.d"):
            shutil.rmtree(type_level)  # the guest's own services are to go on
        guest.push(folder, "/")
    return names


def test(guest, systemd, deb, faults):
    guest.install([deb])
    names = random_units(guest)
    guest.run("systemctl", "daemon-reload")
    names += [path for path in guest.shell("cd /usr/lib/systemd/system; ls | grep '[.]service$'").split() if path not in names]
    words = " ".join(map(shlex.quote, names))

    def real(json_mode):
        done = guest.run("/bin/sh", "-c", f"SYSTEMD_ANALYZE_DEBUG={int(json_mode)} SYSTEMD_LOG_LEVEL=warning "
                         f"systemd-analyze security --no-pager {'--json=short' if json_mode else ''} {words}", check=False)
        return done.stdout, done.stderr

    def instance(name):
        stem, suffix = name.rsplit(".", 1)
        return f"{stem}{TEST_INSTANCE[systemd]}.{suffix}" if stem.endswith("@") else name

    record = json.loads(guest.run("/bin/sh", "-c", f"harden score --json {words}", check=False).stdout)
    units, rows, failed = compare(names, oracle(real), record, faults.append, instance)
    print(f"systemd {systemd}, running: {units} units, {rows} rows compared, {failed} refused, {len(faults)} differences")
    if units < COUNT:
        faults.append(f"only {units} units were compared")


if __name__ == "__main__":
    sys.exit(machines.run_test(test, "reach"))
