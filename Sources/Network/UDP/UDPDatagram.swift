// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Bytes
import Packets

/// A datagram that was received.
public struct UDPDatagram: ~Copyable {
  /// The payload.
  public var packet: Packet
  public let source: Endpoint
  /// The address to which it was sent; one of ours, or a group (IP_PKTINFO).
  public let target: IPAddress
  public let hopLimit: UInt8
  public let trafficClass: UInt8

  /// What is noted in front of a payload that waits in a queue, in place of its headers.
  static var noteByteCount: Int { 36 }

  static func note(
    on packet: inout Packet, source: Endpoint, target: IPAddress, hopLimit: UInt8,
    trafficClass: UInt8
  ) -> Bool {
    guard packet.prepend(noteByteCount) else { return false }
    packet.withMutableBytes { bytes in
      source.address.mapped.store(in: &bytes, at: 0)
      target.mapped.store(in: &bytes, at: 16)
      bytes.storeBigEndian(source.port, at: 32)
      bytes.storeBigEndian(UInt16(hopLimit) << 8 | UInt16(trafficClass), at: 34)
    }
    return true
  }

  /// Takes the note off a packet from a queue.
  init(noted packet: consuming Packet) {
    let (source, target, port, last) = packet.withBytes { bytes in
      (
        IPv6Address(bytes, at: 0), IPv6Address(bytes, at: 16),
        bytes.bigEndian(at: 32, as: UInt16.self), bytes.bigEndian(at: 34, as: UInt16.self)
      )
    }
    self.source = Endpoint(IPAddress(source), port)
    self.target = IPAddress(target)
    hopLimit = UInt8(last >> 8)
    trafficClass = UInt8(truncatingIfNeeded: last)
    packet.removeFirst(Self.noteByteCount)
    self.packet = packet
  }
}
