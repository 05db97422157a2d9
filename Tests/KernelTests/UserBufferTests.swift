// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Machine
import Testing

@testable import Memory

/// These set the one address space of the process: one after the other.
@Suite(.serialized) struct UserBufferTests {
  private func withSpace(_ body: (TestSpace) throws -> Void) throws {
    try SimulatedProcessor.withExclusiveUse {
      let test = TestSpace()
      test.space.activate()
      PageTables.current.value = test.tables
      try body(test)
    }
  }

  private func copyOut(_ bytes: [UInt8], _ buffer: UserBuffer, at offset: Int = 0) throws {
    try buffer.copyOut(bytes.span.bytes, at: offset)
  }

  private func copyIn(_ buffer: UserBuffer, _ count: Int, at offset: Int = 0) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0xee, count: count)
    var elements = bytes.mutableSpan
    var raw = elements.mutableBytes
    try buffer.copyIn(at: offset, into: &raw)
    return bytes
  }

  @Test func copiesAcrossPagesThatAreNotThereYet() throws {
    try withSpace { test in
      let start = try test.map(4)
      let buffer = UserBuffer(start: start + 100, count: 3 * 4096)
      let bytes = (0..<3 * 4096).map { UInt8(truncatingIfNeeded: $0 / 7) }
      try copyOut(bytes, buffer)
      #expect(try copyIn(buffer, bytes.count) == bytes)
      #expect(try copyIn(buffer.slice(from: 5000, count: 50), 50) == Array(bytes[5000..<5050]))
      try buffer.zero(at: 4090, count: 20)
      #expect(
        try copyIn(buffer, 22, at: 4089) == [bytes[4089]] + [UInt8](repeating: 0, count: 20)
          + [bytes[4110]])
    }
  }

  @Test func refusesWhatTheProgramMayNotTouch() throws {
    try withSpace { test in
      let start = try test.map(2, .read)
      let buffer = UserBuffer(start: start + 4096, count: 4097)
      #expect(try copyIn(buffer, 4096).allSatisfy { $0 == 0 })
      #expect(throws: SystemError.badAddress) { try copyIn(buffer, 4097) }
      #expect(throws: SystemError.badAddress) { try copyOut([1], buffer) }
      for address in [0, 8, 0x7d00_0000_0000, 0x7fff_ffff_f000, 0xffff_8000_0000_0000, UInt.max] {
        let wild = UserBuffer(start: VirtualAddress(address), count: 16)
        #expect(throws: SystemError.badAddress) { try copyOut([1, 2, 3], wild) }
        #expect(throws: SystemError.badAddress) { try copyIn(wild, 3) }
        #expect(throws: SystemError.badAddress) { try wild.zero(at: 0, count: 9) }
        #expect(throws: SystemError.badAddress) { try UserWord.load32(at: wild.start) }
      }
      let end = UserBuffer(start: KernelLayout.programRange.end + -2, count: 4)
      #expect(throws: SystemError.badAddress) { try copyOut([1, 2, 3, 4], end) }
    }
  }

  @Test func breaksPrivateSharing() throws {
    try withSpace { test in
      let source = TestSource(test.frames, byteCount: 8192, first: 40)
      let start = try test.map(2) { $0.content = .source(source, firstPage: 0) }
      let buffer = UserBuffer(start: start, count: 8192)
      #expect(try copyIn(buffer, 1) == [40])
      try copyOut([1, 2, 3], buffer)
      #expect(source.byte(0) == 40)
      #expect(try copyIn(buffer, 3) == [1, 2, 3])
    }
  }

  @Test func wordsAreWhole() throws {
    try withSpace { test in
      let start = try test.map(2)
      try UserWord.store32(0x0102_0304, at: start)
      #expect(try UserWord.load32(at: start) == 0x0102_0304)
      try UserWord.store64(0x1122_3344_5566_7788, at: start + 4092)
      #expect(try UserWord.load64(at: start + 4092) == 0x1122_3344_5566_7788)
      #expect(try UserWord.compareExchange32(at: start, expected: 1, desired: 2) == 0x0102_0304)
      #expect(
        try UserWord.compareExchange32(at: start, expected: 0x0102_0304, desired: 2)
          == 0x0102_0304)
      #expect(try UserWord.load32(at: start) == 2)
    }
  }

  @Test func saysWhenMemoryHasEnded() throws {
    try withSpace { test in
      let start = try test.map(4)
      while test.frames.allocate() != nil {}
      #expect(throws: SystemError.outOfMemory) {
        try copyOut([1], UserBuffer(start: start, count: 1))
      }
    }
  }
}
