// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// The whole contents of a file as they were when it was opened (see the sibling for the guest).
public struct FileContents: ~Copyable {
  private let copy: [UInt8]

  /// The bytes.
  public var bytes: RawSpan {
    @_lifetime(borrow self)
    get { RawSpan(_elements: copy.span) }
  }

  init(copy: [UInt8]) {
    self.copy = copy
  }
}

extension File {
  /// The whole contents as they are now.
  public func contents() throws(FileError) -> FileContents {
    FileContents(copy: try copyContents())
  }
}
