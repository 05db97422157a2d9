// SPDX-License-Identifier: BSD-3-Clause

/// What a Range field asks for.
///
/// Source: RFC 9110 section 14.
public enum ByteRange: Equatable, Sendable {
  /// Everything, with 200: the field is to be ignored. It has another unit than bytes, several
  /// ranges, or makes no sense.
  case ignored
  /// These bytes, not none, with 206.
  case part(Range<Int>)
  /// Nothing that there is, with 416.
  case unsatisfiable

  /// Reads `bytes=a-b`, `bytes=a-` or `bytes=-n`.
  ///
  /// - Parameters:
  ///   - value: The field's value.
  ///   - length: How many bytes the whole representation has.
  ///
  /// Source: RFC 9110 sections 14.1.2 and 14.2.
  public init(parsing value: RawSpan, length: Int) {
    let bytes = value.octets
    guard bytes.count > 6, bytes.equalsIgnoringCase(Extent(0..<5), "bytes"),
      bytes[5] == UInt8(ascii: "=")
    else {
      self = .ignored
      return
    }
    var cursor = 6
    let list = Extent(6..<bytes.count)
    guard let item = bytes.nextListElement(in: list, from: &cursor),
      bytes.nextListElement(in: list, from: &cursor) == nil,
      let hyphen = bytes.firstHyphen(in: item)
    else {
      self = .ignored
      return
    }
    let first = Extent(item.offset..<hyphen)
    let last = Extent((hyphen &+ 1)..<item.end)
    guard bytes.isDigits(first), bytes.isDigits(last), item.count > 1 else {
      self = .ignored
      return
    }
    self.init(first: bytes, first, last, length)
  }

  /// Of two extents that have digits only, not both empty. A number that does not fit an integer is
  /// larger than any length.
  private init(first bytes: Span<UInt8>, _ first: Extent, _ last: Extent, _ length: Int) {
    if first.isEmpty {
      let count = min(bytes.decimal(last) ?? .max, length)
      self = count > 0 ? .part((length - count)..<length) : .unsatisfiable
      return
    }
    let lower = bytes.decimal(first) ?? .max
    let upper = last.isEmpty ? .max : bytes.decimal(last) ?? .max
    if upper < lower {
      self = .ignored
    } else if lower >= length {
      self = .unsatisfiable
    } else {
      self = .part(lower..<(min(upper, length - 1) + 1))
    }
  }
}

extension Span where Element == UInt8 {
  fileprivate func firstHyphen(in extent: Extent) -> Int? {
    for index in extent.offset..<extent.end where self[index] == UInt8(ascii: "-") {
      return index
    }
    return nil
  }

  fileprivate func isDigits(_ extent: Extent) -> Bool {
    for index in extent.offset..<extent.end where self[index].decimalDigit == nil {
      return false
    }
    return true
  }
}
