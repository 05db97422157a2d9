// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// `swift format lint --strict` on everything that is Swift.
enum FormatRule {
  static func findings(root: String) async throws -> [Finding] {
    let places = ["Package.swift", "Sources", "Tests"].filter {
      FileManager.default.fileExists(atPath: "\(root)/\($0)")
    }
    let result = try await ExternalCommand(
      "swift", ["format", "lint", "--strict", "--parallel", "--recursive"] + places, in: root
    ).run()
    return parse(result.errorText + result.text, root: root, failed: !result.isSuccess)
  }

  /// Lines such as `FILE:LINE:COLUMN: error: [Rule] text`.
  static func parse(_ output: String, root: String, failed: Bool) -> [Finding] {
    var found: [Finding] = []
    for line in output.split(separator: "\n") {
      guard let match = line.firstMatch(of: /^(.+?):(\d+):\d+: (?:error|warning): (.*)$/) else {
        continue
      }
      var file = String(match.1)
      if file.hasPrefix(root + "/") { file = String(file.dropFirst(root.count + 1)) }
      found.append(Finding(file: file, line: Int(match.2) ?? 1, message: String(match.3)))
    }
    if failed && found.isEmpty {
      found.append(
        Finding(file: "Package.swift", line: 1, message: "swift format failed: \(output)"))
    }
    return found
  }
}
