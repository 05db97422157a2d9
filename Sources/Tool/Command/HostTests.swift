// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// The tests that `swift test` runs on the host: of Martlet itself, and of each application that is
/// a package with tests of its own.
enum HostTests {
  /// A package that `swift test` can run.
  private struct Package {
    var title: String
    var folder: String
    /// Whether it is built where all applications are; else in its folder.
    var isApplication = false
  }

  /// All of them, or those whose name contains `filter`.
  static func run(filter: String?) async throws -> TestTally {
    try await runAll(what: "unit tests", filter: filter, environment: [:])
  }

  /// The tests with `Fuzz` in their name, each for `MARTLET_FUZZ_SECONDS` (60).
  static func fuzz() async throws -> TestTally {
    let seconds = Paths.environment("MARTLET_FUZZ_SECONDS") ?? "60"
    return try await runAll(
      what: "fuzz tests", filter: "Fuzz", environment: ["MARTLET_FUZZ_SECONDS": seconds])
  }

  private static func runAll(
    what: String, filter: String?, environment: [String: String]
  ) async throws -> TestTally {
    let root = Package(title: what, folder: Repository.root)
    var tally = try await run(root, filter: filter, environment: environment)
    for name in applicationNames(in: "\(Repository.root)/Apps", filter: filter) {
      let folder = "\(Repository.root)/Apps/\(name)"
      let package = Package(title: "\(name), \(what)", folder: folder, isApplication: true)
      tally.add(try await run(package, filter: filter, environment: environment))
    }
    return tally
  }

  /// The applications whose packages have tests; with a filter those only that say its text
  /// somewhere in them, for each package costs a build.
  static func applicationNames(in parent: String, filter: String?) -> [String] {
    let manager = FileManager.default
    let names = (try? manager.contentsOfDirectory(atPath: parent)) ?? []
    return names.sorted().filter { name in
      let tests = "\(parent)/\(name)/Tests"
      guard Paths.isFile("\(parent)/\(name)/Package.swift"), Paths.isFolder(tests) else {
        return false
      }
      guard let filter else { return true }
      let files = (manager.enumerator(atPath: tests)?.allObjects as? [String]) ?? []
      return files.contains { file in
        guard file.hasSuffix(".swift") else { return false }
        let text = try? String(contentsOfFile: "\(tests)/\(file)", encoding: .utf8)
        return file.contains(filter) || text?.contains(filter) == true
      }
    }
  }

  private static func run(
    _ package: Package, filter: String?, environment: [String: String]
  ) async throws -> TestTally {
    let started = ContinuousClock.now
    let progress = ToolSupport.Progress()
    let application = package.isApplication ? HostPackage(folder: package.folder) : nil
    let lock = try application?.occupy(progress)
    let output = try await progress.step("Running the \(package.title)") {
      try await ExternalCommand(
        // Not in parallel: the simulated machine is one, and its page tables and clock are globals.
        "swift",
        ["test", "-j", "2", "--no-parallel"]
          + (application?.place ?? ["--package-path", package.folder])
          + (filter.map { ["--filter", $0] } ?? []),
        environment: environment, in: package.folder
      ).run()
    }
    withExtendedLifetime(lock) {}
    let text = output.text + output.errorText
    var tally = Self.tally(of: text)
    let lines = text.split(separator: "\n")
    let failures = lines.filter { $0.contains("✘") || $0.contains("error:") }
    if tally.failed > 0 || !output.isSuccess {
      if tally.failed == 0 { tally.failed = 1 }
      let shown = failures.isEmpty ? lines.suffix(30) : failures.prefix(60)
      TestReporter.report(package.title, .failed(shown.joined(separator: "\n")), since: started)
    } else if tally.passed > 0 {
      TestReporter.report(package.title, .passed(claims: tally.passed), since: started)
    } else if filter == nil {
      tally.failed = 1
      TestReporter.report(package.title, .failed("no test ran"), since: started)
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
