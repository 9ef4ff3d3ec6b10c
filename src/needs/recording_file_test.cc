// SPDX-License-Identifier: LGPL-2.1-or-later
#include "needs/recording_file.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <fstream>

#include "needs/any_recording_test.h"
#include "support/temp_dir.h"

namespace harden {
namespace {

constexpr std::string_view kHeader = R"({"format":"harden-recording","schema":1})";
constexpr std::string_view kSource =
    R"({"source":{"id":"0123456789abcdef0123456789abcdef","unit":"a.service"}})";
constexpr std::string_view kNeed =
    R"({"need":"file","access":"read","path":"/etc/x","result":"EACCES","seen":[{"in":0,"count":2,"phases":["start"]}]})";

std::string lines(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) text.append(part).append("\n");
  return text;
}

ReadRecording read(const std::string& text) {
  auto result = parse_recording(text, "f");
  EXPECT_TRUE(result) << (result ? "" : result.error().text());
  return result ? *result : ReadRecording{};
}

TEST(RecordingFile, ReadsWhatTheFormatSays) {
  const ReadRecording got = read(lines({kHeader, kSource, kNeed}));
  EXPECT_TRUE(got.diagnostics.empty());
  ASSERT_EQ(got.recording.needs.size(), 1U);
  const Need& need = got.recording.needs[0];
  EXPECT_EQ(std::get<FileUse>(need.detail).path, "/etc/x");
  EXPECT_EQ(need.error, EACCES);
  EXPECT_EQ(need.count(), 2U);
  EXPECT_EQ(need.seen[0].phases, static_cast<Phases>(Phase::start));
  EXPECT_EQ(kind_name(need.kind()), "file");
}

TEST(RecordingFile, NamesTheLineThatIsWrongAndReadsTheRest) {
  const ReadRecording got =
      read(lines({kHeader, kSource, "nonsense", R"({"need":"teleport","seen":[{"in":0}]})",
                  R"({"need":"bind","port":70000,"seen":[{"in":0}]})",
                  R"({"need":"file","path":"/y","seen":[{"in":1}]})",
                  R"({"need":"file","access":"gaze","seen":[{"in":0}]})",
                  R"({"need":"file","result":"EWHAT","seen":[{"in":0}]})",
                  R"({"need":"file","path":"/z","seen":[]})", "[]", "{}", kNeed}));
  EXPECT_EQ(got.recording.needs.size(), 1U);
  ASSERT_EQ(got.diagnostics.size(), 9U);
  EXPECT_EQ(got.diagnostics[0].where, (SourcePos{"f", 3}));
  EXPECT_EQ(got.diagnostics[2].message, "'port' is not a whole number from 0 to 65535");
  EXPECT_EQ(got.diagnostics[8].where.line, 11U);
}

TEST(RecordingFile, KeepsWhatStandsBeforeACut) {
  const std::string whole = lines({kHeader, kSource, kNeed, kNeed});
  const ReadRecording got = read(whole.substr(0, whole.size() - 10));
  EXPECT_EQ(got.recording.needs.size(), 1U);
  ASSERT_EQ(got.diagnostics.size(), 1U);
  EXPECT_NE(got.diagnostics[0].message.find("cut off"), std::string::npos);
}

TEST(RecordingFile, RefusesWhatIsNoRecordingOrTooNew) {
  EXPECT_EQ(parse_recording("", "f").error().code, Errc::invalid);
  EXPECT_EQ(parse_recording("[Unit]\n", "f").error().where, (SourcePos{"f", 1}));
  EXPECT_EQ(parse_recording(R"({"format":"harden-recording","schema":2})", "f").error().code,
            Errc::unsupported);
}

TEST(RecordingFile, LaterLinesAboutTheSameJoin) {
  const std::string more =
      R"({"need":"file","access":"read","path":"/etc/x","result":"EACCES","seen":[{"in":0,"count":7}]})";
  const std::string end =
      R"({"source":{"id":"0123456789abcdef0123456789abcdef","unit":"a.service","stopped_ms":9}})";
  const ReadRecording got = read(lines({kHeader, kSource, kNeed, more, end}));
  ASSERT_EQ(got.recording.needs.size(), 1U);
  EXPECT_EQ(got.recording.needs[0].count(), 7U);
  ASSERT_EQ(got.recording.sources.size(), 1U);
  EXPECT_EQ(got.recording.sources[0].stopped_ms, 9);
}

TEST(RecordingFile, NothingInItCanActOnATerminal) {
  Recording recording = read(lines({kHeader, kSource, kNeed})).recording;
  recording.needs[0].seen[0].first.comm = "\x1b[31m\xff\n";
  for (const char c : print_recording(recording)) EXPECT_TRUE(c == '\n' || (c >= ' ' && c <= '~'));
}

TEST(RecordingFile, IsCompressedByNameAndReadEitherWayAlsoCutOff) {
  const TempDir dir;
  Recording recording = read(lines({kHeader, kSource, kNeed})).recording;
  for (int i = 0; i < 2000; ++i) {
    Need need{
        FileUse{FileAccess::read, NodeType::regular, "/srv/" + std::to_string(i * 7919), {}, false}, 0, {}};
    need.seen = recording.needs[0].seen;
    recording.needs.push_back(std::move(need));
  }
  normalize(recording);
  ASSERT_TRUE(write_recording(recording, dir / "r.zst"));
  ASSERT_TRUE(write_recording(recording, dir / "r"));
  EXPECT_LT(std::filesystem::file_size(dir / "r.zst") * 4, std::filesystem::file_size(dir / "r"));
  EXPECT_EQ(read_recording(dir / "r.zst")->recording, recording);
  EXPECT_EQ(read_recording(dir / "r")->recording, recording);

  std::filesystem::resize_file(dir / "r.zst", std::filesystem::file_size(dir / "r.zst") - 1);
  const auto cut = read_recording(dir / "r.zst");
  ASSERT_TRUE(cut) << cut.error().text();
  EXPECT_FALSE(cut->diagnostics.empty());
  EXPECT_FALSE(read_recording(dir / "missing"));
}

TEST(RecordingFile, WritesThroughALinkAndReplacesNone) {
  const TempDir dir;
  const Recording recording = read(lines({kHeader, kSource, kNeed})).recording;
  ASSERT_TRUE(write_recording(recording, dir / "file"));
  std::filesystem::create_symlink(dir / "file", dir / "link");
  std::filesystem::resize_file(dir / "file", 0);
  ASSERT_TRUE(write_recording(recording, dir / "link"));
  EXPECT_TRUE(std::filesystem::is_symlink(dir / "link"));
  EXPECT_EQ(read_recording(dir / "file")->recording, recording);
}

TEST(RecordingFile, SplitsANeedThatWouldNotFitIntoALine) {
  Recording recording;
  for (int i = 0; i < 300; ++i) {
    Source source;
    source.id = std::string(29, '0') + std::to_string(100 + i);
    recording.sources.push_back(source);
  }
  Need need{SyscallUse{"x86-64", "read"}, 0, {}};
  for (std::uint32_t i = 0; i < 300; ++i)
    need.seen.push_back({i, 1, 0, {0, "c", std::string(4096, 'x'), {}, {}}});
  recording.needs.push_back(need);
  normalize(recording);
  const ReadRecording got = read(print_recording(recording));
  EXPECT_TRUE(got.diagnostics.empty());
  EXPECT_EQ(got.recording, recording);
}

RC_GTEST_PROP(RecordingFile, ReadsBackWhatItPrints, ()) {
  const Recording recording = any_recording();
  const auto got = parse_recording(print_recording(recording), "f");
  RC_ASSERT(got.has_value());
  RC_ASSERT(got->diagnostics.empty());
  RC_ASSERT(got->recording == recording);
}

}  // namespace
}  // namespace harden
