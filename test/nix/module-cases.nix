# SPDX-License-Identifier: LGPL-2.1-or-later
# What nix/module.nix has to do under nixpkgs' `lib`, for test/nix/module:
#   equal   names of cases to { got, want }
#   fails   names of cases to { value, says }: evaluating it ends in an error with these texts
{ lib }:
let
  inherit (builtins)
    attrNames
    concatMap
    elemAt
    filter
    genList
    head
    length
    listToAttrs
    replaceStrings
    ;
  inherit (lib)
    mkDefault
    mkForce
    mkIf
    mkMerge
    nameValuePair
    ;
  catalogue = import ../../nix/catalogue.nix;
  inherit (import ../../nix/compile.nix) compile;
  inherit (import ../../nix/values.nix) toValues;

  evaluate =
    modules:
    lib.evalModules { modules = [ ./systemd-options.nix ../../nix/module.nix ] ++ modules; };
  machine = modules: (evaluate modules).config;
  # Of modules for one service, the service.
  service =
    modules: (machine (map (module: { systemd.services.web = module; }) modules)).systemd.services.web;
  serviceConfig = modules: removeAttrs (service modules).serviceConfig [ "Environment" ];
  enabled = { harden.enable = true; };
  strict = {
    harden.enable = true;
    harden.profile = "strict@1";
  };
  hardened = module: mkMerge [ enabled module ];
  strictly = module: mkMerge [ strict module ];
  strictUnder =
    harden:
    (machine [
      { systemd = { inherit harden; services.web = strict; }; }
    ]).systemd.services.web.serviceConfig;
  settingsOf =
    profile: allow:
    toValues (removeAttrs (compile { inherit profile allow; }).settings [ "RequiresMountsFor" ]);

  # The list under "harden.enable = true" of the Pre-RFC, but for its slips: SystemCallArchitecture is
  # SystemCallArchitectures, SystemCallFilter is written as a list that allows, and NoExecPaths=/ passes
  # over what the other settings mount, unless it names that too.
  preRfc = {
    CapabilityBoundingSet = [ "" ];
    RemoveIPC = true;
    LockPersonality = true;
    ProtectHome = true;
    ExecPaths = [ "/nix/store" ];
    NoExecPaths = [ "/" "-/dev/shm" "-/var/tmp" "/dev" "/run" "/tmp" ];
    PrivateTmp = true;
    PrivateMounts = true;
    PrivateDevices = true;
    ProtectKernelTunables = true;
    ProtectKernelModules = true;
    ProtectKernelLogs = true;
    ProtectClock = true;
    ProtectControlGroups = true;
    ProtectProc = "invisible";
    ProcSubset = "pid";
    PrivateUsers = true;
    ProtectHostname = true;
    RestrictNamespaces = [ "yes" ];
    SystemCallFilter = [ "@system-service" ];
    SystemCallErrorNumber = "EPERM";
    SystemCallArchitectures = [ "native" ];
    RestrictAddressFamilies = [ "AF_UNIX" ];
    RestrictRealtime = true;
    IPAddressAllow = [ "localhost" ];
    IPAddressDeny = [ "any" ];
  };

  # --- What a service says itself ----------------------------------------------------------------------

  explicitValues = {
    no = false;
    yes = true;
    none = [ ];
    null_ = null;
    word = "word";
    list = [ "one" "two" ];
  };
  # One service for each directive of each profile and each value. { name, profile, directive, value }
  explicitCases = concatMap (
    profile:
    concatMap (
      directive:
      map (kind: {
        name = replaceStrings [ "@" ] [ "-" ] "${profile}-${directive}-${kind}";
        inherit profile directive;
        value = explicitValues.${kind};
      }) (attrNames explicitValues)
    ) (attrNames (settingsOf profile [ ]))
  ) catalogue.profileNames;
  explicitWins =
    wrap:
    let
      services =
        (machine [
          {
            systemd.services = listToAttrs (
              map (
                one:
                nameValuePair one.name {
                  harden = {
                    enable = true;
                    inherit (one) profile;
                  };
                  serviceConfig.${one.directive} = wrap one.value;
                }
              ) explicitCases
            );
          }
        ]).systemd.services;
      isRight =
        one:
        removeAttrs services.${one.name}.serviceConfig [ "Environment" ]
        == settingsOf one.profile [ ] // { ${one.directive} = one.value; };
    in
    {
      got = map (one: one.name) (filter (one: !isRight one) explicitCases);
      want = [ ];
    };

  # --- Grants ------------------------------------------------------------------------------------------

  permutations =
    list:
    if list == [ ] then
      [ [ ] ]
    else
      concatMap (
        i:
        map (rest: [ (elemAt list i) ] ++ rest) (
          permutations (genList (j: elemAt list (if j < i then j else j + 1)) (length list - 1))
        )
      ) (genList (i: i) (length list));
  grantModules = [
    { harden.allow = [ "listen:443" "jit" ]; }
    { harden.allow = { listen = [ 80 "53/udp" ]; write = [ "/srv/a" /srv/b ]; }; }
    { harden.allow = mkIf true [ "jit" "write:/srv/c" ]; }
    { harden.allow = mkMerge [ { device = true; } { connect = [ "10.0.0.0/8" ]; jit = mkIf false false; } ]; }
  ];
  allGrants = [
    "connect:10.0.0.0/8" "device" "jit"
    "listen:443" "listen:53/udp" "listen:80"
    "write:/srv/a" "write:/srv/b" "write:/srv/c"
  ];
  grantsOf = modules: (service modules).harden.compiled.grants;
  byWords = list: lib.sort lib.lessThan list;

  # --- By default --------------------------------------------------------------------------------------

  hardenedOf =
    modules:
    attrNames (lib.filterAttrs (_: one: one.harden.enable) (machine modules).systemd.services);
  byDefault = {
    systemd.hardenByDefault = true;
    systemd.services = {
      plain = { };
      "template@" = { };
      "template@one" = { };
      "template@two".overrideStrategy = "asDropin";
      masked.enable = false;
      extended.overrideStrategy = "asDropin";
      systemd-udevd.restartTriggers = [ 1 ];
      "getty@" = { };
      nix-daemon = { };
      sshd = { };
      spared.harden.enable = false;
      dbus.harden.enable = true;
    };
  };

  # --- Messages ----------------------------------------------------------------------------------------

  assertionsOf = modules: filter (one: !one.assertion) (machine modules).assertions;
  # Whether there is one message, with these texts.
  speaks =
    messages: texts: {
      got =
        if length messages != 1 then
          messages
        else
          filter (text: !lib.hasInfix text (head messages)) texts;
      want = [ ];
    };
  asserts = module: speaks (map (one: one.message) (assertionsOf [ { systemd.services.web = module; } ]));
  warns = module: speaks (machine [ { systemd.services.web = module; } ]).warnings;
  isQuiet =
    module:
    let
      whole = machine [ { systemd.services.web = module; } ];
    in
    {
      got = whole.warnings ++ map (one: one.message) (filter (one: !one.assertion) whole.assertions);
      want = [ ];
    };

  is = want: got: { inherit got want; };
  isTrue = is true;
