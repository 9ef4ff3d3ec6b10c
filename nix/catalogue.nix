# SPDX-License-Identifier: LGPL-2.1-or-later
# The tables of catalogue/*.toml, in the shapes that the compiler asks for. The build of the C++ programs
# checks the same files, so nothing is checked again here.
let
  inherit (builtins)
    attrNames
    concatMap
    elem
    elemAt
    foldl'
    fromJSON
    fromTOML
    genList
    head
    isString
    length
    listToAttrs
    mapAttrs
    match
    readDir
    readFile
    sort
    split
    ;
  inherit (import ./text.nix)
    contains
    cutAtFirst
    hasPrefix
    hasSuffix
    last
    removePrefix
    splitOn
    toSet
    ;

  textOf = file: readFile (../catalogue + "/${file}.toml");
  readTable = file: fromTOML (textOf file);
  withIndex = rows: genList (i: elemAt rows i // { index = i; }) (length rows);
  byName =
    rows:
    listToAttrs (
      map (row: {
        inherit (row) name;
        value = row;
      }) rows
    );

  # The rows of a long table as { name, index, row }. Each is parsed when it is asked for: all would take longer
  # than what a machine with a few services asks of them. A row begins with its name.
  readRows =
    file: kind:
    let
      parts = split "\n\\[\\[${kind}]]\nname = \"([^\"]+)\"\n" (textOf file);
    in
    genList (index: {
      inherit index;
      name = head (elemAt parts (2 * index + 1));
      row = fromTOML (elemAt parts (2 * index + 2));
    }) (length parts / 2);

  directives = byName (map readDirective (readRows "directives" "directive"));
  readDirective =
    {
      name,
      index,
      row,
    }:
    let
      readValue = value: { since = 0; } // (if isString value then { name = value; } else value);
      values = map readValue row.values;
      indices = mapAttrs (_: value: value.index) (byName (withIndex values));
    in
    {
      inherit name index;
      inherit (row) kind context since;
      inherit values indices;
      list = row.list or null;
      excepts = row.excepts or null;
      # A list whose entries only open.
      isOpeningList =
        if row.kind == "capabilities" then
          !(row.starts_full or false)
        else
          elem row.kind [ "addresses" "devices" "paths" "words" "lines" ] && row.list or null != "closes";
      # Of a choice, where nothing is set; null is a state of its own.
      defaultChoice = if row ? default then indices.${row.default} else null;
      defaultText = row.default or null;
    };
  inCatalogueOrder = sort (a: b: directives.${a}.index < directives.${b}.index);

  # "ProtectHome=read-only|tmpfs", "RootImage", "!PrivateMounts", "WatchdogSec>0", "!SystemCallFilter~capset".
  readCondition =
    text:
    let
      cut = cutAtFirst "=" text;
    in
    if length (splitOn "~" text) > 1 then
      { test = "denies"; directive = removePrefix "!" (head (splitOn "~" text)); }
    else if hasPrefix "!" text then
      { test = "unset"; directive = removePrefix "!" text; }
    else if hasSuffix ">0" text then
      { test = "nonzero"; directive = head (splitOn ">" text); }
    else if cut.after == null then
      { test = "set"; directive = text; }
    else
      {
        test = "choice";
        directive = cut.before;
        choices = map (value: directives.${cut.before}.indices.${value}) (splitOn "|" cut.after);
      };
  readConditions = map readCondition;
  # From the first to the last version, both included.
  spans = row: version: row.since or 0 <= version && (!(row ? until) || version <= row.until);

  readImplication = row: {
    inherit (row) stage reason;
    appliesTo = spans row;
    when = readConditions (row.when or [ ]);
    any = readConditions (row.any or [ ]);
    unlessRoot = row.unless_root or false;
    set = mapAttrs (name: value: directives.${name}.indices.${value}) (row.set or { });
    dropCapabilities = row.drop_capabilities or [ ];
    append = row.append or { };
    denySyscalls = row.deny_syscalls or [ ];
  };

  # One step each, { when, op, directive, word }. The word of a path is the access that it asks for, and
  # `path` is there if the path is not that of the grant's argument.
  readEffects =
    row:
    let
      step = op: directive: word: {
        inherit op directive word;
        when = row.when or [ ];
      };
      steps =
        op: table: concatMap (name: map (step op name) table.${name}) (inCatalogueOrder (attrNames table));
    in
    map (name: step "lift" name "") (row.lift or [ ])
    ++ map (name: step "lift-implying" name "") (if row ? lift_implying then [ row.lift_implying ] else [ ])
    ++ steps "set" (mapAttrs (_: word: [ word ]) (row.set or { }))
    ++ steps "add" (row.add or { })
    ++ steps "remove" (row.remove or { })
    ++ map (step "capability" "CapabilityBoundingSet") (row.capabilities or [ ])
    ++ map (step "device" "DeviceAllow") (row.devices or [ ])
    ++ (
      if row ? paths then
        map (path: step "path" null row.path // { inherit path; }) row.paths
      else if row ? path then
        [ (step "path" null row.path) ]
      else
        [ ]
    );

  readGrant =
    {
      name,
      index,
      row,
    }:
    let
      argument = row.argument or "none";
    in
    {
      inherit name index;
      inherit (row)
        summary
        opens
        leaves
        danger
        examples
        ;
      argument = head (splitOn "?" argument);
      # It may be left out, which opens more.
      isOptional = hasSuffix "?" argument;
      effects = concatMap readEffects row.effects;
    };

  readActions =
    table:
    map (directive: {
      inherit directive;
      word = table.${directive};
    }) (attrNames table);
  readTree = row: {
    paths = toSet row.paths;
    when = readCondition row.when;
    unless = if row ? unless then readCondition row.unless else null;
    except = toSet (row.except or [ ]);
    # For each access the directives that let a path through, with the word to add or the choice to loosen
    # to.
    actions = mapAttrs (_: readActions) {
      read = row.read or { };
      write = row.write or { };
      exec = row.exec or { };
    };
  };

  # Mounts of the service's own: where they are by some condition, or by the entries of lists.
  readMount = row: {
    when = readConditions (row.when or [ ]);
    unless = if row ? unless then readCondition row.unless else null;
    paths = row.paths or [ ];
    writable = row.writable or [ ];
    lists = row.lists or [ ];
    below = row.below or null;
  };

  # What the unit's own text asks for; `from` tells by what it is found.
  readImplied = row: {
    inherit (row) grants reason;
    from = row.from or (if row ? items then "items" else "condition");
    items = row.items or null;
    when = readConditions (row.when or [ ]);
    written = row.written or [ ];
  };

  readLimit = row: {
    inherit (row) directives reason;
    appliesTo = spans row;
    fact = row.fact or null;
    unless = row.unless or null;
    isWritten = row.write or true;
    closedBy = row.closed_by or { };
  };

  readProfile = row: row // { spares = row.spares or [ ]; };

  systemds = map readSystemd (sort (a: b: a < b) (map fromJSON versions));
  versions = concatMap (file: let m = match "([0-9]+)[.]toml" file; in if m == null then [ ] else m) (
    attrNames (readDir ../catalogue/systemd)
  );
  readSystemd =
    version:
    let
      text = textOf "systemd/${toString version}";
      # What follows is for the score and for reading units, and is two thirds of the time to parse it.
      table = fromTOML (head (split "\n\\[\\[exposure]]" text));
    in
    {
      inherit version;
      inherit (table) capabilities;
      families = table.address_families;
      familyAliases = table.address_family_aliases;
      groups = table.syscall_groups;
      syscalls = table.syscalls.native ++ table.syscalls.pseudo or [ ];
      # Asked for each profile; most machines need nothing else of the table.
      hasBpf = contains "\n[filesystem_groups]\n" text;
    };

  grantRows = map readGrant (readRows "grants" "grant");
  profileRows = map readProfile (readTable "profiles").profile;
in
{
  inherit
    directives
    inCatalogueOrder
    systemds
    ;

  # What the kernel has of them.
  namespaceKinds = [ "cgroup" "ipc" "mnt" "net" "pid" "user" "uts" ];

  grants = byName grantRows;
  grantNames = map (row: row.name) grantRows;
  profiles = byName profileRows;
  profileNames = map (row: row.name) profileRows;
  layouts = byName (readTable "layouts").layout;
  implications = map readImplication (readTable "implications").implication;
  trees = map readTree (readTable "trees").tree;
  mounts = map readMount (readTable "mounts").mount;
  implied = map readImplied (readTable "implied").implied;
  limits = map readLimit (readTable "limits").limit;

  # The newest systemd knows all names that any does.
  newest = last systemds;
  # The table for a version: that of the newest systemd which is not newer.
  systemdFor =
    version: foldl' (found: one: if one.version <= version then one else found) (head systemds) systemds;
  # Of all versions, as names of a set.
  syscalls = toSet (concatMap (one: one.syscalls) systemds);
}
