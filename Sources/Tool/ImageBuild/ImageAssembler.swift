// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// Makes one file to ship: the kernel with the root archive and the launch text inside.
///
/// The archive goes behind the image in the file and in memory, described by the program header
/// that the linker script keeps free and by the record in section `.image_record`.
public enum ImageAssembler {
  private static let pageSize: UInt64 = 4096
  private static let recordMagic: UInt64 = 0x3145_4741_4d49_4d4d

  /// Writes the image to `target` and gives back its path.
  public static func assemble(
    kernel: Kernel, archive: String?, launchText: String, to target: String
  ) async throws -> String {
    let image = try ImageFile(path: kernel.path)
    let content = try archive.map { try contents(of: $0) } ?? Data()
    let folder = (target as NSString).deletingLastPathComponent
    if !folder.isEmpty {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }
    let whole = try assembled(image, archive: content, launchText: launchText)
    do {
      try whole.write(to: URL(fileURLWithPath: target), options: .atomic)
    } catch {
      throw ToolError("cannot write it: \(error.localizedDescription)", at: target)
    }
    return target
  }

  private static func contents(of archive: String) throws -> Data {
    guard let content = FileManager.default.contents(atPath: archive) else {
      throw ToolError("cannot read the root archive", at: archive)
    }
    return content
  }

  /// The bytes of the whole image; an empty archive is none.
  static func assembled(_ image: ImageFile, archive: Data, launchText: String) throws -> Data {
    var bytes = image.contents
    // The linker script puts the record at the start of the constants.
    let constants = image.segments.first { segment in
      segment.isLoaded && segment.fileByteCount >= 32
        && readInteger(bytes, Int(segment.fileOffset)) == recordMagic
    }
    guard let free = image.segments.first(where: { $0.type == 0 }) else {
      throw ToolError("the kernel has no place for an archive", at: image.path)
    }
    guard let constants else { throw ToolError("the image record is damaged", at: image.path) }
    let recordAt = Int(constants.fileOffset)
    let physical = align(image.physicalEnd)
    let offset = align(UInt64(bytes.count))
    bytes.append(Data(count: Int(offset) - bytes.count))
    bytes.append(archive)
    let textAt = align(UInt64(bytes.count))
    bytes.append(Data(count: Int(textAt) - bytes.count))
    bytes.append(Data(launchText.utf8))
    bytes.append(0)

    let byteCount = UInt64(bytes.count) - offset
    let headers = Int(readInteger(bytes, 32))
    let header = headers + 56 * free.index
    put(&bytes, header, 1 | 4 << 32)  // PT_LOAD, readable
    for (index, value) in [offset, physical, physical, byteCount, byteCount, pageSize].enumerated()
    {
      put(&bytes, header + 8 + 8 * index, value)
    }
    put(&bytes, recordAt + 8, archive.isEmpty ? 0 : physical)
    put(&bytes, recordAt + 16, UInt64(archive.count))
    put(&bytes, recordAt + 24, launchText.isEmpty ? 0 : physical + textAt - offset)
    return bytes
  }

  private static func align(_ value: UInt64) -> UInt64 {
    (value + pageSize - 1) & ~(pageSize - 1)
  }

  private static func readInteger(_ bytes: Data, _ at: Int) -> UInt64 {
    (0..<8).reduce(0) { $0 | UInt64(bytes[at + $1]) << (8 * UInt64($1)) }
  }

  private static func put(_ bytes: inout Data, _ at: Int, _ value: UInt64) {
    for index in 0..<8 {
      bytes[at + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(index)))
    }
  }
}
