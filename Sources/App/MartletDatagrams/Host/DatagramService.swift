// SPDX-License-Identifier: BSD-3-Clause

@_exported import Base
@_exported import Bytes
@_exported import MartletNetwork

/// Answers the datagrams of a UDP port as they come (see the sibling for the guest). There is no way
/// into the host's own stack, so there is no service here.
public final class DatagramService {
  /// Always throws `noNetwork`.
  public init(
    port: UInt16, headByteCount: Int = 0, payloadLimit: Int = 1452,
    _ serve: @escaping (_ request: RawSpan, _ reply: inout ReplyDatagrams) -> Void
  ) throws(NetworkError) {
    throw .noNetwork
  }

  /// Serves for ever.
  public func run() -> Never { fatalError("there is no such service") }
}

/// The reply to one request (see `UDPResponder`).
public struct ReplyDatagrams: ~Copyable {
  /// How many datagrams there are.
  public var count: Int { 0 }
  /// When the packets were taken that the request is among.
  public var now: Instant { .start }
  /// The most bytes that `fill` lends.
  public var contiguousRoom: Int { 0 }
  /// Adds bytes.
  public mutating func append(_ bytes: RawSpan) {}
  /// Lends bytes in one piece.
  public mutating func fill(_ limit: Int, _ body: (inout MutableRawSpan) -> Int) {}
  /// Lets `body` fill the head of each datagram.
  public mutating func setHeads(_ body: (_ index: Int, inout MutableRawSpan) -> Void) {}
}
