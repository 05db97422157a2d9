// SPDX-License-Identifier: BSD-3-Clause

/// Up to four blocks of a SACK option (RFC 2018 section 3), in place.
public struct SelectiveAcknowledgement: BitwiseCopyable, Sendable {
  /// How many blocks an option can hold.
  public static let capacity = 4

  public private(set) var count = 0
  private var first = SequenceRange(SequenceNumber(0), SequenceNumber(0))
  private var second = SequenceRange(SequenceNumber(0), SequenceNumber(0))
  private var third = SequenceRange(SequenceNumber(0), SequenceNumber(0))
  private var fourth = SequenceRange(SequenceNumber(0), SequenceNumber(0))

  @inline(__always)
  public init() {}

  @inline(__always)
  public var isEmpty: Bool { count == 0 }

  /// The block at `index`. Traps when there is none.
  public subscript(index: Int) -> SequenceRange {
    precondition(index >= 0 && index < count, "no such SACK block")
    switch index {
    case 0: return first
    case 1: return second
    case 2: return third
    default: return fourth
    }
  }

  /// Adds a block; the fifth and later ones are dropped.
  public mutating func append(_ range: SequenceRange) {
    switch count {
    case 0: first = range
    case 1: second = range
    case 2: third = range
    case 3: fourth = range
    default: return
    }
    count &+= 1
  }

  /// Keeps the first `limit` blocks.
  mutating func truncate(to limit: Int) {
    count = min(count, max(0, limit))
  }
}
