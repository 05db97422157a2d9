// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes

/// A directory with the same names for ever, whose nodes are made when they are first looked up.
///
/// Until then it costs one object: the list of its names, too, is made at the first look-up.
/// A look-up goes along the names, so a directory should have tens of them, not thousands.
open class FixedDirectory: Node {
  /// A name, and how its node is made.
  public struct Entry {
    let name: StaticString
    let make: () -> Node
    var node: Node?

    public init(_ name: StaticString, _ make: @escaping () -> Node) {
      self.name = name
      self.make = make
    }
  }

  public final let system: PseudoFileSystem
  private final var makeEntries: (() -> [Entry])?
  private final var entries: [Entry] = []

  public init(
    _ system: PseudoFileSystem, permissionBits: UInt32 = 0o555,
    entries: @escaping () -> [Entry] = { [] }
  ) {
    self.system = system
    makeEntries = entries
    super.init(
      number: system.nextNumber(), deviceNumber: system.deviceNumber, kind: .directory,
      permissionBits: permissionBits)
    linkCount = 2
  }

  /// A name that is not fixed; nil when there is none either.
  open func lookupOther(_ name: RawSpan) throws(SystemError) -> Node? { nil }

  /// The names that are not fixed, as `entry(from:)`, with cookies from 0.
  open func otherEntry(from cookie: UInt64) throws(SystemError) -> DirectoryEntry? { nil }

  /// Lets go of the nodes, for a directory that is given up: they refer to it.
  public final func forgetNodes() {
    makeEntries = nil
    entries = []
  }

  private final func makeNames() {
    guard let makeEntries else { return }
    self.makeEntries = nil
    entries = makeEntries()
  }

  private final func node(at index: Int) -> Node {
    if let node = entries[index].node { return node }
    let node = entries[index].make()
    node.wasFound(in: self, as: entries[index].name.bytes)
    entries[index].node = node
    return node
  }

  public final override func lookup(_ name: RawSpan) throws(SystemError) -> Node {
    makeNames()
    for index in entries.indices where entries[index].name.bytes.holdsSameBytes(as: name) {
      return node(at: index)
    }
    guard let node = try lookupOther(name) else { throw .noSuchFile }
    node.wasFound(in: self, as: name)
    return node
  }

  public final override func entry(from cookie: UInt64) throws(SystemError) -> DirectoryEntry? {
    makeNames()
    let count = UInt64(entries.count)
    guard cookie < count else {
      guard var entry = try otherEntry(from: cookie - count) else { return nil }
      entry.next += count
      return entry
    }
    let index = Int(cookie)
    let node = node(at: index)
    return DirectoryEntry(
      name: entries[index].name.byteArray, number: node.number, kind: node.kind,
      next: cookie + 1)
  }

  public final override func open(_ flags: OpenFlags) throws(SystemError) -> OpenFile {
    guard !flags.allowsWriting else { throw .isDirectory }
    return OpenDirectory(node: self, flags: flags)
  }

  public final override var statistics: FileSystemStatistics { system.statistics }
}
