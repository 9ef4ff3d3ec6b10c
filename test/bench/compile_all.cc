// SPDX-License-Identifier: LGPL-2.1-or-later
// What compiling policies costs beside loading the units: all services of a tree under one profile with a few
// grants, in one process.
//
//   compile_all TREE PROFILE
#include <chrono>
#include <cstdio>
#include <ctime>
#include <vector>

#include "policy/policy.h"
#include "unit/unit_tree.h"
#include "util/root_dir.h"

namespace {

using namespace harden;

double cpu_ms() {
  std::timespec now{};
  (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const catalogue::Profile* profile = catalogue::find_profile(argv[2]);
  auto files = RootDir::open(argv[1]);
  if (!files || profile == nullptr) return 2;
  const catalogue::Systemd& systemd = *catalogue::find_systemd(252);

  const double start = cpu_ms();
  const UnitTree tree = UnitTree::scan(*files, default_search_path(Scope::system, false));
  std::vector<LoadedUnit> units;
  for (const UnitName& name : tree.names("service"))
    if (name.kind() == UnitNameKind::plain) units.push_back(load_settings(tree.load(name), {&systemd, {}, false}));
  const double loaded = cpu_ms();

  Policy policy{profile, {}, {}, {}};
  for (const char* word : {"listen:443", "write:/var/log/a,/var/lib/a", "jit", "connect:10.0.0.0/8"}) {
    const auto grants = parse_grants(word);
    if (!grants) return 2;
    policy.grants.insert(policy.grants.end(), grants->begin(), grants->end());
  }
  policy.grants = normalized(std::move(policy.grants));
  std::size_t written = 0;
  for (const LoadedUnit& unit : units) {
    const Target target{&systemd, catalogue::find_layout("usr"), runs_as_of(unit.settings), {}};
    written += compile(policy, target, &unit).settings.size();
  }
  const double compiled = cpu_ms();
  std::printf("%s: %zu units: load %.1f ms, compile %.1f ms (%.0f us a unit, %.1fx of loading), %zu settings\n",
              argv[2], units.size(), loaded - start, compiled - loaded,
              1e3 * (compiled - loaded) / static_cast<double>(units.size()),
              (compiled - loaded) / (loaded - start), written);
  return 0;
}
