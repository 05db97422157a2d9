// SPDX-License-Identifier: BSD-3-Clause

extension Array {
  /// The first index whose element this holds for; it holds for all behind it. The count when it
  /// holds for none.
  ///
  /// - Complexity: O(log *n*).
  public func partitioningIndex(where holds: (Element) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if holds(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
