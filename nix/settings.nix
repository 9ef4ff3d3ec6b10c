# SPDX-License-Identifier: LGPL-2.1-or-later
# What settings amount to as far as directives act on each other: the choices that are made, and which other
# directives say anything. A unit in a state is { choices, said }: choices by index, the rest as names.
{
  catalogue,
  systemd,
  isRoot,
}:
let
  inherit (builtins)
    all
    any
    attrNames
    elem
    filter
    foldl'
    mapAttrs
    ;
  inherit (import ./text.nix) toSet;
  inherit (catalogue) directives;

  nothing = { choices = { }; said = { }; };

  # As systemd reads it: the value, or the default where nothing is set.
  choiceOf = state: name: state.choices.${name} or directives.${name}.defaultChoice;

  isSaid = state: name: state.choices ? ${name} || state.said ? ${name};

  holds =
    state: condition:
    if condition.test == "choice" then
      elem (choiceOf state condition.directive) condition.choices
    else if condition.test == "set" then
      isSaid state condition.directive
    else if condition.test == "unset" then
      !isSaid state condition.directive
    else
      # "nonzero": numbers and times, which no policy sets. "denies": by what a filter denies nothing is lifted or
      # spared.
      false;

  rowsAt =
    stage:
    filter (
      row: row.stage == stage && row.appliesTo systemd.version && !(row.unlessRoot && isRoot)
    ) catalogue.implications;
  rows = {
    load = rowsAt "load";
    start = rowsAt "start";
  };

  applies =
    state: row:
    all (holds state) row.when && (row.any == [ ] || any (holds state) row.any);

  # In the order of the rows: each sees what those before it did. `because` is the reason of the first row
  # that changed a choice.
  apply =
    state: row:
    if !applies state row then
      state
    else
      let
        changed = filter (name: choiceOf state name != row.set.${name}) (attrNames row.set);
        lists =
          attrNames row.append
          ++ (if row.dropCapabilities == [ ] then [ ] else [ "CapabilityBoundingSet" ])
          ++ (if row.denySyscalls == [ ] then [ ] else [ "SystemCallFilter" ]);
      in
      {
        choices = state.choices // row.set;
        said = state.said // toSet lists;
        because = mapAttrs (_: _: row.reason) (toSet changed) // state.because or { };
      };
in
{
  inherit choiceOf holds nothing;

  imply = stage: state: foldl' apply (removeAttrs state [ "because" ]) rows.${stage};
}
