// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Bytes
import Internet
import Packets

/// Who wants to know when an endpoint can be read, or has an error.
public protocol UDPObserver: AnyObject {
  func changed(_ endpoint: UDPEndpoint)
}

/// What an endpoint lets and wants.
public struct UDPOptions: BitwiseCopyable, Sendable {
  /// Bytes of buffers that may wait (SO_RCVBUF).
  public var receiveLimit = 212_992
  /// SO_REUSEADDR or SO_REUSEPORT: others that want it too may have the same port.
  public var sharesPort = false
  /// SO_BROADCAST.
  public var allowsBroadcast = false
  /// IPV6_V6ONLY.
  public var isIPv6Only = false
  /// IP_RECVERR: also errors that may pass, and those of an endpoint that is not connected.
  public var reportsAllErrors = false
  /// IP_TTL, and IP_MULTICAST_TTL for groups.
  public var hopLimit: UInt8 = 64
  public var multicastHopLimit: UInt8 = 1
  /// IP_TOS.
  public var trafficClass: UInt8 = 0
  /// IP_MTU_DISCOVER is not IP_PMTUDISC_DO.
  public var mayFragment = true
  /// IP_MULTICAST_LOOP.
  public var loopsMulticast = true

  public init() {}
}

/// One end of an exchange of datagrams: what a socket of SOCK_DGRAM stands on.
public final class UDPEndpoint {
  /// Address and port; port 0 until it is bound.
  public internal(set) var local: Endpoint
  /// Where it is connected to.
  public internal(set) var remote: Endpoint?
  /// Whether it was made for version 6. Then it also takes version 4, unless `isIPv6Only`.
  public let isIPv6: Bool
  public var options = UDPOptions()
  public var observer: (any UDPObserver)?
  public internal(set) var isClosed = false
  /// How many datagrams were dropped because too many waited.
  public internal(set) var dropCount = 0

  /// Whether the local address is the one that `connect` has chosen.
  var hasChosenAddress = false
  var queue = PacketQueue()
  var queuedCapacity = 0
  var error: UDPError?
  var groups: [IPAddress] = []
  var next: UDPEndpoint?

  init(isIPv6: Bool) {
    self.isIPv6 = isIPv6
    local = Endpoint(Self.anyAddress(isIPv6), 0)
  }

  static func anyAddress(_ isIPv6: Bool) -> IPAddress {
    isIPv6 ? IPAddress(IPv6Address.any) : IPAddress(IPv4Address.any)
  }

  public var isBound: Bool { local.port != 0 }
  /// Whether `receive` returns at once with a datagram or an error.
  public var isReadable: Bool { !queue.isEmpty || error != nil }
  public var waitingCount: Int { queue.count }
  /// Payload bytes of the next datagram (FIONREAD); nil when none waits.
  public var nextByteCount: Int? {
    queue.withFirstBytes { $0.byteCount - UDPDatagram.noteByteCount }
  }

  /// Takes the error that was reported (SO_ERROR).
  public func takeError() -> UDPError? { error.take() }

  /// Lends the payload and source of the next datagram without taking it out (MSG_PEEK).
  public func peek<R>(_ body: (RawSpan, Endpoint) -> R) -> R? {
    queue.withFirstBytes { bytes in
      let source = Endpoint(
        IPAddress(IPv6Address(bytes, at: 0)), bytes.bigEndian(at: 32, as: UInt16.self))
      return body(bytes.extracting(droppingFirst: UDPDatagram.noteByteCount), source)
    }
  }

  /// Whether it may talk to addresses of that version.
  func speaks(_ address: IPAddress) -> Bool {
    address.isIPv4 ? !isIPv6 || !options.isIPv6Only : isIPv6
  }

  /// How well a datagram fits: higher is better, nil not at all.
  @inline(__always)
  func score(from source: Endpoint, to target: Endpoint) -> Int? {
    guard local.port == target.port, speaks(target.address) else { return nil }
    var score = target.address.isIPv4 == isIPv6 ? 0 : 1
    if !local.address.isAny {
      guard local.address == target.address else { return nil }
      score += 4
    }
    if let remote {
      guard remote == source else { return nil }
      score += 8
    }
    return score
  }

  /// Whether both may not have the same port at a time (Linux `inet_rcv_saddr_equal`).
  func conflicts(with address: IPAddress, _ port: UInt16, of other: UDPEndpoint) -> Bool {
    guard local.port == port, self !== other else { return false }
    if options.sharesPort, other.options.sharesPort { return false }
    if local.address.isAny, address.isAny {
      // Both wild: apart only when one is version 4 and the other version 6 alone.
      return isIPv6 == other.isIPv6 || (isIPv6 ? !options.isIPv6Only : !other.options.isIPv6Only)
    }
    if local.address.isAny { return speaks(address) }
    if address.isAny { return other.speaks(local.address) }
    return local.address == address
  }
}
