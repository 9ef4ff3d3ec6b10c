# SPDX-License-Identifier: LGPL-2.1-or-later
# What is said of one directive: the profile's part, and what grants did to it. Grants act by steps, each of
# which only ever opens, so the order of grants shows in nothing but `openedBy`. A slot is
#   inProfile   the profile shuts it, or leaves it shut when another directive is lifted
#   lifted      it is not to be set
#   choice      of a choice: its index; null of other kinds
#   mode        of a mode
#   base        the profile's words without `~`
#   denied      and those behind one
#   granted     words of grants, as names of a set
#   openedBy    texts of the grants that did something here
{ catalogue, systemd }:
let
  inherit (builtins)
    attrNames
    bitAnd
    concatStringsSep
    elem
    elemAt
    filter
    foldl'
    groupBy
    mapAttrs
    ;
  inherit (import ./text.nix) characters indexOf;
  inherit (catalogue) directives;
  inherit (systemd) version;

  empty = {
    inProfile = false;
    lifted = false;
    choice = null;
    mode = null;
    base = [ ];
    denied = [ ];
    granted = { };
    openedBy = [ ];
  };
  orEmpty = slot: if slot == null then empty else slot;

  octalDigits = characters "01234567";
  parseMode = text: foldl' (mode: digit: mode * 8 + indexOf digit octalDigits) 0 (characters text);
  printMode =
    mode:
    let
      digitAt = place: toString (bitAnd (mode / place) 7);
    in
    concatStringsSep "" (map digitAt [ 512 64 8 1 ]);

  # The tightest value up to the index that the version has; 0 if there is none.
  lowerChoice =
    directive: index:
    if index > 0 && (elemAt directive.values index).since > version then
      lowerChoice directive (index - 1)
    else
      index;

  note =
    grant: slot:
    if elem grant slot.openedBy then slot else slot // { openedBy = slot.openedBy ++ [ grant ]; };

  # A step is { op, directive, word, grant }; `slot` is null where nothing was said so far.
  take =
    slot: step:
    let
      opened = orEmpty slot;
    in
    {
      lift = note step.grant (opened // { lifted = true; });
      add = note step.grant (opened // { granted = opened.granted // { ${step.word} = true; }; });
      remove =
        if slot == null then
          null
        else
          note step.grant (slot // { base = filter (word: word != step.word) slot.base; });
      set = loosen slot step;
    }
    .${step.op};

  # What a profile leaves to systemd may be tighter than the word all the same.
  loosen =
    said: step:
    let
      directive = directives.${step.directive};
      slot =
        if said != null && said.inProfile then
          said
        else
          orEmpty said
          // {
            inProfile = true;
            choice = if directive.kind == "choice" then directive.defaultChoice else null;
            mode = if directive.kind == "mode" then parseMode directive.defaultText else null;
          };
      mode = bitAnd slot.mode (parseMode step.word);
      choice = lowerChoice directive directive.indices.${step.word};
      tight = if slot.choice == null then 0 else slot.choice;
    in
    if directive.kind == "mode" then
      if mode == slot.mode then said else note step.grant (slot // { inherit mode; })
    else if choice >= tight then
      said
    else
      note step.grant (slot // { inherit choice; });

  dropNulls =
    slots:
    removeAttrs slots (filter (name: slots.${name} == null) (attrNames slots));
in
rec {
  inherit empty lowerChoice parseMode printMode;

  # Words that no grant has brought.
  grantWords =
    words: slot:
    slot // { granted = foldl' (granted: word: granted // { ${word} = true; }) slot.granted words; };

  isClosed = slot: slot != null && slot.inProfile && !slot.lifted;

  # All steps on all slots.
  takeAll =
    slots: steps:
    slots
    // dropNulls (
      mapAttrs (name: foldl' take (slots.${name} or null)) (groupBy (step: step.directive) steps)
    );

  # Words that stand behind a `~` and are not granted.
  stillDenied = slot: filter (word: !(slot.granted ? ${word})) slot.denied;
  # Words of grants that the profile does not have, sorted.
  newlyGranted = slot: filter (word: !elem word slot.base) (attrNames slot.granted);
}
