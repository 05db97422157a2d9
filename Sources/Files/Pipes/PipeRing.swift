// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Memory

/// The bytes inside a pipe: a ring that starts with one page and doubles up to its limit.
///
/// Bytes go straight between the program's memory and the ring, in at most two pieces.
public struct PipeRing {
  /// The most that is written in one piece or not at all (`PIPE_BUF`), in bytes.
  public static let atomicLimit = 4096
  /// What a pipe holds unless told otherwise, in bytes (`pipe(7)`, "Pipe capacity").
  public static let defaultLimit = 65536

  private var storage: [UInt8] = []
  private var head = 0
  /// How many bytes wait.
  public private(set) var count = 0
  /// The most bytes that may wait; of a pipe a power of two, at least a page.
  public private(set) var limit: Int

  public init() { limit = Self.defaultLimit }

  /// A ring whose limit can be any number of bytes and be changed at any time.
  public init(byteLimit: Int) { limit = byteLimit }

  /// How many bytes may be added.
  @inline(__always)
  public var freeCount: Int { max(0, limit &- count) }

  /// Sets how much may wait, without a word about what waits already.
  public mutating func setByteLimit(_ newLimit: Int) { limit = newLimit }

  /// Sets how much may wait. False when more waits already.
  mutating func setLimit(_ newLimit: Int) -> Bool {
    precondition(newLimit >= pageSize && newLimit & (newLimit &- 1) == 0, "a pipe is whole pages")
    guard newLimit >= count else { return false }
    limit = newLimit
    if storage.count > newLimit { resize(to: newLimit) }
    return true
  }

  /// Takes up to `buffer.count - offset` bytes from the program, and returns how many fitted.
  /// Throws `badAddress` when none could be read; what was read before a fault counts.
  mutating func write(
    from buffer: UserBuffer, at offset: Int, count wanted: Int
  ) throws(SystemError) -> Int {
    let total = min(wanted, freeCount)
    reserve(total)
    var done = 0
    while done < total {
      let start = (head &+ count) & (storage.count &- 1)
      let piece = min(total &- done, storage.count &- start)
      var span = storage.mutableSpan
      var bytes = MutableRawSpan(_elements: &span)
      var target = bytes._mutatingExtracting(start..<start &+ piece)
      do {
        try buffer.copyIn(at: offset &+ done, into: &target)
      } catch {
        if done > 0 { return done }
        throw error
      }
      done &+= piece
      count &+= piece
    }
    return total
  }

  /// Gives up to `wanted` bytes to the program, and returns how many there were. What could not be
  /// written to the program stays in the ring.
  mutating func read(
    into buffer: UserBuffer, at offset: Int, count wanted: Int
  ) throws(SystemError) -> Int {
    let total = min(wanted, count)
    var done = 0
    while done < total {
      let piece = min(total &- done, storage.count &- head)
      do {
        try buffer.copyOut(
          RawSpan(_elements: storage.span).extracting(head..<head &+ piece), at: offset &+ done)
      } catch {
        if done > 0 { return done }
        throw error
      }
      done &+= piece
      drop(piece)
    }
    return total
  }

  /// As the method above, from the parts of a call.
  public mutating func write(
    from vector: inout UserVector, count wanted: Int
  ) throws(SystemError) -> Int {
    let total = min(wanted, freeCount)
    reserve(total)
    var done = 0
    while done < total {
      let start = (head &+ count) & (storage.count &- 1)
      let piece = min(total &- done, storage.count &- start)
      var span = storage.mutableSpan
      var bytes = MutableRawSpan(_elements: &span)
      var target = bytes._mutatingExtracting(start..<start &+ piece)
      do {
        try vector.copyIn(into: &target)
      } catch {
        if done > 0 { return done }
        throw error
      }
      done &+= piece
      count &+= piece
    }
    return total
  }

  /// Gives up to `wanted` bytes, from the one at `offset` on, to the parts of a call, and returns
  /// how many there were. All of them stay in the ring.
  public func copyOut(
    to vector: inout UserVector, at offset: Int, count wanted: Int
  ) throws(SystemError) -> Int {
    let total = max(0, min(wanted, count &- offset))
    var done = 0
    while done < total {
      let start = (head &+ offset &+ done) & (storage.count &- 1)
      let piece = min(total &- done, storage.count &- start)
      do {
        try vector.copyOut(RawSpan(_elements: storage.span).extracting(start..<start &+ piece))
      } catch {
        if done > 0 { return done }
        throw error
      }
      done &+= piece
    }
    return total
  }

  /// Adds what fits of `bytes`, and returns how many that were.
  public mutating func write(_ bytes: RawSpan) -> Int {
    let total = min(bytes.byteCount, freeCount)
    reserve(total)
    var done = 0
    while done < total {
      let start = (head &+ count) & (storage.count &- 1)
      let piece = min(total &- done, storage.count &- start)
      var span = storage.mutableSpan
      var target = MutableRawSpan(_elements: &span)
      target.copy(bytes.extracting(done..<done &+ piece), at: start)
      done &+= piece
      count &+= piece
    }
    return total
  }

  /// Takes what waits, as far as `target` holds it, and returns how many bytes that were.
  mutating func read(into target: inout MutableRawSpan) -> Int {
    let total = peek(into: &target)
    drop(total)
    return total
  }

  /// Copies the first bytes without taking them (`tee`).
  func peek(into target: inout MutableRawSpan) -> Int {
    let total = min(target.byteCount, count)
    let piece = min(total, storage.count &- head)
    if piece > 0 { target.copy(RawSpan(_elements: storage.span).extracting(head..<head &+ piece)) }
    if total > piece {
      target.copy(RawSpan(_elements: storage.span).extracting(0..<total &- piece), at: piece)
    }
    return total
  }

  /// Takes the first bytes out; there must be as many.
  public mutating func drop(_ byteCount: Int) {
    guard byteCount > 0 else { return }
    head = (head &+ byteCount) & (storage.count &- 1)
    count &-= byteCount
    guard count == 0 else { return }
    head = 0
    // What held a flood is not kept for a trickle.
    if storage.count > Self.defaultLimit { storage = [] }
  }

  /// Drops everything, and the memory for it.
  public mutating func removeAll() {
    storage = []
    head = 0
    count = 0
  }

  /// Makes room for `more` bytes, which fit below the limit.
  @inline(__always)
  private mutating func reserve(_ more: Int) {
    if count &+ more > storage.count { grow(for: count &+ more) }
  }

  @inline(never)
  private mutating func grow(for needed: Int) {
    var size = max(storage.count, pageSize)
    while size < needed { size &*= 2 }
    resize(to: size)
  }

  private mutating func resize(to size: Int) {
    var larger = [UInt8](repeating: 0, count: size)
    var span = larger.mutableSpan
    var bytes = MutableRawSpan(_elements: &span)
    _ = peek(into: &bytes)
    storage = larger
    head = 0
  }
}
