// SPDX-License-Identifier: BSD-3-Clause

import Foundation

/// How many unsafe words each module has, and how many it may have (Docs/budgets.json, key
/// `unsafe`). A budget may fall, and rises only with a reason in the commit.
struct SafetyBudget {
  private(set) var counts: [String: Int] = [:]
  let limits: [String: Int]

  static let path = "Docs/budgets.json"

  init(json: Data?) {
    let whole = json.flatMap { try? JSONSerialization.jsonObject(with: $0) } as? [String: Any]
    limits = whole?["unsafe"] as? [String: Int] ?? [:]
  }

  mutating func add(_ count: Int, to module: String) {
    counts[module, default: 0] += count
  }

  /// Modules over their budget.
  func findings(isLimited: (String) -> Bool) -> [Finding] {
    counts.sorted { $0.key < $1.key }.compactMap { module, count in
      guard isLimited(module), let limit = limits[module], count > limit else { return nil }
      return Finding(
        file: Self.path, line: 1,
        message: "\(module) has \(count) unsafe words, its budget is \(limit)")
    }
  }

  /// A line for each module that has any.
  var table: String {
    counts.filter { $0.value > 0 }.sorted { $0.key < $1.key }.map { module, count in
      let limit = limits[module].map { " of \($0)" } ?? ""
      return "  \(module): \(count)\(limit)"
    }.joined(separator: "\n")
  }
}
