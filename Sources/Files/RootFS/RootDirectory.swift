// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import EROFS
import Structures
import VFS

/// A directory of the root file system.
///
/// Its table holds every name that was looked up, made or removed; a name that is not in the table
/// is the archive's. So the table is also the cache of names, and remembers names that are absent.
final class RootDirectory: Node {
  struct Child {
    /// Nil: there is no such name, whatever the archive says.
    var node: Node?
    /// Whether the archive lists the name, and for this node.
    var isArchived: Bool
    /// Whether the archive has something of this name that is gone, and must not be found again.
    var hidesArchived = false
  }

  private let system: RootFileSystem
  private let inode: ErofsInode?
  private var children = NameTable<Child>()
  /// Absent names that only save a search; bounded, since programs probe many.
  private var absentCount = 0
  private static let absentLimit = 512
  /// Cookies of names in memory begin here; below are positions in the archive's listing.
  private static let memoryCookie: UInt64 = 1 << 41

  init(_ system: RootFileSystem, _ inode: ErofsInode) {
    self.system = system
    self.inode = inode
    super.init(
      number: inode.number + 1, deviceNumber: system.deviceNumber, kind: .directory,
      permissionBits: UInt32(inode.mode & 0xfff))
    adopt(inode)
  }

  init(_ system: RootFileSystem, permissionBits: UInt32) {
    self.system = system
    inode = nil
    super.init(
      number: system.nextNumber(), deviceNumber: system.deviceNumber, kind: .directory,
      permissionBits: permissionBits)
    linkCount = 2
  }

  /// Whole blocks, as on a disk: programs print it (`ls -la`, `du`), and expect at least one.
  override var byteCount: Int64 {
    let bytes = (inode?.byteCount ?? 0) + children.count * 20
    return Int64(max(pageSize, roundedUp(bytes, to: pageSize)))
  }
  override var statistics: FileSystemStatistics { system.statistics }

  // MARK: Finding

  override func lookup(_ name: RawSpan) throws(SystemError) -> Node {
    guard let node = try find(name) else { throw .noSuchFile }
    return node
  }

  private func find(_ name: RawSpan) throws(SystemError) -> Node? {
    if let child = children.value(named: name) { return child.node }
    guard let inode, let entry = try system.find(name, in: inode) else {
      rememberAbsent(name)
      return nil
    }
    let node = try system.makeNode(entry.inode)
    node.wasFound(in: self, as: name)
    _ = children.insert(Child(node: node, isArchived: true), named: name)
    return node
  }

  private func rememberAbsent(_ name: RawSpan) {
    guard inode != nil, absentCount < Self.absentLimit else { return }
    absentCount += 1
    _ = children.insert(Child(node: nil, isArchived: false), named: name)
  }

  /// Puts a node at a name that is free.
  private func attach(_ node: Node, _ name: RawSpan) {
    node.wasFound(in: self, as: name)
    let old = children.remove(named: name)
    if let old, !old.hidesArchived { absentCount -= 1 }
    // A new name is listed from memory, even where the archive has one of the same bytes.
    _ = children.insert(
      Child(node: node, isArchived: false, hidesArchived: old?.hidesArchived ?? false),
      named: name)
    if node.isDirectory { linkCount += 1 }
    touchModified()
  }

  /// Takes a name away; the node stays.
  private func detach(_ node: Node, _ name: RawSpan) {
    NameCache.forget()
    if let old = children.value(named: name), old.isArchived || old.hidesArchived {
      _ = children.replaceValue(
        named: name, with: Child(node: nil, isArchived: false, hidesArchived: true))
    } else {
      _ = children.remove(named: name)
    }
    if node.isDirectory { linkCount -= 1 }
    touchModified()
  }

  override var keepsNames: Bool { true }

  // MARK: Making

  override func make(
    _ name: RawSpan, _ kind: FileKind, permissionBits: UInt32, device: UInt64
  ) throws(SystemError) -> Node {
    guard try find(name) == nil else { throw .fileExists }
    guard !isRemoved else { throw .noSuchFile }
    let node: Node =
      switch kind {
      case .regular: RootFile(system, permissionBits: permissionBits)
      case .directory: RootDirectory(system, permissionBits: permissionBits)
      default: RootSpecial(system, kind, permissionBits: permissionBits, device: device)
      }
    attach(node, name)
    return node
  }

  override func makeLink(_ name: RawSpan, to target: RawSpan) throws(SystemError) -> Node {
    guard try find(name) == nil else { throw .fileExists }
    guard !isRemoved else { throw .noSuchFile }
    let node = RootLink(system, target: target)
    attach(node, name)
    return node
  }

  override func makeNameless(permissionBits: UInt32) throws(SystemError) -> Node {
    system.makeNamelessFile(permissionBits: permissionBits)
  }

