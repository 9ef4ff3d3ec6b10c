#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Real servers under real clients, in a guest: each is recorded under its workload, `harden suggest` makes its policy,
and under that the workload passes three times of three, `harden check` finds nothing refused, and no grant can go.
Then the rare path of each, which the recording leaves out: what becomes of it, what was said of it, and what it takes.

  suggest_test.py --package DIR --release 12|13 [--server NAME…] [--keep DIR] [--accept]

--keep: recordings, policies and reports go there. --accept: the result goes into docs/servers.md.
"""
import argparse
import json
import re
import statistics
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "guests")]
sys.dont_write_bytecode = True
import guests  # noqa: E402
import machines  # noqa: E402
import workloads  # noqa: E402

TABLE = HERE.parents[1] / "docs/servers.md"
# In sessions of ssh people run whatever they like, which no recording tells.
SERVERS = [name for name in workloads.NAMES if name != "ssh"]
PLACE = "/var/tmp/recorded"
# Started under the recorder, worked with, and stopped. It is down before, or who waits for it meets the one that goes.
RECORD = """
mkdir -p {place}
systemctl stop {unit}
systemctl reset-failed {unit} || :
harden record {unit} --restart --always -o {place}/{file} 2>{place}/said &
recorder=$!
until grep -q recording {place}/said; do kill -0 $recorder; sleep 0.1; done
until systemctl is-active -q {unit}; do kill -0 $recorder; sleep 0.1; done
FIRST_LOSS= /var/tmp/servers/run work {name} {steps} || :
systemctl stop {unit}
sleep 0.5
kill -INT $recorder
wait $recorder || echo "lost recording: $(cat {place}/said)"
systemctl reset-failed {unit} || :
systemctl start {unit}
"""
COLUMNS = ("server", "profile", "grants", "exposure", "workload", "refused", "can go", "left out", "then", "takes")


class Fault(Exception):
    """Why a server has no result."""


def record(server, file, *steps):
    """The recording's path. Whatever is lost was not done, so the recording would be worth nothing."""
    done = server.guest.shell(RECORD.format(place=PLACE, unit=server.unit, name=server.name, file=file,
                                            steps=" ".join(steps)), timeout_s=600)
    lost = [line.removeprefix("lost ") for line in done.splitlines() if line.startswith("lost ")]
    if lost:
        raise Fault(f"while it was recorded it lost {'; '.join(lost)}")
    return f"{PLACE}/{file}"


def ask(server, command, *words):
    """What a command of harden says as JSON."""
    done = server.guest.run("harden", command, server.unit, *words, "--json", check=False)
    if done.returncode == 2 or not done.stdout.startswith("{"):
        raise Fault(f"harden {command} ends with {done.returncode}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def grant_words(result):
    return [one["grant"] for one in result["grants"]]


def rare_path(server, row, suggested, recording):
    """Where the policy of a recording ends: a use that nobody made of it. What is wrong with that, or None."""
    [step] = server.variable("RARE").split()
    lost = server.work(step)
    row["left out"] = step.replace("_", " ")
    row["then"] = "is lost" if lost else "works"
    server.rollback()
    more = record(server, "rare.jsonl", step)
    with_it = ask(server, "suggest", recording, more)
    added = [grant for grant in grant_words(with_it) if grant not in grant_words(suggested)]
    row["takes"] = " ".join(added) or "nothing more"
    return f"it loses {lost[0]}, and a recording of that asks for nothing more" if lost and not added else None


def try_server(server, faults, keep):
    server.prepare()
    recording = record(server, "workload.jsonl")
    server.guest.shell(f"harden suggest {server.unit} {recording} -o {PLACE}/policy.conf >{PLACE}/report || [ $? = 1 ]")
    suggested = ask(server, "suggest", recording)
    if keep:
        server.guest.pull(PLACE, keep / server.name)
    policy = server.guest.shell(f"cat {PLACE}/policy.conf")
    row = {"server": server.name, "profile": suggested["profile"], "grants": str(len(suggested["grants"])),
           "exposure": " → ".join(f"{suggested['exposure'][when] / 10:.1f}" for when in ("before", "after"))}

    def fault(text):
        faults.append(f"{server.name}: {text}")
    for one in suggested["lost"]:
        fault(f"no grant opens {one['need']['text']}: {one['directive']}")
    status, _, said = server.apply(policy)
    if status:
        raise Fault(f"apply ends with {status}: {said}")
    runs = [server.work() for _ in range(3)]
    row["workload"] = f"{sum(not lost for lost in runs)}/3"
    for lost in sorted({lost for run in runs for lost in run}):
        fault(f"with its policy it loses {lost}")
    found = ask(server, "check", recording)
    row["refused"] = str(len(found["denials"]))
    row["can go"] = str(len(found["unused"]))
    for one in found["denials"]:
        fault(f"check: {one['need']['text']} is refused by {one['directive']}")
    for grant in found["unused"]:
        fault(f"nothing that was recorded needs {grant}")
    if unexplained := rare_path(server, row, suggested, recording):
        fault(unexplained)
    return row


def as_line(cells):
    return "| " + " | ".join(cells) + " |"


def accept(row, release, table):
    """The row of a server takes the place of its row in the release's table."""
    text = table.read_text()
    begin, end = f"<!-- {release} -->\n", f"<!-- /{release} -->\n"
    old = text.partition(begin)[2].partition(end)[0]
    kept = {line.split("|")[1].strip(): line for line in old.splitlines()[2:]}
    kept[row["server"]] = as_line(row[one] for one in COLUMNS)
    lines = [as_line(COLUMNS), "|" + "---|" * len(COLUMNS), *(kept[name] for name in sorted(kept))]
    table.write_text(text.replace(begin + old + end, begin + "\n".join(lines) + "\n" + end))


def test(guest, _systemd, deb, faults, options):
    workloads.install(guest, deb)
    rows = []
    for name in options.server:
        server = workloads.Server(guest, name)
        keep = options.keep and options.keep / options.release
        try:
            rows.append(row := try_server(server, faults, keep))
            print(as_line(row.values()), flush=True)
            if options.accept:
                accept(row, options.release, TABLE)
        except (Fault, guests.Trouble) as why:
            faults.append(f"{name}: {why}")
            print(f"{name}: {why}", flush=True)
        server.rollback()
        if name not in workloads.STAY:
            server.stop()
    exposures = [float(re.search("→ (.*)", row["exposure"])[1]) for row in rows]
    if exposures:
        print(f"{len(rows)} of {len(options.server)}, median exposure {statistics.median(exposures):.1f}")


if __name__ == "__main__":
    own_options = argparse.ArgumentParser()
    own_options.add_argument("--server", nargs="*", default=SERVERS, choices=workloads.NAMES)
    own_options.add_argument("--keep", type=Path)
    own_options.add_argument("--accept", action="store_true")
    sys.exit(machines.run_test(test, "daemons", own_options))
