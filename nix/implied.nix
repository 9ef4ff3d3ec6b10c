# SPDX-License-Identifier: LGPL-2.1-or-later
# What a service's own settings ask of a policy: the rows of catalogue/implied.toml, on serviceConfig and
# unitConfig as NixOS has them. The C++ programs grant it without a word; here nothing may look at
# serviceConfig before it is finished, so that the module can only say what is missing. Left to the C++
# programs are a terminal, and programs outside of the program folders, of which NixOS has none.
let
  inherit (builtins)
    all
    any
    attrNames
    concatMap
    elem
    filter
    intersectAttrs
    isBool
    isList
    listToAttrs
    mapAttrs
    match
    replaceStrings
    split
    toString
    ;
  inherit (import ./text.nix)
    characters
    contains
    cutAtFirst
    hasPrefix
    isAtOrBelow
    last
    removePrefix
    toSet
    ;
  catalogue = import ./catalogue.nix;
  grammar = import ./grants.nix;
  inherit (catalogue) directives;

  # Folders that systemd makes for the service below them.
  ownFolders = listToAttrs (
    concatMap (
      row:
      map (name: {
        inherit name;
        value = row.below;
      }) row.lists
    ) (filter (row: row.below != null) catalogue.mounts)
  );
  privateFolders = [ "/tmp" "/var/tmp" ];

  # --- Values of NixOS as lines of a unit --------------------------------------------------------------

  lineOf = value: if isBool value then (if value then "yes" else "no") else toString value;
  # What is before an empty entry does not count.
  afterReset =
    lines:
    if elem "" lines then
      builtins.foldl' (kept: line: if line == "" then [ ] else kept ++ [ line ]) [ ] lines
    else
      lines;
  linesOf = value: if isList value then map lineOf value else [ (lineOf value) ];
  wordsOf = line: filter (word: builtins.isString word && word != "") (split "[ \t\n]+" line);
  isSpecifierFree = word: !contains "%" word;

  booleans = {
    "1" = "yes";
    on = "yes";
    true = "yes";
    y = "yes";
    t = "yes";
    "0" = "no";
    off = "no";
    false = "no";
    n = "no";
    f = "no";
  };
  prefixOf =
    command:
    if prefixCharacters ? ${builtins.substring 0 1 command} then
      builtins.head (match "([-@:+!|]*).*" command)
    else
      "";
  prefixCharacters = toSet (characters "-@:+!|");

  # Those that NixOS can have. The lists by whose entries some are found.
  foundHere = filter (row: !elem row.from [ "tty" "programs" ]) catalogue.implied;
  lists = toSet (filter (name: name != null) (map (row: row.items) foundHere));
  # What rows depend on, and what that depends on.
  conditions =
    let
      names = map (condition: condition.directive) (
        concatMap (row: row.when) catalogue.implied
        ++ concatMap (row: row.when ++ row.any) catalogue.implications
      );
      isChoice = name: directives.${name}.kind == "choice";
      inherit (builtins.partition isChoice names) right wrong;
    in
    {
      choices = toSet right;
      others = toSet wrong;
    };
