// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import VFS

/// Names that were looked up a moment ago.
///
/// One call often looks at the same name several times, and a path leads through the same
/// directories again and again. A directory is believed for a second, since a server that knows
/// files by path finds what is there now below it anyway; any other file for a millisecond, which
/// is one call.
struct RecentNames {
  private struct Entry {
    let directory: NinePNode
    let name: [UInt8]
    let node: NinePNode
    let time: Instant
  }

  private var entries = [Entry?](repeating: nil, count: 64)

  private func slot(_ directory: NinePNode, _ name: RawSpan) -> Int {
    var hash = directory.number &* 0x9e37_79b9_7f4a_7c15
    for offset in 0..<name.byteCount {
      hash = (hash ^ UInt64(name.byte(at: offset))) &* 0x100_0000_01b3
    }
    return Int(truncatingIfNeeded: hash >> 40) & (entries.count - 1)
  }

  /// The node, if it was found lately.
  func node(_ directory: NinePNode, _ name: RawSpan, at now: Instant) -> NinePNode? {
    guard let entry = entries[slot(directory, name)], entry.directory === directory,
      RawSpan(_elements: entry.name.span).holdsSameBytes(as: name), entry.node.hasPath
    else { return nil }
    let life: Nanoseconds = entry.node.isDirectory ? .milliseconds(1000) : .milliseconds(1)
    return now < entry.time + life ? entry.node : nil
  }

  mutating func note(_ node: NinePNode, _ directory: NinePNode, _ name: RawSpan, at now: Instant) {
    entries[slot(directory, name)] = Entry(
      directory: directory, name: name.byteArray, node: node, time: now)
  }

  /// Forgets everything: names have changed.
  mutating func forget() {
    for index in entries.indices where entries[index] != nil { entries[index] = nil }
  }
}
