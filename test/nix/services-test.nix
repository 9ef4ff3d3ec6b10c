# SPDX-License-Identifier: LGPL-2.1-or-later
# A NixOS machine with real services under policies, for `nix flake check` or pkgs.testers.runNixOSTest. It
# needs a nixpkgs and KVM, which the project's own machines do not have: nobody has run it yet.
{ module }:
{
  name = "harden-services";

  nodes.machine =
    { pkgs, ... }:
    {
      imports = [ module ];
      systemd.hardenByDefault = true;
      systemd.harden.profile = "light@1";

      services.nginx = {
        enable = true;
        virtualHosts.localhost.root = pkgs.writeTextDir "index.html" "hello from nginx";
      };
      # nginx starts as its own user there, and is asked to reload by the number of its main process.
      systemd.services.nginx.harden = {
        profile = "baseline@1";
        allow = [
          "listen:80"
          "world-readable"
        ];
      };

      # It says itself where it writes and which sockets it has.
      services.postgresql.enable = true;
      systemd.services.postgresql.harden = {
        profile = "strict@1";
        allow = [
          "host-pids"
          "shared-ipc"
          "keep-ipc"
          "resources"
        ];
      };

      # It sets a directive itself, which stays.
      systemd.services.own = {
        wantedBy = [ "multi-user.target" ];
        harden.enable = true;
        serviceConfig = {
          ExecStart = "${pkgs.coreutils}/bin/sleep infinity";
          ProtectHome = false;
        };
      };
    };

  testScript = ''
    machine.wait_for_unit("multi-user.target")
    machine.wait_for_unit("nginx.service")
    machine.wait_for_unit("postgresql.service")
    machine.wait_for_unit("own.service")


    def shows(unit, directive, value):
        got = machine.succeed(f"systemctl show --property={directive} --value {unit}.service").strip()
        assert got == value, f"{unit}.service: {directive}={got}, not {value}"


    with subtest("services work under their policies"):
        assert "hello from nginx" in machine.succeed("curl --fail http://localhost/")
        machine.succeed("systemctl reload nginx.service")
        machine.succeed("sudo -u postgres psql -c 'create table t (a int); insert into t values (1);'")
        assert "1" in machine.succeed("sudo -u postgres psql -tAc 'select count(*) from t'")

    with subtest("their settings are those of the policies"):
        shows("nginx", "ProtectHome", "yes")
        shows("nginx", "RestrictRealtime", "yes")
        shows("postgresql", "ProtectSystem", "strict")
        shows("postgresql", "PrivateNetwork", "yes")

    with subtest("what a service says itself stays"):
        shows("own", "ProtectHome", "no")
        shows("own", "ProtectKernelTunables", "yes")

    with subtest("what manages the machine is spared"):
        shows("systemd-udevd", "ProtectKernelModules", "no")

    with subtest("no service has failed"):
        machine.succeed("test -z \"$(systemctl --failed --no-legend)\"")
  '';
}
