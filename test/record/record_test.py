#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every kind of need, done once by a small program, is in the recording.

  record_test.py RECORDER NEEDS BACKEND [WORD…]     BACKEND: ebpf, ptrace, or stress
Exit 77: this machine does not let it run; the last line says why."""
import contextlib
import json
import os
import pathlib
import signal
import stat
import subprocess
import sys
import tempfile

# What must be there: fields of a line, beside "need". "{dir}" is the folder of the test.
EXPECTED = {
    "read": [dict(need="file", access="read", type="regular", path="/etc/hostname", result="ok"),
             dict(need="syscall", abi="x86-64", name="openat")],
    "write": [dict(need="file", access="create", path="{dir}/a", result="ok"),
              dict(need="file", access="write", path="{dir}/a", result="ok")],
    "refused": [dict(need="file", access="read", path="/etc/shadow", result="EACCES")],
    "names": [dict(need="file", access="create", type="directory", path="{dir}/d"),
              dict(need="file", access="rename", path="{dir}/d/f", other="{dir}/d/g"),
              dict(need="file", access="link", path="{dir}/d/g", other="{dir}/d/h"),
              dict(need="file", access="create", type="symlink", path="{dir}/d/s", other="g"),
              dict(need="file", access="remove", path="{dir}/d/h"),
              dict(need="file", access="change-mode", path="{dir}/d/g"),
              dict(need="file", access="change-owner", path="{dir}/d/g"),
              dict(need="file", access="change-xattr", path="{dir}/d/g"),
              dict(need="file", access="remove", type="directory", path="{dir}/d")],
    # By the paths that the unit's settings have, whatever the process calls them.
    "other-root": [dict(need="file", access="create", type="directory", path="{dir}/root/absolute"),
                   dict(need="file", access="create", type="directory", path="{dir}/root/relative"),
                   dict(need="file", access="write", path="{dir}/root/file")],
    "list": [dict(need="file", access="list", path="/etc", result="ok")],
    "exec": [dict(need="file", access="execute", path="/usr/bin/true", result="ok"),
             dict(need="file", access="map-execute", path="/usr/lib/x86_64-linux-gnu/libc.so.6")],
    "device": [dict(need="device", major=1, minor=5, access="read", path="/dev/zero", result="ok"),
               dict(need="device", major=1, minor=5, access="mknod", path="{dir}/n")],
    "capability": [dict(need="file", access="change-root", path="/"),
                   dict(need="capability", name="CAP_SYS_CHROOT", during="chroot", call="succeeded", result="ok")],
    "family": [dict(need="socket", family="AF_NETLINK", type="SOCK_RAW", result="ok")],
    "port": [dict(need="bind", family="AF_INET", type="SOCK_STREAM", address="127.0.0.1", port=8099, result="ok"),
             dict(need="peer", action="connect", type="SOCK_STREAM", address="127.0.0.1", port=8099),
             dict(need="peer", action="accept", address="127.0.0.1", port=8099),
             dict(need="peer", action="send", type="SOCK_DGRAM", address="127.0.0.1", port=8099)],
    "unix": [dict(need="unix-socket", action="bind", type="SOCK_STREAM", result="ok"),
             dict(need="unix-socket", action="bind", address="@needs", result="ok"),
             dict(need="unix-socket", action="send", type="SOCK_DGRAM", address="@needs")],
    "wx": [dict(need="wx-memory", call="mmap", what="anonymous", result="ok"),
           dict(need="wx-memory", call="mprotect", result="ok")],
    "namespace": [dict(need="namespace", call="unshare", what="uts", result="ok")],
    "mount": [dict(need="mount", call="mount", type="tmpfs", target="{dir}/m", result="ok"),
              dict(need="mount", call="umount2", target="{dir}/m", result="ok")],
    "identity": [dict(need="identity", what="user", id=33, result="ok"),
                 dict(need="identity", what="group", id=33, result="ok")],
    "set-id": [dict(need="set-id-exec", path="{dir}/suid", gain="user")],
    "scheduling": [dict(need="scheduling", call="sched_setscheduler", what="SCHED_RR"),
                   dict(need="scheduling", call="setpriority", what="nice 5"),
                   dict(need="scheduling", call="sched_setaffinity")],
    "locked": [dict(need="locked-memory", call="mlock", result="ok")],
    "limit": [dict(need="limit", what="RLIMIT_CORE", result="ok")],
    "personality": [dict(need="personality", call="personality", what="0x40000", result="ok")],
    "mode-bits": [dict(need="mode-bits", call="chmod", path="{dir}/b", mode=0o4755, result="ok")],
    "sysctl": [dict(need="sysctl", name="kernel/ostype", result="ok")],
    "kernel-log": [dict(need="kernel-log", call="syslog", what="10")],
    "clock": [dict(need="clock", what="read")],
    "host-name": [dict(need="host-name", call="sethostname", result="ok")],
    "keyring": [dict(need="keyring", call="keyctl", what="0")],
    "ipc": [dict(need="ipc", mechanism="sysv-shm", name="0x1234", create=True, result="ok"),
            dict(need="ipc", mechanism="posix-shm", name="/needs", create=True, result="ok"),
            dict(need="ipc", mechanism="posix-mq", name="needs", create=True, result="ok")],
    "process": [dict(need="process", file="status")],
    "signal": [dict(need="signal", signal=10, target="sleep", result="ok"), dict(need="signal", result="ok")],
    "trace": [dict(need="trace", call="process_vm_readv")],
    "bpf": [dict(need="bpf", call="bpf")],
    "perf": [dict(need="perf", call="perf_event_open")],
    "io-uring": [dict(need="io-uring", call="io_uring_setup")],
    "module": [dict(need="syscall", name="delete_module")],
    "compat": [dict(need="syscall", abi="x86", name="getpid")],
}
UNSEEN = {"ptrace": {"capability"}}


def fits(line, wanted):
    return all(line.get(key) == value for key, value in wanted.items())


def lines_of(path):
    data = pathlib.Path(path).read_bytes()
    if data.startswith(b"\x28\xb5\x2f\xfd"):  # a large one is compressed; `harden` stands beside the recorder
        harden = pathlib.Path(sys.argv[1]).with_name("harden")
        data = subprocess.run([harden, "merge", path], capture_output=True, check=True).stdout
    return [json.loads(line) for line in data.decode().splitlines()]


class Case:
    def __init__(self, recorder, program, backend):
        self.recorder, self.program, self.backend = recorder, program, backend

    def record(self, folder, *words, options=(), env=None):
        output = f"{folder}.jsonl"
        done = subprocess.run([self.recorder, f"--backend={self.backend}", *options, "-o", output, "--", self.program, *words],
                              capture_output=True, text=True, timeout=900, check=False,
                              env={**os.environ, **(env or {})})
        return done, output

    def missing(self, word):
        with tempfile.TemporaryDirectory(prefix="harden-needs-") as folder:
            os.chmod(folder, 0o755)
            if word == "set-id":
                subprocess.run(["cp", "/bin/true", f"{folder}/suid"], check=True)
                os.chmod(f"{folder}/suid", 0o4755)
            with contextlib.ExitStack() as stack:
                env = {}
                if word == "signal":
                    target = stack.enter_context(subprocess.Popen(["sleep", "60"]))
                    stack.callback(target.kill)
                    env["NEEDS_TARGET"] = str(target.pid)
                done, output = self.record(folder, word, folder, env=env)
            if done.returncode != 0:
                return [f"{word}: exit {done.returncode}: {done.stderr.strip()}"]
            if word == "compat" and "signal 11" in done.stderr:
                print("not tried: compat: this kernel has no calls for 32-bit programs")
                return []
            said = [line for line in done.stderr.splitlines() if line.startswith("needs: ")]
            found = lines_of(output)
            os.unlink(output)
            wanted = [{k: v.replace("{dir}", folder) if isinstance(v, str) else v for k, v in one.items()}
                      for one in EXPECTED[word] if one["need"] not in UNSEEN.get(self.backend, ())]
            return [f"{word}: not recorded: {one} {said}" for one in wanted
                    if not any(fits(line, one) for line in found)]


def stress(case):
    """Nothing is lost among very many: calls, children; and what is lost is told."""
    faults = []
    wanted = EXPECTED["names"] + EXPECTED["wx"] + EXPECTED["port"]
    for word, times, expected in (("among-calls", 5_000_000, wanted), ("among-children", 100_000, EXPECTED["names"])):
        with tempfile.TemporaryDirectory(prefix="harden-needs-") as folder:
            done, output = case.record(folder, word, folder, str(times), options=["--always"])
            found = lines_of(output)
            os.unlink(output)
            if done.returncode != 0:
                faults.append(f"{word}: exit {done.returncode}: {done.stderr.strip()}")
            for one in expected:
                one = {k: v.replace("{dir}", folder) if isinstance(v, str) else v for k, v in one.items()}
                if not any(fits(line, one) for line in found):
                    faults.append(f"{word}: not recorded: {one}")
            print(f"{word}: {times} times, {len(found)} lines, {done.stderr.strip().splitlines()[-1:]}")
    # The recorder stands still while events come: the ring buffer must overflow, and say so.
    with tempfile.TemporaryDirectory(prefix="harden-needs-") as folder:
        output = f"{folder}.jsonl"
        with subprocess.Popen([case.recorder, "-o", output, "--", "sh", "-c",
                               'kill -STOP $PPID; "$0" burst "$1" 40000; kill -CONT $PPID', case.program, folder],
                              stderr=subprocess.PIPE, text=True) as process:
            _, talk = process.communicate(timeout=900)
        source = lines_of(output)[1]["source"]
        os.unlink(output)
        print(f"burst: {source.get('lost', 0)} lost of {source.get('events', 0)} told")
        if not source.get("lost") or process.returncode != 1 or "events were lost" not in talk:
            faults.append(f"burst: exit {process.returncode}, lost {source.get('lost')}: {talk.strip()}")
    return faults


def main():
    recorder, program, backend, *words = sys.argv[1:]
    if os.geteuid() != 0:
        print("skipped: recording takes root")
        return 77
    case = Case(recorder, program, "ebpf" if backend == "stress" else backend)
    probe = subprocess.run([recorder, f"--backend={case.backend}", "-o", "/dev/null", "--", "true"],
                           capture_output=True, text=True, check=False)
    if probe.returncode != 0:
        print(f"skipped: {probe.stderr.strip()}")
        return 77
    if not stat.S_ISCHR(os.stat("/dev/null").st_mode):
        print("a recording into /dev/null has replaced it")
        return 1
    faults = stress(case) if backend == "stress" else [fault for word in words or EXPECTED for fault in case.missing(word)]
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(main())
