// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// A name of the domain name system in its form in messages (RFC 1035 section 3.1): labels with
/// their lengths, the root's empty one last. Capitals have become small letters.
public struct DomainName: Equatable, Sendable {
  /// At most 255 bytes.
  public let wire: [UInt8]

  private static let lengthLimit = 255
  private static let labelLimit = 63

  private init(wire: [UInt8]) {
    self.wire = wire
  }

  /// A host's name as people write it: labels of letters, digits, hyphens and underscores. A dot at
  /// the end is allowed. Nil when it is none, or too long.
  public init?(text: [UInt8]) {
    var wire: [UInt8] = []
    var labelStart = 0
    let end = text.last == UInt8(ascii: ".") ? text.count - 1 : text.count
    guard end > 0 else { return nil }
    for index in 0...end {
      guard index == end || text[index] == UInt8(ascii: ".") else {
        guard Self.isHostByte(text[index]) else { return nil }
        continue
      }
      guard index > labelStart, index - labelStart <= Self.labelLimit else { return nil }
      wire.append(UInt8(index - labelStart))
      for byte in text[labelStart..<index] { wire.append(Self.lowered(byte)) }
      labelStart = index + 1
    }
    wire.append(0)
    guard wire.count <= Self.lengthLimit else { return nil }
    self.wire = wire
  }

  /// Reads a name at `offset`, which then stands behind it. Pointers lead backwards only (RFC 1035
  /// section 4.1.4). Nil when it is malformed.
  init?(_ message: RawSpan, at offset: inout Int) {
    var wire: [UInt8] = []
    var cursor = offset
    var pieceStart = offset
    var end: Int?
    while cursor < message.byteCount {
      let size = Int(message.byte(at: cursor))
      if size == 0 {
        wire.append(0)
        offset = end ?? cursor + 1
        self.wire = wire
        return
      }
      if size >= 0xc0 {
        guard cursor + 1 < message.byteCount else { return nil }
        let target = (size & 0x3f) << 8 | Int(message.byte(at: cursor + 1))
        // Only to what lies before this piece: no circle can come about.
        guard target < pieceStart else { return nil }
        end = end ?? cursor + 2
        pieceStart = target
        cursor = target
        continue
      }
      guard size <= Self.labelLimit, cursor + 1 + size <= message.byteCount,
        wire.count + size + 2 <= Self.lengthLimit
      else { return nil }
      wire.append(UInt8(size))
      for index in cursor + 1...cursor + size {
        wire.append(Self.lowered(message.byte(at: index)))
      }
      cursor += 1 + size
    }
    return nil
  }

  /// This name in a domain; nil when that is too long.
  public func appending(_ domain: DomainName) -> DomainName? {
    let joined = Array(wire.dropLast()) + domain.wire
    return joined.count <= Self.lengthLimit ? DomainName(wire: joined) : nil
  }

  private static func isHostByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x5f: true
    default: false
    }
  }

  private static func lowered(_ byte: UInt8) -> UInt8 {
    byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte
  }
}
