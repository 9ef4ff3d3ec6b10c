// SPDX-License-Identifier: LGPL-2.1-or-later
#include "settings/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <span>

namespace harden {
namespace {

// "localhost", its long form and every name below them, with or without the root's dot.
bool is_localhost_name(std::string_view word) {
  std::string lower(word);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (lower.ends_with('.')) lower.pop_back();
  return lower == "localhost" || lower == "localhost.localdomain" || lower.ends_with(".localhost") ||
         lower.ends_with(".localhost.localdomain");
}

// Decimal, 0x… or 0…, as strtoul takes them; a sign other than + is refused.
std::optional<unsigned> parse_length(std::string_view text, unsigned max) {
  const std::string copy(text);
  const std::size_t start = copy.find_first_not_of(" \t\n\r\v\f");
  if (start == std::string::npos || copy[start] == '-') return std::nullopt;
  char* end = nullptr;
  errno = 0;
  const unsigned long value = std::strtoul(copy.c_str(), &end, 0);
  if (errno != 0 || *end != '\0' || end == copy.c_str() || value > max) return std::nullopt;
  return static_cast<unsigned>(value);
}

void clear_host_bits(std::span<unsigned char> address, unsigned length) {
  for (std::size_t i = 0; i < address.size(); ++i) {
    const auto bits = static_cast<unsigned>(i) * 8;
    if (bits >= length)
      address[i] = 0;
    else if (length - bits < 8)
      address[i] = static_cast<unsigned char>(address[i] & (0xff00U >> (length - bits)));
  }
}

std::optional<std::string> parse_prefix(std::string_view word) {
  const std::size_t slash = word.find('/');
  const std::string address_text(word.substr(0, slash));
  for (const int family : {AF_INET, AF_INET6}) {
    std::array<unsigned char, 16> bytes{};
    if (inet_pton(family, address_text.c_str(), bytes.data()) != 1) continue;
    const std::size_t size = family == AF_INET ? 4 : 16;
    unsigned length = static_cast<unsigned>(size) * 8;
    if (slash != std::string_view::npos) {
      const auto given = parse_length(word.substr(slash + 1), length);
      if (!given) return std::nullopt;
      length = *given;
    }
    clear_host_bits(std::span(bytes).first(size), length);
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (inet_ntop(family, bytes.data(), text.data(), text.size()) == nullptr) return std::nullopt;
    return std::string(text.data()) + "/" + std::to_string(length);
  }
  return std::nullopt;
}

}  // namespace

std::vector<std::string> parse_address_prefixes(std::string_view word) {
  if (word == "any") return {std::string(kAnyIpv4), std::string(kAnyIpv6)};
  if (is_localhost_name(word)) return {"127.0.0.0/8", "::1/128"};
  if (word == "link-local") return {"169.254.0.0/16", "fe80::/64"};
  if (word == "multicast") return {"224.0.0.0/4", "ff00::/8"};
  if (auto prefix = parse_prefix(word)) return {std::move(*prefix)};
  return {};
}

bool is_localhost_prefix(std::string_view prefix) {
  return prefix.starts_with("127.") || prefix.substr(0, prefix.find('/')) == "::1";
}

}  // namespace harden
