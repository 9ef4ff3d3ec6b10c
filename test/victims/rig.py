# SPDX-License-Identifier: LGPL-2.1-or-later
"""A guest with all that the victims meet, and services run there, many at a time.

A service makes every attempt of its list, each in a process of its own, and writes what came of each. Services
with the same text are one: what was run once is not run again while the guest is up.
"""
import hashlib
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "guests"))
sys.dont_write_bytecode = True
import guests  # noqa: E402

PLACE = "/usr/lib/victims"
OUT = "/run/victims/out"
BATCH = 32
VICTIM, STRANGER = 4000, 4001
LONE = 40

OPEN = ("/usr/local/open", "/etc/open", "/var/open", "/run/open", "/run/victims/open", "/run/user/open", "/opt/x/open",
        "/srv/x", "/srv/y", "/home/victim/x", "/root/x")

# Nodes, and the name of the driver where the kernel may lack it: systemd looks names up in /proc/devices, and
# the device rule is about numbers, which need nothing behind them.
NODES = {
    "victim": "c 10 250", "dri/renderD128": "c 226 128", "ttyS7": "c 4 71", "ttyUSB0": "c 188 0",
    "ttyACM0": "c 166 0", "snd/controlC0": "c 116 0", "video0": "c 81 0", "media0": "c 240 0",
    "net/tun": "c 10 200", "fuse": "c 10 229", "kvm": "c 10 232", "input/event0": "c 13 64",
    "uinput": "c 10 223", "rtc0": "c 241 0", "victim-disk": "b 254 240", "mem": "c 1 1", "port": "c 1 4",
    "kmsg": "c 1 11",
}
DRIVERS = {"drm": 226, "ttyUSB": 188, "ttyACM": 166, "alsa": 116, "video4linux": 81, "media": 240, "rtc": 241}

SET_UP = f"""
id victim >/dev/null 2>&1 || useradd --uid {VICTIM} --create-home victim
id stranger >/dev/null 2>&1 || useradd --uid {STRANGER} stranger
mkdir -p {' '.join(OPEN)} {OUT} /opt/y /usr/lib/modules/victim /srv/stranger /dev/dri /dev/snd /dev/net /dev/input
chmod 777 {' '.join(OPEN)}
chmod 755 /root /home/victim
for place in /opt/x /opt/y; do cp /usr/bin/true $place/program; done
for file in /root/x/file /home/victim/x/file /home/victim/secret /usr/lib/modules/victim/file; do
  echo x >$file; chmod 666 $file
done
[ -e /dev/shm/victim-file ] || touch /dev/shm/victim-file
ln -f /home/victim/secret /srv/y/linked; chmod 777 /mnt
echo 'exit 0' >/srv/x/script; chmod 644 /srv/x/script
echo x >/srv/stranger/secret; chown stranger /srv/stranger/secret; chmod 600 /srv/stranger/secret
cp {PLACE}/set-id {PLACE}/set-id-root; chmod 4755 {PLACE}/set-id-root
cp {PLACE}/set-id {PLACE}/set-group; chown :{STRANGER} {PLACE}/set-group; chmod 2755 {PLACE}/set-group
cp {PLACE}/set-id {PLACE}/set-id-stranger; chown stranger {PLACE}/set-id-stranger; chmod 4755 {PLACE}/set-id-stranger
for at in $(seq {LONE}); do id lone$at >/dev/null 2>&1 || useradd lone$at; done
ip link set lo up
for address in 10.1.2.3/32 192.0.2.1/32 2001:db8::1/128; do ip address replace $address dev lo; done
""" + "".join(f"[ -e /dev/{name} ] || mknod /dev/{name} {number}\nchmod 666 /dev/{name}\n"
              for name, number in NODES.items())

# One after the other, before any victim runs.
HELPERS = {
    "victims-helper": f"[Service]\nExecStart={PLACE}/victims serve\n",
    "victims-other": "[Service]\nUser=stranger\nExecStart=/bin/sleep infinity\n",
    "victims-key-root": f"[Service]\nType=oneshot\nExecStart={PLACE}/victims one add_key victims 3600\n",
    "victims-key-user": f"[Service]\nType=oneshot\nUser=victim\nExecStart={PLACE}/victims one add_key victims 3600\n",
}

