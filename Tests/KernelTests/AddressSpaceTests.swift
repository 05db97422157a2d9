// SPDX-License-Identifier: BSD-3-Clause

import Base
import Frames
import Machine
import Testing

@testable import Memory

@Suite struct AddressSpaceTests {
  private let base: UInt = 0x10_0000_0000

  /// Where reads go whose value does not matter.
  private let scratch = Scratch()
  private final class Scratch { var value: UInt8 = 0 }

  private func page(_ index: Int) -> VirtualAddress { VirtualAddress(base) + index * pageSize }

  @Test func anonymousMemoryIsZeroAndComesOnTouch() throws {
    let test = TestSpace()
    let start = try test.map(100)
    let free = test.frames.freeCount
    #expect(test.byte(start + 5) == 0)
    #expect(test.write(7, start + pageSize) == .resolved)
    #expect(test.byte(start + pageSize) == 7)
    #expect(test.space.residentPageCount == 2)
    #expect(free - test.frames.freeCount == 3)  // and one table
  }

  @Test func gigabytesWithoutRightsCostNothing() throws {
    let test = TestSpace(frameCount: 64)
    let free = test.frames.freeCount
    let start = try test.map(6 << 18, .none)
    #expect(test.read(start, into: &scratch.value) == .forbidden)
    #expect(test.frames.freeCount == free)
    _ = try test.map(6 << 18) { $0.reservesNothing = true }
    #expect(throws: SystemError.outOfMemory) { try test.map(65) }
    // A part is made usable, as an allocator does.
    try test.space.protect(pages(start + 4096 * 512, 3), .readWrite)
    #expect(test.write(1, start + 4096 * 514) == .resolved)
    #expect(test.write(1, start + 4096 * 515) == .forbidden)
    try test.space.unmap(pages(start, 6 << 18))
    #expect(test.frames.freeCount == free)
  }

