# SPDX-License-Identifier: LGPL-2.1-or-later
# The module's options as data, for docs/nixos.md: [ { name, description, type, default, isProse, example }
# ], without `pkgs`. tools/nixos-options prints them.
{ lib }:
let
  evaluated = lib.evalModules {
    modules = [
      ./module.nix
      # What else NixOS declares is not looked at.
      { config._module.check = false; }
    ];
  };
  isOurs = name: builtins.match "systemd[.](harden|services[.].*[.]harden).*" name != null;
  isShown = option: option.visible == true && !option.internal && isOurs option.name;
  textOf = value: value.text or (lib.generators.toPretty { multiline = false; } value);
  isProse = value: value._type or "" == "literalMD";
  toRow = option: {
    inherit (option) name description type;
    # A sentence, and no value.
    isProse = isProse (option.default or null);
    default = if option ? default then textOf option.default else null;
    example = if option ? example then textOf option.example else null;
  };
in
map toRow (builtins.filter isShown (lib.optionAttrSetToDocList evaluated.options))
