// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reach/scan.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>

#include "catalogue/syscall_names.h"
#include "reach/graph.h"
#include "reach/models.h"
#include "reach/plugins.h"
#include "util/text.h"

namespace harden::reach {
namespace {

constexpr std::size_t kHeadMax = 256;      // of a script, as the kernel reads
constexpr int kScriptsMax = 4;             // one script may be another's interpreter
constexpr int kPluginRounds = 4;
constexpr std::size_t kImplausible = 5;    // calls; the least of real programs, static ones, has more
constexpr std::size_t kStepsMax = 200;

class Scan {
 public:
  Scan(const FileSystem& fs, const ScanOptions& options, Closure closure)
      : fs_(fs), options_(options), closure_(std::move(closure)) {}

  Result<ReachSet> run() {
    for (const std::string& plugin : options_.plugins)
      if (!closure_.add_plugin(plugin, "given by --plugin", false))
        return fail(Errc::not_found, "there is no module " + plugin);
    // Which plugins there are hangs on what is reached, and what is reached on the plugins.
    for (int round = 0;; ++round) {
      closure_.summarize_modules([this](std::size_t done, std::size_t all) {
        if (options_.progress) options_.progress(fmt::format("{} of {} modules read", done, all));
      });
      rebuild(true);
      if (round > kPluginRounds || !add_guessed_plugins()) break;
    }
    collect();
    return std::move(set_);
  }

 private:
  const Module& module(std::uint32_t index) const { return *closure_.modules()[index]; }

  bool add_guessed_plugins() {
    const std::size_t before = closure_.modules().size();
    bool is_new = false;
    for (const PluginGuess& one : guess_plugins(fs_, closure_, *graph_)) {
      if (!guessed_.insert(one.name).second) continue;
      if (closure_.add_plugin(one.name, one.reason, one.is_required)) is_new = true;
    }
    return is_new || before != closure_.modules().size();
  }

  void rebuild(bool with_plugins) {
    reach(with_plugins, false);
    // Whoever sets up such a mutex brings the functions that serve it back.
    if (uses_ceilings()) reach(with_plugins, true);
  }
  [[nodiscard]] bool uses_ceilings() const {
    return std::ranges::any_of(priority_ceiling_uses(),
                               [&](std::string_view one) { return graph_->uses_symbol(one); });
  }

  void reach(bool with_plugins, bool with_ceilings) {
    graph_ = std::make_unique<Graph>(closure_.modules());
    const auto count = static_cast<std::uint32_t>(closure_.modules().size());
    if (!with_ceilings)
      for (std::uint32_t i = 0; i < count; ++i)
        if (is_glibc(module(i).summary))
          for (const std::uint32_t one : priority_ceiling_functions(module(i).summary))
            graph_->shut({i, one});
    graph_->add_root({0, module(0).summary.entry});
    for (std::uint32_t i = 0; i < count; ++i) {
      const Module& one = module(i);
      if (one.summary.vertices.empty() || (one.group != 0 && !with_plugins)) continue;
      if (one.is_loader) graph_->add_root({i, one.summary.entry});
      for (const std::uint32_t initial : one.summary.initial) graph_->add_root({i, initial});
      // The loader's tables of functions are the C library's to use, at offsets that both know.
      const bool all_data = one.is_loader || !one.summary.is_position_independent;
      for (std::uint32_t k = one.summary.function_count; all_data && k < one.summary.vertex_count(); ++k)
        graph_->add_root({i, k});
      for (const std::uint32_t import : one.summary.copied) add_copied(i, import);
      if (is_glibc(one.summary))   // the loader calls it by its name
        graph_->add_root({i, exported(one.summary, "__libc_early_init")});
    }
    graph_->run();
    if (with_plugins) add_plugin_roots();
  }
  // The object in the program is a copy of the library's.
  void add_copied(std::uint32_t from, std::uint32_t import) {
    const Summary& s = module(from).summary;
    const Import& one = s.imports[import];
    for (std::uint32_t i = 1; i < closure_.modules().size(); ++i) {
      const Place at = graph_->find_in(i, s.text_of(one.name));
      if (at.module != Graph::npos && at.vertex != Import::kNone) graph_->add_root(at);
    }
  }
  void add_plugin_roots() {
    // A library that is opened for its name gives what the opener asks for by name; any other gives all.
    std::vector<std::uint32_t> names;
    for (const auto& one : closure_.modules())
      names.insert(names.end(), one->summary.lookups.begin(), one->summary.lookups.end());
    std::ranges::sort(names);
    for (std::uint32_t i = 0; i < closure_.modules().size(); ++i) {
      const Module& one = module(i);
      if (!one.is_plugin || is_glibc(one.summary)) continue;
      const bool is_looked_up = one.reason.find("its name stands in") != std::string::npos;
      for (const Export& symbol : one.summary.exports) {
        const std::string_view name = one.summary.text_of(symbol.name);
        if (symbol.vertex == Import::kNone || !is_plugin_entry(one.path, name)) continue;
        if (is_looked_up && !std::ranges::binary_search(names, symbol.hash)) continue;
        graph_->add_root({i, symbol.vertex});
      }
    }
    graph_->run();
  }

