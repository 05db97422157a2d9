// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Scheduling

/// One thread that waits for a futex.
final class FutexWaiter {
  let thread: Thread
  var address: VirtualAddress
  let bits: UInt32
  var isWoken = false

  init(thread: Thread, address: VirtualAddress, bits: UInt32) {
    self.thread = thread
    self.address = address
    self.bits = bits
  }
}

/// Who waits for which word, first come first served (`futex(7)`).
///
/// One address space, so the address is the key, for private and shared futexes alike. Two shared
/// mappings of one page at different addresses do not meet.
final class FutexTable {
  static let shared = KernelGlobal(FutexTable())
  private static let bucketCount = 64
  private var buckets: [[FutexWaiter]]

  init() {
    buckets = Array(repeating: [], count: Self.bucketCount)
  }

  private func bucket(_ address: VirtualAddress) -> Int {
    Int((address.rawValue >> 2 ^ address.rawValue >> 9) & UInt(Self.bucketCount - 1))
  }

  func add(_ waiter: FutexWaiter) {
    buckets[bucket(waiter.address)].append(waiter)
  }

  func remove(_ waiter: FutexWaiter) {
    buckets[bucket(waiter.address)].removeAll { $0 === waiter }
  }

  /// Wakes up to `count` waiters whose bits meet `bits`. Returns how many.
  @discardableResult
  func wake(_ address: VirtualAddress, count: Int, bits: UInt32) -> Int {
    let index = bucket(address)
    var woken = 0
    var place = 0
    while woken < count && place < buckets[index].count {
      let waiter = buckets[index][place]
      if waiter.address == address && waiter.bits & bits != 0 {
        buckets[index].remove(at: place)
        waiter.isWoken = true
        Scheduler.wake(waiter.thread, .woken)
        woken += 1
      } else {
        place += 1
      }
    }
    return woken
  }

  /// Moves up to `count` waiters to another word. Returns how many.
  func requeue(_ address: VirtualAddress, to target: VirtualAddress, count: Int) -> Int {
    let index = bucket(address)
    var moved: [FutexWaiter] = []
    var place = 0
    while moved.count < count && place < buckets[index].count {
      let waiter = buckets[index][place]
      if waiter.address == address {
        buckets[index].remove(at: place)
        waiter.address = target
        moved.append(waiter)
      } else {
        place += 1
      }
    }
    for waiter in moved { add(waiter) }
    return moved.count
  }
}
