// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Log
import Machine
import NativeThreads
import Scheduling

/// The host's request to end: a byte that comes in on COM1 (Docs/BootProtocol.md).
enum ShutdownRequest {
  private static let listener = KernelGlobal<RequestListener?>(nil)

  /// Tells the host that the application wants to be asked; once.
  static func prepare() {
    guard listener.value == nil else { return }
    NativeRuntime.startThreads()
    let new = RequestListener()
    listener.value = new
    if let line = RequestPort.enable() { Scheduler.handle(line, by: new) }
    Log.writeRequest("shutdown")
  }

  /// Looks at the port too: an application that computes lets no interrupt in.
  static var hasCome: Bool {
    guard let listener = listener.value else { return false }
    listener.handleInterrupt()
    return listener.hasCome
  }

  /// Waits for a change; false when `deadline` has come first.
  static func waitForChange(until deadline: Instant) -> Bool {
    guard let listener = listener.value else { return false }
    return listener.queue.wait(until: deadline, interruptible: false) != .timedOut
  }
}

/// Hears what comes in on COM1.
private final class RequestListener: InterruptHandler {
  let queue = WaitQueue()
  private(set) var hasCome = false

  func handleInterrupt() {
    while let byte = RequestPort.take() {
      guard byte == RequestPort.shutdown, !hasCome else { continue }
      hasCome = true
      queue.wakeAll()
    }
  }
}
