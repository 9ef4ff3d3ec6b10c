# SPDX-License-Identifier: LGPL-2.1-or-later
# The options `systemd.services.<name>.harden.*` and what they do to the service.
#
# No value here may depend on serviceConfig, its own least of all: which names that set has depends on all
# its definitions, so that one which looks at it never ends. What the service's own settings have to do with
# the policy is for checks.nix, which looks at the finished services from outside.
{
  lib,
  machine, # the options of systemd.harden and systemd.hardenByDefault, as they are set
  compile, # a policy to its record: compile.nix for the machine
}:
let
  inherit (lib)
    literalExpression
    mkIf
    mkOption
    mkOverride
    types
    ;
  inherit (import ./compile.nix) users;
  inherit (import ./values.nix)
    inSections
    toValues
    withReset
    ;
  inherit (import ./text.nix) toSet;
  catalogue = import ./catalogue.nix;
  exempt = import ./exempt.nix;
  allow = import ./allow.nix { inherit lib; };

  # Weaker than mkDefault (1000), so that no value of a module is a conflict; stronger than a default
  # (1500).
  weakly = mkOverride 1100;
  # Stronger than a plain value (100), weaker than mkForce (50).
  strongly = mkOverride 90;

  isExempt = exempt.isListed machine.exempt;

  profileList = builtins.concatStringsSep "\n" (
    map (one: "- `${one}`: ${catalogue.profiles.${one}.summary}") catalogue.profileNames
  );
  profileDirectives = builtins.attrNames (
    builtins.foldl' (all: one: all // catalogue.profiles.${one}.settings) { } catalogue.profileNames
  );

  # What comes of a policy, as far as services may share it: the record, its directives as serviceConfig takes
  # them, and these as definitions that give way.
  policyOf =
    request:
    let
      before = ungranted.${request.profile}.${request.runsAs};
    in
    if request.allow == [ ] then before else makeFrom before request;
  # Many services of a machine have a profile and no grants, and others differ from them in little.
  ungranted = lib.genAttrs catalogue.profileNames (
    profile: lib.genAttrs users (runsAs: makeFrom nothing { inherit profile runsAs; allow = [ ]; })
  );
  nothing = {
    compiled.settings = { };
    settings = { };
    weak = { };
  };
  makeFrom =
    before: request:
    let
      compiled = compile request;
      isChanged = name: compiled.settings.${name} != before.compiled.settings.${name} or null;
      changed = builtins.filter isChanged (builtins.attrNames compiled.settings);
      values = toValues (builtins.intersectAttrs (toSet changed) compiled.settings);
      update = old: new: builtins.intersectAttrs compiled.settings old // new;
      weak = update before.weak (builtins.mapAttrs (_: weakly) values);
    in
    {
      inherit compiled weak;
      settings = update before.settings values;
      definitions = inSections weak;
    };

  definitionsOf =
    cfg:
    let
      inherit (cfg.policy) settings definitions;
      values = if cfg.reset then withReset settings else settings;
      strong = builtins.intersectAttrs (toSet cfg.override) values;
    in
    if !cfg.reset && cfg.override == [ ] then
      definitions
    else
      inSections (
        builtins.mapAttrs (_: weakly) values // builtins.mapAttrs (_: strongly) strong
      );

  isDefined = option: option.highestPrio < (lib.mkOptionDefault null).priority;

in
{
  name,
  config,
  options,
  ...
}:
let
  cfg = config.harden;

  # Its lines come after those of an upstream file, or of a template.
  isDropIn = config.overrideStrategy or "asDropinIfExists" == "asDropin";
in
{
  options.harden = {
    enable = mkOption {
      type = types.bool;
      default =
        machine.hardenByDefault
        && config.enable or true
        && !isDropIn
        && !exempt.isInstance name
        && !isExempt name;
      defaultText = lib.literalMD ''
        {option}`systemd.hardenByDefault`, but `false` for services that {option}`systemd.harden.exempt`
        lists, that are masked, that are instances of a template, or that extend an upstream unit
      '';
      example = true;
      description = ''
        Whether to run the service under a policy: the settings of {option}`profile` less what
        {option}`allow` opens. What {option}`serviceConfig` says stays, whatever the policy is.
      '';
    };

    profile = mkOption {
      type = types.enum catalogue.profileNames;
      default = machine.profile;
      defaultText = literalExpression "config.systemd.harden.profile";
      example = "strict@1";
      description = ''
        What is shut. A profile never changes; a stricter one gets the next number.

        ${profileList}
      '';
    };

    allow = mkOption {
      inherit (allow) type;
      default = { };
      example = literalExpression ''[ "listen:443" "write:/var/log/web" "jit" ]'';
      description = ''
        What the service may do beyond the profile, one grant for each need: words as in unit files, or a
        set with an attribute for each grant. Grants of several modules add up, in either form.
      '';
    };

    override = mkOption {
      type = types.listOf (
        types.enum profileDirectives // { description = "directive of a profile"; }
      );
      default = [ ];
      example = [ "ProtectHome" ];
      description = ''
        Directives for which the policy's value wins over the one in {option}`serviceConfig`. It takes the
        place of that one, so it is for directives that the service has looser than the policy.
      '';
    };

    reset = mkOption {
      type = types.bool;
      default = isDropIn;
      defaultText = literalExpression ''config.systemd.services.<name>.overrideStrategy == "asDropin"'';
      description = ''
        Whether filters begin with an empty entry, which takes back what an upstream unit file says: without
        it the two would add up, and each could undo what the other shuts. For services that come by
        {option}`systemd.packages` and are only extended here.
      '';
    };

    runsAs = mkOption {
      type = types.enum users;
      default = "any";
      example = "dynamic";
      description = ''
        Whom the service runs as: `root`, another `user`, or a `dynamic` one. By `any` the policy is right for
        root and for another user alike, which is a little more than either needs. The policy cannot
        look at `serviceConfig.User`, so what is said here and there is compared, and must not differ.
      '';
    };

    settings = mkOption {
      type = types.raw;
      readOnly = true;
      default = cfg.policy.settings;
      defaultText = lib.literalMD "those of the policy";
      description = ''
        The directives of the policy with their values, as {option}`serviceConfig` takes them. They do not
        depend on {option}`serviceConfig`, so that a value there can be made of them:
        `serviceConfig.SystemCallFilter = config.systemd.services.web.harden.settings.SystemCallFilter ++ [ "~@chown" ]`.
      '';
    };

    compiled = mkOption {
      type = types.raw;
      readOnly = true;
      default = cfg.policy.compiled;
      defaultText = lib.literalMD "that of the policy";
      description = ''
        All that is known of the compiled policy: which grant opened what, what this systemd does not have, what
        does not hold. The same record that `harden compile --format json` prints.
      '';
    };

    # One for all that is read here and by checks.nix: each option of a service takes its time.
    policy = mkOption {
      type = types.raw;
      internal = true;
      readOnly = true;
      default =
        let
          made = policyOf {
            inherit (cfg) profile runsAs;
            allow = if isDefined options.harden.allow then allow.toWords cfg.allow else [ ];
          };
        in
        {
          inherit (made) compiled settings definitions;
          hasIdleGrants =
            !cfg.enable
            && !isDefined options.harden.enable
            && isDefined options.harden.allow
            && made.compiled.grants != [ ];
        };
      description = "What comes of the policy, and whether it has grants that nobody decided on.";
    };
  };

  config =
    let
      definitions = definitionsOf cfg;
    in
    mkIf cfg.enable { inherit (definitions) unitConfig serviceConfig; };
}
