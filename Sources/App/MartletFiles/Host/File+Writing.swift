// SPDX-License-Identifier: BSD-3-Clause

import Bytes
import Machine

extension File {
  /// Writes all bytes from where the last read or write ended, or to the end with `append`.
  public mutating func write(_ bytes: RawSpan) throws(FileError) {
    try write(bytes, at: position)
    position = isAppending ? try byteCount : position + bytes.byteCount
  }

  /// Writes all bytes from an offset on.
  public func write(_ bytes: RawSpan, at offset: Int) throws(FileError) {
    guard offset >= 0 else { throw .invalid }
    do throws(HostFileError) { try file.write(bytes, at: offset) } catch { throw FileError(error) }
  }

  /// Makes the file this long: what is behind is gone, what is new is zero.
  public func truncate(to byteCount: Int) throws(FileError) {
    guard isWritable else { throw .notOpenForThis }
    do throws(HostFileError) { try file.truncate(to: byteCount) } catch { throw FileError(error) }
  }

  /// Waits until what was written is on the disk.
  public func synchronize() throws(FileError) {
    do throws(HostFileError) { try file.synchronize() } catch { throw FileError(error) }
  }

  /// Takes the name of a file away; who has it open can go on.
  public static func remove(_ path: FilePath) throws(FileError) {
    let bytes = HostPath.bytes(path)
    do throws(HostFileError) { try HostTree.removeFile(RawSpan(_elements: bytes.span)) } catch {
      throw FileError(error)
    }
  }

  /// Gives a file or directory another name, in place of a file that has it already.
  public static func rename(_ path: FilePath, to target: FilePath) throws(FileError) {
    let old = HostPath.bytes(path)
    let new = HostPath.bytes(target)
    do throws(HostFileError) {
      try HostTree.rename(RawSpan(_elements: old.span), to: RawSpan(_elements: new.span))
    } catch { throw FileError(error) }
  }
}

extension Directory {
  /// Makes a directory.
  public static func make(_ path: FilePath) throws(FileError) {
    let bytes = HostPath.bytes(path)
    do throws(HostFileError) { try HostTree.makeDirectory(RawSpan(_elements: bytes.span)) } catch {
      throw FileError(error)
    }
  }

  /// Removes an empty directory.
  public static func remove(_ path: FilePath) throws(FileError) {
    let bytes = HostPath.bytes(path)
    do throws(HostFileError) {
      try HostTree.removeDirectory(RawSpan(_elements: bytes.span))
    } catch { throw FileError(error) }
  }
}
