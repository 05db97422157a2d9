// SPDX-License-Identifier: BSD-3-Clause

/// A domain name as it is on the wire: labels, each behind its length, and a zero at the end.
///
/// Letters keep their case; comparisons ignore it (RFC 4343).
public struct DomainName: Sendable {
  /// At most 255 bytes, the zero at the end among them (RFC 1035 section 3.1).
  public let bytes: [UInt8]

  public static var byteLimit: Int { 255 }
  public static var labelLimit: Int { 63 }

  /// - Parameter wire: labels that are whole, within the limits.
  init(wire: [UInt8]) {
    bytes = wire
  }

  public static var root: DomainName { DomainName(wire: [0]) }

  public var isRoot: Bool { bytes.count == 1 }

  /// How many labels it has, the empty one at the end not counted.
  public var labelCount: Int {
    var count = 0
    var offset = 0
    while bytes[offset] != 0 {
      offset += Int(bytes[offset]) + 1
      count += 1
    }
    return count
  }

  /// The same without its first labels.
  public func droppingFirst(_ count: Int) -> DomainName {
    var offset = 0
    for _ in 0..<count where bytes[offset] != 0 { offset += Int(bytes[offset]) + 1 }
    return DomainName(wire: Array(bytes[offset...]))
  }

  /// Whether it is `other` or below it.
  public func isWithin(_ other: DomainName) -> Bool {
    guard bytes.count >= other.bytes.count else { return false }
    let start = bytes.count - other.bytes.count
    var offset = 0
    while offset < start { offset += Int(bytes[offset]) + 1 }
    guard offset == start else { return false }
    for index in other.bytes.indices
    where bytes[start + index].lowercased != other.bytes[index].lowercased { return false }
    return true
  }

  /// `*` and these labels; nil when that is too long.
  var wildcard: DomainName? {
    guard bytes.count + 2 <= Self.byteLimit else { return nil }
    return DomainName(wire: [1, UInt8(ascii: "*")] + bytes)
  }

  /// The first label is `*` alone (RFC 4592 section 2.1.1).
  var isWildcard: Bool { bytes.count > 2 && bytes[0] == 1 && bytes[1] == UInt8(ascii: "*") }

  /// Appends the text form, with a dot at the end.
  public func appendText(to text: inout [UInt8]) {
    if isRoot { text.append(UInt8(ascii: ".")) }
    var offset = 0
    while bytes[offset] != 0 {
      let end = offset + 1 + Int(bytes[offset])
      for byte in bytes[(offset + 1)..<end] {
        if byte > 0x20, byte < 0x7f, byte != UInt8(ascii: "."), byte != UInt8(ascii: "\\") {
          text.append(byte)
        } else {
          text.append(UInt8(ascii: "\\"))
          text.append(UInt8(ascii: "0") + byte / 100)
          text.append(UInt8(ascii: "0") + byte / 10 % 10)
          text.append(UInt8(ascii: "0") + byte % 10)
        }
      }
      text.append(UInt8(ascii: "."))
      offset = end
    }
  }
}

extension DomainName: Equatable {
  public static func == (left: Self, right: Self) -> Bool {
    guard left.bytes.count == right.bytes.count else { return false }
    for index in left.bytes.indices
    where left.bytes[index].lowercased != right.bytes[index].lowercased { return false }
    return true
  }
}

extension UInt8 {
  /// A capital letter of ASCII becomes a small one. Lengths of labels are below them.
  var lowercased: UInt8 { self >= 0x41 && self <= 0x5a ? self | 0x20 : self }
}
