// SPDX-License-Identifier: BSD-3-Clause

import Base

/// One entry of a page table (SDM 3A section 5.5.4, tables 5-15 to 5-20).
struct PageEntry: Equatable {
  var rawValue: UInt64

  @inline(__always)
  init(rawValue: UInt64) {
    self.rawValue = rawValue
  }

  static let present: UInt64 = 1 << 0
  static let writable: UInt64 = 1 << 1
  static let writeThrough: UInt64 = 1 << 3
  static let uncached: UInt64 = 1 << 4
  static let accessed: UInt64 = 1 << 5
  static let dirty: UInt64 = 1 << 6
  static let large: UInt64 = 1 << 7
  static let tagShift: UInt64 = 9
  static let tagMask: UInt64 = 7 << 9
  /// Ignored by the processor: the entry holds a frame, though it may not be present.
  static let used: UInt64 = 1 << 52
  static let noExecute: UInt64 = 1 << 63
  static let addressMask: UInt64 = 0x000f_ffff_ffff_f000

  /// A mapping of one page. Accessed and dirty are set by the processor.
  @inline(__always)
  init(frame: FrameNumber, permissions: Permissions, tag: PageTag) {
    rawValue =
      UInt64(frame.rawValue) << 12 | UInt64(tag.rawValue) << Self.tagShift | Self.used
      | Self.bits(of: permissions)
  }

  /// Another table. Rights are decided at the last level.
  @inline(__always)
  init(table: FrameNumber) {
    rawValue = UInt64(table.rawValue) << 12 | Self.present | Self.writable
  }

  @inline(__always)
  static func bits(of permissions: Permissions) -> UInt64 {
    var bits: UInt64 = permissions.isEmpty ? 0 : present
    if permissions.contains(.write) { bits |= writable }
    if !permissions.contains(.execute) { bits |= noExecute }
    return bits
  }

  @inline(__always)
  var isEmpty: Bool { rawValue == 0 }
  @inline(__always)
  var isPresent: Bool { rawValue & Self.present != 0 }
  @inline(__always)
  var isLarge: Bool { rawValue & Self.large != 0 }
  @inline(__always)
  var frame: FrameNumber { FrameNumber(UInt32((rawValue & Self.addressMask) >> 12)) }

  @inline(__always)
  var permissions: Permissions {
    guard isPresent else { return .none }
    var permissions = Permissions.read
    if rawValue & Self.writable != 0 { permissions.insert(.write) }
    if rawValue & Self.noExecute == 0 { permissions.insert(.execute) }
    return permissions
  }

  @inline(__always)
  var mapping: PageMapping {
    PageMapping(
      frame: frame, permissions: permissions,
      tag: PageTag(rawValue: UInt8((rawValue & Self.tagMask) >> Self.tagShift)),
      isAccessed: rawValue & Self.accessed != 0, isDirty: rawValue & Self.dirty != 0)
  }

  @inline(__always)
  func with(permissions: Permissions) -> PageEntry {
    PageEntry(
      rawValue: rawValue & ~(Self.present | Self.writable | Self.noExecute)
        | Self.bits(of: permissions))
  }
}