  // --- What came of it -----------------------------------------------------------------------------------

  // With the graph that run() ends with, which has the plugins.
  void collect() {
    std::unique_ptr<Graph> whole = std::move(graph_);
    rebuild(false);
    std::set<unsigned> certain;
    for_each_call([&](Place, const SystemCall& one) { certain.insert(one.number); });
    graph_ = std::move(whole);
    std::map<unsigned, std::pair<Place, const SystemCall*>> first;
    for_each_call([&](Place at, const SystemCall& one) {
      auto [known, is_new] = first.try_emplace(one.number, at, &one);
      if (!is_new && length(at) < length(known->second.first)) known->second = {at, &one};
    });
    for (const auto& [number, found] : first)
      add_call(number, found.first, *found.second, certain.contains(number));
    std::ranges::sort(set_.calls, {}, &ReachedCall::name);
    set_.program = module(0).path;
    for (const auto& one : closure_.modules())
      set_.closure.push_back({one->path, one->reason, one->summary.build_id, one->summary.code_size,
                              one->group != 0 || one->is_plugin, one->is_from_cache});
    collect_unresolved();
    collect_assumptions();
    collect_objections();
  }

  template <typename Use>
  void for_each_call(Use use) const {
    for (std::uint32_t i = 0; i < closure_.modules().size(); ++i) {
      const Summary& s = module(i).summary;
      for (const SystemCall& one : s.calls) {
        if (!graph_->is_reached({i, one.vertex})) continue;
        if (module(i).is_loader && is_mode(one.number)) continue;
        use(Place{i, one.vertex}, one);
      }
    }
  }
  static bool is_mode(unsigned number) {
    return std::ranges::find(loader_modes(), syscall_name(number), &LoaderMode::call) !=
           loader_modes().end();
  }

  [[nodiscard]] std::size_t length(Place at) const {
    std::size_t steps = 1;
    for (Place before = graph_->parent(at); !(before == at) && steps < kStepsMax;
         before = graph_->parent(at), ++steps)
      at = before;
    return steps;
  }

  void add_call(unsigned number, Place at, const SystemCall& call, bool is_certain) {
    ReachedCall out;
    out.number = number;
    out.name = syscall_name(number);
    if (out.name.empty()) out.name = fmt::format("syscall_{}", number);
    out.source = call.is_wrapped != 0 ? Source::wrapper : Source::code;
    if (module(at.module).is_loader) out.source = Source::model;
    if (!is_certain) {
      out.source = Source::plugin;
      out.confidence = Confidence::assumed;
    }
    const WitnessStep site{module(at.module).path, name_of(at), call.site};
    for (Place here = at; out.witness.size() < kStepsMax;) {
      const Summary& s = module(here.module).summary;
      out.witness.push_back({module(here.module).path, s.is_data(here.vertex) ? "(data)" : name_of(here),
                             s.vertices[here.vertex].address});
      const Place before = graph_->parent(here);
      if (before == here) break;
      here = before;
    }
    std::ranges::reverse(out.witness);
    out.witness.push_back(site);
    set_.calls.push_back(std::move(out));
  }
  [[nodiscard]] std::string name_of(Place at) const {
    const Summary& s = module(at.module).summary;
    return std::string(s.text_of(s.vertices[at.vertex].name));
  }

