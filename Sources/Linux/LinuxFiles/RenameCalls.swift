// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import LinuxCore
import VFS

/// `rename` and its kin.
enum RenameCalls {
  /// `int rename(const char *oldpath, const char *newpath)`
  static func rename(_ call: SystemCall) throws(Errno) -> Int {
    let here = Paths.workingDirectory
    return try rename(call, here, call.path(0), here, call.path(1), .replace)
  }

  /// `int renameat(int olddirfd, const char *oldpath, int newdirfd, const char *newpath)`
  static func renameAt(_ call: SystemCall) throws(Errno) -> Int {
    try rename(call, call.int32(0), call.path(1), call.int32(2), call.path(3), .replace)
  }

  /// `int renameat2(int olddirfd, const char *oldpath, int newdirfd, const char *newpath,
  /// unsigned int flags)`; `RENAME_WHITEOUT` is refused.
  static func renameAt2(_ call: SystemCall) throws(Errno) -> Int {
    let mode: RenameMode
    switch call.uint32(4) {
    case 0: mode = .replace
    case 1: mode = .keep
    case 2: mode = .exchange
    default: throw .invalidArgument
    }
    return try rename(call, call.int32(0), call.path(1), call.int32(2), call.path(3), mode)
  }

  private static func rename(
    _ call: SystemCall, _ oldDirectory: Int32, _ oldPath: [UInt8], _ newDirectory: Int32,
    _ newPath: [UInt8], _ mode: RenameMode
  ) throws(Errno) -> Int {
    let special: SystemError = mode == .keep ? .fileExists : .busy
    let old = try Paths.place(call, oldDirectory, oldPath, special: .busy)
    let new = try Paths.place(call, newDirectory, newPath, special: special)
    guard old.directory.deviceNumber == new.directory.deviceNumber else { throw .crossDevice }
    guard let node = try Paths.existing(at: old, in: oldPath) else { throw .noSuchFile }
    let target = try Paths.existing(at: new, in: newPath)
    if mode == .keep && target != nil { throw .fileExists }
    if mode == .exchange && target == nil { throw .noSuchFile }
    if !node.isDirectory {
      let newWantsDirectory = new.wantsDirectory && mode != .exchange
      if old.wantsDirectory || newWantsDirectory { throw .notDirectory }
    }
    if node.deviceNumber != old.directory.deviceNumber { throw .busy }
    if let target, target.deviceNumber != new.directory.deviceNumber { throw .busy }
    // A directory cannot go below itself, nor replace one that it lies in.
    if node.isAbove(new.directory) { throw .invalidArgument }
    if let target, target.isAbove(old.directory) {
      throw mode == .exchange ? .invalidArgument : .directoryNotEmpty
    }
    if let target {
      if target === node { return 0 }
      if mode == .replace {
        if node.isDirectory && !target.isDirectory { throw .notDirectory }
        if !node.isDirectory && target.isDirectory { throw .isDirectory }
      }
    }
    try withErrno { () throws(SystemError) in
      try old.directory.rename(
        RawSpan(_elements: oldPath.span).extracting(old.name), to: new.directory,
        RawSpan(_elements: newPath.span).extracting(new.name), mode)
    }
    return 0
  }
}
