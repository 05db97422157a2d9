// SPDX-License-Identifier: BSD-3-Clause

import Bytes
import Glibc

/// A file of the host that an application on it takes for a disk. It stays open for ever.
public struct HostDisk: Sendable {
  public let file: HostFile
  public let byteCount: Int
  public let isReadOnly: Bool

  /// Those that the environment lists (`MARTLET_DISKS`): a line each, `ro:` or `rw:` and the path.
  public static let all: [HostDisk] = {
    // SAFETY: nobody changes the environment; a variable's value ends in a zero byte.
    guard let value = unsafe getenv("MARTLET_DISKS") else { return [] }
    // SAFETY: as above.
    let text = unsafe Array(UnsafeRawBufferPointer(start: value, count: strlen(value)))
    return text.split(separator: UInt8(ascii: "\n")).map { open(Array($0)) }
  }()

  /// A disk that cannot be opened ends the process: the next one must not have its number.
  private static func open(_ line: [UInt8]) -> HostDisk {
    let path = Array(line.dropFirst(3))
    let isReadOnly = line.starts(with: Array("ro:".utf8))
    guard
      let file = try? HostFile(
        RawSpan(_elements: path.span), HostFile.Mode(isWriting: !isReadOnly)),
      let status = try? file.status
    else { fatalError("a disk cannot be opened: \(String(decoding: path, as: UTF8.self))") }
    return HostDisk(file: file, byteCount: status.byteCount, isReadOnly: isReadOnly)
  }
}
