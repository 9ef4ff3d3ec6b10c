#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The driver itself, on a guest of its own: what it passes on, that a reboot keeps the tree, that nothing is
left.  driver_test.py --release 12|13 [unittest arguments]"""
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True
import guests  # noqa: E402

GUEST = str(Path(__file__).resolve().parent / "guest")
RELEASE = ""


def guest(*words, text_in=None, env=None):
    return subprocess.run([GUEST, *words], input=text_in, text=True, env={**os.environ, **(env or {})},
                          stdin=None if text_in is not None else subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300, check=False)


def mounts_of(name):
    return [line for line in Path("/proc/mounts").read_text().splitlines() if f"/{name}/" in line]


def left_of(name):
    """Processes, mounts and folders of a guest."""
    one = guests.Guest(name)
    folders = [str(path) for path in (one.dir, one.cgroup) if path.exists()]
    processes = []
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if one.cgroup.name in (path / "cgroup").read_text() and guests.start_time(path.name):
                processes.append(path.name)
    return folders + mounts_of(name) + processes


class Driver(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.name = f"driver-{RELEASE}-{os.getpid()}"
        cls.dir = tempfile.TemporaryDirectory(prefix="harden-driver-")
        cls.at = Path(cls.dir.name)
        (cls.at / "bound").mkdir()
        (cls.at / "bound/file").write_text("from outside")
        done = guest("up", RELEASE, "--name", cls.name, "--owner", str(os.getpid()),
                     "--bind", f"{cls.at}/bound:/bound")
        if done.returncode:
            print(done.stderr)
            sys.exit(done.returncode)
        assert done.stdout == f"{cls.name}\n", done.stdout

    @classmethod
    def tearDownClass(cls):
        guests.down(guests.find(cls.name))
        cls.dir.cleanup()

    def exec(self, *words, text_in=None):
        return guest("exec", self.name, "--", *words, text_in=text_in)

    def test_exec_passes_status_and_streams(self):
        done = self.exec("sh", "-c", "cat; echo talk >&2; exit 42", text_in="said\nto it\n")
        self.assertEqual((done.returncode, done.stdout), (42, "said\nto it\n"))
        self.assertEqual(done.stderr, "talk\n")
        self.assertEqual(self.exec("true").returncode, 0)
        self.assertEqual(self.exec("printf", "%s|", "a b", "$HOME", "%n", "").stdout, "a b|$HOME|%n||")

    def test_exec_runs_a_unit_of_the_right_systemd(self):
        # The second line: the cgroup is that of a service, seen from the guest's own root.
        done = self.exec("sh", "-c", "systemctl --version; cat /proc/self/cgroup /proc/1/comm; id -u")
        lines = done.stdout.splitlines()
        self.assertTrue(lines[0].startswith(f"systemd {guests.SYSTEMD[RELEASE]} "), lines[0])
        self.assertRegex(done.stdout, r"(?m)^0::/system\.slice/run-[^/]+\.service$")
        self.assertEqual(lines[-2:], ["systemd", "0"])

    def test_exec_sees_nothing_of_the_callers_environment(self):
        done = guest("exec", self.name, "--", "env", env={"HARDEN_LEAK": "1"})
        self.assertNotIn("HARDEN_LEAK", done.stdout)

    def test_exec_ends_after_its_timeout(self):
        started = time.monotonic()
        done = guest("exec", self.name, "--timeout", "1", "--", "sleep", "60")
        self.assertNotEqual(done.returncode, 0)
        self.assertLess(time.monotonic() - started, 30)

    def test_the_cgroup_tree_is_unified_and_the_network_is_its_own(self):
        self.assertEqual(self.exec("stat", "-f", "-c", "%T", "/sys/fs/cgroup").stdout, "cgroup2fs\n")
        self.assertEqual(self.exec("ls", "/sys/class/net").stdout.split(), ["lo"])

    def test_binds_are_there_and_read_only(self):
        self.assertEqual(self.exec("cat", "/bound/file").stdout, "from outside")
        done = self.exec("sh", "-c", "echo x >/bound/file")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("Read-only", done.stderr)

    def test_push_and_pull(self):
        source = self.at / "source"
        (source / "sub").mkdir(parents=True)
        (source / "sub/script").write_text("#!/bin/sh\necho pushed\n")
        (source / "sub/script").chmod(0o755)
        self.assertEqual(guest("push", self.name, str(source), "/opt/pushed").returncode, 0)
        self.assertEqual(self.exec("/opt/pushed/sub/script").stdout, "pushed\n")
        self.assertEqual(guest("push", self.name, str(source / "sub/script"), "/opt/one").returncode, 0)
        self.assertEqual(self.exec("/opt/one").stdout, "pushed\n")
        self.assertEqual(guest("pull", self.name, "/opt/pushed", str(self.at / "back")).returncode, 0)
        self.assertEqual((self.at / "back/sub/script").read_text(), (source / "sub/script").read_text())
        self.assertEqual(guest("pull", self.name, "/opt/one", str(self.at / "one")).returncode, 0)
        self.assertEqual((self.at / "one").read_text(), (source / "sub/script").read_text())
        self.assertEqual(guest("pull", self.name, "/opt/none", str(self.at / "none")).returncode, 2)

    def test_install(self):
        control = self.at / "deb/DEBIAN/control"
        control.parent.mkdir(parents=True)
        control.write_text("Package: harden-nothing\nVersion: 1\nArchitecture: all\nMaintainer: nobody\n"
                           "Description: for a test\n")
        subprocess.run(["dpkg-deb", "--build", str(self.at / "deb"), str(self.at / "nothing.deb")], check=True,
                       stdout=subprocess.DEVNULL)
        self.assertEqual(guest("install", self.name, str(self.at / "nothing.deb")).returncode, 0)
        self.assertIn("ok installed", self.exec("dpkg", "-s", "harden-nothing").stdout)

    def test_reboot_keeps_the_tree_and_spares_the_cache(self):
        self.exec("sh", "-c", "echo kept >/srv/kept; echo gone >/run/gone")
        first = guests.find(self.name).facts["manager"]
        done = guest("reboot", self.name)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotEqual(guests.find(self.name).facts["manager"], first)
        self.assertEqual(self.exec("cat", "/srv/kept").stdout, "kept\n")
        self.assertNotEqual(self.exec("test", "-e", "/run/gone").returncode, 0)
        self.assertFalse((guests.root_path(RELEASE, "base") / "srv/kept").exists())

    def test_status(self):
        done = guest("status", self.name)
        self.assertEqual(done.returncode, 0)
        self.assertIn(done.stdout.split()[2], ("running", "degraded"))
        self.assertEqual(done.stdout.split()[:2], [self.name, RELEASE])
        self.assertIn(self.name, guest("status").stdout)

    def test_faults_are_one_line(self):
        for words in (["exec", "nobody", "--", "true"], ["down", "nobody"], ["up", RELEASE, "--name", "../x"],
                      ["up", RELEASE, "--name", self.name]):
            done = guest(*words)
            self.assertEqual(done.returncode, 2, words)
            self.assertEqual((done.stdout, done.stderr.count("\n")), ("", 1), words)

    def test_says_why_there_can_be_none(self):
        for env, reason in (({"PATH": "/nowhere"}, "guests need systemd-nspawn"),
                            ({"PATH": no_program("mmdebstrap", self.at), "HARDEN_CACHE": f"{self.at}/empty"},
                             "guests need mmdebstrap, since no root is cached"),
                            ({"HARDEN_CACHE": f"{self.at}/empty", "HARDEN_DEBIAN_MIRROR": "http://localhost:9/"},
                             f"guests need the Debian archive or a cached root of Debian {RELEASE}, base")):
            done = subprocess.run([sys.executable, GUEST, "up", RELEASE], env={**os.environ, **env}, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300, check=False)
            self.assertEqual(done.returncode, 77, done.stderr)
            self.assertEqual(done.stderr.splitlines()[-1], f"guest: {reason}")


class Leftovers(unittest.TestCase):
    def setUp(self):
        self.name = f"leftover-{RELEASE}-{os.getpid()}"

    def tearDown(self):
        if guests.Guest(self.name).exists():
            guests.down(guests.find(self.name))

    def test_down_leaves_nothing(self):
        one = guests.up(RELEASE, self.name, owner=os.getpid())
        one.run("systemd-run", "--quiet", "--unit=stays", "sleep", "1000")
        self.assertTrue(mounts_of(self.name))
        self.assertEqual(guest("down", self.name).returncode, 0)
        self.assertEqual(left_of(self.name), [])

    def test_the_guest_of_one_who_was_killed_goes_with_the_next_sweep(self):
        owner = subprocess.Popen(["sleep", "1000"])
        try:
            guests.up(RELEASE, self.name, owner=owner.pid)
            self.assertNotIn(self.name, guest("sweep").stderr)
            self.assertTrue(guests.Guest(self.name).runs())
        finally:
            owner.kill()
            owner.wait()
        self.assertEqual(guest("sweep").returncode, 0)
        # The `up` of another test may have been first, and still be at it.
        self.assertTrue(guests.wait_until(lambda: not left_of(self.name), 20, 0.2), left_of(self.name))

    def test_what_was_killed_while_booting_goes_too(self):
        one = guests.Guest(self.name)
        with subprocess.Popen([GUEST, "up", RELEASE, "--name", self.name], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as driver:
            guests.wait_until(lambda: mounts_of(self.name) and one.cgroup.is_dir(), 60, 0.01)
            driver.kill()

        def swept():  # a child that was just born may hold the lock for a moment longer
            guests.sweep()
            return not one.exists()

        self.assertTrue(guests.wait_until(swept, 20, 0.2), json.dumps(guests.Guest(self.name).facts))
        self.assertEqual(left_of(self.name), [])


def no_program(name, at):
    """A PATH with all programs but one."""
    place = at / f"no-{name}"
    place.mkdir()
    for folder in ("/usr/sbin", "/usr/bin", "/sbin", "/bin"):
        for path in Path(folder).iterdir():
            if path.name != name and not (place / path.name).is_symlink():
                (place / path.name).symlink_to(path)
    return str(place)


if __name__ == "__main__":
    assert sys.argv[1] == "--release"
    RELEASE = sys.argv[2]
    del sys.argv[1:3]
    try:
        guests.check_machine()
        guests.find_root(RELEASE, "base")
    except guests.Impossible as trouble:
        print(f"skipped: {trouble}")
        sys.exit(77)
    unittest.main()
