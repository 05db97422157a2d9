// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Bytes

/// A message of the address resolution protocol for IPv4 over Ethernet (RFC 826).
public struct ARPMessage: Equatable, BitwiseCopyable, Sendable {
  public enum Operation: UInt16, BitwiseCopyable, Sendable {
    case request = 1
    case reply = 2
  }

  public var operation: Operation
  public var sender: IPv4Address
  public var senderStation: MACAddress
  public var target: IPv4Address
  public var targetStation: MACAddress

  public static var byteCount: Int { 28 }

  public init(
    _ operation: Operation, sender: IPv4Address, senderStation: MACAddress, target: IPv4Address,
    targetStation: MACAddress = .zero
  ) {
    self.operation = operation
    self.sender = sender
    self.senderStation = senderStation
    self.target = target
    self.targetStation = targetStation
  }

  /// Asks who has `target`.
  public static func request(
    for target: IPv4Address, from sender: IPv4Address, _ station: MACAddress
  ) -> Self {
    Self(.request, sender: sender, senderStation: station, target: target)
  }

  /// Asks whether anybody has `address`, without a claim to it (RFC 5227 section 1.1).
  public static func probe(for address: IPv4Address, from station: MACAddress) -> Self {
    request(for: address, from: .any, station)
  }

  /// Tells everybody that `address` is ours (RFC 5227 section 2.3).
  public static func announcement(of address: IPv4Address, _ station: MACAddress) -> Self {
    request(for: address, from: address, station)
  }

  /// The answer to a request for an address of ours.
  public func reply(from station: MACAddress) -> Self {
    Self(
      .reply, sender: target, senderStation: station, target: sender, targetStation: senderStation)
  }

  /// Nil for other hardware, protocols and operations, for what is too short, and for a sender that
  /// cannot be a station. Bytes behind the message are padding.
  public init?(parsing bytes: RawSpan) {
    guard bytes.byteCount >= Self.byteCount,
      bytes.bigEndian(at: 0, as: UInt64.self) >> 16 == 0x0001_0800_0604,
      let operation = Operation(rawValue: bytes.bigEndian(at: 6))
    else { return nil }
    self.operation = operation
    senderStation = MACAddress(bytes, at: 8)
    sender = IPv4Address(bytes, at: 14)
    targetStation = MACAddress(bytes, at: 18)
    target = IPv4Address(bytes, at: 24)
    guard !senderStation.isMulticast, senderStation != .zero,
      sender == .any || sender.isUnicast && !sender.isLoopback
    else { return nil }
  }

  /// Stores the message at the front. Traps when there is no room for 28 bytes.
  public func store(in bytes: inout MutableRawSpan, at offset: Int = 0) {
    bytes.storeBigEndian(
      0x0001_0800_0604_0000 | UInt64(operation.rawValue), at: offset)
    senderStation.store(in: &bytes, at: offset + 8)
    sender.store(in: &bytes, at: offset + 14)
    targetStation.store(in: &bytes, at: offset + 18)
    target.store(in: &bytes, at: offset + 24)
  }
}
