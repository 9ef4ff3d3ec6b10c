#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What harden says that a policy amounts to, against what the running manager of a guest read from the
drop-in: `systemctl show` of each directive that is written, and of each that is not but that other policies
write, which has to be as in the unit without a policy.

  policy_show_test.py --harden PROGRAM --guest NAME --release 12|13
"""
import ipaddress
import re
import sys
from errno import errorcode
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True
import policies  # noqa: E402

PROFILES = ("light@1", "baseline@1", "strict@1")
GRANTS = ("listen:443", "listen:8080", "connect:10.0.0.0/8", "write:/srv/x", "exec:/opt/x",
          "device:/dev/null:r", "gpu", "jit", "switch-user", "namespaces:user", "syscalls:@mount", "tmp",
          "home-read", "read:/root/x", "write:/home/u/x", "ping", "bus", "clock", "chown")

# Directives that cannot be compared, each with its reason. There are none at present.
NOT_COMPARED = {}

# What a manager makes by itself of other settings when it loads a unit, as systemd.exec(5) has it.
TAKEN_CAPABILITIES = {
    "PrivateDevices": {"cap_mknod", "cap_sys_rawio"},
    "ProtectClock": {"cap_sys_time", "cap_wake_alarm"},
    "ProtectKernelModules": {"cap_sys_module"},
    "ProtectKernelLogs": {"cap_syslog"},
}


def same(words):
    return frozenset(words)


def is_peer(word):
    return {"any": ["0.0.0.0/0", "::/0"], "localhost": ["127.0.0.0/8", "::1/128"],
            "link-local": ["169.254.0.0/16", "fe80::/64"], "multicast": ["224.0.0.0/4", "ff00::/8"]}.get(word, [word])


def addresses(words):
    return frozenset(str(ipaddress.ip_network(peer)) for word in words for peer in is_peer(word))


def binds(words):
    """/a and /a:/a:rbind are the same, and -/a and -/a:/a:rbind."""
    def one(word):
        source, *more = word.split(":")
        target, options = [*more, *[source.removeprefix("-"), "rbind"][len(more):]]
        return source, target, options
    return frozenset(map(one, words))


def ports(words):
    """`tcp:443` and `systemctl show`'s `tcp443`."""
    return frozenset(re.sub(r"^((?:ipv[46]:?)?(?:tcp|udp)):?(?=\d)", r"\1:", word) for word in words)


class SystemCalls:
    """Groups and names as the systemd of the guest and its libseccomp have them."""

    def __init__(self, guest):
        self.groups, group = {}, None
        for line in guest.run("systemd-analyze", "syscall-filter", "--no-pager").stdout.splitlines():
            if line.startswith("@"):
                group = self.groups.setdefault(line.strip(), [])
            elif line.startswith("    ") and not line.strip().startswith("#"):
                group.append(line.strip())
            elif line and not line.startswith("    "):
                break  # calls that are in no group
        # The groups have names that libseccomp does not know and the manager passes over.
        every = set().union(*map(self.expand, self.groups))
        guest.push_files({f"{policies.UNITS_DIR}/every-call.service":
                          f"[Service]\nExecStart=/bin/true\nSystemCallFilter={' '.join(sorted(every))}\n"})
        guest.run("systemctl", "daemon-reload")
        text = show(guest, ["every-call"], ["SystemCallFilter"])["every-call"]["SystemCallFilter"]
        self.unknown = every - set(text.split())

    def expand(self, word):
        if not word.startswith("@"):
            return {word}
        return set().union(*(self.expand(one) for one in self.groups[word]))

    def filter(self, words):
        """(does it allow, the calls), of words in the order of their lines."""
        allows = not words[0].startswith("~")
        calls = self.expand("@default") if allows else set()
        for word in words:
            one = self.expand(word.lstrip("~"))
            calls = calls | one if word.startswith("~") != allows else calls - one
        return allows, frozenset(calls - self.unknown)

    @staticmethod
    def shown(text):
        return not text.startswith("~"), frozenset(text.lstrip("~").split())


def values_of(directive, words, text):
    """What is written and what is shown in the same words."""
    shown = text.split()
    match directive:
        case "CapabilityBoundingSet" | "AmbientCapabilities":
            return same(word.lower() for word in words if word), same(shown)
        case "IPAddressAllow" | "IPAddressDeny":
            return addresses(words), addresses(shown)
        case "BindPaths" | "BindReadOnlyPaths":
            return binds(words), binds(shown)
        case "SocketBindAllow" | "SocketBindDeny":
            return ports(words), ports(shown)
        case "DeviceAllow":
            return same(words), same(text.splitlines())
        case "SystemCallErrorNumber":
            return same(words), same(errorcode.get(int(word), word) for word in shown)
        case _:
            return same(word for word in words if word), same(shown)


