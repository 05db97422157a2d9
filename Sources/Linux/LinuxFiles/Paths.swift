// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import LinuxCore
import VFS

/// Finds files by the `dirfd` and `pathname` of a call.
enum Paths {
  /// `AT_FDCWD`
  static let workingDirectory: Int32 = -100
  /// `AT_SYMLINK_NOFOLLOW`
  static let noFollow: UInt32 = 0x100
  /// `AT_SYMLINK_FOLLOW`
  static let follow: UInt32 = 0x400
  /// `AT_EMPTY_PATH`
  static let emptyPath: UInt32 = 0x1000

  /// Where a relative path begins; nil for the working directory. Throws `badDescriptor`,
  /// `notDirectory`.
  static func start(
    _ call: SystemCall, _ directory: Int32, _ path: [UInt8]
  ) throws(Errno) -> Node? {
    if directory == workingDirectory || path.first == UInt8(ascii: "/") { return nil }
    let node = try call.process.descriptors.file(at: directory).node
    guard node.isDirectory || path.isEmpty else { throw .notDirectory }
    return node
  }

  /// The file at `path`. With `AT_EMPTY_PATH` an empty path is the directory descriptor's own file.
  static func find(
    _ call: SystemCall, _ directory: Int32, _ path: [UInt8], flags: UInt32 = 0
  ) throws(Errno) -> Node {
    if path.isEmpty && flags & emptyPath != 0 {
      if directory == workingDirectory { return call.process.namespace.workingDirectory }
      return try call.process.descriptors.file(at: directory).node
    }
    let start = try start(call, directory, path)
    do {
      return try call.process.namespace.lookup(
        RawSpan(_elements: path.span), from: start, followsLast: flags & noFollow == 0)
    } catch { throw Errno(error) }
  }

  /// The file at the path in argument `position`, from the working directory.
  static func find(
    _ call: SystemCall, path position: Int, flags: UInt32 = 0
  ) throws(Errno) -> Node {
    try find(call, workingDirectory, call.path(position), flags: flags)
  }

  /// The directory and name that `path` ends in. `special` is for `.`, `..` and the root.
  static func place(
    _ call: SystemCall, _ directory: Int32, _ path: [UInt8], special: SystemError = .fileExists
  ) throws(Errno) -> Namespace.Place {
    let start = try start(call, directory, path)
    do {
      return try call.process.namespace.place(
        RawSpan(_elements: path.span), from: start, special: special)
    } catch { throw Errno(error) }
  }

  /// The file that a place names, or nil.
  static func existing(
    at place: Namespace.Place, in path: [UInt8]
  ) throws(Errno) -> Node? {
    do {
      let node = try place.directory.lookup(RawSpan(_elements: path.span).extracting(place.name))
      return node.mounted ?? node
    } catch {
      if error == .noSuchFile { return nil }
      throw Errno(error)
    }
  }
}
