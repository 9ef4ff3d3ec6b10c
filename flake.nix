# SPDX-License-Identifier: LGPL-2.1-or-later
{
  description = "Additive, least-privilege hardening for systemd services";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    let
      systems = [
        "x86_64-linux"
        "aarch64-linux"
      ];
      forAllSystems = nixpkgs.lib.genAttrs systems;
    in
    {
      nixosModules.default = ./nix/module.nix;

      packages = forAllSystems (system: {
        default = nixpkgs.legacyPackages.${system}.callPackage ./nix/package.nix { };
      });

      checks = forAllSystems (
        system:
        let
          pkgs = nixpkgs.legacyPackages.${system};
        in
        {
          package = self.packages.${system}.default;
          module = import ./test/nix/module-check.nix { inherit pkgs; };
          services = pkgs.testers.runNixOSTest (
            import ./test/nix/services-test.nix { module = self.nixosModules.default; }
          );
        }
      );
    };
}
