// SPDX-License-Identifier: LGPL-2.1-or-later
// Paths are the only place where a recording names people. What a policy could say of a home is `home`,
// so nothing that lies below one is kept but that it does.
#include <algorithm>
#include <set>

#include "needs/need_fields.h"
#include "needs/recording.h"
#include "util/text.h"

namespace harden {
namespace {

using Names = std::set<std::string, std::less<>>;

// Parts of a path below which the next part is a user: /home/alice, /run/user/1000.
constexpr std::string_view kPerUser[] = {"/home/", "/run/user/", "/media/", "/run/media/"};
constexpr std::string_view kUser = "USER";
constexpr std::string_view kBelow = "…";

// The user's part of such a path, or nothing.
std::string_view user_part(std::string_view path) {
  for (const std::string_view prefix : kPerUser) {
    if (!path.starts_with(prefix)) continue;
    const std::string_view rest = path.substr(prefix.size());
    return rest.substr(0, rest.find('/'));
  }
  return {};
}

class Redactor {
 public:
  explicit Redactor(Names names) : names_(std::move(names)) {}

  // Anything that may be or hold a path: "@/home/alice/socket", "/mnt/home/alice" are looked through part
  // by part.
  void redact(std::string& text) const {
    if (const std::string_view user = user_part(text); !user.empty() && user != kUser) {
      const auto end = static_cast<std::size_t>(user.data() - text.data()) + user.size();
      const bool is_below = end + 1 < text.size();
      const auto begin = static_cast<std::size_t>(user.data() - text.data());
      text = text.substr(0, begin).append(kUser);
      if (is_below) text.append("/").append(kBelow);
      return;
    }
    if (text.starts_with("/root/")) {
      text = std::string("/root/").append(kBelow);
      return;
    }
    if (names_.empty()) return;
    std::string out;
    std::size_t at = 0;
    while (at <= text.size()) {
      const std::size_t end = std::min(text.find_first_of("/@", at), text.size());
      const std::string_view part = std::string_view(text).substr(at, end - at);
      out.append(names_.contains(part) ? kUser : part);
      if (end < text.size()) out += text[end];
      at = end + 1;
    }
    text = std::move(out);
  }

 private:
  Names names_;
};

void collect(Names& names, std::string_view text) {
  const std::string_view user = user_part(text);
  if (!user.empty() && user != kUser) names.emplace(user);
}

// Two needs of one source that have become one: they happened beside each other, so their counts add up.
void add_counts(std::vector<Need>& needs) {
  std::ranges::sort(needs);
  std::vector<Need> kept;
  for (Need& need : needs) {
    if (kept.empty() || kept.back().detail != need.detail || kept.back().error != need.error) {
      kept.push_back(std::move(need));
      continue;
    }
    for (Occurrence& one : need.seen) {
      const auto same = std::ranges::find(kept.back().seen, one.source, &Occurrence::source);
      if (same == kept.back().seen.end()) {
        kept.back().seen.push_back(std::move(one));
        continue;
      }
      same->count = one.count > UINT64_MAX - same->count ? UINT64_MAX : same->count + one.count;
      same->phases |= one.phases;
      same->first = std::min(same->first, one.first);
    }
  }
  needs = std::move(kept);
}

}  // namespace

Recording redact(const Recording& recording, std::span<const std::string> user_names) {
  Names names(user_names.begin(), user_names.end());
  names.erase("");
  names.erase("root");
  const auto for_each_text = [](Recording& all, const auto& visit) {
    const auto text = [&](std::string_view, auto& field) {
      if constexpr (std::is_same_v<std::remove_cvref_t<decltype(field)>, std::string>) visit(field);
    };
    for (Source& source : all.sources)
      for (std::string& word : source.command) visit(word);
    for (Need& need : all.needs) {
      std::visit([&](auto& detail) { visit_fields(detail, text); }, need.detail);
      for (Occurrence& one : need.seen) visit_first_use(one.first, text);
    }
  };
  Recording result = recording;
  for_each_text(result, [&](const std::string& text) { collect(names, text); });
  const Redactor redactor(std::move(names));
  for_each_text(result, [&](std::string& text) { redactor.redact(text); });
  for (Source& source : result.sources) source.redacted = true;
  add_counts(result.needs);
  normalize(result);
  return result;
}

}  // namespace harden
