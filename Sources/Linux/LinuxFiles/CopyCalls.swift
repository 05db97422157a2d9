// SPDX-License-Identifier: BSD-3-Clause

import Base
import LinuxCore
import Memory
import Scheduling
import VFS

/// The calls that copy from file to file: `sendfile`, `copy_file_range`, `splice`.
///
/// Files read into and write from the program's memory only, so a region of it serves as the
/// buffer while a call lasts; the program does not know its address.
enum CopyCalls {
  private static let chunk = 65536

  /// `ssize_t sendfile(int out_fd, int in_fd, off_t *offset, size_t count)`
  static func sendFile(_ call: SystemCall) throws(Errno) -> Int {
    let target = try call.file(0)
    let source = try call.file(1)
    guard source.isReadable, target.isWritable else { throw .badDescriptor }
    guard source.node.kind == .regular || source.node.kind == .blockDevice else {
      throw call.argument(2) == 0 ? .invalidArgument : .illegalSeek
    }
    guard !target.flags.contains(.append) else { throw .invalidArgument }
    var sourceEnd = End(file: source, offset: try offset(call, 2))
    var targetEnd = End(file: target, offset: nil)
    let count = try copy(call, &sourceEnd, &targetEnd, count: call.count(3))
    try storeOffset(call, 2, sourceEnd)
    return count
  }

  /// `ssize_t copy_file_range(int fd_in, off64_t *off_in, int fd_out, off64_t *off_out,
  /// size_t len, unsigned int flags)`
  static func copyRange(_ call: SystemCall) throws(Errno) -> Int {
    let source = try call.file(0)
    let target = try call.file(2)
    guard source.isReadable, target.isWritable, !target.flags.contains(.append) else {
      throw .badDescriptor
    }
    guard call.uint32(5) == 0 else { throw .invalidArgument }
    if source.node.isDirectory || target.node.isDirectory { throw .isDirectory }
    guard source.node.kind == .regular, target.node.kind == .regular else {
      throw .invalidArgument
    }
    var sourceEnd = End(file: source, offset: try offset(call, 1))
    var targetEnd = End(file: target, offset: try offset(call, 3))
    let from = sourceEnd.offset ?? source.position
    let to = targetEnd.offset ?? target.position
    let count = call.count(4)
    if source.node === target.node && from < to + Int64(count) && to < from + Int64(count) {
      throw .invalidArgument
    }
    let copied = try copy(call, &sourceEnd, &targetEnd, count: count)
    try storeOffset(call, 1, sourceEnd)
    try storeOffset(call, 3, targetEnd)
    return copied
  }

  /// `ssize_t splice(int fd_in, off64_t *off_in, int fd_out, off64_t *off_out, size_t len,
  /// unsigned int flags)`; one end is a pipe.
  static func splice(_ call: SystemCall) throws(Errno) -> Int {
    guard call.uint32(5) & ~15 == 0 else { throw .invalidArgument }
    let source = try call.file(0)
    let target = try call.file(2)
    guard source.isReadable, target.isWritable else { throw .badDescriptor }
    let sourceIsPipe = source.node.kind == .fifo
    let targetIsPipe = target.node.kind == .fifo
    guard sourceIsPipe || targetIsPipe else { throw .invalidArgument }
    if sourceIsPipe && call.argument(1) != 0 || targetIsPipe && call.argument(3) != 0 {
      throw .illegalSeek
    }
    guard !target.flags.contains(.append) else { throw .invalidArgument }
    var sourceEnd = End(file: source, offset: try offset(call, 1))
    var targetEnd = End(file: target, offset: try offset(call, 3))
    // What is taken from a pipe must find its place: no more at once than one piece.
    let count = min(call.count(4), chunk)
    if call.uint32(5) & 2 != 0 {
      guard !source.readiness.isDisjoint(with: [.readable, .hangup]),
        !target.readiness.isDisjoint(with: [.writable, .error])
      else { throw .wouldBlock }
    }
    let copied = try copy(call, &sourceEnd, &targetEnd, count: count)
    try storeOffset(call, 1, sourceEnd)
    try storeOffset(call, 3, targetEnd)
    return copied
  }

