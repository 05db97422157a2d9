// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Clock
import CommandLine
import Log
import Machine
import Memory
import Scheduling
import Settings
import TimerWheel
import VFS
import Virtio
import VirtioConsole

/// The program's standard streams: ports 1 to 3 of a virtio console.
final class Console: InterruptHandler {
  private let device: VirtioConsole
  let input: ConsoleStream
  let output: ConsoleStream
  let errors: ConsoleStream

  /// Finds the console and starts it; without one there is nothing to talk to.
  static func start(_ parameters: Parameters) -> Console {
    guard let transport = findVirtioDevice(VirtioConsole.deviceKind, parameters.text) else {
      Panic.refuse("console", "the machine has no virtio console")
    }
    do {
      let interrupts = transport.connectInterrupts()
      let device = try VirtioConsole(
        transport,
        ports: [
          VirtioConsole.PortRequest(1, .input), VirtioConsole.PortRequest(2, .output),
          VirtioConsole.PortRequest(3, .output),
        ], outputPageLimit: Settings.virtioConsoleOutputPages,
        inputPageCount: Settings.virtioConsoleInputPages)
      let console = Console(device)
      if let interrupts {
        Scheduler.handle(interrupts.queues, by: console)
        if let line = interrupts.configuration { Scheduler.handle(line, by: console) }
      }
      // What the device said before its line was routed.
      console.handleInterrupt()
      let patience = Patience(console)
      Scheduler.arm(patience, at: Clock.now() + .milliseconds(50))
      return console
    } catch {
      Panic.refuse("console", "the virtio console does not work")
    }
  }

  private init(_ device: VirtioConsole) {
    self.device = device
    guard let input = ConsoleStream(device.ports[0]),
      let output = ConsoleStream(device.ports[1]), let errors = ConsoleStream(device.ports[2])
    else { tooLittleMemory() }
    self.input = input
    self.output = output
    self.errors = errors
  }

  func handleInterrupt() {
    device.handleInterrupt()
  }

  /// Waits until the host has taken all output.
  func drain() {
    output.drain()
    errors.drain()
  }
}

/// Ends the wait for a host that does not open its side: it closed it before the kernel was there
/// to see.
private final class Patience: TimerEntry {
  private let console: Console

  init(_ console: Console) {
    self.console = console
  }

  override func fire(at now: Instant) {
    // Some hosts answer without an interrupt.
    console.handleInterrupt()
    console.input.giveUp()
  }
}
