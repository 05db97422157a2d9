// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import LinuxCore
import Memory
import Scheduling
import VFS

/// Pending signals that are read instead of delivered (`signalfd(2)`).
final class SignalFile: OpenFile {
  /// `sizeof(struct signalfd_siginfo)`
  static let recordByteCount = 128

  let process: Process
  /// What is read here; `SIGKILL` and `SIGSTOP` never are.
  var signals: SignalSet

  init(process: Process, signals: SignalSet, node: Node, flags: OpenFlags) {
    self.process = process
    self.signals = signals
    super.init(node: node, flags: flags)
  }

  private var others: SignalSet { SignalSet(rawValue: ~signals.rawValue) }

  private func take() -> SignalInformation? {
    if let thread = Scheduler.current as? LinuxThread,
      let information = thread.pendingSignals.take(besides: others)
    {
      return information
    }
    return process.pendingSignals.take(besides: others)
  }

  override func read(into buffer: UserBuffer, at offset: Int64?) throws(SystemError) -> Int {
    guard offset == nil else { throw .illegalSeek }
    guard buffer.count >= Self.recordByteCount else { throw .invalidArgument }
    var done = 0
    while buffer.count - done >= Self.recordByteCount {
      if let information = take() {
        try buffer.copyOut(RawSpan(_elements: Self.record(of: information).span), at: done)
        done += Self.recordByteCount
      } else if done > 0 {
        break
      } else if isNonBlocking {
        throw .wouldBlock
      } else if process.signalArrived.wait() == .interrupted {
        throw .interrupted
      }
    }
    return done
  }

  /// `struct signalfd_siginfo` (linux/signalfd.h).
  static func record(of information: SignalInformation) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: recordByteCount)
    bytes.put(information.signal.rawValue, at: 0)
    bytes.put(information.error, at: 4)
    bytes.put(information.code, at: 8)
    bytes.put(information.first, at: 12)
    bytes.put(information.second, at: 16)
    bytes.put(information.first, at: 24)
    bytes.put(information.second, at: 32)
    bytes.put(Int32(truncatingIfNeeded: Int(bitPattern: information.value)), at: 44)
    bytes.put(UInt64(information.value), at: 48)
    bytes.put(UInt64(information.value), at: 72)
    return bytes
  }

  override var readiness: Readiness {
    var pending = process.pendingSignals.set
    if let thread = Scheduler.current as? LinuxThread {
      pending.formUnion(thread.pendingSignals.set)
    }
    return pending.isDisjoint(with: signals) ? [] : .readable
  }

  override var readinessQueue: WaitQueue? { process.signalArrived }
}
