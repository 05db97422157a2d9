// SPDX-License-Identifier: BSD-3-Clause

import Base

/// A stretch of the program's addresses with one kind of contents and one set of rights.
public struct Region {
  public internal(set) var range: AddressRange
  public internal(set) var permissions: Permissions
  /// What `protect` may grant at most.
  var maximumPermissions: Permissions
  public internal(set) var isShared: Bool
  /// Nil for anonymous memory.
  public internal(set) var source: PageSource?
  /// The page of `source` at the start.
  public internal(set) var firstPage: Int
  /// What `/proc/self/maps` calls it, for regions that are special.
  public internal(set) var label: RegionLabel = .none

  /// The page of the source that belongs at `address`.
  @inline(__always)
  func sourcePage(at address: VirtualAddress) -> Int {
    firstPage &+ (address - range.start) / pageSize
  }

  /// The part of this region inside `part`, which lies in it.
  func cut(to part: AddressRange) -> Region {
    var region = self
    region.firstPage = source == nil ? 0 : sourcePage(at: part.start)
    region.range = part
    return region
  }

  /// Whether `next`, which begins where this ends, goes on with the same.
  func continues(in next: Region) -> Bool {
    range.end == next.range.start && permissions == next.permissions
      && maximumPermissions == next.maximumPermissions && isShared == next.isShared
      && source === next.source && label == next.label
      && (source == nil ? !isShared : sourcePage(at: range.end) == next.firstPage)
  }
}

/// Regions that have a name of their own in `/proc/self/maps`.
public enum RegionLabel: UInt8, Sendable {
  case none
  case heap
  case stack
  case vdso
  case vvar
}
