// SPDX-License-Identifier: BSD-3-Clause

/// A count of bytes as people write it: `64MiB`, `1G`, `512M`, `4096`.
///
/// Units are powers of 1024 whether or not they carry the `i`, as in QEMU and in most of Linux.
public struct ByteSize: Sendable, Hashable, Comparable, CustomStringConvertible {
  public var bytes: UInt64

  public init(bytes: UInt64) { self.bytes = bytes }

  /// Parses a size; `nil` when the text is not one or does not fit in 63 bits.
  public init?(_ text: String) {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard !digits.isEmpty, let count = UInt64(digits) else { return nil }
    let shift: UInt64
    switch text.dropFirst(digits.count).lowercased() {
    case "", "b": shift = 0
    case "k", "kb", "kib": shift = 10
    case "m", "mb", "mib": shift = 20
    case "g", "gb", "gib": shift = 30
    case "t", "tb", "tib": shift = 40
    default: return nil
    }
    let (bytes, overflow) = count.multipliedReportingOverflow(by: 1 << shift)
    guard !overflow, bytes <= UInt64(Int64.max) else { return nil }
    self.bytes = bytes
  }

  public static func mebibytes(_ count: UInt64) -> ByteSize { ByteSize(bytes: count << 20) }

  public static func < (left: ByteSize, right: ByteSize) -> Bool { left.bytes < right.bytes }

  /// The largest unit that gives a whole number, or one decimal.
  public var description: String {
    let units: [(shift: UInt64, name: String)] = [(30, "GiB"), (20, "MiB"), (10, "KiB")]
    for unit in units where bytes >= 1 << unit.shift {
      let tenths = ((bytes >> (unit.shift - 4)) * 10) >> 4
      return tenths % 10 == 0
        ? "\(tenths / 10) \(unit.name)" : "\(tenths / 10).\(tenths % 10) \(unit.name)"
    }
    return "\(bytes) B"
  }
}
