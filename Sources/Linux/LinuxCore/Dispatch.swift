// SPDX-License-Identifier: BSD-3-Clause

import Bytes
import Log
import Machine
import Scheduling

/// The way from the processor's entry stubs into the Linux layer.
public enum Dispatch {
  /// Delivers signals and handles faults; chosen by the image (the `LinuxSignals` family).
  public static let attendant = KernelGlobal<(any Attendant)?>(nil)
}

/// What must happen before a thread goes back to program code, and on its faults.
public protocol Attendant: AnyObject {
  /// Delivers signals, restarts calls, ends threads.
  func attend(_ thread: LinuxThread)
  /// A fault or trap of program code, by the processor's vector.
  func handle(_ fault: ProgramFault, of thread: LinuxThread)
}

extension LinuxThread {
  /// Serves one call; the slow ways out are functions of their own.
  @inline(__always)
  func serve(_ number: Int) -> Int {
    do {
      let handler = process.calls.handler(for: number)
      return try handler(SystemCall(thread: self))
    } catch {
      // An internal number must not reach the program: the attendant replaces it.
      if error.rawValue >= Errno.restart.rawValue { noteAttention() }
      return -Int(error.rawValue)
    }
  }

  /// Returns whether the thread has ended.
  @inline(never)
  func serveAttention() -> Bool {
    context.needsAttention = false
    if !isExiting { Dispatch.attendant.value?.attend(self) }
    guard isExiting else { return false }
    process.threadDidEnd(self)
    return true
  }
}
