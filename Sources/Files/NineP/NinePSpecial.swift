// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Structures
import VFS

/// A FIFO or a socket's name that the server refused to make: QEMU's opens no special file, not even
/// to set its mode. Programs of the guest meet there all the same; the host does not see it, and it
/// is gone with the machine.
final class NinePSpecial: Node {
  private let system: NinePFileSystem

  init(_ system: NinePFileSystem, _ kind: FileKind, permissionBits: UInt32) {
    self.system = system
    super.init(
      number: system.nextSpecialNumber(), deviceNumber: system.deviceNumber, kind: kind,
      permissionBits: permissionBits)
  }

  override var statistics: FileSystemStatistics { system.root.statistics }

  override func open(_ flags: OpenFlags) throws(SystemError) -> OpenFile {
    if flags.contains(.pathOnly) { return OpenFile(node: self, flags: flags) }
    guard let opener = SpecialFiles.opener.value else { throw .noSuchDeviceAddress }
    return try opener.open(self, flags)
  }
}

extension NinePNode {
  /// The special file of this directory called `name`.
  func special(_ name: RawSpan) -> NinePSpecial? {
    specials?.value(named: name)
  }

  /// Gives a special file a name that is free.
  func attach(_ special: NinePSpecial, _ name: RawSpan) {
    var table = specials ?? NameTable<NinePSpecial>()
    specials = nil
    table.insert(special, named: name)
    specials = table
    special.wasFound(in: self, as: name)
    system.keep(self)
  }

  /// Takes a special file's name away. Returns nil when there is none.
  func detachSpecial(_ name: RawSpan) -> NinePSpecial? {
    guard var table = specials else { return nil }
    specials = nil
    let special = table.remove(named: name)
    specials = table.isEmpty ? nil : table
    if specials == nil { system.keepNoMore(self) }
    return special
  }

  /// As `detachSpecial`, for good.
  func removeSpecial(_ name: RawSpan) -> Bool {
    guard let special = detachSpecial(name) else { return false }
    special.linkCount = 0
    special.isRemoved = true
    special.touchChanged()
    return true
  }

  /// Renames a special file. What had the new name is gone.
  func moveSpecial(
    _ name: RawSpan, to directory: NinePNode, _ newName: RawSpan
  ) throws(SystemError) {
    if directory.special(newName) == nil {
      var isTaken = true
      do { _ = try directory.lookup(newName) } catch {
        guard error == .noSuchFile else { throw error }
        isTaken = false
      }
      if isTaken { try directory.remove(newName, directory: false) }
    } else if directory === self, name.holdsSameBytes(as: newName) {
      return
    } else {
      _ = directory.removeSpecial(newName)
    }
    guard let special = detachSpecial(name) else { throw .noSuchFile }
    directory.attach(special, newName)
    special.touchChanged()
  }
}
