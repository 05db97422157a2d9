// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// A pair of connected sockets: one end stays, QEMU inherits the other.
struct Channel {
  let own: Descriptor
  let guest: Descriptor

  /// Both numbers are far above those that QEMU gets, so that none is overwritten on the way.
  private static let lowestNumber: Int32 = 100

  init() throws(ToolError) {
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
      throw ToolError("cannot make a socket: \(String(cString: strerror(errno)))")
    }
    var size: Int32 = 1 << 20
    for end in ends { setsockopt(end, SOL_SOCKET, SO_SNDBUF, &size, 4) }
    own = Channel.raised(ends[0])
    guest = Channel.raised(ends[1])
  }

  /// A temporary file without a name that holds `text`.
  static func file(holding text: String) throws(ToolError) -> Descriptor {
    var name = Array("/tmp/martlet-launch-XXXXXX".utf8CString)
    let number = mkstemp(&name)
    guard number >= 0 else {
      throw ToolError("cannot write to /tmp: \(String(cString: strerror(errno)))")
    }
    unlink(name)
    let file = raised(number)
    let bytes = Array(text.utf8)
    guard file.writeAll(bytes, count: bytes.count) == 0 else {
      throw ToolError("cannot write to /tmp: \(String(cString: strerror(errno)))")
    }
    return file
  }

  /// A pipe, closed in programs that the tool starts.
  static func pipe() -> (reader: Descriptor, writer: Descriptor) {
    var ends: [Int32] = [-1, -1]
    _ = Foundation.pipe(&ends)
    return (raised(ends[0]), raised(ends[1]))
  }

  /// The descriptor under a high number that programs do not inherit.
  static func raised(_ number: Int32) -> Descriptor {
    let copy = fcntl(number, F_DUPFD_CLOEXEC, lowestNumber)
    close(number)
    return Descriptor(copy)
  }
}
