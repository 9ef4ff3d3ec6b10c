// SPDX-License-Identifier: LGPL-2.1-or-later
// Every join here is the greater or lesser of two by a total order, or a union: so merge() is associative,
// commutative and idempotent, also for two cut-off copies of one recording.
#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <limits>
#include <map>
#include <tuple>

#include "needs/need_fields.h"
#include "needs/recording.h"

namespace harden {
namespace {

std::uint64_t add_saturating(std::uint64_t a, std::uint64_t b) {
  std::uint64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<std::uint64_t>::max() : sum;
}

// The order by which recordings are sorted and needs found equal.
auto key_of(const Need& need) { return std::tie(need.detail, need.error); }

void join(Occurrence& into, const Occurrence& other) {
  into.count = std::max(into.count, other.count);
  into.phases |= other.phases;
  into.first = std::min(into.first, other.first);
}

// Two of one source.
void join_occurrences(std::vector<Occurrence>& seen) {
  std::ranges::sort(seen, {}, &Occurrence::source);
  std::size_t kept = 0;
  for (std::size_t at = 1; at < seen.size(); ++at) {
    if (seen[at].source == seen[kept].source)
      join(seen[kept], seen[at]);
    else if (++kept != at)
      seen[kept] = std::move(seen[at]);
  }
  if (!seen.empty()) seen.resize(kept + 1);
}

// What is said of one recording twice: the later end counts, of each thing that was seen or lost the most.
void join(Source& into, const Source& other) {
  Source joined = std::max(into, other);
  joined.start_seen = into.start_seen || other.start_seen;
  joined.stop_seen = into.stop_seen || other.stop_seen;
  joined.reload_seen = into.reload_seen || other.reload_seen;
  joined.events = std::max(into.events, other.events);
  joined.lost = std::max(into.lost, other.lost);
  joined.overflowed = std::max(into.overflowed, other.overflowed);
  joined.unwatched_ms = std::max(into.unwatched_ms, other.unwatched_ms);
  joined.redacted = into.redacted || other.redacted;
  into = std::move(joined);
}

}  // namespace

std::uint64_t Need::count() const {
  std::uint64_t sum = 0;
  for (const Occurrence& one : seen) sum = add_saturating(sum, one.count);
  return sum;
}

const Occurrence& Need::first() const { return *std::ranges::min_element(seen, {}, &Occurrence::first); }

std::string_view kind_name(NeedKind kind) { return kKindNames[static_cast<std::size_t>(kind)]; }

void normalize(Recording& recording) {
  std::map<std::string, Source, std::less<>> sources;
  for (const Source& source : recording.sources) {
    const auto [at, is_new] = sources.try_emplace(source.id, source);
    if (!is_new) join(at->second, source);
  }
  std::vector<std::uint32_t> place;   // of each old source among the new
  place.reserve(recording.sources.size());
  for (const Source& source : recording.sources)
    place.push_back(static_cast<std::uint32_t>(std::distance(sources.begin(), sources.find(source.id))));

  std::erase_if(recording.needs, [&](Need& need) {
    std::erase_if(need.seen, [&](const Occurrence& one) { return one.source >= place.size(); });
    for (Occurrence& one : need.seen) one.source = place[one.source];
    return need.seen.empty();
  });
  recording.sources.clear();
  for (auto& [id, source] : sources) recording.sources.push_back(std::move(source));

  std::ranges::stable_sort(recording.needs,
                           [](const Need& a, const Need& b) { return key_of(a) < key_of(b); });
  std::vector<Need> needs;
  for (Need& need : recording.needs) {
    if (!needs.empty() && key_of(needs.back()) == key_of(need))
      needs.back().seen.insert(needs.back().seen.end(), need.seen.begin(), need.seen.end());
    else
      needs.push_back(std::move(need));
  }
  for (Need& need : needs) join_occurrences(need.seen);
  recording.needs = std::move(needs);
}

Recording merge(Recording a, const Recording& b) {
  const auto offset = static_cast<std::uint32_t>(a.sources.size());
  a.sources.insert(a.sources.end(), b.sources.begin(), b.sources.end());
  for (const Need& need : b.needs) {
    a.needs.push_back(need);
    for (Occurrence& one : a.needs.back().seen) one.source += offset;
  }
  normalize(a);
  return a;
}

std::string new_source_id() {
  std::array<unsigned char, 16> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) < 0) std::abort();  // so few never fail
  std::string id;
  for (const unsigned char byte : bytes) id += fmt::format("{:02x}", byte);
  return id;
}

std::int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

bool is_predicted(const Need& need, const Recording& recording) {
  return std::ranges::all_of(need.seen, [&](const Occurrence& one) {
    return one.source < recording.sources.size() && recording.sources[one.source].backend == kStaticBackend;
  });
}

std::vector<std::string> objections(const Recording& recording) {
  std::vector<std::string> found;
  if (std::ranges::all_of(recording.sources,
                          [](const Source& one) { return one.backend == kStaticBackend; }))
    found.emplace_back("nothing was recorded");
  const auto say = [&](bool holds, const std::string& clause) {
    if (holds && std::ranges::find(found, clause) == found.end()) found.push_back(clause);
  };
  for (const Source& source : recording.sources) {
    say(!source.stopped_ms, "a recorder did not come to its end: the last seconds are missing");
    say(source.lost != 0, "events were lost: needs may be missing");
    say(source.unwatched_ms != 0,
        "system calls were watched for a part of the time only: rare ones may be missing");
    say(!source.sandbox.empty(),
        "settings of the unit were in force, and what lies behind their refusals was not seen");
  }
  // One run from the start is enough: the others add to it.
  say(std::ranges::none_of(recording.sources, &Source::start_seen),
      "the start of the service was not seen");
  return found;
}

}  // namespace harden
