// SPDX-License-Identifier: BSD-3-Clause

import Bytes
import Machine

/// An open file (see the sibling for the guest).
public struct File: ~Copyable {
  let file: HostFile
  let isWritable: Bool
  let isAppending: Bool
  var position = 0

  /// Opens a file for reading.
  public init(reading path: FilePath) throws(FileError) {
    file = try Self.open(path, .read)
    isWritable = false
    isAppending = false
  }

  /// Opens a file, and makes it if `options` say so.
  public init(_ path: FilePath, _ options: FileOptions) throws(FileError) {
    file = try Self.open(path, options)
    isWritable = options.areForWriting
    isAppending = options.contains(.append)
  }

  /// The guest opens neither directories nor devices.
  private static func open(
    _ path: FilePath, _ options: FileOptions
  ) throws(FileError) -> HostFile {
    guard options.areForWriting || options.contains(.read) else { throw .invalid }
    let bytes = HostPath.bytes(path)
    do throws(HostFileError) {
      let file = try HostFile(RawSpan(_elements: bytes.span), options.mode)
      switch FileInformation(try file.status).kind {
      case .regular: return file
      case .directory:
        file.close()
        throw .isDirectory
      default:
        file.close()
        throw .notSupported
      }
    } catch { throw FileError(error) }
  }

  /// What is known of a file; of a symbolic link, of what it leads to.
  public static func information(of path: FilePath) throws(FileError) -> FileInformation {
    let bytes = HostPath.bytes(path)
    do throws(HostFileError) {
      return FileInformation(try HostFile.status(of: RawSpan(_elements: bytes.span)))
    } catch { throw FileError(error) }
  }

  /// What is known of this file.
  public var information: FileInformation {
    get throws(FileError) {
      do throws(HostFileError) { return FileInformation(try file.status) } catch {
        throw FileError(error)
      }
    }
  }

  /// Reads from where the last read ended, and returns how many bytes: 0 at the end of the file.
  public mutating func read(into bytes: inout MutableRawSpan) throws(FileError) -> Int {
    let count = try read(into: &bytes, at: position)
    position += count
    return count
  }

  /// Reads from an offset on, and returns how many bytes: 0 at the end of the file.
  public func read(
    into bytes: inout MutableRawSpan, at offset: Int
  ) throws(FileError) -> Int {
    guard offset >= 0 else { throw .invalid }
    do throws(HostFileError) { return try file.read(into: &bytes, at: offset) } catch {
      throw FileError(error)
    }
  }

  deinit { file.close() }
}

extension FileOptions {
  var mode: HostFile.Mode {
    HostFile.Mode(
      isReading: contains(.read), isWriting: areForWriting, isAppending: contains(.append),
      makes: contains(.create), isNew: contains(.exclusive), truncates: contains(.truncate))
  }
}

extension FileInformation {
  init(_ status: HostFileStatus) {
    switch status.mode & 0o170000 {
    case 0o100000: kind = .regular
    case 0o040000: kind = .directory
    case 0o120000: kind = .symbolicLink
    default: kind = .other
    }
    byteCount = status.byteCount
    modified = status.modified
  }
}
