// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fmt/format.h>

#include <algorithm>

#include "catalogue/compile/columns.h"
#include "catalogue/compile/policy_model.h"
#include "catalogue/policy_vocabulary.h"

namespace harden::catalogue::compile {
namespace {

class PolicyReader {
 public:
  PolicyReader(const std::string& dir, const Catalogue& catalogue, Report& report)
      : dir_(dir), catalogue_(catalogue), report_(report) {}

  PolicyTables read() {
    PolicyTables tables;
    each("layouts.toml", "layout", [&](TableView& row) { tables.layouts.push_back(layout(row)); });
    each("profiles.toml", "profile", [&](TableView& row) { tables.profiles.push_back(profile(row)); });
    each("grants.toml", "grant", [&](TableView& row) { tables.grants.push_back(grant(row)); });
    each("trees.toml", "tree", [&](TableView& row) { tables.trees.push_back(tree(row)); });
    each("mounts.toml", "mount", [&](TableView& row) { tables.mounts.push_back(mount(row)); });
    each("implied.toml", "implied", [&](TableView& row) { tables.implied.push_back(implied(row)); });
    each("limits.toml", "limit", [&](TableView& row) { tables.limits.push_back(limit(row)); });
    return tables;
  }

 private:
  template <typename Read>
  void each(std::string_view name, std::string_view rows, Read read) {
    file_ = fmt::format("{}/{}", dir_, name);
    const auto root = load_document(file_, report_);
    if (!root) return;
    for (const Node* node : rows_of(*root, rows, file_, report_)) {
      TableView row(*node, file_, report_);
      read(row);
      row.finish();
    }
  }
  [[nodiscard]] Place place(const TableView& row) const { return {file_, row.line()}; }

  // { Directive = ["word", …], … }, in the order of directives.toml. Unknown ones are kept, to be named.
  WordsOf words_of(TableView& row, std::string_view column) {
    WordsOf result;
    const Node* node = row.find(column);
    if (node == nullptr) return result;
    TableView table(*node, file_, report_);
    for (const auto& [name, value] : node->columns) result.emplace_back(name, table.texts(name));
    std::ranges::sort(result, {}, [&](const auto& item) {
      const DirectiveRow* directive = catalogue_.find(item.first);
      return directive == nullptr ? catalogue_.directives.size()
                                  : static_cast<std::size_t>(directive - catalogue_.directives.data());
    });
    return result;
  }

  LayoutRow layout(TableView& row) {
    return {place(row), row.required_text("name"), row.required_text("summary"), row.texts("programs"),
            row.texts("links")};
  }

  ProfileRow profile(TableView& row) {
    return {place(row), row.required_text("name"), row.required_text("summary"), row.texts("spares"),
            words_of(row, "settings")};
  }

  EffectRow effect(const Node& node) {
    TableView row(node, file_, report_);
    EffectRow effect;
    effect.when = row.texts("when");
    effect.lift = row.texts("lift");
    effect.lift_implying = row.text("lift_implying");
    if (const Node* set = row.find("set"); set != nullptr)
      for (const auto& [name, value] : set->columns) effect.set.emplace_back(name, value.text);
    effect.add = words_of(row, "add");
    effect.remove = words_of(row, "remove");
    effect.capabilities = row.texts("capabilities");
    effect.devices = row.texts("devices");
    if (row.find("path") != nullptr) effect.path = word_of(row, "path", kAccessNames);
    effect.paths = row.texts("paths");
    row.finish();
    return effect;
  }

  GrantRow grant(TableView& row) {
    GrantRow grant;
    grant.place = place(row);
    grant.name = row.required_text("name");
    if (row.find("argument") != nullptr) {
      grant.argument = row.text("argument");
      grant.optional = grant.argument.ends_with('?');
      if (grant.optional) grant.argument.pop_back();
      if (!is_one_of(grant.argument, kArgumentNames))
        row.fault(fmt::format("`{}` is not an argument; it is one of {}", grant.argument,
                              fmt::join(kArgumentNames, ", ")));
    }
    grant.summary = row.required_text("summary");
    grant.opens = row.required_text("opens");
    grant.leaves = row.required_text("leaves");
    grant.good_for = row.text("good_for");
    grant.danger = word_of(row, "danger", kDangerNames);
    grant.examples = row.texts("examples");
    if (const Node* effects = row.find("effects"); effects != nullptr)
      for (const Node& node : effects->items) grant.effects.push_back(effect(node));
    return grant;
  }

  std::vector<ConditionRow> conditions(TableView& row, std::string_view column) {
    std::vector<ConditionRow> result;
    for (const std::string& text : row.texts(column)) result.push_back(read_condition(text));
    return result;
  }

  TreeRow tree(TableView& row) {
    TreeRow tree;
    tree.place = place(row);
    tree.when = read_condition(row.required_text("when"));
    if (const std::string unless = row.text("unless"); !unless.empty())
      tree.unless.push_back(read_condition(unless));
    tree.paths = row.texts("paths");
    tree.except = row.texts("except");
    for (const std::string_view access : kAccessNames)
      if (const Node* actions = row.find(access); actions != nullptr)
        for (const auto& [name, value] : actions->columns)
          tree.actions.push_back({std::string(access), name, value.text});
    return tree;
  }

  MountRow mount(TableView& row) {
    MountRow mount;
    mount.place = place(row);
    mount.when = conditions(row, "when");
    if (const std::string unless = row.text("unless"); !unless.empty())
      mount.unless.push_back(read_condition(unless));
    mount.paths = row.texts("paths");
    mount.writable = row.texts("writable");
    mount.lists = row.texts("lists");
    mount.below = row.text("below");
    return mount;
  }

  ImpliedRow implied(TableView& row) {
    ImpliedRow implied;
    implied.place = place(row);
    implied.items = row.text("items");
    if (!implied.items.empty()) implied.from = "items";
    if (row.find("from") != nullptr) implied.from = word_of(row, "from", kImpliedFromNames);
    implied.when = conditions(row, "when");
    implied.written = row.texts("written");
    implied.grants = row.texts("grants");
    implied.reason = row.required_text("reason");
    return implied;
  }

  LimitRow limit(TableView& row) {
    LimitRow limit;
    limit.place = place(row);
    limit.directives = row.texts("directives");
    limit.fact = row.text("fact");
    limit.since = version_of(row, "since", 0);
    limit.until = version_of(row, "until", kNever);
    if (std::string unless = row.text("unless"); !unless.empty()) limit.unless.push_back(std::move(unless));
    limit.write = row.flag("write", true);
    limit.reason = row.required_text("reason");
    limit.pitfall = row.text("pitfall");
    if (const Node* closing = row.find("closed_by"); closing != nullptr)
      for (const auto& [name, value] : closing->columns) {
        limit.closed_by.push_back(name);
        limit.closing_word = value.text;
      }
    return limit;
  }

  const std::string& dir_;
  const Catalogue& catalogue_;
  Report& report_;
  std::string file_;
};

}  // namespace

PolicyTables read_policy_tables(const std::string& dir, const Catalogue& catalogue, Report& report) {
  return PolicyReader(dir, catalogue, report).read();
}

}  // namespace harden::catalogue::compile
