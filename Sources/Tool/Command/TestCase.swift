// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// One run of a guest, and what must come out of it.
///
/// What is not named is not compared, but for the status, which must be 0.
struct TestCase: Codable, Sendable {
  var name: String
  /// The application; the file's own folder by default.
  var app: String?
  /// Options for `martlet run`, before the application.
  var options: [String]?
  /// The program's arguments; the plan's own when absent.
  var arguments: [String]?
  /// Standard input as text; empty by default.
  var input: String?
  /// A shell script instead of one run. `martlet` is on its PATH; it runs in an empty folder,
  /// with FOLDER as the folder of the test file.
  var script: String?
  /// Standard output to the byte.
  var output: String?
  /// A file of the folder that holds the expected standard output.
  var outputFile: String?
  /// Regular expressions that must match somewhere.
  var outputMatches: String?
  var errorsMatch: String?
  /// Standard error to the byte.
  var errors: String?
  var status: Int32?
  /// Seconds, 120 by default.
  var timeout: Int?
  /// The output is lines `ok ID sentence` or `FAIL ID sentence`, each of which counts as a test;
  /// the last line must be `done`.
  var claims: Bool?

  enum CodingKeys: String, CodingKey, CaseIterable {
    case name, app, options, arguments, input, script, output, outputFile, outputMatches
    case errorsMatch, errors, status, timeout, claims
  }

  func run(in folder: String) async throws -> TestOutcome {
    let output = try await execute(in: folder)
    var differences: [String] = []
    func compare(_ what: String, _ found: [UInt8], _ wanted: [UInt8]?) {
      guard let wanted, found != wanted else { return }
      differences.append(TestDifference.describe(what, found: found, wanted: wanted))
    }
    func match(_ what: String, _ found: String, _ pattern: String?) throws {
      guard let pattern else { return }
      let expression: Regex<AnyRegexOutput>
      do {
        expression = try Regex(pattern).anchorsMatchLineEndings()
      } catch {
        throw ToolError("'\(pattern)' is not a regular expression: \(error)")
      }
      if found.firstMatch(of: expression) == nil {
        differences.append("\(what) does not match '\(pattern)':\n\(found.suffix(1000))")
      }
    }
    let wantedStatus = status ?? 0
    if output.status != wantedStatus {
      differences.append("status \(output.status), not \(wantedStatus)")
    }
    compare("output", output.standardOutput, self.output.map { Array($0.utf8) })
    if let outputFile {
      let data = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(outputFile)"))
      compare("output", output.standardOutput, [UInt8](data))
    }
    compare("errors", output.standardError, errors.map { Array($0.utf8) })
    try match("output", output.text, outputMatches)
    try match("errors", output.errorText, errorsMatch)
    var claimCount = 1
    var skipped: [String] = []
    if claims == true {
      let record = ClaimRecord(output.text)
      claimCount = max(1, record.held)
      skipped = record.skipped
      differences += record.differences(of: "program")
    }
    guard differences.isEmpty else {
      if errors == nil, errorsMatch == nil, !output.errorText.isEmpty {
        differences.append("errors: \(output.errorText.suffix(1500))")
      }
      return .failed(differences.joined(separator: "\n"))
    }
    return .passed(claims: claimCount, skipped: skipped)
  }

  private func execute(in folder: String) async throws -> ExternalCommand.Output {
    let tool = Self.tool
    let seconds = timeout ?? 120
    if let script {
      let place = FileManager.default.temporaryDirectory.path + "/martlet-test-\(UUID().uuidString)"
      try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: place) }
      let path =
        "\((tool as NSString).deletingLastPathComponent):\(Paths.environment("PATH") ?? "")"
      return try await ExternalCommand(
        "timeout", ["--kill-after=5", "\(seconds)", "bash", "-c", script],
        environment: ["PATH": path, "FOLDER": folder], in: place, input: Array((input ?? "").utf8)
      ).run()
    }
    var words = ["run", "--timeout", "\(seconds)"] + (options ?? []) + [app ?? folder]
    if let arguments { words += ["--"] + arguments }
    return try await ExternalCommand(tool, words, in: folder, input: Array((input ?? "").utf8))
      .run()
  }

  /// This very program.
  static var tool: String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "martlet"
  }
}
