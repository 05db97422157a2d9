// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// What a record says (RFC 1035 section 3.2.2 and later ones).
public struct RecordType: Equatable, Sendable {
  public let rawValue: UInt16

  public init(_ rawValue: UInt16) {
    self.rawValue = rawValue
  }

  public static var a: Self { Self(1) }
  public static var ns: Self { Self(2) }
  public static var cname: Self { Self(5) }
  public static var soa: Self { Self(6) }
  public static var ptr: Self { Self(12) }
  public static var mx: Self { Self(15) }
  public static var txt: Self { Self(16) }
  /// RFC 3596.
  public static var aaaa: Self { Self(28) }
  /// RFC 2782.
  public static var srv: Self { Self(33) }
  /// RFC 6891.
  public static var opt: Self { Self(41) }
  /// RFC 8659.
  public static var caa: Self { Self(257) }
  public static var ixfr: Self { Self(251) }
  public static var axfr: Self { Self(252) }
  public static var any: Self { Self(255) }

  /// Whether it is one of those that only questions have (RFC 6895 section 3.1), or OPT.
  var isMeta: Bool { rawValue == 41 || rawValue == 0 || (128...255).contains(rawValue) }

  /// The type that a zone file calls so; letters without case. `TYPE123` is number 123 (RFC 3597).
  init?(text: ArraySlice<UInt8>) {
    if let number = Self.generic(text) {
      rawValue = number
      return
    }
    switch text.count {
    case 1 where text.holds("a"): self = .a
    case 2 where text.holds("ns"): self = .ns
    case 2 where text.holds("mx"): self = .mx
    case 3 where text.holds("soa"): self = .soa
    case 3 where text.holds("ptr"): self = .ptr
    case 3 where text.holds("txt"): self = .txt
    case 3 where text.holds("srv"): self = .srv
    case 3 where text.holds("caa"): self = .caa
    case 4 where text.holds("aaaa"): self = .aaaa
    case 5 where text.holds("cname"): self = .cname
    default: return nil
    }
  }

  private static func generic(_ text: ArraySlice<UInt8>) -> UInt16? {
    guard text.count > 4, text.prefix(4).holds("type"), let value = text.dropFirst(4).decimal,
      value <= 0xffff
    else { return nil }
    return UInt16(value)
  }
}