  void collect_unresolved() {
    for (std::uint32_t i = 0; i < closure_.modules().size(); ++i) {
      const Summary& s = module(i).summary;
      const std::vector<std::uint32_t> known =
          is_glibc(s) ? setxid_functions(s) : std::vector<std::uint32_t>();
      for (const Unresolved& one : s.unresolved) {
        if (!graph_->is_reached({i, one.vertex})) continue;
        if (std::ranges::binary_search(known, one.vertex)) {
          uses_setxid_ = true;
          continue;
        }
        const bool is_number = one.kind == UnresolvedKind::number;
        set_.unresolved.push_back(
            {module(i).path, one.site, name_of({i, one.vertex}),
             is_number ? "the number of the system call comes from where it could not be followed"
                       : "a system call by int 0x80 or sysenter, with numbers of 32-bit programs"});
      }
      // A wrapper whose address somebody holds may be called with any number.
      for (const Wrapper& one : s.wrappers)
        if (graph_->is_reached({i, one.vertex}) && graph_->is_taken({i, one.vertex}) &&
            !is_only_imported(i, one.vertex))
          set_.unresolved.push_back({module(i).path, s.vertices[one.vertex].address,
                                     name_of({i, one.vertex}),
                                     "the address of a function that makes any system call is taken"});
    }
  }
  // Who imports a wrapper reads its address to call it, and was looked at as a caller.
  [[nodiscard]] bool is_only_imported(std::uint32_t module_index, std::uint32_t vertex) const {
    const Summary& s = module(module_index).summary;
    return std::ranges::any_of(
        s.exports, [&](const Export& one) { return one.vertex == vertex && one.is_function != 0; });
  }

  void collect_assumptions() {
    for (const auto& one : closure_.modules())
      if (one->is_plugin)
        set_.assumed.push_back(fmt::format("{} may be opened: {}", one->path, one->reason));
    const bool has_loader =
        std::ranges::any_of(closure_.modules(), [](const auto& one) { return one->is_loader; });
    if (has_loader)
      for (const LoaderMode& one : loader_modes())
        set_.assumed.push_back(
            fmt::format("the loader's own {}() is not counted: it serves {}", one.call, one.mode));
    const bool has_glibc =
        std::ranges::any_of(closure_.modules(), [](const auto& one) { return is_glibc(one->summary); });
    if (has_glibc && !uses_ceilings())
      set_.assumed.push_back("no mutex has a priority ceiling: nothing that sets one up is reached");
    if (uses_setxid_)
      set_.assumed.push_back(
          "set*id() calls are repeated in every thread with the numbers that their callers use themselves");
    if (has_glibc && graph_->uses_symbol("iconv_open"))
      set_.assumed.push_back(
          "character set converters (gconv) work in memory and make no system calls of their own");
    const bool starts = std::ranges::any_of(
        set_.calls, [](const ReachedCall& one) { return one.name == "execve" || one.name == "execveat"; });
    if (!starts) return;
    set_.assumed.push_back(
        "programs that it starts run under the same filter, and their calls are not in this set");
    std::set<std::string> started;
    for (const auto& one : closure_.modules())
      for (const std::string& program : one->summary.programs)
        if (one->group == 0 && fs_.stat_type(program) == FileType::regular &&
            program.find(".so") == std::string::npos)
          started.insert(program);
    set_.started.assign(started.begin(), started.end());
  }

