// SPDX-License-Identifier: LGPL-2.1-or-later
// For tests: services and needs by hand.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "advise/suggest.h"
#include "needs/recording.h"

namespace harden::testing {

inline LoadedUnit unit_of(std::string_view lines, unsigned version = 257) {
  Unit unit{*parse_unit_name("web.service"), {}, LoadState::loaded, {}, {}, {}, {}, {}};
  unit.fragment =
      parse_unit_file("[Service]\nExecStart=/usr/sbin/web\n" + std::string(lines), "/etc/web.service");
  return load_settings(std::move(unit), {catalogue::find_systemd(version), {}});
}
inline Target target_of(const LoadedUnit& unit) {
  return {unit.systemd, catalogue::find_layout("usr"), runs_as_of(unit.settings), {}, {}};
}

// A recording that saw the service from its start to its stop.
inline Recording recording_of(std::vector<NeedDetail> details) {
  Recording recording;
  Source source;
  source.id = std::string(32, '1');
  source.unit = "web.service";
  source.stopped_ms = 1000;
  source.start_seen = source.stop_seen = true;
  recording.sources.push_back(std::move(source));
  for (NeedDetail& detail : details) {
    Occurrence one;
    one.first.comm = "web";
    recording.needs.push_back({std::move(detail), 0, {one}});
  }
  normalize(recording);
  return recording;
}

inline FileUse file(FileAccess access, std::string path, NodeType type = NodeType::regular,
                    std::string other = {}) {
  return {access, type, std::move(path), std::move(other), false};
}

// "listen:80 write:/var/lib/web"
inline std::string texts(const std::vector<Grant>& grants) {
  std::string text;
  for (const Grant& grant : grants) text += (text.empty() ? "" : " ") + grant.text();
  return text;
}

}  // namespace harden::testing
