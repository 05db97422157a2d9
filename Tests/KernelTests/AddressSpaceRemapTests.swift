// SPDX-License-Identifier: BSD-3-Clause

import Base
import Frames
import Machine
import Testing

@testable import Memory

/// `mremap(2)`
@Suite struct AddressSpaceRemapTests {
  private let base: UInt = 0x10_0000_0000

  private func page(_ index: Int) -> VirtualAddress { VirtualAddress(base) + index * pageSize }

  private func remap(
    _ test: TestSpace, _ old: AddressRange, _ count: Int, to target: VirtualAddress? = nil,
    mayMove: Bool = false, keepsOld: Bool = false
  ) throws(SystemError) -> VirtualAddress {
    try test.space.remap(
      old, newByteCount: count * pageSize, target: target, mayMove: mayMove, keepsOld: keepsOld)
  }

  @Test func growsInPlaceAndShrinks() throws {
    let test = TestSpace()
    _ = try test.map(2, at: base)
    #expect(test.write(5, page(1)) == .resolved)
    #expect(try remap(test, pages(page(0), 2), 4) == page(0))
    #expect(test.write(6, page(3)) == .resolved)
    #expect(test.byte(page(1)) == 5)
    #expect(test.regionCount == 1)
    #expect(try remap(test, pages(page(0), 4), 1) == page(0))
    #expect(test.write(6, page(1)) == .noMapping)
    #expect(test.space.residentPageCount == 0)
    #expect(test.space.reservedByteCount == 4096)
  }

  @Test func movesWhenThereIsNoRoom() throws {
    let test = TestSpace()
    _ = try test.map(2, at: base)
    _ = try test.map(1, at: page(2).rawValue, .read)
    #expect(test.write(5, page(1)) == .resolved)
    #expect(throws: SystemError.outOfMemory) { try remap(test, pages(page(0), 2), 3) }
    let moved = try remap(test, pages(page(0), 2), 3, mayMove: true)
    #expect(moved != page(0))
    #expect(test.byte(moved + 4096) == 5)
    #expect(test.byte(moved + 8192) == 0)
    #expect(test.write(1, page(0)) == .noMapping)
    #expect(test.space.residentPageCount == 2)
  }

  @Test func movesToAPlace() throws {
    let test = TestSpace()
    _ = try test.map(4, at: base)
    _ = try test.map(4, at: page(10).rawValue)
    #expect(test.write(5, page(0)) == .resolved)
    #expect(test.write(6, page(3)) == .resolved)
    #expect(test.write(7, page(10)) == .resolved)
    #expect(throws: SystemError.invalidArgument) {
      try remap(test, pages(page(0), 4), 4, to: page(2), mayMove: true)
    }
    // Smaller: the end is given up.
    #expect(try remap(test, pages(page(0), 4), 2, to: page(10), mayMove: true) == page(10))
    #expect(test.byte(page(10)) == 5)
    #expect(test.byte(page(12)) == 0)
    #expect(test.write(1, page(3)) == .noMapping)
  }

  @Test func keepsTheOldAddressesWithoutPages() throws {
    let test = TestSpace()
    _ = try test.map(2, at: base)
    #expect(test.write(5, page(0)) == .resolved)
    let moved = try remap(test, pages(page(0), 2), 2, mayMove: true, keepsOld: true)
    #expect(test.byte(moved) == 5)
    #expect(test.byte(page(0)) == 0)
  }

  @Test func refusesWhatIsNotOneMapping() throws {
    let test = TestSpace()
    _ = try test.map(2, at: base)
    _ = try test.map(2, at: page(2).rawValue, .read)
    #expect(throws: SystemError.badAddress) {
      try remap(test, pages(page(0), 4), 5, mayMove: true)
    }
    #expect(throws: SystemError.badAddress) {
      try remap(test, pages(page(7), 1), 2, mayMove: true)
    }
    #expect(throws: SystemError.invalidArgument) {
      try remap(test, pages(page(0), 0), 1, mayMove: true)
    }
  }

  @Test func filePagesMoveWithTheirPlaceInTheFile() throws {
    let test = TestSpace()
    let source = TestSource(test.frames, byteCount: 4096 * 8, first: 40)
    _ = try test.map(4, at: base) { $0.content = .source(source, firstPage: 2) }
    #expect(test.write(1, page(1) + 1) == .resolved)
    let moved = try remap(test, pages(page(1), 2), 4, mayMove: true)
    for index in 0..<4 { #expect(test.byte(moved + index * 4096) == UInt8(43 + index)) }
    #expect(test.byte(moved + 1) == 1)
    // An empty range of a shared mapping: a second mapping of the same pages.
    let shared = try test.map(2) {
      $0.content = .source(source, firstPage: 5); $0.isShared = true
    }
    let second = try remap(test, pages(shared + 4096, 0), 1, mayMove: true)
    #expect(test.write(77, second) == .resolved)
    #expect(test.byte(shared + 4096) == 77)
  }

  /// Without memory for the tables of the new place, everything stays as it was.
  @Test func aMoveThatFailsChangesNothing() throws {
    let test = TestSpace(frameCount: 40)
    _ = try test.map(8, at: base)
    for index in 0..<8 { #expect(test.write(UInt8(index + 1), page(index)) == .resolved) }
    var taken: [FrameNumber] = []
    while test.frames.freeCount > 1 { taken.append(test.frames.allocate()!) }
    // The target lies across two tables, and there is a frame for one.
    let target = VirtualAddress(base + 0x20_0000 * 9 - 4 * 4096)
    let free = test.frames.freeCount
    #expect(throws: SystemError.outOfMemory) {
      try remap(test, pages(page(0), 8), 8, to: target, mayMove: true)
    }
    for index in 0..<8 { #expect(test.byte(page(index)) == UInt8(index + 1)) }
    #expect(test.space.residentPageCount == 8)
    #expect(test.write(1, target) == .noMapping)
    for frame in taken { test.frames.free(frame) }
    test.space.unmapAll()
    #expect(test.frames.freeCount == 40)
    #expect(free == 1)
  }
}
