// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import Plan
import Testing
import ToolSupport

@testable import Roots

/// A folder that is removed at the end of a test.
final class ScratchFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "/martlet-test-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  func write(_ text: String, _ name: String, mode: Int = 0o644) throws {
    let file = "\(path)/\(name)"
    try FileManager.default.createDirectory(
      atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try text.write(toFile: file, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
  }

  func link(_ name: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(
      atPath: "\(path)/\(name)", withDestinationPath: target)
  }

  func text(_ name: String) -> String? {
    try? String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)
  }
}

@Suite("Staging folders")
struct RootsStagingTests {
  private func staging(_ scratch: ScratchFolder) throws -> StagingFolder {
    let staging = StagingFolder(root: "\(scratch.path)/root")
    try FileManager.default.createDirectory(
      atPath: staging.root, withIntermediateDirectories: true)
    return staging
  }

  @Test func laterLayersWinAndFoldersMerge() throws {
    let scratch = try ScratchFolder()
    try scratch.write("1", "a/d/same")
    try scratch.write("kept", "a/d/other")
    try scratch.write("2", "b/d/same", mode: 0o755)
    let staging = try staging(scratch)
    try staging.merge("\(scratch.path)/a", origin: "a")
    try staging.merge("\(scratch.path)/b", origin: "b")
    #expect(scratch.text("root/d/same") == "2")
    #expect(scratch.text("root/d/other") == "kept")
    #expect(scratch.text("a/d/same") == "1", "the source is never written to")
  }

  @Test func followsTheMergedUsrLinks() throws {
    let scratch = try ScratchFolder()
    try scratch.write("lib", "a/lib/x86_64/l.so")
    let staging = try staging(scratch)
    try Skeleton.write(to: staging)
    try staging.merge("\(scratch.path)/a", origin: "a")
    #expect(scratch.text("root/usr/lib/x86_64/l.so") == "lib")
    #expect(staging.resolve("/lib/x86_64/l.so") == "\(staging.root)/usr/lib/x86_64/l.so")
  }

  @Test(arguments: ["/victim", "../victim", "../../../../../../victim", "here/../../victim"])
  func aLinkDoesNotLeadOutOfTheFolder(_ kind: String) throws {
    let scratch = try ScratchFolder()
    let target = kind == "/victim" ? "\(scratch.path)/victim" : kind
    try scratch.write("host", "victim/file")
    try scratch.write("", "a/keep")
    try scratch.link("a/out", to: target)
    try scratch.write("guest", "b/out/file")
    let staging = try staging(scratch)
    try staging.merge("\(scratch.path)/a", origin: "a")
    try staging.merge("\(scratch.path)/b", origin: "b")
    #expect(scratch.text("victim/file") == "host")
    let written = try #require(staging.resolve("/out/file"))
    #expect(written.hasPrefix(staging.root + "/"))
    #expect(try String(contentsOfFile: written, encoding: .utf8) == "guest")
  }

  @Test func aLinkToAFileIsReplacedNotWrittenThrough() throws {
    let scratch = try ScratchFolder()
    try scratch.write("host", "victim")
    try scratch.write("", "a/keep")
    try scratch.link("a/name", to: "\(scratch.path)/victim")
    try scratch.write("guest", "b/name")
    let staging = try staging(scratch)
    try staging.merge("\(scratch.path)/a", origin: "a")
    try staging.merge("\(scratch.path)/b", origin: "b")
    #expect(scratch.text("victim") == "host")
    #expect(scratch.text("root/name") == "guest")
  }

