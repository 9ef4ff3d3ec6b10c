#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Small programs whose system calls are known, compiled here and scanned.

  scan_test.py HARDEN_SCAN
"""
import json
import os
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

try:
    import jsonschema
except ImportError:   # the release build's container may lack it; the debug one does not
    jsonschema = None

HARDEN = sys.argv.pop(1)
SCHEMA = Path(__file__).resolve().parents[2] / "docs/schema/scan.schema.json"
CALL = """__attribute__((always_inline)) static inline long call(long n) { long r; __asm__ volatile("syscall" : "=a"(r) : "a"(n) : "rcx", "r11", "memory"); return r; }
"""


class Scan(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temp = tempfile.TemporaryDirectory()
        cls.dir = Path(cls.temp.name)

    @classmethod
    def tearDownClass(cls):
        cls.temp.cleanup()

    def build(self, name, source, *flags):
        path = self.dir / name
        subprocess.run(["gcc", "-x", "assembler" if source.startswith("\t") else "c", "-", "-x", "none", "-o", path, *flags],
                       input=source, text=True, check=True)
        return path

    def harden(self, *arguments, status=0):
        done = subprocess.run([HARDEN, "--no-cache", *map(str, arguments)], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def scan(self, path, *arguments):
        result = json.loads(self.harden(path, "--json", *arguments).stdout)
        if jsonschema:
            jsonschema.validate(result, json.loads(SCHEMA.read_text()))
        return {call["name"]: call for call in result["calls"]}, result

    def test_immediate_in_the_same_block(self):
        for flags in (["-O2"], ["-O0"], ["-static"], ["-static-pie", "-O2"]):
            with self.subTest(flags=flags):
                path = self.build("direct", CALL + "int main(void) { return (int)call(165); }", *flags)
                calls, _ = self.scan(path)
                self.assertIn("mount", calls)
                self.assertEqual(calls["mount"]["source"], "code")
                self.assertEqual(calls["mount"]["witness"][-1]["module"], str(path))

    def test_function_that_nothing_leads_to(self):
        path = self.build("dead", CALL + "__attribute__((used)) static void dead(void) { call(175); }\nint main(void) { return 0; }", "-O2")
        calls, _ = self.scan(path)
        self.assertNotIn("init_module", calls)

    def test_function_in_a_table(self):
        source = CALL + """static void a(void) { call(165); } static void b(void) { call(166); }
            static void (*const table[])(void) = {a, b}; static void (*const other[])(void) = {b};
            int main(int c, char **v) { (void)v; table[c & 1](); return other == 0; }"""
        for flags in (["-O2"], ["-O2", "-no-pie"], ["-O0", "-static"]):
            with self.subTest(flags=flags):
                calls, _ = self.scan(self.build("table", source, *flags))
                self.assertIn("mount", calls)
                self.assertIn("umount2", calls)

    def test_wrapper_in_the_program(self):
        source = CALL + """__attribute__((noinline)) long outer(int x, long n) { return call(n) + x; }
            int main(int c, char **v) { (void)v; return (int)(c > 1 ? outer(c, 165) : outer(0, 166)); }"""
        for flag in ("-O2", "-O0"):
            with self.subTest(flag=flag):
                calls, result = self.scan(self.build("wrapper", source, flag))
                self.assertEqual(calls["mount"]["source"], "wrapper")
                self.assertIn("umount2", calls)
                self.assertEqual(result["unresolved"], [])

    def test_wrapper_of_another_library(self):
        library = self.build("libwrap.so", CALL + "long outer(int x, long n) { return call(n) + x; }", "-O2", "-shared", "-fPIC")
        path = self.build("chained", "long outer(int, long); int main(void) { return (int)outer(1, 165); }", "-O2",
                          str(library), f"-Wl,-rpath,{self.dir}")
        calls, result = self.scan(path)
        self.assertEqual(calls["mount"]["source"], "wrapper")
        self.assertEqual(result["objections"], [])

    def test_syscall_of_the_c_library(self):
        path = self.build("libc", "#include <unistd.h>\nint main(void) { return (int)syscall(165, 0, 0, 0, 0, 0); }", "-O2")
        calls, result = self.scan(path)
        self.assertEqual(calls["mount"]["source"], "wrapper")
        self.assertEqual(result["objections"], [])

    def test_number_from_outside_is_no_filter(self):
        path = self.build("unbounded", "#include <unistd.h>\n#include <stdlib.h>\nint main(int c, char **v) { (void)c; return (int)syscall(atoi(v[1])); }", "-O2")
        _, result = self.scan(path)
        self.assertEqual(len(result["unresolved"]), 1)
        self.assertTrue(result["objections"])
        done = self.harden(path, "--format=filter", status=1)
        self.assertEqual(done.stdout, "")

    def test_number_kept_over_a_loop(self):
        path = self.build("hoisted", "\t.globl main\nmain:\tmov $165, %r12d\n1:\tmov %r12d, %eax\n\tsyscall\n\ttest %rax, %rax\n\tjs 1b\n\txor %eax, %eax\n\tret\n")
        calls, result = self.scan(path)
        self.assertIn("mount", calls)
        self.assertEqual(result["unresolved"], [])

    def test_bare_program_is_implausible(self):
        path = self.build("bare", "\t.globl _start\n_start:\tmov $60, %eax\n\tsyscall\n", "-nostdlib", "-static")
        calls, result = self.scan(path)
        self.assertEqual(set(calls), {"exit"})
        self.assertIn("implausibly few", " ".join(result["objections"]))
        self.harden(path, "--format=filter", status=1)

    def test_int_80_is_not_resolved(self):
        path = self.build("compat", "\t.globl main\nmain:\tmov $20, %eax\n\tint $0x80\n\tret\n")
        _, result = self.scan(path)
        self.assertIn("int 0x80", result["unresolved"][0]["reason"])

    def test_plugin(self):
        plugin = self.build("plugin.so", CALL + "void run(void) { call(165); }", "-O2", "-shared", "-fPIC")
        path = self.build("opener", """#include <dlfcn.h>
            int main(void) { void *h = dlopen("%s", RTLD_NOW); void (*f)(void) = (void (*)(void))dlsym(h, "run"); f(); return 0; }""" % plugin, "-O2")
        calls, result = self.scan(path)
        self.assertEqual((calls["mount"]["source"], calls["mount"]["confidence"]), ("plugin", "assumed"))
        self.assertIn(str(plugin), " ".join(result["assumed"]))
        other = self.build("plain", "int main(void) { return 0; }")
        self.assertNotIn("mount", self.scan(other)[0])
        self.assertIn("mount", self.scan(other, "--plugin", plugin)[0])
        self.harden(other, "--plugin", self.dir / "none.so", status=2)

    def test_initializer_and_ifunc(self):
        source = CALL + """__attribute__((constructor)) static void before(void) { call(165); }
            static void real(void) { call(166); } static void (*pick(void))(void) { return real; }
            void chosen(void) __attribute__((ifunc("pick"))); int main(void) { chosen(); return 0; }"""
        for flags in (["-O2"], ["-O2", "-static"]):
            with self.subTest(flags=flags):
                calls, _ = self.scan(self.build("early", source, *flags))
                self.assertIn("mount", calls)
                self.assertIn("umount2", calls)

    def test_landing_pad(self):
        source = """extern "C" long call(long n); int main(int c, char **) { try { if (c > 1) throw c; } catch (int) { call(165); } return 0; }
            long call(long n) { long r; __asm__ volatile("syscall" : "=a"(r) : "a"(n) : "rcx", "r11", "memory"); return r; }"""
        path = self.dir / "pad"
        subprocess.run(["g++", "-x", "c++", "-", "-O1", "-o", path], input=source, text=True, check=True)
        self.assertIn("mount", self.scan(path)[0])

    def test_script(self):
        script = self.dir / "script"
        script.write_text("#!/bin/sh\nexit 0\n")
        _, result = self.scan(script)
        self.assertEqual(result["scripts"], [str(script)])
        self.assertIn("is a script", result["objections"][0])

    def test_missing_library_is_said(self):
        library = self.build("libgone.so", "void gone(void) {}", "-shared", "-fPIC")
        path = self.build("needs", "void gone(void); int main(void) { gone(); return 0; }", str(library), f"-Wl,-rpath,{self.dir}")
        library.unlink()
        self.assertIn("not found", " ".join(self.scan(path)[1]["objections"]))

    def test_foreign_files_are_refused_in_words(self):
        path = self.build("plain2", "int main(void) { return 0; }")
        elf = bytearray(path.read_bytes())
        struct.pack_into("<H", elf, 18, 183)
        arm = self.dir / "arm"
        arm.write_bytes(elf)
        self.assertIn("aarch64", self.harden(arm, status=2).stderr)
        text = self.dir / "text"
        text.write_text("no program\n")
        self.assertIn("no ELF", self.harden(text, status=2).stderr)
        self.assertIn("none", self.harden(self.dir / "none", status=2).stderr)

    def test_why_and_compare(self):
        path = self.build("why", CALL + "int main(void) { return (int)call(165); }", "-O2")
        out = self.harden(path, "--why", "mount").stdout
        self.assertRegex(out, r"(?s)^mount, confidence high.*main.*the call at")
        self.harden(path, "--why", "kexec_load", status=1)
        seen = self.dir / "seen"
        seen.write_text("12 mount(\"a\") = 0\n[pid 13] exit_group(0) = ?\n")
        self.assertIn("2 recorded", self.harden(path, "--compare", seen).stdout)
        seen.write_text("kexec_load\n")
        self.assertIn("missed: kexec_load", self.harden(path, "--compare", seen, status=1).stdout)

    def test_cache_gives_the_same(self):
        path = self.build("cached", CALL + "int main(void) { return (int)call(165); }", "-O2")
        cache = self.dir / "cache"
        run = [HARDEN, "--cache", str(cache), str(path), "--json"]
        first = subprocess.run(run, capture_output=True, check=True).stdout
        files = sorted(cache.iterdir())
        self.assertTrue(files)
        self.assertEqual(subprocess.run(run, capture_output=True, check=True).stdout, first)
        for one in files:   # cut off, then damaged: read anew
            data = one.read_bytes()
            one.write_bytes(data[:len(data) // 2])
        self.assertEqual(subprocess.run(run, capture_output=True, check=True).stdout, first)
        for one in files:
            one.write_bytes(b"harden-reach\n" + os.urandom(400))
        self.assertEqual(subprocess.run(run, capture_output=True, check=True).stdout, first)


unittest.main(verbosity=1)
