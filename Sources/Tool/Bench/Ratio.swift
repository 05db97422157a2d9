// SPDX-License-Identifier: BSD-3-Clause

/// How many times better than another system, from rounds in which both were measured in turn.
public struct Ratio: Sendable, Codable, Equatable {
  /// The middle of the rounds' ratios; what is compared with `wanted`.
  public var median: Double
  /// The worst and the best round.
  public var least: Double
  public var greatest: Double
  /// What the ratio should be at least.
  public var wanted: Double?

  /// Pairs each round of ours with the same round of theirs; `nil` without rounds.
  public init?(rates: [Double], to others: [Double], wanted: Double?) {
    let ratios = zip(rates, others).filter { $0.1 > 0 }.map { $0.0 / $0.1 }
    guard let least = ratios.min(), let greatest = ratios.max() else { return nil }
    self.init(
      median: Self.median(of: ratios), least: least, greatest: greatest, wanted: wanted)
  }

  init(median: Double, least: Double, greatest: Double, wanted: Double?) {
    self.median = median
    self.least = least
    self.greatest = greatest
    self.wanted = wanted
  }

  /// Whether the wanted ratio is reached; `nil` when none is wanted.
  public var isReached: Bool? { wanted.map { median >= $0 } }

  /// The middle value, or the mean of the middle two; 0 for no values.
  static func median(of values: [Double]) -> Double {
    guard !values.isEmpty else { return 0 }
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}
