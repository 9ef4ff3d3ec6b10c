# SPDX-License-Identifier: LGPL-2.1-or-later
# What grants of paths do, and what becomes of paths that settings pass over: src/policy/paths.cc, for a
# unit that says nothing but whom it runs as. A state is the set of all slots.
{
  catalogue,
  systemd,
  layout,
  own, # settings of the unit itself
  settings, # settings.nix for it
  words, # words.nix for it
}:
let
  inherit (builtins)
    any
    attrNames
    concatMap
    elem
    filter
    foldl'
    intersectAttrs
    listToAttrs
    match
    ;
  inherit (import ./text.nix)
    isAtOrBelow
    placesOf
    removePrefix
    toSet
    ;
  inherit (catalogue) directives;
  inherit (words) isShut wordsOf;
  slots = import ./slots.nix { inherit catalogue systemd; };
  inherit (slots) isClosed takeAll;

  withoutMark = removePrefix "-";

  # Where a path really is, as far as the layout tells: "/lib/x" is "/usr/lib/x".
  realPath = path: if any (isAtOrBelow path) layout.links or [ ] then "/usr${path}" else path;
  isProgram = path: any (dir: isAtOrBelow (realPath path) (withoutMark dir)) layout.programs;

  # As a word of a list of paths: blanks do not end it.
  pathWord =
    path: isOptional:
    let
      word = (if isOptional then "-" else "") + path;
    in
    if builtins.match ".*[ \t].*" word == null then word else "\"${word}\"";

  # { grant, access, path, places, trees, isOptional, isNamed }. Paths of the catalogue's own may be missing,
  # early at boot or below another root.
  pathOf =
    { grant, argument, effect }:
    let
      isOwn = effect ? path;
      path = if isOwn then effect.path else realPath argument.path;
      places = placesOf path;
    in
    {
      inherit path places;
      trees = treesOver places;
      grant = grant.text;
      access = effect.word;
      isOptional = isOwn || argument.isOptionalPath;
      isNamed = !isOwn;
    };

  choiceOf =
    state: name:
    let
      slot = state.${name} or null;
      ownChoice = settings.choiceOf own name;
    in
    if !isClosed slot || slot.choice == null then
      ownChoice
    else if ownChoice != null && ownChoice > slot.choice then
      ownChoice
    else
      slot.choice;
  holds = state: condition: elem (choiceOf state condition.directive) condition.choices;

  meets = a: b: intersectAttrs a b != { };
  isOver = places: tree: meets tree.paths places && !meets tree.except places;
  treesOver = places: filter (isOver places) catalogue.trees;
  isInForce =
    state: tree: holds state tree.when && !(tree.unless != null && holds state tree.unless);

  isChoice = action: directives.${action.directive}.kind == "choice";

  openPaths =
    paths: state: if paths == [ ] then keepProgramsReadOnly paths state else openThem paths state;
  openThem =
    paths: state:
    let
      chosen = foldl' openChoices state paths;
      restrictsExecution = isShut chosen "NoExecPaths";
      steps = concatMap (stepsOfPath chosen paths restrictsExecution) paths;
    in
    keepProgramsReadOnly paths (takeAll chosen steps);

  # First the choices, so that all words are for those that hold in the end.
  openChoices =
    state: path:
    foldl' (
      state: tree:
      if !isInForce state tree then
        state
      else
        takeAll state (
          map (action: {
            op = "set";
            inherit (action) directive word;
            inherit (path) grant;
          }) (filter isChoice tree.actions.${path.access})
        )
    ) state path.trees;

  stepsOfPath =
    state: paths: restrictsExecution: path:
    let
      word = pathWord path.path path.isOptional;
      add = directive: word: {
        op = "add";
        inherit directive word;
        inherit (path) grant;
      };
      openTree =
        access: tree:
        if !isInForce state tree || isOpenedWith paths tree path path.access then
          [ ]
        else
          concatMap (
            action:
            [ (add action.directive word) ]
            ++ (
              if path.isNamed && !path.isOptional then
                [ (add "RequiresMountsFor" (pathWord path.path false)) ]
              else
                [ ]
            )
          ) (filter (action: !isChoice action) tree.actions.${access});
      openTrees = access: concatMap (openTree access) path.trees;
    in
    if path.access != "exec" then
      openTrees path.access
    else if isProgram path.path then
      [ ]
    else if restrictsExecution then
      [ (add "ExecPaths" word) ] ++ openTrees "exec"
    else
      openTrees "read";

  # Is the path opened as far by another that holds it? A mount more would only keep files from moving
  # between them. Beyond its own tree a path opens nothing: write:/var is not for a private /var/tmp. The
  # tree is in force.
  isOpenedWith =
    paths: tree: at: access:
    any (
      other:
      (
        (other.access == "write" && access != "write")
        || (other.access == access && access != "exec" && other.path != at.path)
      )
      && at.places ? ${other.path}
      && isOver other.places tree
    ) paths;

  programs = map (word: rec {
    inherit word;
    path = withoutMark word;
    places = placesOf path;
    trees = treesOver places;
  }) layout.programs;
  # A program folder that a read-only tree would lose by being executable.
  keepProgramsReadOnly =
    paths: state:
    let
      keep =
        program: tree:
        if !isInForce state tree || isOpenedWith paths tree program "exec" then
          [ ]
        else
          map (action: {
            inherit (action) directive;
            inherit (program) word;
          }) (filter (action: !isChoice action) tree.actions.exec);
      kept = concatMap (program: concatMap (keep program) program.trees) programs;
      grantWord =
        all:
        { directive, word }:
        all // { ${directive} = slots.grantWords [ word ] (all.${directive} or slots.empty); };
    in
    if isShut state "NoExecPaths" && isClosed (state.ExecPaths or null) then
      foldl' grantWord state kept
    else
      state;

  # --- What a setting says of a path above passes over -------------------------------------------------

  unquote =
    word:
    let
      inner = match "\"(.*)\"" word;
    in
    if inner == null then word else builtins.head inner;
  fromNames =
    names: valueOf:
    listToAttrs (
      map (name: {
        inherit name;
        value = valueOf name;
      }) names
    );
  # The settings that mounts depend on, with the policy's part of them.
  mountLists = toSet (
    filter (name: directives.${name}.isOpeningList) (
      concatMap (row: row.lists) catalogue.mounts ++ [ "ExecPaths" "ReadWritePaths" ]
    )
  );
  mountChoices =
    let
      conditionsOf = row: row.when ++ (if row.unless == null then [ ] else [ row.unless ]);
      names = map (condition: condition.directive) (concatMap conditionsOf catalogue.mounts);
    in
    toSet (filter (name: directives.${name}.kind == "choice") names);
  withPolicy =
    state:
    let
      lists = attrNames (intersectAttrs mountLists state);
      choices = filter (name: choiceOf state name != null) (
        attrNames (intersectAttrs mountChoices state)
      );
    in
    {
      choices = own.choices // fromNames choices (choiceOf state);
      inherit (own) said;
      lists = fromNames lists (name: map unquote (wordsOf state name));
    };
  knownPlaces = listToAttrs (
    map (word: rec {
      name = withoutMark word;
      value = placesOf name;
    }) (concatMap (row: row.paths) catalogue.mounts)
  );
  # Of paths those that no entry of the list holds.
  unlisted =
    unit: directive:
    let
      entries = toSet (map withoutMark (unit.lists.${directive} or [ ]));
    in
    filter (path: !meets entries (knownPlaces.${path} or (placesOf path)));

  mountsWithoutPolicy = ownMounts (own // { lists = { }; });
  # By path: { isOptional, isWritable }, the latter although ProtectSystem=strict says otherwise.
  ownMounts = unit: foldl' (addMounts unit) { } mountRows;
  mountRows = map (
    row: row // { made = map (path: mountOf (elem path row.writable) path) row.paths; }
  ) catalogue.mounts;
  mountOf = isWritable: word: {
    path = withoutMark word;
    isOptional = word != withoutMark word;
    inherit isWritable;
  };
  addMounts =
    unit: found: row:
    let
      listed = if row.below == null then concatMap (name: unit.lists.${name} or [ ]) row.lists else [ ];
      isMet = any (settings.holds unit) row.when && !(row.unless != null && settings.holds unit row.unless);
      mounts = map (mountOf false) listed ++ (if isMet then row.made else [ ]);
    in
    foldl' addMount found mounts;
  addMount =
    found: mount:
    let
      before =
        found.${mount.path} or {
          isOptional = true;
          isWritable = false;
        };
    in
    found
    // {
      ${mount.path} = {
        isOptional = before.isOptional && mount.isOptional;
        isWritable = before.isWritable || mount.isWritable;
      };
    };

  # Of a tree that the unit itself makes read-only this keeps what the policy's mounts would open.
  shutMounts =
    state:
    let
      isOurs = name: isClosed (state.${name} or null);
      isNotExecutable = isOurs "NoExecPaths";
      isReadOnly = choiceOf state "ProtectSystem" == directives.ProtectSystem.indices.strict;
      unit = withPolicy state;
      before = if isOurs "ProtectSystem" then { } else mountsWithoutPolicy;
      mounts = ownMounts unit;
      isNew = path: before.${path} or null != mounts.${path};
      wordsFor = paths: map (path: pathWord path mounts.${path}.isOptional) paths;
      notExecutable = unlisted unit "ExecPaths" (attrNames mounts);
      notWritable = unlisted unit "ReadWritePaths" (
        filter (path: mounts.${path}.isWritable && isNew path) (attrNames mounts)
      );
    in
    addWords "NoExecPaths" (if isNotExecutable then wordsFor notExecutable else [ ]) (
      addWords "ReadOnlyPaths" (if isReadOnly then wordsFor notWritable else [ ]) state
    );
  addWords =
    name: words: state:
    let
      slot = state.${name} or slots.empty;
    in
    if words == [ ] then
      state
    else
      state
      // {
        ${name} = slots.grantWords words (slot // { inProfile = true; });
      };
in
{
  inherit openPaths pathOf shutMounts;
}
