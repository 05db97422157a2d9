// SPDX-License-Identifier: BSD-3-Clause

import Base
import VFS

/// A tree of files that may differ from the archive. Errors are Linux's for the same call.
public protocol NativeTree: AnyObject {
  /// The file at a path; symbolic links are followed.
  func lookup(_ path: RawSpan) throws(SystemError) -> Node
  /// Opens a regular file, which it makes if the flags say so.
  func open(_ path: RawSpan, _ flags: OpenFlags) throws(SystemError) -> OpenFile
  /// Opens a directory to list it.
  func openDirectory(_ path: RawSpan) throws(SystemError) -> OpenDirectory
  /// Makes a directory.
  func makeDirectory(_ path: RawSpan) throws(SystemError)
  /// Takes a name away.
  func remove(_ path: RawSpan, _ kind: RemovedKind) throws(SystemError)
  /// Gives a file another name, in place of what has it.
  func rename(_ path: RawSpan, to target: RawSpan) throws(SystemError)
}

/// What is to go.
public enum RemovedKind: Sendable {
  case directory
  /// Anything else.
  case file
}