in
{
  inherit ownFolders;

  # Of { directive = value; … } the words that stand for it; of a choice one.
  wordsOfValue = value: concatMap wordsOf (afterReset (linesOf value));

  # For a systemd, and then for a service's own settings, [ { grant, reason } ], each grant once.
  find =
    systemd:
    let
      kindOf =
        isRoot:
        let
          settings = import ./settings.nix { inherit catalogue systemd isRoot; };
          rowsIn =
            said:
            let
              state = settings.imply "load" said;
            in
            filter (row: all (settings.holds state) row.when) foundHere;
          rowsOfNothing = rowsIn settings.nothing;
          withoutLists = filter (row: row.items == null) rowsOfNothing;
        in
        # Most services say nothing that a row depends on.
        said: lines:
        if said != settings.nothing then
          rowsIn said
        else if intersectAttrs lists lines != { } then
          rowsOfNothing
        else
          withoutLists;
      rowsAsRoot = kindOf true;
      rowsAsOther = kindOf false;
    in
    own:
    let
      lines = mapAttrs (_: value: afterReset (linesOf value)) (intersectAttrs directives own);
      linesFor = name: lines.${name} or [ ];
      wordsFor = name: concatMap wordsOf (linesFor name);
      lineFor = name: if linesFor name == [ ] then "" else last (linesFor name);

      isRoot = elem (lineFor "User") [ "" "root" "0" ] && indexOf "DynamicUser" != 1;
      isSaid = name: linesFor name != [ ];
      indexOf =
        name:
        let
          word = lineFor name;
          inherit (directives.${name}) indices;
        in
        indices.${word} or indices.${booleans.${word} or ""} or null;
      withValue = value: name: { inherit name; value = value name; };
      said = {
        choices = listToAttrs (
          map (withValue indexOf) (
            filter (name: indexOf name != null) (attrNames (intersectAttrs conditions.choices lines))
          )
        );
        said = listToAttrs (
          map (withValue (_: true)) (filter isSaid (attrNames (intersectAttrs conditions.others lines)))
        );
      };
      rows = (if isRoot then rowsAsRoot else rowsAsOther) said lines;

      commands = concatMap linesFor (
        filter (name: directives.${name}.kind == "commands") (attrNames lines)
      );
      isSandboxed = command: !contains "+" (prefixOf command);
      anyCommand = test: any (command: test command && isSandboxed command) commands;

      isOwnFolder =
        path:
        any (
          directive:
          any (
            name: isAtOrBelow path "${ownFolders.${directive}}/${(cutAtFirst ":" name).before}"
          ) (wordsFor directive)
        ) (attrNames ownFolders);

      itemsOf =
        name:
        let
          kind = directives.${name}.kind;
          deviceOf =
            line:
            let
              words = wordsOf line;
            in
            if builtins.length words == 1 then "${line}:rwm" else builtins.concatStringsSep ":" words;
          isOpen = line: !hasPrefix "~" line;
          isOnHost = word: !hasPrefix "+" (removePrefix "-" word);
        in
        if !lines ? ${name} then
          [ ]
        else if kind == "devices" then
          map deviceOf (linesFor name)
        else if kind == "text" then
          linesFor name
        else
          filter isOnHost (concatMap wordsOf (filter isOpen (linesFor name)));

      workingDir = lineFor "WorkingDirectory";
      pidFile =
        let
          text = lineFor "PIDFile";
          path = if hasPrefix "/" text then text else "/run/${text}";
        in
        if hasPrefix "/var/run/" path then removePrefix "/var" path else path;
      pidDir = dirOf pidFile;

      # The items that a row finds; one of any text where it asks for none.
      onlyIf = holds: if holds then [ "" ] else [ ];
      found = {
        condition = [ "" ];
        main_pid = onlyIf (
          anyCommand (
            command: contains "MAINPID" command && match ".*[$][{]?MAINPID.*" command != null
          )
        );
        keeps_root = onlyIf (!isRoot && anyCommand (command: contains "!" (prefixOf command)));
        pid_file =
          if lineFor "PIDFile" == "" || pidDir == "/" || isOwnFolder pidDir then
            [ ]
          else
            [ (if pidDir == "/run" then pidDir else "-${pidDir}") ];
        working_dir =
          if elem (removePrefix "-" workingDir) ([ "" "~" ] ++ privateFolders) then
            [ ]
          else
            [ workingDir ];
        home_dir = onlyIf (removePrefix "-" workingDir == "~");
      };
      itemsFor =
        row:
        if !all isSaid row.written then
          [ ]
        else if row.items != null then
          itemsOf row.items
        else
          found.${row.from} or [ ];
      uses =
        row:
        concatMap (
          item:
          concatMap (
            pattern:
            let
              result = grammar.parse (replaceStrings [ "{item}" ] [ item ] pattern);
            in
            map (grant: {
              grant = grant.text;
              inherit (row) reason;
            }) (result.value or [ ])
          ) row.grants
        ) (filter isSpecifierFree (itemsFor row));
      first = uses: use: if any (one: one.grant == use.grant) uses then uses else uses ++ [ use ];
    in
    builtins.foldl' first [ ] (concatMap uses rows);
}
