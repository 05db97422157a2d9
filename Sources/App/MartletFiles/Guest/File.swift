// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import EROFS
import Machine
import Memory
import NativeArchive
import NativeFiles
import VFS

/// An open file of the image. It is closed when its owner lets it go.
///
/// ```swift
/// import Martlet
///
/// let zone = try File.contents(of: "/etc/zone")
/// Console.output.write(zone.bytes)
/// var log = try File("/log", [.append, .create])
/// try log.write("started\n")
/// ```
///
/// What is written to files of the root lies in memory and is gone with the machine; what is
/// written to those of a volume is the host's. An application that only reads by `init(reading:)`,
/// `contents(of:)` and `information(of:)`, without volumes, holds nothing of the code for changes.
public struct File: ~Copyable {
  /// The file in the archive, when nothing has started the tree of files.
  let archived: ErofsInode?
  /// The file of the tree.
  let file: OpenFile?
  /// In the archive.
  private var position = 0

  /// Opens a file for reading.
  ///
  /// - Throws: `noSuchFile`, `notDirectory`, `isDirectory`, `inputOutput` and others of the path.
  public init(reading path: FilePath) throws(FileError) {
    // All fields at once: a half-made value could not be taken apart.
    let found = try Self.find(path)
    archived = found.archived
    file = found.file
  }

  private static func find(
    _ path: FilePath
  ) throws(FileError) -> (archived: ErofsInode?, file: OpenFile?) {
    if let tree = NativeFiles.readable { return (nil, try open(tree, path, [])) }
    let file = try archivedFile(at: path.bytes)
    guard file.kind == ErofsInode.regular else {
      throw file.kind == ErofsInode.directory ? .isDirectory : .notSupported
    }
    return (file, nil)
  }

  /// Opens a file, and makes it if `options` say so.
  ///
  /// - Throws: `noSuchFile`, `notDirectory`, `isDirectory`, `fileExists`, `readOnly`, `noSpace`,
  ///   `invalid` for options that allow neither reading nor writing, and others of the path.
  public init(_ path: FilePath, _ options: FileOptions) throws(FileError) {
    file = try Self.open(NativeFiles.shared, path, try options.flags)
    archived = nil
  }

  private static func open(
    _ tree: any NativeTree, _ path: FilePath, _ flags: OpenFlags
  ) throws(FileError) -> OpenFile {
    do throws(SystemError) { return try tree.open(path.bytes, flags) } catch {
      throw FileError(error)
    }
  }

  static func archivedFile(at path: RawSpan) throws(FileError) -> ErofsInode {
    guard let archive = NativeArchive.current else { throw .noSuchFile }
    do throws(SystemError) { return try archive.file(at: path) } catch { throw FileError(error) }
  }

  /// Reads from where the last read or write ended, and returns how many bytes: 0 at the end.
  public mutating func read(into bytes: inout MutableRawSpan) throws(FileError) -> Int {
    if let file { return try Self.read(file, at: nil, into: &bytes) }
    let count = try read(into: &bytes, at: position)
    position += count
    return count
  }

  /// Reads from an offset on, and returns how many bytes: 0 at the end of the file.
  ///
  /// - Throws: `invalid` for an offset below 0; `notOpenForThis`, `inputOutput`.
  public func read(
    into bytes: inout MutableRawSpan, at offset: Int
  ) throws(FileError) -> Int {
    guard offset >= 0 else { throw .invalid }
    if let file { return try Self.read(file, at: Int64(offset), into: &bytes) }
    guard let archived, let archive = NativeArchive.current else { throw .inputOutput }
    return archive.read(archived, at: offset, into: &bytes)
  }

  private static func read(
    _ file: OpenFile, at offset: Int64?, into bytes: inout MutableRawSpan
  ) throws(FileError) -> Int {
    guard file.isReadable else { throw .notOpenForThis }
    let count = bytes.byteCount
    do throws(SystemError) {
      return try ProgramMemory.lend(&bytes) { (address) throws(SystemError) in
        try file.read(into: UserBuffer(start: address, count: count), at: offset)
      }
    } catch { throw FileError(error) }
  }
}

extension FileOptions {
  /// `O_*`
  var flags: OpenFlags {
    get throws(FileError) {
      var flags: OpenFlags = []
      if areForWriting {
        flags = contains(.read) ? .readWrite : .writeOnly
      } else if !contains(.read) {
        throw .invalid
      }
      if contains(.append) { flags.formUnion(.append) }
      if contains(.create) { flags.formUnion(.create) }
      if contains(.exclusive) { flags.formUnion(.exclusive) }
      if contains(.truncate) { flags.formUnion(.truncate) }
      return flags
    }
  }
}
