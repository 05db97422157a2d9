// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import CMachine

/// The page tables of the one address space: four levels of 512 entries (SDM 3A section 5.5).
///
/// Callers own the frames that they map; the frames of the tables themselves come from, and go
/// back to, the `TableFrameSource`. Stale translations are flushed before a function returns.
public final class PageTables {
  private let frames: any TableFrameSource
  private let root: FrameNumber

  /// The tables in use.
  public static let current = KernelGlobal<PageTables?>(nil)

  /// Adopts the tables that the boot code made.
  public init?(frames: any TableFrameSource) {
    self.frames = frames
    // SAFETY: reads a control register; the boot code has set it.
    root = FrameNumber(
      containing: PhysicalAddress(UInt(unsafe martlet_read_cr3() & PageEntry.addressMask)))
  }

  /// Maps `page`, replacing what was there, which the caller has taken care of.
  ///
  /// - Returns: false when there is no memory for a table.
  public func map(
    _ page: VirtualAddress, to frame: FrameNumber, _ permissions: Permissions, tag: PageTag
  ) -> Bool {
    guard let slot = slot(of: page, creating: true) else { return false }
    let old = slot.entry
    slot.entry = PageEntry(frame: frame, permissions: permissions, tag: tag)
    TranslationCache.countMapped()
    if old.isPresent { flush(page) }
    return true
  }

  /// Maps a page of device registers: not cached, never executable.
  func mapDevice(_ page: VirtualAddress, to frame: FrameNumber) -> Bool {
    guard let slot = slot(of: page, creating: true) else { return false }
    var entry = PageEntry(frame: frame, permissions: .readWrite, tag: [])
    entry.rawValue |= PageEntry.uncached | PageEntry.writeThrough
    slot.entry = entry
    return true
  }

  /// Removes the mapping of `page` and returns it.
  public func unmap(_ page: VirtualAddress) -> PageMapping? {
    guard let slot = slot(of: page, creating: false) else { return nil }
    let entry = slot.entry
    guard !entry.isEmpty else { return nil }
    slot.entry = PageEntry(rawValue: 0)
    if entry.isPresent { flush(page) }
    return entry.mapping
  }

  /// What `page` is mapped to.
  public func mapping(at page: VirtualAddress) -> PageMapping? {
    guard let slot = slot(of: page, creating: false) else { return nil }
    let entry = slot.entry
    return entry.isEmpty ? nil : entry.mapping
  }

  /// Changes the rights of an existing mapping; a page without one is left alone.
  public func setPermissions(_ permissions: Permissions, at page: VirtualAddress) {
    guard let slot = slot(of: page, creating: false), !slot.entry.isEmpty else { return }
    let old = slot.entry
    slot.entry = old.with(permissions: permissions)
    if old.isPresent { flush(page) }
  }

  /// Calls `body` for each page in `range` that has a mapping, in order. Absent tables are skipped
  /// as a whole, so a sparse range of gigabytes costs little.
  public func updateMappings(
    in range: AddressRange, _ body: (VirtualAddress, PageMapping) -> PageUpdate
  ) {
    var page = range.start
    while page < range.end {
      switch find(page) {
      case .absent(let level):
        page = nextBoundary(after: page, level: level)
      case .slot(var slot):
        let tableEnd = min(nextBoundary(after: page, level: 1), range.end)
        while page < tableEnd {
          let entry = slot.entry
          if !entry.isEmpty { apply(body(page, entry.mapping), to: slot, entry, page) }
          slot = slot.next
          page = page + pageSize
        }
      }
    }
  }

  @inline(__always)
  private func apply(
    _ update: PageUpdate, to slot: TableSlot, _ entry: PageEntry, _ page: VirtualAddress
  ) {
    switch update {
    case .keep: return
    case .remove: slot.entry = PageEntry(rawValue: 0)
    case .setPermissions(let permissions): slot.entry = entry.with(permissions: permissions)
    }
    if entry.isPresent { flush(page) }
  }

