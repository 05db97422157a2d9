// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// The tests that `swift test` runs on the host.
enum HostTests {
  /// All of them, or those whose name contains `filter`.
  static func run(filter: String?) async throws -> TestTally {
    try await run(
      title: "unit tests", arguments: filter.map { ["--filter", $0] } ?? [], environment: [:])
  }

  /// The tests with `Fuzz` in their name, each for `MARTLET_FUZZ_SECONDS` (60).
  static func fuzz() async throws -> TestTally {
    let seconds = Paths.environment("MARTLET_FUZZ_SECONDS") ?? "60"
    return try await run(
      title: "fuzz tests", arguments: ["--filter", "Fuzz"],
      environment: ["MARTLET_FUZZ_SECONDS": seconds])
  }

  private static func run(
    title: String, arguments: [String], environment: [String: String]
  ) async throws -> TestTally {
    let started = ContinuousClock.now
    let progress = ToolSupport.Progress()
    let output = try await progress.step("Running the \(title)") {
      try await ExternalCommand(
        // Not in parallel: the simulated machine is one, and its page tables and clock are globals.
        "swift",
        ["test", "-j", "2", "--no-parallel", "--package-path", Repository.root] + arguments,
        environment: environment, in: Repository.root
      ).run()
    }
    let text = output.text + output.errorText
    var tally = Self.tally(of: text)
    let lines = text.split(separator: "\n")
    let failures = lines.filter { $0.contains("✘") || $0.contains("error:") }
    if tally.failed > 0 || !output.isSuccess {
      if tally.failed == 0 { tally.failed = 1 }
      let shown = failures.isEmpty ? lines.suffix(30) : failures.prefix(60)
      TestReporter.report(title, .failed(shown.joined(separator: "\n")), since: started)
    } else if tally.passed == 0 {
      tally.failed = 1
      TestReporter.report(title, .failed("no test ran"), since: started)
    } else {
      TestReporter.report(title, .passed(claims: tally.passed), since: started)
    }
    return tally
  }

  /// Counts what Swift Testing says: its last line has the total, each failure a line of its own.
  static func tally(of text: String) -> TestTally {
    var total = 0
    var failed = 0
    for line in text.split(separator: "\n") {
      if line.contains("Test run with"),
        let count = line.split(separator: " ").compactMap({ Int($0) }).first
      {
        total += count
      } else if line.contains("✘"), line.contains("Test "), line.contains(" failed after") {
        failed += 1
      }
    }
    return TestTally(passed: max(0, total - failed), failed: failed)
  }
}
