// SPDX-License-Identifier: BSD-3-Clause

import Base

/// Software bits that the address space keeps with a mapping.
public struct PageTag: OptionSet, Sendable, BitwiseCopyable {
  public let rawValue: UInt8

  public init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  /// The frame belongs to this mapping alone.
  public static let owned = PageTag(rawValue: 1)
  /// The frame is counted, and this mapping holds one count.
  public static let counted = PageTag(rawValue: 2)
  /// Free for the address space's use.
  public static let custom = PageTag(rawValue: 4)
}

/// What a page is mapped to.
public struct PageMapping: Sendable, BitwiseCopyable {
  public let frame: FrameNumber
  /// `none` for a page that keeps its frame but may not be touched (`PROT_NONE`).
  public let permissions: Permissions
  public let tag: PageTag
  public let isAccessed: Bool
  public let isDirty: Bool

  @inline(__always)
  public init(
    frame: FrameNumber, permissions: Permissions, tag: PageTag, isAccessed: Bool, isDirty: Bool
  ) {
    self.frame = frame
    self.permissions = permissions
    self.tag = tag
    self.isAccessed = isAccessed
    self.isDirty = isDirty
  }
}

/// What becomes of a mapping that `PageTables.updateMappings` has shown.
public enum PageUpdate: Sendable {
  case keep
  case remove
  case setPermissions(Permissions)
}

/// Where page tables get the frames for themselves.
public protocol TableFrameSource: AnyObject {
  /// A frame with any contents, or nil when memory is exhausted.
  func allocateTableFrame() -> FrameNumber?
  func releaseTableFrame(_ frame: FrameNumber)
}
