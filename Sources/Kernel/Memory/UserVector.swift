// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Machine

/// The parts of the program's memory that one call reads or writes one after the other, and how far
/// it has come: one buffer, or the `struct iovec`s of a call.
///
/// The descriptions stay in the program's memory and are read when their turn comes. One that has
/// been changed meanwhile cannot make the whole longer than it was.
public struct UserVector {
  /// What is left of the present part.
  private var part: UserBuffer
  private var next: VirtualAddress
  private var partsLeft: Int
  /// Bytes that are left in all parts.
  public private(set) var byteCount: Int

  /// `UIO_MAXIOV`
  public static let partLimit = 1024
  /// What one call moves at most (`MAX_RW_COUNT`).
  public static let byteLimit = 0x7fff_f000

  /// One buffer.
  @inline(__always)
  public init(_ buffer: UserBuffer) {
    part = buffer
    next = buffer.start
    partsLeft = 0
    byteCount = buffer.count
  }

  /// The parts that `count` descriptions at `address` name. Throws `messageTooLong` for too many,
  /// `invalidArgument` for lengths that no `ssize_t` holds, `badAddress`.
  public init(descriptions address: VirtualAddress, count: Int) throws(SystemError) {
    guard count >= 0, count <= Self.partLimit else { throw .messageTooLong }
    var total = 0
    for index in 0..<count {
      let length = try Self.word(at: address + index * 16 + 8)
      let (sum, overflow) = total.addingReportingOverflow(length)
      guard length >= 0, !overflow else { throw .invalidArgument }
      total = sum
    }
    part = UserBuffer(start: address, count: 0)
    next = address
    partsLeft = count
    byteCount = min(total, Self.byteLimit)
  }

  /// Fills `bytes` with what comes next. Traps when that is more than is left.
  @inline(__always)
  public mutating func copyIn(into bytes: inout MutableRawSpan) throws(SystemError) {
    let count = bytes.byteCount
    if count <= part.count {
      precondition(count <= byteCount, "copy out of bounds")
      try part.copyIn(into: &bytes)
      advance(count)
    } else {
      try copyInParts(&bytes)
    }
  }

  private mutating func copyInParts(_ bytes: inout MutableRawSpan) throws(SystemError) {
    precondition(bytes.byteCount <= byteCount, "copy out of bounds")
    var done = 0
    while done < bytes.byteCount {
      try loadPart()
      let count = min(part.count, bytes.byteCount &- done)
      var target = bytes._mutatingExtracting(done..<done &+ count)
      try part.copyIn(into: &target)
      advance(count)
      done &+= count
    }
  }

  /// Stores `bytes` where the next ones go. Traps when they are more than is left.
  @inline(__always)
  public mutating func copyOut(_ bytes: RawSpan) throws(SystemError) {
    if bytes.byteCount <= part.count {
      precondition(bytes.byteCount <= byteCount, "copy out of bounds")
      try part.copyOut(bytes)
      advance(bytes.byteCount)
    } else {
      try copyOutParts(bytes)
    }
  }

  private mutating func copyOutParts(_ bytes: RawSpan) throws(SystemError) {
    precondition(bytes.byteCount <= byteCount, "copy out of bounds")
    var done = 0
    while done < bytes.byteCount {
      try loadPart()
      let count = min(part.count, bytes.byteCount &- done)
      try part.copyOut(bytes.extracting(done..<done &+ count))
      advance(count)
      done &+= count
    }
  }

  @inline(__always)
  private mutating func advance(_ count: Int) {
    part = part.slice(from: count)
    byteCount &-= count
  }

  /// Makes the next part that is not empty the present one. Throws `badAddress` when the program
  /// has made them shorter meanwhile.
  private mutating func loadPart() throws(SystemError) {
    while part.count == 0 {
      guard partsLeft > 0 else { throw .badAddress }
      let start = try Self.word(at: next)
      let length = try Self.word(at: next + 8)
      partsLeft &-= 1
      next = next + 16
      part = UserBuffer(
        start: VirtualAddress(UInt(bitPattern: start)), count: min(max(length, 0), byteCount))
    }
  }

  private static func word(at address: VirtualAddress) throws(SystemError) -> Int {
    var words = InlineArray<1, Int>(repeating: 0)
    var span = words.mutableSpan
    var bytes = MutableRawSpan(_elements: &span)
    try UserBuffer(start: address, count: 8).copyIn(into: &bytes)
    return words[0]
  }
}
