#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What services may do under the drop-ins that harden compiles, tried by a probe in each: policies whose paths meet,
under every profile, as root, as a user and as a dynamic user; and, as a dynamic user, grants that test/victims tries as
the other two. What is shut counts only if the same probe in a unit without a policy
finds it open.

  policy_runs_test.py --harden PROGRAM --guest NAME --release 12|13
"""
import sys
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True
import policies  # noqa: E402
from policies import USERS, Case  # noqa: E402

PROFILES = ("light@1", "baseline@1", "strict@1")
PROBE = "/usr/local/lib/harden-probe.py"
OUT = "/run/harden-probe"

# Results. SHUT: it fails, whatever the error; else the words that it may be, with blanks between.
OK, SHUT, READ_ONLY, NOT_EXECUTABLE = "ok", "shut", "EROFS", "EACCES"

# Folders that everybody may write to, so that only the mount can say no.
OPEN = ("/usr/local/open", "/etc/open", "/var/open", "/srv/y", "/opt/x/open", "/opt/y", "/srv/app/open", "/run/open")

SET_UP = f"""
mkdir -p {' '.join(OPEN)} /srv/x /srv/app/data /root/x /home/u/x /tmp/x {OUT}
chmod 777 {' '.join(OPEN)} /srv/x /srv/app/data /root/x /home/u/x /tmp/x
chmod 755 /root /home/u
for place in /opt/x /opt/y /srv/app /srv/x /root/x /tmp/x; do cp /usr/bin/true "$place/program"; done
for file in /root/secret /root/x/file /home/u/secret /home/u/x/file /tmp/outside /tmp/x/file; do
  echo x >"$file"; chmod 666 "$file"
