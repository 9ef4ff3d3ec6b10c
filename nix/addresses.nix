# SPDX-License-Identifier: LGPL-2.1-or-later
# Address prefixes in the one spelling that the C library gives them, so that two policies which name the
# same peers are equal: "10.1.2.3/8" is "10.0.0.0/8", "FE80::0:1" is "fe80::1/128". An address is a list of
# its parts, 4 of 8 bits or 8 of 16.
let
  inherit (builtins)
    all
    bitAnd
    concatStringsSep
    elemAt
    foldl'
    genList
    length
    match
    stringLength
    ;
  inherit (import ./text.nix)
    characters
    cutAtFirst
    hasSuffix
    indexOf
    last
    init
    splitOn
    toLower
    ;

  digits = characters "0123456789abcdef";
  digitValue = digit: indexOf (toLower digit) digits;
  parse = base: text: foldl' (value: digit: value * base + digitValue digit) 0 (characters text);
  toHex = value: (if value < 16 then "" else toHex (value / 16)) + elemAt digits (value - value / 16 * 16);

  parseIpv4 =
    text:
    let
      parts = splitOn "." text;
      isByte = part: match "0|[1-9][0-9]{0,2}" part != null && parse 10 part <= 255;
    in
    if length parts == 4 && all isByte parts then map (parse 10) parts else null;

  # Groups between colons; the last may be an IPv4 address, which takes the place of two.
  parseGroups =
    text:
    let
      parts = splitOn ":" text;
      ipv4 = parseIpv4 (last parts);
      isGroup = part: match "[0-9a-fA-F]{1,4}" part != null;
      join = at: elemAt ipv4 at * 256 + elemAt ipv4 (at + 1);
    in
    if text == "" then
      [ ]
    else if all isGroup parts then
      map (parse 16) parts
    else if ipv4 != null && all isGroup (init parts) then
      map (parse 16) (init parts) ++ [ (join 0) (join 2) ]
    else
      null;

  parseIpv6 =
    text:
    let
      halves = match "(.*)::(.*)" text;
      before = parseGroups (elemAt halves 0);
      after = parseGroups (elemAt halves 1);
      gap = 8 - length before - length after;
      whole = parseGroups text;
      # An IPv4 address stands at the very end.
      hasIpv4Before = match ".*[.].*::.*" text != null;
    in
    if halves != null then
      if before == null || after == null || hasIpv4Before || gap < 1 then
        null
      else
        before ++ genList (_: 0) gap ++ after
    else if whole != null && length whole == 8 then
      whole
    else
      null;

  # The first of the longest runs of zeros, of two at least.
  longestGap =
    groups:
    let
      runAt = i: if i < 8 && elemAt groups i == 0 then 1 + runAt (i + 1) else 0;
      best = foldl' (best: at: if runAt at > best.size then { inherit at; size = runAt at; } else best) {
        at = 0;
        size = 1;
      } (genList (i: i) 8);
    in
    if best.size < 2 then null else best;

  printIpv4 = bytes: concatStringsSep "." (map toString bytes);
  printIpv6 =
    groups:
    let
      gap = longestGap groups;
      bytesOf = group: [ (group / 256) (bitAnd group 255) ];
      asIpv4 = printIpv4 (bytesOf (elemAt groups 6) ++ bytesOf (elemAt groups 7));
      isMapped = gap != null && gap.size == 5 && elemAt groups 5 == 65535;
      holdsIpv4 = gap != null && gap.at == 0 && (gap.size == 6 || isMapped);
      texts = map toHex groups;
      slice = from: count: concatStringsSep ":" (genList (i: elemAt texts (from + i)) count);
    in
    if gap == null then
      slice 0 8
    else if holdsIpv4 then
      (if gap.size == 6 then "::" else "::ffff:") + asIpv4
    else
      "${slice 0 gap.at}::${slice (gap.at + gap.size) (8 - gap.at - gap.size)}";

  # Decimal, 0x… or 0…, as systemd takes them.
  parseLength =
    max: text:
    let
      value =
        if match "0[xX][0-9a-fA-F]+" text != null then
          parse 16 (elemAt (match "0[xX](.*)" text) 0)
        else if match "0[0-7]*" text != null then
          parse 8 text
        else if match "[1-9][0-9]*" text != null then
          parse 10 text
        else
          null;
    in
    if stringLength text <= 8 && value != null && value <= max then value else null;

  # All bits of the parts behind the first `length` are zero.
  mask =
    size: length: parts:
    let
      power = n: if n == 0 then 1 else 2 * power (n - 1);
      kept = at: if at < 0 then 0 else if at > size then size else at;
      maskPart =
        i:
        let
          unit = power (size - kept (length - i * size));
        in
        elemAt parts i / unit * unit;
    in
    genList maskPart (builtins.length parts);

  parsePrefix =
    text:
    let
      cut = cutAtFirst "/" text;
      ipv4 = parseIpv4 cut.before;
      ipv6 = parseIpv6 cut.before;
      print =
        bits: size: printer: parts:
        let
          length = if cut.after == null then bits else parseLength bits cut.after;
        in
        if length == null then null else "${printer (mask size length parts)}/${toString length}";
    in
    if ipv4 != null then
      print 32 8 printIpv4 ipv4
    else if ipv6 != null then
      print 128 16 printIpv6 ipv6
    else
      null;

  isLocalhostName =
    text:
    let
      lower = toLower (if hasSuffix "." text then elemAt (match "(.*)[.]" text) 0 else text);
    in
    match "(.*[.])?localhost([.]localdomain)?" lower != null;
in
{
  # In normal form; a word that stands for several prefixes stays. Null: neither.
  normalPeer =
    text:
    if isLocalhostName text || text == "link-local" || text == "multicast" then text else parsePrefix text;
}
