// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import LinuxCore
import VFS

/// The calls that give, change and take away names.
enum NameCalls {
  /// `int mkdir(const char *pathname, mode_t mode)`
  static func makeDirectory(_ call: SystemCall) throws(Errno) -> Int {
    try make(call, Paths.workingDirectory, call.path(0), .directory, call.uint32(1), 0)
  }

  /// `int mkdirat(int dirfd, const char *pathname, mode_t mode)`
  static func makeDirectoryAt(_ call: SystemCall) throws(Errno) -> Int {
    try make(call, call.int32(0), call.path(1), .directory, call.uint32(2), 0)
  }

  /// `int mknod(const char *pathname, mode_t mode, dev_t dev)`
  static func makeNode(_ call: SystemCall) throws(Errno) -> Int {
    try makeNode(
      call, Paths.workingDirectory, call.path(0), call.uint32(1), call.uint32(2))
  }

  /// `int mknodat(int dirfd, const char *pathname, mode_t mode, dev_t dev)`
  static func makeNodeAt(_ call: SystemCall) throws(Errno) -> Int {
    try makeNode(call, call.int32(0), call.path(1), call.uint32(2), call.uint32(3))
  }

  private static func makeNode(
    _ call: SystemCall, _ directory: Int32, _ path: [UInt8], _ mode: UInt32, _ device: UInt32
  ) throws(Errno) -> Int {
    let kind: FileKind
    switch mode & 0o170000 {
    case 0, FileKind.regular.rawValue: kind = .regular
    case FileKind.fifo.rawValue: kind = .fifo
    case FileKind.socket.rawValue: kind = .socket
    case FileKind.characterDevice.rawValue: kind = .characterDevice
    case FileKind.blockDevice.rawValue: kind = .blockDevice
    case FileKind.directory.rawValue: throw .notPermitted
    default: throw .invalidArgument
    }
    return try make(call, directory, path, kind, mode, UInt64(device))
  }

  private static func make(
    _ call: SystemCall, _ directory: Int32, _ path: [UInt8], _ kind: FileKind, _ mode: UInt32,
    _ device: UInt64
  ) throws(Errno) -> Int {
    let place = try Paths.place(call, directory, path)
    if try Paths.existing(at: place, in: path) != nil { throw .fileExists }
    guard !place.wantsDirectory || kind == .directory else { throw .noSuchFile }
    // Directories get no set-id bits from here (`vfs_mkdir`).
    let mask: UInt32 = kind == .directory ? 0o1777 : 0o7777
    try withErrno { () throws(SystemError) in
      _ = try place.directory.make(
        RawSpan(_elements: path.span).extracting(place.name), kind,
        permissionBits: mode & mask & ~call.process.fileModeMask, device: device)
    }
    return 0
  }

  /// `int rmdir(const char *pathname)`
  static func removeDirectory(_ call: SystemCall) throws(Errno) -> Int {
    try remove(call, Paths.workingDirectory, call.path(0), directory: true)
  }

  /// `int unlink(const char *pathname)`
  static func remove(_ call: SystemCall) throws(Errno) -> Int {
    try remove(call, Paths.workingDirectory, call.path(0), directory: false)
  }

  /// `int unlinkat(int dirfd, const char *pathname, int flags)`; `AT_REMOVEDIR` is 0x200.
  static func removeAt(_ call: SystemCall) throws(Errno) -> Int {
    let flags = call.uint32(2)
    guard flags & ~0x200 == 0 else { throw .invalidArgument }
    return try remove(call, call.int32(0), call.path(1), directory: flags != 0)
  }

