// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import Internet
import Packets

/// All endpoints of UDP (RFC 768), and the ways in and out.
///
/// A second one serves echo requests of programs, whose sockets are the same but for the headers.
public final class UDPLayer {
  /// What the endpoints exchange.
  public enum Service: BitwiseCopyable, Sendable {
    case datagrams
    /// Echo requests and replies of ICMP; a port is an identifier.
    case echo
  }

  /// What became of a datagram that came in.
  public enum Outcome: Equatable, Sendable {
    case delivered
    /// Nobody has the port: the sender is to be told (RFC 1122 section 4.1.3.1).
    case noEndpoint
    /// Malformed, a wrong checksum, or no room.
    case dropped
  }

  public static var headerByteCount: Int { 8 }
  /// Ports that are given to endpoints that do not ask for one (Linux ip_local_port_range).
  public static var ephemeralPorts: ClosedRange<UInt16> { 32_768...60_999 }

  public let service: Service
  static let bucketCount = 128
  var buckets = [UDPEndpoint?](repeating: nil, count: bucketCount)
  let pool: PacketPool
  let random: () -> UInt64
  /// Bytes of buffers that wait in all endpoints together, and the most there may be.
  var queuedCapacity = 0
  private let queueLimit: Int
  var memberships: [(group: IPAddress, count: Int)] = []
  public private(set) var badCount = 0

  /// - Parameters:
  ///   - pool: where packets to send come from.
  ///   - queueLimit: bytes of buffers that may wait in all endpoints together.
  ///   - random: numbers that nobody can foretell, for ports.
  public init(
    pool: PacketPool, queueLimit: Int, service: Service = .datagrams,
    random: @escaping () -> UInt64
  ) {
    self.pool = pool
    self.service = service
    self.queueLimit = queueLimit
    self.random = random
  }

  /// Makes an endpoint, of version 6 or 4.
  public func makeEndpoint(isIPv6: Bool) -> UDPEndpoint {
    let endpoint = UDPEndpoint(isIPv6: isIPv6)
    // Each version has echo messages of its own.
    if service == .echo { endpoint.options.isIPv6Only = true }
    return endpoint
  }

  /// Ends an endpoint; what waits is dropped.
  public func close(_ endpoint: UDPEndpoint) {
    guard !endpoint.isClosed else { return }
    endpoint.isClosed = true
    if endpoint.isBound { unlink(endpoint) }
    while let packet = endpoint.queue.removeFirst() { queuedCapacity -= packet.capacity }
    endpoint.queuedCapacity = 0
    for group in endpoint.groups { leave(group) }
    endpoint.groups = []
    endpoint.observer = nil
  }

  /// Takes the next datagram out, or returns nil when none waits. An error that was reported comes
  /// first.
  public func receive(on endpoint: UDPEndpoint) throws(UDPError) -> UDPDatagram? {
    if let error = endpoint.takeError() { throw error }
    guard let packet = endpoint.queue.removeFirst() else { return nil }
    endpoint.queuedCapacity -= packet.capacity
    queuedCapacity -= packet.capacity
    return UDPDatagram(noted: packet)
  }

  // MARK: - From the network

  /// Takes a packet that begins with the UDP header. It stays in the slot when nobody has its port.
  public func receive(
    _ slot: inout Packet?, from source: IPAddress, to target: IPAddress,
    isGroup: Bool = false, hopLimit: UInt8 = 64, trafficClass: UInt8 = 0
  ) -> Outcome {
    guard var packet = slot.take() else { return .dropped }
    guard let ports = check(&packet, from: source, to: target) else {
      badCount += 1
      return .dropped
    }
    let from = Endpoint(source, UInt16(truncatingIfNeeded: ports >> 16))
    let to = Endpoint(target, UInt16(truncatingIfNeeded: ports))
    if isGroup {
      packet.removeFirst(Self.headerByteCount)
      return deliverToAll(
        packet, from: from, to: to, hopLimit: hopLimit, trafficClass: trafficClass)
    }
    guard let endpoint = find(from: from, to: to) else {
      slot = consume packet
      return .noEndpoint
    }
    packet.removeFirst(Self.headerByteCount)
    guard
      UDPDatagram.note(
        on: &packet, source: from, target: target, hopLimit: hopLimit, trafficClass: trafficClass)
    else { return .dropped }
    return enqueue(packet, on: endpoint)
  }

