// SPDX-License-Identifier: LGPL-2.1-or-later
#include "generator/generate.h"

#include <gtest/gtest.h>

#include <map>

#include "support/fake_file_system.h"
#include "unit/unit_file.h"

namespace harden {
namespace {

struct Outcome {
  std::map<std::string, std::string> files;  // "a.service.d/10-harden.conf"
  std::vector<std::string> log;
  GenerateResult result;
};

Outcome run(const FakeFileSystem& fs, std::string_view refused = "-") {
  Outcome run;
  run.result = generate(
      fs, false,
      [&](const GeneratedFile& file) {
        if (file.unit == refused) return false;
        run.files[file.unit + ".d/" + std::string(file.name)] = file.text;
        return true;
      },
      [&](std::string_view line) { run.log.emplace_back(line); });
  return run;
}

bool has(const Outcome& run, const std::string& file, std::string_view line) {
  const auto at = run.files.find(file);
  return at != run.files.end() &&
         ("\n" + at->second).find("\n" + std::string(line) + "\n") != std::string::npos;
}

constexpr std::string_view kWeb = "[Service]\nExecStart=/usr/bin/web\nProtectHome=no\n[X-Harden]\n";

TEST(Generate, WritesWhatAPolicyAddsAndNothingForOthers) {
  FakeFileSystem fs;
  fs.add_file("/usr/lib/systemd/system/web.service", kWeb);
  fs.add_file("/usr/lib/systemd/system/plain.service", "[Service]\nExecStart=/usr/bin/a\n");
  fs.add_file("/etc/systemd/system/web.service.d/50-admin.conf", "[Service]\nPrivateTmp=no\n");
  fs.add_file("/etc/systemd/system/service.d/50-all.conf", "[Service]\nProtectClock=no\n");
  const Outcome done = run(fs);
  EXPECT_EQ(done.log, std::vector<std::string>());
  ASSERT_EQ(done.files.size(), 1U);
  EXPECT_TRUE(has(done, "web.service.d/10-harden.conf", "[Service]"));
  EXPECT_TRUE(has(done, "web.service.d/10-harden.conf", "LockPersonality=yes"));
  for (const std::string_view set : {"ProtectHome=", "PrivateTmp=", "ProtectClock="})
    EXPECT_EQ(done.files.begin()->second.find(set), std::string::npos) << set;
}

TEST(Generate, PutsAnOverrideBehindEverything) {
  FakeFileSystem fs;
  fs.add_file("/usr/lib/systemd/system/web.service", std::string(kWeb) + "Override=ProtectHome\n");
  const Outcome done = run(fs);
  EXPECT_TRUE(has(done, "web.service.d/zzz-harden-override.conf", "ProtectHome=yes"));
  EXPECT_FALSE(has(done, "web.service.d/10-harden.conf", "ProtectHome=yes"));
  EXPECT_FALSE(has(done, "web.service.d/zzz-harden-override.conf", "LockPersonality=yes"));
}

TEST(Generate, KeepsSpecifiersOfATemplateAndKnowsInstances) {
  FakeFileSystem fs;
  fs.add_file("/usr/lib/systemd/system/web@.service",
              std::string(kWeb) + "Profile=strict@1\nAllow=write:/srv/%i device:/dev/%I\n");
  fs.add_file("/etc/systemd/system/web@blue.service.d/x.conf", "[X-Harden]\nAllow=jit\n");
  const Outcome done = run(fs);
  EXPECT_EQ(done.log, std::vector<std::string>());
  EXPECT_TRUE(has(done, "web@.service.d/10-harden.conf", "ReadWritePaths=/srv/%i"));
  EXPECT_TRUE(has(done, "web@.service.d/10-harden.conf", "DeviceAllow=/dev/%I rw"));
  EXPECT_TRUE(has(done, "web@.service.d/10-harden.conf", "MemoryDenyWriteExecute=yes"));
  EXPECT_TRUE(has(done, "web@blue.service.d/10-harden.conf", "ReadWritePaths=/srv/blue"));
  EXPECT_FALSE(has(done, "web@blue.service.d/10-harden.conf", "MemoryDenyWriteExecute=yes"));
}

TEST(Generate, AFaultCostsOneUnitItsPolicyAndOneLine) {
  FakeFileSystem fs;
  fs.add_file("/usr/lib/systemd/system/a.service", std::string(kWeb) + "Allow=everything\n");
  fs.add_file("/usr/lib/systemd/system/b.service", kWeb);
  fs.add_file("/usr/lib/systemd/system/c.service", kWeb);
  const Outcome done = run(fs, "c.service");
  EXPECT_EQ(done.result.faults, 2U);
  ASSERT_EQ(done.log.size(), 1U) << "who writes says so itself";
  EXPECT_EQ(done.log[0].rfind("a.service: no policy: /usr/lib/systemd/system/a.service:5: ", 0), 0U)
      << done.log[0];
  EXPECT_EQ(done.files.size(), 1U);
  EXPECT_TRUE(done.files.contains("b.service.d/10-harden.conf"));
}

TEST(Generate, HasADefaultWithExemptions) {
  FakeFileSystem fs;
  fs.add_file("/etc/harden/harden.conf", "[Harden]\nDefault=light@1\n[Exempt]\nb.*=why\n");
  fs.add_file("/usr/lib/systemd/system/a.service", "[Service]\nExecStart=/usr/bin/a\n");
  fs.add_file("/usr/lib/systemd/system/b.service", "[Service]\nExecStart=/usr/bin/a\n");
  fs.add_file("/usr/lib/systemd/system/c.service",
              "[Service]\nExecStart=/usr/bin/a\n[X-Harden]\nEnable=no\n");
  const Outcome done = run(fs);
  EXPECT_EQ(done.files.size(), 1U);
  EXPECT_TRUE(has(done, "a.service.d/10-harden.conf", "ProtectKernelModules=yes"));

  fs.add_file("/etc/harden/harden.conf.d/x.conf", "[Exempted]\n");
  const Outcome faulty = run(fs);
  EXPECT_TRUE(faulty.files.empty()) << "an exemption may be what cannot be read";
  EXPECT_EQ(faulty.log.size(), 2U);
}

TEST(Generate, TakesNothingOfItsOwnForTheUnits) {
  FakeFileSystem fs;
  fs.add_file("/usr/lib/systemd/system/web.service", kWeb);
  const Outcome first = run(fs);
  for (const auto& [name, text] : first.files) fs.add_file("/run/systemd/generator/" + name, text);
  EXPECT_EQ(run(fs).files, first.files);
}

TEST(Generate, SaysWhichUnitIsTooLargeToRead) {
  FakeFileSystem fs;
  fs.add_file("/usr/lib/systemd/system/a.service", std::string(kWeb) + std::string(kUnitFileMax, '#'));
  const Outcome done = run(fs);
  EXPECT_TRUE(done.files.empty());
  ASSERT_EQ(done.log.size(), 1U);
  EXPECT_EQ(done.log[0].rfind("a.service: no policy: ", 0), 0U) << done.log[0];
}

TEST(Generate, TakesOtherTypesWithTheirSections) {
  FakeFileSystem fs;
  fs.add_file("/usr/lib/systemd/system/a.socket", "[Socket]\nListenStream=1\n[X-Harden]\n");
  fs.add_file("/usr/lib/systemd/system/gone.service", "");
  const Outcome done = run(fs);
  EXPECT_EQ(done.files.size(), 1U);
  EXPECT_TRUE(has(done, "a.socket.d/10-harden.conf", "[Socket]"));
}

}  // namespace
}  // namespace harden