  /// A file, and the offset that the call names for it; nil for the file's own position.
  private struct End {
    let file: OpenFile
    var offset: Int64?

    mutating func move(to place: Int64) {
      if offset != nil { offset = place } else { file.position = place }
    }
  }

  private static func offset(_ call: SystemCall, _ position: Int) throws(Errno) -> Int64? {
    guard let address = call.optionalAddress(position) else { return nil }
    let offset = try ProgramBytes.load(at: address, as: Int64.self)
    guard offset >= 0 else { throw .invalidArgument }
    return offset
  }

  private static func storeOffset(
    _ call: SystemCall, _ position: Int, _ end: End
  ) throws(Errno) {
    guard let address = call.optionalAddress(position), let offset = end.offset else { return }
    try ProgramBytes.store(offset, at: address)
  }

  private static func copy(
    _ call: SystemCall, _ source: inout End, _ target: inout End, count: Int
  ) throws(Errno) -> Int {
    guard count > 0 else { return 0 }
    if target.file.takesLent, let copied = try lend(call, &source, target.file, count: count) {
      return copied
    }
    let space = call.process.space
    let size = min(roundedUp(count, to: pageSize), chunk)
    do {
      let start = try space.map(MapRequest(byteCount: size, permissions: .readWrite))
      defer { try? space.unmap(AddressRange(start: start, byteCount: size)) }
      let buffer = UserBuffer(start: start, count: size)
      var done = 0
      while done < count {
        let copied = try copyPiece(
          buffer.slice(from: 0, count: count - done), &source, &target, hasSome: done > 0)
        done += copied
        if copied < min(size, count) { break }
      }
      return done
    } catch {
      if error == .brokenPipe { TransferCalls.sendBrokenPipe(call) }
      throw Errno(error)
    }
  }

  /// Lets the target take the source's bytes from where they lie. Nil, and nothing happens, when
  /// the source cannot lend.
  private static func lend(
    _ call: SystemCall, _ source: inout End, _ target: OpenFile, count: Int
  ) throws(Errno) -> Int? {
    var place = source.offset ?? source.file.position
    var done = 0
    defer { source.move(to: place) }
    while done < count {
      do throws(SystemError) {
        let taken = try source.file.lend(at: place, count: count - done) {
          (bytes) throws(SystemError) in try target.writeLent(bytes)
        }
        guard let taken else { return nil }
        if taken == 0 { break }
        place &+= Int64(taken)
        done &+= taken
      } catch {
        if error == .wouldBlock, !target.isNonBlocking, let queue = target.readinessQueue,
          queue.wait() != .interrupted
        {
          continue
        }
        if done > 0 { break }
        if error == .brokenPipe { TransferCalls.sendBrokenPipe(call) }
        throw Errno(error == .wouldBlock && !target.isNonBlocking ? .interrupted : error)
      }
    }
    return done
  }

  /// Copies one piece. What the target does not take, a source with a position gets back.
  private static func copyPiece(
    _ buffer: UserBuffer, _ source: inout End, _ target: inout End, hasSome: Bool
  ) throws(SystemError) -> Int {
    let start = source.file.position
    let count = try source.file.read(into: buffer, at: source.offset)
    guard count > 0 else { return 0 }
    var written = 0
    do {
      written = try target.file.write(
        from: buffer.slice(from: 0, count: count), at: target.offset)
    } catch {
      if source.offset == nil && source.file.isSeekable { source.file.position = start }
      if hasSome && error != .brokenPipe { return 0 }
      throw error
    }
    if let offset = source.offset {
      source.offset = offset + Int64(written)
    } else if source.file.isSeekable {
      source.file.position = start + Int64(written)
    }
    if let offset = target.offset { target.offset = offset + Int64(written) }
    return written
  }
}
