# SPDX-License-Identifier: LGPL-2.1-or-later
# As much of NixOS as nix/module.nix touches, for a nixpkgs `lib` alone: services with serviceConfig merged
# by NixOS's rules, the options that every service has, confinement's settings, assertions and warnings.
{ config, lib, ... }:
let
  inherit (lib) mkDefault mkIf mkOption types;
  plain = type: default: mkOption { inherit type default; };

  # Of the definitions that are left after priorities: lists add up, and make lists of the others; scalars
  # must be equal. An order decides only among lists.
  unitOption = lib.mkOptionType {
    name = "systemd option";
    merge =
      loc: defs:
      if lib.any (def: builtins.isList def.value) defs then
        lib.concatMap (def: lib.toList def.value) defs
      else
        lib.mergeEqualOption loc defs;
  };
  section = plain (types.attrsOf unitOption) { };
  names = plain (types.listOf types.str) [ ];

  serviceModule =
    { config, ... }:
    {
      options = {
        enable = plain types.bool true;
        overrideStrategy = plain (types.enum [ "asDropinIfExists" "asDropin" ]) "asDropinIfExists";
        description = plain types.str "";
        documentation = names;
        after = names;
        before = names;
        requires = names;
        wants = names;
        bindsTo = names;
        partOf = names;
        wantedBy = names;
        requiredBy = names;
        conflicts = names;
        onFailure = names;
        environment = plain (types.attrsOf (types.nullOr types.str)) { };
        path = names;
        script = plain types.lines "";
        preStart = plain types.lines "";
        startAt = names;
        restartTriggers = plain (types.listOf types.unspecified) [ ];
        restartIfChanged = plain types.bool true;
        stopIfChanged = plain types.bool true;
        unitConfig = section;
        serviceConfig = section;
        confinement.enable = plain types.bool false;
        confinement.mode = plain (types.enum [ "full-apivfs" "chroot-only" ]) "full-apivfs";
      };
      config = lib.mkMerge [
        (mkIf (config.script != "") { serviceConfig.ExecStart = "/nix/store/script"; })
        (mkIf (config.preStart != "") { serviceConfig.ExecStartPre = [ "/nix/store/pre-start" ]; })
        (mkIf (config.description != "") { unitConfig.Description = config.description; })
        { serviceConfig.Environment = lib.mapAttrsToList (name: value: "${name}=${toString value}") config.environment; }
        (mkIf config.confinement.enable {
          serviceConfig =
            lib.genAttrs
              [
                "MountAPIVFS"
                "PrivateDevices"
                "PrivateTmp"
                "PrivateUsers"
                "ProtectControlGroups"
                "ProtectKernelModules"
                "ProtectKernelTunables"
              ]
              (_: mkDefault (config.confinement.mode == "full-apivfs"))
            // {
              RootDirectory = "/var/empty";
              TemporaryFileSystem = "/";
              PrivateMounts = mkDefault true;
            };
        })
      ];
    };
in
{
  options = {
    assertions = plain (types.listOf types.unspecified) [ ];
    warnings = plain (types.listOf types.str) [ ];
    systemd.package = plain types.unspecified { version = "257.9"; };
    systemd.services = mkOption {
      type = types.attrsOf (types.submodule serviceModule);
      default = { };
    };
  };
}
