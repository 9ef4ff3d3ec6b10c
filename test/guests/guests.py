# SPDX-License-Identifier: LGPL-2.1-or-later
"""Debian guests under systemd-nspawn, with systemd as PID 1 and the unified cgroup tree.

A guest is a folder of STATE_DIR: a lock, who it is (guest.json), its console, and a tree. The tree is an
overlay: below lies a root of the cache, which is never written to; above a tmpfs, which goes with the guest.
So a guest costs what it writes, and boots as fast as its systemd does. Where there is no overlay, the tree
is a copy.

A guest has an owner or none. One whose owner has ended is stale, as is one without an owner that no longer
runs; each `up` and `sweep` ends the stale ones. Processes are known by number and start time, and ended by
way of a pidfd, so that none is taken for another.

What a guest is not: it has no memory, cpu and pids controllers where the host binds them to cgroup v1, no
securityfs, no loadable modules and no udev events; it shares the host's kernel, clock and sysctls. Its
systemd-sysctl and systemd-udev-trigger are masked, since both would act on the host.
"""
import contextlib
import ctypes
import fcntl
import hashlib
import io
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

sys.dont_write_bytecode = True
_loader = SourceFileLoader("debian", str(Path(__file__).resolve().parents[1] / "support/debian"))
debian = module_from_spec(spec_from_loader("debian", _loader))
_loader.exec_module(debian)

FORMAT = 1  # raise it when the same packages would give a different root
STATE_DIR = Path(os.environ.get("HARDEN_GUESTS_DIR") or "/run/harden-guests")
SYSTEMD = {"12": 252, "13": 257}
BOOT_SECONDS = 90
OFF_SECONDS = 30

FLAVOURS = {
    "base": "systemd-sysv dbus udev procps iproute2 ca-certificates python3-minimal cron rsyslog",
    "servers": "systemd-sysv dbus udev procps iproute2 ca-certificates python3-minimal cron rsyslog "
               "nginx postgresql redis-server openssh-server curl",
    # What test/reach traces and scans: servers, their clients, and a population of programs.
    "reach": "systemd-sysv dbus udev procps iproute2 ca-certificates python3-minimal cron rsyslog "
             "nginx redis-server redis-tools haproxy memcached lighttpd sqlite3 curl apache2-utils openssl "
             "netcat-openbsd openssh-server openssh-client mosquitto mosquitto-clients dnsmasq unbound "
             "bind9-dnsutils chrony postgresql pdns-recursor prometheus-node-exporter ripgrep fd-find busybox-static "
             "python3 lighttpd-mod-openssl "
             "apache2-bin psmisc util-linux-extra e2fsprogs file binutils gnupg git rsync lsof tmux vim-tiny nano less man-db "
             "bsdextrautils dosfstools parted fdisk cryptsetup-bin lvm2 mdadm nfs-common iptables nftables "
             "tcpdump bind9 exim4-daemon-light dovecot-core vsftpd smartmontools hdparm pciutils usbutils "
             "poppler-utils graphviz gdb strace ltrace screen zsh tcsh xz-utils zstd p7zip-full",
    # What test/servers records: servers that people run, and their clients.
    "daemons": "systemd-sysv dbus udev procps iproute2 ca-certificates python3-minimal cron rsyslog "
               "nginx redis-server redis-tools postgresql openssh-server openssh-client memcached "
               "libmemcached-tools haproxy unbound dns-root-data bind9-dnsutils postfix mariadb-server php-fpm php-mysql "
               "php-sqlite3 php-curl libfcgi-bin tomcat10 radicale nodejs caddy mosquitto mosquitto-clients "
               "prometheus-node-exporter python3 curl apache2-utils openssl netcat-openbsd psmisc logrotate "
               "util-linux-extra strace sqlite3 zstd",
}
MASKED = ("systemd-sysctl.service", "systemd-udev-trigger.service")
NSPAWN_ENV = {
    "SYSTEMD_NSPAWN_LOCK": "0",
    "SYSTEMD_SECCOMP": "0",
    "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "1",
    "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1",
}
# In the environment of a guest's commands: nothing of the caller's.
COMMAND_ENV = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
               "SYSTEMD_PAGER": "", "SYSTEMD_COLORS": "0"}


class Trouble(Exception):
    """What went wrong, in one line."""


class Impossible(Trouble):
    """There can be no guests here, and why: tests skip."""


