// SPDX-License-Identifier: BSD-3-Clause

import Heap
import Machine

/// A heap that does nothing: what a replay costs by itself.
struct EmptyHeap: KernelHeapProtocol, ~Copyable {
  let statistics = HeapStatistics()

  init(first memory: HeapMemory) {}
  mutating func setGrower(_ grower: any HeapGrower) {}
  @inline(never)
  mutating func allocate(_ byteCount: Int, alignment: Int) -> UInt { 16 }
  @inline(never)
  mutating func free(_ address: UInt) {}
  func usableSize(_ address: UInt) -> Int { 0 }
}
