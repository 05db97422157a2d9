// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes

/// Page tables as dictionaries: one a last-level table, so that they cost and give back frames as
/// the processor's do.
public final class PageTables {
  private struct Table {
    let frame: FrameNumber
    var pages: [UInt: PageMapping] = [:]
  }

  private let frames: any TableFrameSource
  private var tables: [UInt: Table] = [:]

  /// The tables in use.
  public static let current = KernelGlobal<PageTables?>(nil)

  public init?(frames: any TableFrameSource) {
    self.frames = frames
  }

  /// How many pages have a mapping.
  public var mappingCount: Int { tables.values.reduce(0) { $0 + $1.pages.count } }

  private func key(_ page: VirtualAddress) -> UInt { page.rawValue >> 21 }

  /// Maps `page`, replacing what was there. False when there is no memory for a table.
  public func map(
    _ page: VirtualAddress, to frame: FrameNumber, _ permissions: Permissions, tag: PageTag
  ) -> Bool {
    precondition(page.isPageAligned, "not the start of a page")
    if tables[key(page)] == nil {
      guard let table = frames.allocateTableFrame() else { return false }
      tables[key(page)] = Table(frame: table)
    }
    tables[key(page)]!.pages[page.rawValue] = PageMapping(
      frame: frame, permissions: permissions, tag: tag, isAccessed: false, isDirty: false)
    return true
  }

  /// Removes the mapping of `page` and returns it.
  public func unmap(_ page: VirtualAddress) -> PageMapping? {
    tables[key(page)]?.pages.removeValue(forKey: page.rawValue)
  }

  /// What `page` is mapped to.
  public func mapping(at page: VirtualAddress) -> PageMapping? {
    tables[key(page)]?.pages[page.rawValue]
  }

  /// Changes the rights of an existing mapping; a page without one is left alone.
  public func setPermissions(_ permissions: Permissions, at page: VirtualAddress) {
    guard let old = mapping(at: page) else { return }
    replace(old, page, permissions: permissions)
  }

  private func replace(
    _ old: PageMapping, _ page: VirtualAddress, permissions: Permissions, accessed: Bool? = nil,
    dirty: Bool? = nil
  ) {
    tables[key(page)]!.pages[page.rawValue] = PageMapping(
      frame: old.frame, permissions: permissions, tag: old.tag,
      isAccessed: accessed ?? old.isAccessed, isDirty: dirty ?? old.isDirty)
  }

  /// Calls `body` for each page in `range` that has a mapping, in order.
  public func updateMappings(
    in range: AddressRange, _ body: (VirtualAddress, PageMapping) -> PageUpdate
  ) {
    guard !range.isEmpty else { return }
    let last = range.end.rawValue - 1
    for table in tables.keys.sorted() where table >= key(range.start) && table <= last >> 21 {
      for address in tables[table]!.pages.keys.sorted() {
        let page = VirtualAddress(address)
        guard range.contains(page), let mapping = mapping(at: page) else { continue }
        switch body(page, mapping) {
        case .keep: break
        case .remove: _ = unmap(page)
        case .setPermissions(let permissions): setPermissions(permissions, at: page)
        }
      }
    }
  }

  /// Gives back the tables in `range` that hold nothing any more.
  public func releaseEmptyTables(in range: AddressRange) {
    guard !range.isEmpty else { return }
    let last = (range.end.rawValue - 1) >> 21
    for (index, table) in tables
    where index >= key(range.start) && index <= last && table.pages.isEmpty {
      tables[index] = nil
      frames.releaseTableFrame(table.frame)
    }
  }

  /// The frame behind `page` if the processor would allow the access.
  func translate(_ page: VirtualAddress, _ access: PageAccess) -> FrameNumber? {
    guard let mapping = mapping(at: page), !mapping.permissions.isEmpty else { return nil }
    if access == .write && !mapping.permissions.contains(.write) { return nil }
    if access == .execute && !mapping.permissions.contains(.execute) { return nil }
    replace(
      mapping, page, permissions: mapping.permissions, accessed: true,
      dirty: mapping.isDirty || access == .write)
    return mapping.frame
  }
}
