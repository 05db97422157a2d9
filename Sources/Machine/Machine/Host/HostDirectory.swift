// SPDX-License-Identifier: BSD-3-Clause

import Bytes
import Glibc

// SAFETY (all below): the stream is open from `init` to `close`, which its owner calls once; an
// entry is read before the next call on its stream.

/// An open directory of the host, for applications that run on it.
@safe
public struct HostDirectory {
  private let stream: OpaquePointer

  public init(_ path: RawSpan) throws(HostFileError) {
    var opened: OpaquePointer?
    _ = unsafe try HostFile.call(path) {
      unsafe opened = opendir($0)
      return unsafe opened == nil ? -1 : 0
    }
    guard let opened = unsafe opened else { throw .last }
    unsafe stream = opened
  }

  /// The next name, with its `DT_*`; nil at the end.
  public func next() throws(HostFileError) -> (name: [UInt8], type: UInt8)? {
    errno = 0
    guard let entry = unsafe readdir(stream) else {
      guard errno == 0 else { throw .last }
      return nil
    }
    let type = unsafe entry.pointee.d_type
    let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) {
      unsafe Array($0.prefix { $0 != 0 })
    }
    return (name, type)
  }

  public func close() { unsafe closedir(stream) }
}

/// Changes of the host's tree of files.
public enum HostTree {
  public static func makeDirectory(_ path: RawSpan) throws(HostFileError) {
    _ = unsafe try HostFile.call(path) { unsafe mkdir($0, 0o777) }
  }

  public static func removeDirectory(_ path: RawSpan) throws(HostFileError) {
    _ = unsafe try HostFile.call(path) { unsafe rmdir($0) }
  }

  public static func removeFile(_ path: RawSpan) throws(HostFileError) {
    _ = unsafe try HostFile.call(path) { unsafe unlink($0) }
  }

  public static func rename(_ path: RawSpan, to target: RawSpan) throws(HostFileError) {
    var bytes: [CChar] = []
    for offset in 0..<target.byteCount { bytes.append(CChar(bitPattern: target.byte(at: offset))) }
    bytes.append(0)
    let name = bytes
    _ = unsafe try HostFile.call(path) { path in
      unsafe name.withUnsafeBufferPointer { unsafe Glibc.rename(path, $0.baseAddress!) }
    }
  }

  /// The folder that an application on the host takes for its root; empty for the host's own.
  public static var rootFolder: [UInt8] {
    guard let value = unsafe getenv("MARTLET_ROOT_FOLDER") else { return [] }
    return unsafe Array(UnsafeRawBufferPointer(start: value, count: strlen(value)))
  }
}
