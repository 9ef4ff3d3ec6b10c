// SPDX-License-Identifier: LGPL-2.1-or-later
#include "exposure/security_policy.h"

#include <nlohmann/json.hpp>

namespace harden {
namespace {

using nlohmann::json;

void read_number(const json& object, const char* key, std::optional<std::uint64_t>& out,
                 const SourcePos& where, const std::string& field, Diagnostics& diagnostics) {
  const auto at = object.find(key);
  if (at == object.end()) return;
  if (at->is_number_unsigned())
    out = at->get<std::uint64_t>();
  else
    add_diagnostic(diagnostics, {Severity::warning,
                                 "bad-policy-member",
                                 where,
                                 "'" + std::string(key) + "' of '" + field +
                                     "' is no unsigned integer and does not count",
                                 {}});
}

void read_text(const json& object, const char* key, std::optional<std::string>& out) {
  const auto at = object.find(key);
  if (at != object.end() && at->is_string()) out = at->get<std::string>();
}

}  // namespace

Result<SecurityPolicy> parse_security_policy(std::string_view text, const std::string& path,
                                             Diagnostics& diagnostics) {
  const SourcePos where{path, 0};
  json document;
  try {
    document = json::parse(text);
  } catch (const json::exception& error) {
    return fail(Errc::invalid, std::string("the security policy is no JSON: ") + error.what(), where);
  }
  SecurityPolicy policy;
  if (!document.is_object()) {
    add_diagnostic(diagnostics, {Severity::warning,
                                 "bad-policy",
                                 where,
                                 "the security policy is no JSON object and does not count",
                                 {}});
    return policy;
  }
  for (const auto& [field, object] : document.items()) {
    if (!object.is_object()) {
      add_diagnostic(diagnostics, {Severity::warning,
                                   "bad-policy-member",
                                   where,
                                   "'" + field + "' is no object and does not count",
                                   {}});
      continue;
    }
    RowPolicy row;
    read_number(object, "weight", row.weight, where, field, diagnostics);
    read_number(object, "range", row.range, where, field, diagnostics);
    read_text(object, "description_good", row.description_good);
    read_text(object, "description_bad", row.description_bad);
    read_text(object, "description_na", row.description_na);
    policy.rows.emplace(field, std::move(row));
  }
  return policy;
}

}  // namespace harden
