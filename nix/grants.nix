# SPDX-License-Identifier: LGPL-2.1-or-later
# A grant as it is written, "listen:443", and what its argument says. Grants have a normal form, so that two
# spellings of one are equal; docs/policies.md says the forms. What can go wrong is a value,
# { fault, hint }, for the module knows better than this file where the word stands.
let
  inherit (builtins)
    attrNames
    concatMap
    concatStringsSep
    elem
    filter
    foldl'
    fromJSON
    head
    match
    sort
    tail
    ;
  inherit (import ./text.nix)
    characters
    cutAtFirst
    cutAtLast
    hasPrefix
    hasSuffix
    init
    isAtOrBelow
    isBefore
    last
    listed
    removePrefix
    splitOn
    toLower
    toUpper
    unique
    ;
  inherit (import ./addresses.nix) normalPeer;
  catalogue = import ./catalogue.nix;
  inherit (catalogue) namespaceKinds newest;

  highestPort = 65535;
  # Below, CAP_NET_BIND_SERVICE is asked for.
  firstFreePort = 1024;

  wrong = fault: hint: { inherit fault hint; };
  right = value: { inherit value; };
  isWrong = result: result ? fault;
  # A list of results as the result of a list: the first fault counts.
  all =
    results:
    let
      faults = filter isWrong results;
    in
    if faults == [ ] then right (map (result: result.value) results) else head faults;
  # Goes on with the value.
  bind = result: next: if isWrong result then result else next result.value;

  # Splits at commas that one of `starts` follows, so that a comma inside a path stays.
  splitBefore =
    starts: text:
    let
      begins = part: builtins.any (start: hasPrefix start part) starts;
      add =
        parts: part:
        if begins part then parts ++ [ part ] else init parts ++ [ "${last parts},${part}" ];
      parts = splitOn "," text;
    in
    foldl' add [ (head parts) ] (tail parts);

  # Absolute, without `.`, `..`, and doubled or trailing slashes; null if it cannot be that.
  normalPath =
    path:
    let
      parts = filter (part: part != "" && part != ".") (splitOn "/" path);
    in
    if !hasPrefix "/" path || elem ".." parts then null else "/" + concatStringsSep "/" parts;

  # What lists of paths, and of bind mounts, cannot hold without escapes of escapes, and control characters.
  hasHardCharacter = path: match "([^:\"'\\[:cntrl:]]*)" path == null;

  readPath =
    row: word:
    let
      isOptional = hasPrefix "-" word;
      text = removePrefix "-" word;
      path = normalPath text;
    in
    if match ".*%.*" text != null then
      wrong "only the running system can tell where the path is" "write the path itself"
    else if path == null then
      wrong "not an absolute path without `..`" "as in ${head row.examples}"
    else if hasHardCharacter path then
      wrong "a path with a colon, quote, backslash or a character that does not print"
        "grant the folder that holds it"
    else if path == "/" then
      {
        write = wrong "the whole system" "say system-write";
        exec = wrong "everything" "say exec, with no path";
      }
      .${row.name} or (
        wrong "the whole system can be read but for what has a grant of its own"
          "say home-read for home folders"
      )
    else if isAtOrBelow path "/dev" && !isAtOrBelow path "/dev/shm" then
      wrong "a device takes more than a path" "say device:${path}"
    else
      right ((if isOptional then "-" else "") + path);

  readDevice =
    _row: word:
    let
      cut = cutAtLast ":" word;
      hasAccess = cut.after != null;
      access = concatStringsSep "" (filter (right: elem right (characters cut.after)) [ "r" "w" "m" ]);
      text = if hasAccess then cut.before else word;
      path = normalPath text;
      isNode =
        path != null
        && isAtOrBelow path "/dev"
        && path != "/dev"
        && match "[^ \t\"'\\%]*" path != null;
      withAccess = node: right "${node}:${if hasAccess then access else "rw"}";
    in
    if hasAccess && match "[rwm]+" cut.after == null then
      wrong "the access to a device is of r, w and m" "as in device:/dev/sr0:r"
    else if hasPrefix "char-" text || hasPrefix "block-" text then
      withAccess text
    else if isNode then
      withAccess path
    else
      wrong "not a node below /dev, nor char-GROUP or block-GROUP" "as in device:/dev/ttyS0";

  # Sorted, each once; none for all.
  readPeers =
    text:
    let
      readPeer =
        peer:
        let
          normal = normalPeer peer;
        in
        if normal != null then
          right normal
        else
          wrong "`${peer}` is not an address"
            "an address, a prefix as 10.0.0.0/8, or localhost, link-local, multicast, any";
      # What follows `any` says nothing more.
      upToAny =
        peers:
        if peers == [ ] || head peers == "any" then
          [ ]
        else
          [ (head peers) ] ++ upToAny (tail peers);
      peers = splitOn "," text;
      isAny = elem "any" peers;
    in
    bind (all (map readPeer (upToAny peers))) (
      normal: right (if isAny then [ ] else sort (a: b: a < b) (unique normal))
    );

  readPort =
    text:
    let
      port = if match "0*[0-9]{1,5}" text == null then 0 else toNumber text;
    in
    if port < 1 || port > highestPort then null else port;
  # JSON has no zeros in front.
  toNumber = text: fromJSON (head (match "0*([0-9]+)" text));

  # PORT[-PORT] or any, with /tcp or /udp behind it; tcp is left out.
  readPortRange =
    word:
    let
      form = "as in listen:443, listen:53/udp, listen:8000-8010, listen:any";
      cut = cutAtFirst "/" word;
      protocol = if cut.after == null then "tcp" else cut.after;
      text = cut.before;
      ends = cutAtFirst "-" text;
      first = readPort ends.before;
      last = if ends.after == null then first else readPort ends.after;
      suffix = if protocol == "udp" then "/udp" else "";
    in
    if !elem protocol [ "tcp" "udp" ] then
      wrong "`${protocol}` is not tcp or udp" form
    else if text == "any" then
      right "any${suffix}"
    else if first == null || last == null || first > last then
      wrong "`${text}` is not a port or a range of ports" form
    else if first == last then
      right "${toString first}${suffix}"
    else
      right "${toString first}-${toString last}${suffix}";

  # The peers are for all ports.
  readPorts =
    text:
    let
      cut = cutAtFirst "@" text;
      peers = if cut.after == null then right [ ] else readPeers cut.after;
      ranges = all (map readPortRange (splitOn "," cut.before));
    in
    bind peers (
      peers:
      let
        suffix = if peers == [ ] then "" else "@${concatStringsSep "," peers}";
      in
      bind ranges (ranges: right (map (range: range + suffix) ranges))
    );

  withPrefix = prefix: name: if hasPrefix prefix name then name else prefix + name;

  readFamily =
    _row: word:
    let
      name = withPrefix "AF_" (toUpper word);
      known = newest.familyAliases.${name} or name;
    in
    if newest.families ? ${known} then
      right known
    else
      wrong "no address family of this name" "as in family:AF_VSOCK";

  readCapability =
    _row: word:
    let
      name = withPrefix "CAP_" (toUpper word);
    in
    if elem name newest.capabilities then
      right name
    else
      wrong "no capability of this name" "as in cap:CAP_NET_RAW";

  readSyscall =
    _row: word:
    if newest.groups ? ${word} || catalogue.syscalls ? ${word} then
      right word
    else if hasPrefix "@" word then
      wrong "no group of system calls of this name" "one of ${listed (attrNames newest.groups)}"
    else
      wrong "no system call of this name" "`systemd-analyze syscall-filter` lists them";

  readNamespace =
    _row: word:
    if elem (toLower word) namespaceKinds then
      right (toLower word)
    else
      wrong "`${word}` is not a kind of namespace" "one of ${listed namespaceKinds}";

  # By kind of argument: the normal arguments that a text amounts to.
  readArguments =
    row:
    let
      each = read: parts: all (map (read row) parts);
    in
    {
      none = _: wrong "${row.name} takes no argument" "say ${row.name}";
      path = text: each readPath (splitBefore [ "/" "-/" ] text);
      device = text: each readDevice (splitBefore [ "/" "char-" "block-" ] text);
      peers = text: bind (readPeers text) (peers: right (if peers == [ ] then [ "" ] else peers));
      ports = readPorts;
      family = text: each readFamily (splitOn "," text);
      capability = text: each readCapability (splitOn "," text);
      syscall = text: each readSyscall (splitOn "," text);
      namespaces = text: each readNamespace (splitOn "," text);
    }
    .${row.argument};

  makeGrant = row: argument: {
    inherit row argument;
    text = if argument == "" then row.name else "${row.name}:${argument}";
  };

  # What stands in the argument, for the effects of the grant. Empty where it says nothing of the kind.
  argumentOf =
    grant:
    let
      none = {
        hasArgument = grant.argument != "";
        hasLowPort = false;
        path = "";
        isOptionalPath = false;
        peers = [ ];
        bind = "";
        device = "";
        name = "";
      };
      argument = grant.argument;
      named = { name = argument; };
    in
    none
    // {
      none = { };
      path = {
        isOptionalPath = hasPrefix "-" argument;
        path = removePrefix "-" argument;
      };
      device =
        let
          cut = cutAtLast ":" argument;
        in
        if argument == "" then { } else { device = "${cut.before} ${cut.after}"; };
      peers = if argument == "" then { } else { peers = [ argument ]; };
      ports = portsOf argument;
      family = named;
      capability = named;
      syscall = named;
      namespaces = named;
    }
    .${grant.row.argument};

  # Any port may be a low one.
  portsOf =
    argument:
    let
      cut = cutAtFirst "@" argument;
      isUdp = hasSuffix "/udp" cut.before;
      protocol = if isUdp then "udp" else "tcp";
      range = (cutAtFirst "/" cut.before).before;
      isAny = cut.before == "" || range == "any";
    in
    {
      peers = if cut.after == null then [ ] else splitOn "," cut.after;
      bind = if cut.before == "" then "" else if isAny then protocol else "${protocol}:${range}";
      hasLowPort = isAny || toNumber (head (splitOn "-" range)) < firstFreePort;
    };
