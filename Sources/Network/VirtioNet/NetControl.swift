// SPDX-License-Identifier: BSD-3-Clause

import Base
import Machine
import Virtio

/// The control queue (virtio 1.2 section 5.1.6.5): one command at a time, whose answer is looked
/// at when the next one comes.
final class NetControl {
  private let device: VirtioDevice
  private let queue: Virtqueue
  /// The command's bytes, and behind them the device's answer.
  private let memory: DMAMemory
  /// Whether the device has said no to any command.
  private(set) var wasRefused = false

  private static let answerOffset = 64

  /// `VIRTIO_NET_CTRL_RX`
  enum ReceiveMode: UInt8 {
    case promiscuous = 0
    case allMulticast = 1
  }

  /// Makes the driver's side; `memory` has a page for the command.
  init(device: VirtioDevice, queue: Virtqueue, memory: DMAMemory) {
    self.device = device
    self.queue = queue
    self.memory = memory
    queue.suppressInterrupts()
  }

  /// Turns a receive mode on or off. Returns false when the last command is not answered yet.
  func set(_ mode: ReceiveMode, _ isOn: Bool) -> Bool {
    // Class 0, the mode, and its value.
    memory.store32(UInt32(mode.rawValue) << 8 | (isOn ? 1 : 0) << 16, at: 0)
    return send(byteCount: 3)
  }

  private func send(byteCount: Int) -> Bool {
    collect()
    guard queue.inFlightCount == 0, device.state == .running else { return false }
    memory.store16(0xff, at: Self.answerOffset)
    guard
      queue.add(
        .read(from: memory, offset: 0, byteCount: byteCount),
        .written(to: memory, offset: Self.answerOffset, byteCount: 1)) != nil
    else { return false }
    device.publish(queue)
    return true
  }

  /// Looks whether the device has answered. Anything but `VIRTIO_NET_OK` (0) is a refusal.
  func collect() {
    while queue.takeUsed() != nil {
      if memory.load16(at: Self.answerOffset) & 0xff != 0 { wasRefused = true }
    }
    if queue.isBroken { device.fail(.broken) }
  }
}
