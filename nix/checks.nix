# SPDX-License-Identifier: LGPL-2.1-or-later
# What is wrong with a policy beside the finished service. That serviceConfig has another value than the
# policy is nothing wrong, and nothing is said of it.
{ lib }:
let
  inherit (builtins)
    attrNames
    concatMap
    elem
    filter
    head
    isList
    toJSON
    ;
  inherit (lib) optional optionals;
  inherit (import ./text.nix) cutAtFirst isAtOrBelow listed removePrefix;
  inherit (import ./values.nix) isInUnitSection toValues withReset;
  catalogue = import ./catalogue.nix;
  grammar = import ./grants.nix;
  implied = import ./implied.nix;
  inherit (catalogue) directives;

  oldest = (head catalogue.systemds).version;

  # What the checks of one service look at.
  viewOf =
    compile: findImplied: name: service:
    let
      cfg = service.harden;
      final = service.unitConfig or { } // service.serviceConfig;
      words = cfg.policy.compiled.grants;
      written = if cfg.reset then withReset else (settings: settings);
      ours = written cfg.policy.settings;
    in
    {
      inherit cfg final words;
      inherit findImplied;
      option = "systemd.services.${lib.strings.escapeNixIdentifier name}";
      isConfined = service.confinement.enable or false;
      inherit ours;
      compileWith =
        change:
        let
          policy = {
            inherit (cfg) profile runsAs;
            allow = words;
          };
        in
        written (toValues (compile (policy // change)).settings);
      # The policy's directives of which the service says something else. Most services have none, and that is
      # quick to see.
      replaced =
        if builtins.intersectAttrs ours final == ours then
          [ ]
        else
          filter (directive: final.${directive} or null != ours.${directive}) (attrNames ours);
    };

  isYes = value: elem value [ true "yes" "true" "on" "1" ];
  userOf =
    final:
    if isYes (final.DynamicUser or false) then
      "dynamic"
    else if elem (toString (final.User or "")) [ "" "root" "0" ] then
      "root"
    else
      "user";

  # --- Assertions --------------------------------------------------------------------------------------

  runsAsAnother =
    view:
    let
      actual = userOf view.final;
    in
    optional (!elem view.cfg.runsAs [ "any" actual ]) ''
      ${view.option}.harden.runsAs is "${view.cfg.runsAs}", but by serviceConfig it runs as "${actual}".
      Set it to that, or leave it out.'';

  overridesNothing =
    view:
    let
      unknown = filter (directive: !(view.ours ? ${directive})) view.cfg.override;
    in
    optional (unknown != [ ]) ''
      ${view.option}.harden.override lists ${listed unknown}, which the policy does not set.
      Take it out, or the grant that lifts it.'';

  # Below the root that confinement makes there is only what is bound into it.
  missingInConfinement =
    view:
    let
      targetOf =
        word:
        let
          path = removePrefix "-" word;
          cut = cutAtFirst ":" path;
        in
        if cut.after == null then path else (cutAtFirst ":" cut.after).before;
      wordsOf = directive: implied.wordsOfValue (view.final.${directive} or [ ]);
      bound = map targetOf (concatMap wordsOf [ "BindPaths" "BindReadOnlyPaths" "TemporaryFileSystem" ]);
      made = concatMap (
        directive:
        map (name: "${implied.ownFolders.${directive}}/${(cutAtFirst ":" name).before}") (wordsOf directive)
      ) (attrNames implied.ownFolders);
      always = [ "/tmp" "/var/tmp" "/nix/store" ];
      # The root itself is an empty file system in memory.
      shown = filter (dir: dir != "/") (bound ++ made ++ always);
      isThere = path: lib.any (isAtOrBelow path) shown;
      isPath = grant: grant.row.argument == "path" && grant.argument != "";
      named = filter isPath (grammar.parseAll view.words);
      missing = filter (grant: !lib.hasPrefix "-" grant.argument && !isThere grant.argument) named;
      paths = map (grant: grant.argument) missing;
    in
    optional (view.isConfined && missing != [ ]) ''
      ${view.option}.harden.allow has ${listed (map (grant: grant.text) missing)},
      but confinement shows the service nothing there. Bind it: ${view.option}.serviceConfig.BindPaths = ${toNixList paths};'';

  toNixList = words: "[ ${lib.concatMapStringsSep " " toJSON words} ]";

  # --- Warnings ----------------------------------------------------------------------------------------

  grantsWithoutPolicy =
    view:
    optional view.cfg.policy.hasIdleGrants ''
      ${view.option}.harden.allow does nothing, since nothing says that the service is hardened.
      Set ${view.option}.harden.enable to true, or to false if that is meant.'';

  # What the service's own settings ask for, and what the policy has in force against it.
  missingGrants =
    view:
    let
      # The root that confinement makes has a store to execute from.
      final = removeAttrs view.final (optional view.isConfined "RootDirectory");
      own = removeAttrs final (attrNames (removeAttrs view.ours view.replaced));
      changes =
        use:
        let
          with_ = view.compileWith { allow = view.words ++ [ use.grant ]; };
          # Of a list that shuts, entries more open nothing.
          isLooser =
            directive: now: before:
            if directives.${directive}.list == "closes" && isList before && isList now then
              lib.subtractLists now before != [ ]
            else
              now != before;
          isChanged =
            directive:
            !isInUnitSection directive
            && view.final.${directive} or null == view.ours.${directive} or null
            && isLooser directive (with_.${directive} or null) (view.ours.${directive} or null);
        in
        filter isChanged (attrNames (view.ours // with_));
      describe =
        use:
        let
          shut = changes use;
        in
        optional (shut != [ ]) ''
          ${view.option}: ${use.reason}, and its policy does not have it
          (${listed (map (name: "${name}=") shut)}). Say ${view.option}.harden.allow = ${toNixList [ use.grant ]};'';
    in
    concatMap describe (view.findImplied own);

  # A list in serviceConfig takes the place of the policy's, with what was granted.
  lostGrants =
    view:
    let
      isNeeded =
        directive:
        view.cfg.policy.compiled.opened ? ${directive}
        # Without the programs' folders nothing can be executed.
        || (directives.${directive}.kind == "paths" && directives.${directive}.excepts != null);
      describe =
        directive:
        let
          now = implied.wordsOfValue (view.final.${directive} or [ ]);
          lost = filter (word: !elem word now) view.ours.${directive};
        in
        optional (lost != [ ]) ''
          ${view.option}.serviceConfig.${directive} takes the place of the policy's list,
          which has ${listed lost} too. Say it in harden.allow alone, or add to ${view.option}.harden.settings.${directive}.'';
      isLost = directive: directives.${directive}.isOpeningList && isNeeded directive;
    in
    concatMap describe (filter isLost view.replaced);

  # A dynamic user brings in read-only trees that a grant has to open.
  lessThanDynamic =
    view:
    let
      isDynamic = view.cfg.runsAs == "any" && userOf view.final == "dynamic";
      dynamic = view.compileWith { runsAs = "dynamic"; };
      opens =
        directive:
        directives.${directive}.isOpeningList
        && lib.subtractLists (view.ours.${directive} or [ ]) dynamic.${directive} != [ ];
    in
    optional (isDynamic && lib.any opens (attrNames dynamic)) ''
      ${view.option} has a dynamic user, who needs more than its policy opens.
      Set ${view.option}.harden.runsAs to "dynamic".'';

  ofServices =
    compile: systemd: services: checksOf:
    let
      view = viewOf compile (implied.find systemd);
    in
    concatMap (name: checksOf (view name services.${name})) (attrNames services);
in
{
  ofMachine = cfg: [
    {
      assertion = cfg.systemdVersion >= oldest;
      message = ''
        systemd.harden: systemd ${toString cfg.systemdVersion} is older than ${toString oldest}, the oldest
        that policies are made for.'';
    }
  ];

  assertionsOf =
    compile: systemd: services:
    map
      (message: {
        assertion = false;
        inherit message;
      })
      (
        ofServices compile systemd services (
          view:
          optionals view.cfg.enable (
            runsAsAnother view ++ overridesNothing view ++ missingInConfinement view
          )
        )
      );

  warningsOf =
    compile: systemd: services:
    ofServices compile systemd services (
      view:
      grantsWithoutPolicy view
      ++ optionals view.cfg.enable (missingGrants view ++ lostGrants view ++ lessThanDynamic view)
    );
}
