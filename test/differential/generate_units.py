# SPDX-License-Identifier: LGPL-2.1-or-later
"""Random service units for the comparison with systemd-analyze.

write_tree() fills a tree with units of random directives, values (good, bad and empty ones), syntax and
drop-ins. Everything comes from one random.Random, so that a seed gives the same tree everywhere.
"""

import os
import random

BOOLEANS = ["yes", "no", "true", "false", "1", "0", "on", "off", "y", "n", "t", "f", "YES", "True"]
BAD = ["", "maybe", "yes no", "2", "-", "ja", "~", "none of it"]

CAPABILITIES = """CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_FSETID CAP_KILL CAP_SETGID
CAP_SETUID CAP_SETPCAP CAP_LINUX_IMMUTABLE CAP_NET_BIND_SERVICE CAP_NET_BROADCAST CAP_NET_ADMIN CAP_NET_RAW
CAP_IPC_LOCK CAP_IPC_OWNER CAP_SYS_MODULE CAP_SYS_RAWIO CAP_SYS_CHROOT CAP_SYS_PTRACE CAP_SYS_PACCT CAP_SYS_ADMIN
CAP_SYS_BOOT CAP_SYS_NICE CAP_SYS_RESOURCE CAP_SYS_TIME CAP_SYS_TTY_CONFIG CAP_MKNOD CAP_LEASE CAP_AUDIT_WRITE
CAP_AUDIT_CONTROL CAP_SETFCAP CAP_MAC_OVERRIDE CAP_MAC_ADMIN CAP_SYSLOG CAP_WAKE_ALARM CAP_BLOCK_SUSPEND
CAP_AUDIT_READ CAP_PERFMON CAP_BPF CAP_CHECKPOINT_RESTORE cap_net_raw Cap_Chown CAP_BOGUS 5 63 64 -1""".split()
FAMILIES = """AF_UNIX AF_INET AF_INET6 AF_NETLINK AF_PACKET AF_BLUETOOTH AF_VSOCK AF_ALG AF_CAN AF_LOCAL AF_ROUTE
AF_UNSPEC AF_BOGUS af_unix AF_MCTP AF_XDP""".split()
NAMESPACES = "user mnt ipc pid cgroup net uts time bogus".split()
GROUPS = """@system-service @privileged @resources @clock @mount @debug @module @raw-io @reboot @swap @obsolete
@cpu-emulation @default @basic-io @file-system @network-io @process @signal @timer @known @keyring @io-event @ipc
@memlock @setuid @aio @chown @sandbox @sync @pkey @bogus""".split()
CALLS = """read write open openat mount umount2 swapon reboot ptrace clock_settime settimeofday init_module
finit_module iopl ioperm vm86 uselib sysfs personality nice setpriority sched_setaffinity sched_setscheduler
perf_event_open bpf chroot pivot_root capset io_uring_setup clone3 modify_ldt adjtimex stime pciconfig_read
quotactl kexec_load lookup_dcookie _sysctl create_module acct setuid32 socketcall nonsense clone execve""".split()
ERRNOS = ["EPERM", "EACCES", "1", "0", "kill", "4095", "4096", "ENOTANERRNO", "-1", "EWOULDBLOCK"]
ADDRESSES = """any localhost link-local multicast 127.0.0.1 127.0.0.0/8 10.0.0.0/8 0.0.0.0/0 ::/0 ::1 ::1/128 fe80::/10
192.168.1.1/33 bogus 127.1.2.3/32 0.0.0.0 10.1.2.3/0 ::ffff/0 localhost.localdomain 127.0.0.1/010 1.2.3.4/0x8""".split()
DEVICES = ["/dev/null rw", "/dev/sda", "char-rtc r", "block-loop rwm", "/dev/../etc rw", "/etc/passwd", "null",
           "/dev/tty rwx", "/dev/", '"/dev/my disk" r', "char-pts", "/dev//zero r", "/dev/%p rw", "/dev/%Z"]
PATHS = ["/", "//", "/srv", "/srv/%p", "relative", "/srv/../etc", "/srv/", "%t/x", "/srv/%Z", "/./"]
USERS = ["root", "0", "nobody", "www-data", "65534", "daemon", "_x", "65535", "1000", "svc-%p", "Upper", "a.b"]
BAD_USERS = ["a:b", "no/slash", ".", "-1", "4294967295", "%Z", "123456789012", "007"]

