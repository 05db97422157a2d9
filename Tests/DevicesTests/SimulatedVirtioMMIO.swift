// SPDX-License-Identifier: BSD-3-Clause

import Base
import Machine
import Virtio
import VirtioMMIO

/// The device's side of virtio-mmio, written from virtio 1.2 section 4.2.2 alone.
class SimulatedVirtioMMIO: SimulatedDevice, @unchecked Sendable {
  struct QueueRegisters {
    var size = 0
    var isReady = false
    var descriptors: UInt = 0
    var available: UInt = 0
    var used: UInt = 0
  }

  var magic: UInt64 = 0x7472_6976
  var version: UInt64 = 2
  var kind: UInt64
  var features: UInt64
  var maximumQueueSize = 128
  var configuration: [UInt8]
  var generation: UInt64 = 0

  var status: UInt8 = 0
  var refusesFeatures = false
  var refusesReset = false
  var refusesQueues = false
  var driverFeatures: UInt64 = 0
  var interruptStatus: UInt64 = 0
  var interruptCount = 0
  var notifications: [Int] = []
  var registerAccesses = 0
  var queues: [Int: QueueRegisters] = [:]
  var rings: [Int: DeviceSideQueue] = [:]
  let queueCount: Int
  let address: PhysicalAddress

  private var deviceFeaturesSelect: UInt64 = 0
  private var driverFeaturesSelect: UInt64 = 0
  private var queueSelect = 0

  init(kind: UInt64, features: UInt64, queueCount: Int, configuration: [UInt8]) {
    self.kind = kind
    self.features = features | 1 << 32
    self.queueCount = queueCount
    self.configuration = configuration
    address = SimulatedBus.reserveAddresses(byteCount: 512)
    super.init()
    SimulatedBus.attach(self, at: address, byteCount: 512)
  }

  func makeTransport() throws -> VirtioMMIOTransport? {
    try VirtioMMIOTransport(at: address, byteCount: 512, interruptLine: 12)
  }

  var usesEventIndex: Bool { driverFeatures >> 29 & 1 != 0 }

  /// The driver notified a queue.
  func queueNotified(_ queue: Int) {}

  /// Gives a chain back, with an interrupt where the driver wants one.
  func push(_ queue: Int, _ head: UInt32, writtenByteCount: UInt32) {
    if rings[queue]!.push(head, writtenByteCount: writtenByteCount) {
      interruptStatus |= 1
      interruptCount += 1
    }
  }

  override func load(at offset: Int, byteCount: Int) -> UInt64 {
    registerAccesses += 1
    if offset >= 0x100 {
      return (0..<byteCount).reduce(0) { value, index in
        let at = offset - 0x100 + index
        return value | UInt64(at < configuration.count ? configuration[at] : 0) << (8 * index)
      }
    }
    switch offset {
    case 0x000: return magic
    case 0x004: return version
    case 0x008: return kind
    case 0x010: return features >> (32 * deviceFeaturesSelect) & 0xffff_ffff
    case 0x034: return queueSelect < queueCount ? UInt64(maximumQueueSize) : 0
    case 0x044: return queues[queueSelect]?.isReady == true ? 1 : 0
    case 0x060: return interruptStatus
    case 0x070: return UInt64(status)
    case 0x0fc: return generation
    default: return 0
    }
  }

  override func store(_ value: UInt64, at offset: Int, byteCount: Int) {
    registerAccesses += 1
    switch offset {
    case 0x014: deviceFeaturesSelect = value
    case 0x020:
      let shift = 32 * driverFeaturesSelect
      driverFeatures = driverFeatures & ~(0xffff_ffff << shift) | value << shift
    case 0x024: driverFeaturesSelect = value
    case 0x030: queueSelect = Int(value)
    case 0x038: queues[queueSelect, default: QueueRegisters()].size = Int(value)
    case 0x044 where !refusesQueues: enableQueue()
    case 0x050:
      notifications.append(Int(value))
      queueNotified(Int(value))
    case 0x064: interruptStatus &= ~value
    case 0x070: setStatus(UInt8(value))
    case 0x080: queues[queueSelect, default: QueueRegisters()].descriptors |= UInt(value)
    case 0x084: queues[queueSelect, default: QueueRegisters()].descriptors |= UInt(value) << 32
    case 0x090: queues[queueSelect, default: QueueRegisters()].available |= UInt(value)
    case 0x094: queues[queueSelect, default: QueueRegisters()].available |= UInt(value) << 32
    case 0x0a0: queues[queueSelect, default: QueueRegisters()].used |= UInt(value)
    case 0x0a4: queues[queueSelect, default: QueueRegisters()].used |= UInt(value) << 32
    default: break
    }
  }

  private func enableQueue() {
    guard var queue = queues[queueSelect] else { return }
    queue.isReady = true
    queues[queueSelect] = queue
    rings[queueSelect] = DeviceSideQueue(
      size: queue.size,
      addresses: VirtqueueAddresses(
        descriptors: PhysicalAddress(queue.descriptors),
        available: PhysicalAddress(queue.available), used: PhysicalAddress(queue.used)),
      usesEventIndex: usesEventIndex, isPacked: driverFeatures >> 34 & 1 != 0)
  }

  private func setStatus(_ value: UInt8) {
    if value == 0 {
      if refusesReset { return }
      queues = [:]
      rings = [:]
      driverFeatures = 0
    }
    status = refusesFeatures ? value & ~8 : value
  }
}
