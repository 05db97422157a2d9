// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import Launch
import ToolSupport

/// `Tests/Network/test_*.py`: scripts that run guests on bad wires and attack them, each in a
/// network of its own, which nothing outlives.
enum NetworkTests {
  /// The longest that a script may take, for each unit of `MARTLET_NETWORK_LOAD`. It is there for
  /// what hangs.
  private static let limit = 600

  /// Processes have numbers of their own in the network, which /proc must show: the library behind
  /// the tool's threads looks itself up there, and traps when it is missing.
  private static let processView = ["unshare", "--mount-proc"]

  static func all() throws -> [RunnableTest] {
    let folder = "\(Repository.root)/Tests/Network"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasPrefix("test_") && $0.hasSuffix(".py") }.sorted().map { name in
      let title = name.dropFirst("test_".count).dropLast(".py".count)
      return RunnableTest(name: "network/\(title)") { try await run("\(folder)/\(name)") }
    }
  }

  private static func run(_ script: String) async throws -> TestOutcome {
    let network: TestNetwork
    do {
      network = try TestNetwork()
    } catch {
      return .skipped("\(error)")
    }
    defer { network.close() }
    let probe = try await network.command(processView + ["true"], seconds: 10).run()
    guard probe.isSuccess else {
      return .skipped("cannot mount /proc for a test\n\(probe.errorText)")
    }
    let load = max(1, Paths.environment("MARTLET_NETWORK_LOAD").flatMap { Int($0) } ?? 1)
    let output = try await network.command(
      processView + [
        "env", "-C", network.folder, "MARTLET_TOOL=\(TestCase.tool)", "PYTHONDONTWRITEBYTECODE=1",
        "python3", script,
      ], seconds: limit * load
    ).run()
    return outcome(of: output)
  }

  /// The claims that the script printed, and how it ended.
  static func outcome(of output: ExternalCommand.Output) -> TestOutcome {
    let record = ClaimRecord(output.text)
    var differences = record.differences(of: "script")
    if output.status != 0, differences.isEmpty { differences.append("status \(output.status)") }
    guard differences.isEmpty else {
      if !output.errorText.isEmpty {
        differences.append("errors: \(output.errorText.suffix(3000))")
      }
      return .failed(differences.joined(separator: "\n"))
    }
    if record.held == 0 {
      return record.skipped.isEmpty
        ? .failed("the script made no claim")
        : .skipped(record.skipped.joined(separator: "\n"))
    }
    return .passed(claims: record.held, skipped: record.skipped)
  }
}
