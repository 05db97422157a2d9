// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// Walking paths in the archive alone, for who needs no more than to read it.
extension ErofsArchive {
  private static let linkLimit = 40
  private static let nameLimit = 255

  /// The file at a path, which begins at the root with or without a slash. Symbolic links are
  /// followed, and `..` of the root is the root.
  ///
  /// - Complexity: O(log *n*) in the number of names for each component.
  public func file(
    at path: RawSpan, in archive: RawSpan
  ) throws(ErofsPathError) -> ErofsInode {
    var linksLeft = Self.linkLimit
    return try walk(path, from: root, archive, &linksLeft)
  }

  private func walk(
    _ path: RawSpan, from start: UInt64, _ archive: RawSpan, _ linksLeft: inout Int
  ) throws(ErofsPathError) -> ErofsInode {
    guard path.byteCount > 0 else { throw .noSuchFile }
    let slash = UInt8(ascii: "/")
    var file = try load(path.byte(at: 0) == slash ? root : start, archive)
    var position = 0
    while let name = Self.nextName(path, &position) {
      file = try step(file, path.extracting(name), archive, &linksLeft)
    }
    guard file.kind == ErofsInode.directory || path.byte(at: path.byteCount - 1) != slash else {
      throw .notDirectory
    }
    return file
  }

  private func step(
    _ directory: ErofsInode, _ name: RawSpan, _ archive: RawSpan, _ linksLeft: inout Int
  ) throws(ErofsPathError) -> ErofsInode {
    guard directory.kind == ErofsInode.directory else { throw .notDirectory }
    guard name.byteCount <= Self.nameLimit else { throw .nameTooLong }
    let found: ErofsEntry?
    do { found = try find(name, in: directory, of: archive) } catch { throw .broken(error) }
    guard let found else { throw .noSuchFile }
    let file = try load(found.inode, archive)
    guard file.kind == ErofsInode.symbolicLink else { return file }
    guard linksLeft > 0, let target = extent(of: file) else { throw .tooManyLinks }
    linksLeft -= 1
    return try walk(archive.extracting(target), from: directory.number, archive, &linksLeft)
  }

  private func load(
    _ number: UInt64, _ archive: RawSpan
  ) throws(ErofsPathError) -> ErofsInode {
    do { return try inode(number, in: archive) } catch { throw .broken(error) }
  }

  /// The next name of a path from `position` on, which moves behind it; nil at the end.
  private static func nextName(_ path: RawSpan, _ position: inout Int) -> Range<Int>? {
    while position < path.byteCount && path.byte(at: position) == UInt8(ascii: "/") {
      position += 1
    }
    let start = position
    while position < path.byteCount && path.byte(at: position) != UInt8(ascii: "/") {
      position += 1
    }
    return start < position ? start..<position : nil
  }

  /// Where the contents are, if they lie in one piece; nil if their end lies behind the inode
  /// (archives of this project's tool have none of that kind).
  public func extent(of inode: ErofsInode) -> Range<Int>? {
    guard let first = block(0, of: inode) else { return 0..<0 }
    guard inode.byteCount > first.byteCount else {
      return first.start..<first.start + first.byteCount
    }
    return inode.tailStart == nil ? first.start..<first.start + inode.byteCount : nil
  }
}
