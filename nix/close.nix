# SPDX-License-Identifier: LGPL-2.1-or-later
# Profile and grants as slots, one a directive: docs/policies.md, "How a policy becomes settings", steps 1
# to 6, for a unit that says nothing but whom it runs as. The C++ programs do the same in
# src/policy/closed.cc, and test/nix/differential holds the two against each other.
{
  catalogue,
  target, # { systemd, layout, runsAs, facts }
}:
let
  inherit (builtins)
    all
    any
    attrNames
    concatMap
    elem
    filter
    foldl'
    head
    intersectAttrs
    mapAttrs
    ;
  inherit (import ./text.nix)
    hasPrefix
    removePrefix
    toSet
    unique
    ;
  inherit (import ./grants.nix) argumentOf;
  inherit (catalogue) directives;
  inherit (target) systemd layout runsAs;
  inherit (systemd) version;

  isRoot = runsAs == "root";
  mayBeRoot = isRoot || runsAs == "any";
  slots = import ./slots.nix { inherit catalogue systemd; };
  settings = import ./settings.nix { inherit catalogue systemd isRoot; };
  inherit (slots) isClosed takeAll;
  words = import ./words.nix { inherit catalogue systemd own; };
  paths = import ./paths.nix {
    inherit
      catalogue
      systemd
      layout
      own
      settings
      words
      ;
  };
  inherit (words) wordsOf;

  # The settings of a unit that says nothing but whom it runs as.
  own = settings.imply "load" {
    choices = if runsAs == "dynamic" then { DynamicUser = 1; } else { };
    said = if isRoot || runsAs == "dynamic" then { } else { User = true; };
  };

  factHolds =
    fact:
    if fact == null then
      true
    else if fact == "root" then
      mayBeRoot
    else if fact == "no-bpf-framework" then
      !systemd.hasBpf
    else
      elem fact target.facts;

  # --- The profile -------------------------------------------------------------------------------------

  systemdName = "systemd ${toString version}";
  missing = directive: because: { inherit directive because; };

  # { slot } or { because }: not to be had.
  shut =
    name: words:
    let
      directive = directives.${name};
      choice = slots.lowerChoice directive directive.indices.${head words};
      split = word: if word == "@programs" then layout.programs else [ word ];
      isDenied = hasPrefix "~";
      shutWith = columns: { slot = slots.empty // { inProfile = true; } // columns; };
    in
    if directive.since > version then
      {
        because = "${systemdName} has no ${name}=, which came with ${toString directive.since}";
      }
    else if directive.kind == "choice" then
      if choice == 0 then
        { because = "${systemdName} does not know ${name}=${head words}"; }
      else
        shutWith { inherit choice; }
    else if directive.kind == "mode" then
      shutWith { mode = slots.parseMode (head words); }
    else
      shutWith {
        base = concatMap split (filter (word: !isDenied word) words);
        denied = map (removePrefix "~") (filter isDenied words);
      };

  # A state of the work: { slots, unavailable }. Once a profile, for all services that have it.
  starts = mapAttrs (_: startWith) catalogue.profiles;
  startWith =
    profile:
    foldl'
      (
        state: name:
        let
          made = shut name profile.settings.${name};
        in
        if made ? slot then
          state // { slots = state.slots // { ${name} = made.slot; }; }
        else
          state // { unavailable = state.unavailable ++ [ (missing name made.because) ]; }
      )
      {
        slots = { };
        unavailable = [ ];
      }
      (attrNames profile.settings);

  # --- Grants ------------------------------------------------------------------------------------------

  # Of the rows of the table those that may have an effect here.
  implications = filter (
    row: elem row.stage [ "load" "start" ] && row.appliesTo version && !(row.unlessRoot && isRoot)
  ) catalogue.implications;

  # Directives that make `name` one of its tighter choices.
  implyingDirectives =
    name:
    let
      rows = filter (row: row.set.${name} or 0 != 0) implications;
      conditions = filter (condition: condition.test != "denies") (concatMap (row: row.when ++ row.any) rows);
    in
    filter (other: other != name) (map (condition: condition.directive) conditions);

  # Whether the service is root may be open: what either asks for is done then.
  factOfGrant =
    argument: fact:
    {
      argument = [ argument.hasArgument ];
      peers = [ (argument.peers != [ ]) ];
      low-port = [ argument.hasLowPort ];
      root = if runsAs == "any" then [ true false ] else [ isRoot ];
    }
    .${fact};
  conditionHolds =
    argument: text: elem (!hasPrefix "!" text) (factOfGrant argument (removePrefix "!" text));

  fillIn =
    argument: word:
    {
      "{peer}" = argument.peers;
      "{bind}" = [ argument.bind ];
      "{name}" = [ argument.name ];
      "{device}" = [ argument.device ];
    }
    .${word} or [ word ];

  stepsOfEffect =
    grant: argument: effect:
    let
      step = op: directive: word: {
        inherit op directive word;
        grant = grant.text;
      };
      steps = op: directive: map (step op directive) (fillIn argument effect.word);
      lift = name: step "lift" name "";
    in
    {
      lift = [ (lift effect.directive) ];
      # Lists that only open are written for what stays shut, and not at all where nothing does.
      lift-implying =
        map lift (
          [ effect.directive ]
          ++ filter (name: !directives.${name}.isOpeningList) (implyingDirectives effect.directive)
        );
      set = steps "set" effect.directive;
      add = steps "add" effect.directive;
      remove = steps "remove" effect.directive;
      # In a user namespace they would count for nothing.
      capability =
        steps "add" "CapabilityBoundingSet"
        ++ (if isRoot || elem "root" effect.when then [ ] else steps "add" "AmbientCapabilities")
        ++ [ (lift "PrivateUsers") ];
      # In a private /dev there is no node.
      device = steps "add" "DeviceAllow" ++ [ (lift "PrivateDevices") ];
      path = [ ]; # openPaths
    }
    .${effect.op};

  effectsOf =
    grant:
    let
      argument = argumentOf grant;
      holding = filter (effect: all (conditionHolds argument) effect.when) grant.row.effects;
    in
    map (effect: { inherit grant argument effect; }) holding;

  stepsOf = { grant, argument, effect }: stepsOfEffect grant argument effect;

  # --- What stays behind, and what must not come along -------------------------------------------------

  # A directive that is lifted takes with it what it implied: capabilities, calls and other directives that
  # the profile shut through it and that no grant has opened. These get a word of their own.
  leaveBehind =
    state:
    let
      isLifted = name: state.slots.${name}.lifted;
      bringers = attrNames (intersectAttrs state.slots bringersOfChoices);
    in
    if any isLifted bringers then foldl' leaveBehindOf state implications else state;
  bringersOfChoices = toSet (
    map (condition: condition.directive) (
      filter (condition: condition.test == "choice") (concatMap (row: row.when) implications)
    )
  );
  leaveBehindOf =
    state: row:
    let
      isGone =
        condition:
        let
          slot = state.slots.${condition.directive} or null;
        in
        slot != null
        && slot.inProfile
        && slot.lifted
        && slot.choice != null
        && condition.test == "choice"
        && elem slot.choice condition.choices;
    in
    if any isGone row.when then state // { slots = keepEffects state.slots row; } else state;

  # In systemd's order.
  capabilitiesOf =
    row:
    if row.dropCapabilities == [ ] then
      [ ]
    else
      filter (name: elem name row.dropCapabilities) systemd.capabilities;

  keepEffects =
    before: row:
    let
      # An allow list has what it allows.
      isAllowList =
        name:
        let
          slot = before.${name} or null;
        in
        slot != null && slot.inProfile && (slot.denied == [ ] || slot.base != [ ]);
      slotOf = name: if before ? ${name} then before.${name} else slots.empty;
      keepChoice =
        name:
        let
          slot = slotOf name;
        in
        if slot.inProfile || slot.lifted then
          { }
        else
          {
            ${name} = slot // {
              inProfile = true;
              choice = row.set.${name};
            };
          };
      deny =
        name: words:
        let
          slot = slotOf name;
        in
        if words == [ ] || isAllowList name then
          { }
        else
          {
            ${name} = slot // {
              inProfile = true;
              denied = unique (slot.denied ++ words);
            };
          };
      append =
        name:
        let
          slot = slotOf name;
        in
        { ${name} = slots.grantWords row.append.${name} slot; };
      kept =
        map keepChoice (attrNames row.set)
        ++ [
          (deny "CapabilityBoundingSet" (capabilitiesOf row))
          (deny "SystemCallFilter" row.denySyscalls)
        ]
        ++ map append (attrNames row.append);
    in
    foldl' (all: one: all // one) before kept;

  dropFromProfile = foldl' (slots: name: slots // { ${name} = slots.${name} // { inProfile = false; }; });

  # What brings in a directive that the profile spares is not written, unless that one is there already.
  spare =
    profile: state:
    let
      atStart = settings.imply "start" own;
      spared = filter (name: settings.choiceOf atStart name == 0) profile.spares;
    in
    foldl' spareOne state spared;
  spareOne =
    state: spared:
    let
      isShut = name: state.slots.${name}.inProfile or false;
      implying = filter isShut (unique (implyingDirectives spared));
      because = "${systemdName} would set ${spared}= too, for a service that is not root";
      reported = filter (name: !state.slots.${name}.lifted) implying;
    in
    {
      slots = dropFromProfile state.slots implying;
      unavailable = state.unavailable ++ map (name: missing name because) reported;
    };

  limits = filter (
    row: !row.isWritten && row.appliesTo version && factHolds row.fact
  ) catalogue.limits;
  dropWhatIsNotToBeHad = state: foldl' dropLimited state limits;
  dropLimited =
    state: limit:
    let
      isAverted = limit.unless != null && wordsOf state.slots limit.unless != [ ];
      dropped = filter (name: isClosed (state.slots.${name} or null)) limit.directives;
    in
    if isAverted then
      state
    else
      {
        slots = dropFromProfile state.slots dropped;
        unavailable = state.unavailable ++ map (name: missing name limit.reason) dropped;
      };

  # Where a directive of the profile does not hold by itself, and a word more makes it.
  closeWhatIsLeft =
    state: state // { slots = foldl' closeLeft state.slots (filter isClosable catalogue.limits); };
  isClosable = row: row.closedBy != { } && row.appliesTo version && factHolds row.fact;
  closeLeft =
    all: limit:
    let
      writes = name: wordsOf all name != [ ];
      closed = mapAttrs (
        name: word: slots.grantWords [ word ] (all.${name} or slots.empty)
      ) limit.closedBy;
    in
    if (limit.unless != null && writes limit.unless) || !any writes limit.directives then
      all
    else
      all // closed;
in
{
  inherit
    factHolds
    own
    settings
    wordsOf
    ;

  # { slots, unavailable } of a profile's name and normal grants.
  close =
    name: grants:
    let
      profile = catalogue.profiles.${name};
      effects = concatMap effectsOf grants;
      opened = map paths.pathOf (filter (one: one.effect.op == "path") effects);
      start = starts.${name};
      granted = start // { slots = takeAll start.slots (concatMap stepsOf effects); };
      settled = closeWhatIsLeft (
        dropWhatIsNotToBeHad (spare profile (leaveBehind (spare profile granted)))
      );
    in
    settled // { slots = paths.shutMounts (paths.openPaths opened settled.slots); };
}
