// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes

/// The events that a program was told of together and serves one after the other.
///
/// What it does for each of them often ends in something that is as cheap for many as for one, such
/// as telling a device. While events of the batch are left, whoever does that may wait; it is told
/// when the program asks for events again or the processor would pause.
public enum EventBatch {
  private static let left = KernelGlobal(0)
  private static let observer = KernelGlobal<(any EventBatchObserver)?>(nil)

  /// A program was told of `count` events.
  @inline(__always)
  public static func begin(_ count: Int) {
    left.value = count
  }

  /// Something was done for an event. Returns whether more is to be expected soon.
  @inline(__always)
  public static func take() -> Bool {
    guard left.value > 1 else { return false }
    left.value &-= 1
    return true
  }

  /// The program asks for events again, or waits.
  @inline(__always)
  public static func end() {
    left.value = 0
    observer.value?.batchDidEnd()
  }

  /// Nothing is left to run.
  static func pause() {
    left.value = 0
    observer.value?.processorWillPause()
  }

  /// Registers the one observer.
  public static func observe(_ newObserver: any EventBatchObserver) {
    observer.value = newObserver
  }
}

/// Who waits for the end of batches.
public protocol EventBatchObserver: AnyObject {
  /// The program asks for events, or waits: more of them may be there if somebody looks.
  func batchDidEnd()
  /// Nothing is left to run: the processor sleeps until an interrupt, unless a thread was woken.
  func processorWillPause()
}
