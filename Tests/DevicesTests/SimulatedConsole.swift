// SPDX-License-Identifier: BSD-3-Clause

import Machine

/// A virtio console with ports 1 to 3, as QEMU's virtio-serial behaves (virtio 1.2 section 5.3).
class SimulatedConsole: SimulatedVirtioMMIO, @unchecked Sendable {
  /// When set, notifications are only noted, and `run` does the work: a device of its own pace.
  var isAsynchronous = false
  /// Ports whose output is not taken, as when the host does not read.
  var throttled: Set<Int> = []
  /// What the host got from each port.
  var output: [Int: [UInt8]] = [:]
  /// What the host wants to send to each port.
  var input: [Int: [UInt8]] = [:]
  var hostOpen: Set<Int> = [1, 2, 3]
  var guestOpen: Set<Int> = []
  /// Control messages from the driver: port, event, value.
  var control: [[Int]] = []
  private var pendingControl: [[UInt8]] = []
  private var outputChains = 0

  init(features: UInt64 = 1 << 1 | 1 << 29, portLimit: UInt8 = 4) {
    super.init(
      kind: 3, features: features, queueCount: 2 + 2 * Int(portLimit),
      configuration: [0, 0, 0, 0, portLimit, 0, 0, 0, 0, 0, 0, 0])
  }

  override func queueNotified(_ queue: Int) {
    if !isAsynchronous { run() }
  }

  /// Does all the work that there is.
  func run() {
    guard status & 4 != 0 else { return }
    takeControl()
    sendControl()
    for port in 1...3 {
      takeOutput(port)
      sendInput(port)
    }
  }

  func post(port: Int, event: Int, value: Int, name: String = "") {
    let head: [UInt8] = [
      UInt8(port & 255), UInt8(port >> 8 & 255), 0, 0, UInt8(event), 0, UInt8(value), 0,
    ]
    pendingControl.append(head + Array(name.utf8))
  }

  /// The host closes its side after everything it sent.
  func close(_ port: Int) {
    hostOpen.remove(port)
    post(port: port, event: 6, value: 0)
  }

  private func takeControl() {
    while let chain = rings[3]?.pop() {
      let bytes = rings[3]!.readableBytes(of: chain)
      push(3, chain.head, writtenByteCount: 0)
      guard bytes.count == 8 else { continue }
      let port = Int(bytes[0]) | Int(bytes[1]) << 8
      let event = Int(bytes[4])
      let value = Int(bytes[6])
      control.append([port, event, value])
      switch event {
      case 0: for port in 1...3 { post(port: port, event: 1, value: 1) }
      case 3:
        post(port: port, event: 7, value: 1, name: "a name that is longer than its buffer allows")
        if hostOpen.contains(port) { post(port: port, event: 6, value: 1) }
      case 6: if value == 1 { guestOpen.insert(port) } else { guestOpen.remove(port) }
      default: break
      }
    }
  }

  private func sendControl() {
    while let message = pendingControl.first, let chain = rings[2]?.pop() {
      pendingControl.removeFirst()
      let written = rings[2]!.write(message, to: chain)
      push(2, chain.head, writtenByteCount: UInt32(written))
    }
  }

  private func takeOutput(_ port: Int) {
    let queue = 3 + 2 * port
    guard !throttled.contains(port) else { return }
    while let chain = rings[queue]?.pop() {
      output[port, default: []] += rings[queue]!.readableBytes(of: chain)
      outputChains += 1
      push(queue, chain.head, writtenByteCount: 0)
    }
  }

  private func sendInput(_ port: Int) {
    let queue = 2 + 2 * port
    guard guestOpen.contains(port) else { return }
    while let bytes = input[port], !bytes.isEmpty, let chain = rings[queue]?.pop() {
      let written = rings[queue]!.write(bytes, to: chain)
      input[port] = Array(bytes.dropFirst(written))
      push(queue, chain.head, writtenByteCount: UInt32(written))
    }
  }
}
