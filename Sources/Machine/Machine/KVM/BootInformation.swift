// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import CMachine

/// A range of physical memory that may be used.
public struct MemoryRange: Sendable {
  public let start: PhysicalAddress
  public let byteCount: UInt

  public init(start: PhysicalAddress, byteCount: UInt) {
    self.start = start
    self.byteCount = byteCount
  }

  public var end: PhysicalAddress { PhysicalAddress(start.rawValue + byteCount) }
}

/// What the hypervisor tells at the entry: `hvm_start_info` (Xen, public/arch-x86/hvm/start_info.h).
///
/// Everything is read through the direct map and checked: a value that points outside the first
/// GiB, which is all that is mapped at that time, is taken as absent.
public enum BootInformation {
  private static let magic: UInt32 = 0x336e_c578
  private static let mappedLimit: UInt = 1 << 30

  private static var startInfo: RawSpan? {
    @_lifetime(immortal) get {
      // SAFETY: written once by the boot code.
      bytes(at: UInt(unsafe martlet_load_word(martlet_start_info_address())), count: 56)
    }
  }

  /// Bytes of memory below 1 GiB, or nil when they are not all there.
  @_lifetime(immortal)
  private static func bytes(at address: UInt, count: Int) -> RawSpan? {
    guard address != 0, count >= 0, address < mappedLimit, UInt(count) <= mappedLimit - address
    else { return nil }
    // SAFETY: the boot code has mapped the first GiB; what the loader left is not overwritten
    // before the kernel has copied it (`Boot` keeps the frames).
    let buffer = unsafe UnsafeRawBufferPointer(
      start: UnsafeRawPointer(bitPattern: KernelLayout.directMap + address), count: count)
    return unsafe _overrideLifetime(RawSpan(_unsafeBytes: buffer), borrowing: ())
  }

  /// Whether the kernel was started by the PVH protocol, version 1 or later.
  public static var isValid: Bool {
    guard let info = startInfo else { return false }
    return info.littleEndian(at: 0, as: UInt32.self) == magic
      && info.littleEndian(at: 4, as: UInt32.self) >= 1
  }

  private static func word(_ offset: Int) -> UInt {
    guard let info = startInfo else { return 0 }
    return UInt(info.littleEndian(at: offset, as: UInt64.self))
  }

  /// The number of entries of the memory map, at most 128.
  public static var memoryMapCount: Int {
    guard let info = startInfo else { return 0 }
    return Int(min(info.littleEndian(at: 48, as: UInt32.self), 128))
  }

  /// An entry of the memory map, if it is memory (type 1).
  public static func usableMemory(at index: Int) -> MemoryRange? {
    guard let entry = bytes(at: word(40) + UInt(index * 24), count: 24),
      entry.littleEndian(at: 16, as: UInt32.self) == 1
    else { return nil }
    let start = entry.littleEndian(at: 0, as: UInt64.self)
    let count = entry.littleEndian(at: 8, as: UInt64.self)
    guard start < UInt64(KernelLayout.directMapLimit) else { return nil }
    return MemoryRange(
      start: PhysicalAddress(UInt(start)),
      byteCount: UInt(min(count, UInt64(KernelLayout.directMapLimit) - start)))
  }

  /// The first module: the root archive.
  public static var module: MemoryRange? {
    guard let info = startInfo, info.littleEndian(at: 12, as: UInt32.self) >= 1,
      let entry = bytes(at: word(16), count: 32)
    else { return nil }
    let start = UInt(entry.littleEndian(at: 0, as: UInt64.self))
    let count = UInt(entry.littleEndian(at: 8, as: UInt64.self))
    guard start != 0, count != 0, start < KernelLayout.directMapLimit,
      count < KernelLayout.directMapLimit - start
    else { return nil }
    return MemoryRange(start: PhysicalAddress(start), byteCount: count)
  }

  /// The command line, up to its NUL, at most 64 KiB.
  public static var commandLine: RawSpan {
    @_lifetime(immortal) get {
      text(at: word(24))
    }
  }

  /// Whether the command line has this word, where a parser of the whole would be too much.
  public static func hasWord(_ word: StaticString) -> Bool {
    let line = commandLine
    let word = word.bytes
    var start = 0
    for end in 0...line.byteCount where end == line.byteCount || line.byte(at: end) == 0x20 {
      if end - start == word.byteCount {
        var index = 0
        while index < word.byteCount && line.byte(at: start + index) == word.byte(at: index) {
          index += 1
        }
        if index == word.byteCount { return true }
      }
      start = end + 1
    }
    return false
  }

  /// A NUL-terminated text in memory below 1 GiB.
  @_lifetime(immortal)
  public static func text(at address: UInt) -> RawSpan {
    guard address != 0, address < mappedLimit,
      let all = bytes(at: address, count: Int(min(65536, mappedLimit - address)))
    else { return StaticString("").bytes }
    var count = 0
    while count < all.byteCount && all.byte(at: count) != 0 { count += 1 }
    return all.extracting(0..<count)
  }
}
