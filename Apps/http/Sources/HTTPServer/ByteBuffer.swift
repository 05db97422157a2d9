// SPDX-License-Identifier: BSD-3-Clause

import Bytes
public import HTTPCore

/// Bytes that are appended, many at once in one copy, in storage that is kept when they are dropped.
///
/// An array of the standard library takes a span, and in small images (`-Osize`) another array too,
/// byte by byte: that was a third of what a request took.
public struct ByteBuffer: ByteSink {
  private var storage: [UInt8] = []
  /// How many bytes there are.
  public private(set) var count = 0

  /// The least storage that is asked for.
  private static var leastByteCount: Int { 256 }

  /// An empty buffer, without storage yet.
  public init() {}

  public var isEmpty: Bool { count == 0 }

  /// A buffer grows.
  public var freeByteCount: Int { .max }

  /// The bytes. (Of a buffer in a class: copy it to a local one first, which copies no bytes.)
  public var bytes: RawSpan {
    @_lifetime(borrow self)
    get { RawSpan(_elements: storage.span).extracting(0..<count) }
  }

  public mutating func append(_ byte: UInt8) {
    if count == storage.count { grow(by: 1) }
    storage[count] = byte
    count &+= 1
  }

  /// Appends what a span holds.
  public mutating func append(_ content: RawSpan) {
    if content.byteCount > storage.count &- count { grow(by: content.byteCount) }
    write(content, at: count)
    count &+= content.byteCount
  }

  /// Writes over bytes that there are.
  mutating func replace(at offset: Int, with content: RawSpan) {
    precondition(offset >= 0 && offset <= count && content.byteCount <= count &- offset)
    write(content, at: offset)
  }

  /// Forgets the bytes, but keeps the storage.
  public mutating func removeAll() { count = 0 }

  private mutating func write(_ content: RawSpan, at offset: Int) {
    var elements = storage.mutableSpan
    var target = MutableRawSpan(_elements: &elements)
    target.copy(content, at: offset)
  }

  /// At least twice as large, so that many small pieces cost one copy each in all.
  @inline(never)
  private mutating func grow(by more: Int) {
    var larger = ByteBuffer()
    larger.storage = [UInt8](
      repeating: 0, count: max(count + more, 2 * storage.count, Self.leastByteCount))
    larger.write(bytes, at: 0)
    storage = larger.storage
  }
}
