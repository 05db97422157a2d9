// SPDX-License-Identifier: BSD-3-Clause

/// Why a path leads to no file of an archive.
public enum ErofsPathError: Error, Equatable, Sendable {
  /// There is no such name, or the path is empty.
  case noSuchFile
  /// Something before the last name, or before a slash at the end, is no directory.
  case notDirectory
  /// A name of more than 255 bytes.
  case nameTooLong
  /// More than 40 symbolic links.
  case tooManyLinks
  /// The archive is broken there.
  case broken(ErofsError)
}
