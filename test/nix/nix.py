# SPDX-License-Identifier: LGPL-2.1-or-later
"""Evaluates Nix expressions with nothing of this machine's Nix: no store is written, no channel is read."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile


def nix_is_missing():
    """Says so, for a test that is skipped then."""
    if shutil.which("nix-instantiate"):
        return False
    print("nix-instantiate is not installed")
    return True


def find_lib(given):
    """The folder with nixpkgs' lib; a whole checkout will do."""
    if not given:
        return None
    folder = pathlib.Path(given).resolve()
    return folder / "lib" if (folder / "lib" / "modules.nix").exists() else folder


def run_nix(expression, options=()):
    """Runs nix-instantiate, whose value is on stdout as JSON."""
    with tempfile.TemporaryDirectory(prefix="harden-nix-") as home:
        return subprocess.run(
            ["nix-instantiate", "--eval", "--strict", "--json", "--readonly-mode", *options, "-E", expression],
            capture_output=True, text=True, env=os.environ | {"HOME": home, "NIX_PATH": ""})


def evaluate(expression):
    done = run_nix(expression)
    if done.returncode != 0:
        sys.exit(f"nix-instantiate failed:\n{done.stderr}")
    return json.loads(done.stdout)


def apply(function, argument):
    """The value of a Nix function of what JSON can say."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(argument, file)
        file.flush()
        return evaluate(f"({function}) (builtins.fromJSON (builtins.readFile {file.name}))")
