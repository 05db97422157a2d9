// SPDX-License-Identifier: BSD-3-Clause

import Base
import LinuxCore
import Memory
import Scheduling
import VFS

/// The calls that move bytes between files and the program.
enum TransferCalls {
  /// `UIO_MAXIOV`
  private static let pieceLimit = 1024

  /// `ssize_t read(int fd, void *buf, size_t count)`
  static func read(_ call: SystemCall) throws(Errno) -> Int {
    try read(call.file(0), call.buffer(1, count: 2), at: nil)
  }

  /// `ssize_t write(int fd, const void *buf, size_t count)`
  static func write(_ call: SystemCall) throws(Errno) -> Int {
    try write(call, call.file(0), call.buffer(1, count: 2), at: nil)
  }

  /// `ssize_t pread64(int fd, void *buf, size_t count, off_t offset)`
  static func readAt(_ call: SystemCall) throws(Errno) -> Int {
    let offset = call.int64(3)
    guard offset >= 0 else { throw .invalidArgument }
    let file = try call.file(0)
    guard file.isSeekable else { throw .illegalSeek }
    return try read(file, call.buffer(1, count: 2), at: offset)
  }

  /// `ssize_t pwrite64(int fd, const void *buf, size_t count, off_t offset)`
  static func writeAt(_ call: SystemCall) throws(Errno) -> Int {
    let offset = call.int64(3)
    guard offset >= 0 else { throw .invalidArgument }
    let file = try call.file(0)
    guard file.isSeekable else { throw .illegalSeek }
    return try write(call, file, call.buffer(1, count: 2), at: offset)
  }

  /// `ssize_t readv(int fd, const struct iovec *iov, int iovcnt)`
  static func readVector(_ call: SystemCall) throws(Errno) -> Int {
    try readVector(call, at: nil)
  }

  /// `ssize_t writev(int fd, const struct iovec *iov, int iovcnt)`
  static func writeVector(_ call: SystemCall) throws(Errno) -> Int {
    try writeVector(call, at: nil)
  }

  /// `ssize_t preadv(int fd, const struct iovec *iov, int iovcnt, off_t offset)`
  static func readVectorAt(_ call: SystemCall) throws(Errno) -> Int {
    guard call.int64(3) >= 0 else { throw .invalidArgument }
    return try readVector(call, at: call.int64(3))
  }

  /// `ssize_t pwritev(int fd, const struct iovec *iov, int iovcnt, off_t offset)`
  static func writeVectorAt(_ call: SystemCall) throws(Errno) -> Int {
    guard call.int64(3) >= 0 else { throw .invalidArgument }
    return try writeVector(call, at: call.int64(3))
  }

  /// `ssize_t preadv2(int fd, const struct iovec *iov, int iovcnt, off_t offset, int flags)`
  static func readVectorAt2(_ call: SystemCall) throws(Errno) -> Int {
    try readVector(call, at: offset2(call))
  }

  /// `ssize_t pwritev2(int fd, const struct iovec *iov, int iovcnt, off_t offset, int flags)`
  static func writeVectorAt2(_ call: SystemCall) throws(Errno) -> Int {
    try writeVector(call, at: offset2(call))
  }

  /// The offset of the second forms: -1 is the file's own. `RWF_HIPRI`, `RWF_DSYNC` and `RWF_SYNC`
  /// mean nothing for files in memory.
  private static func offset2(_ call: SystemCall) throws(Errno) -> Int64? {
    guard call.uint32(5) & ~7 == 0 else { throw .notSupported }
    let offset = call.int64(3)
    if offset == -1 { return nil }
    guard offset >= 0 else { throw .invalidArgument }
    return offset
  }

  @inline(__always)
  private static func read(
    _ file: OpenFile, _ buffer: UserBuffer, at offset: Int64?
  ) throws(Errno) -> Int {
    guard file.isReadable else { throw .badDescriptor }
    do { return try file.read(into: buffer, at: offset) } catch { throw Errno(error) }
  }

  @inline(__always)
  private static func write(
    _ call: SystemCall, _ file: OpenFile, _ buffer: UserBuffer, at offset: Int64?
  ) throws(Errno) -> Int {
    guard file.isWritable else { throw .badDescriptor }
    if file.node.locks != nil { try checkSeals(file, buffer, at: offset) }
    do { return try file.write(from: buffer, at: offset) } catch {
      if error == .brokenPipe, file.signalsBrokenPipe { sendBrokenPipe(call) }
      throw Errno(error)
    }
  }