in
{
  equal = {
    "the Pre-RFC's example gives its list" = is preRfc (serviceConfig [ enabled ]);
    "and nothing in the unit section" = is { } (service [ enabled ]).unitConfig;
    "nothing is set without enable" = is { } (serviceConfig [ { harden.profile = "strict@1"; } ]);
    "each profile gives what the compiler gives" = is (map (profile: settingsOf profile [ ]) catalogue.profileNames) (
      map (profile: serviceConfig [ (hardened { harden.profile = profile; }) ]) catalogue.profileNames
    );
    "each grant gives what the compiler gives" =
      let
        words = concatMap (name: catalogue.grants.${name}.examples) catalogue.grantNames;
        differs =
          word:
          serviceConfig [ strict { harden.allow = [ word ]; } ] != settingsOf "strict@1" [ word ];
      in
      is [ ] (filter differs words);
    "a path that is named is waited for" = is [ "/srv/a" ] (
      service [ strict { harden.allow = [ "write:/srv/a" ]; } ]
    ).unitConfig.RequiresMountsFor;

    "a plain value wins, for each directive" = explicitWins (value: value);
    "so does mkDefault" = explicitWins mkDefault;
    "a module's mkDefault is no conflict beside a plain value" = is "tmpfs" (serviceConfig [
      strict
      { serviceConfig.ProtectHome = mkDefault false; }
      { serviceConfig.ProtectHome = "tmpfs"; }
    ]).ProtectHome;
    "an override wins over a plain value" = is true (serviceConfig [
      enabled
      { harden.override = [ "ProtectHome" ]; serviceConfig.ProtectHome = false; }
    ]).ProtectHome;
    "but not over mkForce" = is false (serviceConfig [
      enabled
      { harden.override = [ "ProtectHome" ]; serviceConfig.ProtectHome = mkForce false; }
    ]).ProtectHome;

    "grants of modules add up in any order" = is [ ] (
      filter (modules: byWords (grantsOf modules) != allGrants) (permutations grantModules)
    );
    "a grant with and without argument are two" = is [ "listen" "listen:443" ] (
      grantsOf [ { harden.allow.listen = true; } { harden.allow.listen = [ 443 ]; } ]
    );
    "words of both spellings are one" = is [ "listen:443" ] (
      grantsOf [ { harden.allow = [ "listen:443/tcp" ]; } { harden.allow.listen = [ 443 ]; } ]
    );
    "mkForce takes grants away" = is [ "jit" ] (
      grantsOf [ { harden.allow = [ "listen:443" ]; } { harden.allow = mkForce [ "jit" ]; } ]
    );
    "one by one, too" = is [ "jit" ] (
      grantsOf [ { harden.allow = [ "listen:443" "jit" ]; } { harden.allow.listen = mkForce [ ]; } ]
    );
    "each grant is an attribute" = is [ ] (
      filter (name: !((service [ { } ]).harden.allow ? ${name})) catalogue.grantNames
    );

    "settings are the compiler's" = is (toValues
      (compile { profile = "strict@1"; allow = [ "write:/srv/a" ]; }).settings
    ) (service [ strict { harden.allow.write = [ "/srv/a" ]; } ]).harden.settings;
    "the record is the compiler's" = is (compile { profile = "strict@1"; allow = [ "jit" ]; runsAs = "root"; }) (
      service [ strict { harden.allow.jit = true; harden.runsAs = "root"; } ]
    ).harden.compiled;
    "a value can be made of settings" = is [ "@system-service" "~@chown" ] (
      (machine [
        (
          { config, ... }:
          {
            systemd.services.web = hardened {
              serviceConfig.SystemCallFilter =
                config.systemd.services.web.harden.settings.SystemCallFilter ++ [ "~@chown" ];
            };
          }
        )
      ]).systemd.services.web.serviceConfig.SystemCallFilter
    );
    "the version is systemd's" = is [ 252 257 ] (
      map (version: (machine [
        { systemd.package.version = version; systemd.services.web = strict; }
      ]).systemd.services.web.harden.compiled.systemd) [ "252.39" "259~rc1" ]
    );
    "what an old systemd lacks is left out" = isTrue (
      !(strictUnder { systemdVersion = 252; } ? PrivatePIDs)
    );
    "what a machine voids is left out" = isTrue (
      !(strictUnder { assume = [ "container" ]; } ? PrivatePIDs)
    );

    "by default all but what has to be spared" = is [ "dbus" "plain" "template@" ] (hardenedOf [ byDefault ]);
    "by default nobody without the switch" = is [ "dbus" ] (
      hardenedOf [ byDefault { systemd.hardenByDefault = mkForce false; } ]
    );
    "exemptions can be changed" = is [ "dbus" "nix-daemon" ] (
      hardenedOf [
        byDefault
        { systemd.harden.exempt = [ "plain" "template*" "systemd-*" "getty@" "sshd" ]; }
      ]
    );
    "the machine's profile is for those that name none" = is [ "light@1" "strict@1" ] (
      let
        inherit (machine [
          {
            systemd.harden.profile = "light@1";
            systemd.services.a = enabled;
            systemd.services.b = strict;
          }
        ]) systemd;
      in
      [ systemd.services.a.harden.profile systemd.services.b.harden.profile ]
    );

    "a service may read another, and itself" = is [ "b" true true true false ] (
      let
        inherit
          ((machine [
            (
              { config, ... }:
              let
                inherit (config.systemd) services;
              in
              {
                systemd.hardenByDefault = true;
                systemd.services = {
                  a.serviceConfig.User = services.b.serviceConfig.User;
                  a.serviceConfig.PrivateTmp = services.b.serviceConfig.PrivateTmp;
                  b.serviceConfig.User = "b";
                  # A condition on other units, and one that reads a whole other service.
                  c.enable = mkIf (services.b.serviceConfig ? User) false;
                  d.harden.enable = mkIf (services.a.serviceConfig.User == "b") (mkForce true);
                  e.serviceConfig = mkIf services.c.enable { User = "e"; };
                };
              }
            )
          ]).systemd
          )
          services
          ;
      in
      [
        services.a.serviceConfig.User
        services.a.serviceConfig.PrivateTmp
        services.d.harden.enable
        services.e.harden.enable
        services.c.harden.enable
      ]
    );

    "confinement keeps its own values" = is [ true false ] (
      map (mode: (service [
        strict
        {
          confinement.enable = true;
          confinement.mode = mode;
        }
      ]).serviceConfig.PrivateDevices) [ "full-apivfs" "chroot-only" ]
    );
    "filters of an extended unit begin with a reset" = is
      {
        CapabilityBoundingSet = [ "" "CAP_NET_BIND_SERVICE" ];
        RestrictAddressFamilies = [ "" "AF_INET" "AF_INET6" "AF_UNIX" ];
        SystemCallFilter = [ "" "@system-service" ];
        SystemCallArchitectures = [ "" "native" ];
        RestrictNamespaces = [ "" "yes" ];
        ExecPaths = [ "/nix/store" ];
        AmbientCapabilities = [ "CAP_NET_BIND_SERVICE" ];
      }
      (
        lib.getAttrs
          [
            "CapabilityBoundingSet" "RestrictAddressFamilies" "SystemCallFilter" "SystemCallArchitectures"
            "RestrictNamespaces" "ExecPaths" "AmbientCapabilities"
          ]
          (serviceConfig [ enabled { overrideStrategy = "asDropin"; harden.allow = [ "listen:80" ]; } ])
      );
    "so do those of any other that asks for it" = is [ "" "@system-service" ] (
      serviceConfig [ enabled { harden.reset = true; } ]
    ).SystemCallFilter;

    "options have documentation without pkgs" =
      let
        docs = lib.optionAttrSetToDocList (evaluate [ ]).options;
        names = map (one: one.name) (filter (one: one.visible && !one.internal) docs);
        wanted = [
          "systemd.hardenByDefault" "systemd.harden.exempt" "systemd.services.<name>.harden.allow"
          "systemd.services.<name>.harden.allow.jit" "systemd.services.<name>.harden.allow.listen"
          "systemd.services.<name>.harden.settings"
        ];
      in
      is [ ] (lib.subtractLists names wanted);

    # --- Messages

    "whom it runs as must not differ" = asserts (hardened { harden.runsAs = "root"; serviceConfig.User = "web"; })
      [ "systemd.services.web.harden.runsAs" "\"root\"" "it runs as \"user\"" ];
    "an override needs something to override" = asserts (hardened { harden.override = [ "UMask" ]; })
      [ "systemd.services.web.harden.override" "UMask" ];
    "confinement hides paths" = asserts (hardened { confinement.enable = true; harden.allow = [ "write:/srv/a" ]; })
      [ "write:/srv/a" "BindPaths = [ \"/srv/a\" ]" ];
    "unless they are bound" = isQuiet (hardened {
      confinement.enable = true;
      harden.allow = [ "write:/srv/a" "write:/var/lib/web/x" ];
      serviceConfig.BindPaths = [ "/srv" ];
      serviceConfig.StateDirectory = "web";
    });
    "an old systemd is refused" = speaks (map (one: one.message) (
      assertionsOf [ { systemd.harden.systemdVersion = 200; } ]
    )) [ "systemd 200" "252" ];

    "grants without a policy" = warns { harden.allow = [ "jit" ]; } [ "systemd.services.web.harden.allow" "harden.enable" ];
    "but not where it is switched off" = isQuiet { harden.allow = [ "jit" ]; harden.enable = false; };
    "a capability that the policy takes" = warns (hardened { serviceConfig.AmbientCapabilities = [ "CAP_NET_BIND_SERVICE" ]; })
      [ "cap:CAP_NET_BIND_SERVICE" "PrivateUsers=" ];
    "and not where it is granted" = isQuiet (hardened {
      harden.allow = [ "listen:443" ];
      serviceConfig.AmbientCapabilities = [ "CAP_NET_BIND_SERVICE" ];
    });
    "a capability that is kept in a user namespace" = warns (hardened { serviceConfig.CapabilityBoundingSet = [ "CAP_NET_RAW" ]; })
      [ "host-users" "PrivateUsers=" ];
    "and not where there is none" = isQuiet (hardened {
      serviceConfig.CapabilityBoundingSet = [ "CAP_NET_RAW" ];
      serviceConfig.PrivateUsers = false;
    });
    "a main process by its number" = warns (strictly { serviceConfig.ExecReload = "kill -HUP $MAINPID"; })
      [ "host-pids" "PrivatePIDs=" ];
    "a service that forks" = warns (strictly { serviceConfig.Type = "forking"; }) [ "host-pids" ];
    "a list that takes the place of the policy's" = warns (strictly {
      harden.allow = [ "write:/srv/a" ];
      serviceConfig.ReadWritePaths = [ "/srv/b" ];
    }) [ "ReadWritePaths" "/srv/a" ];
    "programs that cannot be executed" = warns (hardened { serviceConfig.ExecPaths = [ "/srv" ]; })
      [ "ExecPaths" "/nix/store" ];
    "a dynamic user" = warns (hardened {
      harden.allow = [ "write:/srv/a" ];
      serviceConfig.DynamicUser = true;
    }) [ "runsAs" "dynamic" ];
    "other values than the policy's are no fault" = isQuiet (strictly {
      serviceConfig = {
        ProtectHome = false;
        SystemCallFilter = [ ];
        PrivateUsers = null;
        User = "web";
        IPAddressDeny = "10.0.0.0/8";
      };
    });
  };

  fails = {
    "an unknown word" = {
      value = (service [ { harden.allow = [ "lisen:443" ]; } ]).harden.compiled;
      says = [ "systemd.services.web.harden.allow" "lisen:443" "no grant of this name" "listen" "write" "jit" ];
    };
    "an unknown attribute" = {
      value = (service [ { harden.allow.lisen = [ 443 ]; } ]).harden.compiled;
      says = [ "systemd.services.web.harden.allow" "lisen" "listen" "write" "jit" ];
    };
    "an unknown profile" = {
      value = (service [ { harden.profile = "strict@9"; } ]).harden.compiled;
      says = [ "systemd.services.web.harden.profile" "light@1" "baseline@1" "strict@1" ];
    };
    "an unknown profile of the machine" = {
      value = (machine [ { systemd.harden.profile = "strict"; } ]).systemd.harden.profile;
      says = [ "systemd.harden.profile" "light@1" "baseline@1" "strict@1" ];
    };
    "a wrong argument in a word" = {
      value = (service [ { harden.allow = [ "write:srv" ]; } ]).harden.compiled;
      says = [ "systemd.services.web.harden.allow" "write:srv" "not an absolute path" "as in write:" ];
    };
    "a wrong argument in an attribute" = {
      value = (service [ { harden.allow.listen = [ 70000 ]; } ]).harden.compiled;
      says = [ "systemd.services.web.harden.allow.listen" "70000" "not a port" ];
    };
    "a word for what takes none" = {
      value = (service [ { harden.allow.jit = [ "yes" ]; } ]).harden.compiled;
      says = [ "systemd.services.web.harden.allow.jit" "not of type" ];
    };
    "an unknown directive to override" = {
      value = (service [ { harden.override = [ "ProtectHoem" ]; } ]).harden.override;
      says = [ "systemd.services.web.harden.override" "ProtectHoem" ];
    };
    "settings that somebody sets" = {
      value = (service [ { harden.settings = { }; } ]).harden.settings;
      says = [ "systemd.services.web.harden.settings" "read-only" ];
    };
  };
}
