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
  /// Serves one call by the table of calls.
  @inline(__always)
  func serve(_ number: Int) -> Int { serve(by: process.calls.handler(for: number)) }

  /// Serves a call that the linker has bound to `handler`, for the thread that makes it.
  @inline(__always)
  public static func serveRunning(by handler: SystemCallHandler) -> Int {
    withRunningTarget(as: LinuxThread.self) { $0.serve(by: handler) }
  }

  /// Serves one call; the slow ways out are functions of their own.
  @inline(__always)
  func serve(by handler: SystemCallHandler) -> Int {
    do {
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
