# SPDX-License-Identifier: LGPL-2.1-or-later
# Compiled settings, all of them lists of words, as NixOS takes them in serviceConfig and unitConfig.
let
  inherit (builtins)
    attrNames
    elem
    filter
    head
    mapAttrs
    ;
  inherit (import ./text.nix) hasPrefix toSet;
  catalogue = import ./catalogue.nix;
  inherit (catalogue) directives;

  isScalar = directive: elem directive.kind [ "choice" "mode" "text" ];
  toScalar = word: { yes = true; no = false; }.${word} or word;

  # Of lists in which one more entry lets through more, unless they are to add to what the unit opens.
  isFilter = directive: directive.list == "opens" && !isScalar directive && !directive.isOpeningList;
  # Behind a reset, what is taken from the full set of capabilities would be taken from none.
  isWholeAlready =
    directive: word: word == "" || (directive.kind == "capabilities" && hasPrefix "~" word);

  isInUnitSection = name: directives.${name}.context == "unit";
in
{
  # "yes" is true, a list stays one. As `harden compile --format nix` prints them.
  toValues = mapAttrs (
    name: words: if isScalar directives.${name} then toScalar (head words) else words
  );

  inherit isInUnitSection;

  # By the section of the unit where they stand.
  inSections =
    settings:
    let
      ofUnit = filter isInUnitSection (attrNames settings);
    in
    {
      unitConfig = builtins.intersectAttrs (toSet ofUnit) settings;
      serviceConfig = removeAttrs settings ofUnit;
    };

  # An empty entry first, so that a filter replaces what an upstream file says: after it, it would widen it.
  withReset = mapAttrs (
    name: value:
    if isFilter directives.${name} && !isWholeAlready directives.${name} (head value) then
      [ "" ] ++ value
    else
      value
  );
}
