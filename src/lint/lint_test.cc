// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include "lint/load_unit_test.h"

namespace harden {
namespace {

// The id, line, message and hint of the only finding.
void expect_only(const Diagnostics& findings, std::string_view id, unsigned line, std::string_view message,
                 std::string_view hint = {}) {
  ASSERT_EQ(findings.size(), 1U) << ids_of(findings);
  EXPECT_EQ(findings[0].id, id);
  EXPECT_EQ(findings[0].where.line, line);
  EXPECT_NE(findings[0].message.find(message), std::string::npos) << findings[0].message;
  EXPECT_NE(findings[0].hint.find(hint), std::string::npos) << findings[0].hint;
}

TEST(Lint, SaysNothingOfASoundUnit) {
  EXPECT_EQ(ids_of(lint_lines(
                "User=a\nNoNewPrivileges=yes\nProtectSystem=full\nX-Mine=1\n[X-Own]\nthis and that")),
            "");
  EXPECT_EQ(ids_of(lint_lines("RestartSec=5min 20s\nEnvironment=A=b\nSuccessExitStatus=2 SIGKILL\nUser=a\n"
                              "NoNewPrivileges=yes\nReadWriteDirectories=/srv")),
            "");
}

TEST(Lint, NamesAMisspeltKeyAndTheRightOne) {
  expect_only(lint_lines("ProtectSytem=strict"), "unknown-key", 3, "knows no 'ProtectSytem' in [Service]",
              "did you mean ProtectSystem=?");
}

TEST(Lint, NamesAKeyThatIsNewerThanTheTarget) {
  expect_only(lint_lines("PrivatePIDs=yes"), "too-new", 3, "came with systemd 257; systemd 252 ignores it");
  EXPECT_EQ(ids_of(without_notes(lint_lines("PrivatePIDs=yes", 257))), "");
}

TEST(Lint, NamesAValueThatIsNewerThanTheTarget) {
  expect_only(lint_lines("User=a\nNoNewPrivileges=yes\nPrivateTmp=disconnected"), "bad-value", 5,
              "came with systemd 257");
}

TEST(Lint, NamesTheSectionWhereAKeyBelongs) {
  expect_only(lint_lines("[Unit]\nProtectHome=yes"), "wrong-section", 4, "does not belong in [Unit]",
              "move it to [Service]");
}

TEST(Lint, NamesAnUnknownSection) {
  expect_only(lint_lines("[Servcie]\nProtectHome=yes"), "unknown-section", 3, "has no section [Servcie]",
              "did you mean [Service]?");
  expect_only(lint_lines("[Socket]\nAccept=yes"), "unknown-section", 3, "has no section [Socket]");
}

TEST(Lint, ReportsWhatLoadingDropped) {
  expect_only(lint_lines("RestrictRealtime=maybe"), "bad-value", 3, "unknown value 'maybe'");
  expect_only(lint_lines("no sign"), "missing-equals", 3, "no '='");
  expect_only(without_notes(lint_lines("CapabilityBoundingSet=CAP_KILL CAP_CHOW")), "unknown-capability", 3,
              "CAP_CHOW", "did you mean CAP_CHOWN?");
}

TEST(Lint, ReportsAUnitThatSystemdRefuses) {
  const Diagnostics findings = lint_lines("Type=forking\nPrivatePIDs=yes", 257);
  expect_only(findings, "not-loadable", 0, "Type=forking service cannot have PrivatePIDs=yes");
  EXPECT_EQ(findings[0].severity, Severity::error);
  EXPECT_EQ(ids_of(without_notes(lint_lines("Type=simple\nPrivatePIDs=yes", 257))), "");
}

TEST(Lint, FindingsStandInTheOrderOfFilesAndLines) {
  FakeFileSystem fs;
  fs.add_file(kFragment, "[Service]\nExecStart=/bin/true\nRestartSec=x\nBogus=1\nNice=99\n");
  fs.add_file(kDropIn, "[Service]\nAnother=1\n");
  const Diagnostics findings = lint_a(fs);
  ASSERT_EQ(ids_of(findings), "bad-format unknown-key bad-format unknown-key");
  EXPECT_EQ(findings[1].where, (SourcePos{std::string(kFragment), 4}));
  EXPECT_EQ(findings[3].where, (SourcePos{std::string(kDropIn), 2}));
}

// --- Formats ---

struct FormatCase {
  std::string_view line;
  bool good;
};
class Format : public testing::TestWithParam<FormatCase> {};

TEST_P(Format, IsJudgedAsSystemdDoes) {
  const Diagnostics findings = lint_lines(GetParam().line);
  EXPECT_EQ(find_finding(findings, "bad-format") == nullptr, GetParam().good) << GetParam().line;
}

INSTANTIATE_TEST_SUITE_P(
    Lint, Format,
    testing::Values(
        FormatCase{"RestartSec=5", true}, FormatCase{"RestartSec=1.5h 3us", true},
        FormatCase{"RestartSec=infinity", true}, FormatCase{"RestartSec=5 parsec", false},
        FormatCase{"RestartSec=", false}, FormatCase{"RestartSec=5.", false},
        FormatCase{"RestartSec=-1", false}, FormatCase{"FileDescriptorStoreMax=0x10", true},
        FormatCase{"FileDescriptorStoreMax=-1", false}, FormatCase{"FileDescriptorStoreMax=08", false},
        FormatCase{"SystemCallErrorNumber=eperm", true}, FormatCase{"SystemCallErrorNumber=", true},
        FormatCase{"SystemCallErrorNumber=0", false},
        FormatCase{"SuccessExitStatus=TEMPFAIL 250 RTMIN+3", true},
        FormatCase{"SuccessExitStatus=256", false}, FormatCase{"StandardInput=fd:x", true},
        FormatCase{"StandardInput=journal", false}, FormatCase{"Environment=\"A=b c\" D=", true},
        FormatCase{"Environment=production", false}, FormatCase{"Environment=1A=b", false},
        FormatCase{"KillSignal=TERM", true}, FormatCase{"KillSignal=sigterm", false},
        FormatCase{"Nice=-20", true}, FormatCase{"Nice=20", false},
        FormatCase{"OOMScoreAdjust=-1001", false}, FormatCase{"BindPaths=-/a:/b:rbind", true},
        FormatCase{"BindPaths=/a:b", false}, FormatCase{"Delegate=cpu", true},
        FormatCase{"Delegate=cups", false}, FormatCase{"TemporaryFileSystem=var", false},
        FormatCase{"LoadCredential=a:/b", true}, FormatCase{"LoadCredential=a/b:/c", false},
        FormatCase{"SendSIGHUP=maybe", true} /* of the catalogue, and bad-value there */));

// --- Lists over several files ---

TEST(LintMerging, APositiveLineOverADenyListAllows) {
  const Diagnostics findings = lint_lines("SystemCallFilter=~@mount", 252, "SystemCallFilter=@mount");
  const Diagnostic* found = find_finding(findings, "positive-over-deny");
  ASSERT_NE(found, nullptr) << ids_of(findings);
  EXPECT_EQ(found->severity, Severity::warning);
  EXPECT_EQ(found->where, (SourcePos{std::string(kDropIn), 2}));
  EXPECT_EQ(find_finding(lint_lines("SystemCallFilter=~@mount", 252, "SystemCallFilter=~@clock"),
                         "positive-over-deny"),
            nullptr);
  // A reset first begins a new list; so does `none`.
  EXPECT_EQ(find_finding(lint_lines("SystemCallFilter=~@mount", 252,
                                    "SystemCallFilter=\nSystemCallFilter=@system-service"),
                         "positive-over-deny"),
            nullptr);
  EXPECT_EQ(
      find_finding(lint_lines("RestrictAddressFamilies=~AF_UNIX", 252, "RestrictAddressFamilies=none"),
                   "positive-over-deny"),
      nullptr);
}

TEST(LintMerging, AListThatRepeatsWhatIsAllowedWasMeantToNarrow) {
  const auto severity = [](std::string_view first, std::string_view second) {
    const Diagnostics findings = lint_lines(first, 252, second);
    const Diagnostic* found = find_finding(findings, "positive-over-allow");
    return found == nullptr ? std::string("none") : found->severity == Severity::note ? "note" : "warning";
  };
  EXPECT_EQ(severity("RestrictAddressFamilies=AF_UNIX AF_INET", "RestrictAddressFamilies=AF_UNIX"),
            "warning");
  EXPECT_EQ(severity("RestrictAddressFamilies=AF_UNIX AF_INET", "RestrictAddressFamilies=AF_NETLINK"),
            "note");
  EXPECT_EQ(severity("RestrictAddressFamilies=AF_UNIX AF_INET", "RestrictAddressFamilies=~AF_INET"),
            "none");
  EXPECT_EQ(severity("SystemCallFilter=@system-service", "SystemCallFilter=@basic-io"), "warning");
  EXPECT_EQ(severity("SystemCallFilter=@system-service bpf", "SystemCallFilter=bpf"), "note");
  EXPECT_EQ(severity("SystemCallFilter=@system-service\nSystemCallFilter=@basic-io", "Nice=1"), "none");
}

TEST(LintMerging, CapabilitiesNamespacesAndArchitecturesAdd) {
  EXPECT_NE(find_finding(lint_lines("CapabilityBoundingSet=CAP_KILL CAP_CHOWN", 252,
                                    "CapabilityBoundingSet=CAP_KILL"),
                         "positive-over-mask"),
            nullptr);
  EXPECT_EQ(find_finding(lint_lines("CapabilityBoundingSet=CAP_KILL CAP_CHOWN", 252,
                                    "CapabilityBoundingSet=~CAP_CHOWN"),
                         "positive-over-mask"),
            nullptr);
  EXPECT_NE(find_finding(lint_lines("RestrictNamespaces=net mnt", 252, "RestrictNamespaces=net"),
                         "positive-over-mask"),
            nullptr);
  EXPECT_EQ(find_finding(lint_lines("RestrictNamespaces=net mnt", 252, "RestrictNamespaces=yes"),
                         "positive-over-mask"),
            nullptr);
  EXPECT_NE(find_finding(lint_lines("SystemCallArchitectures=native", 252, "SystemCallArchitectures=x86"),
                         "architectures-add"),
            nullptr);
  EXPECT_EQ(find_finding(lint_lines("SystemCallArchitectures=native", 252,
                                    "SystemCallArchitectures=\nSystemCallArchitectures=native"),
                         "architectures-add"),
            nullptr);
}

// --- Paths ---

TEST(LintPaths, NamesAProgramAndPathsThatAreNotThere) {
  FakeFileSystem fs;
  fs.add_file("/usr/bin/other", "");
  fs.add_file("/etc/passwd", "");
  fs.add_file(kFragment,
              "[Service]\nUser=a\nNoNewPrivileges=yes\nExecStartPre=-/usr/bin/gone\nExecStart=/usr/bin/"
              "gone\nReadWritePaths=/etc/gone -/etc/gone\n"
              "ReadOnlyPaths=/usr/bin/other /etc/%i /srv/gone /opt/x/gone\n");
  const Diagnostics findings = lint_a(fs, 252, true);
  ASSERT_EQ(ids_of(findings), "dead-program dead-path dead-path");
  EXPECT_EQ(findings[0].where.line, 5U);
  EXPECT_EQ(findings[1].severity, Severity::warning);
  EXPECT_EQ(findings[2].severity, Severity::note);
  EXPECT_EQ(ids_of(lint_a(fs)), "");   // without the tree nothing is known
}

TEST(LintPaths, ATreeWithoutFilesSaysNothing) {
  FakeFileSystem fs;
  fs.add_dir("/usr/bin");
  fs.add_file(kFragment,
              "[Service]\nUser=a\nNoNewPrivileges=yes\nExecStart=/usr/bin/gone\nReadWritePaths=/usr/lib/"
              "systemd/gone\n");
  EXPECT_EQ(ids_of(lint_a(fs, 252, true)), "");
}

}  // namespace
}  // namespace harden
