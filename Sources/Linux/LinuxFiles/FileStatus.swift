// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import LinuxCore
import Memory
import VFS

/// What `stat` and `statx` tell of a file, in their layouts.
struct FileStatus {
  private static let second: Int64 = 1_000_000_000
  /// `st_blksize`
  private static let blockSize: UInt64 = 4096

  /// Stores a `struct stat` (arch/x86/include/uapi/asm/stat.h).
  static func store(_ node: Node, at address: VirtualAddress) throws(Errno) {
    do { try node.refresh() } catch { throw Errno(error) }
    var words = InlineArray<18, UInt64>(repeating: 0)
    words[0] = node.deviceNumber
    words[1] = node.number
    words[2] = UInt64(node.linkCount)
    words[3] = UInt64(node.mode) | UInt64(node.owner) << 32
    words[4] = UInt64(node.group)
    words[5] = node.representedDevice
    words[6] = UInt64(bitPattern: node.byteCount)
    words[7] = blockSize
    words[8] = UInt64(bitPattern: node.blockCount)
    words[9] = UInt64(bitPattern: node.accessed / second)
    words[10] = UInt64(bitPattern: node.accessed % second)
    words[11] = UInt64(bitPattern: node.modified / second)
    words[12] = UInt64(bitPattern: node.modified % second)
    words[13] = UInt64(bitPattern: node.changed / second)
    words[14] = UInt64(bitPattern: node.changed % second)
    do {
      try UserBuffer(start: address, count: 144).copyOut(RawSpan(_elements: words.span))
    } catch { throw Errno(error) }
  }

  /// `STATX_BASIC_STATS`
  private static let basic: UInt64 = 0x7ff

  /// Stores a `struct statx` (linux/stat.h).
  static func storeExtended(_ node: Node, at address: VirtualAddress) throws(Errno) {
    do { try node.refresh() } catch { throw Errno(error) }
    var words = InlineArray<32, UInt64>(repeating: 0)
    words[0] = basic | blockSize << 32
    words[2] = UInt64(node.linkCount) | UInt64(node.owner) << 32
    words[3] = UInt64(node.group) | UInt64(node.mode) << 32
    words[4] = node.number
    words[5] = UInt64(bitPattern: node.byteCount)
    words[6] = UInt64(bitPattern: node.blockCount)
    words[8] = UInt64(bitPattern: node.accessed / second)
    words[9] = UInt64(bitPattern: node.accessed % second)
    words[12] = UInt64(bitPattern: node.changed / second)
    words[13] = UInt64(bitPattern: node.changed % second)
    words[14] = UInt64(bitPattern: node.modified / second)
    words[15] = UInt64(bitPattern: node.modified % second)
    words[16] = major(node.representedDevice) | minor(node.representedDevice) << 32
    words[17] = major(node.deviceNumber) | minor(node.deviceNumber) << 32
    do {
      try UserBuffer(start: address, count: 256).copyOut(RawSpan(_elements: words.span))
    } catch { throw Errno(error) }
  }

  /// `gnu_dev_major`
  static func major(_ device: UInt64) -> UInt64 {
    device >> 8 & 0xfff | device >> 32 & 0xffff_f000
  }

  /// `gnu_dev_minor`
  static func minor(_ device: UInt64) -> UInt64 {
    device & 0xff | device >> 12 & 0xffff_ff00
  }

  /// Stores a `struct statfs`.
  static func storeSystem(_ node: Node, at address: VirtualAddress) throws(Errno) {
    let statistics = node.statistics
    var words = InlineArray<15, UInt64>(repeating: 0)
    words[0] = statistics.magic
    words[1] = statistics.blockSize
    words[2] = statistics.blocks
    words[3] = statistics.freeBlocks
    words[4] = statistics.freeBlocks
    words[5] = statistics.files
    words[6] = statistics.freeFiles
    words[7] = node.deviceNumber
    words[8] = UInt64(Namespace.nameLimit)
    words[9] = statistics.blockSize
    // ST_VALID | ST_RELATIME, ST_RDONLY
    words[10] = 0x1020 | (statistics.isReadOnly ? 1 : 0)
    do {
      try UserBuffer(start: address, count: 120).copyOut(RawSpan(_elements: words.span))
    } catch { throw Errno(error) }
  }
}
