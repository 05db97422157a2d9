// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import ARP
import Base
import Bytes
import DHCP
import Ethernet
import Internet
import IPv4
import IPv6
import Loopback
import NDP
import Neighbors
import PacketCapture
import Packets
import UDP

/// How many packets went where, for /proc/net/snmp.
public struct StackCounters: BitwiseCopyable, Sendable {
  public var received = 0
  public var headerErrors = 0
  /// Packets that are for nobody here, or claim to come from us.
  public var addressErrors = 0
  public var unknownProtocols = 0
  public var delivered = 0
  public var sent = 0
  public var noRoutes = 0
  /// Packets lost for want of a buffer.
  public var discarded = 0
  public var reassembled = 0
  public var reassemblyFailures = 0
  public var fragmentsMade = 0
  public var icmpReceived = 0
  public var icmpSent = 0

  public init() {}
}

/// Who wants to know when IPv6 addresses, routers or name servers change.
public protocol AddressObserver: AnyObject {
  func addressesChanged()
}

/// Who looks at frames from the interface before the stack does.
public protocol FrameInterceptor: AnyObject {
  /// Whether it has served the frame, from its Ethernet header on, which then goes no further.
  func serves(_ frame: borrowing Packet) -> Bool
}

/// One interface, loopback, and everything between them and the transports.
///
/// It has no clock: whoever calls says what time it is, and calls `advance` at `nextDeadline`. It
/// calls nobody back from within a call that comes from above, but for the interface and observers.
public final class NetworkStack {
  /// Where packets come from and go to; nil for a host that has loopback alone.
  public private(set) var interface: (any NetworkInterface)?
  /// Buffers of one frame each.
  public let pool: PacketPool
  /// Buffers of 64 KiB, made when they are first needed.
  let largePool: PacketPool

  public let udp: UDPLayer
  /// Echo requests of programs.
  public let echo: UDPLayer
  /// TCP, when the image has it.
  public var tcp: (any TransportProtocol)?
  /// Writes all frames, when somebody wants to see them.
  public var capture: PacketCapture?

  /// Sees frames of one piece first.
  public var interceptor: (any FrameInterceptor)?

  /// The IPv4 addresses and routes. Change them by `add` and `remove` of the stack.
  public internal(set) var routes = IPv4Routes()
  /// The IPv6 addresses, networks and routers.
  public internal(set) var routes6 = IPv6Routes()
  /// What routers have said, once `startIPv6` was called.
  public internal(set) var autoConfiguration: AutoConfiguration?
  public var addressObserver: (any AddressObserver)?
  public internal(set) var counters = StackCounters()
  public let neighbors: NeighborTable

  /// The time of the call that is being served.
  public internal(set) var now: Instant
  let random: () -> UInt64
  var loopback: LoopbackQueue
  /// What follows the packet that is being received, when the interface has joined several.
  var joined = PacketQueue()
  let reassembly: ReassemblyTable
  var pathMTUs = PathMTUCache()
  var errorLimit = RateLimit(perSecond: 1000, burst: 50)
  var defenses: [AddressDefense] = []
  /// How often another host took an address of ours.
  public internal(set) var conflictCount = 0
  var dhcp: DHCPClient?
  var dhcpEndpoint: UDPEndpoint?
  var leaseObserver: (any LeaseObserver)?
  var leasedAddress: IPv4Prefix?
  /// The networks that a lease says are on the link.
  var leasedNetworks: [IPv4Prefix] = []
  var hasLostAddress = false
  /// The next identification of datagrams that are cut, for each of some groups of ways.
  var identifications: InlineArray<64, UInt16>
  let identificationSecret: UInt64
  let station: MACAddress
  /// The largest packet on the link, of either version; servers and routers may make it smaller.
  var linkMTU: Int
  var linkMTU6: Int

  /// Makes a stack, or fails when there is no memory for buffers.
  ///
  /// - Parameters:
  ///   - pool: buffers of at least a frame of the interface and `Packet.headroom`.
  ///   - largeBufferLimit: how many buffers of 64 KiB it may make, for fragments and loopback.
  ///   - udpQueueLimit: bytes of buffers that may wait in all UDP endpoints together; never more
  ///     than a quarter of the pool has.
  ///   - random: numbers that nobody can foretell.
  public init?(
    interface: (any NetworkInterface)?, pool: PacketPool, largeBufferLimit: Int = 32,
    udpQueueLimit: Int = 4 << 20, now: Instant, random: @escaping () -> UInt64
  ) {
    guard
      let largePool = PacketPool(
        bufferCount: 1, byteCount: 65_535 + IPv6Header.byteCount + Packet.headroom,
        limit: max(2, largeBufferLimit))
    else { return nil }
    self.interface = interface
    self.pool = pool
    self.largePool = largePool
    self.now = now
    self.random = random
    station = interface?.hardwareAddress ?? .zero
    linkMTU = interface?.mtu ?? LoopbackQueue.mtu
    linkMTU6 = interface?.mtu ?? LoopbackQueue.mtu
    // What programs do not read and neighbours do not answer must leave buffers for the card.
    let queueLimit = min(udpQueueLimit, pool.limit / 4 * pool.byteCount)
    udp = UDPLayer(pool: pool, queueLimit: queueLimit, random: random)
    echo = UDPLayer(pool: pool, queueLimit: queueLimit / 8, service: .echo, random: random)
    loopback = LoopbackQueue(pool: pool, largePool: largePool)
    reassembly = ReassemblyTable(pool: largePool, limit: max(1, largeBufferLimit / 2))
    neighbors = NeighborTable(frameLimit: min(256, pool.limit / 8))
    var word: UInt64 = 0
    identifications = InlineArray { index in
      word = index & 3 == 0 ? random() : word &>> 16
      return UInt16(truncatingIfNeeded: word)
    }
    identificationSecret = random()
  }

