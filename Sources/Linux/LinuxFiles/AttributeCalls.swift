// SPDX-License-Identifier: BSD-3-Clause

import Base
import Clock
import LinuxCore
import VFS

/// The calls that change what is known of a file: permissions, owner, times.
enum AttributeCalls {
  /// `int chmod(const char *pathname, mode_t mode)`
  static func changeMode(_ call: SystemCall) throws(Errno) -> Int {
    try changeMode(Paths.find(call, path: 0), call.uint32(1))
  }

  /// `int fchmod(int fd, mode_t mode)`
  static func changeModeOfFile(_ call: SystemCall) throws(Errno) -> Int {
    try changeMode(opened(call, 0), call.uint32(1))
  }

  /// `int fchmodat(int dirfd, const char *pathname, mode_t mode)`
  static func changeModeAt(_ call: SystemCall) throws(Errno) -> Int {
    try changeMode(Paths.find(call, call.int32(0), call.path(1)), call.uint32(2))
  }

  private static func changeMode(_ node: Node, _ mode: UInt32) throws(Errno) -> Int {
    guard !node.isSymbolicLink else { throw .notSupported }
    var change = AttributeChange()
    change.permissionBits = mode & 0o7777
    try withErrno { () throws(SystemError) in try node.change(change) }
    return 0
  }

  /// The file of a descriptor that is not only a place (`O_PATH`).
  private static func opened(_ call: SystemCall, _ position: Int) throws(Errno) -> Node {
    let file = try call.file(position)
    guard !file.flags.contains(.pathOnly) else { throw .badDescriptor }
    return file.node
  }

  /// `int chown(const char *pathname, uid_t owner, gid_t group)`
  static func changeOwner(_ call: SystemCall) throws(Errno) -> Int {
    try changeOwner(Paths.find(call, path: 0), call.uint32(1), call.uint32(2))
  }

  /// `int lchown(const char *pathname, uid_t owner, gid_t group)`
  static func changeOwnerOfLink(_ call: SystemCall) throws(Errno) -> Int {
    try changeOwner(
      Paths.find(call, path: 0, flags: Paths.noFollow), call.uint32(1), call.uint32(2))
  }

  /// `int fchown(int fd, uid_t owner, gid_t group)`
  static func changeOwnerOfFile(_ call: SystemCall) throws(Errno) -> Int {
    try changeOwner(opened(call, 0), call.uint32(1), call.uint32(2))
  }

  /// `int fchownat(int dirfd, const char *pathname, uid_t owner, gid_t group, int flags)`
  static func changeOwnerAt(_ call: SystemCall) throws(Errno) -> Int {
    let flags = call.uint32(4)
    guard flags & ~(Paths.noFollow | Paths.emptyPath) == 0 else { throw .invalidArgument }
    let node = try Paths.find(call, call.int32(0), call.path(1), flags: flags)
    return try changeOwner(node, call.uint32(2), call.uint32(3))
  }

  private static func changeOwner(
    _ node: Node, _ owner: UInt32, _ group: UInt32
  ) throws(Errno) -> Int {
    var change = AttributeChange()
    if owner != .max { change.owner = owner }
    if group != .max { change.group = group }
    // A program that changed hands loses its set-id bits (`chown(2)`).
    if node.kind == .regular, node.permissionBits & 0o6000 != 0 {
      var bits = node.permissionBits & ~0o4000
      if bits & 0o010 != 0 { bits &= ~0o2000 }
      change.permissionBits = bits
    }
    try withErrno { () throws(SystemError) in try node.change(change) }
    return 0
  }

  // MARK: Times

  private static let second: Int64 = 1_000_000_000
  /// `UTIME_NOW` and `UTIME_OMIT`
  private static let now: Int64 = 0x3fff_ffff
  private static let omit: Int64 = 0x3fff_fffe

  /// `int utimensat(int dirfd, const char *pathname, const struct timespec times[2], int flags)`
  static func setTimesAt(_ call: SystemCall) throws(Errno) -> Int {
    let flags = call.uint32(3)
    guard flags & ~(Paths.noFollow | Paths.emptyPath) == 0 else { throw .invalidArgument }
    let present = Clock.wallTime()
    var times: (accessed: Int64?, modified: Int64?) = (present, present)
    if let address = call.optionalAddress(2) {
      times.accessed = try time(at: address, present)
      times.modified = try time(at: address + 16, present)
    }
    let node: Node
    if call.argument(1) == 0 {
      // Without a path it is the file of the descriptor (`futimens`).
      guard call.int32(0) != Paths.workingDirectory else { throw .badAddress }
      guard flags == 0 else { throw .invalidArgument }
      node = try opened(call, 0)
    } else {
      node = try Paths.find(call, call.int32(0), call.path(1), flags: flags)
    }
    return try set(node, times.accessed, times.modified)
  }

