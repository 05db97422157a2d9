// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import LinuxCore
import LinuxFiles
import LinuxMemory
import LinuxPolling
import LinuxProcess
import LinuxSignals
import LinuxSockets
import LinuxThreads
import LinuxTime
import Testing

/// Records what the families register, for the documentation.
private struct SystemCallCatalogue: SystemCallSink {
  struct Row {
    let family: String
    let number: Int
    let flags: String
    let limits: String
  }

  var family = ""
  var rows: [Row] = []

  mutating func add(
    _ number: SystemCallNumber, flags: StaticString, limits: StaticString,
    _ handler: @escaping SystemCallHandler
  ) {
    rows.append(
      Row(family: family, number: number.rawValue, flags: "\(flags)", limits: "\(limits)"))
  }

  static func all() -> SystemCallCatalogue {
    var catalogue = SystemCallCatalogue()
    catalogue.family = "LinuxFiles"
    FileCalls.register(in: &catalogue)
    catalogue.family = "LinuxMemory"
    MemoryCalls.register(in: &catalogue)
    catalogue.family = "LinuxPolling"
    PollingCalls.register(in: &catalogue)
    catalogue.family = "LinuxProcess"
    ProcessCalls.register(in: &catalogue)
    catalogue.family = "LinuxSignals"
    SignalCalls.register(in: &catalogue)
    catalogue.family = "LinuxSockets"
    SocketCalls.register(in: &catalogue)
    catalogue.family = "LinuxThreads"
    ThreadCalls.register(in: &catalogue)
    catalogue.family = "LinuxTime"
    TimeCalls.register(in: &catalogue)
    return catalogue
  }

  func document() -> String {
    let served = Set(rows.map(\.number))
    let absent = (0..<SystemCallNumber.limit).filter { !served.contains($0) }
      .compactMap { SystemCallNumber(rawValue: $0).name.map { "`\($0)`" } }
    let table = rows.sorted { $0.number < $1.number }.map { row in
      let name = SystemCallNumber(rawValue: row.number).name.map { "\($0)" } ?? "?"
      return "| \(row.number) | `\(name)` | \(row.family) | \(row.flags) | \(row.limits) |"
    }
    return """
      # System calls

      Generated from the code by a test (`Tests/LinuxTests/SystemCallCatalogueTests.swift`); do not
      edit. With `MARTLET_UPDATE=1` in its environment the test writes this file anew.

      \(served.count) calls are served. Flags that are not named are refused or have no meaning here.

      | number | call | module | flags and commands | less than Linux |
      |---|---|---|---|---|
      \(table.joined(separator: "\n"))

      ## Not served

      These answer `ENOSYS`, and the log names each once:
      \(absent.joined(separator: ", ")).

      """
  }
}

@Suite struct SystemCallCatalogueTests {
  private static let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Docs/Syscalls.md")

  @Test func theDocumentationSaysWhatTheCodeServes() throws {
    let document = SystemCallCatalogue.all().document()
    if ProcessInfo.processInfo.environment["MARTLET_UPDATE"] != nil {
      try Data(document.utf8).write(to: Self.path)
    }
    let committed = try String(contentsOf: Self.path, encoding: .utf8)
    #expect(
      committed == document, "run MARTLET_UPDATE=1 swift test --filter SystemCallCatalogueTests")
  }

  @Test func noCallIsRegisteredTwice() {
    var seen: Set<Int> = []
    for row in SystemCallCatalogue.all().rows {
      #expect(seen.insert(row.number).inserted, "call \(row.number) is registered twice")
    }
  }
}
