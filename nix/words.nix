# SPDX-License-Identifier: LGPL-2.1-or-later
# The words that slots come to. What an entry of a list opens is asked of the other slots, as far as it is
# an exception from what they shut.
{
  catalogue,
  systemd,
  own, # settings of the unit itself
}:
let
  inherit (builtins)
    any
    attrNames
    concatMap
    elemAt
    filter
    mapAttrs
    sort
    ;
  inherit (catalogue) directives implications;
  slots = import ./slots.nix { inherit catalogue systemd; };

  # Which directives bring one in that others are exceptions from: PrivateDevices= brings DevicePolicy=.
  bringers = mapAttrs (closer: _: bringersOf closer) directives;
  bringersOf =
    closer:
    let
      rows = filter (
        row: row.stage == "load" && row.appliesTo systemd.version && row.set.${closer} or 0 != 0
      ) implications;
    in
    filter (name: name != closer) (concatMap (row: map (condition: condition.directive) row.when) rows);

  # Is anything shut that the entries of its list of exceptions could open?
  isShut =
    state: closer:
    let
      writes = name: wordsOf state name != [ ];
    in
    writes closer || own.choices.${closer} or 0 != 0 || any writes bringers.${closer};

  withTilde = slot: map (word: "~${word}") (slots.stillDenied slot);
  allWords = slot: slot.base ++ slots.newlyGranted slot;

  # The words to write; none if there is nothing to write.
  wordsOf =
    state: name:
    let
      slot = state.${name} or null;
      directive = directives.${name};
    in
    if slot == null || slot.lifted then
      [ ]
    else if directive.isOpeningList then
      if directive.excepts != null && !isShut state directive.excepts then [ ] else allWords slot
    else if !slot.inProfile then
      [ ]
    else
      wordsOfKind.${directive.kind} or (_: allWords) directive slot;

  maskWords =
    nothing: slot:
    let
      words = sort (a: b: a < b) (allWords slot);
    in
    if slot.denied != [ ] then
      withTilde slot
    else if words == [ ] then
      [ nothing ]
    else
      words;

  wordsOfKind = {
    choice =
      directive: slot:
      let
        choice = if slot.choice == null then 0 else slot.choice;
      in
      if choice == 0 && directive.defaultChoice == 0 then
        [ ]
      else
        [ (elemAt directive.values choice).name ];
    mode = _: slot: [ (slots.printMode slot.mode) ];
    capabilities = _: maskWords "";
    families = _: maskWords "none";
    namespaces = _: slot: if slot.granted == { } then slot.base else attrNames slot.granted;
    # Lines in order: what is allowed, less what is denied, and what the grants allow.
    syscalls =
      _: slot:
      let
        words = slot.base ++ withTilde slot;
      in
      if words == [ ] then [ ] else words ++ slots.newlyGranted slot;
  };
in
{
  inherit isShut wordsOf;
}
