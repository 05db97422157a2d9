// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Clock
import CommandLine
import Log
import Machine
import NativeDevices
import NativeThreads
import Scheduling
import TimerWheel
import Virtio
import VirtioConsole

/// Standard input of native applications: port 1 of a virtio console, started at the first read.
public final class NativeInput: InterruptHandler, ConsolePortObserver {
  private static let made = KernelGlobal<NativeInput?>(nil)

  /// The one input.
  public static var shared: NativeInput {
    if let input = made.value { return input }
    NativeRuntime.startThreads()
    let input = NativeInput(start())
    made.value = input
    input.connect()
    return input
  }

  /// Pages that the device fills while the application is busy.
  private static let pageCount = 16
  /// How long a host has to open its side. One that has closed it before is silent.
  private static let patience = Nanoseconds.milliseconds(50)

  private let console: VirtioConsole?
  private let interrupts: VirtioInterrupts?
  private let queue = WaitQueue()
  private var hasGivenUp = false

  private init(_ parts: (VirtioConsole, VirtioInterrupts?)?) {
    console = parts?.0
    interrupts = parts?.1
  }

  /// Finds the device and starts it; nil when there is no input.
  private static func start() -> (VirtioConsole, VirtioInterrupts?)? {
    guard NativeRuntime.parameters.text.standardInput != BootParameters.StandardInput.none else {
      return nil
    }
    var found: (any VirtioTransport)?
    NativeDevices.forEachVirtio(VirtioConsole.deviceKind) {
      found = $0
      return false
    }
    guard let transport = found else {
      Log.write(.warning, "input", "the machine has no virtio console: there is no input")
      return nil
    }
    let interrupts = transport.connectInterrupts()
    do {
      let console = try VirtioConsole(
        transport, ports: [VirtioConsole.PortRequest(1, .input)], inputPageCount: pageCount)
      return (console, interrupts)
    } catch {
      Log.write(.error, "input", "the virtio console does not work: there is no input")
      return nil
    }
  }

  private func connect() {
    guard let console else { return }
    console.ports[0].observer = self
    if let interrupts {
      Scheduler.handle(interrupts.queues, by: self)
      if let line = interrupts.configuration { Scheduler.handle(line, by: self) }
    }
    // What the device said before its line was routed.
    handleInterrupt()
    Scheduler.arm(InputPatience(self), at: Clock.now() + Self.patience)
  }

  public func handleInterrupt() {
    console?.handleInterrupt()
  }

  public func consolePortChanged(_ port: ConsolePort) {
    queue.wakeAll()
  }

  /// The host has had its time: if its side is not open, nothing will come.
  fileprivate func giveUp() {
    // Some hosts answer without an interrupt.
    handleInterrupt()
    hasGivenUp = true
    queue.wakeAll()
  }

  /// Reads at least one byte; 0 at the end, nil when nothing has come by `deadline`.
  public func read(into bytes: inout MutableRawSpan, until deadline: Instant) -> Int? {
    guard let port = console?.ports[0] else { return 0 }
    while true {
      let count = port.read(into: &bytes)
      if count > 0 { return count }
      if port.isAtEnd || hasGivenUp && !port.isHostOpen { return 0 }
      if queue.wait(until: deadline, interruptible: false) == .timedOut { return nil }
    }
  }
}

/// Ends the wait for a host that does not open its side.
private final class InputPatience: TimerEntry {
  private let input: NativeInput

  init(_ input: NativeInput) {
    self.input = input
  }

  override func fire(at now: Instant) {
    input.giveUp()
  }
}
