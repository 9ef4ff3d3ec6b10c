// SPDX-License-Identifier: LGPL-2.1-or-later
// Recordings that a command line names, as one about one unit.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "needs/recording.h"

namespace harden {

struct ReadRecordings {
  Recording recording;
  bool is_whole = true;   // nothing of the files had to be left out
};

// The files merged; of a recording of several units the part about `unit`. Without files, those that
// `harden record` has kept of the unit, or of the template's instances, in the tree below `root`. Nothing:
// a file cannot be read, or there is none, which has been said.
[[nodiscard]] std::optional<ReadRecordings> read_recordings(std::vector<std::string> files,
                                                            const std::string& unit,
                                                            const std::optional<std::string>& root,
                                                            const Console& console);

}  // namespace harden
