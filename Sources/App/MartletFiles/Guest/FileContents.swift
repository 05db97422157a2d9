// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import EROFS
import Machine
import NativeArchive
import VFS

/// The whole contents of a file as they were when it was opened.
///
/// Those of the archive are lent and not copied; of other files this is a copy.
public struct FileContents: ~Copyable {
  /// Where they are in the archive.
  private let archived: Range<Int>
  private let copy: [UInt8]

  init(archived: Range<Int>) {
    self.archived = archived
    copy = []
  }

  init(copy: [UInt8]) {
    archived = 0..<0
    self.copy = copy
  }

  /// The bytes.
  public var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      archived.isEmpty ? RawSpan(_elements: copy.span) : Self.lend(archived)
    }
  }

  @_lifetime(immortal)
  private static func lend(_ range: Range<Int>) -> RawSpan {
    guard let archive = NativeArchive.current else { return StaticString("").bytes }
    return archive.bytes.permanentSpan.extracting(range)
  }
}

extension File {
  /// The whole contents as they are now.
  public func contents() throws(FileError) -> FileContents {
    if let extent = archivedExtent { return FileContents(archived: extent) }
    return FileContents(copy: try copyContents())
  }

  /// Where the contents are in the archive, as long as nothing has changed them.
  private var archivedExtent: Range<Int>? {
    if let archived { return NativeArchive.current?.index.extent(of: archived) }
    return file?.archivedExtent
  }
}
