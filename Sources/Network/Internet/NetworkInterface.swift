// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Packets

/// What an interface does for the stack.
public struct InterfaceOffloads: OptionSet, BitwiseCopyable, Sendable {
  public let rawValue: UInt8
  @inline(__always)
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Completes checksums that are `needed`.
  public static let transmitChecksum = Self(rawValue: 1)
  /// Tells which received packets it has `verified`.
  public static let receiveChecksum = Self(rawValue: 2)
  /// Cuts large TCP segments over IPv4.
  public static let segmentationTCP4 = Self(rawValue: 4)
  /// Cuts large TCP segments over IPv6.
  public static let segmentationTCP6 = Self(rawValue: 8)
}

/// What an interface has counted since the boot.
public struct InterfaceCounters: BitwiseCopyable, Sendable {
  public var receivedPackets: UInt64 = 0
  public var receivedBytes: UInt64 = 0
  public var receiveDrops: UInt64 = 0
  public var sentPackets: UInt64 = 0
  public var sentBytes: UInt64 = 0
  public var sendDrops: UInt64 = 0

  public init() {}
}

/// A way out: a device's driver, or a test.
public protocol NetworkInterface: AnyObject {
  /// The largest packet of IP, in bytes, its header included.
  var mtu: Int { get }
  var hardwareAddress: MACAddress { get }
  var offloads: InterfaceOffloads { get }

  /// Takes a frame that begins with its Ethernet header. May drop it when there is no room; may
  /// wait for `flush` before the device is told.
  func transmit(_ frame: consuming Frame)

  /// The same for a frame of one piece.
  func transmit(whole packet: consuming Packet)

  /// Tells the device about all frames so far.
  func flush()
}

extension NetworkInterface {
  public func transmit(whole packet: consuming Packet) {
    transmit(Frame(packet))
  }
}

/// An interface with a device behind it, which is asked for packets in rounds.
public protocol NetworkCard: NetworkInterface {
  var counters: InterfaceCounters { get }

  /// How many frames wait for `flush`.
  var heldCount: Int { get }

  /// How many frames the device has not sent yet, as far as it tells.
  var sendingCount: Int { get }

  /// Takes the device's interrupt back and asks for no more until `endPolling`.
  func beginPolling()

  /// The next packet, or nil when none has come; further pieces of it are appended to `rest`.
  func receive(rest: inout PacketQueue) -> Packet?

  /// Asks for an interrupt when the next packet comes. Returns true when one has come already: then
  /// the round goes on.
  func endPolling() -> Bool
}