done
ip link set lo up
for address in 10.1.2.3 192.0.2.1; do ip address replace "$address/32" dev lo; done
rm -f {OUT}/* /srv/x/left-* /tmp/left-* /tmp/x/left-* /home/u/x/left-*
"""

HIDDEN_HOMES = {"read:/root/secret": SHUT, "read:/home/u/secret": SHUT}
STRICT_TREE = {f"write:{path}": READ_ONLY for path in ("/usr/local/open", "/etc/open", "/var/open", "/srv/y")}
NOT_PROGRAMS = {"exec:/opt/y/program": NOT_EXECUTABLE, "make:/tmp": NOT_EXECUTABLE,
                "make:/dev/shm": NOT_EXECUTABLE, "exec:/usr/bin/true": OK}
DOORS = {"unix:/run/systemd/private": SHUT, "unix:/run/dbus/system_bus_socket": SHUT}


@dataclass
class Trial:
    """Grants, and what they have to make of a service under each profile."""
    name: str
    grants: tuple
    strict: dict
    baseline: dict
    light: dict
    service: str = ""  # more lines of [Service]

    def expected(self, profile, user, systemd):
        expected = dict(getattr(self, profile.split("@")[0]))
        if user == "dynamic":
            for check, result in expected.items():
                expected[check] = self.of_dynamic_user(check, result, systemd)
        return expected

    def of_dynamic_user(self, check, result, systemd):
        """DynamicUser= brings in ProtectSystem=strict, ProtectHome=read-only and a /tmp of its own, which on 257
        no bind opens. Of `home` and `tmp` harden says that they open less than they say there."""
        kind, _, path = check.partition(":")
        if kind == "write" and result == OK and path in OPEN and path != "/run/open":
            is_granted = any(path.startswith(grant[6:]) for grant in self.grants if grant.startswith("write:"))
            return OK if is_granted else READ_ONLY
        if ("home" in self.grants and path == "/home/u/x") or check == "make:/run/open":
            return SHUT
        if check == "read:/tmp/outside" and ("tmp" not in self.grants or systemd >= 257):
            return SHUT
        if check == "leave:/tmp" and systemd >= 257:
            return "unseen"
        return result


def trials(systemd):
    # 252 as Debian builds it cannot tell ports apart.
    other_port = SHUT if systemd >= 257 else OK
    return [
        Trial("nothing", (),
              strict={**STRICT_TREE, **HIDDEN_HOMES, **NOT_PROGRAMS, **DOORS, "read:/tmp/outside": SHUT,
                      "write:/run/open": READ_ONLY, "make:/var/tmp": NOT_EXECUTABLE,
                      "write:/tmp": OK, "bind:8080": SHUT, "udp:127.0.0.1": SHUT, "write:/home": SHUT,
                      "write:/dev/shm": OK, "open-write:/sys/kernel/profiling": SHUT,
                      "open-write:/proc/sys/kernel/domainname": SHUT, "run:unshare --user true": SHUT,
                      "open-write:/sys/fs/cgroup/cgroup.procs": SHUT, "open-write:/dev/net/tun": SHUT,
                      "first": "no"},  # PrivatePIDs= is not written
              baseline={**HIDDEN_HOMES, **NOT_PROGRAMS, "read:/tmp/outside": SHUT, "write:/srv/y": OK,
                        "make:/run/open": NOT_EXECUTABLE, "make:/var/tmp": NOT_EXECUTABLE,
                        "write:/tmp": OK, "bind:8080": SHUT, "open-write:/dev/net/tun": SHUT,
                        "open-write:/proc/sys/kernel/domainname": SHUT, "run:unshare --user true": SHUT,
                        "open-write:/sys/fs/cgroup/cgroup.procs": SHUT,
                        "unix:/run/dbus/system_bus_socket": OK},
              light={"write:/srv/y": OK, "read:/root/secret": OK, "make:/tmp": OK, "bind:8080": OK,
                     "udp:192.0.2.1": OK, "read:/tmp/outside": OK, "run:unshare --user true": OK,
                     "unix:/run/dbus/system_bus_socket": OK,
                     "open-write:/sys/fs/cgroup/cgroup.procs": SHUT}),
        Trial("exec", ("exec:/opt/x",),
              strict={**STRICT_TREE, **NOT_PROGRAMS, **HIDDEN_HOMES, "exec:/opt/x/program": OK,
                      "write:/opt/x/open": READ_ONLY, "write:/opt/y": READ_ONLY},
              baseline={**NOT_PROGRAMS, "exec:/opt/x/program": OK, "write:/opt/x/open": OK},
              light={"exec:/opt/x/program": OK, "exec:/opt/y/program": OK}),
        Trial("write", ("write:/srv/x",),
              strict={**STRICT_TREE, **HIDDEN_HOMES, "write:/srv/x": OK, "leave:/srv/x": OK,
                      "make:/srv/x": NOT_EXECUTABLE, "exec:/srv/x/program": NOT_EXECUTABLE},
              baseline={"leave:/srv/x": OK, "make:/srv/x": NOT_EXECUTABLE, **HIDDEN_HOMES},
              light={"leave:/srv/x": OK, "make:/srv/x": OK}),
        Trial("nested", ("exec:/srv/app", "write:/srv/app/data"),
              strict={**STRICT_TREE, **NOT_PROGRAMS, "exec:/srv/app/program": OK, "write:/srv/app/data": OK,
                      "make:/srv/app/data": OK, "write:/srv/app/open": READ_ONLY},
              baseline={**NOT_PROGRAMS, "exec:/srv/app/program": OK, "write:/srv/app/data": OK,
                        "make:/srv/app/data": OK, "write:/srv/app/open": OK},
              light={"exec:/srv/app/program": OK, "write:/srv/app/data": OK}),
        Trial("nested-other-way", ("write:/srv/app", "exec:/srv/app/data"),
              strict={**STRICT_TREE, **NOT_PROGRAMS, "exec:/srv/app/program": NOT_EXECUTABLE,
                      "write:/srv/app/open": OK, "write:/srv/app/data": OK, "make:/srv/app/data": OK},
              baseline={**NOT_PROGRAMS, "exec:/srv/app/program": NOT_EXECUTABLE, "make:/srv/app/data": OK},
              light={"make:/srv/app/data": OK}),
        Trial("write-and-exec", ("write:/srv/x", "exec:/srv/x"),
              strict={**STRICT_TREE, **NOT_PROGRAMS, "make:/srv/x": OK, "leave:/srv/x": OK},
              baseline={**NOT_PROGRAMS, "make:/srv/x": OK}, light={"make:/srv/x": OK}),
        Trial("home-below", ("read:/root/x", "write:/home/u/x"),
              strict={**STRICT_TREE, **HIDDEN_HOMES, "read:/root/x/file": OK, "write:/root/x": READ_ONLY,
                      "exec:/root/x/program": NOT_EXECUTABLE, "leave:/home/u/x": OK,
                      "make:/home/u/x": NOT_EXECUTABLE},
              baseline={**HIDDEN_HOMES, "read:/root/x/file": OK, "write:/root/x": READ_ONLY,
                        "leave:/home/u/x": OK, "make:/home/u/x": NOT_EXECUTABLE},
              light={"read:/root/x/file": OK, "leave:/home/u/x": OK}),
        Trial("home", ("home",),
              strict={**STRICT_TREE, "read:/root/secret": OK, "write:/home/u/x": OK, "make:/home/u/x": NOT_EXECUTABLE},
              baseline={"write:/home/u/x": OK, "make:/home/u/x": NOT_EXECUTABLE}, light={"make:/home/u/x": OK}),
        Trial("home-read", ("home-read",),
              strict={**STRICT_TREE, "read:/root/secret": OK, "read:/home/u/secret": OK,
                      "write:/home/u/x": READ_ONLY, "write:/root/x": READ_ONLY},
              baseline={"read:/root/secret": OK, "write:/home/u/x": READ_ONLY},
              light={"read:/root/secret": OK}),
        # The probe expands it; each service has a folder of its own.
        Trial("state", (), service="StateDirectory=harden-%N\n",
              strict={**STRICT_TREE, "write:$STATE_DIRECTORY": OK, "make:$STATE_DIRECTORY": NOT_EXECUTABLE},
              baseline={"write:$STATE_DIRECTORY": OK, "make:$STATE_DIRECTORY": NOT_EXECUTABLE},
              light={"make:$STATE_DIRECTORY": OK}),
        Trial("tmp-below", ("write:/tmp/x",),
              strict={**STRICT_TREE, "leave:/tmp/x": OK, "read:/tmp/outside": SHUT, "write:/tmp": OK,
                      "make:/tmp/x": NOT_EXECUTABLE, "make:/tmp": NOT_EXECUTABLE},
              baseline={"leave:/tmp/x": OK, "read:/tmp/outside": SHUT, "write:/tmp": OK,
                        "make:/tmp/x": NOT_EXECUTABLE},
              light={"leave:/tmp/x": OK, "read:/tmp/outside": OK}),
        Trial("tmp", ("tmp",),
              strict={**STRICT_TREE, "leave:/tmp": OK, "read:/tmp/outside": OK, "make:/tmp": NOT_EXECUTABLE},
              baseline={"leave:/tmp": OK, "read:/tmp/outside": OK, "make:/tmp": NOT_EXECUTABLE},
              light={"leave:/tmp": OK, "read:/tmp/outside": OK}),
        Trial("port-80", ("listen:80",),
              strict={**STRICT_TREE, "bind:80": OK, "bind:81": other_port, "bind:8080": other_port},
              baseline={"bind:80": OK, "bind:8080": OK}, light={"bind:80": OK}),
        Trial("port-8080", ("listen:8080",),
              strict={**STRICT_TREE, "bind:8080": OK, "bind:8081": other_port, "bind:80": SHUT},
              baseline={"bind:8080": OK, "bind:80": SHUT}, light={"bind:8080": OK}),
        Trial("peers", ("connect:10.0.0.0/8",),
              strict={"udp:10.1.2.3": OK, "udp:127.0.0.1": SHUT, "udp:192.0.2.1": SHUT},
              baseline={"udp:10.1.2.3": OK, "udp:127.0.0.1": OK, "udp:192.0.2.1": SHUT},
              light={"udp:10.1.2.3": OK}),
        Trial("bus", ("bus",),
              strict={"unix:/run/dbus/system_bus_socket": OK, "unix:/run/systemd/private": SHUT},
              baseline={"unix:/run/dbus/system_bus_socket": OK},
              light={"unix:/run/dbus/system_bus_socket": OK}),
        Trial("no-switch-user", (), strict={"become:65534": SHUT}, baseline={"become:65534": SHUT}, light={}),
        Trial("switch-user", ("switch-user",), strict={"become:65534": OK}, baseline={"become:65534": OK},
              light={"become:65534": OK}),
        Trial("user-namespaces", ("namespaces:user",),
              strict={"run:unshare --user true": OK, "run:unshare --net true": SHUT},
              baseline={"run:unshare --user true": OK, "run:unshare --net true": SHUT},
              light={"run:unshare --user true": OK}),
        Trial("tun", ("tun",), strict={"open-write:/dev/net/tun": OK}, baseline={"open-write:/dev/net/tun": OK},
              light={"open-write:/dev/net/tun": OK}),
    ]


# As root and as a user, test/victims tries what these do, and more.
OF_VICTIMS = {"nothing", "exec", "write", "home", "home-read", "tmp", "port-80", "port-8080", "peers", "bus",
              "no-switch-user", "switch-user", "user-namespaces", "tun"}


# What does not hold, and why: patterns of trial, profile, user, systemd, check and result, then the reason.
# Each has to be met; one that is not holds by now, and goes.
KNOWN = (
    ("home-below", "[bs]*", "[ud]*", "257", "*:/root/x*", "EACCES",
     "the empty /root that ProtectHome=tmpfs makes is for root only, as /root itself mostly is"),
)

# What the probe cannot do without a policy either, so that its being shut proves nothing: (user, check), reason.
NO_CONTROL = {
    ("user", "unix:/run/systemd/private"): "the manager's socket is root's",
    ("user", "bind:80"): "a low port takes a capability",
    ("user", "bind:81"): "a low port takes a capability",
    ("user", "become:65534"): "another user takes a capability",
    ("user", "run:unshare --net true"): "another network takes a capability",
    ("user", "write:/home"): "root's",
    ("user", "open-write:/sys/kernel/profiling"): "root's",
    ("user", "open-write:/proc/sys/kernel/domainname"): "root's",
    ("user", "open-write:/sys/fs/cgroup/cgroup.procs"): "root's",
}


def unit(name, profile, user, grants, checks, service=""):
    words = " ".join('"' + check.replace("%", "%%") + '"' for check in checks)
    return Case(name, profile, user, grants, f"StandardOutput=file:{OUT}/{name}\nStandardError=journal\n"
                f"Environment=LEAVE=left-{name}\nTimeoutStartSec=60\n{service}"
                f"ExecStart=/usr/bin/python3 -IS {PROBE} {words}\n", whole=bool(service))


def run_units(guest, cases):
    """{unit: {check: result}}, and the faults of units that did not run to their end."""
    policies.lay_units(guest, cases)
    names = [f"{case.name}.service" for case in cases]
    for at in range(0, len(names), 40):  # failures are seen below
        guest.run("systemctl", "start", *names[at:at + 40], timeout_s=300, check=False)
    results, faults = {}, []
    for line in guest.shell(f"cd {OUT}; grep -H . -- runs-*").splitlines():
        name, _, row = line.partition(":")
        check, _, result = row.partition("\t")
        results.setdefault(name, {})[check] = result
    shown = guest.run("systemctl", "show", "--property=Id,Result,ExecMainStatus", *names).stdout
    for block in shown.split("\n\n"):
        values = dict(line.split("=", 1) for line in block.strip().splitlines())
        if values and (values["Result"], values["ExecMainStatus"]) != ("success", "0"):
            log = guest.run("journalctl", "--no-pager", "--output=cat", "--lines=3", "--unit", values["Id"]).stdout
            faults.append(f"{values['Id']}: {values['Result']} {values['ExecMainStatus']}: {log.strip()}")
    return results, faults


def is_as_expected(expected, result):
    return result not in ("ok", None) if expected == SHUT else result in expected.split(" ")


def find_known(*key):
    for *patterns, reason in KNOWN:
        if all(fnmatchcase(str(word), pattern) for word, pattern in zip(key, patterns, strict=True)):
            return (*patterns, reason)
    return None


def test(guest, options, systemd):
    policies.add_user(guest)
    guest.shell(SET_UP)
    guest.push(Path(__file__).with_name("probe.py"), PROBE)
    plan = {}
    for trial in trials(systemd):
        for profile in PROFILES:
            for user in ("dynamic",) if trial.name in OF_VICTIMS else USERS:
                if expected := trial.expected(profile, user, systemd):
                    name = f"runs-{trial.name}-{profile.split('@')[0]}-{user}"
                    case = unit(name, profile, user, trial.grants, expected, trial.service)
                    plan[name] = (trial, profile, user, expected, case)
    cases = [case for *_, case in plan.values()]
    policies.compile_all(cases, options.harden, systemd)

    # A dynamic user brings a sandbox of its own, so its control is the plain user's.
    controls = {}
    for user in ("root", "user"):
        checks = sorted({check for _, _, who, expected, _ in plan.values() for check, result in expected.items()
                         if result not in (OK, "unseen") and check != "first" and "$" not in check
                         and (who == "root") == (user == "root")},
                        key=lambda check: check.startswith("become"))  # that is for good
        controls[user] = unit(f"runs-control-{user}", "", user, (), checks)
    results, faults = run_units(guest, [*cases, *controls.values()])

    for user in controls:
        for check, result in results.get(f"runs-control-{user}", {}).items():
            if (result == OK) == ((user, check) in NO_CONTROL):
                faults.append(f"without a policy, as {user}, on {systemd}: {check}: {result}")
    count, met = 0, set()
    left = set(guest.shell("ls -d /srv/x/left-* /tmp/left-* /tmp/x/left-* /home/u/x/left-* 2>/dev/null || :").split())
    for name, (trial, profile, user, expected, _) in plan.items():
        for check, wanted in expected.items():
            count += 1
            result = results.get(name, {}).get(check)
            if result == OK and check.startswith("leave:") and f"{check[6:]}/left-{name}" not in left:
                result = "unseen"
            if is_as_expected(wanted, result):
                continue
            if entry := find_known(trial.name, profile, user, systemd, check, result):
                met.add(entry)
            else:
                faults.append(f"{profile} {user} {' '.join(trial.grants)} on {systemd}: {check}: {result}, "
                              f"wanted {wanted}")
    for entry in KNOWN:
        *patterns, reason = entry
        if entry in met:
            print(f"known: {' '.join(patterns)}: {reason}")
        elif fnmatchcase(str(systemd), patterns[3]):
            faults.append(f"holds, though it was known not to: {' '.join(patterns)}")
    print(f"{len(cases)} services, {count} checks on systemd {systemd}: {len(faults)} faults")
    return faults


if __name__ == "__main__":
    policies.run_test(test)
