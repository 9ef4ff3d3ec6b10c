# SPDX-License-Identifier: LGPL-2.1-or-later
"""What systemd claims and does not hold: that it is so, that strict@1 shuts it, and that harden says so."""
import json
import subprocess
import tempfile
from pathlib import Path

from judge import ok
from rig import Service


def plan(tables, systemd):
    """{("hole", number, user): service}, and the lists of attempts."""
    services, lists = {}, {}
    for at, hole in enumerate(tables.holes):
        if systemd not in hole.systemd:
            continue
        for user in hole.identities:
            name = f"hole-{at}-{user}"
            lists[name] = tables.runs((*hole.open, *hole.shut), user)
            services["hole", at, user] = Service(user, f"[Service]\n{hole.settings}\n", attempts=name, prefix=hole.prefix)
    return services, lists


def names_it(harden, hole, systemd, user):
    """Does `harden show` name the pitfall, of a service with these settings?"""
    with tempfile.TemporaryDirectory() as folder:
        unit = Path(folder, "victim.service")
        lines = "User=daemon\n" if user == "user" else ""
        unit.write_text(f"[Service]\n{lines}{hole.settings}\nExecStart={hole.prefix}/bin/true\n")
        return any(one["id"] == hole.said for one in ask(harden, "show", "--json", f"--for-systemd={systemd}", unit)["caveats"])


def ask(harden, *words):
    done = subprocess.run([harden, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    return json.loads(done.stdout)


def is_limit(harden, hole, systemd):
    """Does `harden compile` say, of a machine of which that is true, that the directive does not hold? With a
    user namespace some hold after all."""
    found = ask(harden, "compile", "--format=json", "--profile=strict@1", f"--for-systemd={systemd}", "--user=victim",
                "--allow=host-users", f"--assume={hole.limit}")
    names = {line.split("=")[0] for line in hole.settings.split("\n")}
    return names <= {one["directive"] for one in found["void"]}


def judge(tables, harden, results, faults):
    """Of each hole the attempts that it is about, and its row of the page."""
    rows = []
    for at, hole in enumerate(tables.holes):
        shuts = True
        for systemd, of_release in results.items():
            if systemd not in hole.systemd:
                continue
            for user in hole.identities:
                where = f"{hole.claim}, systemd {systemd}, {user}"
                result = of_release.get(("hole", at, user), {})
                known = tables.attempts_of(user)
                if not set(hole.open) & tables.unshown:
                    faults += [f"{where}: {one} fails: {result.get(one)}; the hole is shut by now"
                               for one in hole.open if one in known and not ok(result, one)
                               and (user == "root" or ok(of_release["user", None], one))]
                    faults += [f"{where}: {one} works" for one in hole.shut if one in known and ok(result, one)]
                    faults += [f"{where}: {one} gives {result.get(one)}" for one, answer in hole.answers.items()
                               if result.get(one) != answer]
                strict = of_release.get(("strict@1", user, None), {})
                shuts = shuts and not any(ok(strict, one) for one in hole.closed)
                if hole.said and not names_it(harden, hole, systemd, user):
                    faults.append(f"{where}: `harden show` does not say {hole.said}")
                if hole.limit and not is_limit(harden, hole, systemd):
                    faults.append(f"{where}: `harden compile` does not say that it is void: {hole.limit}")
        if not shuts:
            faults.append(f"{hole.claim}: strict@1 does not shut {', '.join(hole.closed)}")
        shown = ", ".join((*hole.open, *(f"not {one}" for one in hole.shut)))
        lines = [*hole.settings.split("\n"), *([f"ExecStart={hole.prefix}…"] if hole.prefix else [])]
        rows.append(((*hole.open, *hole.shut), [hole.claim, "<br>".join(f"`{line}`" for line in lines),
                     "" if len(hole.systemd) > 1 else str(hole.systemd[0]),
                     "" if len(hole.identities) > 1 else hole.identities[0], shown,
                     "shuts " + ", ".join(hole.closed) if hole.closed else "", hole.said or hole.limit]))
    return rows
