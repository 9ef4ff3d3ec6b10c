# SPDX-License-Identifier: LGPL-2.1-or-later
# A machine with COUNT services, evaluated to what NixOS would write of them. `how` is
#   without   no module
#   written   no module, and the settings that the default policy gives written out for each service
#   idle      the module, and no policy
#   default   systemd.hardenByDefault
#   granted   the same, and grants for each
{
  lib,
  count,
  how,
  settings ? { }, # those of "written"
}:
let
  inherit (lib) genAttrs mkDefault optional;
  number = name: lib.toInt (lib.removePrefix "service" name);
  isEvery = n: name: lib.mod (number name) n == 0;

  # What modules of nixpkgs commonly say.
  serviceOf = name: {
    description = "The service ${name}";
    wantedBy = [ "multi-user.target" ];
    after = [ "network.target" ];
    environment = { HOME = "/var/lib/${name}"; LANG = "C.UTF-8"; };
    path = [ "/nix/store/coreutils" "/nix/store/bash" ];
    preStart = "mkdir -p /var/lib/${name}/data";
    serviceConfig = {
      ExecStart = "/nix/store/${name}/bin/${name} --config /etc/${name}.conf";
      ExecReload = if isEvery 7 name then "/nix/store/coreutils/bin/kill -HUP $MAINPID" else [ ];
      User = name;
      StateDirectory = name;
      Restart = "on-failure";
      RestartSec = 5;
      LimitNOFILE = 65536;
      PrivateTmp = mkDefault true;
    } // lib.optionalAttrs (isEvery 3 name) {
      ProtectSystem = "strict";
      ProtectHome = true;
      SystemCallFilter = [ "@system-service" "~@privileged" ];
      RestrictAddressFamilies = [ "AF_INET" "AF_INET6" "AF_UNIX" ];
    };
  };
  policyOf = name: {
    harden.allow =
      [ "write:/srv/${name}" ]
      ++ optional (isEvery 2 name) "listen:${toString (8000 + number name)}"
      ++ optional (isEvery 5 name) "jit";
  };

  written = lib.mapAttrs (_: lib.mkOverride 1100) settings;

  names = map (n: "service${toString n}") (lib.range 1 count);
  config =
    (lib.evalModules {
      modules =
        [
          ../nix/systemd-options.nix
          { systemd.services = genAttrs names serviceOf; }
        ]
        ++ optional (how == "written") { systemd.services = genAttrs names (_: { serviceConfig = written; }); }
        ++ optional (builtins.elem how [ "idle" "default" "granted" ]) ../../nix/module.nix
        ++ optional (builtins.elem how [ "default" "granted" ]) { systemd.hardenByDefault = true; }
        ++ optional (how == "granted") { systemd.services = genAttrs names policyOf; };
    }).config;
  # As a unit file has it.
  linesOf =
    section:
    lib.concatStringsSep "\n" (
      lib.concatLists (
        lib.mapAttrsToList (name: value: map (one: "${name}=${toString one}") (lib.toList value)) section
      )
    );
  textOf = service: "[Unit]\n${linesOf service.unitConfig}\n[Service]\n${linesOf service.serviceConfig}";
in
{
  text = builtins.hashString "sha256" (lib.concatMapStrings textOf (builtins.attrValues config.systemd.services));
  warnings = builtins.length config.warnings;
  wrong = builtins.length (builtins.filter (one: !one.assertion) config.assertions);
}
