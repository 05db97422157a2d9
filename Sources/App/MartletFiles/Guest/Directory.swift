// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import EROFS
import Machine
import NativeArchive
import NativeFiles
import VFS

/// The names in a directory, one after the other, in no promised order.
///
/// ```swift
/// import Martlet
///
/// var names = try Directory("/www")
/// while let entry = try names.next() { Console.output.write(entry.name) }
/// ```
public struct Directory: ~Copyable {
  private let archived: ErofsInode?
  private let open: OpenDirectory?
  private var position: UInt64 = 0

  /// Opens a directory.
  ///
  /// - Throws: `noSuchFile`, `notDirectory`, `inputOutput` and others of the path.
  public init(_ path: FilePath) throws(FileError) {
    // All fields at once: a half-made value could not be taken apart.
    let found = try Self.find(path)
    archived = found.archived
    open = found.open
  }

  private static func find(
    _ path: FilePath
  ) throws(FileError) -> (archived: ErofsInode?, open: OpenDirectory?) {
    if let tree = NativeFiles.readable { return (nil, try open(tree, path)) }
    let file = try File.archivedFile(at: path.bytes)
    guard file.kind == ErofsInode.directory else { throw .notDirectory }
    return (file, nil)
  }

  private static func open(
    _ tree: any NativeTree, _ path: FilePath
  ) throws(FileError) -> OpenDirectory {
    do throws(SystemError) {
      return try tree.openDirectory(path.bytes)
    } catch { throw FileError(error) }
  }

  private static func next(_ directory: OpenDirectory) throws(FileError) -> DirectoryEntry? {
    do throws(SystemError) {
      while let entry = try directory.nextEntry() {
        directory.position = Int64(entry.next)
        if isDots(RawSpan(_elements: entry.name.span)) { continue }
        return DirectoryEntry(name: entry.name, kind: FileInformation.Kind(entry.kind))
      }
      return nil
    } catch { throw FileError(error) }
  }

  /// The next name; nil at the end. The directory itself and the one above are not told.
  public mutating func next() throws(FileError) -> DirectoryEntry? {
    if let open { return try Self.next(open) }
    guard let archived, let archive = NativeArchive.current else { return nil }
    let bytes = archive.bytes.permanentSpan
    while true {
      let found: (entry: ErofsEntry, next: UInt64)?
      do throws(ErofsError) {
        found = try archive.index.entry(at: position, of: archived, in: bytes)
      } catch { throw .inputOutput }
      guard let found else { return nil }
      position = found.next
      let start = found.entry.nameStart
      let name = bytes.extracting(start..<start + found.entry.nameByteCount)
      if Self.isDots(name) { continue }
      return DirectoryEntry(name: name.byteArray, kind: Self.kind(found.entry.kind))
    }
  }

  private static func isDots(_ name: RawSpan) -> Bool {
    let dot = UInt8(ascii: ".")
    return name.byte(at: 0) == dot
      && (name.byteCount == 1 || name.byteCount == 2 && name.byte(at: 1) == dot)
  }

  /// `EROFS_FT_*`
  private static func kind(_ type: UInt8) -> FileInformation.Kind {
    switch type {
    case 1: .regular
    case 2: .directory
    case 7: .symbolicLink
    default: .other
    }
  }
}
