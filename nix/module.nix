# SPDX-License-Identifier: LGPL-2.1-or-later
# The NixOS module: `systemd.services.<name>.harden`, and a policy for all services by
# `systemd.hardenByDefault`. docs/nixos.md tells how to use it.
{ config, lib, ... }:
let
  inherit (lib) literalExpression mkOption types;
  inherit (import ./compile.nix) compilerFor;
  catalogue = import ./catalogue.nix;
  checks = import ./checks.nix { inherit lib; };

  cfg = config.systemd.harden;

  # Facts that void settings, but for those that the unit and the version tell.
  facts = lib.naturalSort (
    lib.subtractLists [ "root" "no-bpf-framework" ] (
      lib.unique (builtins.filter (fact: fact != null) (map (row: row.fact) catalogue.limits))
    )
  );

  machine = {
    inherit (config.systemd) hardenByDefault;
    inherit (cfg) profile exempt;
  };
  systemd = catalogue.systemdFor cfg.systemdVersion;
  compile = compilerFor {
    systemd = cfg.systemdVersion;
    layout = "nix";
    facts = cfg.assume;
  };
in
{
  options.systemd = {
    hardenByDefault = mkOption {
      type = types.bool;
      default = false;
      description = ''
        Whether to harden all services with {option}`systemd.harden.profile`, but for those that
        {option}`systemd.harden.exempt` lists. A service can be left out by
        `systemd.services.<name>.harden.enable = false`.

        It does not reach user services, services of the initrd, and upstream units that NixOS says nothing of.
      '';
    };

    harden = {
      profile = mkOption {
        type = types.enum catalogue.profileNames;
        default = "baseline@1";
        example = "light@1";
        description = "The profile of services that name none.";
      };

      exempt = mkOption {
        type = types.listOf types.str;
        default = (import ./exempt.nix).default;
        description = ''
          Services that {option}`systemd.hardenByDefault` leaves alone: names without `.service`, or the
          beginning of names with `*` behind it.
        '';
      };

      systemdVersion = mkOption {
        type = types.ints.positive;
        default = lib.toInt (builtins.head (builtins.match "([0-9]+).*" config.systemd.package.version));
        defaultText = lib.literalMD "the major version of {option}`systemd.package`";
        description = "The systemd that policies are lowered for.";
      };

      assume = mkOption {
        type = types.listOf (types.enum facts);
        default = lib.optional (config.boot.isContainer or false) "nested";
        defaultText = literalExpression ''lib.optional config.boot.isContainer "nested"'';
        description = ''
          What is known of the machine and keeps settings from holding. Those that would do nothing, or keep a
          service from starting, are left out.
        '';
      };
    };

    services = mkOption {
      type = types.attrsOf (
        types.submodule (import ./service.nix { inherit lib machine compile; })
      );
    };
  };

  config = {
    assertions = checks.ofMachine cfg ++ checks.assertionsOf compile systemd config.systemd.services;
    warnings = checks.warningsOf compile systemd config.systemd.services;
  };
}
