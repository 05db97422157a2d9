// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Memory

/// Words and structures in the program's memory, with Linux's error numbers.
public enum ProgramBytes {
  /// Loads an integer. Throws `badAddress`.
  @inline(__always)
  public static func load<T: FixedWidthInteger & BitwiseCopyable>(
    at address: VirtualAddress, as type: T.Type = T.self
  ) throws(Errno) -> T {
    var words = InlineArray<1, UInt64>(repeating: 0)
    var span = words.mutableSpan
    var bytes = MutableRawSpan(_elements: &span)
    var part = bytes._mutatingExtracting(0..<MemoryLayout<T>.size)
    do {
      try UserBuffer(start: address, count: MemoryLayout<T>.size).copyIn(at: 0, into: &part)
    } catch { throw Errno(error) }
    return T(truncatingIfNeeded: words[0])
  }

  /// Stores an integer. Throws `badAddress`.
  @inline(__always)
  public static func store<T: FixedWidthInteger & BitwiseCopyable>(
    _ value: T, at address: VirtualAddress
  ) throws(Errno) {
    var words = InlineArray<1, UInt64>(repeating: 0)
    words[0] = UInt64(truncatingIfNeeded: value)
    do {
      try UserBuffer(start: address, count: MemoryLayout<T>.size).copyOut(
        RawSpan(_elements: words.span).extracting(0..<MemoryLayout<T>.size), at: 0)
    } catch { throw Errno(error) }
  }

  /// Stores two words one behind the other (`struct timespec` and the like).
  public static func store(
    _ first: Int64, _ second: Int64, at address: VirtualAddress
  ) throws(Errno) {
    var words = InlineArray<2, Int64>(repeating: first)
    words[1] = second
    do {
      try UserBuffer(start: address, count: 16).copyOut(RawSpan(_elements: words.span), at: 0)
    } catch { throw Errno(error) }
  }

  /// Copies a structure of `count` bytes out of the program. Throws `badAddress`.
  public static func copyIn(_ address: VirtualAddress, count: Int) throws(Errno) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    guard count > 0 else { return bytes }
    do {
      var all = bytes.mutableSpan
      var span = MutableRawSpan(_elements: &all)
      try UserBuffer(start: address, count: count).copyIn(at: 0, into: &span)
    } catch { throw Errno(error) }
    return bytes
  }

  /// Copies bytes into the program. Throws `badAddress`.
  public static func copyOut(_ bytes: [UInt8], to address: VirtualAddress) throws(Errno) {
    guard !bytes.isEmpty else { return }
    do {
      try UserBuffer(start: address, count: bytes.count).copyOut(
        RawSpan(_elements: bytes.span), at: 0)
    } catch { throw Errno(error) }
  }

  /// A text that ends with a zero byte, without it. Throws `badAddress`, or `nameTooLong` when
  /// there is none in the first `limit` bytes.
  public static func text(at address: VirtualAddress, limit: Int) throws(Errno) -> [UInt8] {
    var text: [UInt8] = []
    var cursor = address
    while text.count < limit {
      // Never beyond the page: the next one need not be there.
      let count = min(64 - Int(cursor.rawValue & 63), limit - text.count)
      for byte in try copyIn(cursor, count: count) {
        if byte == 0 { return text }
        text.append(byte)
      }
      cursor = cursor + count
    }
    throw .nameTooLong
  }
}

extension [UInt8] {
  /// Stores `value` in little-endian order at `offset`. Traps when it does not fit.
  public mutating func put<T: FixedWidthInteger & BitwiseCopyable>(_ value: T, at offset: Int) {
    var all = mutableSpan
    var span = MutableRawSpan(_elements: &all)
    span.storeLittleEndian(value, at: offset)
  }

  /// The little-endian integer at `offset`. Traps when out of bounds.
  public func get<T: FixedWidthInteger & BitwiseCopyable>(
    _ offset: Int, as type: T.Type = T.self
  ) -> T {
    RawSpan(_elements: span).littleEndian(at: offset, as: T.self)
  }
}