  @Test func aLoopOfLinksIsAnError() throws {
    let scratch = try ScratchFolder()
    try scratch.write("x", "b/loop/file")
    let staging = try staging(scratch)
    try staging.link("/loop", to: "loop")
    #expect(throws: ToolError.self) {
      try staging.merge("\(scratch.path)/b", origin: "b")
    }
    #expect(staging.resolve("/loop/file") == nil)
  }

  @Test func keepsLinksModesAndTimes() throws {
    let scratch = try ScratchFolder()
    try scratch.write("#!/bin/sh", "a/run", mode: 0o4755)
    try scratch.link("a/alias", to: "run")
    let date = Date(timeIntervalSince1970: 1_000_000_000)
    try FileManager.default.setAttributes(
      [.modificationDate: date], ofItemAtPath: "\(scratch.path)/a/run")
    let staging = try staging(scratch)
    try staging.merge("\(scratch.path)/a", origin: "a")
    let facts = try FileManager.default.attributesOfItem(atPath: "\(staging.root)/run")
    #expect(facts[.posixPermissions] as? Int == 0o4755)
    #expect(facts[.modificationDate] as? Date == date)
    #expect(
      try FileManager.default.destinationOfSymbolicLink(atPath: "\(staging.root)/alias") == "run")
  }

  @Test(
    arguments: [
      ("\u{7f}ELF", 0o755, nil), ("#!/bin/absent\n", 0o755, "needs /bin/absent"),
      ("just text\n", 0o755, "neither an ELF program"), ("\u{7f}ELF", 0o644, "not executable"),
    ] as [(String, Int, String?)])
  func theProgramIsCheckedBeforeTheBoot(_ text: String, _ mode: Int, _ message: String?) throws {
    let scratch = try ScratchFolder()
    try scratch.write(text, "root/bin/app", mode: mode)
    let plan = Plan(file: "p/martlet.yaml", directory: "/p", name: "p", command: ["/bin/app"])
    let check = ProgramCheck(
      staging: StagingFolder(root: "\(scratch.path)/root"), plan: plan)
    if let message {
      #expect {
        try check.check()
      } throws: {
        "\($0)".contains(message)
      }
    } else {
      try check.check()
    }
  }

  @Test func aMissingProgramNamesSimilarFiles() throws {
    let scratch = try ScratchFolder()
    try scratch.write("", "root/usr/bin/sqlite3", mode: 0o755)
    let plan = Plan(
      file: "p/martlet.yaml", directory: "/p", name: "p", command: ["/usr/bin/sqlite"])
    #expect {
      try ProgramCheck(staging: StagingFolder(root: "\(scratch.path)/root"), plan: plan).check()
    } throws: {
      "\($0)".contains("/usr/bin/sqlite is not in the root") && "\($0)".contains("/usr/bin/sqlite3")
    }
  }

  @Test func readsAlternativesFromScripts() {
    var alternatives = Alternatives()
    alternatives.add(
      script: """
        update-alternatives --quiet --install /usr/bin/awk awk /usr/bin/mawk 5 \\
          --slave /usr/bin/nawk nawk /usr/bin/mawk
        """)
    alternatives.add(
      script: """
        if true; then update-alternatives --install /usr/bin/awk awk /usr/bin/gawk 10; fi
        for binary in php phar; do
          update-alternatives --install /usr/bin/${binary} ${binary} /usr/bin/${binary}8.2 82
        done
        update-alternatives --install $(unknown) x /usr/bin/x 1
        update-alternatives --install /usr/bin/lzma lzma /usr/bin/xz 20 $(
          slave /usr/bin unlzma unxz
        )
        update-alternatives --remove awk /usr/bin/awk
        """)
    let best = Dictionary(uniqueKeysWithValues: alternatives.best.map { ($0.link, $0.path) })
    #expect(
      best == [
        "/usr/bin/awk": "/usr/bin/gawk", "/usr/bin/nawk": "/usr/bin/mawk",
        "/usr/bin/php": "/usr/bin/php8.2", "/usr/bin/phar": "/usr/bin/phar8.2",
        "/usr/bin/lzma": "/usr/bin/xz",
      ])
  }

  @Test func stepsNeedTheirProgramInTheRoot() throws {
    let scratch = try ScratchFolder()
    let progress = ToolSupport.Progress(style: .silent)
    let steps = PackageSteps(staging: try staging(scratch), progress: progress)
    #expect(steps.applicable(PackageSteps.all).isEmpty)
    try scratch.write("", "root/usr/bin/swipl", mode: 0o755)
    #expect(steps.applicable(PackageSteps.all).map { $0.command[0] } == ["/usr/bin/swipl"])
  }

  @Test func modulesOfPHPAreOn() throws {
    let scratch = try ScratchFolder()
    let staging = try staging(scratch)
    try scratch.write("", "root/etc/php/8.2/cli/conf.d/keep")
    try scratch.write("memory_limit = -1\n", "root/usr/lib/php/8.2/php.ini-production.cli")
    try scratch.write(
      "; priority=10\nextension=pdo.so\n", "root/usr/share/php8.2-common/common/pdo.ini")
    try scratch.write("extension=gd.so\n", "root/usr/share/php8.2-gd/gd/gd.ini")
    try PHPModules(staging: staging).enable()
    #expect(scratch.text("root/etc/php/8.2/cli/php.ini") == "memory_limit = -1\n")
    #expect(scratch.text("root/etc/php/8.2/mods-available/gd.ini") == "extension=gd.so\n")
    let links = try FileManager.default.contentsOfDirectory(
      atPath: "\(scratch.path)/root/etc/php/8.2/cli/conf.d")
    #expect(Set(links) == ["keep", "00-martlet.ini", "10-pdo.ini", "20-gd.ini"])
    #expect(staging.resolve("/etc/php/8.2/cli/conf.d/10-pdo.ini") != nil)
  }

  @Test func aTruncatedArchiveIsNoticed() async throws {
    let scratch = try ScratchFolder()
    let archive = "\(scratch.path)/a.erofs"
    try scratch.write("contents", "a.erofs")
    #expect(try await !ArchiveRecord.isIntact(archive), "no record yet")
    try await ArchiveRecord.write(for: archive)
    #expect(try await ArchiveRecord.isIntact(archive))
    try scratch.write("contentz", "a.erofs")
    #expect(try await !ArchiveRecord.isIntact(archive), "same size, other bytes")
    try scratch.write("conten", "a.erofs")
    #expect(try await !ArchiveRecord.isIntact(archive))
    try scratch.write("contents", "a.erofs")
    #expect(try await ArchiveRecord.isIntact(archive), "only touched")
  }
}
