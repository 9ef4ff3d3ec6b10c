# SPDX-License-Identifier: LGPL-2.1-or-later
# The option type of `harden.allow`. It takes the words of unit files, or a set with an attribute for each
# grant; both merge with each other, over any number of modules. A submodule of the same options documents
# it, but does not evaluate it: seventy options that nobody set, for each service of a machine, cost more
# than the rest.
{ lib }:
let
  inherit (builtins)
    attrNames
    attrValues
    concatMap
    filter
    foldl'
    isAttrs
    isInt
    isList
    isPath
    isString
    mapAttrs
    ;
  inherit (lib) mkOption mkOptionType showOption types;
  inherit (import ./text.nix) cutAtFirst listed;
  catalogue = import ./catalogue.nix;
  grammar = import ./grants.nix;

  wrong =
    loc: file: fault:
    throw "The option `${showOption loc}' has a wrong value in `${toString file}': ${fault}";

  # --- One grant ---------------------------------------------------------------------------------------

  takesArgument = row: row.argument != "none";

  # What stands behind the colon; of a grant that may go without, `true` for that.
  wordOf = row: value: if value == true then row.name else "${row.name}:${toString value}";

  argumentForms = {
    path = "absolute path, with `-` before one that may be absent";
    peers = "address, prefix, or one of localhost, link-local, multicast";
    ports = "port, or PORT[-PORT][/udp][@PEERS]";
    device = "NODE[:rwm] below /dev, char-GROUP[:rwm] or block-GROUP[:rwm]";
    family = "address family";
    capability = "capability";
    syscall = "system call or @group";
    namespaces = "kind of namespace";
  };

  argumentType =
    row:
    mkOptionType {
      name = "harden-${row.argument}";
      description = argumentForms.${row.argument} + (if row.isOptional then ", or true for any" else "");
      descriptionClass = "conjunction";
      check =
        value: isString value || isInt value || isPath value || (row.isOptional && value == true);
      merge =
        loc: defs:
        let
          value = lib.mergeEqualOption loc defs;
          # A path is one of the running machine; it must not be copied to the store.
          text = if isPath value then toString value else value;
          result = grammar.parse (wordOf row text);
        in
        if result ? fault then
          wrong loc (builtins.head defs).file (grammar.describeFault (wordOf row text) result)
        else
          text;
    };

  # Whether true alone is meant or a list of arguments.
  grantType =
    row:
    let
      arguments = types.listOf (argumentType row);
    in
    if !takesArgument row then
      types.bool
    else if row.isOptional then
      types.coercedTo types.bool (isAny: if isAny then [ true ] else [ ]) arguments
    else
      arguments;

  exampleOf =
    row:
    let
      argument = (cutAtFirst ":" (builtins.head row.examples)).after;
    in
    if argument == null then true else [ argument ];

  grantOption =
    row:
    mkOption {
      type = grantType row;
      default = if takesArgument row then [ ] else false;
      example = exampleOf row;
      description = ''
        ${row.summary}

        Opens: ${row.opens}
        Leaves shut: ${row.leaves}
        Danger: ${row.danger}.
      '';
    };

  grantTypes = mapAttrs (_: grantType) catalogue.grants;
  grantOptions = mapAttrs (_: grantOption) catalogue.grants;
  nothing = mapAttrs (_: option: option.default) grantOptions;
  withArgument = filter takesArgument (attrValues catalogue.grants);
  withoutArgument = attrNames (removeAttrs catalogue.grants (map (row: row.name) withArgument));

  # --- All of them -------------------------------------------------------------------------------------

  # [ "listen:443" "jit" ] as { listen = [ "443" ]; jit = true; }. Whether the argument is one is for the type
  # to say.
  fromWords =
    loc: def:
    let
      add =
        set: word:
        let
          cut = cutAtFirst ":" word;
          name = cut.before;
          row = catalogue.grants.${name} or null;
          value = if cut.after == null then true else cut.after;
          result = grammar.parse word;
        in
        if row != null && takesArgument row && (cut.after != null || row.isOptional) then
          set // { ${name} = set.${name} or [ ] ++ [ value ]; }
        else if result ? fault then
          wrong loc def.file (grammar.describeFault word result)
        else
          set // { ${name} = true; };
    in
    foldl' add { } def.value;

  checkNames =
    loc: def:
    let
      unknown = attrNames (removeAttrs def.value catalogue.grantNames);
    in
    if unknown == [ ] then
      def.value
    else
      wrong loc def.file
        "no grant of the name ${listed unknown}; the grants are ${listed catalogue.grantNames}";

  # As an attribute set does it, but for the type, which the name decides.
  merge =
    loc: defs:
    let
      sets = map (def: mapAttrs (_: value: { inherit (def) file; inherit value; }) (
        if isList def.value then fromWords loc def else checkNames loc def
      )) defs;
      mergeGrant =
        name: lib.modules.mergeDefinitions (loc ++ [ name ]) grantTypes.${name};
      merged = builtins.zipAttrsWith mergeGrant sets;
    in
    nothing // mapAttrs (name: one: if one.isDefined then one.mergedValue else nothing.${name}) merged;
in
{
  type = mkOptionType {
    name = "harden-grants";
    description = "list of grants, or attribute set of them";
    descriptionClass = "conjunction";
    check = value: isAttrs value || (isList value && builtins.all isString value);
    inherit merge;
    emptyValue.value = nothing;
    getSubOptions = (types.submodule { options = grantOptions; }).getSubOptions;
  };

  inherit nothing;

  # The words that a merged value stands for.
  toWords =
    allow:
    # Most services have none, and that is quick to see.
    if allow == nothing then
      [ ]
    else
      filter (name: allow.${name}) withoutArgument
      ++ concatMap (row: map (wordOf row) allow.${row.name}) withArgument;
}
