// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import LinuxCore
import Memory
import VFS

/// The calls on directories: listing them, and being in one.
enum DirectoryCalls {
  /// `ssize_t getdents64(int fd, void *dirp, size_t count)`
  static func list(_ call: SystemCall) throws(Errno) -> Int {
    try list(call, oldFormat: false)
  }

  /// `int getdents(unsigned int fd, struct linux_dirent *dirp, unsigned int count)`
  static func listOldFormat(_ call: SystemCall) throws(Errno) -> Int {
    try list(call, oldFormat: true)
  }

  private static func list(_ call: SystemCall, oldFormat: Bool) throws(Errno) -> Int {
    guard let directory = try call.file(0) as? OpenDirectory else { throw .notDirectory }
    guard !directory.node.isRemoved else { throw .noSuchFile }
    let buffer = call.buffer(1, count: 2)
    var done = 0
    while true {
      let found: DirectoryEntry?
      do { found = try directory.nextEntry() } catch { throw Errno(error) }
      guard let entry = found else { return done }
      let record = record(of: entry, oldFormat: oldFormat)
      guard record.count <= buffer.count - done else {
        if done == 0 { throw .invalidArgument }
        return done
      }
      do {
        try buffer.copyOut(RawSpan(_elements: record.span), at: done)
      } catch {
        if done > 0 { return done }
        throw Errno(error)
      }
      done += record.count
      directory.position = Int64(bitPattern: entry.next)
    }
  }

  /// A `struct linux_dirent64`, or a `struct linux_dirent`, which has the type in its last byte.
  private static func record(of entry: DirectoryEntry, oldFormat: Bool) -> [UInt8] {
    let nameStart = oldFormat ? 18 : 19
    let count = roundedUp(nameStart + entry.name.count + (oldFormat ? 2 : 1), to: 8)
    var bytes = [UInt8](repeating: 0, count: count)
    bytes.put(entry.number, at: 0)
    bytes.put(entry.next, at: 8)
    bytes.put(UInt16(count), at: 16)
    bytes[oldFormat ? count - 1 : 18] = entry.kind.directoryType
    for index in entry.name.indices { bytes[nameStart + index] = entry.name[index] }
    return bytes
  }

  /// `char *getcwd(char *buf, size_t size)`; the result counts the zero byte.
  static func workingDirectory(_ call: SystemCall) throws(Errno) -> Int {
    let namespace = call.process.namespace
    guard !namespace.workingDirectory.isRemoved else { throw .noSuchFile }
    var path = namespace.path(of: namespace.workingDirectory)
    path.append(0)
    guard UInt(path.count) <= call.argument(1) else { throw .range }
    try ProgramBytes.copyOut(path, to: call.address(0))
    return path.count
  }

  /// `int chdir(const char *path)`
  static func changeDirectory(_ call: SystemCall) throws(Errno) -> Int {
    let node = try Paths.find(call, path: 0)
    guard node.isDirectory else { throw .notDirectory }
    call.process.namespace.workingDirectory = node
    return 0
  }

  /// `int fchdir(int fd)`
  static func changeDirectoryToFile(_ call: SystemCall) throws(Errno) -> Int {
    let node = try call.file(0).node
    guard node.isDirectory else { throw .notDirectory }
    call.process.namespace.workingDirectory = node
    return 0
  }

  /// `int chroot(const char *path)`
  static func changeRoot(_ call: SystemCall) throws(Errno) -> Int {
    let node = try Paths.find(call, path: 0)
    guard node.isDirectory else { throw .notDirectory }
    guard call.process.credentials.isPrivileged else { throw .notPermitted }
    call.process.namespace.root = node
    return 0
  }
}
