// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lint/lint.h"

#include <algorithm>

namespace harden {

Diagnostics lint_unit(const LoadedUnit& loaded, const FileSystem* tree) {
  Diagnostics out = loaded.diagnostics;
  lint_keys(loaded, out);
  lint_values(loaded, out);
  if (loaded.refusal &&
      std::ranges::none_of(out, [&](const Diagnostic& d) { return d.message == loaded.refusal->message; }))
    out.push_back({Severity::error, "not-loadable", loaded.refusal->where, loaded.refusal->message,
                   loaded.refusal->hint});
  if (!loaded.refusal) {
    lint_merging(loaded, out);
    lint_protection(loaded, out);
    if (tree != nullptr) lint_paths(loaded, *tree, out);
  }

  // By file in the order in which systemd reads them, then by line; findings of no line come last.
  const auto rank = [&loaded](const Diagnostic& d) {
    std::size_t file = loaded.unit.drop_ins.size() + 1;
    if (loaded.unit.fragment && d.where.file == loaded.unit.fragment->path()) file = 0;
    for (std::size_t i = 0; i < loaded.unit.drop_ins.size(); ++i)
      if (d.where.file == loaded.unit.drop_ins[i].path()) file = i + 1;
    return std::pair(d.where.line == 0 ? loaded.unit.drop_ins.size() + 2 : file, d.where.line);
  };
  std::stable_sort(out.begin(), out.end(),
                   [&](const Diagnostic& a, const Diagnostic& b) { return rank(a) < rank(b); });
  return out;
}

}  // namespace harden