in
rec {
  inherit argumentOf;

  # { value = [ grant ] } of one word of an Allow=, or { fault, hint }.
  parse =
    word:
    let
      cut = cutAtFirst ":" word;
      row = catalogue.grants.${cut.before} or null;
      needsArgument = row.argument != "none" && !row.isOptional;
    in
    if row == null then
      wrong "no grant of this name" "the grants are ${listed catalogue.grantNames}"
    else if cut.after != null then
      bind (readArguments row cut.after) (arguments: right (map (makeGrant row) arguments))
    else if needsArgument then
      wrong "${row.name} takes an argument" "as in ${head row.examples}"
    else
      right [ (makeGrant row "") ];

  describeFault = word: result: "grant `${word}`: ${result.fault}; ${result.hint}";

  # Sorted by the catalogue's order, each once.
  normalize =
    grants:
    let
      byText = builtins.listToAttrs (map (grant: { name = grant.text; value = grant; }) grants);
      key = grant: [ grant.row.index grant.argument ];
    in
    sort (a: b: isBefore (key a) (key b)) (builtins.attrValues byText);

  # All words, or an evaluation error that names the first wrong one.
  parseAll =
    words:
    normalize (
      concatMap (
        word:
        let
          result = parse word;
        in
        result.value or (throw "harden: ${describeFault word result}")
      ) words
    );
}
