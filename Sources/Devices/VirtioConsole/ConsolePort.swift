// SPDX-License-Identifier: BSD-3-Clause

import Bytes
import Machine
import Virtio

/// Is told when a port may have become readable or writable, or reached its end.
public protocol ConsolePortObserver: AnyObject {
  /// Something about `port` changed that a waiting reader or writer may have waited for. Called
  /// from `VirtioConsole.handleInterrupt`; may read and write the port.
  func consolePortChanged(_ port: ConsolePort)
}

/// One port of the console: a stream of bytes from the host, to the host, or both.
///
/// Nothing here waits: reads and writes do what can be done at once, and the observer is told
/// when to try again.
public final class ConsolePort {
  /// Which way bytes go.
  public struct Directions: OptionSet, Sendable {
    public let rawValue: UInt8

    /// Creates a set from its bits.
    public init(rawValue: UInt8) {
      self.rawValue = rawValue
    }

    /// From the host to the guest.
    public static let input = Directions(rawValue: 1)
    /// From the guest to the host.
    public static let output = Directions(rawValue: 2)
  }

  /// The port's number on the device.
  public let number: Int
  /// Who is told of changes.
  public var observer: (any ConsolePortObserver)?
  /// Whether the device announced the port.
  public internal(set) var isPresent = false
  /// Whether the host has its side open.
  public internal(set) var isHostOpen = false
  /// Whether the host has opened its side and closed it again.
  public internal(set) var wasClosed = false

  /// How many of the two messages that open the port (ready, open) are still to be sent.
  var unsentMessages = 0
  let device: VirtioDevice
  let receiver: PortReceiver?
  /// Whether the port takes input.
  public var isInput: Bool { receiver != nil }
  let sender: PortSender?

  init(number: Int, device: VirtioDevice, receiver: PortReceiver?, sender: PortSender?) {
    self.number = number
    self.device = device
    self.receiver = receiver
    self.sender = sender
  }

  /// Whether the device failed: input has ended, output goes nowhere.
  public var isBroken: Bool { device.state == .failed }

  // MARK: Input

  /// Whether `read` would return something. When it returns false, the observer will be told of
  /// the next input.
  public var hasInput: Bool { receiver?.hasInput ?? false }

  /// Whether the host closed its side and everything it sent was read.
  public var isAtEnd: Bool { (wasClosed || isBroken || receiver == nil) && !hasInput }

  /// Takes input, as much as there is and fits, and returns how many bytes that were.
  public func read(into target: inout MutableRawSpan) -> Int {
    receiver?.read(into: &target) ?? 0
  }

  // MARK: Output

  /// Whether `write` would take something. When it returns false, the observer will be told when
  /// there is room.
  public var canWrite: Bool { isBroken || sender?.canWrite ?? false }

  /// Takes output, as much as there is room for, and returns how many bytes that were.
  ///
  /// The bytes go to the device at once, unless it is still busy with earlier ones: then they
  /// gather in a page that goes when the device is ready or the page is full.
  ///
  /// A port whose device failed takes everything and loses it; ask `isBroken`.
  public func write(_ bytes: RawSpan) -> Int {
    if isBroken { return bytes.byteCount }
    return sender?.write(bytes) ?? 0
  }

  /// Gives the device what has gathered.
  public func flush() {
    if !isBroken { sender?.flush() }
  }

  /// Whether the device has taken all output. When it returns false, the observer will be told of
  /// progress.
  public var isDrained: Bool { isBroken || sender?.isDrained ?? true }

  // MARK: For the console

  /// Looks at the port's queues after an interrupt. Returns whether to tell the observer.
  func processQueues() -> Bool {
    let input = receiver?.processInterrupt() ?? false
    let output = sender?.processInterrupt() ?? false
    return input || output
  }
}
