// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// A queue of bytes of fixed capacity, as a pipe or a terminal needs one.
///
/// Writes and reads take what fits and say how much that was; they copy in at most two pieces and
/// never allocate.
public struct ByteRing {
  private var storage: [UInt8]
  private var head = 0
  /// How many bytes wait.
  public private(set) var count = 0

  /// Creates an empty ring for `capacity` bytes.
  public init(capacity: Int) {
    precondition(capacity > 0, "a ring needs room")
    storage = [UInt8](repeating: 0, count: capacity)
  }

  /// The most bytes that can wait.
  public var capacity: Int { storage.count }
  /// How many more bytes fit.
  public var freeCount: Int { storage.count &- count }
  /// Whether nothing waits.
  public var isEmpty: Bool { count == 0 }

  /// Adds bytes at the end and returns how many fitted.
  public mutating func write(_ bytes: RawSpan) -> Int {
    let total = min(bytes.byteCount, freeCount)
    var done = 0
    while done < total {
      var start = head &+ count
      if start >= storage.count { start &-= storage.count }
      let piece = min(total &- done, storage.count &- start)
      var span = storage.mutableSpan
      var target = MutableRawSpan(_elements: &span)
      target.copy(bytes.extracting(done..<done &+ piece), at: start)
      done &+= piece
      count &+= piece
    }
    return total
  }

  /// Takes bytes from the front and returns how many there were, at most the target's size.
  public mutating func read(into target: inout MutableRawSpan) -> Int {
    let total = min(target.byteCount, count)
    var done = 0
    while done < total {
      let piece = min(total &- done, storage.count &- head)
      target.copy(RawSpan(_elements: storage.span).extracting(head..<head &+ piece), at: done)
      done &+= piece
      drop(piece)
    }
    return total
  }

  /// The byte `offset` places behind the first. Traps when there is none.
  public subscript(offset: Int) -> UInt8 {
    precondition(offset >= 0 && offset < count, "offset out of bounds")
    let index = head &+ offset
    return storage[index >= storage.count ? index &- storage.count : index]
  }

  /// Drops the first `byteCount` bytes. Traps when there are fewer.
  public mutating func removeFirst(_ byteCount: Int) {
    precondition(byteCount >= 0 && byteCount <= count, "fewer bytes wait")
    drop(byteCount)
  }

  private mutating func drop(_ byteCount: Int) {
    head &+= byteCount
    if head >= storage.count { head &-= storage.count }
    count &-= byteCount
    if count == 0 { head = 0 }
  }
}