# Directives with the values that are worth trying. What the score reads comes first.
POOLS = {
    "PrivateDevices": BOOLEANS, "PrivateNetwork": BOOLEANS, "ProtectKernelModules": BOOLEANS,
    "ProtectKernelTunables": BOOLEANS, "ProtectKernelLogs": BOOLEANS, "ProtectClock": BOOLEANS,
    "NoNewPrivileges": BOOLEANS, "LockPersonality": BOOLEANS, "MemoryDenyWriteExecute": BOOLEANS,
    "RestrictRealtime": BOOLEANS, "RestrictSUIDSGID": BOOLEANS, "RemoveIPC": BOOLEANS,
    "PrivateMounts": BOOLEANS, "ProtectHostname": BOOLEANS + ["private", "yes:box"],
    "PrivateTmp": BOOLEANS + ["disconnected", "connected"],
    "PrivateUsers": BOOLEANS + ["self", "identity", "full"],
    "ProtectControlGroups": BOOLEANS + ["private", "strict"],
    "PrivateIPC": BOOLEANS, "PrivatePIDs": BOOLEANS, "MountAPIVFS": BOOLEANS,
    "ProtectHome": BOOLEANS + ["read-only", "tmpfs", "readonly"],
    "ProtectSystem": BOOLEANS + ["full", "strict", "FULL"],
    "ProtectProc": ["default", "noaccess", "invisible", "ptraceable", "yes"],
    "ProcSubset": ["all", "pid", "yes"],
    "KeyringMode": ["inherit", "private", "shared", "yes"],
    "NotifyAccess": ["none", "main", "exec", "all", "yes"],
    "DevicePolicy": ["auto", "closed", "strict", "open"],
    "UMask": ["0077", "077", "0022", "0", "7", "0777", "77777", "0o77", "022x", "+22", "0027", "0002", "07777", "010000"],
    "DynamicUser": ["yes", "no", "true", "off"],
    "DefaultDependencies": BOOLEANS,
    "Delegate": BOOLEANS + ["cpu", "cpu memory", "bogus", '"cpu'],
    "RootDirectory": PATHS[:3] + ["/", "/srv/root"],
    "RootImage": ["/srv/image.raw", "/", "//"],
    "Type": ["simple", "exec", "oneshot", "notify", "idle", "bogus", "notify-reload", ""],
    "StandardInput": ["null", "tty", "socket"],
    "AmbientCapabilities": None, "CapabilityBoundingSet": None, "SystemCallFilter": None,
    "RestrictAddressFamilies": None, "RestrictNamespaces": None, "SystemCallArchitectures": None,
    "IPAddressAllow": None, "IPAddressDeny": None, "DeviceAllow": None, "SupplementaryGroups": None, "User": None,
    "IPIngressFilterPath": ["/sys/fs/bpf/x", "relative", "/sys/fs/bpf/%p"], "IPEgressFilterPath": ["/sys/fs/bpf/y"],
    "ReadWritePaths": PATHS, "InaccessiblePaths": PATHS, "BindPaths": ["/srv:/mnt", "/srv"],
    "SystemCallErrorNumber": ERRNOS, "Restart": ["no", "on-failure", "always", "bogus"],
    "KillMode": ["control-group", "mixed", "process", "none"], "PAMName": ["login"],
    "RestartForceExitStatus": ["1", "SIGKILL"], "ExitType": ["main", "cgroup"], "RemainAfterExit": BOOLEANS,
    "WatchdogSec": ["10", "0", "bogus"], "FileDescriptorStoreMax": ["0", "5"],
    "LoadCredentialEncrypted": ["x:/etc/x"], "SetCredentialEncrypted": ["x: aGFsbG8="], "MountImages": ["/srv/i:/mnt"],
    "Bogus": ["1"], "X-Extension": ["1"], "Protectsystem": ["strict"],
}
UNIT_KEYS = {"DefaultDependencies", "Description", "SuccessAction"}
CHARMS = 'abc "x y" \\x20 %% # ;'


