// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Clock
import Memory

/// A file, directory, link or device, whatever its names: what Linux calls an inode.
///
/// Kinds of nodes are subclasses that override what they can do; the rest refuses with the error
/// that Linux gives. Names are bytes without `/`, one to 255 of them, never `.` or `..`.
open class Node {
  /// `st_ino`, unique on its device.
  public final let number: UInt64
  /// `st_dev`
  public final let deviceNumber: UInt64
  public final let kind: FileKind
  /// The permission bits, with set-id and sticky bits.
  public final var permissionBits: UInt32
  public final var owner: UInt32 = 0
  public final var group: UInt32 = 0
  /// How many names it has.
  public final var linkCount: UInt32 = 1
  // In nanoseconds since 1970.
  public final var accessed: Int64
  public final var modified: Int64
  public final var changed: Int64

  /// The root of what is mounted on this directory.
  public final var mounted: Node?
  /// The directory that holds this one, or, for a mounted root, the directory it is mounted on.
  /// Only directories know it.
  public final var parent: Node?
  /// The name it was last found or opened by, for paths back.
  public final var lastName: [UInt8] = []
  public final var lastParent: Node?
  /// Whether the last name of it was removed.
  public final var isRemoved = false
  /// Whether nothing may write to the contents any more (`F_SEAL_WRITE`).
  public final var isWriteSealed = false
  /// Record locks, whole-file locks and leases of this file (`LinuxFiles` keeps them here).
  public final var locks: AnyObject?

  public init(number: UInt64, deviceNumber: UInt64, kind: FileKind, permissionBits: UInt32) {
    self.number = number
    self.deviceNumber = deviceNumber
    self.kind = kind
    self.permissionBits = permissionBits
    let now = Clock.wallTime()
    accessed = now
    modified = now
    changed = now
  }

  public final var isDirectory: Bool { kind == .directory }
  public final var isSymbolicLink: Bool { kind == .symbolicLink }

  /// `st_mode`
  public final var mode: UInt32 { kind.rawValue | permissionBits }

  /// The size of the contents in bytes.
  open var byteCount: Int64 { 0 }
  /// Allocated blocks of 512 bytes.
  open var blockCount: Int64 { (byteCount + 511) / 512 }
  /// The device that a device node stands for.
  open var representedDevice: UInt64 { 0 }
  open var statistics: FileSystemStatistics { FileSystemStatistics(magic: 0x0102_1994) }

  // MARK: Attributes

  /// Looks at attributes again, for a file that others than this kernel may change. Called before
  /// they are told to a program. Throws `noSuchFile` when the file is gone.
  open func refresh() throws(SystemError) {}

  /// Whether nothing of the file system may be changed.
  open var isReadOnly: Bool { false }

  /// Changes attributes.
  open func change(_ change: AttributeChange) throws(SystemError) {
    adopt(change)
  }

  /// Notes a change of attributes that has been made.
  public final func adopt(_ change: AttributeChange) {
    if let bits = change.permissionBits { permissionBits = bits }
    if let owner = change.owner { self.owner = owner }
    if let group = change.group { self.group = group }
    if let accessed = change.accessed { self.accessed = accessed }
    if let modified = change.modified { self.modified = modified }
    touchChanged()
  }

  // MARK: Directories

  /// Whether names in this directory change only by the calls below, which then tell `NameCache`.
  open var keepsNames: Bool { false }

  /// Finds a name. Throws `noSuchFile`; `notDirectory` when this is no directory.
  open func lookup(_ name: RawSpan) throws(SystemError) -> Node { throw .notDirectory }

  /// Makes a file, directory, FIFO or device and gives it a name. Throws `fileExists`.
  open func make(
    _ name: RawSpan, _ kind: FileKind, permissionBits: UInt32, device: UInt64
  ) throws(SystemError) -> Node {
    throw isDirectory ? .notPermitted : .notDirectory
  }

  /// Makes a symbolic link.
  open func makeLink(_ name: RawSpan, to target: RawSpan) throws(SystemError) -> Node {
    throw isDirectory ? .notPermitted : .notDirectory
  }

  /// Makes a file that has no name (`O_TMPFILE`).
  open func makeNameless(permissionBits: UInt32) throws(SystemError) -> Node {
    throw .notSupported
  }

