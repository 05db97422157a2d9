// SPDX-License-Identifier: BSD-3-Clause

/// Both ends of a session, as one side sees them, in two words.
struct FlowKey: Equatable, BitwiseCopyable {
  /// The host's address (inside), and that of the remote.
  let addresses: UInt64
  /// Protocol, the host's port, the remote's port.
  let ports: UInt64

  /// - Parameters:
  ///   - host: the inside address; 0 in the key of the outside, where it is always the same.
  ///   - port: of the host inside, or the port that it has on the outside.
  @inline(__always)
  init(_ number: UInt8, host: UInt32, port: UInt16, remote: UInt32, remotePort: UInt16) {
    addresses = UInt64(host) << 32 | UInt64(remote)
    ports = UInt64(number) << 32 | UInt64(port) << 16 | UInt64(remotePort)
  }

  @inline(__always)
  var host: UInt32 { UInt32(truncatingIfNeeded: addresses >> 32) }
  @inline(__always)
  var remote: UInt32 { UInt32(truncatingIfNeeded: addresses) }
  @inline(__always)
  var number: UInt8 { UInt8(truncatingIfNeeded: ports >> 32) }
  @inline(__always)
  var port: UInt16 { UInt16(truncatingIfNeeded: ports >> 16) }
  @inline(__always)
  var remotePort: UInt16 { UInt16(truncatingIfNeeded: ports) }

  @inline(__always)
  static func == (left: Self, right: Self) -> Bool {
    (left.addresses ^ right.addresses) | (left.ports ^ right.ports) == 0
  }
}
