# SPDX-License-Identifier: LGPL-2.1-or-later
# What the module rests on and plain Nix can test without nixpkgs: names of cases to { got, want }.
let
  inherit (builtins)
    all
    attrNames
    filter
    getAttr
    listToAttrs
    pathExists
    ;
  compiler = import ../../nix/compile.nix;
  exempt = import ../../nix/exempt.nix;
  grammar = import ../../nix/grants.nix;
  implied = import ../../nix/implied.nix;
  values = import ../../nix/values.nix;
  catalogue = import ../../nix/catalogue.nix;

  is = want: got: { inherit got want; };
  table = file: builtins.fromTOML (builtins.readFile (../../catalogue + "/${file}.toml"));
  inOrder = rows: builtins.sort (a: b: a.index < b.index) (builtins.attrValues rows);
  settings = profile: allow: (compiler.compile { inherit profile allow; }).settings;
  asksFor = own: map (getAttr "grant") (implied.find catalogue.newest own);
  # The flake of a nixpkgs that has nothing but what is asked of it here.
  flake = (import ../../flake.nix).outputs {
    self = flake;
    nixpkgs = {
      lib.genAttrs = names: valueOf: listToAttrs (map (name: { inherit name; value = valueOf name; }) names);
      legacyPackages = {
        x86_64-linux = { };
        aarch64-linux = { };
      };
    };
  };

  spared = filter (exempt.isListed exempt.default);
