// SPDX-License-Identifier: BSD-3-Clause

/// A question for the addresses of one version that a name has (RFC 1035 section 4.1, RFC 3596).
public struct NameQuery: Equatable, Sendable {
  /// What is asked for; the numbers of IANA's "Resource Record (RR) TYPEs".
  public enum Kind: UInt16, Sendable {
    /// Addresses of version 4.
    case a = 1
    /// Addresses of version 6.
    case aaaa = 28
  }

  /// Chosen at random, and repeated in the answer.
  public var number: UInt16
  public let name: DomainName
  public let kind: Kind
  /// Whether it tells the server that answers may be longer than 512 bytes (RFC 6891).
  public var allowsLong = true

  /// The longest answer by UDP: what fits into a packet of IPv6 that no link has to cut.
  public static var answerByteCount: Int { 1232 }

  public init(_ name: DomainName, _ kind: Kind, number: UInt16) {
    self.name = name
    self.kind = kind
    self.number = number
  }

  /// The message.
  public var message: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(12 + name.wire.count + 4 + 11)
    func append(_ value: UInt16) {
      bytes.append(UInt8(value >> 8))
      bytes.append(UInt8(truncatingIfNeeded: value))
    }
    append(number)
    // A query; recursion is desired.
    append(0x0100)
    append(1)
    append(0)
    append(0)
    append(allowsLong ? 1 : 0)
    bytes += name.wire
    append(kind.rawValue)
    append(NameAnswer.internet)
    if allowsLong {
      // The record OPT: root, type, size, extended code and version, no options.
      bytes.append(0)
      append(41)
      append(UInt16(Self.answerByteCount))
      append(0)
      append(0)
      append(0)
    }
    return bytes
  }
}
