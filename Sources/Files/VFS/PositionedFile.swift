// SPDX-License-Identifier: BSD-3-Clause

import Base
import Memory

/// An open file with a position: regular files and what behaves like them.
///
/// A subclass says how bytes at an offset are read and written; positions, appending and seeking
/// are here.
open class PositionedFile: OpenFile {
  /// Reads at `offset`; 0 at the end.
  open func readBytes(into buffer: UserBuffer, at offset: Int64) throws(SystemError) -> Int {
    throw .invalidArgument
  }

  /// Writes at `offset`, growing the file if need be.
  open func writeBytes(from buffer: UserBuffer, at offset: Int64) throws(SystemError) -> Int {
    throw .invalidArgument
  }

  /// The next data (or hole) at or behind `offset`; the whole file is data by default.
  open func nextData(at offset: Int64) throws(SystemError) -> Int64 {
    guard offset < node.byteCount else { throw .noSuchDeviceAddress }
    return offset
  }

  open func nextHole(at offset: Int64) throws(SystemError) -> Int64 {
    guard offset < node.byteCount else { throw .noSuchDeviceAddress }
    return node.byteCount
  }

  public final override func read(
    into buffer: UserBuffer, at offset: Int64?
  ) throws(SystemError) -> Int {
    if let offset { return try readBytes(into: buffer, at: offset) }
    let count = try readBytes(into: buffer, at: position)
    position &+= Int64(count)
    return count
  }

  public final override func write(
    from buffer: UserBuffer, at offset: Int64?
  ) throws(SystemError) -> Int {
    // Linux appends even for pwrite (pwrite(2), BUGS).
    let isAppending = flags.contains(.append)
    let place = isAppending ? node.byteCount : offset ?? position
    let count = try writeBytes(from: buffer, at: place)
    if offset == nil { position = place &+ Int64(count) }
    return count
  }

  public final override var isSeekable: Bool { true }

  public final override func seek(
    _ offset: Int64, _ origin: SeekOrigin
  ) throws(SystemError) -> Int64 {
    let base: Int64
    switch origin {
    case .start: base = 0
    case .current: base = position
    case .end:
      try node.refresh()
      base = node.byteCount
    case .data, .hole:
      guard offset >= 0 else { throw .noSuchDeviceAddress }
      if case .data = origin {
        position = try nextData(at: offset)
      } else {
        position = try nextHole(at: offset)
      }
      return position
    }
    let (target, overflow) = base.addingReportingOverflow(offset)
    guard !overflow else { throw .overflow }
    guard target >= 0 else { throw .invalidArgument }
    position = target
    return target
  }
}

/// An open directory; its position is the cookie of the next entry, behind `.` and `..`.
open class OpenDirectory: OpenFile {
  public final override var isSeekable: Bool { true }

  public final override func seek(
    _ offset: Int64, _ origin: SeekOrigin
  ) throws(SystemError) -> Int64 {
    switch origin {
    case .start: position = offset
    case .current: position = position &+ offset
    default: throw .invalidArgument
    }
    guard position >= 0 else {
      position = 0
      throw .invalidArgument
    }
    return position
  }

  /// Not array literals: Swift 6.3 lays those of one function out as constants that it numbers anew
  /// in each module that has a copy, and the linker then mixes them up.
  private static func dots(_ count: Int) -> [UInt8] {
    [UInt8](repeating: UInt8(ascii: "."), count: count)
  }

  /// The entry at the position, `.` and `..` first; nil at the end. The position stays: the caller
  /// sets it to the entry's `next` once the entry has been delivered.
  open func nextEntry() throws(SystemError) -> DirectoryEntry? {
    switch position {
    case 0:
      return DirectoryEntry(
        name: Self.dots(1), number: node.number, kind: .directory, next: 1)
    case 1:
      return DirectoryEntry(
        name: Self.dots(2), number: (node.parent ?? node).number, kind: .directory, next: 2)
    default:
      guard var entry = try node.entry(from: UInt64(position - 2)) else { return nil }
      entry.next += 2
      return entry
    }
  }
}
