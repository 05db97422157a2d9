// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Machine

/// Descriptor tables beside a queue: a long chain takes one place in the ring and its descriptors
/// lie here (virtio 1.2 section 2.7.5.3).
public final class IndirectTables {
  /// How many descriptors a table has.
  public let length: Int
  let memory: DMAMemory
  private let next: PermanentTable<Int>
  private var firstFree = 0

  /// Makes `count` tables of `length` descriptors each. Fails when there is no memory.
  public init?(count: Int, length: Int) {
    precondition(count > 0 && length > 0 && length <= 1 << 15, "bad size of descriptor tables")
    let pageCount = roundedUp(count * length * 16, to: pageSize) / pageSize
    guard let memory = DMAMemory(pageCount: pageCount) else { return nil }
    self.memory = memory
    self.length = length
    next = PermanentTable(count: count) { $0 + 1 < count ? $0 + 1 : -1 }
  }

  @inline(__always)
  var hasFree: Bool { firstFree >= 0 }

  /// Takes a table; nil when all are in use.
  @inline(__always)
  func take() -> Int? {
    let table = firstFree
    guard table >= 0 else { return nil }
    firstFree = next[table]
    return table
  }

  /// Gives a table back.
  @inline(__always)
  func give(_ table: Int) {
    next[table] = firstFree
    firstFree = table
  }

  /// Where the descriptors of a table begin.
  @inline(__always)
  func offset(of table: Int) -> Int { table &* length &* 16 }
}
