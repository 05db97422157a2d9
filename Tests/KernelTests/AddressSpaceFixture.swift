// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Frames
import Machine

@testable import Memory

/// A file in memory for mappings: its pages are counted frames, or permanent ones as in the
/// archive, whose writable copies are made on demand.
final class TestSource: PageSource {
  let frames: FrameAllocator
  var size: Int
  var pages: [Int: FrameNumber] = [:]
  let isPermanent: Bool
  var failure: SystemError?

  /// Page *n* begins with the byte `first` + *n*.
  init(_ frames: FrameAllocator, byteCount: Int, first: UInt8, isPermanent: Bool = false) {
    self.frames = frames
    size = byteCount
    self.isPermanent = isPermanent
    super.init()
    for index in 0..<(byteCount + pageSize - 1) / pageSize {
      let frame = isPermanent ? SimulatedMemory.reserveFrames(1) : frames.allocateTableFrame()!
      FrameMemory.zero(frame)
      FrameMemory.withMutableBytes(of: frame) { bytes in
        bytes.storeLittleEndian(first &+ UInt8(index), at: 0)
      }
      pages[index] = frame
    }
  }

  override var byteCount: Int { size }

  override func page(at index: Int, forWriting: Bool) throws(SystemError) -> SourcePage {
    if let failure { throw failure }
    guard let frame = pages[index], !(forWriting && isPermanent) else { throw .inputOutput }
    return SourcePage(frame: frame, isPermanent: isPermanent)
  }

  /// Gives the frames back; nobody may have them mapped any more.
  func close() {
    for frame in pages.values where !isPermanent { frames.free(frame) }
    pages = [:]
  }

  func byte(_ index: Int) -> UInt8 { FrameMemory.withBytes(of: pages[index]!) { $0.byte(at: 0) } }
}

/// An address space of its own with `frameCount` frames.
struct TestSpace {
  let frames: FrameAllocator
  let tables: PageTables
  let space: AddressSpace

  init(frameCount: Int = 512, reserve: Int = 0) {
    frames = makeFrames([frameCount], reserve: reserve)
    tables = PageTables(frames: frames)!
    space = AddressSpace(tables: tables, frames: frames)
  }

  /// What the processor and the fault handler do for a store of one byte.
  func write(_ value: UInt8, _ address: VirtualAddress) -> FaultOutcome {
    access(address, .write) { frame in
      FrameMemory.withMutableBytes(of: frame) {
        $0.storeLittleEndian(value, at: address.pageOffset)
      }
    }
  }

  func read(_ address: VirtualAddress, into value: inout UInt8) -> FaultOutcome {
    var found: UInt8 = 0
    let outcome = access(address, .read) { frame in
      found = FrameMemory.withBytes(of: frame) { $0.byte(at: address.pageOffset) }
    }
    value = found
    return outcome
  }

  /// The byte at `address`, or nil when the program would get a signal.
  func byte(_ address: VirtualAddress) -> UInt8? {
    var value: UInt8 = 0
    return read(address, into: &value) == .resolved ? value : nil
  }

  private func access(
    _ address: VirtualAddress, _ access: PageAccess, _ body: (FrameNumber) -> Void
  ) -> FaultOutcome {
    let needed: Permissions = access == .write ? .write : .read
    for _ in 0..<3 {
      if let mapping = tables.mapping(at: address.pageStart),
        mapping.permissions.contains(needed)
      {
        body(mapping.frame)
        return .resolved
      }
      let outcome = space.resolveFault(at: address, access)
      if outcome != .resolved { return outcome }
    }
    fatalError("a resolved fault comes again")
  }

  func map(
    _ pages: Int, at address: UInt? = nil, _ permissions: Permissions = .readWrite,
    _ change: (inout MapRequest) -> Void = { _ in }
  ) throws(SystemError) -> VirtualAddress {
    var request = MapRequest(byteCount: pages * pageSize, permissions: permissions)
    if let address { request.placement = .fixed(VirtualAddress(address)) }
    change(&request)
    return try space.map(request)
  }

  var regionCount: Int { space.regions.regions.count }
}

/// `count` pages from `start` on.
func pages(_ start: VirtualAddress, _ count: Int) -> AddressRange {
  AddressRange(start: start, byteCount: count * pageSize)
}
