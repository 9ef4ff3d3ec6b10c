# SPDX-License-Identifier: LGPL-2.1-or-later
# The C++ programs, for pkgs.callPackage.
{
  lib,
  stdenv,
  cmake,
  ninja,
  pkg-config,
  cli11,
  fmt,
  nlohmann_json,
  tomlplusplus,
  zstd,
}:
stdenv.mkDerivation {
  pname = "harden";
  version = builtins.head (
    builtins.match ".*project[(]harden VERSION ([0-9.]+).*" (builtins.readFile ../CMakeLists.txt)
  );

  # What the programs are built from, so that a change of a test or of a page is none of theirs.
  src = lib.sourceByRegex ../. [
    "CMakeLists\\.txt"
    "(catalogue|cmake|src)(/.*)?"
  ];

  nativeBuildInputs = [
    cmake
    ninja
    pkg-config
  ];
  buildInputs = [
    cli11
    fmt
    nlohmann_json
    tomlplusplus
    zstd
  ];
  cmakeFlags = [ (lib.cmakeBool "HARDEN_TESTS" false) ];

  # The build has no rules to install.
  installPhase = ''
    runHook preInstall
    install -Dm755 harden "$out/bin/harden"
    runHook postInstall
  '';

  doInstallCheck = true;
  installCheckPhase = ''
    runHook preInstallCheck
    "$out/bin/harden" compile --profile=strict@1 --allow=listen:443 >/dev/null
    runHook postInstallCheck
  '';

  meta = {
    description = "Additive, least-privilege hardening for systemd services";
    license = lib.licenses.lgpl21Plus;
    platforms = lib.platforms.linux;
    mainProgram = "harden";
  };
}
