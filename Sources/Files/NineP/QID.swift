// SPDX-License-Identifier: BSD-3-Clause

import VFS

/// What a server calls a file, whatever its names.
struct QID: Equatable {
  /// `QTDIR` (0x80), `QTSYMLINK` (0x02), and what else there is.
  var type: UInt8
  /// Unique among the server's files.
  var path: UInt64

  /// The kind, where the type tells it; other kinds look like regular files.
  var kind: FileKind? {
    if type & 0x80 != 0 { return .directory }
    if type & 0x02 != 0 { return .symbolicLink }
    return nil
  }
}

/// What a server knows of a file (`Rgetattr`).
struct FileAttributes {
  var identity: QID
  var mode: UInt32 = 0
  var owner: UInt32 = 0
  var group: UInt32 = 0
  var linkCount: UInt32 = 1
  var device: UInt64 = 0
  var byteCount: Int64 = 0
  /// In units of 512 bytes.
  var blockCount: Int64 = 0
  // In nanoseconds since 1970.
  var accessed: Int64 = 0
  var modified: Int64 = 0
  var changed: Int64 = 0

  init(identity: QID) {
    self.identity = identity
  }

  /// The kind; nil for one that there is not.
  var kind: FileKind? { FileKind(rawValue: mode & 0o170000) }
}

/// A name in a directory as the server lists it.
struct ListedName {
  var name: [UInt8]
  var identity: QID
  /// `DT_*`, 0 when the server does not know.
  var type: UInt8
  /// Where the server goes on after this name.
  var next: UInt64

  var isDots: Bool {
    name.count <= 2 && name.allSatisfy { $0 == UInt8(ascii: ".") }
  }

  var kind: FileKind { FileKind(rawValue: UInt32(type) << 12) ?? identity.kind ?? .regular }
}