  /// The time of a `struct timespec`; nil leaves the file's as it is.
  private static func time(
    at address: VirtualAddress, _ present: Int64
  ) throws(Errno) -> Int64? {
    let seconds = try ProgramBytes.load(at: address, as: Int64.self)
    let nanoseconds = try ProgramBytes.load(at: address + 8, as: Int64.self)
    if nanoseconds == now { return present }
    if nanoseconds == omit { return nil }
    guard nanoseconds >= 0 && nanoseconds < second else { throw .invalidArgument }
    return Nanoseconds(seconds: seconds, nanoseconds: nanoseconds).count
  }

  /// `int utime(const char *filename, const struct utimbuf *times)`
  static func setTimes(_ call: SystemCall) throws(Errno) -> Int {
    let node = try Paths.find(call, path: 0)
    guard let address = call.optionalAddress(1) else {
      let present = Clock.wallTime()
      return try set(node, present, present)
    }
    let accessed = try ProgramBytes.load(at: address, as: Int64.self)
    let modified = try ProgramBytes.load(at: address + 8, as: Int64.self)
    return try set(
      node, Nanoseconds(seconds: accessed).count, Nanoseconds(seconds: modified).count)
  }

  /// `int utimes(const char *filename, const struct timeval times[2])`
  static func setPreciseTimes(_ call: SystemCall) throws(Errno) -> Int {
    try setPreciseTimes(call, Paths.workingDirectory, call.path(0), call.optionalAddress(1))
  }

  /// `int futimesat(int dirfd, const char *pathname, const struct timeval times[2])`
  static func setPreciseTimesAt(_ call: SystemCall) throws(Errno) -> Int {
    try setPreciseTimes(call, call.int32(0), call.path(1), call.optionalAddress(2))
  }

  private static func setPreciseTimes(
    _ call: SystemCall, _ directory: Int32, _ path: [UInt8], _ times: VirtualAddress?
  ) throws(Errno) -> Int {
    let node = try Paths.find(call, directory, path)
    guard let times else {
      let present = Clock.wallTime()
      return try set(node, present, present)
    }
    return try set(node, microseconds(at: times), microseconds(at: times + 16))
  }

  /// The time of a `struct timeval`.
  private static func microseconds(at address: VirtualAddress) throws(Errno) -> Int64 {
    let seconds = try ProgramBytes.load(at: address, as: Int64.self)
    let microseconds = try ProgramBytes.load(at: address + 8, as: Int64.self)
    guard microseconds >= 0 && microseconds < 1_000_000 else { throw .invalidArgument }
    return Nanoseconds(seconds: seconds, nanoseconds: microseconds * 1000).count
  }

  private static func set(
    _ node: Node, _ accessed: Int64?, _ modified: Int64?
  ) throws(Errno) -> Int {
    guard accessed != nil || modified != nil else { return 0 }
    var change = AttributeChange()
    change.accessed = accessed
    change.modified = modified
    try withErrno { () throws(SystemError) in try node.change(change) }
    return 0
  }

  // MARK: Extended attributes

  /// `getxattr` and `lgetxattr`: as on a tmpfs, no file has any.
  static func getExtended(_ call: SystemCall) throws(Errno) -> Int {
    _ = try Paths.find(call, path: 0, flags: Paths.noFollow)
    return try refuseExtended(call)
  }

  /// `fgetxattr`
  static func getExtendedOfFile(_ call: SystemCall) throws(Errno) -> Int {
    _ = try call.file(0)
    return try refuseExtended(call)
  }

  /// A tmpfs knows no names that begin with `user.`, and has none of the others.
  private static func refuseExtended(_ call: SystemCall) throws(Errno) -> Int {
    let name = try ProgramBytes.text(at: call.address(1), limit: 256)
    throw name.starts(with: [0x75, 0x73, 0x65, 0x72, 0x2e]) ? .notSupported : .noData
  }

  /// `listxattr` and `llistxattr`
  static func listExtended(_ call: SystemCall) throws(Errno) -> Int {
    _ = try Paths.find(call, path: 0, flags: Paths.noFollow)
    return 0
  }

  /// `flistxattr`
  static func listExtendedOfFile(_ call: SystemCall) throws(Errno) -> Int {
    _ = try call.file(0)
    return 0
  }

  /// `setxattr`, `lsetxattr`, `removexattr`, `lremovexattr`
  static func changeExtended(_ call: SystemCall) throws(Errno) -> Int {
    _ = try Paths.find(call, path: 0, flags: Paths.noFollow)
    throw .notSupported
  }

  /// `fsetxattr`, `fremovexattr`
  static func changeExtendedOfFile(_ call: SystemCall) throws(Errno) -> Int {
    _ = try call.file(0)
    throw .notSupported
  }
}
