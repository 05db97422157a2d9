// SPDX-License-Identifier: BSD-3-Clause

import Bytes
import Glibc

/// What the host knows of a file.
public struct HostFileStatus: Sendable {
  /// `st_mode`
  public let mode: UInt32
  public let byteCount: Int
  /// In nanoseconds since 1970.
  public let modified: Int64

  init(_ status: stat) {
    mode = status.st_mode
    byteCount = Int(status.st_size)
    modified = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
  }
}

// SAFETY (all below): paths end in a zero byte that `withPath` adds; calls get variables of the size
// they expect, and spans with their own length.

/// An open file of the host, for applications that run on it.
///
/// A descriptor and nothing else: who holds it calls `close` once.
public struct HostFile: Sendable {
  private let descriptor: Int32

  /// How a file is opened.
  public struct Mode: Sendable {
    let flags: Int32

    public init(
      isReading: Bool = true, isWriting: Bool = false, isAppending: Bool = false,
      makes: Bool = false, isNew: Bool = false, truncates: Bool = false
    ) {
      flags =
        (isWriting ? (isReading ? O_RDWR : O_WRONLY) : O_RDONLY) | (isAppending ? O_APPEND : 0)
        | (makes ? O_CREAT : 0) | (isNew ? O_EXCL : 0) | (truncates ? O_TRUNC : 0)
    }
  }

  /// Opens a file.
  public init(_ path: RawSpan, _ mode: Mode) throws(HostFileError) {
    descriptor = unsafe try Self.call(path) { unsafe open($0, mode.flags | O_CLOEXEC, 0o644) }
  }

  /// Calls with a path, and throws what `errno` tells of -1.
  static func call(
    _ path: RawSpan, _ body: (UnsafePointer<CChar>) -> Int32
  ) throws(HostFileError) -> Int32 {
    var bytes: [CChar] = []
    for offset in 0..<path.byteCount { bytes.append(CChar(bitPattern: path.byte(at: offset))) }
    bytes.append(0)
    var result: Int32 = -1
    repeat {
      result = unsafe bytes.withUnsafeBufferPointer { unsafe body($0.baseAddress!) }
    } while result < 0 && errno == EINTR
    guard result >= 0 else { throw .last }
    return result
  }

  /// What is known of the file at a path.
  public static func status(of path: RawSpan) throws(HostFileError) -> HostFileStatus {
    var status = stat()
    _ = unsafe try call(path) { unsafe stat($0, &status) }
    return HostFileStatus(status)
  }

  public var status: HostFileStatus {
    get throws(HostFileError) {
      var status = stat()
      guard unsafe fstat(descriptor, &status) == 0 else { throw .last }
      return HostFileStatus(status)
    }
  }

  /// Reads at an offset; 0 at the end.
  public func read(
    into bytes: inout MutableRawSpan, at offset: Int
  ) throws(HostFileError) -> Int {
    while true {
      let count = unsafe bytes.withUnsafeMutableBytes {
        unsafe pread(descriptor, $0.baseAddress, $0.count, offset)
      }
      if count >= 0 { return count }
      guard errno == EINTR else { throw .last }
    }
  }

  /// Writes all bytes at an offset, or where the host puts what is appended.
  public func write(_ bytes: RawSpan, at offset: Int) throws(HostFileError) {
    var done = 0
    while done < bytes.byteCount {
      let count = unsafe bytes.withUnsafeBytes {
        unsafe pwrite(descriptor, $0.baseAddress! + done, $0.count - done, offset + done)
      }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .last }
      done += count
    }
  }

  public func truncate(to byteCount: Int) throws(HostFileError) {
    guard ftruncate(descriptor, byteCount) == 0 else { throw .last }
  }

  /// What was written is to reach the disk.
  public func synchronize() throws(HostFileError) {
    guard fsync(descriptor) == 0 else { throw .last }
  }

  public func close() { _ = Glibc.close(descriptor) }
}
