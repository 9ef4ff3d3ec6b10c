// SPDX-License-Identifier: LGPL-2.1-or-later
// The build step between catalogue/*.toml and the program: checks that the files hold together and
// writes ids.h and tables.cc, and the same for policies. Every fault is named with file and line, and then
// nothing is written.
//
//   catalogue_compile CATALOGUE_DIR OUTPUT_DIR
#include <cstdio>
#include <exception>
#include <fstream>
#include <string>

#include "catalogue/compile/check.h"
#include "catalogue/compile/emit.h"
#include "catalogue/compile/policy_model.h"
#include "catalogue/compile/read.h"

namespace {

using namespace harden::catalogue::compile;

// Leaves a file alone that says the same already, so that nothing is compiled again for nothing.
bool write_if_changed(const std::string& file, const std::string& text) {
  {
    std::ifstream in(file, std::ios::binary);
    if (in && std::string(std::istreambuf_iterator<char>(in), {}) == text) return true;
  }
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (!out) std::fprintf(stderr, "%s: cannot write\n", file.c_str());
  return static_cast<bool>(out);
}

int run(const std::string& dir, const std::string& output) {
  Report report;
  const Catalogue catalogue = read_catalogue(dir, report);
  if (report.empty()) check_catalogue(catalogue, report);
  const PolicyTables policy = read_policy_tables(dir, catalogue, report);
  if (report.empty()) check_policy_tables(policy, catalogue, report);
  report.print();
  if (!report.empty()) return 1;
  return write_if_changed(output + "/ids.h", emit_ids(catalogue)) &&
                 write_if_changed(output + "/tables.cc", emit_tables(catalogue)) &&
                 write_if_changed(output + "/policy_ids.h", emit_policy_ids(policy)) &&
                 write_if_changed(output + "/policy_tables.cc", emit_policy_tables(policy, catalogue))
             ? 0
             : 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: catalogue_compile CATALOGUE_DIR OUTPUT_DIR\n", stderr);
    return 2;
  }
  try {
    return run(argv[1], argv[2]);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "catalogue_compile: %s\n", e.what());
    return 2;
  }
}