def pick_list(rng, words, most=4):
    return [rng.choice(words) for _ in range(rng.randint(1, most))]


def polarity(rng, words):
    sign = "~" if rng.random() < 0.4 else ""
    text = " ".join(words)
    if rng.random() < 0.05:
        text = text.replace(" ", "  \t", 1)
    if rng.random() < 0.03:
        text = f'"{words[0]}" ' + text
    if rng.random() < 0.01:
        text += ' "'
    return sign + text


def filter_words(rng):
    words = []
    for _ in range(rng.randint(1, 5)):
        word = rng.choice(GROUPS if rng.random() < 0.6 else CALLS)
        if rng.random() < 0.1:
            word += ":" + rng.choice(ERRNOS)
        words.append(word)
    return words


def value_of(rng, key):
    if rng.random() < 0.06:
        return ""
    if rng.random() < 0.03:
        return rng.choice(BAD)
    pool = POOLS.get(key)
    if pool:
        return rng.choice(pool)
    if key in ("AmbientCapabilities", "CapabilityBoundingSet"):
        if rng.random() < 0.05:
            return rng.choice(["~", "~~", "\"CAP_KILL", "~CAP_BOGUS"])
        return polarity(rng, pick_list(rng, CAPABILITIES, 25 if rng.random() < 0.3 else 4))
    if key == "SystemCallFilter":
        return polarity(rng, filter_words(rng))
    if key == "RestrictAddressFamilies":
        return "none" if rng.random() < 0.15 else polarity(rng, pick_list(rng, FAMILIES))
    if key == "RestrictNamespaces":
        return rng.choice(BOOLEANS) if rng.random() < 0.4 else polarity(rng, pick_list(rng, NAMESPACES))
    if key == "SystemCallArchitectures":
        return " ".join(pick_list(rng, ["native", "x86", "x86-64", "arm64", "x32", "bogus"], 2))
    if key in ("IPAddressAllow", "IPAddressDeny"):
        if key == "IPAddressDeny" and rng.random() < 0.5:
            return "any"
        return " ".join(pick_list(rng, ADDRESSES, 3))
    if key == "DeviceAllow":
        return rng.choice(DEVICES)
    if key == "SupplementaryGroups":
        return " ".join(pick_list(rng, USERS, 3))
    if key == "User":
        return rng.choice(BAD_USERS) if rng.random() < 0.02 else rng.choice(USERS)
    return "x"


def assignment(rng, key, value):
    """One assignment as text, now and then in an unusual spelling."""
    line = f"{key}={value}"
    roll = rng.random()
    if roll < 0.03:
        return f"{key} = {value}  "
    if roll < 0.05 and " " in value:
        return f"{key}=" + value.replace(" ", " \\\n", 1)
    if roll < 0.07 and " " in value:
        return f"{key}=" + value.replace(" ", " \\\n# a comment in between\n ; and another\n", 1)
    if roll < 0.08:
        return "\t" + line
    if roll < 0.09:
        return line + "\\"
    if roll < 0.095:
        return line + "\r"
    return line


def section(rng, count):
    """Lines of a [Service] section with `count` random assignments, and of a [Unit] section."""
    service, unit = [], []
    keys = list(POOLS)
    for _ in range(count):
        key = rng.choice(keys)
        target = unit if key in UNIT_KEYS else service
        if rng.random() < 0.01:
            target = service if target is unit else unit
        target.append(assignment(rng, key, value_of(rng, key)))
        if rng.random() < 0.25:
            target.append(assignment(rng, key, value_of(rng, key)))
    for lines in (service, unit):
        if rng.random() < 0.02:
            lines.insert(rng.randint(0, len(lines)), rng.choice(
                ["no equals sign", "=no key", "# a comment", ";", "", "\\", CHARMS, "[X-Harden]\nAnything goes\n[Service]"]))
    if rng.random() < 0.004:
        service.insert(rng.randint(0, len(service)), rng.choice(["[Broken", "Description=\udcff\udcfe", "[Bad \"quote\"]"]))
    return service, unit


