// SPDX-License-Identifier: BSD-3-Clause

import Base
import EROFS
import NativeArchive
import NativeFiles
import VFS

extension File {
  /// What is known of a file; of a symbolic link, of what it leads to.
  ///
  /// - Throws: `noSuchFile`, `notDirectory`, `inputOutput` and others of the path.
  public static func information(of path: FilePath) throws(FileError) -> FileInformation {
    guard let tree = NativeFiles.readable else {
      return FileInformation(try archivedFile(at: path.bytes))
    }
    do throws(SystemError) { return try FileInformation(tree.lookup(path.bytes)) } catch {
      throw FileError(error)
    }
  }

  /// What is known of this file.
  public var information: FileInformation {
    get throws(FileError) {
      if let archived { return FileInformation(archived) }
      guard let file else { throw .inputOutput }
      do throws(SystemError) { return try FileInformation(file.node) } catch {
        throw FileError(error)
      }
    }
  }
}

extension FileInformation {
  init(_ file: ErofsInode) {
    switch file.kind {
    case ErofsInode.regular: kind = .regular
    case ErofsInode.directory: kind = .directory
    case ErofsInode.symbolicLink: kind = .symbolicLink
    default: kind = .other
    }
    byteCount = file.byteCount
    modified = file.modified
  }

  init(_ node: Node) throws(SystemError) {
    try node.refresh()
    kind = Kind(node.kind)
    byteCount = Int(node.byteCount)
    modified = node.modified
  }
}

extension FileInformation.Kind {
  init(_ kind: FileKind) {
    switch kind {
    case .regular: self = .regular
    case .directory: self = .directory
    case .symbolicLink: self = .symbolicLink
    default: self = .other
    }
  }
}
