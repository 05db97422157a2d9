// SPDX-License-Identifier: BSD-3-Clause

import Base
import Scheduling

extension Process {
  /// Whether the default or chosen action of `signal` is to do nothing.
  public func ignores(_ signal: Signal) -> Bool {
    let handler = signalActions[signal].handler
    if handler == 1 { return true }
    return handler == 0 && signal.isIgnoredByDefault
  }

  /// Sends a signal to the process: any thread that does not block it will take it.
  public func post(_ information: SignalInformation) {
    let signal = information.signal
    prepare(for: signal)
    guard !dropsAtOnce(signal) else { return }
    pendingSignals.add(information)
    guard let thread = recipient(of: signal) else {
      signalArrived.wakeAll()
      return
    }
    thread.noteAttention()
    Scheduler.interrupt(thread)
    signalArrived.wakeAll()
  }

  /// Sends a signal to one thread.
  public func post(_ information: SignalInformation, to thread: LinuxThread) {
    let signal = information.signal
    prepare(for: signal)
    if ignores(signal) && !thread.signalMask.contains(SignalSet(signal)) { return }
    thread.pendingSignals.add(information)
    signalArrived.wakeAll()
    guard !thread.signalMask.contains(SignalSet(signal)) else { return }
    thread.noteAttention()
    Scheduler.interrupt(thread)
  }

  /// An ignored signal is not even remembered, unless some thread blocks it and may wait for it.
  private func dropsAtOnce(_ signal: Signal) -> Bool {
    guard ignores(signal) else { return false }
    for thread in threads where thread.signalMask.contains(SignalSet(signal)) { return false }
    return true
  }

  /// `SIGCONT` takes back stop signals, and the other way round (`signal(7)`).
  private func prepare(for signal: Signal) {
    guard signal == .continue else { return }
    for stop in [19, 20, 21, 22] as [Int32] { pendingSignals.discard(Signal(rawValue: stop)) }
  }

  private func recipient(of signal: Signal) -> LinuxThread? {
    let set = SignalSet(signal)
    // The current thread first: it is awake; then the first thread, as Linux does.
    if let current = Scheduler.current as? LinuxThread, !current.isExiting,
      !current.signalMask.contains(set)
    {
      return current
    }
    for thread in threads where !thread.isExiting && !thread.signalMask.contains(set) {
      return thread
    }
    return nil
  }
}

extension Signal {
  /// SIGCHLD, SIGCONT, SIGURG and SIGWINCH do nothing by default; neither do the stop signals
  /// here, because there is no shell that would continue the program.
  public var isIgnoredByDefault: Bool {
    switch rawValue {
    case 17, 18, 23, 28, 19, 20, 21, 22: true
    default: false
    }
  }
}
