// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import LinuxCore

/// Puts messages of netlink together, and these into datagrams (RFC 3549 section 2.2).
struct NetlinkWriter {
  /// Whole datagrams, and the one in the making.
  private(set) var datagrams: [[UInt8]] = []
  private var current: [UInt8] = []
  private var start = 0

  /// The largest datagram of several messages: readers have buffers of a page at least.
  private static let datagramLimit = 4096

  private let sequence: UInt32
  private let port: UInt32

  /// - Parameters:
  ///   - sequence: of the request that is answered.
  ///   - port: who asked.
  init(sequence: UInt32, port: UInt32) {
    self.sequence = sequence
    self.port = port
  }

  /// Flags of a message (`NLM_F_…`).
  struct Flags: OptionSet, BitwiseCopyable {
    let rawValue: UInt16
    /// `NLM_F_REQUEST`
    static let request = Self(rawValue: 1)
    /// `NLM_F_MULTI`
    static let multipart = Self(rawValue: 2)
    /// `NLM_F_ACK`
    static let acknowledge = Self(rawValue: 4)
    /// `NLM_F_DUMP`: ROOT and MATCH.
    static let dump = Self(rawValue: 0x300)
    /// `NLM_F_CAPPED`, of an answer
    static let capped = Self(rawValue: 0x100)
  }

  // MARK: Messages

  /// Begins a message; `end` ends it.
  mutating func begin(_ type: UInt16, _ flags: Flags) {
    start = current.count
    append(UInt32(0))
    append(type)
    append(flags.rawValue)
    append(sequence)
    append(port)
  }

  /// Ends the message. If the datagram gets too long, it begins a new one.
  mutating func end() {
    current.put(UInt32(current.count - start), at: start)
    pad()
    guard current.count > Self.datagramLimit, start > 0 else { return }
    datagrams.append([UInt8](current[..<start]))
    current = [UInt8](current[start...])
  }

  /// Ends the datagram.
  mutating func flush() {
    guard !current.isEmpty else { return }
    datagrams.append(current)
    current = []
  }

  // MARK: What is in them

  mutating func append<T: FixedWidthInteger & BitwiseCopyable>(_ value: T) {
    let offset = current.count
    for _ in 0..<MemoryLayout<T>.size { current.append(0) }
    current.put(value, at: offset)
  }

  mutating func append(_ bytes: [UInt8]) { current += bytes }

  private mutating func pad() {
    while current.count & 3 != 0 { current.append(0) }
  }

  private mutating func attribute(_ type: UInt16, byteCount: Int) {
    append(UInt16(byteCount + 4))
    append(type)
  }

  /// An attribute (`struct rtattr`) that is one number.
  mutating func attribute<T: FixedWidthInteger & BitwiseCopyable>(_ type: UInt16, _ value: T) {
    attribute(type, byteCount: MemoryLayout<T>.size)
    append(value)
    pad()
  }

  mutating func attribute(_ type: UInt16, _ bytes: [UInt8]) {
    attribute(type, byteCount: bytes.count)
    append(bytes)
    pad()
  }

  /// A text with its zero byte.
  mutating func attribute(_ type: UInt16, text: [UInt8]) { attribute(type, text + [0]) }

  mutating func attribute(_ type: UInt16, _ address: IPv4Address) {
    attribute(type, address.rawValue.byteSwapped)
  }

  mutating func attribute(_ type: UInt16, _ address: IPv6Address) {
    attribute(type, byteCount: 16)
    append(address.high.byteSwapped)
    append(address.low.byteSwapped)
  }

  mutating func attribute(_ type: UInt16, _ address: MACAddress) {
    var bytes: [UInt8] = []
    for index in 0..<6 {
      bytes.append(UInt8(truncatingIfNeeded: address.rawValue >> UInt64(40 - 8 * index)))
    }
    attribute(type, bytes)
  }

  mutating func attribute(_ type: UInt16, _ address: IPAddress) {
    if let version4 = address.ipv4 {
      attribute(type, version4)
    } else {
      attribute(type, address.mapped)
    }
  }
}
