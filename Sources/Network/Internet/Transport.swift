// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Packets

/// The numbers of the protocols above IP (IANA "Protocol Numbers").
public enum ProtocolNumber {
  public static var icmp: UInt8 { 1 }
  public static var tcp: UInt8 { 6 }
  public static var udp: UInt8 { 17 }
  public static var icmpv6: UInt8 { 58 }
}

/// How a packet is to be sent.
public struct SendOptions: BitwiseCopyable, Sendable {
  /// Time to live, or hop limit.
  public var hopLimit: UInt8 = 64
  /// Type of service, or traffic class.
  public var trafficClass: UInt8 = 0
  /// Whether it may be cut into fragments; not when the path's MTU is being found out.
  public var mayFragment = true
  /// Whether members of the group on this host get it too; only looked at when it goes to a group.
  public var loopsMulticast = true

  @inline(__always)
  public init() {}

  @inline(__always)
  public init(
    hopLimit: UInt8 = 64, trafficClass: UInt8 = 0, mayFragment: Bool = true,
    loopsMulticast: Bool = true
  ) {
    self.hopLimit = hopLimit
    self.trafficClass = trafficClass
    self.mayFragment = mayFragment
    self.loopsMulticast = loopsMulticast
  }
}

/// Why a packet could not be sent.
public enum SendError: Error, BitwiseCopyable, Sendable {
  /// No route leads there: ENETUNREACH.
  case noRoute
  /// Larger than the path allows, and it must not be cut: EMSGSIZE.
  case messageTooLong
  /// The source address is none of ours: EADDRNOTAVAIL.
  case sourceNotOurs
  /// No buffer for it: ENOBUFS.
  case noBuffers
}

/// What transports stand on.
public protocol InternetSink: AnyObject {
  /// Sends a packet that begins with the transport's header. Head room for all lower headers must
  /// be in front of it. `source` is one of the host's addresses, or any.
  func send(
    _ frame: consuming Frame, from source: IPAddress, to target: IPAddress,
    protocol number: UInt8, options: SendOptions
  ) throws(SendError)

  /// Which of the host's addresses packets to `target` carry, or nil when no route leads there.
  func sourceAddress(to target: IPAddress) -> IPAddress?

  /// Whether an address is one of the host's own, for `bind`.
  func isLocal(_ address: IPAddress) -> Bool

  /// Whether an address reaches all stations of a link.
  func isBroadcast(_ address: IPAddress) -> Bool

  /// The largest packet of IP that goes to `target` uncut, in bytes.
  func pathMTU(to target: IPAddress) -> Int

  /// What the way to `target` does for the sender.
  func offloads(to target: IPAddress) -> InterfaceOffloads
}

/// What a router or the other end said about a packet of ours.
public struct DeliveryError: BitwiseCopyable, Sendable {
  public enum Kind: BitwiseCopyable, Sendable {
    case networkUnreachable
    case hostUnreachable
    case protocolUnreachable
    case portUnreachable
    case prohibited
    /// The largest packet, in bytes, that the path takes.
    case packetTooBig(mtu: Int)
    case timeExceeded
    case parameterProblem
  }

  public let kind: Kind
  public let number: UInt8
  /// Where the packet came from: one of our addresses.
  public let source: IPAddress
  /// Where it went.
  public let target: IPAddress
  /// The first eight bytes of the transport's header, the first one highest: both ports, and for
  /// TCP the sequence number.
  public let header: UInt64

  public init(
    _ kind: Kind, protocol number: UInt8, source: IPAddress, target: IPAddress, header: UInt64
  ) {
    self.kind = kind
    self.number = number
    self.source = source
    self.target = target
    self.header = header
  }

  public var sourcePort: UInt16 { UInt16(truncatingIfNeeded: header >> 48) }
  public var targetPort: UInt16 { UInt16(truncatingIfNeeded: header >> 32) }
  public var sequenceNumber: UInt32 { UInt32(truncatingIfNeeded: header) }
}

/// A transport that the stack feeds. Its `nextDeadline` and `advance` are its clock.
public protocol TransportProtocol: AnyObject {
  /// Takes a frame that begins with the transport's header and ends with its payload; its head has
  /// at least one byte. The checksum has not been looked at, unless the head's offload says so.
  func receive(
    _ frame: consuming Frame, from source: IPAddress, to target: IPAddress, now: Instant)

  /// Whether an error is about a packet that is really under way. Anybody may have made it up.
  func recognizes(_ error: DeliveryError) -> Bool

  /// Takes note of an error that it recognises.
  func failed(_ error: DeliveryError, now: Instant)

  /// When `advance` must be called; `never` when nothing is pending.
  var nextDeadline: Instant { get }

  /// Does what is due.
  func advance(to now: Instant)
}