  void collect_objections() {
    for (const std::string& one : closure_.missing()) set_.objections.push_back("not found: " + one);
    std::set<std::string> modules;
    for (const UnresolvedSite& one : set_.unresolved) modules.insert(one.module);
    for (const std::string& one : modules)
      set_.objections.push_back(one + " makes system calls that could not be told");
    for (const auto& one : closure_.modules()) {
      if (!one->summary.is_complete)
        set_.objections.push_back(one->path + " is too large to be read to its end");
      for (const std::string& fault : one->summary.faults)
        set_.objections.push_back(one->path + ": " + fault);
      if (is_interpreter(*one))
        set_.objections.push_back(
            one->path +
            " is an interpreter: what it calls depends on its script and that script's modules");
    }
    const auto has = [&](std::string_view name) {
      return std::ranges::any_of(set_.calls, [&](const ReachedCall& one) { return one.name == name; });
    };
    if (set_.calls.empty())
      set_.objections.push_back("no system call was found at all, which no program does without");
    else if (set_.calls.size() < kImplausible)
      set_.objections.push_back(
          fmt::format("only {} system calls were found, which is implausibly few", set_.calls.size()));
    else if (!has("exit_group") && !has("exit"))
      set_.objections.push_back("no way to end the program was found, so other calls may be missing too");
  }
  static bool is_interpreter(const Module& one) {
    constexpr std::string_view kEntries[] = {
        "Py_InitializeFromConfig", "perl_parse",       "ruby_init",      "lua_newstate",
        "zend_execute_scripts",    "Tcl_CreateInterp", "rb_eval_string", "JNI_CreateJavaVM",
        "_ZN4node5StartEiPPc"};
    // One that a server embeds runs that server's scripts; only a program that is the interpreter is one.
    if (one.reason != "program" && one.path.find("libpython") == std::string::npos &&
        one.path.find("libperl") == std::string::npos && one.path.find("libruby") == std::string::npos)
      return false;
    return std::ranges::any_of(
        kEntries, [&](std::string_view name) { return exported(one.summary, name) != Import::kNone; });
  }

  const FileSystem& fs_;
  const ScanOptions& options_;
  Closure closure_;
  std::unique_ptr<Graph> graph_;
  std::set<std::string> guessed_;
  bool uses_setxid_ = false;
  ReachSet set_;
};

// "#!/usr/bin/env python3 -u": the interpreter's path, by the kernel's rule and env's.
std::optional<std::string> interpreter_of(const FileSystem& fs, std::string_view head) {
  if (!head.starts_with("#!")) return std::nullopt;
  std::string_view line =
      strip(head.substr(2, head.find('\n') == std::string_view::npos ? head.size() : head.find('\n') - 2));
  std::vector<std::string_view> words;
  for (const std::string_view word : split(line, ' '))
    if (!word.empty()) words.push_back(strip(word));
  if (words.empty()) return std::nullopt;
  if (base_name(words[0]) != "env") return std::string(words[0]);
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[i].starts_with('-') || words[i].find('=') != std::string_view::npos) continue;
    for (const std::string_view dir :
         {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"})
      if (std::string path = fmt::format("{}/{}", dir, words[i]); fs.stat_type(path)) return path;
  }
  return std::string(words[0]);
}

}  // namespace

Result<ReachSet> scan_program(const FileSystem& fs, std::string_view path, const ScanOptions& options) {
  std::string program(path);
  std::vector<std::string> through;
  for (int i = 0; i < kScriptsMax; ++i) {
    HARDEN_TRY(const std::string head, fs.read_start(program, kHeadMax));
    const auto interpreter = interpreter_of(fs, head);
    if (!interpreter) break;
    through.push_back(program);
    program = *interpreter;
  }
  HARDEN_TRY(Closure closure, Closure::load(fs, program, *options.isa, options.cache));
  HARDEN_TRY(ReachSet set, Scan(fs, options, std::move(closure)).run());
  for (const std::string& script : through)
    set.objections.insert(set.objections.begin(),
                          script + " is a script: what it calls depends on its text");
  set.through = std::move(through);
  return set;
}

}  // namespace harden::reach
