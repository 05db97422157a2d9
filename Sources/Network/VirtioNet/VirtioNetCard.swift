// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Internet
import Packets
import Virtio

/// The driver as the stack's card.
public final class VirtioNetCard: NetworkCard {
  public let device: VirtioNet
  /// The lines that its interrupts come on.
  public let interrupts: VirtioInterrupts?
  public let mtu: Int
  public let hardwareAddress: MACAddress
  public let offloads: InterfaceOffloads
  public private(set) var heldCount = 0

  /// - Parameter chosenAddress: for a device that was given none.
  public init(_ device: VirtioNet, interrupts: VirtioInterrupts?, chosenAddress: MACAddress) {
    self.device = device
    self.interrupts = interrupts
    mtu = min(device.mtu ?? 1500, 1500)
    hardwareAddress = device.hardwareAddress ?? chosenAddress
    var offloads: InterfaceOffloads = []
    // The driver makes checksums itself when the device cannot, but has to look at every byte then:
    // so does TCP, which has them at hand.
    if device.offloads.contains(.transmitChecksum) { offloads.insert(.transmitChecksum) }
    if device.offloads.contains(.receiveChecksum) { offloads.insert(.receiveChecksum) }
    if device.offloads.contains(.segmentation4) { offloads.insert(.segmentationTCP4) }
    if device.offloads.contains(.segmentation6) { offloads.insert(.segmentationTCP6) }
    self.offloads = offloads
  }

  @_optimize(speed)
  public func transmit(_ frame: consuming Frame) {
    heldCount &+= 1
    device.transmit(frame)
  }

  @_optimize(speed)
  public func transmit(whole packet: consuming Packet) {
    heldCount &+= 1
    device.transmit(whole: packet)
  }

  @_optimize(speed)
  public func flush() {
    heldCount = 0
    device.flush()
  }

  public var counters: InterfaceCounters {
    let counts = device.counters
    var counters = InterfaceCounters()
    counters.receivedPackets = counts.receivedPackets
    counters.receivedBytes = counts.receivedBytes
    counters.receiveDrops = counts.droppedPackets
    counters.sentPackets = counts.sentFrames
    counters.sentBytes = counts.sentBytes
    counters.sendDrops = counts.droppedFrames
    return counters
  }

  public var sendingCount: Int { device.sendingCount }

  public func beginPolling() { device.beginPolling() }

  @_optimize(speed)
  public func receive(rest: inout PacketQueue) -> Packet? { device.receive(rest: &rest) }

  public func endPolling() -> Bool { device.endPolling() }
}
