// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import QuickStart
import Testing

@testable import Launch

@Suite struct QuickStartTests {
  private let folder = NSTemporaryDirectory() + "martlet-quick-\(UUID().uuidString)"

  private static let start = StartRecord.Start(
    emulator: "/usr/bin/qemu", words: ["-append", "program=/ seed=00", ""], commandLineIndex: 1,
    timeout: 3_000_000_000, ports: [80, 443])

  private func put(_ text: String, _ name: String) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
  }

  private func record() -> StartRecord {
    StartRecord(
      start: Self.start,
      folders: [
        StartRecord.Folder(
          path: folder,
          entries: [
            (".", FileState(of: folder)), ("a b", FileState(of: "\(folder)/a b")),
            ("none", FileState(of: "\(folder)/none")),
          ]),
        StartRecord.Folder(
          path: "", entries: [("\(folder)/a b", FileState(of: "\(folder)/a b"))]),
      ])
  }

  @Test func aRecordIsReadAsItWasWritten() throws {
    try put("text", "a b")
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let text = try #require(record().text)
    var reader = StartRecordReader(Array(text.utf8))
    #expect(reader.start() == Self.start)
    let isUnchanged = reader.isUnchanged()
    #expect(isUnchanged)
  }

  @Test(arguments: ["other", "longer text"])
  func aChangeShows(_ content: String) throws {
    try put("texts", "a b")
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let text = try #require(record().text)
    usleep(20_000)
    try put(content, "a b")
    var reader = StartRecordReader(Array(text.utf8))
    _ = reader.start()
    let isUnchanged = reader.isUnchanged()
    #expect(!isUnchanged)
  }

  @Test func aNewFileShows() throws {
    try put("text", "a b")
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let text = try #require(record().text)
    usleep(20_000)
    try put("", "none")
    var reader = StartRecordReader(Array(text.utf8))
    _ = reader.start()
    let isUnchanged = reader.isUnchanged()
    #expect(!isUnchanged)
  }

  @Test(arguments: ["", "martlet-start 0\n", "martlet-start 1\nline 4\nword a\nstates\n"])
  func whatIsNoRecordStartsNothing(_ text: String) {
    var reader = StartRecordReader(Array(text.utf8))
    #expect(reader.start() == nil)
  }

  @Test func aTornRecordIsNoAnswer() throws {
    try put("text", "a b")
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let text = try #require(record().text)
    var reader = StartRecordReader(Array(text.utf8.dropLast(4)))
    _ = reader.start()
    let isUnchanged = reader.isUnchanged()
    #expect(!isUnchanged)
  }

  @Test func wordsAndFoldersNameARecord() {
    #expect(StartKey.name(of: ["run", "a"]) != StartKey.name(of: ["runa"]))
    #expect(StartKey.name(of: ["run", "a"]) != StartKey.name(of: ["run", "a", ""]))
    #expect(StartKey.name(of: ["run"]).utf8.count == 32)
  }

  @Test func whatEndedIsUnderstood() {
    #expect(EndedStart.cause(of: "exited 1") == .itself(.exited(1)))
    #expect(EndedStart.cause(of: "signalled 9") == .itself(.signalled(9)))
    #expect(EndedStart.cause(of: "timeout") == .timeout)
    #expect(EndedStart.cause(of: "output 28") == .outputFailed(28))
    #expect(EndedStart.cause(of: "exited") == nil)
  }
}
