# SPDX-License-Identifier: LGPL-2.1-or-later
# Functions on texts and lists that Nix does not bring itself, as far as Nix 2.8 goes. Not nixpkgs' lib: the
# compiler has to evaluate where there is none, in its own tests above all.
let
  inherit (builtins)
    concatStringsSep
    elem
    elemAt
    filter
    foldl'
    genList
    head
    isString
    length
    listToAttrs
    replaceStrings
    split
    stringLength
    substring
    tail
    ;

  lowerLetters = characters "abcdefghijklmnopqrstuvwxyz";
  upperLetters = characters "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  characters = text: genList (i: substring i 1 text) (stringLength text);

  hasPrefix = prefix: text: substring 0 (stringLength prefix) text == prefix;
  hasSuffix =
    suffix: text:
    let
      before = stringLength text - stringLength suffix;
    in
    before >= 0 && substring before (stringLength suffix) text == suffix;
  contains = part: text: replaceStrings [ part ] [ "" ] text != text;
  removePrefix =
    prefix: text: if hasPrefix prefix text then dropChars (stringLength prefix) text else text;
  dropChars = n: text: substring n (stringLength text) text;

  # In brackets a character means nothing else to a regular expression.
  splitOn = separator: text: filter isString (split "[${separator}]" text);

  last = list: elemAt list (length list - 1);
  init = list: genList (elemAt list) (length list - 1);
in
{
  inherit
    characters
    contains
    dropChars
    hasPrefix
    hasSuffix
    init
    last
    removePrefix
    splitOn
    ;

  toLower = replaceStrings upperLetters lowerLetters;
  toUpper = replaceStrings lowerLetters upperLetters;

  # { before, after } of the separator's first or last place; `after` is null where there is none.
  cutAtFirst =
    separator: text:
    let
      parts = splitOn separator text;
      before = head parts;
    in
    if length parts == 1 then
      { inherit before; after = null; }
    else
      { inherit before; after = dropChars (stringLength before + 1) text; };
  cutAtLast =
    separator: text:
    let
      parts = splitOn separator text;
    in
    if length parts == 1 then
      { before = text; after = null; }
    else
      { before = concatStringsSep separator (init parts); after = last parts; };

  # The first of equal ones stays.
  unique = foldl' (seen: one: if elem one seen then seen else seen ++ [ one ]) [ ];

  # The place of the first equal one, or null.
  indexOf =
    wanted: list:
    let
      from = i: if i == length list then null else if elemAt list i == wanted then i else from (i + 1);
    in
    from 0;

  # Of a list of lists, sorted: [ 1 "b" ] before [ 2 "a" ].
  isBefore =
    a: b:
    let
      from =
        i:
        i < length a && (elemAt a i < elemAt b i || (elemAt a i == elemAt b i && from (i + 1)));
    in
    from 0;

  # Is a path the same as a folder or below it?
  isAtOrBelow = path: dir: dir == "/" || path == dir || hasPrefix "${dir}/" path;

  # Names of a set, for unions and intersections.
  toSet =
    names:
    listToAttrs (
      map (name: {
        inherit name;
        value = true;
      }) names
    );
  # An absolute, simple path and all folders above it, as a set: a question that is asked of many folders is
  # then one intersection.
  placesOf =
    path:
    let
      add =
        { places, at }:
        part:
        let
          next = "${at}/${part}";
        in
        {
          at = next;
          places = places // { ${next} = true; };
        };
      start = {
        at = "";
        places = { "/" = true; };
      };
    in
    if path == "/" then start.places else (foldl' add start (tail (splitOn "/" path))).places;

  # Names in quotes, for messages.
  listed = concatStringsSep ", ";
}