  override func link(_ name: RawSpan, _ node: Node) throws(SystemError) {
    guard try find(name) == nil else { throw .fileExists }
    guard node.deviceNumber == deviceNumber else { throw .crossDevice }
    guard !node.isDirectory else { throw .notPermitted }
    guard !isRemoved else { throw .noSuchFile }
    node.linkCount += 1
    node.isRemoved = false
    node.touchChanged()
    attach(node, name)
  }

  // MARK: Removing

  override func remove(_ name: RawSpan, directory: Bool) throws(SystemError) {
    guard let node = try find(name) else { throw .noSuchFile }
    guard node.mounted == nil else { throw .busy }
    if directory {
      guard node.isDirectory else { throw .notDirectory }
      guard try isEmpty(node) else { throw .directoryNotEmpty }
    } else {
      guard !node.isDirectory else { throw .isDirectory }
    }
    detach(node, name)
    lose(node)
  }

  private func isEmpty(_ node: Node) throws(SystemError) -> Bool {
    try node.entry(from: 0) == nil
  }

  /// A node has lost a name.
  private func lose(_ node: Node) {
    node.linkCount = node.isDirectory ? 0 : node.linkCount - 1
    if node.linkCount == 0 { node.isRemoved = true }
    node.touchChanged()
  }

  // MARK: Renaming

  override func rename(
    _ name: RawSpan, to target: Node, _ newName: RawSpan, _ mode: RenameMode
  ) throws(SystemError) {
    guard let directory = target as? RootDirectory, directory.system === system else {
      throw .crossDevice
    }
    guard let node = try find(name) else { throw .noSuchFile }
    guard node.mounted == nil else { throw .busy }
    // A directory may not go into itself.
    if node.isDirectory && directory.isInside(node) { throw .invalidArgument }
    guard let other = try directory.find(newName) else {
      guard mode != .exchange else { throw .noSuchFile }
      guard !directory.isRemoved else { throw .noSuchFile }
      move(node, name, to: directory, newName)
      return
    }
    guard mode != .keep else { throw .fileExists }
    if other.isDirectory && isInside(other) {
      throw mode == .exchange ? .invalidArgument : .directoryNotEmpty
    }
    if other === node { return }
    guard other.mounted == nil else { throw .busy }
    if mode == .exchange {
      detach(node, name)
      directory.detach(other, newName)
      attach(other, name)
      directory.attach(node, newName)
      return
    }
    if node.isDirectory {
      guard other.isDirectory else { throw .notDirectory }
      guard try isEmpty(other) else { throw .directoryNotEmpty }
    } else {
      guard !other.isDirectory else { throw .isDirectory }
    }
    directory.detach(other, newName)
    lose(other)
    move(node, name, to: directory, newName)
  }

  private func move(
    _ node: Node, _ name: RawSpan, to directory: RootDirectory, _ newName: RawSpan
  ) {
    detach(node, name)
    directory.attach(node, newName)
    node.touchChanged()
  }

  private func isInside(_ ancestor: Node) -> Bool {
    var cursor: Node = self
    while true {
      if cursor === ancestor { return true }
      guard let above = cursor.parent, above !== cursor else { return false }
      cursor = above
    }
  }

  // MARK: Listing

  override func entry(from cookie: UInt64) throws(SystemError) -> DirectoryEntry? {
    if cookie < Self.memoryCookie, let entry = try archivedEntry(from: cookie) { return entry }
    var cursor = cookie < Self.memoryCookie ? 0 : cookie - Self.memoryCookie
    while let entry = children.entry(from: cursor) {
      cursor = entry.cursor + 1
      if let node = entry.value.node, !entry.value.isArchived {
        return DirectoryEntry(
          name: entry.name, number: node.number, kind: node.kind,
          next: Self.memoryCookie + cursor)
      }
    }
    return nil
  }

  private func archivedEntry(from cookie: UInt64) throws(SystemError) -> DirectoryEntry? {
    guard let inode else { return nil }
    var position = cookie
    while let (entry, next) = try system.entry(at: position, of: inode) {
      position = next
      let name = system.copy(entry.nameStart..<entry.nameStart + entry.nameByteCount)
      if name == [0x2e] || name == [0x2e, 0x2e] { continue }
      if let child = children.value(named: RawSpan(_elements: name.span)), !child.isArchived {
        continue
      }
      return DirectoryEntry(
        name: name, number: entry.inode + 1, kind: Self.kind(entry.kind), next: next)
    }
    return nil
  }

  private static func kind(_ type: UInt8) -> FileKind {
    switch type {
    case 2: .directory
    case 3: .characterDevice
    case 4: .blockDevice
    case 5: .fifo
    case 6: .socket
    case 7: .symbolicLink
    default: .regular
    }
  }

  override func open(_ flags: OpenFlags) throws(SystemError) -> OpenFile {
    OpenDirectory(node: self, flags: flags)
  }
}
