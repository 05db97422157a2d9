// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import LinuxCore
import VFS

/// `open` and its kin.
enum OpenCalls {
  /// Flags that are gone once the file is open.
  private static let momentary: OpenFlags = [
    .create, .exclusive, .noControllingTerminal, .truncate, .closeOnExec,
  ]
  /// `S_IALLUGO`
  private static let permissionMask: UInt32 = 0o7777

  /// `int open(const char *pathname, int flags, mode_t mode)`
  static func open(_ call: SystemCall) throws(Errno) -> Int {
    try open(call, Paths.workingDirectory, call.path(0), call.uint32(1), call.uint32(2))
  }

  /// `int openat(int dirfd, const char *pathname, int flags, mode_t mode)`
  static func openAt(_ call: SystemCall) throws(Errno) -> Int {
    try open(call, call.int32(0), call.path(1), call.uint32(2), call.uint32(3))
  }

  /// `int creat(const char *pathname, mode_t mode)`
  static func create(_ call: SystemCall) throws(Errno) -> Int {
    let flags: OpenFlags = [.create, .truncate, .writeOnly]
    return try open(call, Paths.workingDirectory, call.path(0), flags.rawValue, call.uint32(1))
  }

  /// `long openat2(int dirfd, const char *pathname, struct open_how *how, size_t size)`;
  /// without the `RESOLVE_*` restrictions.
  static func openAt2(_ call: SystemCall) throws(Errno) -> Int {
    let size = call.argument(3)
    guard size >= 24 else { throw .invalidArgument }
    guard size <= 4096 else { throw .argumentListTooLong }
    let how = call.address(2)
    let flags = try ProgramBytes.load(at: how, as: UInt64.self)
    let mode = try ProgramBytes.load(at: how + 8, as: UInt64.self)
    let resolution = try ProgramBytes.load(at: how + 16, as: UInt64.self)
    guard flags <= UInt64(UInt32.max), mode & ~UInt64(permissionMask) == 0,
      resolution & ~0x3f == 0
    else { throw .invalidArgument }
    guard resolution == 0 else { throw .notImplemented }
    return try open(call, call.int32(0), call.path(1), UInt32(flags), UInt32(mode))
  }

  private static func open(
    _ call: SystemCall, _ directory: Int32, _ path: [UInt8], _ rawFlags: UInt32, _ mode: UInt32
  ) throws(Errno) -> Int {
    var flags = OpenFlags(rawValue: rawFlags).union(.largeFile)
    if flags.contains(.pathOnly) {
      flags.formIntersection([.pathOnly, .directory, .noFollow, .closeOnExec])
    }
    let file: OpenFile
    if flags.contains(.temporary) {
      file = try openNameless(call, directory, path, flags, mode)
    } else {
      var wasMade = false
      let node =
        flags.contains(.create)
        ? try findOrMake(call, directory, path, flags, mode, &wasMade)
        : try Paths.find(
          call, directory, path, flags: flags.contains(.noFollow) ? Paths.noFollow : 0)
      file = try open(node, flags, wasMade: wasMade)
    }
    return Int(
      try call.process.descriptors.add(file, closesOnExec: flags.contains(.closeOnExec)))
  }

  /// Opens a file that was found. The checks come in Linux's order (`do_open`).
  private static func open(
    _ node: Node, _ flags: OpenFlags, wasMade: Bool
  ) throws(Errno) -> OpenFile {
    let status = flags.subtracting(momentary)
    if flags.contains(.pathOnly) {
      if flags.contains(.directory) && !node.isDirectory { throw .notDirectory }
      return OpenFile(node: node, flags: status)
    }
    if node.isSymbolicLink { throw .tooManyLinksInPath }
    if node.isDirectory {
      if status.allowsWriting || flags.contains(.create) { throw .isDirectory }
    } else if flags.contains(.directory) {
      throw .notDirectory
    }
    do { return try openContents(node, flags, status, wasMade) } catch { throw Errno(error) }
  }

  private static func openContents(
    _ node: Node, _ flags: OpenFlags, _ status: OpenFlags, _ wasMade: Bool
  ) throws(SystemError) -> OpenFile {
    switch node.kind {
    case .socket: throw .noSuchDeviceAddress
    case .regular:
      if flags.contains(.truncate) && !wasMade { try node.truncate(to: 0) }
    default: break
    }
    return try node.open(status)
  }

  /// Finds the file or makes it. A symbolic link that leads nowhere yet is followed to the place
  /// where the file is made (`open(2)`, `O_CREAT`).
  private static func findOrMake(
    _ call: SystemCall, _ directory: Int32, _ path: [UInt8], _ flags: OpenFlags, _ mode: UInt32,
    _ wasMade: inout Bool
  ) throws(Errno) -> Node {
    guard !flags.contains(.directory) else { throw .invalidArgument }
    var path = path
    var start = try Paths.start(call, directory, path)
    for _ in 0..<40 {
      let place: Namespace.Place
      do {
        place = try call.process.namespace.place(
          RawSpan(_elements: path.span), from: start, special: .isDirectory)
      } catch { throw Errno(error) }
      guard !place.wantsDirectory else { throw .isDirectory }
      guard let node = try Paths.existing(at: place, in: path) else {
        wasMade = true
        return try make(call, place, path, mode)
      }
      if flags.contains(.exclusive) { throw .fileExists }
      guard node.isSymbolicLink, !flags.contains(.noFollow) else { return node }
      do {
        if let object = try node.followLink() { return object }
        path = try node.readLink()
      } catch { throw Errno(error) }
      start = place.directory
    }
    throw .tooManyLinksInPath
  }

  private static func make(
    _ call: SystemCall, _ place: Namespace.Place, _ path: [UInt8], _ mode: UInt32
  ) throws(Errno) -> Node {
    do {
      return try place.directory.make(
        RawSpan(_elements: path.span).extracting(place.name), .regular,
        permissionBits: mode & permissionMask & ~call.process.fileModeMask, device: 0)
    } catch { throw Errno(error) }
  }

  /// `O_TMPFILE`
  private static func openNameless(
    _ call: SystemCall, _ directory: Int32, _ path: [UInt8], _ flags: OpenFlags, _ mode: UInt32
  ) throws(Errno) -> OpenFile {
    guard flags.contains(.directory), flags.allowsWriting, !flags.contains(.create) else {
      throw .invalidArgument
    }
    let parent = try Paths.find(call, directory, path)
    guard parent.isDirectory else { throw .notDirectory }
    do {
      let node = try parent.makeNameless(
        permissionBits: mode & permissionMask & ~call.process.fileModeMask)
      return try node.open(flags.subtracting(momentary))
    } catch { throw Errno(error) }
  }
}
