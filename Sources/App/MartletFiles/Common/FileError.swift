// SPDX-License-Identifier: BSD-3-Clause

/// Why something with a file failed.
public enum FileError: Error, Sendable {
  /// There is no file of that name.
  case noSuchFile
  /// Something in the path, or a file used as a directory, is none.
  case notDirectory
  /// A directory cannot be read or written as a file.
  case isDirectory
  /// There is a file of that name already.
  case fileExists
  /// A directory that is to go still holds files.
  case directoryNotEmpty
  /// Nothing can be written there.
  case readOnly
  /// There is no memory, or no room on the volume, for more.
  case noSpace
  /// The file would be larger than files may be.
  case fileTooLarge
  /// A name of more than 255 bytes.
  case nameTooLong
  /// More than 40 symbolic links.
  case tooManyLinks
  /// The host does not permit it.
  case notPermitted
  /// The file was not opened for this.
  case notOpenForThis
  /// It is in use.
  case busy
  /// The two paths are on different file systems.
  case otherFileSystem
  /// An offset or a name that no file can have.
  case invalid
  /// This kind of file cannot do it.
  case notSupported
  /// The archive is broken there, or the host has failed.
  case inputOutput
}
