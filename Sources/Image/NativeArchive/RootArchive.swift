// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import EROFS
import Machine

/// The root archive, whose superblock has been checked.
public struct RootArchive {
  public let bytes: PermanentBytes
  public let index: ErofsArchive
  /// Where it lies in memory, at the start of a page.
  public let start: PhysicalAddress
}

extension RootArchive {
  /// Where a file is; its inode in the archive.
  public func file(at path: RawSpan) throws(SystemError) -> ErofsInode {
    do throws(ErofsPathError) { return try index.file(at: path, in: bytes.span) } catch {
      switch error {
      case .noSuchFile: throw .noSuchFile
      case .notDirectory: throw .notDirectory
      case .nameTooLong: throw .nameTooLong
      case .tooManyLinks: throw .tooManyLinksInPath
      case .broken: throw .inputOutput
      }
    }
  }

  /// Reads from a file, and returns how many bytes: 0 at its end.
  public func read(_ file: ErofsInode, at offset: Int, into target: inout MutableRawSpan) -> Int {
    var done = 0
    let count = min(target.byteCount, file.byteCount - offset)
    while done < count {
      let place = offset + done
      guard let block = index.block(place / pageSize, of: file) else { break }
      let start = place % pageSize
      let piece = min(count - done, block.byteCount - start)
      target.copy(
        bytes.span.extracting(block.start + start..<block.start + start + piece), at: done)
      done += piece
    }
    return done
  }
}
