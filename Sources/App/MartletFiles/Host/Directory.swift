// SPDX-License-Identifier: BSD-3-Clause

import Bytes
import Machine

/// The names in a directory (see the sibling for the guest).
public struct Directory: ~Copyable {
  private let directory: HostDirectory

  /// Opens a directory.
  public init(_ path: FilePath) throws(FileError) {
    let bytes = HostPath.bytes(path)
    do throws(HostFileError) {
      directory = try HostDirectory(RawSpan(_elements: bytes.span))
    } catch { throw FileError(error) }
  }

  /// The next name; nil at the end. The directory itself and the one above are not told.
  public mutating func next() throws(FileError) -> DirectoryEntry? {
    let dot = UInt8(ascii: ".")
    do throws(HostFileError) {
      while let (name, type) = try directory.next() {
        if name == [dot] || name == [dot, dot] { continue }
        return DirectoryEntry(name: name, kind: Self.kind(type))
      }
      return nil
    } catch { throw FileError(error) }
  }

  /// `DT_*`
  private static func kind(_ type: UInt8) -> FileInformation.Kind {
    switch type {
    case 8: .regular
    case 4: .directory
    case 10: .symbolicLink
    default: .other
    }
  }

  deinit { directory.close() }
}
