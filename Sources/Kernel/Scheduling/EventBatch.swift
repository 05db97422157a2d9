// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes

/// The events that a program was told of together and serves one after the other.
///
/// What it does for each of them often ends in something that is as cheap for many as for one, such
/// as telling a device. While it serves a batch, whoever does that may wait; it is told when the
/// program asks for events again or the processor would pause.
public enum EventBatch {
  private static let size = KernelGlobal(0)
  private static let observer = KernelGlobal<(any EventBatchObserver)?>(nil)

  /// How many events the program was told of, after which it will ask for more; zero when it serves
  /// none.
  @inline(__always)
  public static var count: Int { size.value }

  /// The program is told of `count` events.
  @inline(__always)
  public static func begin(_ count: Int) { size.value = count }

  /// The program asks for events again, or waits.
  @inline(__always)
  public static func end() {
    size.value = 0
    observer.value?.batchDidEnd()
  }

  /// Nothing is left to run.
  static func pause() {
    size.value = 0
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
