// SPDX-License-Identifier: LGPL-2.1-or-later
// harden status: what was applied, and whether it is still so.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>

#include "cli/option_parser.h"
#include "cli/select_units.h"
#include "emit/status_report.h"
#include "live/bus_control.h"
#include "live/commands.h"
#include "live/session.h"
#include "machine/switched_off.h"
#include "util/root_dir.h"
#include "util/text.h"

namespace harden {
namespace {

constexpr std::size_t kFileMax = std::size_t{16} << 20U;

class StatusReader {
 public:
  StatusReader(const Store& store, const FileSystem& fs, UnitControl* control)
      : store_(store), fs_(fs), control_(control) {}

  Result<std::optional<UnitStatusRow>> read(const std::string& unit) {
    UnitStatusRow row;
    row.unit = unit;
    row.generations = store_.generations(unit);
    HARDEN_TRY(row.pending, store_.pending(unit));
    HARDEN_TRY(const unsigned number, store_.current(unit));
    if (number == 0 && !row.pending) return std::optional<UnitStatusRow>();
    if (number != 0) {
      HARDEN_TRY(row.current, store_.generation(unit, number));
    }
    look_at_files(row);
    if (control_ != nullptr) ask_manager(row);
    return std::optional(std::move(row));
  }

 private:
  // A step under way is about to change them.
  void look_at_files(UnitStatusRow& row) const {
    if (!row.current || row.pending) return;
    for (const ChangedFile& file : row.current->files) {
      const auto there = fs_.read_file(file.path, kFileMax);
      if (file.after && !there)
        row.drift.push_back(fmt::format("{} is gone", base_name(file.path)));
      else if (there && there.value() != file.after)
        row.drift.push_back(fmt::format("{} was edited", base_name(file.path)));
    }
  }

  void ask_manager(UnitStatusRow& row) {
    const auto status = control_->status(row.unit);
    if (!status) return;  // a template, or it has gone
    row.active = fmt::format("{} ({})", status->active_state, status->sub_state);
    if (status->needs_reload) row.drift.emplace_back("its files have changed since systemd read them");
    if (row.current && !row.pending && status->is_running() &&
        status->active_since_us < row.current->made_us)
      row.drift.emplace_back("it runs as before, until it is restarted");
    if (row.current && status->active_state == "failed") row.drift.emplace_back("it has failed");
  }

  const Store& store_;
  const FileSystem& fs_;
  UnitControl* control_;
};

}  // namespace

int show_status(Arguments arguments, Console& console) {
  std::vector<std::string> units;
  bool json = false;
  OptionParser parser(
      "status",
      "Which units harden has changed, by which policy and since when, what is on trial, and "
      "what is not any more as it was applied.",
      "[UNIT…]");
  parser.add_arguments(units, 0);
  parser.add_flag("--json", json, "print one JSON record");
  parser.add_note("Exit status: 0 all is as it was applied; 1 something is not; 2 trouble.");
  if (const auto code = parser.parse(arguments, console)) return *code;

  const auto root = RootDir::open("/");
  if (!root) {
    console.report(root.error());
    return kExitTrouble;
  }
  StatusReport report;
  report.switched_off = switched_off(*root, read_command_line(*root));
  report.now_us = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                                 std::chrono::system_clock::now().time_since_epoch())
                                                 .count());
  int code = kExitFine;
  const auto store = Store::open_to_read(std::string(kStateDir));
  if (!store && store.error().code != Errc::not_found) {
    console.report(store.error());
    return kExitTrouble;
  }
  if (store) {
    std::atomic<bool> never = false;
    const auto control = open_bus_control({}, never, [] {});  // without it the files are told of
    StatusReader reader(*store, *root, control ? control->get() : nullptr);
    for (std::string& unit : units) unit = with_suffix(unit);
    for (const std::string& unit : units.empty() ? store->units() : units) {
      auto row = reader.read(unit);
      if (!row) {
        console.report(unit, row.error());
        code = kExitTrouble;
      } else if (*row) {
        if ((*row)->pending || !(*row)->drift.empty()) code = std::max(code, kExitFinding);
        report.units.push_back(std::move(**row));
      }
    }
  }
  console.write(json ? status_json(report) : status_text(report, console.width(), console.style()));
  return code;
}

}  // namespace harden
