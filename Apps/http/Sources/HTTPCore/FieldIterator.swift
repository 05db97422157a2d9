// SPDX-License-Identifier: BSD-3-Clause

/// One header field: where its name and its value are.
public struct Field: Equatable, Sendable {
  /// The name as it was sent; case does not matter in it.
  public let name: Extent
  /// The value without blanks around it.
  public let value: Extent
}

/// Goes through the field lines of a head that was parsed, in the order in which they came.
///
/// Given other bytes than those that were parsed it says nonsense, but does not read out of bounds.
public struct FieldIterator: ~Escapable {
  private let bytes: Span<UInt8>
  private var position: Int
  private let end: Int

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan, from start: Int, to end: Int) {
    self.bytes = bytes.octets
    position = start
    self.end = min(end, bytes.byteCount)
  }

  /// The next field; nil behind the last.
  ///
  /// - Complexity: O(length of the line).
  public mutating func next() -> Field? {
    let start = position
    var index = start
    while index < end, bytes[index] != UInt8(ascii: ":") {
      if bytes[index] == .carriageReturn { return nil }
      index &+= 1
    }
    guard index < end else { return nil }
    let name = Extent(start..<index)
    index &+= 1
    let valueStart = index
    while index < end, bytes[index] != .carriageReturn { index &+= 1 }
    position = min(index &+ 2, end)
    return Field(name: name, value: bytes.trimmed(Extent(valueStart..<index)))
  }
}
