#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What holds for the program as a whole: exit codes, errors, colours, widths, and that nothing foreign
reaches a terminal raw.  program_test.py PROGRAM [unittest arguments]"""
import fcntl
import json
import os
import pathlib
import pty
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import unittest

PROGRAM = ""
ESCAPE = re.compile(rb"\x1b\[[0-9;]*m")
# What no output may hold: C0 but newline, DEL, C1 as UTF-8, bidirectional controls.
RAW = re.compile("[\x00-\x09\x0b-\x1f\x7f\x80-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
EVIL = "\x1b[31mred\x1b]0;title\x07\x9b2J\u202ertl\x7f"


def clean_env(extra=None):
    env = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS")}
    return {**env, "TERM": "xterm", **(extra or {})}


def run(*arguments, env=None, cwd=None):
    return subprocess.run([PROGRAM, *arguments], env=clean_env(env), cwd=cwd, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=60, check=False)


def run_on_terminal(*arguments, width=80, env=None):
    """(exit code, stdout and stderr as a terminal of that width gets them)"""
    main, side = pty.openpty()
    attributes = termios.tcgetattr(side)
    attributes[1] &= ~termios.OPOST
    termios.tcsetattr(side, termios.TCSANOW, attributes)
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    with subprocess.Popen([PROGRAM, *arguments], env=clean_env(env), stdin=side, stdout=side, stderr=side) as child:
        os.close(side)
        out = b""
        while True:
            try:
                piece = os.read(main, 65536)
            except OSError:
                break
            if not piece:
                break
            out += piece
        code = child.wait(60)
    os.close(main)
    return code, out


class Program(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temp = tempfile.TemporaryDirectory()
        cls.root = pathlib.Path(cls.temp.name)
        cls.units = cls.root / "usr/lib/systemd/system"
        cls.units.mkdir(parents=True)
        cls.add("bare.service", "[Service]\nExecStart=/bin/a\n")
        cls.add("tight.service", "[Service]\nExecStart=/bin/a\nDynamicUser=yes\nPrivateNetwork=yes\n"
                                 "CapabilityBoundingSet=\nSystemCallFilter=@system-service\n")
        cls.add("a-service-with-a-very-long-name-that-alone-is-wider-than-some-terminals.service",
                "[Service]\nExecStart=/bin/a\n")
        # A backslash is the one character of a unit's name that a terminal may see as more than itself.
        cls.add("dev-disk\\x2duuid.service", "[Service]\nExecStart=/bin/a\n")
        cls.add("tty@.service", "[Service]\nExecStart=/bin/a %I\n")
        cls.add("sock.socket", "[Socket]\nListenStream=/run/x\n")
        cls.add("evil.service", f"[Service]\nExecStart=/bin/a {EVIL}\nUser=evil\nSyslogIdentifier={EVIL}\n"
                                f"RestrictAddressFamilies=AF_{EVIL}\nReadOnlyPaths=/{EVIL}\n{EVIL}=1\n")
        drop_ins = cls.units / "evil.service.d"
        drop_ins.mkdir()
        (drop_ins / f"50-{EVIL}.conf").write_text(f"[Service]\nProtectSystem={EVIL}\nReadOnlyPaths=/b\n")
        cls.at_root = (f"--root={cls.root}", "--for-systemd=252")

    @classmethod
    def tearDownClass(cls):
        cls.temp.cleanup()

    @classmethod
    def add(cls, name, text):
        (cls.units / name).write_text(text)

    def check(self, done, code, error=""):
        self.assertEqual((done.returncode, done.stderr.decode()), (code, error))

    # --- exit codes and errors

    def test_without_findings_the_exit_code_is_0(self):
        self.check(run("score", "tight", *self.at_root), 0)

    def test_over_the_threshold_it_is_1(self):
        self.check(run("score", "bare", "--threshold=95", *self.at_root), 1)
        self.check(run("score", "bare", "--threshold=96", *self.at_root), 0)

    def test_a_unit_that_is_not_there_is_trouble_and_the_others_are_scored(self):
        done = run("score", "bare", "tigt", "--json", *self.at_root)
        self.check(done, 2, "harden: tigt.service: there is no such unit\nhint: did you mean tight.service?\n")
        record = json.loads(done.stdout)
        self.assertEqual([u["unit"] for u in record["units"]], ["bare.service"])
        self.assertEqual([u["unit"] for u in record["failed"]], ["tigt.service"])

    def test_usage_errors_are_one_line_and_a_hint(self):
        lists = "hint: 'harden score --help' lists the options\n"
        for arguments, error in {
            (): "harden: there is no command\nhint: 'harden help' lists them\n",
            ("scroe",): "harden: there is no command scroe\nhint: did you mean score?\n",
            ("xyzzy",): "harden: there is no command xyzzy\nhint: 'harden help' lists the commands\n",
            ("--wersion",): "harden: there is no option --wersion\nhint: did you mean --version?\n",
            ("score", "--thresold=3"): "harden: score: there is no option --thresold\nhint: did you mean --threshold?\n",
            ("score", "--root"): "harden: score: --root needs a value: DIR\n" + lists,
            ("score", "--json=1"): "harden: score: --json takes no value\n" + lists,
            ("score", "--threshold=9.5"):
                "harden: score: --threshold takes a whole number from 0 to 100, not '9.5'\n" + lists,
            ("score", "--format=xml"): "harden: score: --format takes table|json|sarif, not 'xml'\n" + lists,
            ("show",): "harden: show: needs an argument: harden show UNIT|FILE\n"
                       "hint: 'harden show --help' lists the options\n",
        }.items():
            with self.subTest(arguments):
                done = run(*arguments)
                self.check(done, 2, error)
                self.assertEqual(done.stdout, b"")

    def test_input_that_cannot_be_read_is_named(self):
        self.check(run("score", "--root=/nowhere"), 2,
                   "harden: cannot open the directory /nowhere: No such file or directory\n")
        self.check(run("score", "--exempt=/nowhere", *self.at_root), 2,
                   "harden: /nowhere: cannot open the file: No such file or directory\n")
        self.check(run("score", "./nowhere.service", *self.at_root), 2,
                   "harden: ./nowhere.service: there is no such file\n")
        self.check(run("score", "a b", *self.at_root), 2, "harden: a b: is no unit name\n")
        self.check(run("score", "multi-user.target", *self.at_root), 2,
                   "harden: multi-user.target: a target unit runs no process\n")

    def test_a_bad_exemption_stops_the_run_and_names_its_line(self):
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write("bare.service\nbare 200\n")
            file.flush()
            done = run("score", f"--exempt={file.name}", *self.at_root)
        self.check(done, 2, f"harden: {file.name}:2: '200' is no threshold from 0 to 100\n"
                            "hint: a line is a unit or pattern, perhaps a threshold, perhaps '# the reason'\n")

    def test_a_full_disk_is_trouble(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([PROGRAM, "score", *self.at_root], stdout=full, stderr=subprocess.PIPE, check=False)
        self.assertEqual((done.returncode, done.stderr),
                         (2, b"harden: cannot write the output: No space left on device\n"))

    def test_a_closed_pipe_is_quiet_also_where_the_signal_is_ignored(self):
        read, write = os.pipe()
        os.close(read)
        for restore in (True, False):
            done = subprocess.run([PROGRAM, "score", "--json", *self.at_root], stdout=write, stderr=subprocess.PIPE,
                                  restore_signals=restore, check=False)
            self.assertEqual((done.returncode, done.stderr), (-signal.SIGPIPE, b""))
        os.close(write)

    # --- which units

    def test_names_are_completed_and_templates_keep_their_name(self):
        done = run("score", "bare", "tty@", "tty@tty1", "--json", *self.at_root)
        self.assertEqual([u["unit"] for u in json.loads(done.stdout)["units"]],
                         ["bare.service", "tty@.service", "tty@tty1.service"])

    def test_an_alias_goes_by_the_name_of_its_file(self):
        with tempfile.TemporaryDirectory() as root:
            units = pathlib.Path(root) / "usr/lib/systemd/system"
            units.mkdir(parents=True)
            for file, link in (("a.service", "b.service"), ("a@.service", "b@.service")):
                (units / file).write_text("[Service]\nExecStart=/bin/a\nPrivateTmp=maybe\n")
                (units / link).symlink_to(file)
            for command, records in (("score", "units"), ("lint", "findings")):
                with self.subTest(command):
                    done = run(command, "b@", "b", "a@", "--json", "--for-systemd=252", f"--root={root}")
                    self.assertEqual([one["unit"] for one in json.loads(done.stdout)[records]
                                      if one.get("severity") != "note"], ["a.service", "a@.service"])

    def test_a_file_is_taken_from_where_it_is(self):
        done = run("score", "./bare.service", "--json", "--for-systemd=252", cwd=self.units)
        self.check(done, 0)
        done = run("score", "usr/lib/systemd/system/bare.service", "--json", *self.at_root)
        self.check(done, 0)

    def test_sockets_are_scored_offline_only(self):
        self.check(run("score", "sock.socket", *self.at_root), 2,
                   "harden: sock.socket: systemd-analyze scores only services online\n"
                   "hint: --offline scores sockets, mounts and swaps too\n")
        self.check(run("score", "sock.socket", "--offline", *self.at_root), 0)

    def test_a_tree_without_systemd_is_read_as_the_newest_does_and_that_is_said(self):
        done = run("score", "bare", "--json", f"--root={self.root}")
        self.assertIn("the tree has no systemd", done.stderr.decode())
        self.assertEqual(json.loads(done.stdout)["systemd"], 257)

    # --- help

    def test_help_goes_to_stdout(self):
        for arguments in (("help",), ("--help",), ("--version",), ("score", "--help"), ("help", "show"), ("score", "-h")):
            with self.subTest(arguments):
                done = run(*arguments)
                self.check(done, 0)
                self.assertIn(b"harden", done.stdout)
                self.assertLess(done.stdout.count(b"\n"), 30)

    # --- colours

    def test_colours_only_on_a_terminal_and_as_asked_for(self):
        command = ("score", "bare", *self.at_root)
        self.assertNotIn(b"\x1b", run(*command).stdout)
        self.assertIn(b"\x1b", run(*command, "--color=always").stdout)
        self.assertIn(b"\x1b", run_on_terminal(*command)[1])
        self.assertNotIn(b"\x1b", run_on_terminal(*command, "--color=never")[1])
        self.assertNotIn(b"\x1b", run_on_terminal(*command, env={"NO_COLOR": "1"})[1])
        self.assertIn(b"\x1b", run_on_terminal(*command, env={"NO_COLOR": ""})[1])
        self.assertIn(b"\x1b", run_on_terminal(*command, "--color=always", env={"NO_COLOR": "1"})[1])
        self.assertNotIn(b"\x1b", run_on_terminal(*command, env={"TERM": "dumb"})[1])

    # --- widths

    def test_no_line_is_wider_than_the_terminal(self):
        for width in (40, 60, 80, 132, 200):
            for command in (("score",), ("score", "bare"), ("show", "tight"), ("show", "evil"), ("score", "--help"), ("help",)):
                with self.subTest(width=width, command=command):
                    options = () if command[-1] in ("--help", "help") else self.at_root
                    _, out = run_on_terminal(*command, *options, width=width)
                    lines = ESCAPE.sub(b"", out).decode().split("\n")
                    # stderr does not know columns; its lines begin as talk does.
                    self.assertEqual([line for line in lines if len(line) > width and not re.match("harden:|hint:|[0-9]", line)], [])

    def test_columns_overrides_the_terminal(self):
        _, narrow = run_on_terminal("score", "bare", *self.at_root, width=200, env={"COLUMNS": "60"})
        self.assertLessEqual(max(map(len, ESCAPE.sub(b"", narrow).decode().split("\n"))), 60)

    def test_a_pipe_is_not_wrapped(self):
        out = run("score", "bare", *self.at_root, env={"COLUMNS": "40"}).stdout.decode()
        self.assertIn("CapabilityBoundingSet=~CAP_NET_(BIND_SERVICE|BROADCAST|RAW)  can", out)

    def test_no_line_ends_in_a_blank(self):
        for command in (("score",), ("score", "bare"), ("show", "evil")):
            self.assertNotIn(" \n", run(*command, *self.at_root).stdout.decode())

    def test_the_summary_is_for_people_only(self):
        self.assertRegex(run_on_terminal("score", *self.at_root)[1].decode(), r"\d services; median \d\.\d\n")
        self.check(run("score", *self.at_root), 0)

    # --- foreign text

    def test_nothing_foreign_reaches_the_terminal_raw(self):
        for command in (("score",), ("score", "evil"), ("show", "evil"), ("show", "evil", "--json"),
                        ("show", "evil", "--all"), ("score", "evil", "--json"),
                        ("score", "--threshold=0", "--format=sarif"), ("score", EVIL), ("show", EVIL), (EVIL,),
                        ("score", "--" + EVIL), ("score", f"--root={EVIL}"), ("score", f"--exempt={EVIL}"),
                        ("score", f"--format={EVIL}"), ("score", f"./{EVIL}.service")):
            with self.subTest(command):
                options = self.at_root if EVIL not in command[-1] else ()
                done = run(*command, *options)
                for text in (done.stdout.decode(), done.stderr.decode()):
                    self.assertIsNone(RAW.search(text), text)
                _, out = run_on_terminal(*command, *options)
                self.assertIsNone(RAW.search(ESCAPE.sub(b"", out).decode()))

    def test_bytes_that_are_not_utf8_do_not_break_json(self):
        name = b"./\xff\xfe.service"
        done = run("score", os.fsdecode(name), "--json", *self.at_root)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(len(json.loads(done.stdout)["failed"]), 1)

    # --- SARIF

    def test_sarif_has_a_result_for_each_unit_over_the_threshold(self):
        done = run("score", "--threshold=93", "--format=sarif", *self.at_root)
        self.check(done, 1)
        record = json.loads(done.stdout)
        self.assertEqual(record["version"], "2.1.0")
        run_ = record["runs"][0]
        rules = [rule["id"] for rule in run_["tool"]["driver"]["rules"]]
        self.assertEqual(len(rules), len(set(rules)))
        self.assertEqual(len(rules), 82)
        for result in run_["results"]:
            self.assertEqual(rules[result["ruleIndex"]], result["ruleId"])
            uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            self.assertRegex(uri, r"^usr/lib/systemd/system/[A-Za-z0-9@%.-]+\.service$")
            for row in result["properties"]["worst_rows"]:
                self.assertIn(row["ruleId"], rules)
        self.assertIn("bare.service", [result["properties"]["unit"] for result in run_["results"]])


class Options(unittest.TestCase):
    def test_an_option_takes_one_value(self):
        with tempfile.TemporaryDirectory() as folder:
            unit = pathlib.Path(folder) / "a.service"
            unit.write_text("[Service]\nExecStart=/bin/true\n")
            done = run("compile", "--profile", "light@1", "--allow", "jit", "--allow", "connect", str(unit))
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(b"# with connect, jit", done.stdout)


class Advice(unittest.TestCase):
    """suggest and check beyond what golden/advise shows: which recordings, which questions."""
    INPUT = pathlib.Path(__file__).resolve().parents[1] / "golden/advise/input"

    def setUp(self):
        temp = tempfile.TemporaryDirectory()
        self.addCleanup(temp.cleanup)
        self.root = pathlib.Path(temp.name) / "root"
        shutil.copytree(self.INPUT, self.root)
        self.at_root = (f"--root={self.root}", "--for-systemd=257")
        self.recording = str(self.root / "web.rec")

    def test_without_a_recording_those_that_were_kept_are_taken(self):
        done = run("check", "web", *self.at_root)
        self.assertEqual((done.returncode, done.stdout), (2, b""))
        self.assertIn(b"there is no recording of it", done.stderr)
        kept = self.root / "var/lib/harden/recordings/web.service"
        kept.mkdir(parents=True)
        shutil.copy(self.recording, kept / "0.jsonl")
        for command in (["check", "web"], ["suggest", "web", "--format=dropin"]):
            self.assertEqual(run(*command, *self.at_root).stdout, run(*command, self.recording, *self.at_root).stdout)

    def test_a_template_takes_the_recordings_of_its_instances(self):
        units = self.root / "etc/systemd/system"
        shutil.copy(units / "web.service", units / "web@.service")
        kept = self.root / "var/lib/harden/recordings/web@one.service"
        kept.mkdir(parents=True)
        shutil.copy(self.recording, kept / "0.jsonl")
        self.assertIn(b"Allow=listen:80", run("suggest", "web@", "--format=dropin", *self.at_root).stdout)

    def test_a_command_is_recorded_and_what_its_code_could_do_is_in_doubt(self):
        done = run("suggest", "--static", "--json", "--", "/usr/bin/env", "true", cwd=self.root)
        self.assertEqual(done.returncode, 0, done.stderr)
        record = json.loads(done.stdout)
        self.assertEqual(record["unit"], "env.service")
        self.assertEqual([one["backend"] for one in record["recording"]["sources"]].count("static"), 1)
        self.assertIn("the code can do it, and no recording shows it", {one["why"] for one in record["doubtful"]})
        self.assertEqual(len(list(self.root.glob("env-*.jsonl"))), 1)

    def suggest_on_terminal(self, answers):
        words = [PROGRAM, "suggest", "web", self.recording, "--ask", "--format=dropin", *self.at_root]
        main, side = pty.openpty()
        with subprocess.Popen(words, env=clean_env(), stdin=side, stdout=subprocess.PIPE, stderr=side) as child:
            os.close(side)
            os.write(main, answers.encode())
            out = child.stdout.read().decode()
            code = child.wait(60)
        os.close(main)
        return code, "".join(out.partition("# web.service")[1:])

    def test_ask_leaves_out_what_is_refused_and_remembers_what_is_refused_for_good(self):
        code, all_kept = self.suggest_on_terminal("a\n")
        self.assertEqual(code, 0)
        self.assertIn("Allow=listen:80\n", all_kept)
        code, out = self.suggest_on_terminal("n\n?\ny\nv\na\n")
        self.assertEqual(code, 0)
        grants = [line for line in all_kept.splitlines() if line.startswith("Allow=")]
        left = [line for line in out.splitlines() if line.startswith("Allow=")]
        self.assertEqual([one for one in grants if one not in left], [grants[0], grants[2]])
        self.assertIn("Ignore=", out)
        self.assertNotIn("bind:", out[out.find("Ignore="):])   # listen:80 was refused for this time only
        self.assertEqual(self.suggest_on_terminal("q\n"), (2, ""))

    def test_ask_needs_a_terminal(self):
        self.assertEqual(run("suggest", "web", self.recording, "--ask", *self.at_root).returncode, 2)


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
