// SPDX-License-Identifier: BSD-3-Clause

import Bytes
import Log
import Machine
import Scheduling

/// The way from the processor's entry stubs into the Linux layer.
public enum Dispatch {
  public static let table = KernelGlobal(SystemCallTable())
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

/// The current program thread.
@inline(__always)
func currentThread() -> LinuxThread {
  guard let thread = Scheduler.current as? LinuxThread else {
    fatalError("program code runs on a kernel thread")
  }
  return thread
}

/// Entered by the `syscall` stub. The arguments are in the thread's saved registers.
@c(martlet_system_call)
public func systemCall(_ number: Int) -> Int {
  let thread = currentThread()
  guard let handler = Dispatch.table.value.handler(for: number) else {
    return refuse(number)
  }
  do {
    return try handler(SystemCall(thread: thread))
  } catch {
    // An internal number must not reach the program: the attendant replaces it.
    if error.rawValue >= Errno.restart.rawValue { thread.noteAttention() }
    return -Int(error.rawValue)
  }
}

@inline(never)
private func refuse(_ number: Int) -> Int {
  if Dispatch.table.value.isFirstRefusal(of: number) {
    let line = LogLine(.warning, "linux")
    line.append("system call ")
    line.append(SystemCallNumber(rawValue: number).name ?? "?")
    line.append(" (")
    line.append(decimal: number)
    line.append(") is not supported")
    line.end()
  }
  return -Int(Errno.notImplemented.rawValue)
}

/// Entered before a return to program code when the thread's attention flag is set.
@c(martlet_attend)
public func attend() {
  // Nothing may be retained in this frame when the thread ends: its stack is never unwound.
  if serveAttention() { Scheduler.exitCurrent() }
}

/// Returns whether the thread has ended.
@inline(never)
private func serveAttention() -> Bool {
  let thread = currentThread()
  thread.context.needsAttention = false
  if !thread.isExiting { Dispatch.attendant.value?.attend(thread) }
  guard thread.isExiting else { return false }
  thread.process.threadDidEnd(thread)
  return true
}

/// Entered on an exception of program code.
@c(martlet_program_fault)
public func programFault() {
  let thread = currentThread()
  Dispatch.attendant.value?.handle(thread.context.fault, of: thread)
}

/// Entered on an interrupt that came out of program code.
@c(martlet_program_interrupt)
public func programInterrupt() {
  Scheduler.serveInterrupt()
}
