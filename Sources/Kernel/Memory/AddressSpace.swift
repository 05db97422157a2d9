// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Frames
import Machine

/// The program's memory: regions that say what should be where, and page tables that are filled in
/// at the first touch.
///
/// A mapping of a page owns its frame (`PageTag.owned`), holds one count of it (`.counted`: a page
/// that a file has), or borrows one that never changes (no tag: the root archive's). Rights of a
/// mapping may be narrower than its region's, never wider: a private page that is still the
/// source's is not writable.
public final class AddressSpace {
  static let shared = KernelGlobal<AddressSpace?>(nil)

  /// The address space of the program; there is one.
  public static var current: AddressSpace {
    @inline(__always) get {
      guard let space = shared.value else { preconditionFailure("there is no address space yet") }
      return space
    }
  }

  private static let mapper = KernelGlobal<(any PageMapper)?>(nil)

  /// As `current`, or nil when there is none: for sources that tell of changes.
  public static var active: (any PageMapper)? { mapper.value }

  /// Whether a fault of the kernel's own access is being resolved: nobody else may run meanwhile,
  /// since the kernel is in the middle of something.
  public static var isResolvingForKernel: Bool { resolving.value }
  static let resolving = KernelGlobal<Bool>(false)

  public let tables: PageTables
  public let frames: FrameAllocator
  var regions = RegionList()
  /// Where mappings without an address go, from the top down.
  public private(set) var mappingTop: VirtualAddress
  var breakStart = VirtualAddress(0)
  var breakEnd = VirtualAddress(0)
  /// Pages that are mapped.
  public internal(set) var residentPageCount = 0
  /// Bytes in regions.
  public internal(set) var reservedByteCount = 0
  /// `RLIMIT_AS`
  public var byteLimit = Int.max
  /// How many regions there may be (`vm.max_map_count`).
  static let regionLimit = 65530

  public init(tables: PageTables, frames: FrameAllocator) {
    self.tables = tables
    self.frames = frames
    mappingTop = KernelLayout.programRange.end
  }

  /// Makes this the address space that `UserBuffer` and faults use.
  public func activate() {
    Self.shared.value = self
    Self.mapper.value = self
  }

  /// Chooses where mappings without an address go: below `top`.
  public func setMappingTop(_ top: VirtualAddress) {
    mappingTop = top.pageStart
  }

  /// Whether what is left is for the kernel alone: nothing new should be begun.
  public var isLowOnMemory: Bool { frames.isLow }

  // MARK: Mapping

  /// Makes a mapping and returns where it is. Throws `invalidArgument` for a range outside the
  /// program's, `fileExists`, and `outOfMemory` when it can never be filled or there is no place.
  public func map(_ request: MapRequest) throws(SystemError) -> VirtualAddress {
    guard request.byteCount > 0, request.byteCount & (pageSize - 1) == 0 else {
      throw .invalidArgument
    }
    guard regions.regions.count < Self.regionLimit else { throw .outOfMemory }
    try checkDemand(of: request)
    let start = try place(request)
    let range = AddressRange(start: start, byteCount: request.byteCount)
    var source: PageSource?
    var firstPage = 0
    if case .source(let given, let page) = request.content {
      source = given
      firstPage = page
    }
    regions.insert(
      Region(
        range: range, permissions: request.permissions,
        maximumPermissions: request.maximumPermissions, isShared: request.isShared,
        source: source, firstPage: firstPage, label: request.label))
    reservedByteCount &+= range.byteCount
    if request.populates { populate(range, forWriting: request.permissions.contains(.write)) }
    return start
  }

  /// Refuses what can never be filled, as Linux's heuristic does: private writable memory, in one
  /// piece, beyond all the memory there is.
  private func checkDemand(of request: MapRequest) throws(SystemError) {
    guard request.byteCount <= byteLimit - min(reservedByteCount, byteLimit) else {
      throw .outOfMemory
    }
    guard !request.reservesNothing, !request.isShared, request.permissions.contains(.write) else {
      return
    }
    if request.byteCount / pageSize > frames.totalCount { throw .outOfMemory }
  }

  /// Where `MAP_32BIT` puts mappings.
  private static let below2GiB = AddressRange(
    start: VirtualAddress(0x1_0000), end: VirtualAddress(0x8000_0000))

  private func place(_ request: MapRequest) throws(SystemError) -> VirtualAddress {
    switch request.placement {
    case .fixed(let address):
      let range = try programRange(address, request.byteCount)
      try unmap(range)
      return address
    case .fixedNoReplace(let address):
      let range = try programRange(address, request.byteCount)
      guard regions.isFree(range) else { throw .fileExists }
      return address
    case .anywhere(let hint):
      if let hint, hint.isPageAligned, let range = try? programRange(hint, request.byteCount),
        regions.isFree(range), !request.staysBelow2GiB || range.end <= Self.below2GiB.end
      {
        return hint
      }
      var bounds = AddressRange(start: VirtualAddress(0x1_0000), end: mappingTop)
      if request.staysBelow2GiB { bounds = Self.below2GiB }
      guard let address = regions.highestGap(of: request.byteCount, in: bounds) else {
        throw .outOfMemory
      }
      return address
    }
  }

  private func programRange(
    _ address: VirtualAddress, _ byteCount: Int
  ) throws(SystemError) -> AddressRange {
    guard address.isPageAligned else { throw .invalidArgument }
    guard address >= KernelLayout.programRange.start,
      address < KernelLayout.programRange.end,
      byteCount <= KernelLayout.programRange.end - address
    else { throw .outOfMemory }
    return AddressRange(start: address, byteCount: byteCount)
  }

