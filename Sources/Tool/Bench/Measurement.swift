// SPDX-License-Identifier: BSD-3-Clause

import Foundation

/// One number of one bench on one system.
public struct Measurement: Sendable, Codable, Equatable {
  /// The bench that took it.
  public var bench: String
  /// What was measured, such as `null-system-call`.
  public var name: String
  /// `martlet`, or what it is compared with, such as `linux`.
  public var system: String
  public var value: Double
  /// `instructions`, `bytes`, `nanoseconds` and so on.
  public var unit: String
  /// The budget: the value must not be larger. `nil` when there is none.
  public var limit: Double?
  /// The values of each round, when there were several; `value` is their median.
  public var samples: [Double]?
  /// How many times better than Linux, with what is wanted; for rates that were taken in turn.
  public var ratio: Ratio?

  public init(
    bench: String, name: String, system: String, value: Double, unit: String, limit: Double? = nil
  ) {
    self.bench = bench
    self.name = name
    self.system = system
    self.value = value
    self.unit = unit
    self.limit = limit
  }

  /// Whether the budget holds, or the wanted ratio is reached; `nil` without them.
  public var isWithinLimit: Bool? { limit.map { value <= $0 } ?? ratio?.isReached }

  /// Reads the lines `name value unit` that a guest program printed; other lines are skipped.
  ///
  /// - Parameter limits: budgets by name.
  public static func parse(
    _ bytes: [UInt8], bench: String, system: String, limits: [String: Double] = [:]
  ) -> [Measurement] {
    String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).compactMap { line in
      let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
      guard words.count == 3, let first = words[0].first, first.isLetter,
        let value = Double(words[1]), value.isFinite
      else { return nil }
      return Measurement(
        bench: bench, name: words[0], system: system, value: value, unit: words[2],
        limit: limits[words[0]])
    }
  }
}