  private static func remove(
    _ call: SystemCall, _ directory: Int32, _ path: [UInt8], directory wantsDirectory: Bool
  ) throws(Errno) -> Int {
    let special: SystemError = wantsDirectory ? reasonNotToRemove(path) : .isDirectory
    let place = try Paths.place(call, directory, path, special: special)
    guard let node = try Paths.existing(at: place, in: path) else { throw .noSuchFile }
    if place.wantsDirectory && !node.isDirectory { throw .notDirectory }
    if wantsDirectory && !node.isDirectory { throw .notDirectory }
    if !wantsDirectory && node.isDirectory { throw .isDirectory }
    if node.parent != nil && node.isDirectory {
      // A mounted root, or the root of the process, stays.
      let inside = try withErrno { () throws(SystemError) in
        try place.directory.lookup(RawSpan(_elements: path.span).extracting(place.name))
      }
      if inside.mounted != nil || node === call.process.namespace.root { throw .busy }
    }
    try withErrno { () throws(SystemError) in
      try place.directory.remove(
        RawSpan(_elements: path.span).extracting(place.name), directory: wantsDirectory)
    }
    return 0
  }

  /// Why `rmdir` refuses a path that ends in no name.
  private static func reasonNotToRemove(_ path: [UInt8]) -> SystemError {
    var end = path.count
    while end > 0 && path[end - 1] == UInt8(ascii: "/") { end -= 1 }
    if end == 0 { return .busy }
    let endsInTwoDots = end >= 2 && path[end - 2] == UInt8(ascii: ".")
    return endsInTwoDots ? .directoryNotEmpty : .invalidArgument
  }

  /// `int link(const char *oldpath, const char *newpath)`
  static func link(_ call: SystemCall) throws(Errno) -> Int {
    let node = try Paths.find(call, path: 0, flags: Paths.noFollow)
    return try link(call, node, Paths.workingDirectory, call.path(1))
  }

  /// `int linkat(int olddirfd, const char *oldpath, int newdirfd, const char *newpath, int flags)`
  static func linkAt(_ call: SystemCall) throws(Errno) -> Int {
    let flags = call.uint32(4)
    guard flags & ~(Paths.follow | Paths.emptyPath) == 0 else { throw .invalidArgument }
    let how = flags & Paths.emptyPath | (flags & Paths.follow == 0 ? Paths.noFollow : 0)
    let node = try Paths.find(call, call.int32(0), call.path(1), flags: how)
    return try link(call, node, call.int32(2), call.path(3))
  }

  private static func link(
    _ call: SystemCall, _ node: Node, _ directory: Int32, _ path: [UInt8]
  ) throws(Errno) -> Int {
    let place = try Paths.place(call, directory, path)
    if try Paths.existing(at: place, in: path) != nil { throw .fileExists }
    guard !place.wantsDirectory else { throw .noSuchFile }
    guard place.directory.deviceNumber == node.deviceNumber else { throw .crossDevice }
    guard !node.isDirectory else { throw .notPermitted }
    try withErrno { () throws(SystemError) in
      try place.directory.link(RawSpan(_elements: path.span).extracting(place.name), node)
    }
    return 0
  }

  /// `int symlink(const char *target, const char *linkpath)`
  static func makeLink(_ call: SystemCall) throws(Errno) -> Int {
    try makeLink(call, Paths.workingDirectory, call.path(1))
  }

  /// `int symlinkat(const char *target, int newdirfd, const char *linkpath)`
  static func makeLinkAt(_ call: SystemCall) throws(Errno) -> Int {
    try makeLink(call, call.int32(1), call.path(2))
  }

  private static func makeLink(
    _ call: SystemCall, _ directory: Int32, _ path: [UInt8]
  ) throws(Errno) -> Int {
    let target = try call.path(0)
    guard !target.isEmpty else { throw .noSuchFile }
    let place = try Paths.place(call, directory, path)
    if try Paths.existing(at: place, in: path) != nil { throw .fileExists }
    guard !place.wantsDirectory else { throw .noSuchFile }
    try withErrno { () throws(SystemError) in
      _ = try place.directory.makeLink(
        RawSpan(_elements: path.span).extracting(place.name),
        to: RawSpan(_elements: target.span))
    }
    return 0
  }
}