  /// Throws `notPermitted` for what the seals of a memory file forbid.
  @inline(never)
  private static func checkSeals(
    _ file: OpenFile, _ buffer: UserBuffer, at offset: Int64?
  ) throws(Errno) {
    guard let seals = FileLocks.existing(of: file.node)?.seals else { return }
    if !seals.isDisjoint(with: [.write, .futureWrite]) { throw .notPermitted }
    let start = offset ?? file.position
    if seals.contains(.grow) && start + Int64(buffer.count) > file.node.byteCount {
      throw .notPermitted
    }
  }

  /// A write that nobody can read raises a signal in the thread that wrote (`pipe(7)`).
  @inline(never)
  static func sendBrokenPipe(_ call: SystemCall) {
    call.process.post(SignalInformation(signal: .pipe, code: 0), to: call.thread)
  }

  private static func readVector(_ call: SystemCall, at offset: Int64?) throws(Errno) -> Int {
    let file = try call.file(0)
    guard file.isReadable else { throw .badDescriptor }
    guard offset == nil || file.isSeekable else { throw .illegalSeek }
    if file.takesVectors {
      do { return try file.read(into: vector(call)) } catch { throw Errno(error) }
    }
    let pieces = try Pieces(call)
    var done = 0
    for index in 0..<pieces.count {
      let piece = try pieces.piece(index, after: done)
      if piece.count == 0 { continue }
      // What came already must not wait for more.
      if done > 0 && file.readiness.isDisjoint(with: [.readable, .readableNormal]) { break }
      do {
        let count = try file.read(into: piece, at: offset.map { $0 &+ Int64(done) })
        done += count
        if count < piece.count { break }
      } catch {
        if done > 0 { break }
        throw Errno(error)
      }
    }
    return done
  }

  private static func writeVector(_ call: SystemCall, at offset: Int64?) throws(Errno) -> Int {
    let file = try call.file(0)
    guard file.isWritable else { throw .badDescriptor }
    guard offset == nil || file.isSeekable else { throw .illegalSeek }
    if file.takesVectors {
      do { return try file.write(from: vector(call)) } catch {
        if error == .brokenPipe, file.signalsBrokenPipe { sendBrokenPipe(call) }
        throw Errno(error)
      }
    }
    let pieces = try Pieces(call)
    var done = 0
    for index in 0..<pieces.count {
      let piece = try pieces.piece(index, after: done)
      if piece.count == 0 { continue }
      if file.node.locks != nil { try checkSeals(file, piece, at: offset) }
      do {
        let count = try file.write(from: piece, at: offset.map { $0 &+ Int64(done) })
        done += count
        if count < piece.count { break }
      } catch {
        if error == .brokenPipe, file.signalsBrokenPipe { sendBrokenPipe(call) }
        if done > 0 { break }
        throw Errno(error)
      }
    }
    return done
  }

  private static func vector(_ call: SystemCall) throws(SystemError) -> UserVector {
    guard call.argument(2) <= UInt(pieceLimit) else { throw .invalidArgument }
    return try UserVector(descriptions: call.address(1), count: Int(call.argument(2)))
  }

  /// The `struct iovec`s of a call. They stay in the program's memory and are read one by one.
  private struct Pieces {
    /// What one call moves at most (`MAX_RW_COUNT`).
    static let byteLimit = 0x7fff_f000

    let start: VirtualAddress
    let count: Int

    /// Throws `invalidArgument` for too many pieces or more bytes than a `ssize_t` holds.
    init(_ call: SystemCall) throws(Errno) {
      start = call.address(1)
      let wanted = call.argument(2)
      guard wanted <= UInt(pieceLimit) else { throw .invalidArgument }
      count = Int(wanted)
      var total = 0
      for index in 0..<count {
        let length = try ProgramBytes.load(at: start + index * 16 + 8, as: Int.self)
        let (sum, overflow) = total.addingReportingOverflow(length)
        guard length >= 0 && !overflow else { throw .invalidArgument }
        total = sum
      }
    }

    func piece(_ index: Int, after done: Int) throws(Errno) -> UserBuffer {
      let base = try ProgramBytes.load(at: start + index * 16, as: UInt.self)
      let length = try ProgramBytes.load(at: start + index * 16 + 8, as: Int.self)
      return UserBuffer(
        start: VirtualAddress(base), count: min(max(length, 0), Self.byteLimit - done))
    }
  }
}