def join_sections(rng, service, unit):
    parts = ["[Unit]\n" + "".join(line + "\n" for line in unit), "[Service]\n" + "".join(line + "\n" for line in service)]
    if rng.random() < 0.2:
        parts.reverse()
    text = "".join(parts)
    if rng.random() < 0.02:
        text = text.replace("\n", "\r\n")
    if rng.random() < 0.01:
        text = "\ufeff" + text
    if rng.random() < 0.02:
        text = text.rstrip("\n")
    return text


def exec_lines(rng):
    lines = ["ExecStart=" + rng.choice(["/bin/true", "/bin/true", "/bin/true", "/bin/true", "-/bin/true", "+/bin/true",
                                        "!/bin/true", "true", "@/bin/true name", "/bin/sh -c 'a b'", "/bin/echo \\x41 %n"])]
    roll = rng.random()
    if roll < 0.02:
        lines = []
    elif roll < 0.03:
        lines.append("ExecStart=/bin/false")
    elif roll < 0.04:
        lines = ["ExecStart=/bin/false", "ExecStart="] + lines
    elif roll < 0.05:
        lines = [rng.choice(["ExecStart=/bin/", "ExecStart=bin/true", "ExecStart=-bin/true", "ExecStart=\"/bin/true",
                             "ExecStart=/bin/true %Z", "ExecStart=/bin/true ; /bin/false", "ExecStart=@/bin/true",
                             "ExecStart=/bin/true \\;", "ExecStart=/bin/a\\qb", "ExecStart=;", "ExecStart=/bin/true \"x"])]
    return lines


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        file.write(text)


def write_drop_in(rng, base, name):
    service, unit = section(rng, rng.randint(1, 4))
    if rng.random() < 0.1:
        text = rng.choice(["", "# nothing\n", "[Install]\nWantedBy=x.target\n", "PrivateTmp=yes\n"])
    else:
        text = join_sections(rng, service, unit)
    write(os.path.join(base, name), text)


def write_tree(root, seed, count):
    """Writes `count` units below `root`; returns their names in order."""
    rng = random.Random(seed)
    dirs = [os.path.join(root, d) for d in ("usr/lib/systemd/system", "run/systemd/system", "etc/systemd/system")]
    names = []
    if rng.random() < 0.4:
        write_drop_in(rng, os.path.join(rng.choice(dirs), "service.d"), "30-type.conf")
    for number in range(count):
        stem = f"u{number:05d}"
        if rng.random() < 0.1:
            stem = f"family-{rng.choice(['a', 'b'])}-{number:05d}"
        template = rng.random() < 0.05
        file_name = f"{stem}@.service" if template else f"{stem}.service"
        service, unit = section(rng, rng.choice([1, 3, 6, 12, 25]))
        body = exec_lines(rng) + service
        if rng.random() < 0.3:
            rng.shuffle(body)
        base = rng.choice(dirs) if rng.random() < 0.3 else dirs[0]
        write(os.path.join(base, file_name), join_sections(rng, body, unit))
        name = f"{stem}@{rng.choice(['i', 'x-y', 'a@b'])}.service" if template and rng.random() < 0.5 else file_name
        names.append(name)
        while rng.random() < 0.35:
            owners = [file_name, name]
            if "-" in stem:
                owners += ["family-.service", stem.rsplit("-", 1)[0] + "-.service"]
            write_drop_in(rng, os.path.join(rng.choice(dirs), rng.choice(owners) + ".d"),
                          f"{rng.choice([10, 20, 50])}-{rng.choice('ab')}.conf")
        if not template and rng.random() < 0.03:
            link = os.path.join(rng.choice(dirs), f"alias-{number:05d}.service")
            if not os.path.lexists(link):
                os.makedirs(os.path.dirname(link), exist_ok=True)
                os.symlink(os.path.relpath(os.path.join(base, file_name), os.path.dirname(link)), link)
                names.append(os.path.basename(link))
                if rng.random() < 0.5:
                    write_drop_in(rng, link + ".d", "40-alias.conf")
        if not template and rng.random() < 0.01:
            mask = os.path.join(dirs[2], file_name)
            if not os.path.lexists(mask):
                os.makedirs(dirs[2], exist_ok=True)
                os.symlink("/dev/null", mask)
    return names
