// SPDX-License-Identifier: BSD-3-Clause

import Base
import LinuxCore
import Memory
import VFS

/// Options and requests of local sockets.
extension LocalSocket {
  /// `SO_PEERGROUPS`
  private static var peerGroupsOption: Int32 { 59 }

  func applyBuffer() {
    guard let size = options.sendBuffer else { return }
    account.limit = size
    peer?.stream.setLimit(size)
  }

  func localOption(_ level: Int32, _ name: Int32) throws(SystemError) -> [UInt8] {
    guard level == SocketOptions.level else { throw .notSupported }
    switch name {
    case OptionName.peerCredentials.rawValue: return peerCredentials.bytes
    case Self.peerGroupsOption:
      guard let peerGroups else { throw .noData }
      var bytes = [UInt8](repeating: 0, count: peerGroups.count * 4)
      for (index, group) in peerGroups.enumerated() { bytes.put(group, at: index * 4) }
      return bytes
    default: throw .noProtocolOption
    }
  }

  /// Serves a request of local sockets; nil when it is none.
  func localControl(request: UInt32, argument: UInt) throws(SystemError) -> Int? {
    let value: Int
    switch request {
    // FIONREAD
    case 0x541b:
      guard backlog == nil else { throw .invalidArgument }
      value =
        isDatagram
        ? inbox.first?.bytes.count ?? 0 : isStream ? stream.count : inbox.byteCount
    // SIOCOUTQ
    case 0x5411: value = isStream ? peer?.stream.count ?? 0 : account.byteCount
    default: return nil
    }
    let bytes = InlineArray<1, Int32>(repeating: Int32(truncatingIfNeeded: value))
    try UserBuffer(start: VirtualAddress(argument), count: 4).copyOut(
      RawSpan(_elements: bytes.span))
    return 0
  }
}
