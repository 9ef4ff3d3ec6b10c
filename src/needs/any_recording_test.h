// SPDX-License-Identifier: LGPL-2.1-or-later
// Recordings at random, out of few enough words that needs, sources and counts meet.
#pragma once

#include <rapidcheck.h>

#include <concepts>
#include <string>

#include "needs/need_fields.h"
#include "needs/recording.h"

namespace harden {

// Any value of a field's type; texts with what a file format may stumble over.
struct AnyField {
  template <typename Field>
  void operator()(std::string_view, Field& field) const {
    if constexpr (std::same_as<Field, std::string>)
      field = *rc::gen::element<std::string>("", "a", "/home/alice/x", "/home/bob", "\\x41", "\xff\xfe",
                                             "ö\n\x1b[31m", std::string("\0b", 2), "/run/user/1000/bus");
    else if constexpr (std::same_as<Field, bool>)
      field = *rc::gen::arbitrary<bool>();
    else if constexpr (std::is_enum_v<Field>)
      field = static_cast<Field>(*rc::gen::inRange<std::size_t>(0, kWords<Field>.size()));
    else
      field = *rc::gen::element<Field>(Field{0}, Field{1}, std::numeric_limits<Field>::max());
  }
};

template <std::size_t kIndex = 0>
NeedDetail any_detail(std::size_t index) {
  if constexpr (kIndex + 1 < std::variant_size_v<NeedDetail>) {
    if (index != kIndex) return any_detail<kIndex + 1>(index);
  }
  NeedDetail detail(std::in_place_index<kIndex>);
  visit_fields(std::get<kIndex>(detail), AnyField{});
  return detail;
}

inline Source any_source() {
  Source source;
  source.id = std::string(31, '0') + *rc::gen::element('1', '2', '3');
  source.unit = *rc::gen::element<std::string>("a.service", "b.service");
  source.started_ms = *rc::gen::inRange<std::int64_t>(0, 3);
  if (*rc::gen::arbitrary<bool>()) source.stopped_ms = *rc::gen::inRange<std::int64_t>(0, 3);
  source.lost = *rc::gen::inRange<std::uint64_t>(0, 3);
  source.start_seen = *rc::gen::arbitrary<bool>();
  if (*rc::gen::arbitrary<bool>()) source.sandbox = {"ProtectHome=", "\xff"};
  if (*rc::gen::arbitrary<bool>()) source.hooks = {{"files", "sys_exit", "io_uring"}};
  return source;
}

inline Occurrence any_occurrence(std::size_t source_count) {
  Occurrence one;
  one.source = *rc::gen::inRange<std::uint32_t>(0, static_cast<std::uint32_t>(source_count));
  one.count = *rc::gen::element<std::uint64_t>(1, 2, UINT64_MAX);
  one.phases = *rc::gen::inRange<Phases>(0, 16);
  visit_first_use(one.first, AnyField{});
  return one;
}

inline Need any_need(std::size_t source_count) {
  Need need;
  need.detail = any_detail(*rc::gen::inRange<std::size_t>(0, std::variant_size_v<NeedDetail>));
  if (*rc::gen::arbitrary<bool>()) need.error = *rc::gen::element(0, 1, 13, 4095);
  for (int i = *rc::gen::inRange(1, 4); i > 0; --i) need.seen.push_back(any_occurrence(source_count));
  return need;
}

inline Recording any_recording() {
  Recording recording;
  for (int i = *rc::gen::inRange(0, 5); i > 0; --i) recording.sources.push_back(any_source());
  if (recording.sources.empty()) return recording;
  for (int i = *rc::gen::inRange(0, 20); i > 0; --i)
    recording.needs.push_back(any_need(recording.sources.size()));
  normalize(recording);
  return recording;
}

}  // namespace harden
