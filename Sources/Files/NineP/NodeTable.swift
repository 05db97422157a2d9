// SPDX-License-Identifier: BSD-3-Clause

import VFS

/// The nodes of a file system by their numbers. It forgets nodes that nobody else refers to when
/// there are too many.
struct NodeTable {
  private var buckets: [NinePNode?]
  private(set) var count = 0
  private let limit: Int
  /// Where the search for nodes to forget goes on.
  private var hand = 0

  /// How many buckets one insertion looks at.
  private static let stride = 8

  init(limit: Int) {
    self.limit = limit
    var size = 16
    while size < limit { size *= 2 }
    buckets = [NinePNode?](repeating: nil, count: size)
  }

  private func bucket(_ number: UInt64) -> Int {
    let mixed = number &* 0x9e37_79b9_7f4a_7c15
    return Int(truncatingIfNeeded: mixed >> 32) & (buckets.count - 1)
  }

  func node(_ number: UInt64) -> NinePNode? {
    var cursor = buckets[bucket(number)]
    while let node = cursor {
      if node.number == number { return node }
      cursor = node.nextInTable
    }
    return nil
  }

  func forEach(_ body: (NinePNode) -> Void) {
    for first in buckets {
      var cursor = first
      while let node = cursor {
        body(node)
        cursor = node.nextInTable
      }
    }
  }

  /// Adds a node, in the place of one with the same number.
  mutating func insert(_ node: NinePNode) {
    remove(node.number)
    if count >= limit { forgetUnused() }
    let place = bucket(node.number)
    node.nextInTable = buckets[place]
    buckets[place] = node
    count += 1
  }

  mutating func remove(_ number: UInt64) {
    let place = bucket(number)
    var previous: NinePNode?
    var cursor = buckets[place]
    while let node = cursor {
      if node.number == number {
        if let previous {
          previous.nextInTable = node.nextInTable
        } else {
          buckets[place] = node.nextInTable
        }
        node.nextInTable = nil
        count -= 1
        return
      }
      previous = node
      cursor = node.nextInTable
    }
  }

  /// Looks at some buckets and forgets the first node of each that only the table knows.
  private mutating func forgetUnused() {
    for _ in 0..<Self.stride {
      hand = (hand + 1) & (buckets.count - 1)
      while buckets[hand] != nil, isKnownUniquelyReferenced(&buckets[hand]) {
        guard buckets[hand]?.isIdle == true else { break }
        let next = buckets[hand]?.nextInTable
        buckets[hand]?.nextInTable = nil
        buckets[hand] = next
        count -= 1
      }
    }
  }
}
