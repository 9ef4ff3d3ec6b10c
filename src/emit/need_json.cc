// SPDX-License-Identifier: LGPL-2.1-or-later
#include "emit/need_json.h"

#include <nlohmann/json.hpp>

#include "advise/need_text.h"

namespace harden {
namespace {

using nlohmann::ordered_json;

ordered_json text_or_null(std::string_view text) {
  return text.empty() ? ordered_json(nullptr) : ordered_json(text);
}

}  // namespace

ordered_json need_json(const Judged& judged) {
  static constexpr std::array<std::string_view, 3> kStandings = {"needed", "doubtful", "idle"};
  const Need& need = *judged.need;
  const FirstUse& first = need.first().first;
  return {{"kind", kind_name(need.kind())},
          {"word", need_word(need)},
          {"text", need_text(need)},
          {"standing", kStandings.at(static_cast<std::size_t>(judged.standing))},
          {"why", text_or_null(judged.why)},
          {"count", need.count()},
          {"process", text_or_null(first.comm)},
          {"executable", text_or_null(first.exe)},
          {"exec_line", text_or_null(first.exec_line)}};
}

ordered_json recording_json(const Recording& recording) {
  ordered_json sources = ordered_json::array();
  for (const Source& source : recording.sources)
    sources.push_back({{"id", source.id},
                       {"unit", text_or_null(source.unit)},
                       {"backend", text_or_null(source.backend)}});
  return {{"needs", recording.needs.size()}, {"sources", sources}, {"objections", objections(recording)}};
}

}  // namespace harden