  @Test func placement() throws {
    let test = TestSpace()
    test.space.setMappingTop(VirtualAddress(base + 0x10_0000))
    let first = try test.map(1)
    #expect(first == VirtualAddress(base + 0xff000))
    #expect(try test.map(2) == VirtualAddress(base + 0xfd000))
    #expect(try test.map(1) { $0.placement = .anywhere(hint: page(3)) } == page(3))
    #expect(try test.map(2) { $0.placement = .anywhere(hint: page(2)) } != page(2))
    #expect(throws: SystemError.fileExists) {
      try test.map(2) { $0.placement = .fixedNoReplace(page(2)) }
    }
    #expect(try test.map(1) { $0.placement = .fixedNoReplace(page(2)) } == page(2))
    #expect(test.write(9, page(3)) == .resolved)
    #expect(try test.map(1, at: page(3).rawValue) == page(3))
    #expect(test.byte(page(3)) == 0)
    #expect(throws: SystemError.invalidArgument) { try test.map(1, at: base + 1) }
    #expect(throws: SystemError.outOfMemory) {
      try test.map(1, at: KernelLayout.programRange.end.rawValue)
    }
  }

  @Test func mappingsKeepAwayFromAStack() throws {
    let test = TestSpace()
    let stack = base + 0x200_0000
    _ = try test.map(16, at: stack) { $0.label = .stack }
    test.space.setMappingTop(VirtualAddress(stack))
    #expect(try test.map(1) + pageSize == VirtualAddress(stack - (1 << 20)))
  }

  @Test func neighboursWithEqualRightsJoin() throws {
    let test = TestSpace()
    _ = try test.map(100, at: base, .none)
    // As glibc grows an arena: the boundary moves, two regions stay.
    for count in stride(from: 4, through: 96, by: 4) {
      try test.space.protect(pages(page(count - 4), 4), .readWrite)
      #expect(test.regionCount == 2)
    }
    try test.space.protect(pages(page(0), 100), .none)
    #expect(test.regionCount == 1)
    try test.space.unmap(pages(page(50), 1))
    #expect(test.regionCount == 2)
    _ = try test.map(1, at: page(50).rawValue, .none)
    #expect(test.regionCount == 1)
  }

  @Test func protectStopsAtAHole() throws {
    let test = TestSpace()
    _ = try test.map(2, at: base)
    _ = try test.map(2, at: page(3).rawValue)
    #expect(throws: SystemError.outOfMemory) { try test.space.protect(pages(page(0), 5), .read) }
    #expect(test.write(1, page(0)) == .forbidden)
    #expect(test.write(1, page(3)) == .resolved)
    try test.space.unmap(pages(page(0), 10))
    #expect(test.regionCount == 0)
  }

  @Test func rightsComeAndGoWithTheContents() throws {
    let test = TestSpace()
    let start = try test.map(1)
    #expect(test.write(5, start) == .resolved)
    try test.space.protect(pages(start, 1), .none)
    #expect(test.read(start, into: &scratch.value) == .forbidden)
    try test.space.protect(pages(start, 1), .read)
    #expect(test.byte(start) == 5)
    #expect(test.write(6, start) == .forbidden)
    try test.space.protect(pages(start, 1), .readWrite)
    #expect(test.write(6, start) == .resolved)
  }

  @Test(arguments: [false, true])
  func privateFileMappingCopiesOnWrite(isPermanent: Bool) throws {
    let test = TestSpace()
    let free = test.frames.freeCount
    let source = TestSource(
      test.frames, byteCount: 5 * 4096 - 100, first: 40, isPermanent: isPermanent)
    let before = test.frames.freeCount
    let start = try test.map(6) { $0.content = .source(source, firstPage: 0) }
    #expect(test.byte(start + 4096) == 41)
    #expect(before - test.frames.freeCount == 1)  // the table: pages are the source's
    #expect(test.write(1, start + 4096) == .resolved)
    #expect(before - test.frames.freeCount == 2)
    #expect(source.byte(1) == 41)
    #expect(test.byte(start + 4096) == 1)
    #expect(test.byte(start + 4 * 4096) == 44)
    #expect(test.read(start + 5 * 4096, into: &scratch.value) == .beyondSource)
    #expect(test.write(1, start + 5 * 4096) == .beyondSource)
    try test.space.advise(pages(start, 6), .dontNeed)
    #expect(test.byte(start + 4096) == 41)
    test.space.unmapAll()
    source.close()
    #expect(test.frames.freeCount == free)
  }

  @Test func writingWithoutReadingFirst() throws {
    let test = TestSpace()
    let source = TestSource(test.frames, byteCount: 8192, first: 40)
    let start = try test.map(2) { $0.content = .source(source, firstPage: 0) }
    #expect(test.write(9, start + 1) == .resolved)
    #expect(test.byte(start) == 40)
    #expect(source.byte(0) == 40)
  }

  @Test func sharedMappingSeesWrites() throws {
    let test = TestSpace()
    let free = test.frames.freeCount
    let source = TestSource(test.frames, byteCount: 4096 * 3, first: 40)
    let one = try test.map(3) {
      $0.content = .source(source, firstPage: 0); $0.isShared = true
    }
    let two = try test.map(1) {
      $0.content = .source(source, firstPage: 1); $0.isShared = true
    }
    #expect(test.byte(two) == 41)
    #expect(test.write(99, one + 4096) == .resolved)
    #expect(test.byte(two) == 99)
    #expect(source.byte(1) == 99)
    try test.space.protect(pages(one, 3), .read)
    #expect(test.write(98, one + 4096) == .forbidden)
    try test.space.protect(pages(one, 3), .readWrite)
    #expect(test.write(98, one + 4096) == .resolved)
    #expect(test.byte(two) == 98)
    try test.space.advise(pages(one, 3), .dontNeed)
    #expect(test.byte(one + 4096) == 98)
    test.space.unmapAll()
    source.close()
    #expect(test.frames.freeCount == free)
  }

  @Test func rightsAreLimitedByTheFile() throws {
    let test = TestSpace()
    let source = TestSource(test.frames, byteCount: 4096, first: 1)
    let start = try test.map(1, .read) {
      $0.content = .source(source, firstPage: 0)
      $0.isShared = true
      $0.maximumPermissions = .readExecute
    }
    #expect(throws: SystemError.accessDenied) {
      try test.space.protect(pages(start, 1), .readWrite)
    }
  }

  @Test func aShorterFileTakesItsPagesAway() throws {
    let test = TestSpace()
    let source = TestSource(test.frames, byteCount: 4096 * 3, first: 40)
    let start = try test.map(2) { $0.content = .source(source, firstPage: 1) }
    #expect(test.write(1, start + 4096) == .resolved)
    #expect(test.byte(start) == 41)
    source.size = 4096 + 10
    test.space.forgetPages(of: source, from: 2)
    #expect(test.byte(start) == 41)
    #expect(test.read(start + 4096, into: &scratch.value) == .beyondSource)
    #expect(test.space.isResident(start))
    #expect(!test.space.isResident(start + 4096))
  }

  @Test func replacedPagesAreFoundAgain() throws {
    let test = TestSpace()
    let source = TestSource(test.frames, byteCount: 4096 * 2, first: 40)
    let other = TestSource(test.frames, byteCount: 4096 * 2, first: 80)
    let start = try test.map(2) { $0.content = .source(source, firstPage: 0) }
    #expect(test.write(1, start + 1) == .resolved)
    #expect(test.byte(start + 4096) == 41)
    swap(&source.pages, &other.pages)
    test.space.refreshPages(of: source, 0..<2)
    #expect(test.byte(start) == 40)
    #expect(test.byte(start + 4096) == 81)
  }

  /// A source that puts its own frame in place of the archive's during the fault itself.
  @Test func pagesReplacedDuringTheFault() throws {
    final class Replacing: PageSource {
      let space: AddressSpace
      let first: TestSource
      let second: TestSource

      init(_ space: AddressSpace, _ first: TestSource, _ second: TestSource) {
        self.space = space
        self.first = first
        self.second = second
        super.init()
      }

      override var byteCount: Int { 4096 }
      override func page(at index: Int, forWriting: Bool) throws(SystemError) -> SourcePage {
        guard forWriting else { return try first.page(at: index, forWriting: false) }
        space.refreshPages(of: self, 0..<1)
        return try second.page(at: index, forWriting: true)
      }
    }
    let test = TestSpace()
    let first = TestSource(test.frames, byteCount: 4096, first: 40, isPermanent: true)
    let second = TestSource(test.frames, byteCount: 4096, first: 60)
    let source = Replacing(test.space, first, second)
    let start = try test.map(1) {
      $0.content = .source(source, firstPage: 0)
      $0.isShared = true
    }
    #expect(test.byte(start) == 40)
    #expect(test.write(61, start) == .resolved)
    #expect(second.byte(0) == 61)
    #expect(test.space.residentPageCount == 1)
    test.space.unmapAll()
    second.close()
    #expect(test.frames.freeCount == test.frames.totalCount)
  }

  @Test func aSourceThatFailsIsASignal() throws {
    let test = TestSpace()
    let source = TestSource(test.frames, byteCount: 4096, first: 1)
    let start = try test.map(1) { $0.content = .source(source, firstPage: 0) }
    source.failure = .inputOutput
    #expect(test.read(start, into: &scratch.value) == .beyondSource)
    source.failure = .outOfMemory
    #expect(test.read(start, into: &scratch.value) == .outOfMemory)
  }

  @Test func adviceOnAnonymousMemory() throws {
    let test = TestSpace()
    let start = try test.map(4)
    let shared = try test.map(1) { $0.isShared = true }
    #expect(test.write(1, start) == .resolved)
    #expect(test.write(2, shared) == .resolved)
    try test.space.advise(pages(start, 4), .dontNeed)
    try test.space.advise(pages(shared, 1), .dontNeed)
    #expect(test.byte(start) == 0)
    #expect(test.byte(shared) == 2)
    #expect(throws: SystemError.invalidArgument) { try test.space.advise(pages(shared, 1), .free) }
    try test.space.unmap(pages(start + 4096, 1))
    #expect(test.write(3, start + 8192) == .resolved)
    #expect(throws: SystemError.outOfMemory) { try test.space.advise(pages(start, 4), .dontNeed) }
    #expect(test.byte(start + 8192) == 0)
  }

  @Test func breakGrowsAndShrinks() throws {
    let test = TestSpace()
    test.space.startBreak(at: page(0) + 100)
    #expect(test.space.setBreak(VirtualAddress(0)) == page(0) + 100)
    #expect(test.space.setBreak(page(3) + 5) == page(3) + 5)
    #expect(test.write(4, page(3)) == .resolved)
    #expect(test.write(4, page(4)) == .noMapping)
    #expect(test.space.setBreak(page(2)) == page(2))
    #expect(test.write(4, page(3)) == .noMapping)
    #expect(test.space.setBreak(page(4)) == page(4))
    #expect(test.byte(page(3)) == 0)
    _ = try test.map(1, at: page(6).rawValue)
    #expect(test.space.setBreak(page(7)) == page(4))
    #expect(test.space.setBreak(page(6)) == page(6))
    #expect(test.space.setBreak(page(0)) == page(6))
  }

  @Test func limitOfAddresses() throws {
    let test = TestSpace()
    test.space.byteLimit = 10 * 4096
    let start = try test.map(8)
    #expect(throws: SystemError.outOfMemory) { try test.map(3) }
    _ = try test.map(2)
    #expect(throws: SystemError.outOfMemory) {
      try test.space.remap(
        pages(start, 8), newByteCount: 9 * 4096, target: nil, mayMove: true, keepsOld: false)
    }
    try test.space.unmap(pages(start, 8))
    _ = try test.map(8)
  }

  @Test func memoryEndsAndComesBack() throws {
    let test = TestSpace(frameCount: 64, reserve: 8)
    let free = test.frames.freeCount
    let start = try test.map(60)
    var count = 0
    while test.write(1, start + count * 4096) == .resolved { count += 1 }
    #expect(test.write(1, start + count * 4096) == .outOfMemory)
    #expect(count == 55)
    #expect(test.frames.freeCount == 8)
    try test.space.advise(pages(start, 60), .dontNeed)
    #expect(test.write(1, start + 59 * 4096) == .resolved)
    test.space.unmapAll()
    #expect(test.frames.freeCount == free)
  }

  /// Pages of the archive cost no frame, but their tables do: a program may not take the kernel's.
  @Test func tablesDoNotTakeTheReserve() throws {
    let test = TestSpace(frameCount: 64, reserve: 8)
    let source = TestSource(test.frames, byteCount: 4096, first: 1, isPermanent: true)
    var outcome = FaultOutcome.resolved
    for index in 0..<100 where outcome == .resolved {
      let start = try test.map(1, at: base + UInt(index) << 21, .read) {
        $0.content = .source(source, firstPage: 0)
      }
      outcome = test.read(start, into: &scratch.value)
    }
    #expect(outcome == .outOfMemory)
    #expect(test.frames.freeCount == 8)
  }
}
