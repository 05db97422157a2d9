// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import LinuxCore
import Memory
import VFS

/// The calls that tell about files.
enum StatusCalls {
  /// `int stat(const char *pathname, struct stat *statbuf)`
  static func status(_ call: SystemCall) throws(Errno) -> Int {
    try FileStatus.store(Paths.find(call, path: 0), at: call.address(1))
    return 0
  }

  /// `int lstat(const char *pathname, struct stat *statbuf)`
  static func linkStatus(_ call: SystemCall) throws(Errno) -> Int {
    try FileStatus.store(Paths.find(call, path: 0, flags: Paths.noFollow), at: call.address(1))
    return 0
  }

  /// `int fstat(int fd, struct stat *statbuf)`
  static func fileStatus(_ call: SystemCall) throws(Errno) -> Int {
    try FileStatus.store(call.file(0).node, at: call.address(1))
    return 0
  }

  /// `int newfstatat(int dirfd, const char *pathname, struct stat *statbuf, int flags)`
  static func statusAt(_ call: SystemCall) throws(Errno) -> Int {
    let flags = call.uint32(3)
    // AT_NO_AUTOMOUNT (0x800) means nothing here.
    guard flags & ~(Paths.noFollow | Paths.emptyPath | 0x800) == 0 else {
      throw .invalidArgument
    }
    // glibc's fstat comes this way: one byte tells that the path is empty.
    if flags & Paths.emptyPath != 0, call.int32(0) >= 0,
      try ProgramBytes.load(at: call.address(1), as: UInt8.self) == 0
    {
      try FileStatus.store(call.file(0).node, at: call.address(2))
      return 0
    }
    let node = try Paths.find(call, call.int32(0), call.path(1), flags: flags)
    try FileStatus.store(node, at: call.address(2))
    return 0
  }

  /// `int statx(int dirfd, const char *pathname, int flags, unsigned int mask,
  /// struct statx *statxbuf)`
  static func extendedStatus(_ call: SystemCall) throws(Errno) -> Int {
    let flags = call.uint32(2)
    // AT_STATX_FORCE_SYNC and AT_STATX_DONT_SYNC exclude each other.
    guard flags & ~(Paths.noFollow | Paths.emptyPath | 0x6800) == 0, flags & 0x6000 != 0x6000,
      call.uint32(3) & 0x8000_0000 == 0
    else { throw .invalidArgument }
    let node = try Paths.find(call, call.int32(0), call.path(1), flags: flags)
    try FileStatus.storeExtended(node, at: call.address(4))
    return 0
  }

  /// `int access(const char *pathname, int mode)`
  static func access(_ call: SystemCall) throws(Errno) -> Int {
    try access(call, Paths.workingDirectory, call.path(0), call.uint32(1), flags: 0)
  }

  /// `int faccessat(int dirfd, const char *pathname, int mode)`
  static func accessAt(_ call: SystemCall) throws(Errno) -> Int {
    try access(call, call.int32(0), call.path(1), call.uint32(2), flags: 0)
  }

  /// `int faccessat2(int dirfd, const char *pathname, int mode, int flags)`
  static func accessAt2(_ call: SystemCall) throws(Errno) -> Int {
    let flags = call.uint32(3)
    // AT_EACCESS (0x200): real and effective user are treated alike.
    guard flags & ~(Paths.noFollow | Paths.emptyPath | 0x200) == 0 else {
      throw .invalidArgument
    }
    return try access(call, call.int32(0), call.path(1), call.uint32(2), flags: flags)
  }

  private static func access(
    _ call: SystemCall, _ directory: Int32, _ path: [UInt8], _ mode: UInt32, flags: UInt32
  ) throws(Errno) -> Int {
    guard mode & ~7 == 0 else { throw .invalidArgument }
    let node = try Paths.find(call, directory, path, flags: flags)
    do { try node.refresh() } catch { throw Errno(error) }
    if mode & 2 != 0 && node.isReadOnly && node.kind != .fifo { throw .readOnlyFileSystem }
    // Root may do all but run what nobody may run.
    if mode & 1 != 0 && node.kind == .regular && node.permissionBits & 0o111 == 0 {
      throw .accessDenied
    }
    return 0
  }

  /// `ssize_t readlink(const char *pathname, char *buf, size_t bufsiz)`
  static func readLink(_ call: SystemCall) throws(Errno) -> Int {
    try readLink(
      call, Paths.workingDirectory, call.path(0), call.address(1), call.int32(2))
  }

  /// `ssize_t readlinkat(int dirfd, const char *pathname, char *buf, size_t bufsiz)`
  static func readLinkAt(_ call: SystemCall) throws(Errno) -> Int {
    try readLink(call, call.int32(0), call.path(1), call.address(2), call.int32(3))
  }

  private static func readLink(
    _ call: SystemCall, _ directory: Int32, _ path: [UInt8], _ target: VirtualAddress,
    _ limit: Int32
  ) throws(Errno) -> Int {
    guard limit > 0 else { throw .invalidArgument }
    // An empty path is the link that the descriptor was opened on with O_PATH.
    let flags = directory == Paths.workingDirectory ? 0 : Paths.emptyPath
    let node = try Paths.find(call, directory, path, flags: flags | Paths.noFollow)
    guard node.isSymbolicLink else {
      throw path.isEmpty ? .noSuchFile : .invalidArgument
    }
    return try withErrno { () throws(SystemError) -> Int in
      let text = try node.readLink()
      let count = min(text.count, Int(limit))
      try UserBuffer(start: target, count: count).copyOut(
        RawSpan(_elements: text.span).extracting(0..<count))
      return count
    }
  }

  /// `int statfs(const char *path, struct statfs *buf)`
  static func systemStatus(_ call: SystemCall) throws(Errno) -> Int {
    try FileStatus.storeSystem(Paths.find(call, path: 0), at: call.address(1))
    return 0
  }

  /// `int fstatfs(int fd, struct statfs *buf)`
  static func systemStatusOfFile(_ call: SystemCall) throws(Errno) -> Int {
    try FileStatus.storeSystem(call.file(0).node, at: call.address(1))
    return 0
  }
}
