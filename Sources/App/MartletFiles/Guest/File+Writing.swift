// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Machine
import Memory
import NativeArchive
import NativeFiles
import VFS

extension File {
  /// Writes all bytes from where the last read or write ended, or to the end with `append`.
  ///
  /// - Throws: `notOpenForThis`, `noSpace`, `fileTooLarge`, `inputOutput`. Bytes before the failure
  ///   are written.
  public mutating func write(_ bytes: RawSpan) throws(FileError) {
    try write(bytes, from: nil)
  }

  /// Writes all bytes from an offset on. A file that was opened with `append` ignores the offset, as
  /// Linux does.
  ///
  /// - Throws: as `write(_:)`, and `invalid` for an offset below 0.
  public func write(_ bytes: RawSpan, at offset: Int) throws(FileError) {
    guard offset >= 0 else { throw .invalid }
    try write(bytes, from: Int64(offset))
  }

  private func write(_ bytes: RawSpan, from offset: Int64?) throws(FileError) {
    guard let file, file.isWritable else { throw .notOpenForThis }
    do throws(SystemError) {
      try ProgramMemory.lend(bytes) { (address) throws(SystemError) in
        let buffer = UserBuffer(start: address, count: bytes.byteCount)
        var done = 0
        while done < buffer.count {
          let place = offset.map { $0 + Int64(done) }
          let count = try file.write(from: buffer.slice(from: done), at: place)
          guard count > 0 else { throw .noSpace }
          done += count
        }
      }
    } catch { throw FileError(error) }
  }

  /// Makes the file this long: what is behind is gone, what is new is zero.
  ///
  /// - Throws: `notOpenForThis`, `fileTooLarge`, `invalid`, `inputOutput`.
  public func truncate(to byteCount: Int) throws(FileError) {
    guard let file, file.isWritable else { throw .notOpenForThis }
    do throws(SystemError) { try file.node.truncate(to: Int64(byteCount)) } catch {
      throw FileError(error)
    }
  }

  /// Waits until what was written to a file of a volume is on the host's disk.
  public func synchronize() throws(FileError) {
    guard let file else { return }
    do throws(SystemError) { try file.synchronize() } catch { throw FileError(error) }
  }

  /// Takes the name of a file away; who has it open can go on.
  ///
  /// - Throws: `noSuchFile`, `isDirectory`, `readOnly` and others of the path.
  public static func remove(_ path: FilePath) throws(FileError) {
    do throws(SystemError) { try NativeFiles.shared.remove(path.bytes, .file) } catch {
      throw FileError(error)
    }
  }

  /// Gives a file or directory another name, in place of a file that has it already.
  ///
  /// - Throws: `noSuchFile`, `fileExists`, `isDirectory`, `notDirectory`, `directoryNotEmpty`,
  ///   `otherFileSystem`, `busy`, `invalid` for a directory below itself, `readOnly`.
  public static func rename(_ path: FilePath, to target: FilePath) throws(FileError) {
    do throws(SystemError) { try NativeFiles.shared.rename(path.bytes, to: target.bytes) } catch {
      throw FileError(error)
    }
  }
}

extension Directory {
  /// Makes a directory.
  ///
  /// - Throws: `fileExists`, `noSuchFile`, `notDirectory`, `readOnly` and others of the path.
  public static func make(_ path: FilePath) throws(FileError) {
    do throws(SystemError) { try NativeFiles.shared.makeDirectory(path.bytes) } catch {
      throw FileError(error)
    }
  }

  /// Removes an empty directory.
  ///
  /// - Throws: `noSuchFile`, `notDirectory`, `directoryNotEmpty`, `busy`, `readOnly`.
  public static func remove(_ path: FilePath) throws(FileError) {
    do throws(SystemError) { try NativeFiles.shared.remove(path.bytes, .directory) } catch {
      throw FileError(error)
    }
  }
}
