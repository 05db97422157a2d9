// SPDX-License-Identifier: BSD-3-Clause

/// Numbers and bytes that nobody can foretell.
///
/// ```swift
/// import Martlet
///
/// var random = Random()
/// let die = Int.random(in: 1...6, using: &random)
/// var key = [UInt8](repeating: 0, count: 32)
/// Random.fill(&key)
/// if die == 0 || !Random.isStrong { Console.errors.write("these can be guessed\n") }
/// ```
public struct Random: RandomNumberGenerator, Sendable {
  public init() {}

  /// Eight random bytes.
  public mutating func next() -> UInt64 { RandomBytes.next() }

  /// Whether a real source of randomness stands behind them. False on a machine whose processor has
  /// none and whose host gave no seed: then make no keys of them.
  public static var isStrong: Bool { RandomBytes.isStrong }

  /// Fills all of `bytes`.
  public static func fill(_ bytes: inout MutableRawSpan) { RandomBytes.fill(&bytes) }

  /// Fills all of `buffer`.
  public static func fill(_ buffer: inout [UInt8]) {
    var elements = buffer.mutableSpan
    var bytes = MutableRawSpan(_elements: &elements)
    fill(&bytes)
  }
}