SERVICE = """[Service]
Type=oneshot
{user}Environment=TAG={tag}
LimitMEMLOCK=64K
LimitCORE=0
Delegate=yes
TimeoutStartSec=120
StandardOutput=file:{out}/{tag}
StandardError=journal
ExecStart={prefix}{place}/victims run {place}/list-{list}
"""

# A manager of the user's own, without the session that mostly brings it.
MANAGER = """[Service]
Type=notify
User=victim
Environment=XDG_RUNTIME_DIR=/run/user/{victim}
RuntimeDirectory=user/{victim}
Delegate=yes
ExecStart=/lib/systemd/systemd --user
"""


@dataclass(frozen=True)
class Service:
    """User: "root", "user", "capable", who is the user with all capabilities that there are, "dynamic", a dynamic user,
    "manager", the user with a manager of its own, or "lone", a user that no other service has. Of a lone one's attempts,
    those that say so count only if they are still there afterwards."""
    user: str
    settings: str = ""  # a drop-in
    attempts: str = ""  # the name of a list; of the user's own if empty
    prefix: str = ""    # of the command

    @property
    def tag(self):
        text = "\0".join((self.user, self.settings, self.attempts, self.prefix))
        return "v" + hashlib.sha256(text.encode()).hexdigest()[:15]