  /// Takes away all mappings inside `range`; holes are no error.
  public func unmap(_ range: AddressRange) throws(SystemError) {
    guard let inside = range.intersection(KernelLayout.programRange) else { return }
    guard !regions.isFree(inside) else { return }
    discardPages(in: inside)
    // Tables that may have become empty: only where whole tables' worth of addresses went.
    if inside.byteCount >= 1 << 21 { tables.releaseEmptyTables(in: inside) }
    reservedByteCount &-= coveredByteCount(inside)
    regions.remove(inside)
  }

  /// The sources of the mappings in `range`, each once where its mappings are neighbours.
  public func sources(in range: AddressRange) -> [PageSource] {
    var found: [PageSource] = []
    var index = regions.firstIndex(endingAfter: range.start)
    while index < regions.regions.count, regions.regions[index].range.start < range.end {
      if let source = regions.regions[index].source, found.last !== source { found.append(source) }
      index &+= 1
    }
    return found
  }

  /// Whether anything maps `source`.
  public func maps(_ source: PageSource) -> Bool {
    for region in regions.regions where region.source === source { return true }
    return false
  }

  private func coveredByteCount(_ range: AddressRange) -> Int {
    var sum = 0
    var index = regions.firstIndex(endingAfter: range.start)
    while index < regions.regions.count,
      let part = regions.regions[index].range.intersection(range)
    {
      sum &+= part.byteCount
      index &+= 1
    }
    return sum
  }

  /// Gives back the pages in `range`; the regions stay.
  func discardPages(in range: AddressRange) {
    tables.updateMappings(in: range) { (_, mapping) in
      release(mapping)
      return .remove
    }
  }

  @inline(__always)
  func release(_ mapping: PageMapping) {
    residentPageCount &-= 1
    if mapping.tag.contains(.owned) {
      frames.free(mapping.frame)
    } else if mapping.tag.contains(.counted) {
      frames.release(mapping.frame)
    }
  }

  /// Changes the rights in `range`. Throws `outOfMemory` at a hole, after what lies before it has
  /// been changed, and `accessDenied` where the source does not allow it.
  public func protect(
    _ range: AddressRange, _ permissions: Permissions
  ) throws(SystemError) {
    var address = range.start
    while address < range.end {
      guard let index = regions.index(containing: address) else { throw .outOfMemory }
      let region = regions.regions[index]
      guard permissions.subtracting(region.maximumPermissions).isEmpty else {
        throw .accessDenied
      }
      let part = AddressRange(start: address, end: min(range.end, region.range.end))
      if region.permissions != permissions { change(part, to: permissions, of: region) }
      address = part.end
    }
  }

  private func change(_ part: AddressRange, to permissions: Permissions, of region: Region) {
    regions.update(part) { $0.permissions = permissions }
    tables.updateMappings(in: part) { (_, mapping) in
      .setPermissions(Self.allowed(permissions, of: mapping, isShared: region.isShared))
    }
  }

  /// What a mapping may allow in a region with `permissions`.
  @inline(__always)
  static func allowed(
    _ permissions: Permissions, of mapping: PageMapping, isShared: Bool
  ) -> Permissions {
    if mapping.tag.contains(.owned) { return permissions }
    // A page of the source: writable only where writes are meant for it, which the fault decides.
    return permissions.subtracting(.write)
  }

  // MARK: The break

  /// Puts the program's break at `start`; it may grow from there.
  public func startBreak(at start: VirtualAddress) {
    breakStart = start
    breakEnd = start
  }

  /// `brk(2)`: moves the break, and returns where it is then; the old place when it cannot move.
  public func setBreak(_ end: VirtualAddress) -> VirtualAddress {
    guard end >= breakStart, end.rawValue < KernelLayout.programRange.end.rawValue else {
      return breakEnd
    }
    let oldTop = VirtualAddress(roundedUp(breakEnd.rawValue, to: UInt(pageSize)))
    let newTop = VirtualAddress(roundedUp(end.rawValue, to: UInt(pageSize)))
    if newTop > oldTop {
      var request = MapRequest(byteCount: newTop - oldTop, permissions: .readWrite)
      request.placement = .fixedNoReplace(oldTop)
      request.label = .heap
      guard (try? map(request)) != nil else { return breakEnd }
    } else if newTop < oldTop {
      try? unmap(AddressRange(start: newTop, end: oldTop))
    }
    breakEnd = end
    return end
  }

  // MARK: Looking

  /// Whether every page of `range` is in a region.
  public func isMapped(_ range: AddressRange) -> Bool { regions.covers(range) }

  /// Whether the page has a frame.
  public func isResident(_ page: VirtualAddress) -> Bool { tables.mapping(at: page) != nil }

  /// The region that holds `address`.
  public func region(containing address: VirtualAddress) -> Region? {
    regions.index(containing: address).map { regions.regions[$0] }
  }

  /// Whether a mapping may write to the source's own pages.
  public func mayWrite(to source: PageSource) -> Bool {
    for region in regions.regions
    where region.source === source && region.isShared
      && region.maximumPermissions.contains(.write)
    {
      return true
    }
    return false
  }

  /// Calls `body` with every region, in order.
  public func forEachRegion(_ body: (Region) -> Void) {
    for region in regions.regions { body(region) }
  }
}