  /// Checks lengths and sum, cuts off padding and returns both ports.
  private func check(
    _ packet: inout Packet, from source: IPAddress, to target: IPAddress
  ) -> UInt32? {
    guard packet.byteCount >= Self.headerByteCount else { return nil }
    let header = packet.withBytes { $0.bigEndian(at: 0, as: UInt64.self) }
    let length = Int(truncatingIfNeeded: (header >> 16) & 0xffff)
    guard length >= Self.headerByteCount, packet.truncate(to: length),
      header >> 32 & 0xffff != 0
    else { return nil }
    switch packet.offload.checksum {
    // One that is still to be completed has not left this machine either.
    case .verified, .needed: return UInt32(truncatingIfNeeded: header >> 32)
    case .none: break
    }
    if header & 0xffff == 0 {
      // No checksum: version 6 does not allow that (RFC 8200 section 8.1).
      return source.isIPv4 ? UInt32(truncatingIfNeeded: header >> 32) : nil
    }
    var sum = InternetChecksum(
      from: source, to: target, protocol: ProtocolNumber.udp, byteCount: length)
    packet.withBytes { sum.add($0) }
    return sum.isRight ? UInt32(truncatingIfNeeded: header >> 32) : nil
  }

  func enqueue(_ packet: consuming Packet, on endpoint: UDPEndpoint) -> Outcome {
    let capacity = packet.capacity
    // One always fits, however small the limit.
    guard
      endpoint.queue.isEmpty || endpoint.queuedCapacity + capacity <= endpoint.options.receiveLimit,
      queuedCapacity + capacity <= queueLimit
    else {
      endpoint.dropCount += 1
      return .dropped
    }
    endpoint.queuedCapacity += capacity
    queuedCapacity += capacity
    endpoint.queue.append(packet)
    endpoint.observer?.changed(endpoint)
    return .delivered
  }

  private func deliverToAll(
    _ packet: consuming Packet, from source: Endpoint, to target: Endpoint, hopLimit: UInt8,
    trafficClass: UInt8
  ) -> Outcome {
    guard
      UDPDatagram.note(
        on: &packet, source: source, target: target.address, hopLimit: hopLimit,
        trafficClass: trafficClass)
    else { return .dropped }
    var outcome = Outcome.dropped
    var next = buckets[Self.bucket(of: target.port)]
    while let endpoint = next {
      next = endpoint.next
      guard endpoint.score(from: source, to: target) != nil,
        !target.address.isMulticast || endpoint.groups.contains(target.address)
      else { continue }
      if enqueue(packet.share(), on: endpoint) == .delivered { outcome = .delivered }
    }
    return outcome
  }

  /// The endpoint that fits a datagram best.
  @inline(__always)
  func find(from source: Endpoint, to target: Endpoint) -> UDPEndpoint? {
    var best: UDPEndpoint?
    var bestScore = -1
    var next = buckets[Self.bucket(of: target.port)]
    while let endpoint = next {
      if let score = endpoint.score(from: source, to: target), score > bestScore {
        best = endpoint
        bestScore = score
      }
      next = endpoint.next
    }
    return best
  }

  /// Whether an error can be about a datagram of ours.
  public func recognizes(_ error: DeliveryError) -> Bool {
    findSender(of: error) != nil
  }

  private func findSender(of error: DeliveryError) -> UDPEndpoint? {
    if service == .echo { return findRequester(of: error) }
    return find(
      from: Endpoint(error.target, error.targetPort), to: Endpoint(error.source, error.sourcePort))
  }

  /// Takes note of an error about a datagram of ours.
  public func failed(_ error: DeliveryError) {
    guard let endpoint = findSender(of: error) else { return }
    if endpoint.options.reportsAllErrors {
      endpoint.error = UDPError(error.kind) ?? .hostUnreachable
    } else if endpoint.remote != nil, let reported = UDPError(error.kind) {
      if reported == .messageTooLong, endpoint.options.mayFragment { return }
      endpoint.error = reported
    } else {
      return
    }
    endpoint.observer?.changed(endpoint)
  }

  // MARK: - Table

  @inline(__always)
  static func bucket(of port: UInt16) -> Int { Int(port) & (bucketCount - 1) }

  func link(_ endpoint: UDPEndpoint) {
    let index = Self.bucket(of: endpoint.local.port)
    endpoint.next = buckets[index]
    buckets[index] = endpoint
  }

  func unlink(_ endpoint: UDPEndpoint) {
    let index = Self.bucket(of: endpoint.local.port)
    if buckets[index] === endpoint {
      buckets[index] = endpoint.next
    } else {
      var next = buckets[index]
      while let candidate = next {
        if candidate.next === endpoint {
          candidate.next = endpoint.next
          break
        }
        next = candidate.next
      }
    }
    endpoint.next = nil
  }

  /// Visits every bound endpoint, for /proc/net/udp.
  public func forEach(_ body: (UDPEndpoint) -> Void) {
    for bucket in buckets {
      var next = bucket
      while let endpoint = next {
        next = endpoint.next
        body(endpoint)
      }
    }
  }
}
