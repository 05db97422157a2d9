// SPDX-License-Identifier: BSD-3-Clause

import Base
import Machine

/// How many pages of a range have a frame, and what kind of frame.
public struct PageCounts: Sendable {
  public var resident = 0
  /// Pages of the mapping's own.
  public var anonymous = 0
  public var dirty = 0
  public var accessed = 0

  public init() {}
}

extension AddressSpace {
  /// Counts the pages in `range`.
  ///
  /// - Complexity: O(pages that have page tables).
  public func countPages(in range: AddressRange) -> PageCounts {
    var counts = PageCounts()
    tables.updateMappings(in: range) { (_, mapping) in
      counts.resident += 1
      if mapping.tag.contains(.owned) { counts.anonymous += 1 }
      if mapping.isDirty { counts.dirty += 1 }
      if mapping.isAccessed { counts.accessed += 1 }
      return .keep
    }
    return counts
  }

  /// The program break's range (`brk(2)`).
  public var breakRange: AddressRange { AddressRange(start: breakStart, end: breakEnd) }
}
