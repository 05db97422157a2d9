// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// Proves the rules of the house on the sources.
public enum Linter {
  /// Prints each breach as `file:line: message` and the unsafe words of each module; gives back 0
  /// when there is no breach, else 1.
  public static func run() async throws -> Int32 {
    let root = Repository.root
    var survey = try Survey(root: root)
    try survey.visit()
    var found = survey.findings
    found += try await FormatRule.findings(root: root)
    for finding in found.sorted(by: { ($0.file, $0.line) < ($1.file, $1.line) }) {
      print(finding)
    }
    print("unsafe words per module (zero above Sources/Machine):\n\(survey.budget.table)")
    print(found.isEmpty ? "lint: no breach" : "lint: \(found.count) breaches")
    return found.isEmpty ? 0 : 1
  }
}