class Rig:
    def __init__(self, guest):
        self.guest = guest
        self.systemd = guests.SYSTEMD[guest.release]
        self.results = {}  # by tag: {attempt: result}
        self.facts = {}
        self.attempts = {}
        self.lone = 0
        self.left = 0

    def set_up(self, programs, attempts):
        """attempts: {id: {"run": …, "identities": …}}. programs: the folder with `victims` and `set-id`."""
        guest = self.guest
        self.attempts = attempts
        guest.push_files({f"{PLACE}/{name}": (Path(programs, name).read_bytes(), 0o755) for name in ("victims", "set-id")})
        guest.shell(SET_UP)
        self.name_drivers()
        guest.push_files({f"/etc/systemd/system/{name}.service": text for name, text in
                          {**HELPERS, "victims-manager": MANAGER.format(victim=VICTIM)}.items()})
        guest.shell(f"systemctl daemon-reload; systemctl start {' '.join(HELPERS)}")
        guest.shell("while ! [ -S /tmp/victims.sock ]; do sleep 0.05; done", timeout_s=20)
        self.facts = dict(line.split("=") for line in guest.shell("""
            echo other=$(systemctl show --value --property=MainPID victims-other)
            for kind in mnt pid user; do echo $kind-namespace=$(stat -Lc %i /proc/1/ns/$kind); done
            echo capabilities=$(sed -n 's/^CapBnd:\\t//p' /proc/1/status)
        """).split())
        self.lay_lists({user: [(name, one["run"]) for name, one in attempts.items()
                               if user in one.get("identities", ("root", "user"))] for user in ("root", "user", "lone")})

    def lay_lists(self, lists):
        """{name: [(attempt, run)]}"""
        words = {**self.facts, "victim": VICTIM, "stranger": STRANGER}
        def text(rows):
            out = ""
            for name, run in rows:
                for word, value in words.items():
                    run = run.replace("{" + word + "}", str(value))
                out += f"{name} {run}\n"
            return out
        self.guest.push_files({f"{PLACE}/list-{name}": text(rows) for name, rows in lists.items()})

    def name_drivers(self):
        listed = self.guest.run("cat", "/proc/devices").stdout
        more = "".join(f"{number:3} {name}\n" for name, number in DRIVERS.items() if f" {name}\n" not in listed)
        self.guest.push_files({"/run/victims/devices": listed.replace("\nBlock", f"{more}\nBlock")})
        # Not from a service: its mounts are its own.
        subprocess.run([*self.guest.enter(), "sh", "-c",
                        "mountpoint --quiet /proc/devices || mount --bind /run/victims/devices /proc/devices"], check=True)

    def user_lines(self, user):
        match user:
            case "root":
                return ""
            case "lone":
                self.lone = self.lone % LONE + 1
                return f"User=lone{self.lone}\n"
            case "user":
                return "User=victim\n"
            case "dynamic":
                return "DynamicUser=yes\n"
            case "manager":
                return ""
            case "capable":
                mask = int(self.facts["capabilities"], 16)
                numbers = " ".join(CAPABILITIES[at] for at in range(len(CAPABILITIES)) if mask >> at & 1)
                return f"User=victim\nAmbientCapabilities={numbers}\n"
        raise ValueError(user)

    def run(self, services):
        """{service: {attempt: result}} of all of them; a service that did not end well has its fault at ""."""
        todo = {one.tag: one for one in services if one.tag not in self.results}
        files = {}
        for tag, one in todo.items():
            unit = f"/run/systemd/{'user' if one.user == 'manager' else 'system'}/{tag}.service"
            kind = one.attempts or (one.user if one.user in ("root", "lone") else "user")
            files[unit] = SERVICE.format(user=self.user_lines(one.user), tag=tag, out=OUT, place=PLACE, list=kind, prefix=one.prefix)
            if one.settings:
                files[f"{unit}.d/10-harden.conf"] = one.settings
        if todo:
            self.guest.push_files(files)
            self.guest.run("systemctl", "daemon-reload")
        self.results |= {tag: {} for tag in todo}
        kinds = {}
        for tag, one in todo.items():
            kinds.setdefault(one.user if one.user in ("lone", "manager") else "", []).append(tag)
        for kind, tags in kinds.items():
            for at in range(0, len(tags), BATCH):  # what fails is seen when it is collected
                batch = tags[at:at + BATCH]
                self.start(batch, kind == "manager")
                if kind == "lone":  # before another service has the same user
                    self.collect(batch)
                    self.look_for_left(batch)
            if kind != "lone":
                self.collect(tags, kind == "manager")
        return {one: self.results[one.tag] for one in services}

    def systemctl(self, by_user):
        if not by_user:
            return ["systemctl"]
        return ["runuser", "-u", "victim", "--", "env", f"XDG_RUNTIME_DIR=/run/user/{VICTIM}", "systemctl", "--user"]

    def start(self, tags, by_user):
        if by_user:  # it opens the files as that user
            self.guest.shell(f"cd {OUT}; touch {' '.join(tags)}; chmod 666 {' '.join(tags)}; systemctl start victims-manager")
            self.guest.run(*self.systemctl(True), "daemon-reload")
        self.guest.run(*self.systemctl(by_user), "start", *(f"{tag}.service" for tag in tags), timeout_s=600, check=False)

    def look_for_left(self, tags):
        rows = [(f"{tag}/{attempt}", f"{one['after']} {tag}") for tag in tags
                for attempt, one in self.attempts.items() if "after" in one]
        if not rows:
            return
        self.left += 1
        self.lay_lists({f"left-{self.left}": rows})
        service = Service("root", attempts=f"left-{self.left}")
        for name, result in self.run([service])[service].items():
            tag, _, attempt = name.partition("/")
            if self.results[tag].get(attempt) == "ok":
                self.results[tag][attempt] = result

    def collect(self, tags, by_user=False):
        if not tags:
            return
        for line in self.guest.shell(f"cd {OUT}; grep -H '' * || :").splitlines():
            tag, _, row = line.partition(":")
            attempt, _, result = row.partition("\t")
            if tag in tags and result:
                self.results[tag][attempt] = result
        self.guest.shell(f"rm -f {OUT}/*")
        for at in range(0, len(tags), 200):
            shown = self.guest.run(*self.systemctl(by_user), "show", "--property=Id,Result,ExecMainStatus",
                                   *(f"{tag}.service" for tag in tags[at:at + 200])).stdout
            for block in shown.split("\n\n"):
                values = dict(line.split("=", 1) for line in block.strip().splitlines())
                if values and (values["Result"], values["ExecMainStatus"]) != ("success", "0"):
                    self.results[values["Id"].removesuffix(".service")][""] = f"{values['Result']} {values['ExecMainStatus']}"


CAPABILITIES = tuple(f"CAP_{name}" for name in (
    "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE "
    "NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN "
    "SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP "
    "MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE").split())
