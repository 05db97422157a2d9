// SPDX-License-Identifier: BSD-3-Clause

import Base
import Frames
import Machine
import Testing

@testable import Memory

/// Random calls on an address space, against a model that knows each page by itself.
@Suite struct AddressSpaceModelTests {
  private enum Content: Equatable {
    /// A byte of its own.
    case own(UInt8)
    /// What the file has at this page.
    case file(Int, isShared: Bool)
  }

  private struct Page: Equatable {
    var permissions: Permissions
    var content: Content
    /// The page of the private file mapping below an own byte, for `dontNeed`.
    var filePage: Int?
    var isShared: Bool
  }

  private final class Model {
    static let base = VirtualAddress(0x20_0000_0000 - 24 * 4096)
    static let pageCount = 48
    static let filePages = 12

    let test = TestSpace(frameCount: 700)
    let source: TestSource
    var pages = [Page?](repeating: nil, count: pageCount)
    var file: [UInt8]
    var random: SeededGenerator

    init(seed: UInt64) {
      random = SeededGenerator(seed: seed)
      source = TestSource(test.frames, byteCount: Self.filePages * 4096 - 7, first: 100)
      file = (0..<Self.filePages).map { 100 + UInt8($0) }
    }

    func number(_ range: Range<Int>) -> Int { Int.random(in: range, using: &random) }
    func address(_ index: Int) -> VirtualAddress { Self.base + index * 4096 }

    func range() -> Range<Int> {
      let start = number(0..<Self.pageCount)
      return start..<min(Self.pageCount, start + number(1..<9))
    }

    func addresses(_ range: Range<Int>) -> AddressRange {
      AddressRange(start: address(range.lowerBound), end: address(range.upperBound))
    }

    let rights: [Permissions] = [.none, .read, .readWrite, .readWrite, .readExecute]

    func step() throws {
      switch number(0..<20) {
      case 0, 1, 2: try map()
      case 3:
        let range = range()
        try test.space.unmap(addresses(range))
        for index in range { pages[index] = nil }
      case 4, 5: protect()
      case 6: remap()
      case 7: discard()
      default: touch()
      }
    }

    func map() throws {
      let range = range()
      let permissions = rights[number(0..<rights.count)]
      let kind = number(0..<4)
      let first = number(0..<Self.filePages)
      let start = try test.map(range.count, at: address(range.lowerBound).rawValue, permissions) {
        if kind > 1 { $0.content = .source(source, firstPage: first) }
        $0.isShared = kind == 3
      }
      #expect(start == address(range.lowerBound))
      for index in range {
        let filePage = first + index - range.lowerBound
        pages[index] = Page(
          permissions: permissions,
          content: kind > 1 ? .file(filePage, isShared: kind == 3) : .own(0),
          filePage: kind > 1 ? filePage : nil, isShared: kind == 3)
      }
    }

    func protect() {
      let range = range()
      let permissions = rights[number(0..<rights.count)]
      let hole = range.first { pages[$0] == nil }
      do {
        try test.space.protect(addresses(range), permissions)
        #expect(hole == nil)
      } catch { #expect(hole != nil && error == .outOfMemory) }
      for index in range.lowerBound..<(hole ?? range.upperBound) {
        pages[index]?.permissions = permissions
      }
    }

    /// Moves to a place inside the window.
    func remap() {
      let old = range()
      let count = number(1..<9)
      let target = number(0..<Self.pageCount - count)
      let new = target..<target + count
      guard !new.overlaps(old) else { return }
      let result = try? test.space.remap(
        addresses(old), newByteCount: count * 4096, target: address(target), mayMove: true,
        keepsOld: false)
      guard result != nil else { return }
      // It was one region: the pages behind the old end go on in the same way.
      #expect(old.allSatisfy { pages[$0] != nil })
      let moved = old.map { pages[$0]! }
      for index in old { pages[index] = nil }
      for (offset, index) in new.enumerated() {
        if offset < moved.count {
          pages[index] = moved[offset]
        } else {
          var page = moved[0]
          page.filePage = page.filePage.map { $0 + offset }
          page.content =
            page.filePage.map { .file($0, isShared: page.isShared) } ?? .own(0)
          pages[index] = page
        }
      }
    }

    func discard() {
      let range = range()
      let isWhole = range.allSatisfy { pages[$0] != nil }
      do {
        try test.space.advise(addresses(range), .dontNeed)
        #expect(isWhole)
      } catch { #expect(!isWhole) }
      for index in range {
        if let page = pages[index]?.filePage {
          let isShared = pages[index]!.isShared
          pages[index]?.content = .file(page, isShared: isShared)
        } else {
          pages[index]?.content = .own(0)
        }
      }
    }

    func touch() {
      let index = number(0..<Self.pageCount)
      let isWrite = number(0..<2) == 0
      let value = UInt8(number(0..<256))
      var found: UInt8 = 0
      let outcome =
        isWrite
        ? test.write(value, address(index)) : test.read(address(index), into: &found)
      #expect(outcome == expected(index, isWrite ? .write : .read))
      guard outcome == .resolved else { return }
      if isWrite { store(value, index) } else { #expect(found == byte(index)) }
    }

    func expected(_ index: Int, _ needed: Permissions) -> FaultOutcome {
      guard let page = pages[index] else { return .noMapping }
      guard page.permissions.contains(needed) else { return .forbidden }
      // A private copy stays even where the file ends.
      if case .file(let filePage, _) = page.content, filePage >= Self.filePages {
        return .beyondSource
      }
      return .resolved
    }

    func byte(_ index: Int) -> UInt8 {
      switch pages[index]!.content {
      case .own(let value): value
      case .file(let page, _): file[page]
      }
    }

    func store(_ value: UInt8, _ index: Int) {
      if case .file(let page, true) = pages[index]!.content {
        file[page] = value
      } else {
        pages[index]!.content = .own(value)
      }
    }

    /// Regions are in order, joined, and say what the model says.
    func checkRegions() {
      var covered = [Permissions?](repeating: nil, count: Self.pageCount)
      var previous: Region?
      var byteCount = 0
      test.space.forEachRegion { region in
        #expect(!region.range.isEmpty)
        byteCount += region.range.byteCount
        if let previous {
          #expect(previous.range.end <= region.range.start)
          #expect(!previous.continues(in: region))
        }
        previous = region
        for offset in 0..<region.range.byteCount / 4096 {
          covered[(region.range.start - Self.base) / 4096 + offset] = region.permissions
        }
      }
      #expect(covered == pages.map { $0?.permissions })
      #expect(test.space.reservedByteCount == byteCount)
      #expect(test.space.residentPageCount == test.tables.mappingCount)
    }
  }

  @Test(arguments: 1...40 as ClosedRange<UInt64>)
  func randomCalls(seed: UInt64) throws {
    let model = Model(seed: seed)
    let free = model.test.frames.freeCount
    for count in 0..<1500 {
      try model.step()
      if count % 25 == 0 { model.checkRegions() }
    }
    model.checkRegions()
    for page in 0..<Model.filePages { #expect(model.source.byte(page) == model.file[page]) }
    model.test.space.unmapAll()
    #expect(model.test.frames.freeCount == free)
    #expect(model.test.space.residentPageCount == 0)
    model.source.close()
    #expect(model.test.frames.freeCount == model.test.frames.totalCount)
  }
}
