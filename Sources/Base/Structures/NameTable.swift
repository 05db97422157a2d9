// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// A hash table from names (any bytes) to values that also lists its names in the order in which
/// they were added, as a directory needs.
///
/// A listing is resumed by a *cursor*. Cursors stay good while names come and go: every name that
/// is there from the start of a listing to its end is listed exactly once.
public struct NameTable<Value> {
  /// One name with its value.
  public struct Entry {
    /// The name's bytes.
    public let name: [UInt8]
    /// What the name stands for.
    public fileprivate(set) var value: Value
    /// The entry's place in listings; greater than those of all older entries.
    public let cursor: UInt64
    fileprivate let hash: UInt32
  }

  /// Oldest first; nil where an entry was removed.
  private var entries: [Entry?] = []
  /// For each hash slot the index of an entry, `empty`, or `removed`. Its size is a power of two.
  private var slots: [Int32] = []
  /// Slots that are not `empty`.
  private var usedSlotCount = 0
  private var nextCursor: UInt64 = 0
  /// How many names there are.
  public private(set) var count = 0

  private static var empty: Int32 { -1 }
  private static var removed: Int32 { -2 }

  /// Creates a table without names. Allocates nothing.
  public init() {}

  /// Whether there are no names.
  public var isEmpty: Bool { count == 0 }

  /// What `name` stands for, or nil.
  ///
  /// - Complexity: O(1) expected and the length of the name. Allocates nothing.
  public func value(named name: RawSpan) -> Value? {
    guard let slot = slot(of: name, hash: nameHash(name)) else { return nil }
    return entries[Int(slots[slot])]?.value
  }

  /// Adds a name. Returns false, and changes nothing, when the name is there already.
  ///
  /// - Complexity: O(1) amortised.
  @discardableResult
  public mutating func insert(_ value: Value, named name: RawSpan) -> Bool {
    let hash = nameHash(name)
    if slot(of: name, hash: hash) != nil { return false }
    if (usedSlotCount &+ 1) &* 4 > slots.count &* 3 || entries.count >= Int(Int32.max) {
      rebuild()
    }
    place(hash, at: entries.count)
    entries.append(Entry(name: name.byteArray, value: value, cursor: nextCursor, hash: hash))
    nextCursor &+= 1
    count &+= 1
    return true
  }

  /// Gives a name that is there a new value and returns the old one; returns nil, and changes
  /// nothing, when the name is not there. The name keeps its place in listings.
  @discardableResult
  public mutating func replaceValue(named name: RawSpan, with value: Value) -> Value? {
    guard let slot = slot(of: name, hash: nameHash(name)) else { return nil }
    let index = Int(slots[slot])
    let old = entries[index]?.value
    entries[index]?.value = value
    return old
  }

  /// Removes a name and returns what it stood for, or nil when it is not there.
  ///
  /// - Complexity: O(1) expected.
  @discardableResult
  public mutating func remove(named name: RawSpan) -> Value? {
    guard let slot = slot(of: name, hash: nameHash(name)) else { return nil }
    let index = Int(slots[slot])
    let old = entries[index]?.value
    entries[index] = nil
    slots[slot] = Self.removed
    count &-= 1
    if index == entries.count &- 1 { entries.removeLast() }
    if count == 0 {
      entries.removeAll(keepingCapacity: true)
      for slot in 0..<slots.count { slots[slot] = Self.empty }
      usedSlotCount = 0
    }
    return old
  }

  /// The first entry in order whose cursor is `cursor` or more, or nil at the end.
  ///
  /// A listing begins with cursor 0 and goes on with the last entry's cursor plus one.
  ///
  /// - Complexity: O(log *n*) and the number of removed names in between.
  public func entry(from cursor: UInt64) -> Entry? {
    var low = 0
    var high = entries.count
    // A binary search over an array with holes: a hole is skipped to its right.
    while low < high {
      let middle = low &+ (high &- low) / 2
      var index = middle
      while index < high, entries[index] == nil { index &+= 1 }
      if index < high, let entry = entries[index], entry.cursor < cursor {
        low = index &+ 1
      } else {
        high = middle
      }
    }
    while low < entries.count {
      if let entry = entries[low] { return entry }
      low &+= 1
    }
    return nil
  }

  /// The slot that refers to the entry called `name`.
  private func slot(of name: RawSpan, hash: UInt32) -> Int? {
    if slots.isEmpty { return nil }
    let mask = slots.count &- 1
    var slot = Int(hash) & mask
    while slots[slot] != Self.empty {
      let index = slots[slot]
      if index >= 0, let entry = entries[Int(index)], entry.hash == hash,
        RawSpan(_elements: entry.name.span).holdsSameBytes(as: name)
      {
        return slot
      }
      slot = (slot &+ 1) & mask
    }
    return nil
  }

  /// Notes in the first free slot for `hash` that the entry is at `index`.
  private mutating func place(_ hash: UInt32, at index: Int) {
    let mask = slots.count &- 1
    var slot = Int(hash) & mask
    while slots[slot] >= 0 { slot = (slot &+ 1) & mask }
    if slots[slot] == Self.empty { usedSlotCount &+= 1 }
    slots[slot] = Int32(index)
  }

  /// Closes the holes and makes the hash slots fit the number of names.
  private mutating func rebuild() {
    var kept: [Entry?] = []
    kept.reserveCapacity(count &+ 1)
    for entry in entries where entry != nil { kept.append(entry) }
    entries = kept
    var size = 8
    while size < (count &+ 1) &* 2 { size &*= 2 }
    slots = [Int32](repeating: Self.empty, count: size)
    usedSlotCount = 0
    for index in 0..<entries.count {
      if let entry = entries[index] { place(entry.hash, at: index) }
    }
  }
}

/// A hash of a name: eight bytes a step, mixed by multiplication.
///
/// Not proof against chosen names: a program can only slow down its own look-ups.
public func nameHash(_ name: RawSpan) -> UInt32 {
  var hash: UInt64 = 0x9e37_79b9_7f4a_7c15 ^ UInt64(name.byteCount)
  var offset = 0
  while offset &+ 8 <= name.byteCount {
    hash = mixed(hash, name.littleEndian(at: offset))
    offset &+= 8
  }
  var rest: UInt64 = 0
  while offset < name.byteCount {
    rest = rest << 8 | UInt64(name.byte(at: offset))
    offset &+= 1
  }
  hash = mixed(hash, rest)
  return UInt32(truncatingIfNeeded: hash ^ hash >> 32)
}

@inline(__always)
private func mixed(_ hash: UInt64, _ word: UInt64) -> UInt64 {
  let product = (hash ^ word) &* 0xff51_afd7_ed55_8ccd
  return product ^ product >> 29
}
