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
    guard byteCount <= byteLimit - min(reservedByteCount, byteLimit) else { throw .outOfMemory }
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
    guard movePages(in: kept, to: start) else {
      try unmap(AddressRange(start: start, byteCount: newByteCount))
      throw .outOfMemory
    }
    if !keepsOld { try unmap(old) }
    return start
  }

  /// Moves the mappings of pages; without memory for tables all stay where they are, and the
  /// result is false.
  private func movePages(in range: AddressRange, to start: VirtualAddress) -> Bool {
    var end = range.end
    tables.updateMappings(in: range) { (page, mapping) in
      guard end == range.end else { return .keep }
      if !frames.isLow
        && tables.map(
          start + (page - range.start), to: mapping.frame, mapping.permissions, tag: mapping.tag)
      {
        return .remove
      }
      end = page
      return .keep
    }
    guard end != range.end else { return true }
    // The tables of the old place are still there, so nothing fails on the way back.
    let moved = AddressRange(start: start, byteCount: end - range.start)
    tables.updateMappings(in: moved) { (page, mapping) in
      let isBack = tables.map(
        range.start + (page - start), to: mapping.frame, mapping.permissions, tag: mapping.tag)
      precondition(isBack, "a page table went away during a move")
      return .remove
    }
    return false
  }

  /// `madvise(2)`. Throws `outOfMemory` when part of the range is not mapped.
  public func advise(_ range: AddressRange, _ advice: MemoryAdvice) throws(SystemError) {
    let isWhole = regions.covers(range)
    switch advice {
    case .normal: break
    case .willNeed: populateMapped(range, forWriting: false)
    case .populateWrite: populateMapped(range, forWriting: true)
    case .dontNeed: discard(range)
    case .free:
      // Only private anonymous memory may lose its contents.
      guard regions.regions(in: range).allSatisfy({ $0.source == nil && !$0.isShared }) else {
        throw .invalidArgument
      }
      discard(range)
    }
    if !isWhole { throw .outOfMemory }
  }

  /// Gives back pages whose contents are somewhere else or need not be kept. Shared anonymous
  /// memory has its contents in its pages only, and keeps them.
  private func discard(_ range: AddressRange) {
    for region in regions.regions(in: range) where region.source != nil || !region.isShared {
      if let part = region.range.intersection(range) { discardPages(in: part) }
    }
  }

  /// Forgets pages that `source` had from page `first` on, private copies among them: the file has
  /// become shorter (`truncate(2)`), and touching them is an error from now on.
  public func forgetPages(of source: PageSource, from first: Int) {
    for region in regions.regions where region.source === source {
      let skipped = max(0, first - region.firstPage)
      guard skipped < region.range.byteCount / pageSize else { continue }
      discardPages(
        in: AddressRange(start: region.range.start + skipped * pageSize, end: region.range.end))
    }
  }

  /// Forgets the mappings of `pages` of `source` that are not private copies: the source has put
  /// other frames in their place, and the next touch finds those.
  public func refreshPages(of source: PageSource, _ pages: Range<Int>) {
    for region in regions.regions where region.source === source {
      let count = region.range.byteCount / pageSize
      let low = max(0, pages.lowerBound - region.firstPage)
      let high = min(count, pages.upperBound - region.firstPage)
      guard low < high else { continue }
      let part = AddressRange(
        start: region.range.start + low * pageSize, byteCount: (high - low) * pageSize)
      tables.updateMappings(in: part) { (_, mapping) in
        guard !mapping.tag.contains(.owned) else { return .keep }
        release(mapping)
        return .remove
      }
    }
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
