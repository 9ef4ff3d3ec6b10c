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
    cutAtFirst
    hasPrefix
    isAtOrBelow
    last
    removePrefix
    ;
  catalogue = import ./catalogue.nix;
  grammar = import ./grants.nix;
  inherit (catalogue) directives;

  # Folders that systemd makes for the service below them.
  ownFolders = {
    RuntimeDirectory = "/run";
    StateDirectory = "/var/lib";
    CacheDirectory = "/var/cache";
    LogsDirectory = "/var/log";
  };
  privateFolders = [ "/tmp" "/var/tmp" ];

  # --- Values of NixOS as lines of a unit --------------------------------------------------------------

  lineOf = value: if isBool value then (if value then "yes" else "no") else toString value;
  # What is before an empty entry does not count.
  afterReset =
    lines:
    builtins.foldl' (kept: line: if line == "" then [ ] else kept ++ [ line ]) [ ] lines;
  linesOf = value: if isList value then map lineOf value else [ (lineOf value) ];
  wordsOf = line: filter (word: builtins.isString word && word != "") (split "[ \t\n]+" line);
  isSpecifierFree = word: match ".*%.*" word == null;

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
in
{
  inherit ownFolders;

  # Of { directive = value; … } the words that stand for it; of a choice one.
  wordsOfValue = value: concatMap wordsOf (afterReset (linesOf value));

  # For a systemd, and then for a service's own settings, [ { grant, reason } ], each grant once.
  find =
    systemd:
    let
      settingsFor = isRoot: import ./settings.nix { inherit catalogue systemd isRoot; };
      asRoot = settingsFor true;
      asOther = settingsFor false;
    in
    own:
    let
      lines = mapAttrs (_: value: afterReset (linesOf value)) own;
      linesFor = name: lines.${name} or [ ];
      wordsFor = name: concatMap wordsOf (linesFor name);
      lineFor = name: if linesFor name == [ ] then "" else last (linesFor name);

      isChoice = name: (directives.${name}.kind or "") == "choice";
      known = filter (name: directives ? ${name} && linesFor name != [ ]) (attrNames lines);
      indexOf =
        name:
        let
          word = lineFor name;
          inherit (directives.${name}) indices;
        in
        indices.${word} or indices.${booleans.${word} or ""} or null;
      isRoot = elem (lineFor "User") [ "" "root" "0" ] && indexOf "DynamicUser" != 1;
      settings = if isRoot then asRoot else asOther;
      withValue = value: name: { inherit name; value = value name; };
      state = settings.imply "load" {
        choices = listToAttrs (
          map (withValue indexOf) (filter (name: isChoice name && indexOf name != null) known)
        );
        said = listToAttrs (map (withValue (_: true)) (filter (name: !isChoice name) known));
      };

      commands = concatMap linesFor (filter (name: directives.${name}.kind == "commands") known);
      prefixOf = command: builtins.head (match "([-@:+!|]*).*" command);
      isSandboxed = command: match ".*[+].*" (prefixOf command) == null;
      anyCommand = test: any (command: isSandboxed command && test command) commands;

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
        if kind == "devices" then
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
      found =
        row:
        {
          condition = [ "" ];
          items = itemsOf row.items;
          main_pid = onlyIf (anyCommand (command: match ".*[$][{]?MAINPID.*" command != null));
          keeps_root = onlyIf (!isRoot && anyCommand (command: match ".*!.*" (prefixOf command) != null));
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
        }
        .${row.from} or [ ];

      holds = row: all (settings.holds state) row.when && all (name: linesFor name != [ ]) row.written;
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
        ) (filter isSpecifierFree (found row));
      first = uses: use: if any (one: one.grant == use.grant) uses then uses else uses ++ [ use ];
    in
    builtins.foldl' first [ ] (concatMap uses (filter holds catalogue.implied));
}