  /// Gives back the tables of the last level in `range` that hold nothing any more.
  public func releaseEmptyTables(in range: AddressRange) {
    var address = VirtualAddress(range.start.rawValue & ~0x1f_ffff)
    while address < range.end {
      guard let parent = directorySlot(of: address) else {
        address = nextBoundary(after: address, level: 2)
        continue
      }
      let entry = parent.entry
      if entry.isPresent && !entry.isLarge && isEmptyTable(entry.frame) {
        parent.entry = PageEntry(rawValue: 0)
        // The processor may have cached the path to the table.
        flush(address)
        frames.releaseTableFrame(entry.frame)
      }
      address = nextBoundary(after: address, level: 1)
    }
  }

  // MARK: Walking

  private enum Found {
    case slot(TableSlot)
    /// No table below this level (3: no directory pointers, 1: no page table).
    case absent(level: Int)
  }

  @inline(__always)
  private func find(_ page: VirtualAddress) -> Found {
    var table = root
    var level = 3
    while level > 0 {
      let entry = TableSlot(table: table, index: index(of: page, level: level)).entry
      guard entry.isPresent else { return .absent(level: level) }
      precondition(!entry.isLarge, "walked into a large page")
      table = entry.frame
      level &-= 1
    }
    return .slot(TableSlot(table: table, index: index(of: page, level: 0)))
  }

  @inline(__always)
  private func slot(of page: VirtualAddress, creating: Bool) -> TableSlot? {
    switch find(page) {
    case .slot(let slot): return slot
    case .absent: return creating ? create(page) : nil
    }
  }

  private func create(_ page: VirtualAddress) -> TableSlot? {
    var table = root
    var level = 3
    while level > 0 {
      let slot = TableSlot(table: table, index: index(of: page, level: level))
      if !slot.entry.isPresent {
        guard let frame = frames.allocateTableFrame() else { return nil }
        FrameMemory.zero(frame)
        slot.entry = PageEntry(table: frame)
      }
      table = slot.entry.frame
      level -= 1
    }
    return TableSlot(table: table, index: index(of: page, level: 0))
  }

  /// The slot in the page directory, if there is a directory.
  private func directorySlot(of page: VirtualAddress) -> TableSlot? {
    var table = root
    for level in [3, 2] {
      let entry = TableSlot(table: table, index: index(of: page, level: level)).entry
      guard entry.isPresent, !entry.isLarge else { return nil }
      table = entry.frame
    }
    return TableSlot(table: table, index: index(of: page, level: 1))
  }

  private func isEmptyTable(_ table: FrameNumber) -> Bool {
    var slot = TableSlot(table: table, index: 0)
    for _ in 0..<512 {
      if !slot.entry.isEmpty { return false }
      slot = slot.next
    }
    return true
  }

  @inline(__always)
  private func index(of page: VirtualAddress, level: Int) -> UInt {
    (page.rawValue >> UInt(12 &+ 9 &* level)) & 511
  }

  /// The first address after `page` that another entry of this level covers.
  @inline(__always)
  private func nextBoundary(after page: VirtualAddress, level: Int) -> VirtualAddress {
    let size: UInt = 1 << UInt(12 &+ 9 &* level)
    return VirtualAddress((page.rawValue | (size &- 1)) &+ 1)
  }

  @inline(__always)
  private func flush(_ page: VirtualAddress) {
    // SAFETY: forgetting a translation is always safe.
    unsafe martlet_invalidate_page(UInt64(page.rawValue))
  }
}

/// The place of one entry in a table, seen through the direct map.
struct TableSlot {
  private let address: UInt64

  @inline(__always)
  init(table: FrameNumber, index: UInt) {
    address = UInt64(DirectMap.address(of: table)) &+ UInt64(index &* 8)
  }

  @inline(__always)
  private init(address: UInt64) {
    self.address = address
  }

  /// The slot behind this one; the caller stays inside the table.
  @inline(__always)
  var next: TableSlot { TableSlot(address: address &+ 8) }

  @inline(__always)
  var entry: PageEntry {
    // SAFETY: the address is inside a frame that is a page table, which the direct map covers;
    // only PageTables makes slots.
    get { PageEntry(rawValue: unsafe martlet_load_word(address)) }
    nonmutating set { unsafe martlet_store_word(address, newValue.rawValue) }
  }
}
