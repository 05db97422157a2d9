// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import Ethernet
import Internet
import NetworkStack
import Packets
import UDP

/// Answers the datagrams of one port as they come, before any queue.
public final class UDPResponder {
  /// Makes the reply to a request.
  public typealias Service = (_ request: RawSpan, _ reply: inout ReplyDatagrams) -> Void

  private let stack: NetworkStack
  private let port: UInt16
  private let interface: (any NetworkInterface)?
  /// The own station, as `RequestHeader` has it.
  private let station: UInt64
  private let completesChecksums: Bool
  private let headByteCount: Int
  private let payloadLimit: Int
  private let service: Service
  private let endpoint: UDPEndpoint
  /// From whom to whom the last request went that the stack would have taken, with which addresses.
  private var accepted: UInt64 = 0
  private var acceptedIn: UInt32 = 0
  /// The reply that is being made on the short way; empty between requests. One for all of them: to
  /// make a new one each time would cost as much as to write its headers.
  private var reply: ReplyDatagrams
  /// Requests that were answered on the short way.
  public private(set) var count: UInt64 = 0

  /// Takes a port of all addresses of the host.
  ///
  /// - Parameters:
  ///   - headByteCount: bytes at the front of each datagram of a reply that the service sets itself.
  ///   - payloadLimit: the most bytes of such a datagram; never more than the link takes.
  /// - Throws: `addressInUse`; `addressNotAvailable` when another responder has the card already.
  public init(
    _ stack: NetworkStack, port: UInt16, headByteCount: Int, payloadLimit: Int,
    _ service: @escaping Service
  ) throws(UDPError) {
    self.stack = stack
    self.port = port
    self.service = service
    self.headByteCount = headByteCount
    interface = stack.interface
    station = RequestHeader.inFrame(stack.interface?.hardwareAddress ?? .zero)
    completesChecksums = stack.interface?.offloads.contains(.transmitChecksum) ?? false
    self.payloadLimit = min(
      payloadLimit, (stack.interface?.mtu ?? 1500) - 48, stack.pool.byteCount - Packet.headroom)
    reply = ReplyDatagrams(
      pool: stack.pool, headByteCount: headByteCount, payloadLimit: self.payloadLimit,
      now: stack.now)
    endpoint = stack.udp.makeEndpoint(isIPv6: true)
    guard stack.interceptor == nil else { throw .addressNotAvailable }
    try stack.udp.bind(
      endpoint, to: Endpoint(IPAddress(IPv6Address.any), port), sink: stack)
    endpoint.observer = self
    stack.interceptor = self
  }

  @inline(__always)
  private func makeReply() -> ReplyDatagrams {
    ReplyDatagrams(
      pool: stack.pool, headByteCount: headByteCount, payloadLimit: payloadLimit, now: stack.now)
  }
}

extension UDPResponder: FrameInterceptor {
  /// The short way. It serves what is plain and leaves everything else to the stack.
  public func serves(_ frame: borrowing Packet) -> Bool {
    reply.begin(at: stack.now)
    let checksum = frame.offload.checksum
    let header = frame.withBytes { bytes -> RequestHeader? in
      guard let header = RequestHeader(parsing: bytes, port: port), isForUs(header) else {
        return nil
      }
      if case .none = checksum, !header.datagramIsRight(bytes) { return nil }
      service(bytes.extracting(RequestHeader.byteCount..<header.end), &reply)
      return header
    }
    guard let header else { return false }
    count &+= 1
    if let packet = reply.takeSingle() {
      send(packet, to: header)
    } else {
      while let packet = reply.removeFirst() { send(packet, to: header) }
    }
    return true
  }

  @inline(__always)
  private func isForUs(_ header: RequestHeader) -> Bool {
    guard header.station == station else { return false }
    let generation = stack.addressGeneration
    if header.addresses == accepted, generation == acceptedIn { return true }
    guard stack.accepts(from: header.source, to: header.target) else { return false }
    accepted = header.addresses
    acceptedIn = generation
    return true
  }

  @inline(__always)
  private func send(_ packet: consuming Packet, to header: RequestHeader) {
    guard packet.prepend(RequestHeader.byteCount) else { return }
    packet.withMutableBytes { header.writeReply(in: &$0) }
    packet.offload.checksum = .needed(
      start: UInt16(truncatingIfNeeded: packet.start &+ 34), offset: 6)
    guard completesChecksums, stack.capture == nil else {
      var frame = Frame(packet)
      if !completesChecksums { frame.completeChecksum() }
      return stack.transmit(complete: frame)
    }
    interface?.transmit(whole: packet)
  }
}

extension UDPResponder: UDPObserver {
  /// The usual way: what is not plain came to the endpoint.
  public func changed(_ endpoint: UDPEndpoint) {
    _ = endpoint.takeError()
    while let datagram = try? stack.udp.receive(on: endpoint) {
      var reply = makeReply()
      datagram.packet.withBytes { service($0, &reply) }
      while let packet = reply.removeFirst() {
        // Lost like any datagram.
        try? stack.udp.send(
          Frame(packet), on: endpoint, to: datagram.source, from: datagram.target, sink: stack)
      }
    }
  }
}
