// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes

/// Remembers which files some absolute paths have led to: servers look the same ones up again and
/// again.
///
/// Only walks through directories that keep their names (`Node.keepsNames`) are remembered. When
/// any name of such a directory changes, everything is forgotten. Each `Namespace` has one.
public final class NameCache {
  private struct Entry {
    var path: [UInt8]
    var node: Node
    var followsLast: Bool
  }

  private static let slotCount = 64
  /// Longer paths are not remembered.
  private static let byteLimit = 128
  /// The caches of all namespaces.
  private static let all = KernelGlobal<[NameCache]>([])

  private var entries: [Entry?]
  /// What each slot was last asked for in vain: a path is remembered when it is asked for again.
  private var missed: [UInt32]
  private var count = 0

  init() {
    entries = Array(repeating: nil, count: Self.slotCount)
    missed = Array(repeating: 0, count: Self.slotCount)
    Self.all.value.append(self)
  }

  /// Its namespace is gone.
  func retire() {
    Self.all.value.removeAll { $0 === self }
  }

  /// A directory that keeps its names has changed one of them.
  public static func forget() {
    for cache in all.value where cache.count > 0 { cache.clear() }
  }

  private func clear() {
    for index in entries.indices { entries[index] = nil }
    count = 0
  }

  /// A number that tells paths apart; 0 for those that are not remembered.
  @inline(__always)
  static func hash(_ path: RawSpan, followsLast: Bool) -> UInt32 {
    let byteCount = path.byteCount
    guard byteCount > 1, byteCount <= byteLimit, path.byte(at: 0) == UInt8(ascii: "/") else {
      return 0
    }
    var hash = UInt64(truncatingIfNeeded: byteCount) &+ (followsLast ? 0 : 1 << 32)
    var offset = 0
    while offset &+ 8 <= byteCount {
      hash = (hash ^ path.littleEndian(at: offset, as: UInt64.self)) &* 0x9e37_79b9_7f4a_7c15
      hash ^= hash >> 29
      offset &+= 8
    }
    while offset < byteCount {
      hash = (hash ^ UInt64(path.byte(at: offset))) &* 0x9e37_79b9_7f4a_7c15
      offset &+= 1
    }
    return UInt32(truncatingIfNeeded: hash >> 32) | 1
  }

  @inline(__always)
  private static func slot(_ hash: UInt32) -> Int { Int(hash >> 1) & (slotCount &- 1) }

  func node(at path: RawSpan, followsLast: Bool, hash: UInt32) -> Node? {
    guard count > 0, let entry = entries[Self.slot(hash)], entry.followsLast == followsLast,
      RawSpan(_elements: entry.path.span).holdsSameBytes(as: path)
    else { return nil }
    return entry.node
  }

  /// Remembers where a path has led to, if it was asked for before.
  func note(_ node: Node, at path: RawSpan, followsLast: Bool, hash: UInt32) {
    let slot = Self.slot(hash)
    guard missed[slot] == hash else {
      missed[slot] = hash
      return
    }
    if entries[slot] == nil { count += 1 }
    entries[slot] = Entry(path: path.byteArray, node: node, followsLast: followsLast)
  }
}