def derive(directive, wanted, settings, user, systemd):
    """What is wanted, and what the manager makes of it."""
    def on(name):
        return settings.get(name) == ["yes"]

    match directive:
        case "CapabilityBoundingSet":
            taken = (capabilities for name, capabilities in TAKEN_CAPABILITIES.items() if on(name))
            return wanted - frozenset().union(*taken)
        case "DevicePolicy" if on("PrivateDevices"):
            return same(["closed"])
        case "DeviceAllow" if on("ProtectClock") and (settings.keys() & {"DevicePolicy", "DeviceAllow"}
                                                      or on("PrivateDevices")):
            return wanted | {"char-rtc r"}
        case "RequiresMountsFor" if systemd < 255 and (on("PrivateTmp") or user == "dynamic"):  # its own /tmp
            return wanted | {"/var/tmp"}
    return wanted


def make_cases():
    cases, bare = [], {}
    for user in policies.USERS:
        bare[user] = policies.Case(f"show-bare-{user}", "", user)
        for profile in PROFILES:
            sets = [(), *((grant,) for grant in GRANTS), GRANTS]
            cases += [policies.Case(f"show-{profile.split('@')[0]}-{user}-{at}", profile, user, grants)
                      for at, grants in enumerate(sets)]
    return cases, bare


def show(guest, names, properties):
    """{unit: {property: text}}; a property that comes in several lines has them all."""
    done = guest.run("systemctl", "show", "--property=Id," + ",".join(properties), *(f"{name}.service" for name in names))
    shown = {}
    for block in done.stdout.split("\n\n"):
        values = {}
        for line in block.strip().splitlines():
            name, _, text = line.partition("=")
            values[name] = f"{values[name]}\n{text}" if name in values else text
        if values:
            shown[values.pop("Id").removesuffix(".service")] = values
    return shown


def faults_of(case, shown, bare, directives, calls, systemd):
    at = f"{case.profile} {case.user} {' '.join(case.grants)} on {systemd}"
    for directive in directives:
        if directive in NOT_COMPARED:
            continue
        text, words = shown.get(directive, ""), case.settings.get(directive)
        if directive == "SystemCallFilter" and words is not None:
            wanted, seen = calls.filter(words), calls.shown(text)
            if wanted != seen:
                yield (f"{at}: {directive}=: allows {wanted[0]}, shown {seen[0]}; only written "
                       f"{sorted(wanted[1] - seen[1])}, only shown {sorted(seen[1] - wanted[1])}")
            continue
        if words is None:  # as if there were no policy
            wanted, seen = values_of(directive, [], bare.get(directive, ""))[1], values_of(directive, [], text)[1]
        else:
            wanted, seen = values_of(directive, words, text)
        wanted = derive(directive, wanted, case.settings, case.user, systemd)
        if wanted != seen:
            yield (f"{at}: {directive}= is {'not written' if words is None else ' '.join(words)}; "
                   f"only wanted {sorted(wanted - seen)}, only shown {sorted(seen - wanted)}")


def test(guest, options, systemd):
    policies.add_user(guest)
    cases, bare = make_cases()
    policies.compile_all(cases, options.harden, systemd)
    # What the manager complains of is seen in its log: of this unit it does.
    canary = policies.Case("show-canary", "", "root", drop_in="[Service]\nNoSuchKey=1\n")
    policies.lay_units(guest, [*cases, *bare.values(), canary])
    directives = sorted({directive for case in cases for directive in case.settings})
    shown = show(guest, [case.name for case in [*cases, *bare.values()]], directives)
    faults = [f"{name} is not loaded" for name in (case.name for case in cases) if name not in shown]
    for name in directives:
        if all(name not in values for values in shown.values()):
            faults.append(f"{name}= is not among what systemd {systemd} shows: say so in NOT_COMPARED")
    calls = SystemCalls(guest)
    for case in cases:
        faults += faults_of(case, shown[case.name], shown[bare[case.user].name], directives, calls, systemd)
    show(guest, ["show-canary"], ["Id"])
    log = guest.run("journalctl", "--boot", "--no-pager", "--output=cat", "_PID=1").stdout
    complaints = {line for line in log.splitlines() if re.search(r"/show-[^/]+\.service", line)}
    canaries = {line for line in complaints if "/show-canary.service" in line}
    faults += [f"the manager: {line}" for line in sorted(complaints - canaries)]
    if not canaries:
        faults.append("the manager's complaints do not come into its log")
    for directive, reason in NOT_COMPARED.items():
        print(f"not compared: {directive}=: {reason}")
    print(f"{len(cases)} policies, {len(directives)} directives on systemd {systemd}: {len(faults)} faults")
    return faults


if __name__ == "__main__":
    policies.run_test(test)