  /// Gives `node`, of the same file system, one more name.
  open func link(_ name: RawSpan, _ node: Node) throws(SystemError) {
    throw isDirectory ? .notPermitted : .notDirectory
  }

  /// Takes a name away: of a directory if `directory`, of anything else if not.
  open func remove(_ name: RawSpan, directory: Bool) throws(SystemError) {
    throw isDirectory ? .notPermitted : .notDirectory
  }

  /// Gives what is at `name` the name `newName` in `target`, a directory of the same file system.
  open func rename(
    _ name: RawSpan, to target: Node, _ newName: RawSpan, _ mode: RenameMode
  ) throws(SystemError) {
    throw isDirectory ? .notPermitted : .notDirectory
  }

  /// The first name whose cookie is at least `cookie`; nil at the end. `.` and `..` are not listed
  /// here. Cookies stay good while other names come and go.
  open func entry(from cookie: UInt64) throws(SystemError) -> DirectoryEntry? {
    throw .notDirectory
  }

  // MARK: Links

  /// What a symbolic link says. Throws `invalidArgument` when this is none.
  open func readLink() throws(SystemError) -> [UInt8] { throw .invalidArgument }

  /// For the links of `/proc` that lead to an object and not to a path.
  open func followLink() throws(SystemError) -> Node? { nil }

  // MARK: Contents

  /// Opens the file. `flags` have been checked against its kind.
  open func open(_ flags: OpenFlags) throws(SystemError) -> OpenFile {
    OpenFile(node: self, flags: flags)
  }

  open func truncate(to byteCount: Int64) throws(SystemError) {
    throw isDirectory ? .isDirectory : .invalidArgument
  }

  /// Where mappings of the file get their pages. Throws `noSuchDevice` for what cannot be mapped.
  open func pageSource() throws(SystemError) -> PageSource { throw .noSuchDevice }

  /// Notes where and by which name it was found, for paths back.
  public final func wasFound(in directory: Node, as name: RawSpan) {
    lastName = name.byteArray
    lastParent = directory
    if isDirectory { parent = directory }
  }

  /// Whether this is `directory` or lies above it.
  public final func isAbove(_ directory: Node) -> Bool {
    guard isDirectory else { return false }
    var cursor: Node? = directory
    while let current = cursor {
      if current === self { return true }
      cursor = current.parent === current ? nil : current.parent
    }
    return false
  }

  /// The path from the root by the names it was last found by; empty for nameless files.
  public final var absolutePath: [UInt8] {
    var parts: [[UInt8]] = []
    var cursor = self
    while !cursor.lastName.isEmpty && parts.count < 256 {
      parts.append(cursor.lastName)
      guard let above = cursor.isDirectory ? cursor.parent : cursor.lastParent, above !== cursor
      else { break }
      cursor = above
    }
    var path: [UInt8] = []
    for part in parts.reversed() {
      path.append(UInt8(ascii: "/"))
      path.append(contentsOf: part)
    }
    if isRemoved { path.append(contentsOf: StaticString(" (deleted)").byteArray) }
    return path
  }

  /// Notes a change of attributes.
  public final func touchChanged() {
    changed = Clock.wallTime()
  }

  /// Notes a change of contents.
  public final func touchModified() {
    let now = Clock.wallTime()
    modified = now
    changed = now
  }
}

/// A change of a file's attributes; what is nil stays as it is.
public struct AttributeChange: Sendable {
  public var permissionBits: UInt32?
  public var owner: UInt32?
  public var group: UInt32?
  // In nanoseconds since 1970.
  public var accessed: Int64?
  public var modified: Int64?

  public init() {}
}

/// What to do when the new name of `Node.rename` is taken.
public enum RenameMode: Sendable {
  case replace
  /// `RENAME_NOREPLACE`: throw `fileExists`.
  case keep
  /// `RENAME_EXCHANGE`
  case exchange
}

/// A name in a directory.
public struct DirectoryEntry {
  public var name: [UInt8]
  public var number: UInt64
  public var kind: FileKind
  /// Where to go on after this entry.
  public var next: UInt64

  public init(name: [UInt8], number: UInt64, kind: FileKind, next: UInt64) {
    self.name = name
    self.number = number
    self.kind = kind
    self.next = next
  }
}
