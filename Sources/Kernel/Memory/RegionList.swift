// SPDX-License-Identifier: BSD-3-Clause

import Base

/// The regions of an address space, in order of their addresses; none overlaps another.
///
/// A sorted array: a look-up is a binary search, which starts at the place of the last hit, and a
/// change moves the regions behind it. Programs have tens to a few thousand regions.
struct RegionList {
  private(set) var regions: [Region] = []
  private var lastHit = 0

  /// The index of the region that holds `address`.
  @inline(__always)
  mutating func index(containing address: VirtualAddress) -> Int? {
    if lastHit < regions.count && regions[lastHit].range.contains(address) { return lastHit }
    let index = firstIndex(endingAfter: address)
    guard index < regions.count, regions[index].range.start <= address else { return nil }
    lastHit = index
    return index
  }

  /// The index of the first region that ends behind `address`; `count` when there is none.
  func firstIndex(endingAfter address: VirtualAddress) -> Int {
    var low = 0
    var high = regions.count
    while low < high {
      let middle = (low &+ high) / 2
      if regions[middle].range.end <= address { low = middle &+ 1 } else { high = middle }
    }
    return low
  }

  /// Whether no region overlaps `range`.
  func isFree(_ range: AddressRange) -> Bool {
    let index = firstIndex(endingAfter: range.start)
    return index == regions.count || regions[index].range.start >= range.end
  }

  /// Whether every page of `range` is in some region.
  func covers(_ range: AddressRange) -> Bool {
    var address = range.start
    var index = firstIndex(endingAfter: address)
    while address < range.end {
      guard index < regions.count, regions[index].range.start <= address else { return false }
      address = regions[index].range.end
      index += 1
    }
    return true
  }

  /// The regions that have a part in `range`.
  func regions(in range: AddressRange) -> ArraySlice<Region> {
    let first = firstIndex(endingAfter: range.start)
    var end = first
    while end < regions.count && regions[end].range.start < range.end { end += 1 }
    return regions[first..<end]
  }

  /// Adds a region where nothing is, and joins it with equal neighbours.
  mutating func insert(_ region: Region) {
    let index = firstIndex(endingAfter: region.range.start)
    regions.insert(region, at: index)
    joinAround(index)
  }

  /// Joins the region at `index` with its neighbours where they go on with the same.
  private mutating func joinAround(_ index: Int) {
    if index + 1 < regions.count && regions[index].continues(in: regions[index + 1]) {
      join(index)
    }
    if index > 0 && regions[index - 1].continues(in: regions[index]) { join(index - 1) }
  }

  private mutating func join(_ index: Int) {
    regions[index].range = AddressRange(
      start: regions[index].range.start, end: regions[index + 1].range.end)
    regions.remove(at: index + 1)
  }

  /// Cuts regions so that one begins at `address`, if one goes across it.
  private mutating func split(at address: VirtualAddress) {
    let index = firstIndex(endingAfter: address)
    guard index < regions.count, regions[index].range.start < address else { return }
    let whole = regions[index]
    regions[index].range = AddressRange(start: whole.range.start, end: address)
    regions.insert(
      whole.cut(to: AddressRange(start: address, end: whole.range.end)), at: index + 1)
  }

  /// Takes everything inside `range` out, cutting regions at its ends.
  mutating func remove(_ range: AddressRange) {
    guard !isFree(range) else { return }
    split(at: range.start)
    split(at: range.end)
    let first = firstIndex(endingAfter: range.start)
    var end = first
    while end < regions.count && regions[end].range.start < range.end { end += 1 }
    regions.removeSubrange(first..<end)
  }

  /// Changes each part of a region inside `range`, then joins equal neighbours.
  mutating func update(_ range: AddressRange, _ change: (inout Region) -> Void) {
    split(at: range.start)
    split(at: range.end)
    let first = firstIndex(endingAfter: range.start)
    var index = first
    while index < regions.count && regions[index].range.start < range.end {
      change(&regions[index])
      index += 1
    }
    // From the back, so that indices stay good.
    var candidate = min(index, regions.count - 1)
    while candidate > 0 && candidate >= first {
      if regions[candidate - 1].continues(in: regions[candidate]) { join(candidate - 1) }
      candidate -= 1
    }
  }

  /// Makes the region at `index` end at `end`; the caller has seen that nothing is there.
  mutating func extend(_ index: Int, to end: VirtualAddress) {
    regions[index].range = AddressRange(start: regions[index].range.start, end: end)
  }

  /// How far a mapping that nobody placed stays below a stack, as in Linux (`stack_guard_gap`): a
  /// stack that overflows meets a hole, not somebody's memory.
  private static let stackGap = 1 << 20

  /// Where a gap below the region at `index` ends.
  private func gapEnd(_ index: Int) -> VirtualAddress {
    let start = regions[index].range.start
    guard regions[index].label == .stack, start.rawValue > UInt(Self.stackGap) else { return start }
    return start + -Self.stackGap
  }

  /// The highest gap of `byteCount` bytes in `bounds`.
  func highestGap(of byteCount: Int, in bounds: AddressRange) -> VirtualAddress? {
    var end = bounds.end
    var index = firstIndex(endingAfter: bounds.end)
    if index < regions.count { end = min(end, gapEnd(index)) }
    while true {
      let start = index == 0 ? bounds.start : max(bounds.start, regions[index - 1].range.end)
      if end > start && end - start >= byteCount { return end + -byteCount }
      guard index > 0, regions[index - 1].range.start > bounds.start else { return nil }
      index -= 1
      end = min(end, gapEnd(index))
    }
  }
}
