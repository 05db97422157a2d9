// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Bytes
import Internet
import Packets

/// Echo requests of programs: sockets of `SOCK_DGRAM` and `IPPROTO_ICMP` or `IPPROTO_ICMPV6`
/// (icmp(7), RFC 792, RFC 4443 section 4).
///
/// The program writes whole messages and reads whole messages. The endpoint's port stands in for
/// the identifier that it wrote, and the checksum is made here.
extension UDPLayer {
  private static var echoHeaderByteCount: Int { 8 }

  /// Sends what must be an echo request of the version of `target`.
  func sendRequest(
    _ message: consuming Frame, of endpoint: UDPEndpoint, from source: IPAddress,
    to target: IPAddress, options: SendOptions, sink: some InternetSink
  ) throws(UDPError) {
    let isIPv4 = target.isIPv4
    guard message.byteCount + (isIPv4 ? 20 : 0) <= 65_535 else { throw .messageTooLong }
    let identifier = endpoint.local.port
    let isRequest = message.head.withMutableBytes { bytes in
      guard bytes.byteCount >= Self.echoHeaderByteCount,
        bytes.bytes.bigEndian(at: 0, as: UInt16.self) == (isIPv4 ? 0x0800 : 0x8000)
      else { return false }
      bytes.storeBigEndian(UInt16(0), at: 2)
      bytes.storeBigEndian(identifier, at: 4)
      return true
    }
    guard isRequest else { throw .invalid }
    let number = isIPv4 ? ProtocolNumber.icmp : ProtocolNumber.icmpv6
    var sum = InternetChecksum()
    if !isIPv4 {
      sum = InternetChecksum(
        from: source, to: target, protocol: number, byteCount: message.byteCount)
    }
    sum.add(message)
    let value = sum.value
    message.head.withMutableBytes { $0.storeBigEndian(value, at: 2) }
    do throws(SendError) {
      try sink.send(message, from: source, to: target, protocol: number, options: options)
    } catch {
      throw UDPError(error)
    }
  }

  /// Takes an echo reply, from its type on. Its checksum is right.
  public func receiveReply(
    _ packet: consuming Packet, identifier: UInt16, from source: IPAddress, to target: IPAddress,
    hopLimit: UInt8, trafficClass: UInt8
  ) -> Outcome {
    let from = Endpoint(source, 0)
    guard identifier != 0, let endpoint = find(from: from, to: Endpoint(target, identifier)) else {
      return .noEndpoint
    }
    guard
      UDPDatagram.note(
        on: &packet, source: from, target: target, hopLimit: hopLimit, trafficClass: trafficClass)
    else { return .dropped }
    return enqueue(packet, on: endpoint)
  }

  /// Whose request an error is about.
  func findRequester(of error: DeliveryError) -> UDPEndpoint? {
    guard error.header >> 48 == (error.target.isIPv4 ? 0x0800 : 0x8000) else { return nil }
    let identifier = UInt16(truncatingIfNeeded: error.header >> 16)
    guard identifier != 0 else { return nil }
    return find(from: Endpoint(error.target, 0), to: Endpoint(error.source, identifier))
  }
}
