// SPDX-License-Identifier: BSD-3-Clause

import Foundation

/// Measurements as a table for people and as JSON for machines.
public struct BenchmarkReport: Sendable {
  public var measurements: [Measurement]

  public init(_ measurements: [Measurement]) { self.measurements = measurements }

  /// Whether every budget holds.
  public var isWithinLimits: Bool { !measurements.contains { $0.isWithinLimit == false } }

  /// One row a number, one column a system, and how many times smaller ours is.
  public var table: String {
    let others = Set(measurements.map(\.system)).subtracting(["martlet"]).sorted()
    var rows = [
      ["bench", "number", "unit", "martlet", "limit", ""] + others.flatMap { [$0, "ratio"] }
    ]
    for key in keys {
      let own = value(key, "martlet")
      var row = [key.bench, key.name, key.unit, own.map(Self.text) ?? "-"]
      row.append(own.map(Self.limit) ?? "")
      row.append(own.map(Self.verdict) ?? "")
      for other in others {
        let theirs = value(key, other)
        row.append(theirs.map(Self.text) ?? "-")
        if other == "linux", let ratio = own?.ratio {
          row.append(Self.text(ratio))
        } else if let own, let theirs, own.value > 0 {
          row.append(String(format: "%.1f", theirs.value / own.value))
        } else {
          row.append("-")
        }
      }
      rows.append(row)
    }
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = row.enumerated().map { index, cell in
        let padding = String(repeating: " ", count: widths[index] - cell.count)
        return index < 3 ? cell + padding : padding + cell
      }
      return cells.joined(separator: "  ").trimmingSuffix()
    }.joined(separator: "\n")
  }

  /// All measurements as a JSON list, keys sorted, so that reports can be compared as text.
  public func json() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(measurements)) + [10]
  }

  private struct Key: Hashable {
    var bench: String
    var name: String
    var unit: String
  }

  /// The rows, in the order in which they were measured.
  private var keys: [Key] {
    var seen: Set<Key> = []
    return measurements.map { Key(bench: $0.bench, name: $0.name, unit: $0.unit) }
      .filter { seen.insert($0).inserted }
  }

  private func value(_ key: Key, _ system: String) -> Measurement? {
    measurements.first {
      $0.system == system && $0.bench == key.bench && $0.name == key.name && $0.unit == key.unit
    }
  }

  /// The budget, or the ratio that is wanted.
  private static func limit(_ own: Measurement) -> String {
    if let limit = own.limit { return "<= \(text(limit))" }
    return own.ratio?.wanted.map { String(format: ">= %.1fx", $0) } ?? ""
  }

  private static func verdict(_ own: Measurement) -> String {
    own.isWithinLimit.map { $0 ? "ok" : own.limit == nil ? "UNDER" : "OVER" } ?? ""
  }

  /// A number; times with the spread of their rounds, since one of them says little.
  private static func text(_ measurement: Measurement) -> String {
    guard let samples = measurement.samples, ["ms", "%"].contains(measurement.unit),
      let least = samples.min(), let greatest = samples.max()
    else { return text(measurement.value) }
    return String(format: "%.1f (%.1f-%.1f)", measurement.value, least, greatest)
  }

  /// The median and the spread: `4.21 (3.90-4.40)`.
  private static func text(_ ratio: Ratio) -> String {
    String(format: "%.2f (%.2f-%.2f)", ratio.median, ratio.least, ratio.greatest)
  }

  private static func text(_ number: Double) -> String {
    // Fractions say nothing about large rates.
    let value = abs(number) >= 10_000 ? number.rounded() : number
    guard value == value.rounded(), abs(value) < 1e15 else { return String(format: "%.2f", value) }
    let digits = String(Int64(abs(value)))
    var grouped = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { grouped += "," }
      grouped.append(digit)
    }
    return (value < 0 ? "-" : "") + grouped
  }
}

extension String {
  fileprivate func trimmingSuffix() -> String {
    var text = self
    while text.last == " " { text.removeLast() }
    return text
  }
}
