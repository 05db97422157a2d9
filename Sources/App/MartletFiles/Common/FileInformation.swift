// SPDX-License-Identifier: BSD-3-Clause

/// What is known of a file without opening it.
public struct FileInformation: Sendable, Equatable {
  /// What a file is.
  public enum Kind: Sendable {
    case regular, directory, symbolicLink
    /// A device, a pipe or a socket.
    case other
  }

  public var kind: Kind
  /// The size of the contents in bytes; of directories it says nothing.
  public var byteCount: Int
  /// When the contents were last changed, in nanoseconds since 1970-01-01 UTC.
  public var modified: Int64
}

/// A name in a directory.
public struct DirectoryEntry {
  /// The name's bytes, without a slash.
  public var name: [UInt8]
  /// What it names; a symbolic link is told as one.
  public var kind: FileInformation.Kind
}
