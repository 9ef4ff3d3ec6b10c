# SPDX-License-Identifier: LGPL-2.1-or-later
# What a policy amounts to, beside the settings themselves: what opened or lifted them, what is not to be
# had, what does not hold, and what stays shut although a grant lifts it. src/policy/compile.cc, for a unit
# that says nothing but whom it runs as.
{
  catalogue,
  version, # of systemd
  closing, # close.nix for it
}:
let
  inherit (builtins)
    all
    attrNames
    concatMap
    elem
    filter
    head
    intersectAttrs
    length
    listToAttrs
    mapAttrs
    sort
    ;
  inherit (import ./text.nix) isBefore toSet;
  inherit (catalogue) directives;
  inherit (closing) own settings wordsOf;

  selectAttrs = holds: set: removeAttrs set (filter (name: !holds set.${name}) (attrNames set));
  rejectNames = isOut: set: removeAttrs set (filter isOut (attrNames set));
  orZero = value: if value == null then 0 else value;
  isChoice = name: directives.${name}.kind == "choice";

  # DynamicUser= brings in what a line of ours would loosen: PrivateTmp=disconnected.
  isTighterAlready = name: slot: slot.choice != null && own.choices.${name} or 0 > slot.choice;

  writtenOf =
    slots: names:
    let
      isWritten = one: one.value != [ ];
      writtenFor = name: {
        inherit name;
        value = if isTighterAlready name slots.${name} then [ ] else wordsOf slots name;
      };
    in
    listToAttrs (filter isWritten (map writtenFor names));

  # Many services of a machine have a profile and no grants, and others differ from them in little.
  ungranted = mapAttrs (
    name: _:
    let
      closed = closing.close name [ ];
      words = writtenOf closed.slots (attrNames closed.slots);
    in
    {
      inherit (closed) slots;
      inherit words;
      record = makeRecord name [ ] closed words;
    }
  ) catalogue.profiles;
  make =
    profile: grants:
    let
      closed = closing.close profile grants;
      inherit (closed) slots;
      before = ungranted.${profile};
      # Whether an exception is written hangs on other slots.
      isSame = name: slots.${name} == before.slots.${name} or null && directives.${name}.excepts == null;
      changed = filter (name: !isSame name) (attrNames slots);
    in
    makeRecord profile grants closed (
      removeAttrs (intersectAttrs slots before.words) changed // writtenOf slots changed
    );

  makeRecord =
    profile: grants: closed: words:
    let
      inherit (closed) slots;
      considered = rejectNames (name: isTighterAlready name slots.${name}) slots;
      isLifted = name: slot: slot.inProfile && slot.lifted && !(words ? ${name});

      inOrder = catalogue.inCatalogueOrder;
      byDirective = sort (a: b: directives.${a.directive}.index < directives.${b.directive}.index);

      # --- What the unit is with these settings, as far as directives act on each other ----------------

      # All kinds of namespaces are no restriction.
      kinds = length catalogue.namespaceKinds;
      saysSomething = name: directives.${name}.kind != "namespaces" || length words.${name} < kinds;
      merged = settings.imply "load" {
        choices =
          own.choices
          // mapAttrs (name: list: directives.${name}.indices.${head list}) (
            rejectNames (name: !isChoice name) words
          );
        said =
          own.said
          // toSet (filter (name: !isChoice name && saysSomething name) (attrNames words));
      };
      atStart = settings.imply "start" merged;

      isTight =
        name:
        if isChoice name then
          orZero (settings.choiceOf merged name) > orZero directives.${name}.defaultChoice
        else
          merged.said ? ${name};

      # --- What does not hold --------------------------------------------------------------------------

      voids =
        let
          rows = filter (
            row:
            row.isWritten
            && row.appliesTo version
            && closing.factHolds row.fact
            && !(row.unless != null && isTight row.unless)
            && all (name: !elem row.closedBy.${name} (words.${name} or [ ])) (attrNames row.closedBy)
          ) catalogue.limits;
          key = one: [ directives.${one.directive}.index one.because ];
        in
        sort (a: b: isBefore (key a) (key b)) (
          concatMap (
            row:
            map (directive: {
              inherit directive;
              because = row.reason;
            }) (filter isTight row.directives)
          ) rows
        );

      # What a grant lifts and something else sets all the same.
      opened = selectAttrs (slot: slot.inProfile && slot.openedBy != [ ]) slots;
      shut = concatMap shutOf (inOrder (attrNames opened));
      shutOf =
        name:
        let
          slot = slots.${name};
          wanted = if slot.lifted then 0 else orZero slot.choice;
          isBroughtIn = isChoice name && orZero (settings.choiceOf atStart name) > wanted;
          because =
            atStart.because.${name} or (
              if orZero (settings.choiceOf merged name) > wanted then
                "another setting of the unit brings it in"
              else
                ""
            );
        in
        if !isBroughtIn || because == "" then
          [ ]
        else
          map (grant: {
            inherit grant because;
            directive = name;
          }) slot.openedBy;
    in
    {
      schema = 1;
      unit = null;
      systemd = version;
      inherit profile shut;
      grants = map (grant: grant.text) grants;
      implied = [ ];
      settings = words;
      opened = selectAttrs (list: list != [ ]) (mapAttrs (name: _: slots.${name}.openedBy) words);
      lifted = mapAttrs (_: slot: slot.openedBy) (
        rejectNames (name: !isLifted name considered.${name}) considered
      );
      overrides = [ ];
      kept = [ ];
      unavailable = byDirective closed.unavailable;
      void = voids;
    };
in
# A profile's name and normal grants.
profile: grants: if grants == [ ] then ungranted.${profile}.record else make profile grants
