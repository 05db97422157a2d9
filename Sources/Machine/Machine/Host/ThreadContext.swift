// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import CMachine
import Dispatch
import Glibc

/// A thread of the kernel, played by a thread of the host: only one of them runs at a time, and
/// `switch` hands over.
///
/// The host's thread begins at the first switch to it. It is never ended: it sleeps until the
/// test's process ends.
public final class ThreadContext: @unchecked Sendable {
  // SAFETY: `@unchecked Sendable` because the semaphores let one thread run at a time.
  private let turn = DispatchSemaphore(value: 0)
  private var isStarted: Bool
  private var vectorState = [UInt8](repeating: 0, count: ThreadContext.vectorStateByteCount)
  public let registers = ProgramRegisters()
  public var threadPointer: UInt = 0
  /// Whether `attend` must be called before the thread goes back to program code.
  public var needsAttention = false
  /// The exception that brought the thread into the kernel; a test sets it.
  public var fault = ProgramFault(kind: .generalProtection, vector: 13, errorCode: 0)

  public init?(stackPages: Int) {
    isStarted = false
    resetVectorState()
  }

  /// The context of the code that runs now.
  public init?(adoptingBootStack: Void) {
    isStarted = true
    resetVectorState()
  }

  /// What serves the thread's program code. There is none on the host.
  public func setTarget(_ newTarget: TrapTarget) {}

  /// All that a switch needs of the thread it goes to.
  public struct Resumption {
    fileprivate let context: ThreadContext
  }

  /// How to go on with this thread, which does not run.
  public var resumption: Resumption { Resumption(context: self) }

  /// Goes on with another thread. Returns when something switches back.
  public static func `switch`(from: ThreadContext, to: Resumption) {
    to.context.resume()
    from.turn.wait()
  }

  /// Goes on with another thread for good: the one that runs has ended.
  public static func leave(for to: Resumption) -> Never {
    to.context.resume()
    let never = DispatchSemaphore(value: 0)
    while true { never.wait() }
  }

  private func resume() {
    guard !isStarted else {
      turn.signal()
      return
    }
    isStarted = true
    var thread = pthread_t()
    // SAFETY: the routine takes no argument; the thread is never joined.
    let status = unsafe pthread_create(
      &thread, nil,
      { _ in
        // SAFETY: the scheduler's first call of a new thread.
        unsafe martlet_call_thread_main()
        return nil
      }, nil)
    precondition(status == 0, "the host has no more threads")
  }

  public func setThreadPointer(_ value: UInt) {
    threadPointer = value
  }

  /// There is no program to go to.
  public static func enterProgram() -> Never {
    preconditionFailure("the host does not run programs")
  }

  // MARK: Vector state

  public static var vectorStateByteCount: Int { 576 }
  public static var vectorFeatures: UInt64 { 3 }

  public func copyVectorState(into bytes: inout MutableRawSpan) {
    for offset in 0..<min(vectorState.count, bytes.byteCount) {
      bytes.storeLittleEndian(vectorState[offset], at: offset)
    }
  }

  /// Sets the vector state; false when the bytes are not a valid one.
  public func setVectorState(_ bytes: RawSpan) -> Bool {
    guard bytes.byteCount >= 512, bytes.byteCount <= vectorState.count,
      bytes.littleEndian(at: 24, as: UInt32.self) & 0xffff_0000 == 0
    else { return false }
    for offset in 0..<bytes.byteCount { vectorState[offset] = bytes.byte(at: offset) }
    return true
  }

  public func copyVectorState(from running: ThreadContext) {
    vectorState = running.vectorState
  }

  /// The state of a new program.
  public func resetVectorState() {
    vectorState = [UInt8](repeating: 0, count: Self.vectorStateByteCount)
    vectorState[0] = 0x7f
    vectorState[1] = 0x03
    vectorState[24] = 0x80
    vectorState[25] = 0x1f
    vectorState[512] = 3
  }
}
