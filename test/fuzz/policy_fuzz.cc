// SPDX-License-Identifier: LGPL-2.1-or-later
// A unit with a policy, from its text to the drop-in. The first byte picks the version of systemd and the
// layout. Compiling is repeatable; the drop-in is a unit file without a fault that says, beside the unit,
// what the compiler claims; and a grant that was read prints as itself.
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz/check.h"
#include "policy/drop_in.h"
#include "policy/policy_source.h"

namespace harden {
namespace {

using catalogue::DirectiveId;

LoadedUnit load(Unit unit, const catalogue::Systemd& systemd) {
  return load_settings(std::move(unit), {&systemd, {}, false});
}

void check_drop_in(const LoadedUnit& loaded, const Compiled& compiled, const Target& target) {
  const std::string text = print_drop_in(compiled, target.systemd->version, "Service");
  UnitFile file = parse_unit_file(text, "10-harden.conf");
  FUZZ_CHECK(file.diagnostics().empty() && !file.stopped());
  Unit unit = loaded.unit;
  unit.drop_ins.push_back(std::move(file));
  const LoadedUnit again = load(std::move(unit), *target.systemd);
  for (const Diagnostic& one : again.diagnostics) FUZZ_CHECK(one.where.file != "10-harden.conf");
  if (again.refusal || loaded.refusal) return;
  const Settings claimed = merged_settings(compiled, target, &loaded);
  for (const Written& written : compiled.settings) {
    const Value* a = claimed.find(written.directive);
    const Value* b = again.settings.find(written.directive);
    FUZZ_CHECK((a == nullptr) == (b == nullptr) && (a == nullptr || *a == *b));
  }
}

void check(std::uint8_t choice, std::string_view text) {
  const catalogue::Systemd& systemd = *catalogue::find_systemd((choice & 1U) != 0 ? 257 : 252);
  const auto& layouts = catalogue::layouts();
  Unit unit{parse_unit_name("foo@a-b.service").value(), {}, LoadState::loaded, {}, {}, {}, {}, {}};
  unit.fragment = parse_unit_file(std::string(text), "/etc/systemd/system/foo@.service");
  if (unit.fragment->stopped()) return;
  const LoadedUnit loaded = load(std::move(unit), systemd);
  const UnitPolicy own = read_unit_policy(loaded.unit, systemd.version);
  for (const Grant& grant : own.policy.grants) {
    const auto again = parse_grants(grant.text());
    FUZZ_CHECK(again && *again == std::vector<Grant>{grant});
  }
  const Target target{
      &systemd, &layouts[(choice >> 1U) % layouts.size()], runs_as_of(loaded.settings), {}, {}};
  const Compiled compiled = compile(own.policy, target, &loaded);
  check_drop_in(loaded, compiled, target);
}

}  // namespace
}  // namespace harden

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  harden::check(data[0], {reinterpret_cast<const char*>(data + 1), size - 1});
  return 0;
}
