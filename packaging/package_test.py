#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Debian package as a file: what is in it, what lintian says, and that man pages and completions can be read
by the programs that they are for.

  package_test.py DIR        DIR: where make-deb left the package
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

FILES = {  # mode and path of all files but documents
    "0755 usr/bin/harden", "0755 usr/libexec/harden/harden-record", "0755 usr/libexec/harden/harden-live", "0755 usr/libexec/harden/harden-scan", "0755 usr/lib/systemd/system-generators/harden-generator",
    "0644 usr/lib/harden/harden.conf.d/50-exempt.conf", "0644 usr/lib/tmpfiles.d/harden.conf",
    "0644 usr/share/man/man1/harden.1.gz", "0644 usr/share/man/man8/harden-generator.8.gz",
    "0644 usr/share/bash-completion/completions/harden", "0644 usr/share/zsh/vendor-completions/_harden",
    "0644 usr/share/fish/vendor_completions.d/harden.fish",
}
FOLDERS = {"0755 etc/harden", "0755 usr/share/harden/policies"}

COMPLETIONS = (  # the line, and words that have to be among what is offered
    ("harden ", {"score", "compile", "grants", "help"}),
    ("harden com", {"compile"}),
    ("harden score --fo", {"--format=", "--for-systemd="}),
    ("harden score --format=s", {"sarif"}),
    ("harden score --format s", {"sarif"}),
    ("harden compile --allow=lis", {"listen"}),
    ("harden show --profile strict@", {"1"}),
    ("harden grants net", {"netlink", "net-admin"}),
    ("harden profiles ba", {"baseline@1"}),
)
# As readline does it: split at blanks and $COMP_WORDBREAKS.
ASK_BASH = r'''
source "$1"; COMP_LINE=$2; COMP_POINT=${#2}
compopt() { :; }
COMP_WORDBREAKS=$' \t\n"\'@><=;|&(:'
COMP_WORDS=(); rest=$2
while [[ -n $rest ]]; do
  word=${rest%%[ =@:]*}; [[ -n $word ]] && COMP_WORDS+=("$word")
  rest=${rest#"$word"}; [[ ${rest:0:1} == [=@:] ]] && COMP_WORDS+=("${rest:0:1}")
  rest=${rest:1}
done
[[ $2 == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_harden; printf '%s\n' "${COMPREPLY[@]}"
'''


def run(*argv, **options):
    env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LC_ALL": "C.UTF-8", **options.pop("env", {})}
    return subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, env=env, check=False, **options)


def check_content(tree):
    found = {f"{path.stat().st_mode & 0o7777:04o} {path.relative_to(tree)}" for path in tree.rglob("*")
             if path.is_file() and not path.is_relative_to(tree / "DEBIAN")}
    found = {row for row in found if "/share/doc/" not in row and "/share/lintian/" not in row}
    policies = {row for row in found if re.fullmatch(r"0644 usr/share/harden/policies/[^/]+\.conf", row)}
    yield from (f"not in the package: {row}" for row in sorted(FILES - found))
    yield from (f"in the package, though nobody asked: {row}" for row in sorted(found - FILES - policies))
    for row in FOLDERS:
        mode, path = row.split()
        if not (tree / path).is_dir() or f"{(tree / path).stat().st_mode & 0o7777:04o}" != mode:
            yield f"not in the package: {row}"
    for program in ("usr/bin/harden", "usr/lib/systemd/system-generators/harden-generator"):
        dynamic = run("readelf", "--dynamic", str(tree / program)).stdout
        if "NEEDED" in dynamic and "Depends:" not in (tree / "DEBIAN/control").read_text():
            yield f"{program} needs libraries, and the package does not depend on them"


def check_scripts(tree):
    for name in ("postinst", "postrm"):
        if done := run("sh", "-n", str(tree / "DEBIAN" / name)).stdout:
            yield f"{name}: {done}"


def check_reference(tree):
    for page in sorted((tree / "usr/share/man").rglob("*.gz")):
        text = run("zcat", str(page)).stdout
        plain = page.with_suffix("")
        plain.write_text(text, encoding="utf-8")
        if shutil.which("groff"):
            done = run("groff", "-man", "-Tutf8", "-K", "utf8", "-ww", "-rCHECKSTYLE=1", "-z", str(plain))
            if done.stdout:
                yield f"{page.name}: {done.stdout.strip()}"
        else:
            print("not read, as there is no groff:", page.name)
    share = tree / "usr/share"
    for shell, path in (("bash", "bash-completion/completions/harden"), ("zsh", "zsh/vendor-completions/_harden"),
                        ("fish", "fish/vendor_completions.d/harden.fish")):
        if not shutil.which(shell):
            print(f"not read, as there is no {shell}:", path)
        elif (done := run(shell, "-n", str(share / path))).returncode or done.stdout:
            yield f"{path}: {done.stdout.strip()}"
    script = str(share / "bash-completion/completions/harden")
    for line, wanted in COMPLETIONS:
        offered = set(run("bash", "-c", ASK_BASH, "bash", script, line).stdout.split())
        if not wanted <= offered:
            yield f"bash offers for `{line}`: {sorted(offered)}, without {sorted(wanted - offered)}"
    if shutil.which("fish"):
        for line, wanted in COMPLETIONS:
            if "@" in line:  # there fish offers whole words
                continue
            wanted = {word.rstrip("=") for word in wanted} - {"help"}
            with tempfile.TemporaryDirectory() as home:
                done = run("fish", "--no-config", "-c", f"source {share}/fish/vendor_completions.d/harden.fish; "
                           f"complete -C'{line}'", env={"HOME": home})
            offered = {row.partition("\t")[0].rpartition("=")[2] for row in done.stdout.splitlines()}
            if not wanted <= offered:
                yield f"fish offers for `{line}`: {sorted(offered)}, without {sorted(wanted - offered)}"


def check_lintian(deb):
    if not shutil.which("lintian"):
        print("lintian is not installed")
        return
    as_root = ["--allow-root"] if os.geteuid() == 0 else []
    done = run("lintian", *as_root, "--fail-on", "error,warning", "--no-cfg", str(deb))
    if done.returncode or done.stdout.strip():
        yield f"lintian: {done.stdout.strip()}"


def main(argv):
    debs = sorted(Path(argv[0]).glob("harden_*.deb"))
    if len(debs) != 1:
        print(f"{argv[0]}: {len(debs)} packages, wanted one")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder, "tree")
        subprocess.run(["dpkg-deb", "--raw-extract", str(debs[0]), str(tree)], check=True)
        faults = [*check_content(tree), *check_scripts(tree), *check_reference(tree), *check_lintian(debs[0])]
    for fault in faults:
        print(fault)
    print(f"{debs[0].name}: {len(faults)} faults")
    return 1 if faults else 0


sys.exit(main(sys.argv[1:]))
