# SPDX-License-Identifier: LGPL-2.1-or-later
# The cases of module-cases.nix as a derivation that fails with those that are wrong. Errors that have to
# come are for test/nix/module, which runs an evaluation for each.
{ pkgs }:
let
  inherit (pkgs) lib;
  cases = (import ./module-cases.nix { inherit lib; }).equal;
  wrong = lib.filterAttrs (_: case: case.got != case.want) cases;
in
pkgs.runCommand "harden-module-cases" { wrong = builtins.concatStringsSep "\n" (builtins.attrNames wrong); } ''
  if [ -n "$wrong" ]; then
    echo "$wrong" >&2
    exit 1
  fi
  touch "$out"
''