def say(text):
    print(f"guest: {text}", file=sys.stderr, flush=True)


# --- What this machine has -----------------------------------------------------------------------------

def cgroup2_mount():
    for line in Path("/proc/mounts").read_text().splitlines():
        _, where, kind, options, *_ = line.split()
        if kind == "cgroup2" and "rw" in options.split(","):
            return Path(where)
    return None


def check_machine():
    if os.geteuid() != 0:
        raise Impossible("guests need root")
    for program in ("systemd-nspawn", "nsenter", "unshare"):
        if not shutil.which(program):
            raise Impossible(f"guests need {program}")
    if not cgroup2_mount():
        raise Impossible("guests need a cgroup2 file system, mounted and writable")
    if subprocess.run(["unshare", "--mount", "true"], stderr=subprocess.DEVNULL, check=False).returncode:
        raise Impossible("guests need CAP_SYS_ADMIN")


# --- Roots ---------------------------------------------------------------------------------------------

def roots_dir():
    return debian.cache_dir().parent / "guests"


def root_path(release, flavour):
    text = f"{FORMAT} {release} {flavour}\n{FLAVOURS[flavour]}\n{MASKED}"
    return roots_dir() / f"root-{release}-{flavour}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def find_root(release, flavour):
    """The root of the cache, built if it is not there."""
    place = root_path(release, flavour)
    if place.is_dir():
        return place
    if os.environ.get("HARDEN_GUESTS_CACHED"):
        raise Impossible(f"no root of Debian {release}, {flavour} is cached")
    if not shutil.which("mmdebstrap"):
        raise Impossible("guests need mmdebstrap, since no root is cached")
    place.parent.mkdir(parents=True, exist_ok=True)
    with open(place.parent / f"lock-{release}-{flavour}", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if place.is_dir():  # another process built it while this one waited
            return place
        for left_over in place.parent.glob(f"new-{release}-{flavour}-*"):  # of a build that was killed
            unmount_below(left_over)
            shutil.rmtree(left_over)
        fresh = Path(tempfile.mkdtemp(prefix=f"new-{release}-{flavour}-", dir=place.parent))
        try:
            build_root(release, flavour, fresh / "root")
            (fresh / "root").rename(place)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return place


def build_root(release, flavour, tree):
    suite = debian.CODENAMES[release]
    say(f"building a root of Debian {release}, {flavour}")
    started = time.monotonic()
    argv = ["mmdebstrap", "--variant=minbase", "--quiet", "--include=" + ",".join(FLAVOURS[flavour].split()),
            "--dpkgopt=force-unsafe-io", "--aptopt=Acquire::Retries \"3\"",
            "--aptopt=Acquire::Languages \"none\""]
    argv += [f"--dpkgopt=path-exclude=/usr/share/{part}/*" for part in ("doc", "man", "locale")]
    argv.append('--essential-hook=mkdir -p "$1/usr/share/man/man1"')  # java's packages link into it
    # What it mounts and starts is its own, and goes with it when this process is killed. It keeps the
    # services of the packages from starting.
    apart = ["unshare", "--mount", "--pid", "--mount-proc", "--fork", "--kill-child"]
    source = f"deb [arch=amd64 signed-by={debian.KEYRING}] {debian.mirror()} {suite} main"
    env = {**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run([*apart, *argv, suite, str(tree), source], env=env, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          preexec_fn=die_with_parent, check=False)
    if done.returncode:
        if re.search(r"apt-get update .*failed|Failed to fetch|Unable to fetch", done.stdout):
            raise Impossible(f"guests need the Debian archive or a cached root of Debian {release}, {flavour}")
        raise Trouble(f"mmdebstrap {suite}: exit {done.returncode}\n{done.stdout.strip()}")
    for unit in MASKED:
        (tree / "etc/systemd/system" / unit).symlink_to("/dev/null")
    # A machine with an identity has been booted before: nothing is enabled by presets.
    (tree / "etc/machine-id").write_text(hashlib.md5(f"harden {release}".encode()).hexdigest() + "\n")
    (tree / "etc/hostname").write_text(f"debian{release}\n")
    say(f"built in {time.monotonic() - started:.0f} s")


# --- Processes -----------------------------------------------------------------------------------------

def start_time(pid):
    """Of a process that is there and no zombie; else None."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def identity(pid):
    return [pid, start_time(pid)]


def runs(process):
    return bool(process) and process[1] is not None and start_time(process[0]) == process[1]


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def end_process(process, seconds=10):
    if not runs(process):
        return
    with contextlib.suppress(ProcessLookupError):
        fd = os.pidfd_open(process[0])
        try:
            if runs(process):  # the number was not taken over before the pidfd was there
                signal.pidfd_send_signal(fd, signal.SIGKILL)
                select.select([fd], [], [], seconds)
        finally:
            os.close(fd)


def wait_until(what, seconds, step=0.05):
    end = time.monotonic() + seconds
    while not (answer := what()):
        if time.monotonic() > end:
            return None
        time.sleep(step)
    return answer


def run_quietly(*argv):
    return subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)


# --- Guests --------------------------------------------------------------------------------------------

@contextlib.contextmanager
def registry():
    """Guests come and go one at a time."""
    STATE_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(STATE_DIR / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class Guest:
    def __init__(self, name):
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,50}", name):
            raise Trouble(f"{name}: a guest's name is of small letters, digits and dashes")
        self.name = name
        self.dir = STATE_DIR / name
        self.tree = self.dir / "tree"
        self.root = self.tree / "root"
        self.console = self.dir / "console"
        mount = cgroup2_mount()
        self.cgroup = mount / f"harden-guest-{name}" if mount else None
        try:
            self.facts = json.loads((self.dir / "guest.json").read_text())
        except (OSError, ValueError):
            self.facts = {}

    @property
    def release(self):
        return self.facts.get("release")

    def write(self, **facts):
        self.facts.update(facts)
        fresh = self.dir / "guest.json.new"
        fresh.write_text(json.dumps(self.facts, indent=1) + "\n")
        fresh.rename(self.dir / "guest.json")

    @contextlib.contextmanager
    def locked(self):
        """While a guest is booted or ended. Whoever finds it locked leaves it alone."""
        with open(self.dir / "lock", "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Trouble(f"{self.name}: another process is booting or ending it") from None
            yield

    def exists(self):
        return self.dir.is_dir()

    def runs(self):
        return runs(self.facts.get("manager"))

    def stale(self):
        owner = self.facts.get("owner")
        return not runs(owner) if owner else not self.runs()

    # -- up, reboot, down

    def lay_tree(self, root):
        self.tree.mkdir(exist_ok=True)
        if mount_overlay(root, self.tree):
            return "overlay"
        done = run_quietly("cp", "-a", "--reflink=auto", str(root), str(self.root))
        if done.returncode:
            raise Trouble(f"cannot copy {root}: {done.stdout.strip()}")
        return "copy"

    def boot(self):
        """Starts it and waits for its manager; says how long that took."""
        started = time.monotonic()
        self.cgroup.mkdir(exist_ok=True)
        argv = ["systemd-nspawn", "--quiet", "--directory", str(self.root), "--machine", self.name, "--boot",
                "--register=no", "--keep-unit", "--private-network", "--capability=all", "--console=pipe",
                *(f"--drop-capability={name}" for name in self.facts.get("dropped", [])),
                *(f"--bind-ro={bind}" for bind in self.facts["binds"]), *self.facts.get("words", [])]

        def enter_cgroup():  # of its own, or units of the same name in two guests would share one
            (self.cgroup / "cgroup.procs").write_text("0")

        with open(self.console, "ab") as console:
            child = subprocess.Popen(argv, env={**os.environ, **NSPAWN_ENV}, stdin=subprocess.DEVNULL,
                                     stdout=console, stderr=console, start_new_session=True,
                                     preexec_fn=enter_cgroup)
        self.write(nspawn=identity(child.pid), manager=None)

        def ended():
            return child.poll() is not None

        manager = wait_until(lambda: ended() or self.find_manager(child.pid), BOOT_SECONDS)
        if not manager or ended():
            raise Trouble(f"{self.name}: systemd did not start\n{self.tail()}")
        self.write(manager=identity(manager))
        private = Path(f"/proc/{manager}/root/run/systemd/private")
        wait_until(lambda: ended() or private.exists(), BOOT_SECONDS)
        state = wait_until(lambda: ended() or self.state() in ("running", "degraded"), BOOT_SECONDS, 0.1)
        if not state or ended():
            raise Trouble(f"{self.name}: not booted after {time.monotonic() - started:.0f} s\n{self.tail()}")
        child.returncode = 0  # it outlives this process, which therefore never waits for it
        return time.monotonic() - started

    @staticmethod
    def find_manager(nspawn):
        """The child that is the first process of its namespace, once it is systemd."""
        with contextlib.suppress(OSError, IndexError):
            child = int(Path(f"/proc/{nspawn}/task/{nspawn}/children").read_text().split()[0])
            status = Path(f"/proc/{child}/status").read_text()
            if re.search(r"^Name:\tsystemd$", status, re.M) and re.search(r"^NSpid:.*\t1$", status, re.M):
                return child
        return None

    def state(self):
        if not self.runs():
            return "off"
        done = run_quietly(*self.enter(), "systemctl", "is-system-running")
        return (done.stdout.split() or ["unknown"])[-1]

    def tail(self):
        lines = self.console.read_text(errors="replace").splitlines() if self.console.exists() else []
        return "\n".join(lines[-15:])

    def stop(self):
        """What a reboot does first: all that shutting down takes, then what is left the hard way."""
        if self.runs():
            run_quietly(*self.enter(), "systemctl", "--no-block", "poweroff")
            wait_until(lambda: not runs(self.facts["nspawn"]), OFF_SECONDS)
        self.end_processes()

    def end_processes(self):
        end_process(self.facts.get("manager"))  # and with it all of its PID namespace
        nspawn = self.facts.get("nspawn")
        wait_until(lambda: not runs(nspawn), 5)
        end_process(nspawn)
        self.end_cgroup()

    def end_cgroup(self):
        if not self.cgroup or not self.cgroup.is_dir():
            return
        with contextlib.suppress(OSError):  # nobody is in it who was not started for this guest
            (self.cgroup / "cgroup.kill").write_text("1")

        def remove():
            for folder, _, _ in os.walk(self.cgroup, topdown=False):
                with contextlib.suppress(OSError):
                    os.rmdir(folder)
            return not self.cgroup.is_dir()

        if not wait_until(remove, 10):
            raise Trouble(f"{self.name}: its cgroup {self.cgroup} does not go")

    def remove(self):
        """Everything that is left of it, whatever came to pass before."""
        self.end_processes()
        unmount_below(self.tree)
        shutil.rmtree(self.dir)
        with contextlib.suppress(OSError):
            os.rmdir(f"/run/systemd/nspawn/propagate/{self.name}")

    # -- within

    def enter(self):
        if not self.runs():
            raise Trouble(f"{self.name}: no such guest is running")
        words = [f"{name}={value}" for name, value in COMMAND_ENV.items()]
        return ["nsenter", "--target", str(self.facts["manager"][0]), "--all", "env", "-i", *words]

    def command(self, argv, properties=(), timeout_s=None):
        """What runs argv as a unit of the guest."""
        options = [f"--property={one}" for one in properties]
        if timeout_s:
            options.append(f"--property=RuntimeMaxSec={timeout_s}")
        words = [word.replace("$", "$$") for word in argv]  # systemd expands variables in commands
        return [*self.enter(), "systemd-run", "--pipe", "--wait", "--collect", "--quiet", *options, "--", *words]

    def run(self, *argv, text_in="", timeout_s=120, check=True):
        """For tests: the finished command, with what it said."""
        done = subprocess.run(self.command(argv, timeout_s=timeout_s), input=text_in, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        if check and done.returncode:
            raise Trouble(f"{self.name}: {' '.join(argv)[:200]}: exit {done.returncode}\n{done.stderr.strip()}")
        return done

    def shell(self, script, **options):
        return self.run("/bin/sh", "-eu", "-s", text_in=script, **options).stdout

    def pipe_in(self, data, *argv):
        done = subprocess.run([*self.enter(), *argv], input=data, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False)
        if done.returncode:
            raise Trouble(f"{self.name}: {argv[0]}: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout

    def push_files(self, files):
        """{path: text or bytes, or (text, mode)}, in one go."""
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as tar:
            for path, content in files.items():
                content, mode = content if isinstance(content, tuple) else (content, 0o644)
                data = content.encode() if isinstance(content, str) else content
                info = tarfile.TarInfo(path.lstrip("/"))
                info.size, info.mode, info.mtime = len(data), mode, int(time.time())
                tar.addfile(info, io.BytesIO(data))
        self.pipe_in(out.getvalue(), "tar", "-x", "-C", "/", "--no-same-owner", "--keep-directory-symlink")

    def push(self, source, target):
        """A file to a path, or what is in a folder to a folder."""
        source = Path(source)
        if source.is_dir():
            data = subprocess.run(["tar", "-c", "-C", str(source), "."], stdout=subprocess.PIPE, check=True)
            self.pipe_in(b"", "mkdir", "-p", target)
            self.pipe_in(data.stdout, "tar", "-x", "-C", target, "--no-same-owner")
        else:
            self.push_files({target: (source.read_bytes(), source.stat().st_mode & 0o7777)})

    def pull(self, source, target):
        target = Path(target)
        if self.run("test", "-d", source, check=False).returncode == 0:
            target.mkdir(parents=True, exist_ok=True)
            subprocess.run(["tar", "-x", "-C", str(target), "--no-same-owner"],
                           input=self.pipe_in(b"", "tar", "-c", "-C", source, "."), check=True)
        else:
            target.write_bytes(self.pipe_in(b"", "cat", source))

    def install(self, packages):
        paths = []
        for package in packages:
            paths.append(f"/var/tmp/{Path(package).name}")
            self.push(package, paths[-1])
        self.run("env", "DEBIAN_FRONTEND=noninteractive", "dpkg", "--install", *paths, timeout_s=600)
        self.pipe_in(b"", "rm", "-f", *paths)


def mount_overlay(root, tree):
    """tree/root over root, with what is written in a tmpfs at tree. False where that is not to be had."""
    def mount(*words):
        return run_quietly("mount", *words).returncode == 0

    if not mount("-t", "tmpfs", "-o", "mode=755,size=50%", "harden-guest", str(tree)):
        return False
    parts = [tree / name for name in ("root", "upper", "work")]
    for part in parts:
        part.mkdir()
    options = f"lowerdir={root},upperdir={parts[1]},workdir={parts[2]}"
    if mount("-t", "overlay", "-o", options, "harden-guest", str(tree / "root")):
        return True
    run_quietly("umount", str(tree))
    return False


def unmount_below(tree):
    def mounts():
        points = (line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines())
        return [point for point in points if point == str(tree) or point.startswith(f"{tree}/")]

    def unmount():
        for point in reversed(mounts()):
            run_quietly("umount", point)
        return not mounts()

    if not wait_until(unmount, 10, 0.1):
        raise Trouble(f"{tree}: still mounted")


def all_guests():
    if not STATE_DIR.is_dir():
        return []
    return [Guest(path.name) for path in sorted(STATE_DIR.iterdir()) if path.is_dir()]


def sweep_locked():
    for guest in all_guests():
        if guest.stale():
            with contextlib.suppress(Trouble), guest.locked():
                guest = Guest(guest.name)
                if guest.stale():
                    guest.remove()
                    say(f"{guest.name}: ended, since nobody owns it any more")


def sweep():
    with registry():
        sweep_locked()


def up(release, name=None, flavour="base", binds=(), owner=None, dropped=()):
    """A booted guest. owner: a process with whose end it may go. dropped: capabilities that it is to lack."""
    if release not in SYSTEMD:
        raise Trouble(f"no release {release} of Debian: one of {', '.join(SYSTEMD)}")
    check_machine()
    root = find_root(release, flavour)
    guest = Guest(name or f"guest-{release}-{os.getpid()}")
    with contextlib.ExitStack() as stack:
        with registry():
            sweep_locked()
            if guest.exists():
                raise Trouble(f"{guest.name}: there is a guest of that name")
            guest.dir.mkdir(mode=0o700)
            stack.enter_context(guest.locked())
        guest = Guest(guest.name)
        try:
            guest.write(release=release, flavour=flavour, binds=list(binds), dropped=list(dropped),
                        owner=identity(owner) if owner else None)
            guest.write(tree=guest.lay_tree(root))
            seconds = guest.boot()
        except BaseException:
            guest.remove()
            raise
    say(f"{guest.name}: booted in {seconds:.1f} s")
    return guest


def find(name):
    guest = Guest(name)
    if not guest.exists():
        raise Trouble(f"{name}: no such guest")
    return guest


def reboot(guest, words=None):
    """words: on the command line of its first process, from now on; a container has no kernel's of its own."""
    with guest.locked():
        guest.stop()
        if words is not None:
            guest.write(words=list(words))
        seconds = guest.boot()
    say(f"{guest.name}: booted in {seconds:.1f} s")


def down(guest):
    with guest.locked():
        guest.remove()
