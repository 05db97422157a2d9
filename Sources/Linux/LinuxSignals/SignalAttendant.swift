// SPDX-License-Identifier: BSD-3-Clause

import Base
import LinuxCore
import Log
import Machine
import Memory
import Scheduling

/// Delivers signals before a thread goes back to program code, and turns faults into signals.
public final class SignalAttendant: Attendant {
  public init() {}

  public func attend(_ thread: LinuxThread) {
    let process = thread.process
    var hasHandler = false
    var restartsCall = false
    while !thread.isExiting {
      guard let information = next(for: thread) else { break }
      let signal = information.signal
      let action = process.signalActions[signal]
      if process.ignores(signal) { continue }
      guard action.handler != 0 else {
        kill(process, by: information, at: nil)
        return
      }
      if !hasHandler {
        restartsCall = action.flags & SignalDelivery.restart != 0
        finishCall(thread, hasHandler: true, restarts: restartsCall)
      }
      hasHandler = true
      if action.flags & SignalDelivery.resetHandler != 0 {
        process.signalActions[signal].handler = 0
      }
      do {
        try SignalDelivery.enter(action, information, fault: nil, thread)
      } catch {
        kill(process, by: SignalInformation(signal: .segmentationFault, code: 0x80), at: thread)
        return
      }
    }
    if !hasHandler {
      finishCall(thread, hasHandler: false, restarts: false)
      if let mask = thread.savedSignalMask {
        thread.signalMask = mask
        thread.savedSignalMask = nil
      }
    }
    // Another signal may be open now that the mask is back.
    if thread.hasPendingInterruption { thread.noteAttention() }
  }

  private func next(for thread: LinuxThread) -> SignalInformation? {
    let mask = thread.signalMask
    return thread.pendingSignals.take(besides: mask)
      ?? thread.process.pendingSignals.take(besides: mask)
  }

  /// Replaces an internal number in the result of an interrupted call by `EINTR`, or moves the
  /// thread back to where it made the call.
  private func finishCall(_ thread: LinuxThread, hasHandler: Bool, restarts: Bool) {
    let registers = thread.registers
    guard let number = registers.systemCallNumber else { return }
    let result = Int(bitPattern: registers.result)
    guard result <= -512 && result >= -516 else { return }
    let errno = Errno(rawValue: Int32(-result))
    let isAgain: Bool
    switch errno {
    case .restartAlways: isAgain = true
    case .restart: isAgain = !hasHandler || restarts
    default: isAgain = !hasHandler
    }
    guard isAgain else {
      registers.result = UInt(bitPattern: -Int(Errno.interrupted.rawValue))
      thread.restart = nil
      return
    }
    let next = errno == .restartBlock ? SystemCallNumber.restartSyscall.rawValue : number
    registers.restartCall(as: next)
  }

  // MARK: Faults

  public func handle(_ fault: ProgramFault, of thread: LinuxThread) {
    var information: SignalInformation
    switch fault.kind {
    case .page(let address, let access, _):
      switch thread.process.space.resolveFault(at: address, access) {
      case .resolved: return
      case .noMapping: information = SignalInformation(signal: .segmentationFault, code: 1)
      case .forbidden: information = SignalInformation(signal: .segmentationFault, code: 2)
      case .beyondSource: information = SignalInformation(signal: .busError, code: 2)
      case .outOfMemory:
        Log.write(
          .notice, "memory", "out of memory: the program is killed (give it more with --memory)")
        thread.process.exit(status: 137)
        return
      }
      information.value = address.rawValue
    case .divideError: information = SignalInformation(signal: .floatingPoint, code: 1)
    case .floatingPoint: information = SignalInformation(signal: .floatingPoint, code: 3)
    case .illegalInstruction:
      information = SignalInformation(signal: .illegalInstruction, code: 2)
    case .breakpoint: information = SignalInformation(signal: .trap, code: 0x80)
    case .debug: information = SignalInformation(signal: .trap, code: 2)
    case .alignment: information = SignalInformation(signal: .busError, code: 1)
    case .generalProtection, .bounds:
      information = SignalInformation(signal: .segmentationFault, code: 0x80)
    }
    switch fault.kind {
    case .divideError, .floatingPoint, .illegalInstruction, .debug:
      information.value = thread.registers.instructionPointer
    default: break
    }
    thread.registers.systemCallNumber = nil
    raise(information, fault, thread)
  }

  /// A fault cannot wait: blocked or ignored, it kills.
  private func raise(_ information: SignalInformation, _ fault: ProgramFault, _ thread: LinuxThread)
  {
    let process = thread.process
    let action = process.signalActions[information.signal]
    guard action.handler > 1, !thread.signalMask.contains(SignalSet(information.signal)) else {
      kill(process, by: information, at: thread)
      return
    }
    if action.flags & SignalDelivery.resetHandler != 0 {
      process.signalActions[information.signal].handler = 0
    }
    do {
      try SignalDelivery.enter(action, information, fault: fault, thread)
    } catch {
      kill(process, by: information, at: thread)
    }
  }

  /// The default action that ends the process. A fault says where it was.
  private func kill(_ process: Process, by information: SignalInformation, at thread: LinuxThread?)
  {
    let signal = information.signal
    if let thread { FaultReport.write(information, thread) }
    process.exit(status: 128 + signal.rawValue)
  }
}