  /// Tells the stack what time it is, before calls from above.
  @inline(__always)
  public func enter(at now: Instant) {
    self.now = now
  }

  /// Takes a frame from the interface, from its Ethernet header on.
  ///
  /// - Parameter rest: the pieces behind the first, of TCP segments that the interface has joined.
  @_optimize(speed)
  public func receive(
    _ packet: consuming Packet, rest: consuming PacketQueue = PacketQueue(), now: Instant
  ) {
    self.now = now
    counters.received &+= 1
    if let capture { capture.record(packet, rest: rest, now: now) }
    if let interceptor, rest.isEmpty, interceptor.serves(packet) { return }
    guard let header = packet.withBytes({ EthernetHeader(parsing: $0) }),
      packet.removeFirst(EthernetHeader.byteCount)
    else {
      counters.headerErrors &+= 1
      return
    }
    let isGroup = header.target.isMulticast
    // Some networks throw back what we send to a group; it would look like a rival for our address.
    guard isGroup ? header.source != station : header.target == station else { return }
    if !rest.isEmpty { joined = rest }
    switch header.type {
    case .ipv4: receiveIPv4(packet, isLinkGroup: isGroup, isLoopback: false)
    case .ipv6: receiveIPv6(packet, isLinkGroup: isGroup, isLoopback: false)
    case .arp: receiveARP(packet)
    default: break
    }
    // What nobody took must not become part of the next packet.
    if !joined.isEmpty { joined = PacketQueue() }
  }

  /// Whether `interceptor` has served a frame, which then is not to be given to `receive`. What is
  /// written down goes the usual way.
  ///
  /// - Parameter interceptor: the stack's own, looked up once for many frames.
  @inline(__always)
  public func intercepts(
    _ packet: borrowing Packet, by interceptor: (any FrameInterceptor)?, now: Instant
  ) -> Bool {
    guard let interceptor, capture == nil else { return false }
    self.now = now
    guard interceptor.serves(packet) else { return false }
    counters.received &+= 1
    return true
  }

  /// Whether packets to ourselves are under way.
  public var hasLoopback: Bool {
    @inline(__always) get { !loopback.isEmpty }
  }

  /// Lets packets to ourselves arrive, and the interface know what is to be sent. To be called
  /// after calls from above and at the end of a round of `receive`.
  ///
  /// - Parameter showsCard: false leaves the second to the caller.
  public func flush(now: Instant, showsCard: Bool = true) {
    self.now = now
    // What is sent meanwhile is served as well, up to a bound: others want the processor too.
    var rest = 256
    while rest > 0, let packet = loopback.removeFirst(rest: &joined) {
      rest -= 1
      let version = packet.withBytes { $0.byteCount > 0 ? $0.byte(at: 0) >> 4 : 0 }
      if version == 4 {
        receiveIPv4(packet, isLinkGroup: false, isLoopback: true)
      } else {
        receiveIPv6(packet, isLinkGroup: false, isLoopback: true)
      }
      if !joined.isEmpty { joined = PacketQueue() }
    }
    if let dhcpEndpoint, dhcpEndpoint.isReadable { serveDHCP() }
    if showsCard { interface?.flush() }
  }

  /// When `advance` must be called; `never` when nothing is pending.
  public var nextDeadline: Instant {
    if !loopback.isEmpty { return now }
    var next = min(neighbors.nextDeadline, reassembly.nextDeadline)
    next = min(next, pathMTUs.nextDeadline)
    next = min(next, routes6.nextDeadline)
    if let autoConfiguration { next = min(next, autoConfiguration.nextDeadline) }
    for defense in defenses { next = min(next, defense.nextDeadline) }
    if let dhcp { next = min(next, dhcp.nextDeadline) }
    if let tcp { next = min(next, tcp.nextDeadline) }
    return next
  }

  /// Does what is due.
  public func advance(to now: Instant) {
    self.now = now
    neighbors.advance(to: now, link: self)
    while let packet = reassembly.takeExpired(at: now) {
      counters.reassemblyFailures += 1
      reportExpired(packet)
    }
    pathMTUs.advance(to: now)
    advanceDefenses()
    advanceIPv6()
    if let dhcp, dhcp.nextDeadline <= now { serveDHCP() }
    tcp?.advance(to: now)
    flush(now: now)
  }
}
