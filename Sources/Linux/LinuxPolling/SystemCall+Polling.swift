// SPDX-License-Identifier: BSD-3-Clause

import Base
import Clock
import LinuxCore
import Memory
import Scheduling

extension SystemCall {
  /// When a wait of so many milliseconds ends; negative is never.
  func deadline(milliseconds: Int32) -> Instant {
    if milliseconds < 0 { return .never }
    return Clock.now() + .milliseconds(Int64(milliseconds))
  }

  /// When the wait ends that the optional `struct timespec *` at `position` gives.
  /// Throws `invalidArgument`, `badAddress`.
  func deadline(timeSpecification position: Int) throws(Errno) -> Instant {
    guard let address = optionalAddress(position) else { return .never }
    let seconds = try ProgramBytes.load(at: address, as: Int64.self)
    let nanoseconds = try ProgramBytes.load(at: address + 8, as: Int64.self)
    guard seconds >= 0 && nanoseconds >= 0 && nanoseconds < 1_000_000_000 else {
      throw .invalidArgument
    }
    return Clock.now() + Nanoseconds(seconds: seconds, nanoseconds: nanoseconds)
  }

  /// Puts the signal mask at `address` in place until the call has returned (`set_user_sigmask`).
  /// Throws `invalidArgument` for a set of another size, `badAddress`.
  func useMask(at address: VirtualAddress?, byteCount: UInt) throws(Errno) {
    guard let address else { return }
    guard byteCount == 8 else { throw .invalidArgument }
    let bits = try ProgramBytes.load(at: address, as: UInt64.self)
    let unblockable = SignalSet(.kill).union(SignalSet(.stop))
    thread.savedSignalMask = thread.signalMask
    thread.signalMask = SignalSet(rawValue: bits).subtracting(unblockable)
  }

  /// Runs `body` with the mask of `useMask`. After an interruption the mask stays: the signal is
  /// delivered under it, and the way back to the program restores the saved one.
  func withMask(
    at address: VirtualAddress?, byteCount: UInt, _ body: () throws(Errno) -> Int
  ) throws(Errno) -> Int {
    try useMask(at: address, byteCount: byteCount)
    do {
      let result = try body()
      restoreMask()
      return result
    } catch {
      if error == .interrupted || error == .restartWithoutHandler {
        thread.noteAttention()
      } else {
        restoreMask()
      }
      throw error
    }
  }

  private func restoreMask() {
    guard let saved = thread.savedSignalMask else { return }
    thread.signalMask = saved
    thread.savedSignalMask = nil
    if thread.hasPendingInterruption { thread.noteAttention() }
  }
}
