// SPDX-License-Identifier: BSD-3-Clause

/// A set of small numbers, one bit each: open descriptors, used buffers, pending events.
public struct Bitmap: Equatable, Sendable {
  private var words: [UInt64]
  /// The numbers are 0 up to, not including, this.
  public private(set) var bitCount: Int

  /// Creates a set of numbers below `bitCount` with none in it.
  public init(bitCount: Int) {
    precondition(bitCount >= 0, "negative count")
    self.bitCount = bitCount
    words = [UInt64](repeating: 0, count: (bitCount &+ 63) >> 6)
  }

  /// Whether `bit` is in the set. Traps when it is out of bounds.
  public subscript(bit: Int) -> Bool {
    get {
      precondition(bit >= 0 && bit < bitCount, "bit out of bounds")
      return words[bit >> 6] >> UInt64(bit & 63) & 1 != 0
    }
    set {
      precondition(bit >= 0 && bit < bitCount, "bit out of bounds")
      let mask = UInt64(1) << UInt64(bit & 63)
      if newValue { words[bit >> 6] |= mask } else { words[bit >> 6] &= ~mask }
    }
  }

  /// How many are in the set. Complexity: O(*n* / 64).
  public var setCount: Int {
    var total = 0
    for word in words { total &+= word.nonzeroBitCount }
    return total
  }

  /// The least number in the set that is `start` or more, or nil.
  ///
  /// - Complexity: O(*n* / 64).
  public func firstSet(from start: Int = 0) -> Int? {
    first(from: start, inverting: 0)
  }

  /// The least number not in the set that is `start` or more and below `bitCount`, or nil.
  ///
  /// - Complexity: O(*n* / 64).
  public func firstClear(from start: Int = 0) -> Int? {
    first(from: start, inverting: .max)
  }

  /// Makes room for numbers below `newCount`; never makes the set smaller.
  public mutating func grow(to newCount: Int) {
    guard newCount > bitCount else { return }
    let wordCount = (newCount &+ 63) >> 6
    while words.count < wordCount { words.append(0) }
    bitCount = newCount
  }

  /// Empties the set.
  public mutating func removeAll() {
    for index in 0..<words.count { words[index] = 0 }
  }

  private func first(from start: Int, inverting mask: UInt64) -> Int? {
    guard start < bitCount else { return nil }
    let start = max(start, 0)
    var index = start >> 6
    var word = (words[index] ^ mask) & (UInt64.max << UInt64(start & 63))
    while word == 0 {
      index &+= 1
      if index == words.count { return nil }
      word = words[index] ^ mask
    }
    let bit = index << 6 | word.trailingZeroBitCount
    return bit < bitCount ? bit : nil
  }
}
