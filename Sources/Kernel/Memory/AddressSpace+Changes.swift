// SPDX-License-Identifier: BSD-3-Clause

import Base
import Frames
import Machine

extension AddressSpace {
  /// `mremap(2)`: changes the size of a mapping, and moves it if need be.
  ///
  /// - Parameters:
  ///   - old: the mapping, or its part; an empty range makes a second mapping of shared pages.
  ///   - target: where to move it, replacing what is there.
  ///   - keepsOld: whether the old addresses stay mapped, without their pages.
  public func remap(
    _ old: AddressRange, newByteCount: Int, target: VirtualAddress?, mayMove: Bool, keepsOld: Bool
  ) throws(SystemError) -> VirtualAddress {
    guard let index = regions.index(containing: old.start) else { throw .badAddress }
    let region = regions.regions[index]
    if old.isEmpty {
      guard region.isShared, mayMove else { throw .invalidArgument }
      return try move(region, old, newByteCount, target, keepsOld: true)
    }
    guard regions.covers(old) else { throw .badAddress }
    if target == nil && !keepsOld {
      if newByteCount <= old.byteCount {
        try unmap(AddressRange(start: old.start + newByteCount, end: old.end))
        return old.start
      }
      if old.end == region.range.end {
        let more = AddressRange(start: old.end, end: old.start + newByteCount)
        if more.end <= KernelLayout.programRange.end && regions.isFree(more) {
          try checkGrowth(newByteCount - old.byteCount, region)
          grow(region, by: more)
          return old.start
        }
      }
      guard mayMove else { throw .outOfMemory }
    }
    guard old.end <= region.range.end else { throw .badAddress }
    if let target {
      guard !AddressRange(start: target, byteCount: newByteCount).overlaps(old) else {
        throw .invalidArgument
      }
    }
    try checkGrowth(max(0, newByteCount - old.byteCount), region)
    return try move(region, old, newByteCount, target, keepsOld: keepsOld)
  }

  private func checkGrowth(_ byteCount: Int, _ region: Region) throws(SystemError) {
    if region.permissions.contains(.write) && !region.isShared
      && byteCount / pageSize > frames.totalCount
    {
      throw .outOfMemory
    }
  }

  private func grow(_ region: Region, by more: AddressRange) {
    var part = region
    part.firstPage = region.source == nil ? 0 : region.sourcePage(at: more.start)
    part.range = more
    regions.insert(part)
    reservedByteCount &+= more.byteCount
  }

  private func move(
    _ region: Region, _ old: AddressRange, _ newByteCount: Int, _ target: VirtualAddress?,
    keepsOld: Bool
  ) throws(SystemError) -> VirtualAddress {
    var request = MapRequest(byteCount: newByteCount, permissions: region.permissions)
    request.maximumPermissions = region.maximumPermissions
    request.isShared = region.isShared
    request.reservesNothing = true
    request.label = region.label
    if let source = region.source {
      request.content = .source(source, firstPage: region.sourcePage(at: old.start))
    }
    if let target { request.placement = .fixed(target) }
    let start = try map(request)
    let kept = AddressRange(start: old.start, byteCount: min(old.byteCount, newByteCount))
    tables.updateMappings(in: kept) { (page, mapping) in
      // The table for the new place is made here; without memory the page is lost to a later
      // fault only when it is the source's, so a frame that cannot move stays where it is.
      tables.map(
        start + (page - old.start), to: mapping.frame, mapping.permissions, tag: mapping.tag)
        ? .remove : .keep
    }
    if !keepsOld { try unmap(old) }
    return start
  }

  /// `madvise(2)`. Throws `outOfMemory` when part of the range is not mapped.
  public func advise(_ range: AddressRange, _ advice: MemoryAdvice) throws(SystemError) {
    let isWhole = regions.covers(range)
    switch advice {
    case .normal: break
    case .willNeed: populateMapped(range, forWriting: false)
    case .populateWrite: populateMapped(range, forWriting: true)
    case .dontNeed: discardPages(in: range)
    case .free:
      // Only anonymous memory may lose its contents.
      for region in regions.regions where region.source == nil {
        if let part = region.range.intersection(range) { discardPages(in: part) }
      }
    }
    if !isWhole { throw .outOfMemory }
  }

  private func populateMapped(_ range: AddressRange, forWriting: Bool) {
    for region in regions.regions {
      guard let part = region.range.intersection(range),
        region.permissions.contains(forWriting ? .write : .read)
      else { continue }
      populate(part, forWriting: forWriting)
    }
  }

  /// `msync(2)`. Throws `outOfMemory` when part of the range is not mapped.
  public func synchronize(_ range: AddressRange) throws(SystemError) {
    guard regions.covers(range) else { throw .outOfMemory }
    var index = regions.firstIndex(endingAfter: range.start)
    while index < regions.regions.count && regions.regions[index].range.start < range.end {
      let region = regions.regions[index]
      if region.isShared, let source = region.source { try source.synchronize() }
      index += 1
    }
  }

  /// Takes away everything: a new program comes.
  public func unmapAll() {
    try? unmap(KernelLayout.programRange)
    tables.releaseEmptyTables(in: KernelLayout.programRange)
  }
}
