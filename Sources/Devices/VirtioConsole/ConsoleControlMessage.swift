// SPDX-License-Identifier: BSD-3-Clause

import Machine

/// A message on the control queues: `struct virtio_console_control`, virtio 1.2 section 5.3.6.2.
struct ConsoleControlMessage: Equatable, Sendable, BitwiseCopyable {
  /// What a message says. Numbers are the specification's.
  struct Event: RawRepresentable, Equatable, Sendable, BitwiseCopyable {
    let rawValue: UInt16

    /// `VIRTIO_CONSOLE_DEVICE_READY`: the driver has its queues.
    static var deviceReady: Event { Event(rawValue: 0) }
    /// `VIRTIO_CONSOLE_DEVICE_ADD`: there is a port.
    static var portAdd: Event { Event(rawValue: 1) }
    /// `VIRTIO_CONSOLE_DEVICE_REMOVE`: the port is gone.
    static var portRemove: Event { Event(rawValue: 2) }
    /// `VIRTIO_CONSOLE_PORT_READY`: the driver knows the port.
    static var portReady: Event { Event(rawValue: 3) }
    /// `VIRTIO_CONSOLE_PORT_OPEN`: the other side opened (1) or closed (0) the port.
    static var portOpen: Event { Event(rawValue: 6) }
  }

  /// The port's number.
  var port: UInt32
  var event: Event
  var value: UInt16

  /// Its size in bytes; the device may append more (a port's name), which is ignored.
  static var byteCount: Int { 8 }

  init(port: UInt32, event: Event, value: UInt16) {
    self.port = port
    self.event = event
    self.value = value
  }

  /// Reads the message that the device left at `offset`. The three fields come from one load: the
  /// device cannot change its mind in between.
  init(in memory: DMAMemory, at offset: Int) {
    let word = memory.load64(at: offset)
    port = UInt32(truncatingIfNeeded: word)
    event = Event(rawValue: UInt16(truncatingIfNeeded: word >> 32))
    value = UInt16(truncatingIfNeeded: word >> 48)
  }

  func store(in memory: DMAMemory, at offset: Int) {
    memory.store64(
      UInt64(port) | UInt64(event.rawValue) << 32 | UInt64(value) << 48, at: offset)
  }
}
