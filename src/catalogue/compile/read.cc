// SPDX-License-Identifier: LGPL-2.1-or-later
#include "catalogue/compile/read.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <span>

#include "catalogue/compile/columns.h"

namespace harden::catalogue::compile {
namespace {

ChoiceRow read_choice(const Node& node, unsigned since, const std::string& file, Report& report) {
  ChoiceRow choice;
  if (node.type == Node::Type::text) {
    choice.name = node.text;
    choice.since = since;
    choice.boolean = choice.name == "yes" || choice.name == "no";
    return choice;
  }
  TableView row(node, file, report);
  choice.name = row.required_text("name");
  choice.since = version_of(row, "since", since);
  choice.boolean = row.flag("boolean", choice.name == "yes" || choice.name == "no");
  choice.synonym = row.text("synonym");
  choice.synonym_since = version_of(row, "synonym_since", choice.since);
  row.finish();
  return choice;
}

DirectiveRow read_directive(const Node& node, const std::string& file, Report& report) {
  TableView row(node, file, report);
  DirectiveRow directive;
  directive.place = {file, node.line};
  directive.name = row.required_text("name");
  directive.context = word_of(row, "context", kContextNames);
  directive.kind = word_of(row, "kind", kKindNames);
  if (row.find("list") != nullptr) directive.list = word_of(row, "list", kListEffectNames);
  if (row.find("since") == nullptr) row.fault("no `since`");
  directive.since = version_of(row, "since", 1);
  if (const Node* values = row.find("values"); values != nullptr)
    for (const Node& value : values->items)
      directive.values.push_back(read_choice(value, directive.since, file, report));
  if (row.find("default") != nullptr) directive.default_value = row.text("default");
  if (row.find("default_outside_service") != nullptr)
    directive.default_outside_service = row.text("default_outside_service");
  directive.ordered = row.flag("ordered", true);
  directive.specifiers = row.flag("specifiers", false);
  directive.voids_unit = row.flag("voids_unit", false);
  if (row.find("form") != nullptr) directive.form = word_of(row, "form", kFormNames);
  directive.starts_full = row.flag("starts_full", false);
  directive.excepts = row.text("excepts");
  directive.aliases = row.texts("aliases");
  directive.summary = row.required_text("summary");

  const bool usual = directive.kind != "choice" && directive.kind != "mode" && directive.kind != "delegate";
  directive.empty_resets_since = usual ? 0 : kNever;
  if (const Node* empty = row.find("empty_resets"); empty != nullptr) {
    if (empty->type == Node::Type::number)
      directive.empty_resets_since = version_of(row, "empty_resets", kNever);
    else
      directive.empty_resets_since = row.flag("empty_resets", usual) ? 0 : kNever;
  }
  row.finish();
  return directive;
}

ImplicationRow read_implication(const Node& node, const std::string& file, Report& report) {
  TableView row(node, file, report);
  ImplicationRow implication;
  implication.place = {file, node.line};
  implication.stage = word_of(row, "stage", kStageNames);
  implication.since = version_of(row, "since", 0);
  implication.until = version_of(row, "until", kNever);
  for (const std::string& text : row.texts("when")) implication.when.push_back(read_condition(text));
  for (const std::string& text : row.texts("any")) implication.any.push_back(read_condition(text));
  implication.unless_root = row.flag("unless_root", false);
  if (const Node* set = row.find("set"); set != nullptr)
    for (const auto& [name, value] : set->columns) implication.set.emplace_back(name, value.text);
  implication.drop_capabilities = row.texts("drop_capabilities");
  if (const Node* append = row.find("append"); append != nullptr) {
    TableView table(*append, file, report);
    for (const auto& [name, value] : append->columns)
      implication.append.emplace_back(name, table.texts(name));
  }
  implication.deny_syscalls = row.texts("deny_syscalls");
  implication.reason = row.required_text("reason");
  row.finish();
  return implication;
}

// As above, and "ProtectHome==no" (a line says so), "IPAddressAllow~::/0" and "!SystemCallFilter~mount" (it
// lists or lets through one of these, or none), "RestrictNetworkInterfaces={}" (its lines come to nothing),
// "AmbientCapabilities>CapabilityBoundingSet" (holds more).
PitfallConditionRow read_pitfall_condition(std::string_view text) {
  PitfallConditionRow row{{}, "value", false, {}, {}};
  const std::size_t written = text.find("==");
  const std::size_t tilde = text.find('~');
  const std::size_t greater = text.find('>');
  if (tilde != std::string_view::npos) {
    row.ask = "lists";
    row.negated = text.starts_with('!');
    row.condition =
        read_condition(std::string(text.substr(row.negated ? 1 : 0, tilde - (row.negated ? 1 : 0))) + "=" +
                       std::string(text.substr(tilde + 1)));
    row.words = std::move(row.condition.choices);
    row.condition = {row.condition.directive, "set", {}};
  } else if (text.ends_with("={}")) {
    row.ask = "nothing";
    row.condition = {std::string(text.substr(0, text.size() - 3)), "set", {}};
  } else if (written != std::string_view::npos) {
    row.ask = "written";
    row.condition =
        read_condition(std::string(text.substr(0, written)) + std::string(text.substr(written + 1)));
  } else if (greater != std::string_view::npos && !text.ends_with(">0")) {
    row.ask = "exceeds";
    row.condition = {std::string(text.substr(0, greater)), "set", {}};
    row.other = text.substr(greater + 1);
  } else {
    row.condition = read_condition(text);
  }
  return row;
}

PitfallRow read_pitfall(const Node& node, const std::string& file, Report& report) {
  constexpr std::array<std::string_view, 2> kSeverities = {"warning", "note"};
  TableView row(node, file, report);
  PitfallRow pitfall;
  pitfall.place = {file, node.line};
  pitfall.id = row.required_text("id");
  pitfall.severity = word_of(row, "severity", kSeverities);
  pitfall.since = version_of(row, "since", 0);
  pitfall.until = version_of(row, "until", kNever);
  for (const std::string& text : row.texts("when")) pitfall.when.push_back(read_pitfall_condition(text));
  for (const std::string& text : row.texts("any")) pitfall.any.push_back(read_pitfall_condition(text));
  pitfall.each = row.flag("each", false);
  pitfall.only_root = row.flag("only_root", false);
  pitfall.unless_root = row.flag("unless_root", false);
  pitfall.items = row.texts("items");
  pitfall.at = row.texts("at");
  pitfall.below = row.texts("below");
  pitfall.except = row.texts("except");
  pitfall.listed_in = row.texts("listed_in");
  pitfall.not_listed_in = row.texts("not_listed_in");
  pitfall.unless_prefix = row.text("unless_prefix");
  pitfall.message = row.required_text("message");
  pitfall.hint = row.text("hint");
  pitfall.source = row.required_text("source");
  row.finish();
  return pitfall;
}

RowRow read_row(const Node& node, const std::string& file, Report& report) {
  TableView row(node, file, report);
  RowRow result;
  result.place = {file, node.line};
  result.json_field = row.required_text("json_field");
  result.check = word_of(row, "check", kCheckNames);
  result.directive = row.required_text("directive");
  if (const Node* badness = row.find("badness"); badness != nullptr) {
    TableView table(*badness, file, report);
    for (const auto& [name, value] : badness->columns)
      result.badness.emplace_back(name, static_cast<unsigned>(table.number(name, 0, 0, 255)));
  }
  result.when_set = static_cast<unsigned>(row.number("when_set", 0, 0, 255));
  result.when_unset = static_cast<unsigned>(row.number("when_unset", 0, 0, 255));
  result.capabilities = row.texts("capabilities");
  result.namespaces = row.texts("namespaces");
  result.family = row.text("family");
  if (!result.family.empty() && !is_one_of(result.family, kFamilyClassNames))
    row.fault(fmt::format("`{}` is not a family class", result.family));
  result.group = row.text("group");
  result.default_dependencies_only = row.flag("default_dependencies_only", false);
  result.unprivileged_only = row.flag("unprivileged_only", false);
  result.open = row.required_text("open");
  row.finish();
  return result;
}

void read_names(const Node* node, std::string_view what, const std::string& file, Report& report,
                std::map<std::string, std::vector<std::string>>& into) {
  if (node == nullptr) return;
  TableView table(*node, file, report);
  for (const auto& [name, value] : node->columns) into[name] = table.texts(name);
  if (into.empty()) report.add(file, node->line, fmt::format("[{}] is empty", what));
}

SystemdTable read_systemd(const Node& root, const std::string& file, Report& report) {
  TableView top(root, file, report);
  SystemdTable table;
  table.place = {file, 0};
  table.version = version_of(top, "version", 0);
  table.package = top.required_text("package");
  table.capabilities = top.texts("capabilities");
  table.capability_limit = static_cast<unsigned>(top.number("capability_limit", 0, 1, 63));
  table.architectures = top.texts("architectures");
  std::map<std::string, unsigned> numbers;
  if (const Node* families = top.find("address_families"); families != nullptr) {
    TableView view(*families, file, report);
    for (const auto& [name, value] : families->columns)
      numbers[name] = static_cast<unsigned>(view.number(name, 0, 1, 0xffff));
  }
  table.families.assign(numbers.begin(), numbers.end());
  std::ranges::sort(table.families, {}, &std::pair<std::string, unsigned>::second);
  if (const Node* aliases = top.find("address_family_aliases"); aliases != nullptr)
    for (const auto& [name, value] : aliases->columns) {
      if (!numbers.contains(value.text))
        report.add(file, value.line, fmt::format("{} is another name of the unknown {}", name, value.text));
      table.family_aliases.emplace_back(name, numbers[value.text]);
    }
  read_names(top.find("syscall_groups"), "syscall_groups", file, report, table.groups);
  read_names(top.find("filesystem_groups"), "filesystem_groups", file, report, table.filesystem_groups);
  if (const Node* keys = top.find("keys"); keys != nullptr)
    for (const auto& [section, list] : keys->columns)
      for (const auto& [key, type] : list.columns) table.keys[section][key] = type.text;
  if (const Node* syscalls = top.find("syscalls"); syscalls != nullptr) {
    TableView view(*syscalls, file, report);
    table.native = view.texts("native");
    table.pseudo = view.texts("pseudo");
    view.finish();
  }
  if (const Node* exposure = top.find("exposure"); exposure != nullptr)
    for (const Node& node : exposure->items) {
      TableView row(node, file, report);
      table.exposure.push_back({node.line, row.required_text("json_field"), row.required_text("name"),
                                static_cast<unsigned>(row.number("weight", 0, 0, 1'000'000)),
                                static_cast<unsigned>(row.number("range", 0, 1, 255))});
      row.finish();
    }
  top.finish();
  return table;
}

}  // namespace

Catalogue read_catalogue(const std::string& dir, Report& report) {
  Catalogue catalogue;
  const auto each = [&](std::string_view name, std::string_view rows, auto read) {
    const std::string file = fmt::format("{}/{}", dir, name);
    if (const auto root = load_document(file, report))
      for (const Node* row : rows_of(*root, rows, file, report)) read(*row, file);
  };
  each("directives.toml", "directive", [&](const Node& row, const std::string& file) {
    catalogue.directives.push_back(read_directive(row, file, report));
  });
  each("implications.toml", "implication", [&](const Node& row, const std::string& file) {
    catalogue.implications.push_back(read_implication(row, file, report));
  });
  each("pitfalls.toml", "pitfall", [&](const Node& row, const std::string& file) {
    catalogue.pitfalls.push_back(read_pitfall(row, file, report));
  });
  each("exposure.toml", "row", [&](const Node& row, const std::string& file) {
    catalogue.rows.push_back(read_row(row, file, report));
  });
  std::vector<std::string> files;
  std::error_code gone;
  for (const auto& entry : std::filesystem::directory_iterator(dir + "/systemd", gone))
    if (entry.path().extension() == ".toml") files.push_back(entry.path().string());
  for (const std::string& file : files)
    if (const auto root = load_document(file, report))
      catalogue.systemds.push_back(read_systemd(*root, file, report));
  std::ranges::sort(catalogue.systemds, {}, &SystemdTable::version);
  if (catalogue.systemds.empty()) report.add(dir + "/systemd", 0, "no table of a systemd version");
  return catalogue;
}

}  // namespace harden::catalogue::compile
