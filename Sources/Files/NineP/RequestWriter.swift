// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// A request in the making: size, type, tag, and fields in little-endian order.
struct RequestWriter {
  private var bytes: [UInt8]

  /// Starts a request in `storage`, whose contents are given up.
  init(_ type: MessageType, tag: UInt16, reusing storage: consuming [UInt8] = []) {
    bytes = storage
    bytes.removeAll(keepingCapacity: true)
    add(UInt32(0))
    bytes.append(type.rawValue)
    add(tag)
  }

  mutating func add<T: FixedWidthInteger & UnsignedInteger>(_ value: T) {
    var rest = UInt64(truncatingIfNeeded: value)
    for _ in 0..<MemoryLayout<T>.size {
      bytes.append(UInt8(truncatingIfNeeded: rest))
      rest >>= 8
    }
  }

  /// A string: its length in two bytes, and its bytes. Traps when it is longer than 65535.
  mutating func add(_ text: RawSpan) {
    add(UInt16(text.byteCount))
    for offset in 0..<text.byteCount { bytes.append(text.byte(at: offset)) }
  }

  mutating func add(_ text: StaticString) {
    add(text.bytes)
  }

  /// The message; its size counts `contentsByteCount` bytes that follow it.
  consuming func finished(contentsByteCount: Int = 0) -> [UInt8] {
    let size = UInt32(bytes.count + contentsByteCount)
    for index in 0..<4 { bytes[index] = UInt8(truncatingIfNeeded: size >> (8 * UInt32(index))) }
    return bytes
  }
}
