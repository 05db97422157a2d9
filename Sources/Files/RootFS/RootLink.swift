// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import EROFS
import VFS

/// A symbolic link of the root file system.
final class RootLink: Node {
  private let target: [UInt8]

  init(_ system: RootFileSystem, _ inode: ErofsInode) {
    var target: [UInt8] = []
    var index = 0
    while let block = system.archive?.block(index, of: inode) {
      target.append(contentsOf: system.copy(block.start..<block.start + block.byteCount))
      index += 1
    }
    self.target = target
    super.init(
      number: inode.number + 1, deviceNumber: system.deviceNumber, kind: .symbolicLink,
      permissionBits: 0o777)
    adopt(inode)
  }

  init(_ system: RootFileSystem, target: RawSpan) {
    self.target = target.byteArray
    super.init(
      number: system.nextNumber(), deviceNumber: system.deviceNumber, kind: .symbolicLink,
      permissionBits: 0o777)
  }

  override var byteCount: Int64 { Int64(target.count) }
  /// The target is in the inode.
  override var blockCount: Int64 { 0 }
  override func readLink() throws(SystemError) -> [UInt8] { target }
}

/// A FIFO, device node or socket of the root file system.
final class RootSpecial: Node {
  private let device: UInt64

  init(_ system: RootFileSystem, _ inode: ErofsInode, _ kind: FileKind) {
    device = UInt64(inode.deviceNumber)
    super.init(
      number: inode.number + 1, deviceNumber: system.deviceNumber, kind: kind,
      permissionBits: UInt32(inode.mode & 0xfff))
    adopt(inode)
  }

  init(_ system: RootFileSystem, _ kind: FileKind, permissionBits: UInt32, device: UInt64) {
    self.device = device
    super.init(
      number: system.nextNumber(), deviceNumber: system.deviceNumber, kind: kind,
      permissionBits: permissionBits)
  }

  override var representedDevice: UInt64 { device }

  override func open(_ flags: OpenFlags) throws(SystemError) -> OpenFile {
    if flags.contains(.pathOnly) { return OpenFile(node: self, flags: flags) }
    guard let opener = SpecialFiles.opener.value else { throw .noSuchDeviceAddress }
    return try opener.open(self, flags)
  }
}
