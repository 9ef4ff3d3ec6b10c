# SPDX-License-Identifier: LGPL-2.1-or-later
# The policy compiler in Nix: what `harden compile --format json` says of a unit that says nothing but whom
# it runs as, from the same catalogue, without nixpkgs, and with nothing that Nix 2.8 does not have. The
# record is the same, and so is the order in its lists; docs/schema/compile.schema.json describes it.
let
  inherit (builtins) attrNames listToAttrs;
  inherit (import ./text.nix) listed toSet;
  catalogue = import ./catalogue.nix;
  grammar = import ./grants.nix;

  users = [
    "root"
    "user"
    "dynamic"
    "any" # it is not known, and works for root and for another user alike
  ];

  lookUp =
    what: table: name:
    table.${name} or (throw "harden: no ${what} `${name}`; there are ${listed (attrNames table)}");

  # For a machine first: what is the same for all its services is worked out once.
  compilerFor =
    {
      systemd ? catalogue.newest.version,
      layout ? "nix", # a name of catalogue/layouts.toml
      facts ? [ ], # of the machine, which void settings: names of catalogue/limits.toml
    }:
    let
      target = {
        inherit facts;
        systemd = catalogue.systemdFor systemd;
        layout = lookUp "layout" catalogue.layouts layout;
      };
      recordFor =
        runsAs:
        import ./record.nix {
          inherit catalogue;
          inherit (target.systemd) version;
          closing = import ./close.nix {
            inherit catalogue;
            target = target // { inherit runsAs; };
          };
        };
      records = listToAttrs (
        map (runsAs: {
          name = runsAs;
          value = recordFor runsAs;
        }) users
      );
    in
    {
      profile ? "baseline@1",
      allow ? [ ], # words as in Allow=
      runsAs ? "any",
    }:
    lookUp "kind of user" records runsAs (lookUp "profile" catalogue.profiles profile).name (
      grammar.parseAll allow
    );
in
{
  inherit compilerFor users;

  # Machine and policy in one.
  compile =
    request:
    let
      only = names: builtins.intersectAttrs (toSet names) request;
    in
    compilerFor (only [ "systemd" "layout" "facts" ]) (only [ "profile" "allow" "runsAs" ]);
}