in
{
  "the flake has a module, packages and checks" = is [ true [ "default" ] [ "module" "package" "services" ] ] [
    (pathExists flake.nixosModules.default)
    (attrNames flake.packages.x86_64-linux)
    (attrNames flake.checks.aarch64-linux)
  ];

  # They are cut out of the file by how it is written.
  "all rows of the long tables are read" =
    is
      {
        directives = map (row: [ row.name row.kind row.since ]) (table "directives").directive;
        grants = map (row: [ row.name row.summary row.examples ]) (table "grants").grant;
      }
      {
        directives = map (row: [ row.name row.kind row.since ]) (inOrder catalogue.directives);
        grants = map (row: [ row.name row.summary row.examples ]) (inOrder catalogue.grants);
      };

  "a choice is a boolean or a word, a list stays one" =
    is
      {
        ProtectHome = true;
        ProtectSystem = "strict";
        UMask = "0077";
        SystemCallErrorNumber = "EPERM";
        CapabilityBoundingSet = [ "" ];
        RestrictNamespaces = [ "yes" ];
      }
      (
        values.toValues {
          ProtectHome = [ "yes" ];
          ProtectSystem = [ "strict" ];
          UMask = [ "0077" ];
          SystemCallErrorNumber = [ "EPERM" ];
          CapabilityBoundingSet = [ "" ];
          RestrictNamespaces = [ "yes" ];
        }
      );
  "a reset is for filters, and none for lists that add" =
    is
      {
        ProtectHome = true;
        CapabilityBoundingSet = [ "" "CAP_CHOWN" ];
        AmbientCapabilities = [ "CAP_CHOWN" ];
        SystemCallFilter = [ "" "~@module" ];
        RestrictAddressFamilies = [ "" "none" ];
        ReadWritePaths = [ "/srv" ];
        InaccessiblePaths = [ "-/run/dbus" ];
        IPAddressDeny = [ "any" ];
      }
      (
        values.withReset {
          ProtectHome = true;
          CapabilityBoundingSet = [ "CAP_CHOWN" ];
          AmbientCapabilities = [ "CAP_CHOWN" ];
          SystemCallFilter = [ "~@module" ];
          RestrictAddressFamilies = [ "none" ];
          ReadWritePaths = [ "/srv" ];
          InaccessiblePaths = [ "-/run/dbus" ];
          IPAddressDeny = [ "any" ];
        }
      );
  "what is taken from all capabilities is not taken from none" = is [ [ "~CAP_SYSLOG" ] [ "" ] ] (
    map (words: (values.withReset { CapabilityBoundingSet = words; }).CapabilityBoundingSet) [ [ "~CAP_SYSLOG" ] [ "" ] ]
  );

  "the machine's own services are spared" = is
    [ "systemd-udevd" "getty@" "sshd" "nix-daemon" "nixos-upgrade" "dbus" ]
    (spared [ "systemd-udevd" "nginx" "getty@" "sshd" "nix-daemon" "nixos-upgrade" "dbus" "systemdx" "gitty@" ]);
  "an instance is one, a template none" = is [ true false false ] (
    map exempt.isInstance [ "foo@bar" "foo@" "foo" ]
  );

  "grants are sorted by the catalogue, each once" = is [ "connect:10.0.0.0/8" "listen:443" "listen:80" "jit" ] (
    map (getAttr "text") (grammar.parseAll [ "jit" "listen:443,80" "connect:10.1.2.3/8" "listen:443/tcp" ])
  );
  "a grant that is not there names those that are" = is true (
    let
      result = grammar.parse "lisen:443";
    in
    result.fault == "no grant of this name" && all (name: builtins.match ".*${name}.*" result.hint != null) catalogue.grantNames
  );
  "an example of a grant is one" = is [ ] (
    filter (word: !(grammar.parse word ? value)) (
      builtins.concatMap (name: catalogue.grants.${name}.examples) catalogue.grantNames
    )
  );

  "who it is may be open" = is
    [ [ "CAP_CHOWN" "CAP_NET_BIND_SERVICE" ] [ "CAP_NET_BIND_SERVICE" ] ]
    (
      map (name: (settings "strict@1" [ "chown" "listen:80" ]).${name}) [ "CapabilityBoundingSet" "AmbientCapabilities" ]
    );

  "a service asks for what its settings say" = is
    [ "bus" "cap:CAP_NET_BIND_SERVICE" "cap:CAP_NET_RAW" "device:/dev/sda:r" "host-pids" "host-users" "write:-/run/a" ]
    (
      builtins.sort builtins.lessThan (asksFor {
        AmbientCapabilities = [ "" "CAP_NET_BIND_SERVICE CAP_NET_RAW" ];
        CapabilityBoundingSet = "CAP_NET_RAW";
        DeviceAllow = [ "/dev/sda r" ];
        ExecReload = "/bin/kill -HUP $MAINPID";
        BusName = "a.b";
        PIDFile = "/var/run/a/a.pid";
        User = "web";
      })
    );
  "nothing for a PID file in a folder that systemd makes for it" =
    is [ [ ] [ ] [ "write:-/etc/b" ] ] (
      map asksFor [
        { PIDFile = "/etc/a/a.pid"; ConfigurationDirectory = "a"; }
        { PIDFile = "/var/lib/a/b/a.pid"; StateDirectory = "c a"; }
        { PIDFile = "/etc/b/a.pid"; ConfigurationDirectory = "a"; }
      ]
    );
  "and nothing for what it says otherwise" = is [ ] (asksFor {
    CapabilityBoundingSet = [ "~CAP_NET_RAW" ];
    DeviceAllow = [ "/dev/sda" "" ];
    ExecReload = "+/bin/kill -HUP $MAINPID";
    PIDFile = "/run/a/a.pid";
    RuntimeDirectory = "a:b";
    WorkingDirectory = "/tmp";
    MemoryDenyWriteExecute = true;
    NoNewPrivileges = "yes";
    ReadWritePaths = [ "/srv/%i" ];
    PrivateDevices = true;
  });
  "a boolean is read in each spelling" = is [ [ "jit" ] [ "jit" ] [ "jit" ] [ "setuid-programs" ] ] (
    map asksFor [
      { MemoryDenyWriteExecute = false; }
      { MemoryDenyWriteExecute = "off"; }
      { MemoryDenyWriteExecute = 0; }
      { NoNewPrivileges = "no"; }
    ]
  );
}
