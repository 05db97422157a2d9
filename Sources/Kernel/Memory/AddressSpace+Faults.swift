// SPDX-License-Identifier: BSD-3-Clause

import Base
import Frames
import Machine

extension AddressSpace {
  /// How many pages of a file a read fault maps at once, the faulting one among them.
  private static let pagesAround = 16

  /// Makes the page at `address` accessible, if the regions say that it should be.
  public func resolveFault(at address: VirtualAddress, _ access: PageAccess) -> FaultOutcome {
    guard let index = regions.index(containing: address) else { return .noMapping }
    let region = regions.regions[index]
    let needed: Permissions =
      switch access {
      case .read: .read
      case .write: .write
      case .execute: .execute
      }
    guard region.permissions.contains(needed) else { return .forbidden }
    let page = address.pageStart
    let old = tables.mapping(at: page)
    if let old, old.permissions.contains(needed) { return .resolved }
    guard region.source != nil else { return fillAnonymous(page, region, old) }
    return fillFromSource(page, region, old, isWrite: access == .write)
  }

  private func fillAnonymous(
    _ page: VirtualAddress, _ region: Region, _ old: PageMapping?
  ) -> FaultOutcome {
    if let old {
      // The rights of an owned page follow its region.
      tables.setPermissions(Self.allowed(region.permissions, of: old, isShared: false), at: page)
      return .resolved
    }
    guard let frame = frames.allocate() else { return .outOfMemory }
    FrameMemory.zero(frame)
    return install(frame, at: page, region.permissions, .owned)
  }

  private func install(
    _ frame: FrameNumber, at page: VirtualAddress, _ permissions: Permissions, _ tag: PageTag
  ) -> FaultOutcome {
    // A table may be needed. Pages of a source cost no frame, so that tables alone could take the
    // kernel's reserve; an owned page has been refused before.
    guard tag.contains(.owned) || !frames.isLow,
      tables.map(page, to: frame, permissions, tag: tag)
    else {
      if tag.contains(.owned) { frames.free(frame) }
      if tag.contains(.counted) { frames.release(frame) }
      return .outOfMemory
    }
    residentPageCount &+= 1
    return .resolved
  }

  private func fillFromSource(
    _ page: VirtualAddress, _ region: Region, _ old: PageMapping?, isWrite: Bool
  ) -> FaultOutcome {
    guard let source = region.source else { return .noMapping }
    if let old, old.tag.contains(.owned) {
      tables.setPermissions(region.permissions, at: page)
      return .resolved
    }
    let index = region.sourcePage(at: page)
    guard index &* pageSize < source.byteCount else { return .beyondSource }
    if isWrite && !region.isShared { return copyPrivately(page, region, index, source) }
    let forWriting = region.isShared && isWrite
    do {
      let found = try source.page(at: index, forWriting: forWriting)
      guard stillWants(page, region, index, source) else { return .resolved }
      drop(page)
      let outcome = installShared(found, at: page, region, isWritable: forWriting)
      if outcome == .resolved && !forWriting { mapAround(page, region, source) }
      return outcome
    } catch {
      return error == .outOfMemory ? .outOfMemory : .beyondSource
    }
  }

  /// Whether the page is still to be filled from `source` after a wait. If not, the access is tried
  /// again, and faults again where it must.
  private func stillWants(
    _ page: VirtualAddress, _ old: Region, _ index: Int, _ source: PageSource
  ) -> Bool {
    guard source.mayWait else { return true }
    guard let place = regions.index(containing: page) else { return false }
    let region = regions.regions[place]
    guard region.source === source, region.sourcePage(at: page) == index,
      region.isShared == old.isShared, region.permissions == old.permissions
    else { return false }
    // Another thread may have made the private copy.
    if let mapping = tables.mapping(at: page), mapping.tag.contains(.owned) { return false }
    return true
  }

  private func installShared(
    _ found: SourcePage, at page: VirtualAddress, _ region: Region, isWritable: Bool
  ) -> FaultOutcome {
    let permissions =
      isWritable ? region.permissions : region.permissions.subtracting(.write)
    guard !found.isPermanent else { return install(found.frame, at: page, permissions, []) }
    frames.retain(found.frame)
    return install(found.frame, at: page, permissions, .counted)
  }

  /// Gives a private mapping its own copy of a page.
  private func copyPrivately(
    _ page: VirtualAddress, _ region: Region, _ index: Int, _ source: PageSource
  ) -> FaultOutcome {
    do {
      let found = try source.page(at: index, forWriting: false)
      guard stillWants(page, region, index, source) else { return .resolved }
      guard let frame = frames.allocate() else { return .outOfMemory }
      FrameMemory.copy(from: found.frame, to: frame)
      drop(page)
      return install(frame, at: page, region.permissions, .owned)
    } catch {
      return error == .outOfMemory ? .outOfMemory : .beyondSource
    }
  }

  /// Takes away what is mapped at `page` now: the source may have changed it meanwhile.
  private func drop(_ page: VirtualAddress) {
    if let old = tables.unmap(page) { release(old) }
  }

  /// Maps neighbours of a page that was read: a program that reads one page of a file soon reads
  /// the next, and the archive's pages cost nothing but the entry.
  private func mapAround(_ page: VirtualAddress, _ region: Region, _ source: PageSource) {
    let window = Self.pagesAround * pageSize
    let start = VirtualAddress(page.rawValue & ~UInt(window - 1))
    let around = AddressRange(start: start, byteCount: window)
    guard let range = around.intersection(region.range) else { return }
    var neighbour = range.start
    while neighbour < range.end {
      let index = region.sourcePage(at: neighbour)
      guard index &* pageSize < source.byteCount else { return }
      if neighbour != page, tables.mapping(at: neighbour) == nil {
        guard let found = source.readyPage(at: index),
          installShared(found, at: neighbour, region, isWritable: false) == .resolved
        else { return }
      }
      neighbour = neighbour + pageSize
    }
  }

  /// Makes pages before they are touched, as far as there is memory.
  func populate(_ range: AddressRange, forWriting: Bool) {
    var page = range.start
    while page < range.end {
      guard resolveFault(at: page, forWriting ? .write : .read) == .resolved else { return }
      page = page + pageSize
    }
  }
}
